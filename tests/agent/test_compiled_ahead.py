"""What a program compiles while it is imported is kept at its freeze and taken from there at its start."""

from __future__ import annotations

import importlib
import marshal
import re
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path
from types import ModuleType

import pytest

from agent.compiled_ahead import compiled_ahead, keep

PROGRAM = """
import re
from dataclasses import dataclass

@dataclass(frozen=True, slots=True, order=True)
class Paper:
    \"\"\"A paper.\"\"\"
    width: int
    name: str = "Bon"

NUMBER = re.compile(r"(?P<word>[a-zà-ü]+) no (\\d+)(?!\\d)", re.IGNORECASE)
"""
MORE = PROGRAM.replace("width", "height").replace("no", "№")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "kept_program.py").write_text(PROGRAM, "utf-8")
    (tmp_path / "same_program.py").write_text(PROGRAM, "utf-8")
    (tmp_path / "newer_program.py").write_text(MORE, "utf-8")
    sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in ("kept_program", "same_program", "newer_program"):
        sys.modules.pop(name, None)


def imported(name: str, file: Path) -> ModuleType:
    re.purge()  # a program that starts has compiled nothing yet
    with compiled_ahead(file):
        return importlib.import_module(name)


def test_what_was_kept_works_as_what_is_compiled(folder: Path) -> None:
    keep(folder / "kept.bin", ("kept_program",))
    program = imported("same_program", folder / "kept.bin")
    paper = program.Paper(80)
    assert paper == program.Paper(80, "Bon") < program.Paper(81)
    assert repr(paper) == "Paper(width=80, name='Bon')"
    with pytest.raises(FrozenInstanceError):
        paper.width = 58
    found = program.NUMBER.search("siehe BON no 17")
    assert found.groupdict() == {"word": "BON"}
    assert found.groups() == ("BON", "17")
    assert program.NUMBER.flags == re.compile(program.NUMBER.pattern, re.IGNORECASE).flags


def test_what_the_file_holds_is_taken_from_there(folder: Path) -> None:
    file = folder / "kept.bin"
    keep(file, ("kept_program",))
    python, methods, patterns = marshal.loads(file.read_bytes())
    text = next(each for each in methods if "__repr__" in each)
    methods[text] = marshal.dumps(compile(text.replace("Bon", "").replace("name=", "NAME="), "<string>", "exec"))
    file.write_bytes(marshal.dumps((python, methods, patterns)))
    assert repr(imported("same_program", file).Paper(80)) == "Paper(width=80, NAME='Bon')"


def test_what_the_file_does_not_hold_is_compiled(folder: Path) -> None:
    keep(folder / "kept.bin", ("kept_program",))
    program = imported("newer_program", folder / "kept.bin")
    assert repr(program.Paper(80)) == "Paper(height=80, name='Bon')"
    assert program.NUMBER.search("Bon № 9") is not None


@pytest.mark.parametrize("content", [None, b"", b"half of a file", marshal.dumps(("3.2 of 2011", {}, {}))])
def test_without_a_file_of_this_python_all_is_compiled(folder: Path, content: bytes | None) -> None:
    file = folder / "none.bin"
    if content is not None:
        file.write_bytes(content)
    assert imported("same_program", file).Paper(80).width == 80

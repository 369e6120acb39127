"""What Python compiles at every start, compiled once: the methods of dataclasses, and regular expressions.

    python -m agent.compiled_ahead FILE     freeze: import the agent's programs, keep what they compile meanwhile;
                                            say which modules these were
    with compiled_ahead(FILE): import ...   start: what the file holds is taken from there, the rest compiled as ever

`dataclasses` writes each method as text and compiles it while a module is imported, `re` does so with each pattern:
half of core's imports, a third of desk's. The file is made where a program is frozen (`installer/tillstream.spec`) or
installed (`make setup`). An entry goes by the whole text it was made of: an old file is of less use, never wrong.
"""

from __future__ import annotations

import dataclasses
import importlib
import marshal
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

BESIDE: Final = Path(sys.prefix) / "tillstream-compiled.bin"
"""Beside all that a frozen program brings, or in the environment that `make setup` has made."""

PROGRAMS: Final = ("pos_adapters.taps.serving", "agent.supervisor", "agent.core", "agent.desk.process")

# The parts of the standard library that are stood in for. Both are its own: a Python that has others is told at the
# freeze, where nothing would be kept.
PATTERNS: Any = re._compiler  # type: ignore[attr-defined]  # noqa: SLF001
ENGINE: Any = PATTERNS._sre  # noqa: SLF001

Compile = Callable[..., Any]


@contextmanager
def compiled_ahead(file: Path = BESIDE) -> Iterator[None]:
    """Take what is compiled meanwhile from a file; do nothing where there is none."""
    try:
        python, methods, patterns = marshal.loads(file.read_bytes())  # noqa: S302 - a part of the program
    except (OSError, ValueError, EOFError, TypeError):  # there is none, or it was written half
        python = ""
    if python != sys.version:
        yield
        return

    def run(text: str, *spaces: Any) -> None:
        known = methods.get(text)
        exec(text if known is None else marshal.loads(known), *spaces)  # noqa: S102, S302 - as dataclasses does

    def pattern_of(compile_it: Compile) -> Compile:
        def pattern(text: Any, flags: int = 0) -> Any:
            known = patterns.get((text, flags))
            return compile_it(text, flags) if known is None else ENGINE.compile(text, *marshal.loads(known))  # noqa: S302

        return pattern

    with _standing_in(run, pattern_of):
        yield


@contextmanager
def _standing_in(run: Callable[..., None], pattern_of: Callable[[Compile], Compile]) -> Iterator[None]:
    """Let `dataclasses` run its texts with `run`, and `re` compile with what `pattern_of` makes of its own way."""
    compile_it = PATTERNS.compile
    vars(dataclasses)["exec"] = run
    PATTERNS.compile = pattern_of(compile_it)
    try:
        yield
    finally:
        PATTERNS.compile = compile_it
        del vars(dataclasses)["exec"]


def keep(file: Path, programs: tuple[str, ...] = PROGRAMS) -> None:
    """Import programs and write down what they compile meanwhile; of use in a process that has imported little."""
    methods: dict[str, bytes] = {}
    patterns: dict[tuple[Any, int], bytes] = {}

    def run(text: str, *spaces: Any) -> None:
        code = compile(text, "<string>", "exec")
        methods[text] = marshal.dumps(code)
        exec(code, *spaces)  # noqa: S102 - as dataclasses does

    def pattern_of(compile_it: Compile) -> Compile:
        def pattern(text: Any, flags: int = 0) -> Any:
            made = compile_it(text, flags)
            patterns[text, flags] = marshal.dumps(_made_of(made, flags))
            return made

        return pattern

    re.purge()  # else what this process has compiled already is not seen
    with _standing_in(run, pattern_of):
        for program in programs:
            importlib.import_module(program)
    assert methods, "dataclasses no longer runs texts by `exec`"
    assert patterns, "re no longer compiles in `re._compiler`"
    file.write_bytes(marshal.dumps((sys.version, methods, patterns)))


def _made_of(pattern: re.Pattern[Any], flags: int) -> tuple[Any, ...]:
    """Return what the engine makes a pattern of, behind its text."""
    code = PATTERNS._code(PATTERNS._parser.parse(pattern.pattern, flags), flags)  # noqa: SLF001
    names: Mapping[int, str] = {number: name for name, number in pattern.groupindex.items()}
    listed = tuple(names.get(number) for number in range(pattern.groups + 1))
    return pattern.flags, [int(each) for each in code], pattern.groups, dict(pattern.groupindex), listed


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
    sys.stdout.write("\n".join(sorted(sys.modules)))

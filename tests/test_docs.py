"""The documents say what the program does: every setting, every command, every line a reader is told to type."""

import re
from pathlib import Path

import pytest

from agent.command_line import COMMANDS, command_named
from agent.config import AgentConfig, parse_config
from agent.sections import Section, hints_of, sections_in

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
READ_FIRST = ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/commands.md", "docs/configuration.md")


def fields_of(section: type[Section]) -> set[str]:
    names = set()
    for name, hint in hints_of(section).items():
        inner = sections_in(hint)
        names |= set().union(*map(fields_of, inner)) if inner else {name}
    return names


def test_every_setting_is_explained() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    missing = {name for name in fields_of(AgentConfig) if f"| `{name}` |" not in text}
    assert missing == set()


def test_no_setting_is_explained_that_does_not_exist() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) <= fields_of(AgentConfig)


def test_the_example_of_the_configuration_is_accepted() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert parse_config(example).store.business_unit_id == "7781"


def paths_of(name: str) -> list[str]:
    """Return `hub run`, `hub import`, ... for a group, the name itself for a command."""
    if name in {"tap", "scanner"}:
        return [name]
    command = command_named(name)
    inner = getattr(command, "commands", {})
    return [f"{name} {each}" for each in inner] or [name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_explained(name: str) -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert [path for path in paths_of(name) if f"`tillstream {path}" not in text] == []


def told_commands() -> list[tuple[str, str]]:
    found = []
    for name in READ_FIRST:
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [(name, told) for told in re.findall(r"tillstream ((?:[a-z]+[a-z-]*)(?: [a-z]+[a-z-]*)?)", text)]
    return found


@pytest.mark.parametrize(("where", "told"), sorted(set(told_commands())))
def test_every_command_that_a_document_tells_exists(where: str, told: str) -> None:
    first, _, second = told.partition(" ")
    assert first in COMMANDS, where
    if second and first not in {"tap", "scanner"} and (inner := getattr(command_named(first), "commands", None)):
        assert second in inner, where


def test_every_target_that_a_document_tells_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        told = set(
            re.findall(r"^make ([a-z]+)|`make ([a-z]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        )
        assert {one or other for one, other in told} <= targets, name


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
        broken += [f"{path.name}: {target}" for target in targets if not (path.parent / target).exists()]
    assert broken == []


def test_the_rooms_of_the_readme_are_the_rooms_of_the_house() -> None:
    rooms = re.findall(r"^\| `(\w+)/`", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"retail", "receipt", "pos_adapters", "sync", "kiosk", "agent", "hub"} <= set(rooms)
    assert all((ROOT / room).is_dir() for room in rooms)

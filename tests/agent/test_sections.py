"""Sections of a file: all that is wrong is told at once, each with its place; what is right becomes the typed value."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest

from agent.sections import (
    AtMost,
    Between,
    Matches,
    Section,
    WrongSettingsError,
    hints_of,
    read_section,
    read_unfinished,
    sections_in,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSection(Section):
    name: Annotated[str, AtMost(8)]
    hours: Annotated[int, Between(1, 24)] | None = None
    keys: tuple[Annotated[str, Matches(r"[a-z]+")], ...] = ()
    folder: Path = Path("here")

    def __post_init__(self) -> None:
        if self.hours == len(self.name):
            raise ValueError("a door is open for no such hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseSection(Section):
    colour: Colour = Colour.RED
    opens_at: time = time(8)
    door: tuple[DoorSection, ...] = ()
    back: DoorSection | None = None


def test_a_table_becomes_typed_values():
    table = {"colour": "blue", "opens_at": "07:30", "door": [{"name": "front", "hours": 9, "keys": ["a", "bc"]}]}
    house = read_section(HouseSection, table)
    assert (house.colour, house.opens_at, house.back) == (Colour.BLUE, time(7, 30), None)
    assert house.door == (DoorSection(name="front", hours=9, keys=("a", "bc")),)
    assert read_section(HouseSection, {"opens_at": time(6)}).opens_at == time(6), "TOML has times of its own"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"colour": "green"}, "colour: 'green' is none of red, blue"),
        ({"opens_at": "soon"}, "opens_at: 'soon' is no time of day"),
        ({"opens_at": 7}, "opens_at: 7 is no time of day"),
        ({"back": {}}, "back.name: is missing"),
        ({"back": {"name": 5}}, "back.name: 5 is no text"),
        ({"back": {"name": "a" * 9}}, "back.name: 'aaaaaaaaa' is longer than 8 characters"),
        ({"back": {"name": "x", "hours": True}}, "back.hours: True is no whole number"),
        ({"back": {"name": "x", "hours": 25}}, "back.hours: 25 is not between 1 and 24"),
        ({"back": {"name": "four", "hours": 4}}, "back: a door is open for no such hours"),
        ({"back": "open"}, "back: must be a table"),
        ({"door": {}}, "door: must be a list"),
        ({"door": [{"name": "x", "keys": ["a", "9"]}]}, "door[0].keys[1]: '9' does not fit [a-z]+"),
        ({"dor": []}, "dor: unknown key; nearest known key: door"),
        ({"zzz": 1}, "zzz: unknown key"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(table, problem):
    with pytest.raises(WrongSettingsError) as caught:
        read_section(HouseSection, table)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(problem)


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(WrongSettingsError) as caught:
        read_section(HouseSection, {"colour": 1, "door": [{"nam": "x"}, {"name": "y", "hours": "z"}]})
    assert [each.partition(":")[0] for each in caught.value.problems] == [
        "colour", "door[0].nam", "door[0].name", "door[1].hours",
    ]  # fmt: skip


def test_the_shape_of_a_file_can_be_asked():
    assert list(hints_of(HouseSection)) == ["colour", "opens_at", "door", "back"]
    assert sections_in(hints_of(HouseSection)["door"]) == sections_in(hints_of(HouseSection)["back"]) == [DoorSection]


def test_what_is_missing_may_be_and_is_none_for_whoever_asks_for_it_next():
    house, missing = read_unfinished(HouseSection, {"door": [{"hours": 9}, {"name": "side"}], "back": {}})
    assert missing == ["door[0].name", "back.name"]
    assert (house.door[0].name, house.door[0].hours, house.door[1].name) == (None, 9, "side")
    with pytest.raises(WrongSettingsError, match="nearest known key"):
        read_unfinished(HouseSection, {"back": {"nam": "x"}})

"""Sections of a TOML file as frozen dataclasses: each field says by its type, and checks beside it, what it may hold.

    day: Annotated[str, Matches(r"mon|tue")] = "mon"     # checks are called in turn: a value in, a value out
    hours: Annotated[int, Between(1, 24)] = 8            # ValueError from a check is told with the setting's path

Types: text, whole numbers, times of day, paths, enums, tuples of these, sections, tuples of sections, and None for what
is not there; any other type is made from text by its first check. What several fields must have in common is the
section's own `__post_init__`, which raises ValueError. Standard library only: core reads its settings with this, and a
library that compiles models would cost it 17 MB of memory and a quarter of a second.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

NEAREST_CUTOFF = 0.5  # difflib ratio: `prot` still finds `port`, `xyz` finds nothing
SHOWN_CHARS_MAX = 80  # of a wrong value: enough to find it by

T = TypeVar("T", bound="Section")


class Section:
    """What every section is, so that a type in a file's shape is known to be one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Matches:
    """A check: the whole text fits a regular expression."""

    pattern: str

    def __call__(self, text: str) -> str:
        """Return the text. Raises ValueError."""
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(f"{_shown(text)} does not fit {self.pattern}")
        return text


@dataclass(frozen=True, slots=True)
class Between:
    """A check: a whole number in a range, both ends in it."""

    low: int
    high: int

    def __call__(self, number: int) -> int:
        """Return the number. Raises ValueError."""
        if not self.low <= number <= self.high:
            raise ValueError(f"{number} is not between {self.low} and {self.high}")
        return number


@dataclass(frozen=True, slots=True)
class AtMost:
    """A check: a text of so many characters or fewer."""

    length: int

    def __call__(self, text: str) -> str:
        """Return the text. Raises ValueError."""
        if len(text) > self.length:
            raise ValueError(f"{_shown(text)} is longer than {self.length} characters")
        return text


class WrongSettingsError(ValueError):
    """A table that is no such section; `problems` has a line for each setting that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def read_section(kind: type[T], table: Mapping[str, Any]) -> T:
    """Return a section made of a TOML table. Raises WrongSettingsError with all that is wrong in it."""
    reading = _Reading()
    try:
        return typing.cast("T", reading.section(kind, table, ""))
    except _WrongError:
        raise WrongSettingsError(reading.problems) from None


def read_unfinished(kind: type[T], table: Mapping[str, Any]) -> tuple[T, list[str]]:
    """Return what a table has of a section, and the paths of what is missing, which is None in it.

    For whoever asks for that next: what is there may be read, not called, and what its settings must have in common
    is not checked where one is missing. Raises WrongSettingsError for all else that is wrong.
    """
    reading = _Reading(missing=[])
    try:
        section = typing.cast("T", reading.section(kind, table, ""))
    except _WrongError:
        raise WrongSettingsError(reading.problems) from None
    return section, reading.missing or []


def hints_of(kind: type[Section]) -> dict[str, Any]:
    """Return the settings of a section with their types."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {each.name: hints[each.name] for each in _fields(kind)}


def sections_in(hint: Any) -> list[type[Section]]:
    """Return the section types inside a type such as `tuple[Tap, ...]` or `Tap | None`."""
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        return [hint] if _is_section(hint) else []
    return [found for each in typing.get_args(hint) for found in sections_in(each)]


class _WrongError(Exception):
    """This value was told of already; whatever it is part of cannot be made."""


@dataclass(slots=True)
class _Reading:
    """One file on its way in."""

    problems: list[str] = field(default_factory=list)
    missing: list[str] | None = None
    """What is missing and may be; None where that, too, is a problem."""

    def section(self, kind: type[Section], table: object, path: str) -> Any:
        if not isinstance(table, Mapping):
            raise self._wrong(path, "must be a table")
        hints = hints_of(kind)
        before = len(self.problems)
        values = {}
        for name, value in table.items():
            where = _below(path, name)
            if name not in hints:
                self.problems.append(f"{where}: unknown key{_nearest(name, hints, path)}")
                continue
            try:
                values[name] = self.value(hints[name], value, where)
            except _WrongError:
                continue
        missing = [_below(path, each.name) for each in _fields(kind) if each.name not in table and _is_required(each)]
        if self.missing is None:
            self.problems += [f"{name}: is missing" for name in missing]
        if len(self.problems) > before:
            raise _WrongError
        if missing and self.missing is not None:
            self.missing += missing
            return types.SimpleNamespace(**{each.name: _default(each) for each in _fields(kind)} | values)
        try:
            return kind(**values)
        except ValueError as error:
            raise self._wrong(path, str(error)) from error

    def value(self, hint: Any, value: Any, path: str) -> Any:
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin is Annotated:
            return self._checked(self.value(inner[0], value, path), inner[1:], path)
        if origin in (types.UnionType, typing.Union):
            return self.value(next(each for each in inner if each is not type(None)), value, path)
        if origin is tuple:
            return self._several(inner[0], value, path)
        if _is_section(hint):
            return self.section(hint, value, path)
        return self._plain(hint, value, path)

    def _several(self, hint: Any, values: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(values, list):
            raise self._wrong(path, "must be a list")
        found = []
        for number, value in enumerate(values):
            try:
                found.append(self.value(hint, value, f"{path}[{number}]"))
            except _WrongError:
                continue
        if len(found) < len(values):
            raise _WrongError
        return tuple(found)

    def _checked(self, value: Any, checks: tuple[Any, ...], path: str) -> Any:
        try:
            for check in checks:
                value = check(value)
        except ValueError as error:
            raise self._wrong(path, str(error)) from error
        return value

    def _plain(self, kind: type, value: Any, path: str) -> Any:
        try:
            if kind is int and isinstance(value, int) and not isinstance(value, bool):
                return value
            if kind is time:
                return value if isinstance(value, time) else time.fromisoformat(value)
            if kind is not int and isinstance(value, str):
                return kind(value) if issubclass(kind, (Enum, Path)) else value
        except (ValueError, TypeError) as error:
            raise self._wrong(path, _told(kind, value)) from error
        raise self._wrong(path, _told(kind, value))

    def _wrong(self, path: str, message: str) -> _WrongError:
        self.problems.append(f"{path}: {message}")
        return _WrongError()


def _told(kind: type, value: object) -> str:
    if issubclass(kind, Enum):
        return f"{_shown(value)} is none of {', '.join(str(each.value) for each in kind)}"
    wanted = {int: "whole number", time: 'time of day, e.g. "04:00"'}.get(kind, "text")
    return f"{_shown(value)} is no {wanted}"


def _nearest(name: str, known: Mapping[str, Any], path: str) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=NEAREST_CUTOFF)
    return f"; nearest known key: {_below(path, nearest[0])}" if nearest else ""


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _fields(kind: type[Section]) -> tuple[dataclasses.Field[Any], ...]:
    assert dataclasses.is_dataclass(kind), kind
    return dataclasses.fields(kind)


def _is_section(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Section)


def _is_required(each: dataclasses.Field[Any]) -> bool:
    return each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING


def _default(each: dataclasses.Field[Any]) -> Any:
    """Return what a setting is that nobody gives; None for one that somebody must."""
    if each.default_factory is not dataclasses.MISSING:
        return each.default_factory()
    return None if each.default is dataclasses.MISSING else each.default


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}..."

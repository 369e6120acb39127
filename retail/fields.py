"""Reading a table of settings field by field, so that every mistake is named with its path and the nearest word.

Used for campaigns, accounts and facts. Values come from TOML (dates are dates) or JSON (dates are texts): both will do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from retail.errors import ConfigurationError

TEXT_CHARS_MAX = 4_000
"""Longest text of a field: a paper with two offers holds less than half of it."""

NUMBER_MAX = Decimal(10) ** 9
"""Largest number of a field; beyond it somebody pasted a code into a price."""

_Kind = TypeVar("_Kind", bound=StrEnum)

_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)


class Fields:
    """One table, read once: `done()` refuses what nobody asked for. Every method raises ConfigurationError."""

    def __init__(self, table: object, path: str, *, code: str = "field") -> None:
        if not isinstance(table, Mapping):
            raise ConfigurationError(
                f"{path} must be a table, not {table!r:.80}", fix=f"write [{path}] with its fields"
            )
        self._table: Mapping[object, object] = table
        self.path = path
        self._code = code
        self._asked: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def done(self) -> None:
        """Refuse fields that nobody asked for, with the nearest that exists."""
        for key in self._table:
            if key not in self._asked:
                raise self.error(str(key), "is not a known field", fix=_did_you_mean(str(key), self._asked))

    def error(self, name: str, problem: str, *, fix: str = "") -> ConfigurationError:
        """Return the error that says which field has which problem."""
        return ConfigurationError(f"{self.path}.{name} {problem}", fix=fix, code=self._code)

    def value(self, name: str) -> object | None:
        """Return the raw value of a field, None when it is absent."""
        self._asked.add(name)
        return self._table.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without `default` the field must be there and hold something."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value.strip() or default is not None):
            raise self.error(name, f"must be a text, not {value!r:.80}" if value is not None else "is missing")
        if len(value) > TEXT_CHARS_MAX:
            raise self.error(name, f"is longer than {TEXT_CHARS_MAX} characters")
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a text, None when the field is absent or null."""
        return None if self.value(name) is None else self.text(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false; `default` when the field is absent."""
        value = self.value(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(name, f"must be true or false, not {value!r:.80}")
        return value

    def choice(self, name: str, kind: type[_Kind]) -> _Kind:
        """Return a member of an enum by its value."""
        return self._member(name, self.text(name), kind)

    def choices(self, name: str, kind: type[_Kind]) -> frozenset[_Kind]:
        """Return members of an enum from a list of at least one value."""
        value = self.value(name)
        if not isinstance(value, Iterable) or isinstance(value, str | Mapping) or not (names := list(value)):
            listed = _listed(kind)
            problem = f"must be a list of {listed}, not {value!r:.80}" if value is not None else f"is missing: {listed}"
            raise self.error(name, problem)
        return frozenset(self._member(name, each, kind) for each in names)

    def number(
        self, name: str, default: Decimal | None = None, *, low: Decimal = Decimal(0), high: Decimal = NUMBER_MAX
    ) -> Decimal:
        """Return a decimal number between `low` and `high`, from its notation or a whole number."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        try:
            notation = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
            number = Decimal(notation if _NUMBER.fullmatch(notation) else "")
        except InvalidOperation:
            problem = "is missing" if value is None else f"must be a number such as 20.00, not {value!r:.80}"
            raise self.error(name, problem) from None
        if not low <= number <= high:
            raise self.error(name, f"must lie between {low:f} and {high:f}, not {number:f}")
        return number

    def number_or_none(self, name: str, *, low: Decimal = Decimal(0)) -> Decimal | None:
        """Return a decimal number, None when the field is absent."""
        return None if self.value(name) is None else self.number(name, low=low)

    def count(self, name: str, default: int | None = None, *, low: int = 0, high: int = int(NUMBER_MAX)) -> int:
        """Return a whole number between `low` and `high`."""
        fallback = None if default is None else Decimal(default)
        number = self.number(name, fallback, low=Decimal(low), high=Decimal(high))
        if number != int(number):
            raise self.error(name, f"must be a whole number, not {number:f}")
        return int(number)

    def count_or_none(self, name: str, *, low: int = 0) -> int | None:
        """Return a whole number, None when the field is absent."""
        return None if self.value(name) is None else self.count(name, low=low)

    def day(self, name: str) -> date:
        """Return a day, from TOML's own date or from ISO 8601."""
        value = self.value(name)
        if type(value) is date:
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            problem = "is missing" if value is None else f"must be a day such as 2026-11-30, not {value!r:.80}"
            raise self.error(name, problem) from None

    def table(self, name: str) -> Fields:
        """Return a table within this one; it must be there."""
        value = self.value(name)
        if value is None:
            raise self.error(name, "is missing")
        return Fields(value, f"{self.path}.{name}", code=self._code)

    def table_or_none(self, name: str) -> Fields | None:
        """Return a table within this one, None when it is absent."""
        return None if self.value(name) is None else self.table(name)

    def tables(self, name: str) -> list[Fields]:
        """Return a list of tables, empty when the field is absent."""
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise self.error(name, f"must be a list of tables, not {value!r:.80}")
        return [
            Fields(each, f"{self.path}.{name}[{place}]", code=self._code) for place, each in enumerate(value, start=1)
        ]

    def names(self) -> tuple[str, ...]:
        """Return the names of all fields, which are thereby all asked for."""
        self._asked.update(str(key) for key in self._table)
        return tuple(str(key) for key in self._table)

    def _member(self, name: str, value: object, kind: type[_Kind]) -> _Kind:
        try:
            return kind(value if isinstance(value, str) else "")
        except ValueError:
            known = [member.value for member in kind]
            fix = _did_you_mean(str(value), known) or f"one of {_listed(kind)}"
            raise self.error(name, f"knows no {value!r:.80}", fix=fix) from None


def _listed(kind: type[StrEnum]) -> str:
    return ", ".join(member.value for member in kind)


def _did_you_mean(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else ""

"""The part of RFC 9651 (structured fields) that RFC 9421 and RFC 9530 need: dictionaries, inner lists, parameters.

`parse_dictionary` reads what a stranger sent: it takes the grammar's dictionaries of inner lists and bare items and
refuses everything else, with a bound on length, so that its time is linear. Serialisation is the canonical one that
signatures are made over. Bare items are `str` (a string), `Token`, `int`, `bytes` (a byte sequence) and `bool`;
decimals and dates are not used by either RFC and are refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

FIELD_LENGTH_MAX = 8192  # h11's and nginx's bound on one header; a signature of ours needs about 350
MEMBERS_MAX = 64  # far beyond any message; keeps the work of a hostile header small
LISTS_KEPT = 64  # the lists of components that are signed are the same few for ever


Bare: TypeAlias = "str | Token | int | bytes | bool"
Parameters: TypeAlias = "tuple[tuple[str, Bare], ...]"

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_STRING = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BYTES = re.compile(r":([A-Za-z0-9+/]*={0,2}):")
_INTEGER = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_OPTIONAL_SPACE = re.compile(r"[ \t]*")
_ESCAPED = re.compile(r"\\(.)")
_BOOLEAN = re.compile("[01]")
_ONE_BYTE_SEQUENCE = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):")
_PLAIN_LIST = re.compile(r'\((?:"[a-z@-]*"(?:;[a-z]+(?:="[a-z]*")?)*(?: |(?=\))))*\)')
"""A list of components as every signature of ours has one: read once, known again by its text."""


class MalformedFieldError(ValueError):
    """A header is no structured field of the kind we read; the message names what stands where."""


class Token(str):
    """A token: text that is written without quotes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A bare item and its parameters, in the order written."""

    value: Bare
    parameters: Parameters = ()

    def parameter(self, name: str) -> Bare | None:
        """Return a parameter's value, None when it is not there."""
        return dict(self.parameters).get(name)


@dataclass(frozen=True, slots=True)
class InnerList:
    """Items in parentheses, with parameters of the list."""

    items: tuple[Item, ...]
    parameters: Parameters = ()

    def parameter(self, name: str) -> Bare | None:
        """Return a parameter's value, None when it is not there."""
        return dict(self.parameters).get(name)


def serialise(member: Item | InnerList) -> str:
    """Return the canonical text of an item or an inner list."""
    if isinstance(member, InnerList):
        return f"({' '.join(serialise_each(member.items))}){_serialise_parameters(member.parameters)}"
    return _serialise_bare(member.value) + _serialise_parameters(member.parameters)


@lru_cache(maxsize=LISTS_KEPT)
def serialise_each(items: tuple[Item, ...]) -> tuple[str, ...]:
    """Return the canonical text of each item; the lists that are signed are the same few for ever."""
    return tuple(map(serialise, items))


def _serialise_parameters(parameters: Parameters) -> str:
    return "".join([f";{name}" if value is True else f";{name}={_serialise_bare(value)}" for name, value in parameters])


def _serialise_bare(value: Bare) -> str:
    if type(value) is str:
        return f'"{value}"' if value.isalnum() else _quoted(value)
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f":{base64.b64encode(value).decode()}:"
    return str(value) if isinstance(value, Token) else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def parse_dictionary(text: str) -> dict[str, Item | InnerList]:
    """Read a dictionary field; a key that comes twice keeps the last value. Raises MalformedFieldError."""
    if len(text) > FIELD_LENGTH_MAX:
        raise MalformedFieldError(f"field of {len(text)} characters, at most {FIELD_LENGTH_MAX}")
    if one := _ONE_BYTE_SEQUENCE.fullmatch(text):
        return {one[1]: Item(_decoded(one[2], len(text)))}
    reader = _Reader(text.strip(" "))
    members: dict[str, Item | InnerList] = {}
    while not reader.at_end():
        key = reader.key()
        members[key] = reader.member() if reader.take("=") else Item(value=True, parameters=reader.parameters())
        if len(members) > MEMBERS_MAX:
            raise MalformedFieldError(f"more than {MEMBERS_MAX} members")
        reader.skip_space()
        if reader.at_end():
            break
        reader.expect(",")
        reader.skip_space()
        if reader.at_end():
            raise MalformedFieldError("a comma at the end")
    return members


class _Reader:
    """A place in a text, moving right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def take(self, character: str) -> bool:
        if self._text.startswith(character, self._at):
            self._at += len(character)
            return True
        return False

    def expect(self, character: str) -> None:
        if not self.take(character):
            raise MalformedFieldError(f"no {character!r} at {self._at}")

    def skip_space(self) -> None:
        self._at = _OPTIONAL_SPACE.match(self._text, self._at).end()  # type: ignore[union-attr] # it matches nothing too

    def key(self) -> str:
        return self._match(_KEY, "key").group()

    def member(self) -> Item | InnerList:
        if plain := _PLAIN_LIST.match(self._text, self._at):
            self._at = plain.end()
            return InnerList(_plain_items(plain.group()), self.parameters())
        return InnerList(self._items(), self.parameters()) if self.take("(") else self._item()

    def items(self) -> tuple[Item, ...]:
        self.expect("(")
        return self._items()

    def _items(self) -> tuple[Item, ...]:
        items: list[Item] = []
        while True:
            self.skip_space()
            if self.take(")"):
                return tuple(items)
            if items and self._text[self._at - 1] not in " \t":
                raise MalformedFieldError(f"no space before {self._at}")
            items.append(self._item())
            if len(items) > MEMBERS_MAX:
                raise MalformedFieldError(f"more than {MEMBERS_MAX} items")

    def _item(self) -> Item:
        return Item(self._bare(), self.parameters())

    def parameters(self) -> Parameters:
        found: dict[str, Bare] = {}
        while self.take(";"):
            self.skip_space()
            name = self.key()
            found[name] = self._bare() if self.take("=") else True
            if len(found) > MEMBERS_MAX:
                raise MalformedFieldError(f"more than {MEMBERS_MAX} parameters")
        return tuple(found.items())

    def _bare(self) -> Bare:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            text = self._match(_STRING, "string").group(1)
            return _ESCAPED.sub(r"\1", text) if "\\" in text else text
        if first == ":":
            return self._byte_sequence()
        if first == "?":
            self._at += 1
            return self._match(_BOOLEAN, "boolean").group() == "1"
        if first.isdigit() or first == "-":
            return int(self._match(_INTEGER, "integer").group())
        return Token(self._match(_TOKEN, "item").group())

    def _byte_sequence(self) -> bytes:
        text = self._match(_BYTES, "byte sequence").group(1)
        return _decoded(text, self._at)

    def _match(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise MalformedFieldError(f"no {what} at {self._at}")
        self._at = match.end()
        return match


@lru_cache(maxsize=LISTS_KEPT)
def _plain_items(text: str) -> tuple[Item, ...]:
    return _Reader(text).items()


def _decoded(text: str, ends_at: int) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise MalformedFieldError(f"no base64 before {ends_at}") from error

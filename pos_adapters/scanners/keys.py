"""From key events (Linux `input_event`) to what a wedge scanner typed, and back. Pure.

A wedge scanner is a keyboard of the US layout: it presses keys, Shift among them, and Enter at the end of a code. Only
presses type; releases and repeats of a held key do not. Keys without a letter are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

EVENT = struct.Struct("@llHHi")  # linux/input.h: struct input_event of this machine
EV_SYN, EV_KEY = 0, 1
RELEASED, PRESSED = 0, 1
LEFT_SHIFT, RIGHT_SHIFT, ENTER, KEYPAD_ENTER, TAB = 42, 54, 28, 96, 15

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
)
_ROWS_LOW = ((43, "\\zxcvbnm,./", "|ZXCVBNM<>?"), (57, " ", " "))
_KEYPAD = ((71, "789-456+1230."),)

LETTERS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        **{
            first + at: (plain, shifted)
            for first, row, shifts in (*_ROWS, *_ROWS_LOW)
            for at, (plain, shifted) in enumerate(zip(row, shifts, strict=True))
        },
        **{first + at: (letter, letter) for first, row in _KEYPAD for at, letter in enumerate(row)},
        ENTER: ("\r", "\r"),
        KEYPAD_ENTER: ("\r", "\r"),
        TAB: ("\t", "\t"),
    }
)
"""Key code (linux/input-event-codes.h) -> what it types, without and with Shift."""

_KEY_OF: Mapping[str, tuple[int, bool]] = MappingProxyType(
    {
        letter: (key, is_shifted)
        for is_shifted in (True, False)
        for key, pair in reversed(list(LETTERS.items()))
        if (letter := pair[is_shifted]) and (not is_shifted or pair[0] != pair[1])
    }
)


class KeyEvent(NamedTuple):
    """One event, as the kernel tells it."""

    type: int
    code: int
    value: int

    def encode(self) -> bytes:
        """Return it as the kernel takes it; the kernel puts in the time."""
        return EVENT.pack(0, 0, self.type, self.code, self.value)


def key_events(data: bytes) -> list[KeyEvent]:
    """Return the whole events in what was read from a device."""
    size = len(data) - len(data) % EVENT.size
    return [KeyEvent(*fields[2:]) for fields in EVENT.iter_unpack(data[:size])]


class KeyReader:
    """Follows Shift; turns presses into bytes."""

    def __init__(self) -> None:
        self._shifts: set[int] = set()

    def feed(self, events: Iterable[KeyEvent]) -> bytes:
        """Return what these events type."""
        return "".join(map(self._typed, events)).encode("ascii")

    def _typed(self, event: KeyEvent) -> str:
        if event.type != EV_KEY:
            return ""
        if event.code in (LEFT_SHIFT, RIGHT_SHIFT):
            (self._shifts.discard if event.value == RELEASED else self._shifts.add)(event.code)
            return ""
        if event.value != PRESSED:
            return ""
        return LETTERS.get(event.code, ("", ""))[bool(self._shifts)]


def typing(text: str) -> list[KeyEvent]:
    """Return the events that type a text; a letter that no key has is left out."""
    events: list[KeyEvent] = []
    for letter in text:
        if letter not in _KEY_OF:
            continue
        key, is_shifted = _KEY_OF[letter]
        strokes = [(key, PRESSED), (key, RELEASED)]
        if is_shifted:
            strokes = [(LEFT_SHIFT, PRESSED), *strokes, (LEFT_SHIFT, RELEASED)]
        for code, value in strokes:
            events += [KeyEvent(EV_KEY, code, value), KeyEvent(EV_SYN, 0, 0)]
    return events

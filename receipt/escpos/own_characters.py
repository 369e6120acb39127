"""Characters that a till draws itself (`ESC &`): their dots, so that pictures show what paper shows.

Contract: never raises and is bounded. The text keeps the character that the code page has in that place: what a drawing
means nobody can say. Drawings may change within a document, so a style names the set of drawings it was printed
with: 0 is none, n the n-th of `sets`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from receipt.image_printer import Bits, column_bits
from receipt.layout import Typesetter
from receipt.paper import DrawnCharacter

SETS_MAX: Final = 32  # tills that print a logo as characters define a handful; more is an attack on our memory
_FIRST, _LAST = 0x20, 0x7E  # the characters that Epson's printers let a till draw


class OwnCharacters:
    """See the module's contract."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter
        self._drawn: dict[str, DrawnCharacter] = {}
        self.sets: list[Mapping[str, DrawnCharacter]] = []
        self._changed = True
        self._on = False

    def begin(self) -> None:
        """Begin a new document: drawings and the switch stay, as they do in a printer."""
        if self.sets:
            self.sets.clear()
            self._changed = True
            self._restyle()

    def reset(self) -> None:
        """ESC @: all drawings are forgotten."""
        self._drawn = {}
        self._changed = True
        self._on = False

    def define(self, data: bytes, _offset: int) -> None:
        """ESC & y c1 c2 [x d1...d(y*x)]...: y bytes high, x dots wide, each column from the top."""
        column_bytes, first, last = data[2], data[3], data[4]
        drawn = dict(self._drawn)
        at = 5
        for code in range(first, last + 1):
            if at >= len(data):
                break
            width = data[at]
            bits = column_bits(data[at + 1 : at + 1 + width * column_bytes], width, column_bytes)
            at += 1 + width * column_bytes
            if _FIRST <= code <= _LAST:
                drawn[chr(code)] = _drawing(bits._replace(width=min(width, bits.width)))
        self._change(drawn)

    def forget(self, data: bytes, _offset: int) -> None:
        """ESC ? n: the character is the code page's again."""
        self._change({character: one for character, one in self._drawn.items() if character != chr(data[2])})

    def switch(self, data: bytes, _offset: int) -> None:
        """ESC % n: print drawings where there are any, or not."""
        self._on = bool(data[2] & 1)
        self._restyle()

    def _change(self, drawn: dict[str, DrawnCharacter]) -> None:
        self._drawn = drawn
        self._changed = True
        self._restyle()

    def _restyle(self) -> None:
        if self._on and self._drawn and self._changed and len(self.sets) < SETS_MAX:
            self.sets.append(self._drawn)
            self._changed = False
        self._typesetter.restyle(drawn_set=len(self.sets) if self._on and self._drawn else 0)


def _drawing(bits: Bits) -> DrawnCharacter:
    return DrawnCharacter(bits.width, bits.height, bits.rows)


OWN_CHARACTER_ACTIONS: Final[dict[str, Callable[[OwnCharacters, bytes, int], None]]] = {
    "EscDefineUserDefinedCharacters": OwnCharacters.define,
    "EscCancelUserDefinedCharacters": OwnCharacters.forget,
    "EscSelectUserDefinedCharacterSet": OwnCharacters.switch,
}

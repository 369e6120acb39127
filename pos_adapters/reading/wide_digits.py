"""Other digits than ASCII's: full-width ones of double-byte text, Arabic, Persian, Indian and Thai ones.

Found and masked in the bytes of a print job, before anything decodes them. Every length and offset stays.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from pos_adapters.reading.card_numbers import DIGITS_MIN, cards_among, hidden_places

# Commands of style, of three bytes: they may stand between digits, and their last byte may look like one ("ESC a 1").
STYLE_COMMAND = r"(?:\x1b[ !\-3EGJMRSTVadert{]|\x1d[!BHbfh])[\x00-\xff]"
# Heads of commands whose end may look like a figure of the text behind: of a two-dimensional code, the switch to UTF-8,
# a barcode of Star's.
BEFORE_TEXT = (r"\x1d\(k[\x00-\xff]{3}P0", r"\x1c\(C[\x00-\xff]{4}", r"\x1bb[0-9:;<=][1-4][1-9][\x00-\xff]")

GAPS_MAX = 12  # between two groups: a few blanks, or a line's end and a command of style


class _Encoding(NamedTuple):
    """How an encoding writes the digits nought to nine: `lead`, then a byte from `first` on; and its wide asterisk."""

    lead: bytes
    first: int
    star: bytes

    @property
    def digit(self) -> str:
        """The expression for one digit, on bytes read as Latin-1."""
        return rf"{re.escape(self.lead.decode('latin-1'))}[\x{self.first:02x}-\x{self.first + 9:02x}]"

    def may_be_in(self, data: bytes) -> bool:
        """Whether there are digits enough for a number; mostly there are not."""
        if self.lead:
            return data.count(self.lead) >= DIGITS_MIN
        return len(data) - len(data.translate(None, bytes(range(self.first, self.first + 10)))) >= DIGITS_MIN

    @property
    def figures(self) -> bytes:
        """Return the table from the last bytes of digits to narrow ones."""
        return bytes.maketrans(bytes(range(self.first, self.first + 10)), b"0123456789")


# Row 3 of JIS X 0208, GB 2312 and KS X 1001 as Shift-JIS, in eight bits (EUC), in seven (behind FS &); Big5; UTF-8.
_ENCODINGS = (
    _Encoding(b"\x82", 0x4F, b"\x81\x96"),
    _Encoding(b"\xa3", 0xB0, b"\xa3\xaa"),
    _Encoding(b"#", 0x30, b"!*"),
    _Encoding(b"\xa2", 0xAF, b"\xa1\xaf"),
    _Encoding(b"\xef\xbc", 0x90, b"\xef\xbc\x8a"),
    # Arabic, Persian, Devanagari, Bengali and Thai in UTF-8
    _Encoding(b"\xd9", 0xA0, b"\xd9\xad"),
    _Encoding(b"\xdb", 0xB0, b"\xd9\xad"),
    _Encoding(b"\xe0\xa5", 0xA6, b"\xef\xbc\x8a"),
    _Encoding(b"\xe0\xa7", 0xA6, b"\xef\xbc\x8a"),
    _Encoding(b"\xe0\xb9", 0x90, b"\xef\xbc\x8a"),
)
# Arabic in code page 864, Thai in 874: digits of one byte, which may be anything in other pages.
_OF_ONE_BYTE = (_Encoding(b"", 0xB0, b"*"), _Encoding(b"", 0xF0, b"*"))
# Blanks, dots and dashes between groups: narrow ones, and the wide ones of the encodings above.
_WIDE_GAP = (
    r"\x81[\x40\x44\x5c\x5d\x7c]|\xa1[\x40\x44\x58\xa1\xa9\xaa\xd0\xdd]|\xa3\xad|!!|!\]|\xe3\x80\x80"
    r"|\xef\xbc[\x8d\x8e]|\xe2\x80[\x90-\x95]|\xe2\x88\x92"
)
_GAP = rf"(?:[ \t\r\n.\-]|{_WIDE_GAP}|{STYLE_COMMAND})"
_EVERY = (*_ENCODINGS, *_OF_ONE_BYTE)
_LEADS = bytes({byte for each in _EVERY for byte in each.lead[:1] or range(each.first, each.first + 10)})
WIDE_BYTES = "|".join((*(encoding.digit for encoding in _EVERY), _WIDE_GAP))
"""Wide digits and gaps: for those who hold back the end of a stream. No two alternatives begin with the same bytes."""
WIDE_LEADS = rb"\x81\x82\xa1-\xa3\xb0-\xb9\xc2\xd9\xdb\xe0\xe2\xe3\xef-\xf9"
"""Their first bytes, as those of a class."""
WIDE_BEGUN = r"[\x81\x82\xa1-\xa3\xd9\xdb\xe0\xe2\xe3\xef]|\xe0[\xa5\xa7\xb9]|[\xe2\xe3]\x80|\xe2\x88|\xef\xbc"


def masked_wide(data: bytes, is_spared: Callable[[str], bool]) -> bytes:
    """Return `data` with the full-width card numbers masked to first six and last four digits.

    `is_spared` says which numbers are the store's own.
    """
    if len(data) - len(data.translate(None, _LEADS)) < DIGITS_MIN:
        return data
    for encoding in _EVERY:
        if not encoding.may_be_in(data):
            continue
        pieces: list[bytes] = []
        done = 0
        for match in _run_of(encoding).finditer(data):
            pieces += (data[done : match.start()], _masked(match.group(), encoding, is_spared))
            done = match.end()
        data = b"".join((*pieces, data[done:]))
    return data


@functools.cache
def _run_of(encoding: _Encoding) -> re.Pattern[bytes]:
    more = rf"(?:{_GAP}{{0,{GAPS_MAX}}}+{encoding.digit}){{{DIGITS_MIN - 1},}}+"
    return re.compile(rf"{encoding.digit}{more}".encode("latin-1"))


@functools.cache
def _digits_of(encoding: _Encoding) -> re.Pattern[bytes]:
    return re.compile(rf"(?:{encoding.digit})+|{STYLE_COMMAND}".encode("latin-1"))


def _masked(run: bytes, encoding: _Encoding, is_spared: Callable[[str], bool]) -> bytes:
    """Mask the card numbers of a run: each begins and ends with a group of digits."""
    size = len(encoding.lead) + 1
    groups = [match.span() for match in _digits_of(encoding).finditer(run) if match[0].startswith(encoding.lead)]
    figures = [run[start + size - 1 : end : size].translate(encoding.figures).decode("ascii") for start, end in groups]
    cards = cards_among(figures, is_spared)
    if not cards:
        return run
    masked = bytearray(run)
    for first, last, _ in cards:
        places = [at for start, end in groups[first : last + 1] for at in range(start, end, size)]
        for at in hidden_places(places):
            masked[at : at + size] = encoding.star
    return bytes(masked)

"""How long a command is when that hangs on its own bytes.

Contract: a rule is `rule(data, start, end, final=...)` over `data[start:end]`, which begins with the command. It
returns the command's whole length, or minus the number of bytes that must be there before it can say (always more
than there are); with `final` nothing more will come. Rules read a bounded number of bytes, never raise, and are
standard library only (the tap imports them). Sources: Epson's public command reference; where Epson and public
parsers disagree, or real jobs are sloppy, the comment says which side we take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from receipt.escpos.commands import BARCODE_ASCIIZ_MAX, CUTS_WITH_FEED, DLE, ESC, FS, GS

BARCODE_DATA_MAX = 255  # GS k's own length byte ends here; a NUL-ended barcode that is longer is not a barcode
TAB_STOPS_MAX = 32  # ESC D takes no more
GLYPH_BYTES = {0: 72, 1: 60, 2: 32}  # FS 2 by kanji font: A 24x24, B 20x24, C 16x16 dots


class Rule(Protocol):
    """See the module's contract."""

    def __call__(self, data: bytes, start: int, end: int, *, final: bool) -> int:
        """Return the whole length, or minus the bytes needed to know it."""
        ...


def _u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


def _fixed(length: int) -> Rule:
    def rule(data: bytes, start: int, end: int, *, final: bool) -> int:  # noqa: ARG001
        return length if end - start >= length else -length

    return rule


def _headed(header: int, size: Callable[[bytes, int], int]) -> Rule:
    """Measure a header that says how much follows it: `size(data, start)` once the header is there."""

    def rule(data: bytes, start: int, end: int, *, final: bool) -> int:  # noqa: ARG001
        return header + size(data, start) if end - start >= header else -header

    return rule


def _headed_if(third: int, header: int, size: Callable[[bytes, int], int]) -> Rule:
    """As `_headed`, for a command that its third byte completes; with another third byte it is not that command."""
    headed = _headed(header, size)

    def rule(data: bytes, start: int, end: int, *, final: bool) -> int:
        if end - start < 3:  # noqa: PLR2004
            return 2 if final else -3
        return headed(data, start, end, final=final) if data[start + 2] == third else 2

    return rule


def _selected(lengths: dict[int, int], otherwise: int) -> Rule:
    """Measure by the third byte."""

    def rule(data: bytes, start: int, end: int, *, final: bool) -> int:  # noqa: ARG001
        if end - start < 3:  # noqa: PLR2004
            return -3
        length = lengths.get(data[start + 2], otherwise)
        return length if end - start >= length else -length

    return rule


def _optional(arguments: frozenset[int]) -> Rule:
    """Take one argument where it looks like one, none where it does not (public parsers and real jobs disagree)."""

    def rule(data: bytes, start: int, end: int, *, final: bool) -> int:
        if end - start < 3:  # noqa: PLR2004
            return 2 if final else -3
        return 3 if data[start + 2] in arguments else 2

    return rule


def _cut(data: bytes, start: int, end: int, *, final: bool) -> int:
    """GS V. Real jobs end with a cut whose last bytes are missing; those must not swallow the next command."""
    there = end - start
    if there < 3:  # noqa: PLR2004
        return there if final else -3
    function = data[start + 2]
    if function not in CUTS_WITH_FEED:
        return 2 if function in (ESC, GS) else 3
    if there < 4:  # noqa: PLR2004
        return there if final else -4
    if data[start + 3] not in (ESC, GS):
        return 4
    if there < 5:  # noqa: PLR2004
        return there if final else -5  # a feed of 27 or 29 dots, or the next command: its second byte will tell
    return 3 if bytes(data[start + 3 : start + 5]) in COMMAND_STARTS else 4


# The commands that begin a document or end one: what is likely to follow a cut that lost its argument.
COMMAND_STARTS = frozenset(bytes((ESC, second)) for second in b"@!aEtMRSLdJ23pG-c=i{VD") | frozenset(
    bytes((GS, second)) for second in b"!VLWBkvaP("
)


def _tab_stops(data: bytes, start: int, end: int, *, final: bool) -> int:
    """ESC D d1..dk NUL: a stop that does not ascend ends the list too, and is ordinary data (Epson)."""
    last = 0
    for at in range(start + 2, min(end, start + 2 + TAB_STOPS_MAX)):
        if data[at] == 0:
            return at + 1 - start
        if data[at] <= last:
            return at - start
        last = data[at]
    if end - start < 2 + TAB_STOPS_MAX:
        return end - start if final else -(end - start + 1)
    at = start + 2 + TAB_STOPS_MAX
    if at >= end:
        return at - start if final else -(at + 1 - start)
    return at + 1 - start if data[at] == 0 else at - start


def _barcode(data: bytes, start: int, end: int, *, final: bool) -> int:
    """GS k: data up to NUL, or as long as its length byte says. A control byte ends data that forgot its NUL."""
    if end - start < 3:  # noqa: PLR2004
        return -3
    if data[start + 2] > BARCODE_ASCIIZ_MAX:
        return 4 + data[start + 3] if end - start >= 4 else -4  # noqa: PLR2004
    limit = min(end, start + 3 + BARCODE_DATA_MAX)
    for at in range(start + 3, limit):
        if data[at] < 0x20:  # noqa: PLR2004
            return at - start + (data[at] == 0)
    if final or limit < end:
        return limit - start
    return -(end - start + 1)


def _counter(data: bytes, start: int, end: int, *, final: bool) -> int:
    """GS C 0 / 1 / 2 have fixed lengths; GS C ; carries five decimal fields, each ended by a semicolon."""
    if end - start < 3:  # noqa: PLR2004
        return -3
    function = data[start + 2]
    length = {0x30: 5, 0x31: 9, 0x32: 5, 0: 5, 1: 9, 2: 5}.get(function)
    if length is not None:
        return length if end - start >= length else -length
    if function != ord(";"):
        return 3
    semicolons = 0
    for at in range(start + 3, min(end, start + 3 + COUNTER_FIELDS_BYTES_MAX)):
        if data[at] == ord(";"):
            semicolons += 1
            if semicolons == 5:  # noqa: PLR2004
                return at + 1 - start
        elif data[at] not in b"0123456789":
            return at - start
    return end - start if final or end - start >= 3 + COUNTER_FIELDS_BYTES_MAX else -(end - start + 1)


COUNTER_FIELDS_BYTES_MAX = 30  # five fields of at most five digits and their semicolons


def _nv_memory(data: bytes, start: int, end: int, *, final: bool) -> int:  # noqa: ARG001
    """FS g 1 m a1..a4 nL nH writes n bytes, FS g 2 m a1..a4 nL nH reads them."""
    if end - start < 3:  # noqa: PLR2004
        return -3
    if data[start + 2] not in (0x31, 0x32):
        return 3
    if end - start < 10:  # noqa: PLR2004
        return -10
    return 10 + (_u16(data, start + 8) if data[start + 2] == 0x31 else 0)  # noqa: PLR2004


def _windows_bmp(data: bytes, start: int, end: int, *, final: bool) -> int:
    """GS D m fn a kc1 kc2 b c and a BMP file, which says its own length at offset 2."""
    if end - start < 15:  # noqa: PLR2004
        return 9 if final and end - start >= 9 else -15  # noqa: PLR2004
    if data[start + 9 : start + 11] != b"BM":
        return 9
    return 9 + max(6, int.from_bytes(data[start + 11 : start + 15], "little"))


def _buzzer_or_pulse(data: bytes, start: int, end: int, *, final: bool) -> int:
    """DLE DC4. Function 3 takes five bytes on Epson's, one on some clones: text would be swallowed, so we look."""
    if end - start < 3:  # noqa: PLR2004
        return -3
    length = {1: 5, 2: 5, 3: 8, 7: 4, 8: 10}.get(data[start + 2], 3)
    if data[start + 2] == 3:  # noqa: PLR2004
        for at in range(start + 4, min(end, start + 8)):
            if data[at] >= 0x20 or data[at] in (DLE, ESC, FS, GS):  # noqa: PLR2004
                return 4
        if final and end - start >= 4:  # noqa: PLR2004
            return min(end - start, length)
    return length if end - start >= length else -length


def records_of(data: bytes, start: int) -> tuple[int, int, int]:
    """Return header length, number of records and header length of a record for ESC & and FS q."""
    if data[start] == ESC:
        return 5, max(0, data[start + 4] - data[start + 3] + 1), 1
    return 3, data[start + 2], 4


def record_size(head: bytes, data: bytes, at: int) -> int:
    """Return the size, header included, of the record at `data[at]` of the ESC & or FS q that begins with `head`."""
    if head[0] == ESC:
        return 1 + data[at] * head[2]  # x columns of y bytes
    return 4 + _u16(data, at) * _u16(data, at + 2) * 8


def _records(data: bytes, start: int, end: int, *, final: bool) -> int:  # noqa: ARG001
    """ESC & and FS q: a head, then records of which each says its own size."""
    header = 5 if data[start] == ESC else 3
    if end - start < header:
        return -header
    _, count, first = records_of(data, start)
    head = data[start : start + header]
    at = start + header
    for _ in range(count):
        if at + first > end:
            return -(at + first - start)
        at += record_size(head, data, at)
    return at - start


def _window(data: bytes, start: int, end: int, *, final: bool) -> int:  # noqa: ARG001
    """ESC W on a display: window n, then 0 to cancel it or 1 and its four corners."""
    if end - start < 4:  # noqa: PLR2004
        return -4
    return 8 if data[start + 3] in (1, 0x31) else 4


_PARENTHESIS = _headed(5, lambda data, start: _u16(data, start + 3))
_DOTS_PER_COLUMN_BYTES = ((32, 1), (64, 3), (256, 6))  # 8-, 24- and 48-dot modes by the mode's number


def _column_bytes(mode: int) -> int:
    """ESC *: 32 and 33 are 24-dot modes, three bytes a column (public parsers that say otherwise derail)."""
    return next(size for limit, size in _DOTS_PER_COLUMN_BYTES if mode < limit)


PRINTER_RULES: dict[bytes, Rule] = {
    b"\x10\x04": _selected({0: 4, 7: 4, 8: 4, 0x12: 4}, 3),
    b"\x10\x05": _fixed(3),
    b"\x10\x14": _buzzer_or_pulse,
    b"\x1b&": _records,
    b"\x1b(": _PARENTHESIS,
    b"\x1b*": _headed(5, lambda data, start: _u16(data, start + 3) * _column_bytes(data[start + 2])),
    b"\x1b4": _optional(frozenset((0, 1))),
    b"\x1b5": _fixed(2),
    b"\x1b=": _fixed(3),
    b"\x1bD": _tab_stops,
    b"\x1bZ": _headed(7, lambda data, start: _u16(data, start + 5)),
    b"\x1bc": _fixed(4),
    b"\x1br": _optional(frozenset((0, 1, 2, 3, 48, 49, 50, 51))),
    b"\x1c(": _PARENTHESIS,
    b"\x1c2": _fixed(4),  # and a glyph: its size is the kanji font's, which the tokenizer knows
    b"\x1ca": _selected({0: 4, 0x30: 4}, 3),
    b"\x1cg": _nv_memory,
    b"\x1cq": _records,
    b"\x1d(": _PARENTHESIS,
    b"\x1d*": _headed(4, lambda data, start: data[start + 2] * data[start + 3] * 8),
    b"\x1d8": _headed_if(0x4C, 7, lambda data, start: int.from_bytes(data[start + 3 : start + 7], "little")),
    b"\x1dC": _counter,
    b"\x1dD": _windows_bmp,
    b"\x1dQ": _headed_if(0x30, 8, lambda data, start: _u16(data, start + 4) * _u16(data, start + 6)),
    b"\x1dV": _cut,
    b"\x1dg": _fixed(6),
    b"\x1dk": _barcode,
    b"\x1dv": _headed_if(0x30, 8, lambda data, start: _u16(data, start + 4) * _u16(data, start + 6)),
}

DISPLAY_RULES: dict[bytes, Rule] = {
    b"\x1b&": PRINTER_RULES[b"\x1b&"],
    b"\x1b=": _fixed(3),
    b"\x1bW": _window,
    b"\x1f(": _PARENTHESIS,
}

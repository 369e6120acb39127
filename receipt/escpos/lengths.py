"""How long a command is when that hangs on its own bytes.

Contract: a rule is `rule(command, final)` over bytes that begin with the command (what is there of it and after it,
at most `WHOLE_BYTES_MAX`). It returns the command's whole length, or minus the number of bytes that must be there
before it can say (always more than there are); with `final` nothing more will come. Rules read a bounded number of
bytes and never raise; standard library only (the tap imports them). Sources: Epson's public command reference; where
it and public parsers disagree, or real jobs are sloppy, the comment says which side we take.
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable

from receipt.escpos.commands import BARCODE_ASCIIZ_MAX, CUTS_WITH_FEED, DLE, ESC, FS, GS

# The largest two-dimensional code holds 7,089 characters: codes and settings come whole, only images come in pieces.
WHOLE_BYTES_MAX = 8192

BARCODE_DATA_MAX = 255  # GS k's own length byte ends here; a NUL-ended barcode that is longer is not a barcode
COUNTER_FIELDS_BYTES_MAX = 30  # GS C ;: five fields of at most five digits and their semicolons
GLYPH_BYTES = {0: 72, 1: 60, 2: 32}  # FS 2 by kanji font: A 24x24, B 20x24, C 16x16 dots
TAB_STOPS_MAX = 32  # ESC D takes no more

# The commands that begin a document or end one: what is likely to follow a cut that lost its argument.
COMMAND_STARTS = frozenset(bytes((ESC, second)) for second in b"@!aEtMRSLdJ23pG-c=i{VD") | frozenset(
    bytes((GS, second)) for second in b"!VLWBkvaP("
)

Rule = Callable[[bytes, bool], int]


def _u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


def _fixed(length: int) -> Rule:
    return lambda command, _final: length if len(command) >= length else -length


def _headed(header: int, size: Callable[[bytes], int]) -> Rule:
    """Measure by a header that says how much follows it: `size(command)` once the header is there."""
    return lambda command, _final: header + size(command) if len(command) >= header else -header


def _third(byte: int, rule: Rule) -> Rule:
    """Measure by `rule` where the third byte completes the command; with another it is not that command."""

    def third(command: bytes, final: bool) -> int:
        if len(command) < 3:
            return 2 if final else -3
        return rule(command, final) if command[2] == byte else 2

    return third


def _selected(lengths: dict[int, int], otherwise: int) -> Rule:
    """Measure by the third byte."""

    def selected(command: bytes, _final: bool) -> int:
        length = lengths.get(command[2], otherwise) if len(command) >= 3 else 3
        return length if len(command) >= length else -length

    return selected


def _optional(arguments: frozenset[int]) -> Rule:
    """Take one argument where it looks like one, none where it does not (public parsers and real jobs disagree)."""

    def optional(command: bytes, final: bool) -> int:
        if len(command) < 3:
            return 2 if final else -3
        return 3 if command[2] in arguments else 2

    return optional


def _cut(command: bytes, final: bool) -> int:
    """GS V. Real jobs end with a cut whose last bytes are missing; those must not swallow the next command."""
    there = len(command)
    if there < 3:
        return there if final else -3
    if command[2] not in CUTS_WITH_FEED:
        return 2 if command[2] in (ESC, GS) else 3
    if there < 4:
        return there if final else -4
    if command[3] not in (ESC, GS):
        return 4
    if there < 5:
        return there if final else -5  # a feed of 27 or 29 dots, or the next command: its second byte will tell
    return 3 if command[3:5] in COMMAND_STARTS else 4


def _tab_stops(command: bytes, final: bool) -> int:
    """ESC D d1..dk NUL: a stop that does not ascend ends the list too, and is ordinary data (Epson)."""
    last = 0
    for at, stop in enumerate(command[2 : 2 + TAB_STOPS_MAX], 2):
        if stop <= last:
            return at + 1 if stop == 0 else at
        last = stop
    full = 2 + TAB_STOPS_MAX
    if len(command) <= full:
        return len(command) if final else -(len(command) + 1)
    return full + 1 if command[full] == 0 else full


def _barcode(command: bytes, final: bool) -> int:
    """GS k: data up to NUL, or as long as its length byte says. A control byte ends data that forgot its NUL."""
    if len(command) < 3:
        return -3
    if command[2] > BARCODE_ASCIIZ_MAX:
        return 4 + command[3] if len(command) >= 4 else -4
    for at, byte in enumerate(command[3 : 3 + BARCODE_DATA_MAX], 3):
        if byte < 0x20:
            return at + 1 if byte == 0 else at
    full = 3 + BARCODE_DATA_MAX
    if final or len(command) > full:
        return min(full, len(command))
    return -(len(command) + 1)


def _counter(command: bytes, final: bool) -> int:
    """GS C 0 / 1 / 2 have fixed lengths; GS C ; carries five decimal fields, each ended by a semicolon."""
    if len(command) < 3:
        return -3
    length = {0: 5, 1: 9, 2: 5, 0x30: 5, 0x31: 9, 0x32: 5}.get(command[2], 3)
    if command[2] != ord(";"):
        return length if len(command) >= length else -length
    semicolons = 0
    for at, byte in enumerate(command[3 : 3 + COUNTER_FIELDS_BYTES_MAX], 3):
        semicolons += byte == ord(";")
        if semicolons == 5:
            return at + 1
        if byte not in b"0123456789;":
            return at
    full = 3 + COUNTER_FIELDS_BYTES_MAX
    return min(full, len(command)) if final or len(command) >= full else -(len(command) + 1)


def _nv_memory(command: bytes, _final: bool) -> int:
    """FS g 1 m a1..a4 nL nH writes n bytes, FS g 2 m a1..a4 nL nH reads them."""
    if len(command) < 3:
        return -3
    if command[2] not in b"12":
        return 3
    if len(command) < 10:
        return -10
    return 10 + (_u16(command, 8) if command[2] == ord("1") else 0)


def _windows_bmp(command: bytes, final: bool) -> int:
    """GS D m fn a kc1 kc2 b c and a BMP file, which says its own length at offset 2."""
    if len(command) < 15:
        return 9 if final and len(command) >= 9 else -15
    if command[9:11] != b"BM":
        return 9
    return 9 + max(6, int.from_bytes(command[11:15], "little"))


def _realtime_request(command: bytes, final: bool) -> int:
    """DLE DC4. Function 3 takes five bytes on Epson's, one on some clones: text would be swallowed, so we look."""
    if len(command) < 3:
        return -3
    length = {1: 5, 2: 5, 3: 8, 7: 4, 8: 10}.get(command[2], 3)
    if command[2] == 3:
        if any(byte >= 0x20 or byte in (DLE, ESC, FS, GS) for byte in command[4:8]):
            return 4
        if final and len(command) >= 4:
            return min(len(command), length)
    return length if len(command) >= length else -length


def _window(command: bytes, _final: bool) -> int:
    """ESC W on a display: window n, then 0 to cancel it or 1 and its four corners.

    Displays of the CD5220 family take on or off, two columns and a line; where no corner can follow, it was that.
    """
    if len(command) < 4:
        return -4
    if command[3] not in (1, 0x31):
        length = 6 if 1 < command[3] <= DISPLAY_COLUMNS_MAX else 4
        return length if len(command) >= length else -length
    if any(corner > DISPLAY_COLUMNS_MAX for corner in command[6:8]):
        return 6
    return 8 if len(command) >= 8 else -8


def records_of(command: bytes) -> tuple[int, int, int]:
    """Return header length, number of records and header length of a record for ESC & and FS q."""
    if command[0] == ESC:
        return 5, max(0, command[4] - command[3] + 1), 1
    return 3, command[2], 4


def record_size(head: bytes, record: bytes) -> int:
    """Return the size, header included, of a record of the ESC & or FS q that begins with `head`."""
    if head[0] == ESC:
        return 1 + record[0] * head[2]  # x columns of y bytes
    return 4 + _u16(record, 0) * _u16(record, 2) * 8


def _records(command: bytes, _final: bool) -> int:
    """ESC & and FS q: a head, then records of which each says its own size."""
    header = 5 if command[0] == ESC else 3
    if len(command) < header:
        return -header
    at, count, first = records_of(command)
    for _ in range(count):
        if at + first > len(command):
            return -(at + first)
        at += record_size(command, command[at : at + first])
    return at


def _column_bytes(mode: int) -> int:
    """ESC *: 32 and 33 are 24-dot modes, three bytes a column (public parsers that say otherwise derail)."""
    if mode < 32:
        return 1
    return 3 if mode < 64 else 6


_PARENTHESIS = _headed(5, lambda command: _u16(command, 3))
_RASTER = _headed(8, lambda command: _u16(command, 4) * _u16(command, 6))

PRINTER_RULES: dict[bytes, Rule] = {
    b"\x10\x04": _selected({0: 4, 7: 4, 8: 4, 0x12: 4}, 3),
    b"\x10\x05": _fixed(3),
    b"\x10\x14": _realtime_request,
    b"\x1b&": _records,
    b"\x1b(": _PARENTHESIS,
    b"\x1b*": _headed(5, lambda command: _u16(command, 3) * _column_bytes(command[2])),
    b"\x1b4": _optional(frozenset((0, 1))),
    b"\x1b5": _fixed(2),
    b"\x1b=": _fixed(3),
    b"\x1bD": _tab_stops,
    b"\x1bZ": _headed(7, lambda command: _u16(command, 5)),
    b"\x1bc": _fixed(4),
    b"\x1br": _optional(frozenset((0, 1, 2, 3, 48, 49, 50, 51))),
    b"\x1c(": _PARENTHESIS,
    b"\x1c2": _fixed(4),  # and a glyph: its size is the kanji font's, which the tokenizer knows
    b"\x1ca": _selected({0: 4, 0x30: 4}, 3),
    b"\x1cg": _nv_memory,
    b"\x1cq": _records,
    b"\x1d(": _PARENTHESIS,
    b"\x1d*": _headed(4, lambda command: command[2] * command[3] * 8),
    b"\x1d8": _third(ord("L"), _headed(7, lambda command: int.from_bytes(command[3:7], "little"))),
    b"\x1dC": _counter,
    b"\x1dD": _windows_bmp,
    b"\x1dQ": _third(ord("0"), _RASTER),
    b"\x1dV": _cut,
    b"\x1dg": _fixed(6),
    b"\x1dk": _barcode,
    b"\x1dv": _third(ord("0"), _RASTER),
}

DISPLAY_COLUMNS_MAX = 40  # most have 20
DISPLAY_LINE_BYTES_MAX = 64
_CR = 0x0D


def _display_line(command: bytes, final: bool) -> int:
    """ESC Q A text CR: the text of one line, as displays of the CD5220 family take it; a command ends it, too."""
    for at, byte in enumerate(command[3:DISPLAY_LINE_BYTES_MAX], 3):
        if byte < 0x20:
            return at + (byte == _CR)
    if len(command) >= DISPLAY_LINE_BYTES_MAX:
        return DISPLAY_LINE_BYTES_MAX
    return len(command) if final else -len(command) - 1


DISPLAY_RULES: dict[bytes, Rule] = {
    b"\x1bQ": _display_line,
    b"\x1bu": _display_line,
    b"\x1b&": _records,
    b"\x1b=": _fixed(3),
    b"\x1bW": _window,
    b"\x1f(": _PARENTHESIS,
}

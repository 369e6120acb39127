"""The Star command table (Star Line Mode and StarPRNT): names, kinds and lengths, fixed or measured.

Contract: data and pure functions; rules are those of `receipt.escpos.lengths`. The same letters mean other things than
in ESC/POS (`ESC d` cuts, `ESC i` sets the size). Sources: Star Line Mode Command Specifications (Star Micronics),
the drivers of receiptline (Apache-2.0), and jobs printed by them.
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.escpos.commands import TokenKind
from receipt.escpos.lengths import Rule

SINGLE: Final[dict[int, tuple[str, TokenKind]]] = {
    0x05: ("StarEnquiry", TokenKind.REALTIME),
    0x07: ("StarDrawer1", TokenKind.COMMAND),
    0x09: ("StarHorizontalTab", TokenKind.CONTROL),
    0x0A: ("StarLineFeed", TokenKind.CONTROL),
    0x0B: ("StarVerticalTab", TokenKind.CONTROL),
    0x0C: ("StarFormFeed", TokenKind.CONTROL),
    0x0D: ("StarCarriageReturn", TokenKind.CONTROL),
    0x0E: ("StarDoubleWidthOn", TokenKind.COMMAND),
    0x0F: ("StarUpsideDownOn", TokenKind.COMMAND),
    0x12: ("StarUpsideDownOff", TokenKind.COMMAND),
    0x14: ("StarDoubleWidthOff", TokenKind.COMMAND),
    0x18: ("StarCancel", TokenKind.CONTROL),
    0x19: ("StarDrawer2", TokenKind.COMMAND),
    0x1A: ("StarDrawer2", TokenKind.COMMAND),
    0x1C: ("StarDrawer1", TokenKind.COMMAND),
}

# prefix, argument bytes after it, kind, name
FIXED: Final = """
1b0601 0 realtime StarStatus
1b0618 0 realtime StarStatus
1b0600 0 realtime StarStatus
1b07 2 command StarDrawerPulse
1b0c 1 cut StarRasterFormFeed
1b1c70 2 raster StarPrintLogo
1b1d03 3 command StarPrintEnd
1b1d07 3 command StarDrawerOutput
1b1d19 4 command StarSound
1b1d1a 4 command StarBuzzer
1b1d2b 1 command StarExecuteMacro
1b1d3d 1 command StarSelectDevice
1b1d41 2 command StarAbsolutePosition
1b1d52 2 command StarRelativePosition
1b1d61 1 command StarAlignment
1b1d62 1 command StarSmoothing
1b1d63 1 command StarGlyphMode
1b1d65 1 command StarEject
1b1d68 2 command StarPageFunction
1b1d69 1 command StarItalic
1b1d74 1 command StarCodePage
1b1d77 1 command StarWidth
1b1e41 1 command StarSelectStation
1b1e43 1 command StarColorMode
1b1e45 1 command StarCounter
1b1e46 1 command StarFont
1b1e4c 1 raster StarPrintLogoList
1b1e4e 1 command StarCounterRead
1b1e50 1 command StarPaper
1b1e52 1 command StarEncoding
1b1e61 1 command StarStatusBack
1b1e63 1 command StarColor
1b1e64 1 command StarDensity
1b1e69 2 command StarKanjiSize
1b1e6c 1 command StarLogo
1b1e6d 1 command StarPrinterType
1b1e72 1 command StarSpeed
1b20 1 command StarRightSpacing
1b24 1 command StarShiftJis
1b27 1 command StarSlashZero
1b2d 1 command StarUnderline
1b2f 1 command StarSlashZero
1b30 0 command StarLineSpacing3
1b31 0 command StarLineSpacing
1b32 0 command StarLineSpacing
1b33 1 command StarLineSpacingDots
1b34 0 command StarInvertedOn
1b35 0 command StarInvertedOff
1b36 0 command StarCharacterSet
1b37 0 command StarCharacterSet
1b3a 0 command StarFont16Dot
1b40 0 command StarInitialize
1b41 1 command StarLineSpacingDots
1b43 1 command StarPageLength
1b45 0 command StarBoldOn
1b46 0 command StarBoldOff
1b49 1 command StarFeedEighths
1b4a 1 command StarFeedQuarters
1b4d 0 command StarFont12Dot
1b4e 1 command StarBottomMargin
1b4f 0 command StarBottomMargin
1b50 0 command StarFont15Dot
1b51 1 command StarRightMargin
1b52 1 command StarInternational
1b53 0 command StarStandardMode
1b55 1 command StarUnidirectional
1b57 1 command StarExpandedWidth
1b5f 1 command StarUpperline
1b61 1 command StarFeedLines
1b64 1 cut StarCut
1b67 0 command StarFont14Dot
1b68 1 command StarExpandedHeight
1b69 2 command StarCharacterSize
1b6a 1 command StarBackFeed
1b6c 1 command StarLeftMargin
1b70 0 command StarKanjiOn
1b71 0 command StarKanjiOff
1b73 2 command StarKanjiSpacing
1b74 2 command StarKanjiSpacing
1b75 1 command StarColor
1b77 0 command StarKanjiQuadrupleOn
1b78 0 command StarKanjiQuadrupleOff
1b79 1 command StarLineSpacingDots
1b7a 1 command StarLineSpacing4
"""


def fixed_commands() -> dict[bytes, tuple[int, TokenKind, str]]:
    """Return prefix -> (argument bytes, kind, name)."""
    rows = (line.split() for line in FIXED.split("\n") if line)
    return {bytes.fromhex(code): (int(args), TokenKind[kind.upper()], name) for code, args, kind, name in rows}


TERMINATED_BYTES_MAX: Final = 260  # barcode data and raster parameters end sooner, or are no such thing
_RS: Final = 0x1E


def _u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


def _headed(header: int, size: Callable[[bytes], int]) -> Rule:
    return lambda command, _final: header + size(command) if len(command) >= header else -header


def _until(end: int, start: int) -> Rule:
    """Measure up to a closing byte, which belongs to the command."""

    def until(command: bytes, final: bool) -> int:
        at = command.find(end, start, start + TERMINATED_BYTES_MAX)
        if at >= 0:
            return at + 1
        if len(command) >= start + TERMINATED_BYTES_MAX or (final and len(command) > start):
            return min(len(command), start + TERMINATED_BYTES_MAX)
        return -(len(command) + 1)

    return until


def _tabs(command: bytes, final: bool) -> int:
    return _until(0, 2)(command, final)


def _raster_command(command: bytes, final: bool) -> int:
    """ESC * r X: A, B, C and R stand alone, the others carry digits up to NUL."""
    if len(command) < 4:
        return -4
    if command[2] != ord("r"):
        return 2
    return 4 if command[3] in b"ABCR" else _until(0, 4)(command, final)


def _qr(command: bytes, final: bool) -> int:
    """ESC GS y: S a n sets, D 1 m nL nH data stores, D 2 a {m nL nH data} stores in parts, P prints, I asks."""
    if len(command) < 4:
        return -4
    function = command[3:5]
    if function[:1] in (b"P", b"I"):
        return 4
    if len(command) < 6:
        return -6
    if function == b"D2":
        return _qr_parts(command, final)
    if function == b"D1":
        return 8 + _u16(command, 6) if len(command) >= 8 else -8
    return 6 if function[:1] == b"S" else 3


def _qr_parts(command: bytes, _final: bool) -> int:
    at = 6
    for _ in range(command[5]):
        if len(command) < at + 3:
            return -(at + 3)
        at += 3 + _u16(command, at + 1)
    return at


def _pdf417(command: bytes, _final: bool) -> int:
    """ESC GS x: S 0 n p1 p2 and S 1..3 n set, D nL nH data stores, P prints, I asks."""
    if len(command) < 4:
        return -4
    if command[3] in b"PI":
        return 4
    if len(command) < 6:
        return -6
    if command[3] == ord("S"):
        length = 8 if command[4] == ord("0") else 6
        return length if len(command) >= length else -length
    return 6 + _u16(command, 4) if command[3] == ord("D") else 3


def _page(command: bytes, _final: bool) -> int:
    """ESC GS P n: 2 direction, 3 area, 4 and 5 vertical positions; the others stand alone."""
    if len(command) < 4:
        return -4
    length = {2: 5, 3: 12, 4: 6, 5: 6}.get(command[3] & 0x0F, 4)
    return length if len(command) >= length else -length


def _logos(command: bytes, _final: bool) -> int:
    """ESC FS q n, then n times xL xH yL yH and x * y * 8 bytes."""
    if len(command) < 4:
        return -4
    at = 4
    for _ in range(command[3]):
        if len(command) < at + 4:
            return -(at + 4)
        at += 4 + _u16(command, at) * _u16(command, at + 2) * 8
    return at


# prefix -> kind, name, rule
MEASURED: Final[dict[bytes, tuple[TokenKind, str, Rule]]] = {
    b"\x1b*": (TokenKind.COMMAND, "StarRasterCommand", _raster_command),
    b"\x1b#": (TokenKind.COMMAND, "StarMemorySwitch", _until(0, 2)),
    b"\x1bB": (TokenKind.COMMAND, "StarVerticalTabs", _tabs),
    b"\x1bD": (TokenKind.COMMAND, "StarHorizontalTabs", _tabs),
    b"\x1bK": (TokenKind.RASTER, "StarColumnImage8", _headed(4, lambda command: _u16(command, 2))),
    b"\x1bL": (TokenKind.RASTER, "StarColumnImage8Fine", _headed(4, lambda command: _u16(command, 2))),
    b"\x1bX": (TokenKind.RASTER, "StarColumnImage24", _headed(4, lambda command: _u16(command, 2) * 3)),
    b"\x1bb": (TokenKind.CODE, "StarBarcode", _until(_RS, 6)),
    b"\x1bk": (TokenKind.RASTER, "StarRowImage24", _headed(4, lambda command: _u16(command, 2) * 24)),
    b"\x1b\x1cq": (TokenKind.RASTER, "StarDefineLogos", _logos),
    b"\x1b\x1d#": (TokenKind.COMMAND, "StarMemorySwitch", _until(0, 3)),
    b"\x1b\x1d(": (TokenKind.COMMAND, "StarExtended", _headed(6, lambda command: _u16(command, 4))),
    b"\x1b\x1d)": (TokenKind.COMMAND, "StarExtended", _headed(6, lambda command: _u16(command, 4))),
    b"\x1b\x1dP": (TokenKind.COMMAND, "StarPageMode", _page),
    b"\x1b\x1dS": (
        TokenKind.RASTER,
        "StarRaster",
        _headed(9, lambda command: _u16(command, 4) * _u16(command, 6)),
    ),
    b"\x1b\x1dx": (TokenKind.CODE, "StarPdf417", _pdf417),
    b"\x1b\x1dy": (TokenKind.CODE, "StarQr", _qr),
}

RASTER_ROW: Final = (TokenKind.RASTER, "StarRasterRow", _headed(3, lambda command: _u16(command, 1)))

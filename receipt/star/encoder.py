"""The bytes of what we print, in Star Line Mode / StarPRNT: typed operations only, no text can carry a command.

Star Line Mode Command Specifications; the same letters as ESC/POS often mean something else here (`ESC d` cuts,
`ESC i` sets the size), so the model's language decides which pen writes.
"""

from __future__ import annotations

from receipt.bitmap import Bitmap
from receipt.page_choice import PageChoice, Run
from receipt.pen import FEED_LINES_MAX, ROWS_PER_PICTURE, SlipPrinter, TillState
from receipt.slip_blocks import Align, BarcodeKind, Size

_BEGIN = (
    b"\x1bi\x00\x00"  # ESC i normal size
    b"\x1bF\x1b-\x00\x1b5\x12"  # ESC F, ESC -, ESC 5, DC2: not bold, not underlined, not inverted, not upside down
    b"\x1bz\x01"  # ESC z 4 mm lines
    b"\x1b\x1da\x00"  # ESC GS a left
)
_UNDONE = {
    "upperline": b"\x1b_\x00",  # ESC _
    "right_spacing": b"\x1b \x00",  # ESC SP
    "international": b"\x1bR\x00",  # ESC R American characters
    "left_margin": b"\x1bl\x00",  # ESC l
    "italic": b"\x1b\x1di\x00",  # ESC GS i
    "color": b"\x1b\x1ec\x00",  # ESC RS c black
    "kanji": b"\x1bq",  # ESC q
    "shift_jis": b"\x1b$\x00",  # ESC $
}
"""What a till may have set and a slip cannot stand; undone only where it did."""

_EVERYWHERE = frozenset({"upperline", "right_spacing", "international", "left_margin"})
"""Those of them that every printer knows, undone where nobody has followed the till."""

_ALIGN = {Align.LEFT: b"\x1b\x1da\x00", Align.CENTRE: b"\x1b\x1da\x01", Align.RIGHT: b"\x1b\x1da\x02"}
_SIZE = {Size.NORMAL: b"\x1bi\x00\x00", Size.TALL: b"\x1bi\x01\x00", Size.DOUBLE: b"\x1bi\x01\x01"}
_BOLD = {True: b"\x1bE", False: b"\x1bF"}
_QR_MODEL_2_LEVEL_M = b"\x1b\x1dyS0\x02\x1b\x1dyS1\x01"
_QR_PRINT = b"\x1b\x1dyP"
_MODULE_DOTS_MAX = 8  # ESC GS y S 2
_BARCODE_SYSTEM = {BarcodeKind.EAN13: b"3", BarcodeKind.CODE128: b"6", BarcodeKind.GS1_128: b"9"}
_BARCODE_BELOW_WITH_FEED, _BARCODE_NARROW, _BARCODE_HEIGHT_DOTS = b"2", b"1", b"\x50"
_BARCODE_END = b"\x1e"
_CODE128_SET_B = b"{B"
_TEXT_FROM = 0x20


class StarPen:
    """A pen for Star printers (see `receipt.pen.Pen`)."""

    def __init__(self, printer: SlipPrinter, *, pages: PageChoice) -> None:
        self._out = bytearray()
        self._printer = printer
        self._pages = pages
        self._page: int | None = None
        self._align = Align.LEFT
        self._size = Size.NORMAL
        self._bold = False

    def begin(self, till: TillState | None) -> None:
        """Set what every slip depends on, and undo what this till has set beside it."""
        self._out += _BEGIN
        for setting, undone in _UNDONE.items():
            if setting in (_EVERYWHERE if till is None else till.touched):
                self._out += undone

    def can_say(self, text: str) -> bool:
        """Return whether the model's code pages have every character."""
        return self._pages.runs(text, current=self._page) is not None

    def line(self, text: str, *, align: Align, size: Size, bold: bool) -> None:
        """Write one line."""
        self._place(align)
        if size is not self._size:
            self._out += _SIZE[size]
            self._size = size
        if bold is not self._bold:
            self._out += _BOLD[bold]
            self._bold = bold
        runs = self._pages.runs(text, current=self._page)
        assert runs is not None, "a line that nobody asked can_say() about"
        self._say(runs)
        self._out += b"\n"

    def _say(self, runs: list[Run]) -> None:
        for page, data in runs:
            if page is not None and page != self._page:
                self._out += b"\x1b\x1dt" + bytes((page,))
                self._page = page
            assert not data or (min(data) >= _TEXT_FROM and b"\x7f" not in data), "text became a control byte"
            self._out += data

    def _place(self, align: Align) -> None:
        if align is not self._align:
            self._out += _ALIGN[align]
            self._align = align

    def picture(self, bitmap: Bitmap, *, doubled: bool) -> None:
        """Draw a picture (ESC GS S); StarPRNT's raster has no scale, so dots are doubled here."""
        self._place(Align.CENTRE)
        rows = [_doubled(row) for row in bitmap.rows for _twice in (0, 1)] if doubled else bitmap.rows
        for top in range(0, len(rows), ROWS_PER_PICTURE):
            strip = rows[top : top + ROWS_PER_PICTURE]
            size = len(strip[0]).to_bytes(2, "little") + len(strip).to_bytes(2, "little")
            self._out += b"\x1b\x1dS\x01" + size + b"\x00" + b"".join(strip)

    def native_qr(self, payload: bytes, *, module_dots: int) -> None:
        """Have the printer draw a QR code (ESC GS y)."""
        self._place(Align.CENTRE)
        dots = bytes((min(module_dots, _MODULE_DOTS_MAX),))
        self._out += _QR_MODEL_2_LEVEL_M + b"\x1b\x1dyS2" + dots
        self._out += b"\x1b\x1dyD1\x00" + len(payload).to_bytes(2, "little") + payload + _QR_PRINT

    def barcode(self, kind: BarcodeKind, data: str) -> None:
        """Have the printer draw a barcode (ESC b)."""
        self._place(Align.CENTRE)
        encoded = data.encode("ascii")
        if kind is BarcodeKind.CODE128:
            encoded = _CODE128_SET_B + encoded
        settings = _BARCODE_SYSTEM[kind] + _BARCODE_BELOW_WITH_FEED + _BARCODE_NARROW + _BARCODE_HEIGHT_DOTS
        self._out += b"\x1bb" + settings + encoded + _BARCODE_END

    def feed(self, lines: int) -> None:
        """Feed by lines (ESC a)."""
        if lines > 0:
            self._out += b"\x1ba" + bytes((min(lines, FEED_LINES_MAX),))

    def gap(self) -> None:
        """Feed by quarters of a millimetre (ESC J)."""
        self._out += b"\x1bJ\x0c"

    def cut(self) -> None:
        """Cut, leaving a bridge (ESC d 1)."""
        self._out += b"\x1bd\x01"

    def finish(self) -> bytes:
        """Return the bytes."""
        return bytes(self._out)


_NIBBLES = tuple(sum(0b11 << (2 * bit) for bit in range(4) if nibble >> bit & 1) for nibble in range(16))
"""Four dots, each doubled, as one byte."""


def _doubled(row: bytes) -> bytes:
    return bytes(part for byte in row for part in (_NIBBLES[byte >> 4], _NIBBLES[byte & 15]))

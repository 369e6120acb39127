"""The bytes of what we print, in ESC/POS: typed operations only, no text can carry a command.

Epson ESC/POS Application Programming Guide; each operation names its command. `begin()` does not reset the printer
(`ESC @` would drop the till's logos, macros and settings): it sets each thing that a slip depends on, and the caller
restores the till's own afterwards (`receipt/escpos/state.py`).
"""

from __future__ import annotations

from receipt.bitmap import Bitmap
from receipt.page_choice import PageChoice, Run
from receipt.pen import FEED_LINES_MAX, ROWS_PER_PICTURE, SlipPrinter, TillState
from receipt.slip_blocks import Align, BarcodeKind, Size

_BEGIN = (
    b"\x1b!\x00"  # ESC ! font A, not bold, not double, not underlined
    b"\x1d!\x00"  # GS ! normal size
    b"\x1bE\x00\x1bG\x00\x1b-\x00"  # ESC E, ESC G, ESC - not bold, not struck twice, not underlined
    b"\x1bV\x00\x1b{\x00\x1dB\x00"  # ESC V, ESC {, GS B not turned, not upside down, not white on black
    b"\x1ba\x00\x1b2"  # ESC a, ESC 2 left, usual line spacing
)
_BEGIN_NEEDLES = b"\x1b!\x00\x1bE\x00\x1bG\x00\x1b-\x00\x1b{\x00\x1ba\x00\x1b2"
"""The same for printers with needles, which know no GS !, ESC V and GS B."""

_UNDONE = {
    "right_spacing": b"\x1b \x00",  # ESC SP
    "international": b"\x1bR\x00",  # ESC R American characters
    "left_margin": b"\x1dL\x00\x00",  # GS L
    "color": b"\x1br\x00",  # ESC r black
    "encoding": b"\x1c(C\x02\x0001",  # FS ( C bytes are code pages, not UTF-8
}
"""What a till may have set and a slip cannot stand; undone only where it did, for these are rarer than ESC !."""

_EVERYWHERE = frozenset({"right_spacing", "international", "left_margin"})
"""Those of them that every printer knows, undone where nobody has followed the till."""

_SINGLE_BYTE = b"\x1c."  # FS . leave Kanji mode, in which code pages have no effect

_ALIGN = {Align.LEFT: b"\x1ba\x00", Align.CENTRE: b"\x1ba\x01", Align.RIGHT: b"\x1ba\x02"}
_BOLD, _TALL, _WIDE = 0x08, 0x10, 0x20  # bits of ESC !
_SIZE = {Size.NORMAL: 0, Size.TALL: _TALL, Size.DOUBLE: _TALL | _WIDE}

_QR_MODEL_2 = b"\x1d(k\x04\x001A2\x00"  # GS ( k fn 165
_QR_LEVEL_M = b"\x1d(k\x03\x001E1"  # GS ( k fn 169
_QR_PRINT = b"\x1d(k\x03\x001Q0"  # GS ( k fn 181
_QR_SIZE = b"\x1d(k\x03\x001C"  # GS ( k fn 167: module size, 1 to 16 dots
_QR_STORE = b"1P0"  # GS ( k fn 180
_QR_DOTS_MAX = 16
_QR_FRAMES: tuple[dict[int, tuple[bytes, bytes]], ...] = tuple({} for _dots in range(_QR_DOTS_MAX + 1))
"""What stands around a payload, by dots a module and by length: a cache as `functools.cache` keeps one, whose call
would be half of the work. Coupons are all of one length; no printed code holds more than a thousand bytes."""

_BARCODE_SETTINGS = b"\x1dh\x50\x1dH\x02\x1df\x00"  # GS h 80 dots (10 mm), GS H characters below, GS f font A
_BARCODE_SYSTEM = {BarcodeKind.EAN13: 67, BarcodeKind.CODE128: 73, BarcodeKind.GS1_128: 73}
_CODE128_SET_B = b"{B"
_GS1_128_PAIRS = b"{C{1"  # code set C, two digits a character, and FNC1 first: this is what makes it GS1's
_CODE128_MODULES, _CODE128_CHARACTER_MODULES = 35, 11
_EAN13_MODULES = 95
_QUIET_MODULES = 20  # both sides together
_MODULE_DOTS = (3, 2)  # GS w: 0.375 mm reads best, 0.25 mm where it must fit

_AS_IT_IS, _DOUBLED = b"\x00", b"\x03"  # GS v 0 m: 3 doubles width and height
_TEXT_FROM = 0x20


def qr_command(payload: bytes, module_dots: int) -> bytes:
    """Return the bytes that make a printer draw a QR code (model 2, level M) of 1 to 16 dots a module."""
    try:
        return payload.join(_QR_FRAMES[module_dots][len(payload)])  # written once: two sums would copy it twice
    except KeyError:
        frame = _QR_FRAMES[module_dots][len(payload)] = _qr_frame(len(payload), module_dots)
        return payload.join(frame)


def _qr_frame(length: int, module_dots: int) -> tuple[bytes, bytes]:
    """Return everything that comes before a payload of some length, and what comes behind it."""
    size = _QR_SIZE + bytes((module_dots,))
    store = b"\x1d(k" + (length + 3).to_bytes(2, "little") + _QR_STORE
    return _QR_MODEL_2 + size + _QR_LEVEL_M + store, _QR_PRINT


class EscPosPen:
    """A pen for ESC/POS printers (see `receipt.pen.Pen`)."""

    def __init__(self, printer: SlipPrinter, *, pages: PageChoice) -> None:
        self._out = bytearray()
        self._printer = printer
        self._pages = pages
        self._page: int | None = None
        self._align = Align.LEFT
        self._style = 0

    def begin(self, till: TillState | None) -> None:
        """Set what every slip depends on, and undo what this till has set beside it."""
        self._out += _BEGIN if self._printer.graphics else _BEGIN_NEEDLES
        for setting, undone in _UNDONE.items():
            if setting in (_EVERYWHERE if till is None else till.touched):
                self._out += undone
        if till is not None and "print_width" in till.touched:
            self._out += b"\x1dW" + self._printer.dots.to_bytes(2, "little")  # GS W
        kanji = self._printer.double_byte is not None if till is None else "kanji" in till.touched
        if kanji or (self._printer.double_byte is not None and till is not None and till.restores("kanji")):
            self._out += _SINGLE_BYTE

    def can_say(self, text: str) -> bool:
        """Return whether the model's code pages have every character."""
        return self._pages.runs(text, current=self._page) is not None

    def line(self, text: str, *, align: Align, size: Size, bold: bool) -> None:
        """Write one line."""
        self._place(align)
        style = _SIZE[size] | (_BOLD if bold else 0)
        if style != self._style:
            self._out += b"\x1b!" + bytes((style,))
            self._style = style
        runs = self._pages.runs(text, current=self._page)
        assert runs is not None, "a line that nobody asked can_say() about"
        self._say(runs)
        self._out += b"\n"

    def _say(self, runs: list[Run]) -> None:
        for page, data in runs:
            if page is not None and page != self._page:
                self._out += b"\x1bt" + bytes((page,))
                self._page = page
            assert not data or (min(data) >= _TEXT_FROM and b"\x7f" not in data), "text became a control byte"
            self._out += data

    def _place(self, align: Align) -> None:
        if align is not self._align:
            self._out += _ALIGN[align]
            self._align = align

    def picture(self, bitmap: Bitmap, *, doubled: bool) -> None:
        """Draw a picture (GS v 0); `doubled` (mode 3) saves three quarters of the bytes of a code."""
        self._place(Align.CENTRE)
        mode = _DOUBLED if doubled else _AS_IT_IS
        for top in range(0, bitmap.height, ROWS_PER_PICTURE):
            rows = bitmap.rows[top : top + ROWS_PER_PICTURE]
            size = bitmap.width_bytes.to_bytes(2, "little") + len(rows).to_bytes(2, "little")
            self._out += b"\x1dv0" + mode + size + b"".join(rows)

    def native_qr(self, payload: bytes, *, module_dots: int) -> None:
        """Have the printer draw a QR code."""
        self._place(Align.CENTRE)
        self._out += qr_command(payload, module_dots)

    def barcode(self, kind: BarcodeKind, data: str) -> None:
        """Have the printer draw a barcode, its bars as wide as fit."""
        self._place(Align.CENTRE)
        encoded = data.encode("ascii")
        if kind is BarcodeKind.CODE128:
            modules = _CODE128_MODULES + _CODE128_CHARACTER_MODULES * len(encoded)
            encoded = _CODE128_SET_B + encoded
        elif kind is BarcodeKind.GS1_128:
            pairs = bytes(int(data[at : at + 2]) for at in range(0, len(data), 2))
            modules = _CODE128_MODULES + _CODE128_CHARACTER_MODULES * (len(pairs) + 1)
            encoded = _GS1_128_PAIRS + pairs
        else:
            modules = _EAN13_MODULES
        fitting = (dots for dots in _MODULE_DOTS if dots * (modules + _QUIET_MODULES) <= self._printer.dots)
        width = next(fitting, _MODULE_DOTS[-1])
        self._out += _BARCODE_SETTINGS + b"\x1dw" + bytes((width,))
        self._out += b"\x1dk" + bytes((_BARCODE_SYSTEM[kind], len(encoded))) + encoded

    def feed(self, lines: int) -> None:
        """Feed by lines (ESC d)."""
        if lines > 0:
            self._out += b"\x1bd" + bytes((min(lines, FEED_LINES_MAX),))

    def gap(self) -> None:
        """Feed by dots (ESC J): 24 are 3 mm at 203 dpi, and at least four modules of any code of ours."""
        self._out += b"\x1bJ\x18"

    def cut(self) -> None:
        """Cut, leaving a bridge (GS V 1): a slip that falls is a slip on the floor."""
        self._out += b"\x1dV\x01"

    def finish(self) -> bytes:
        """Return the bytes."""
        return bytes(self._out)

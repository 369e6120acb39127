"""What a slip needs of a printer: a model's facts, and a pen that writes in the printer's own command language.

Two pens exist: `escpos/encoder.py` and `star/encoder.py`. A pen takes printable text and typed values only and gives
bytes; it remembers what it has set, so that nothing is set twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from receipt.bitmap import Bitmap
from receipt.slip_blocks import Align, BarcodeKind, Size

FEED_LINES_MAX = 20
"""Most empty lines at once: beyond it paper is wasted and nothing is said."""

PAST_CUTTER_LINES = 5
"""Lines from print head to cutter: 18.75 mm at 30 dots of 203 dpi; the cutters we know stand 10 to 17 mm above."""

ROWS_PER_PICTURE = 128
"""Rows of one raster command: cheap printers buffer no more; pictures follow each other without a gap."""


class SlipPrinter(Protocol):
    """The facts of a printer model that a slip needs (fulfilled by `receipt.printers.PrinterModel`)."""

    @property
    def columns(self) -> int:
        """Characters of its normal font on a line."""

    @property
    def dots(self) -> int:
        """Dots of a line."""

    @property
    def native_qr(self) -> bool:
        """Whether it draws QR codes itself."""

    @property
    def graphics(self) -> bool:
        """Whether it draws images and barcodes; a printer with needles prints the bytes of them as characters."""

    @property
    def code_pages(self) -> Mapping[int, str]:
        """Its code pages by the number that selects them, as codec names."""

    @property
    def language(self) -> str:
        """Its command language: `escpos` or `star`."""

    @property
    def double_byte(self) -> str | None:
        """The codec of its ideographs where it always has them on."""


class TillState(Protocol):
    """What the till has set on the printer (fulfilled by `receipt.escpos.state.PrinterState`)."""

    def is_like(self, other: object) -> bool:
        """Whether another printer is set alike."""

    @property
    def touched(self) -> Mapping[str, bytes]:
        """The settings that the till has made, with the commands that made them; all others are the printer's own."""

    def restores(self, setting: str) -> bool:
        """Return whether `restore_bytes()` would undo a change of a setting."""

    def restore_bytes(self) -> bytes:
        """Return the bytes that bring the printer back to this state."""


class Pen(Protocol):
    """Writes blocks; each method appends the bytes of one typed operation."""

    def begin(self, till: TillState | None) -> None:
        """Bring the printer from the till's state, or from whatever state where it is None, to that of slips."""

    def can_say(self, text: str) -> bool:
        """Return whether the printer's own letters can say a printable text."""

    def line(self, text: str, *, align: Align, size: Size, bold: bool) -> None:
        """Write one line of printable text that fits the width and that the printer can say."""

    def picture(self, bitmap: Bitmap, *, doubled: bool) -> None:
        """Draw a picture, centred; `doubled` prints every dot twice as wide and high."""

    def native_qr(self, payload: bytes, *, module_dots: int) -> None:
        """Have the printer draw a QR code at level M, centred."""

    def barcode(self, kind: BarcodeKind, data: str) -> None:
        """Have the printer draw a barcode with its characters below it, centred; `data` is checked by the caller."""

    def feed(self, lines: int) -> None:
        """Leave lines empty."""

    def gap(self) -> None:
        """Leave 3 mm: the quiet zone below a QR code."""

    def cut(self) -> None:
        """Cut the paper, which must have been fed past the cutter."""

    def finish(self) -> bytes:
        """Return everything written."""

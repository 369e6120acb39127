"""Put images on a typesetter: whole pictures, and strips that stand side by side on a line until it is fed.

Contract: never raises; an image too wide to be one leaves an image of no size.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from receipt.layout import Typesetter
from receipt.paper import PrintedImage
from receipt.raster import ROW_BYTES_MAX, beside, magnified, rows_of, rows_of_columns

COLUMN_BYTES_MAX: Final = 288  # 2,304 dots: the highest image that Epson's printers take column by column
STRIPS_MAX: Final = 64  # images side by side on one line: more would be an attack on our memory


class Bits(NamedTuple):
    """An image: its width and height in dots and its rows."""

    width: int
    height: int
    rows: bytes

    def scaled(self, across: int, down: int) -> Bits:
        """Return it with larger dots."""
        if across == down == 1:
            return self
        rows = magnified(self.rows, (self.width + 7) // 8, across=across, down=down)
        return Bits(self.width * across, self.height * down, rows)


def raster_bits(data: bytes, width: int, height: int) -> Bits:
    """Return an image sent row by row."""
    row_bytes = (width + 7) // 8
    if not 0 < row_bytes <= ROW_BYTES_MAX:
        return NO_BITS
    rows = rows_of(data, row_bytes, height)
    return Bits(width, len(rows) // row_bytes, rows)


def column_bits(data: bytes, width: int, column_bytes: int) -> Bits:
    """Return an image sent column by column; columns that never came are left out."""
    if not 0 < column_bytes <= COLUMN_BYTES_MAX:
        return NO_BITS
    width = min(width, ROW_BYTES_MAX * 8, len(data) // column_bytes + 1)
    return Bits(width, column_bytes * 8, rows_of_columns(data, width, column_bytes))


NO_BITS: Final = Bits(0, 0, b"")


class ImagePrinter:
    """See the module's contract."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter
        self._strips: list[PrintedImage] = []

    def print_bits(self, bits: Bits, offset: int) -> None:
        """Put an image on the paper, under what stands there."""
        sheet = self._typesetter
        if sheet.page is not None:
            sheet.picture(self._image(bits, sheet.x, offset))
            return
        if not sheet.at_line_start:
            sheet.line_feed(offset)
        rest = max(0, sheet.area - bits.width)
        x = sheet.margin + (0, rest // 2, rest)[sheet.justification]
        sheet.picture(self._image(bits, x, offset))

    def _image(self, bits: Bits, x: int, offset: int) -> PrintedImage:
        return PrintedImage(
            width_dots=bits.width,
            height_dots=bits.height,
            rows=bits.rows,
            line=self._typesetter.line_index,
            x_dots=x,
            offset=offset,
        )

    @property
    def on_line(self) -> bool:
        """Whether images stand on the line that is not fed yet."""
        return bool(self._strips)

    def end_line(self) -> int:
        """Finish the column images of a line, if any, and return their height; a line feed then is no blank line."""
        if not self._strips:
            return 0
        sheet = self._typesetter
        strip = beside(self._strips)
        rest = max(0, sheet.area - strip.width_dots)
        shift = sheet.margin + (0, rest // 2, rest)[sheet.justification]
        bits = Bits(strip.width_dots, strip.height_dots, strip.rows)
        sheet.picture(self._image(bits, strip.x_dots + shift, strip.offset))
        self._strips = []
        sheet.x = 0
        return strip.height_dots

    def strip(self, bits: Bits, offset: int) -> None:
        """Put an image on the line, beside what stands there."""
        sheet = self._typesetter
        if len(self._strips) < STRIPS_MAX and bits.width:
            self._strips.append(self._image(bits, sheet.x, offset))
            sheet.x += bits.width

"""Images of ESC/POS: from commands with bits inside to rows of bits, and what is kept in the printer for later.

Contract: `Graphics` is given whole image commands and puts images on a typesetter. Images that were stored by an
earlier job are unknown to us: printing one leaves an image of no size, so that a reader knows that something stands
there. Never raises.
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from receipt.layout import Typesetter
from receipt.paper import PrintedImage
from receipt.raster import ROW_BYTES_MAX, beside, magnified, rows_of, rows_of_columns

STORED_MAX: Final = 64  # images kept by key: more would be an attack on our memory
STORED_BYTES_MAX: Final = 2 * 1024 * 1024
_EMPTY: Final = (0, 0, b"")


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


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _raster(data: bytes, width: int, height: int) -> Bits:
    row_bytes = (width + 7) // 8
    if not 0 < row_bytes <= ROW_BYTES_MAX:
        return Bits(*_EMPTY)
    rows = rows_of(data, row_bytes, height)
    return Bits(width, len(rows) // row_bytes, rows)


def _columns(data: bytes, width: int, column_bytes: int) -> Bits:
    width = min(width, ROW_BYTES_MAX * 8)
    return Bits(width, column_bytes * 8, rows_of_columns(data, width, column_bytes))


class Graphics:
    """See the module's contract."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter
        self._buffered: Bits | None = None
        self._stored: dict[bytes, Bits] = {}
        self._stored_bytes = 0
        self._strips: list[PrintedImage] = []  # column images on the current line

    def handlers(self) -> dict[str, Callable[[bytes, int], None]]:
        """Return the commands it knows by name."""
        width = ("W", "DW")
        names = [f"GsStoreGraphicsDataToPrintBuffer{kind}{size}" for kind in ("Raster", "Column") for size in width]
        names += [
            f"GsDefine{place}GraphicsData{kind}{size}"
            for place in ("NV", "Download")
            for kind in ("Raster", "Column")
            for size in width
        ]
        names += [
            "GsPrintGraphicsDataInPrintBuffer",
            "GsPrintSpecifiedNVGraphicsData",
            "GsPrintSpecifiedDownloadGraphicsData",
        ]
        table: dict[str, Callable[[bytes, int], None]] = dict.fromkeys(names, self.graphics)
        return table | {
            "EscSelectBitImageMode": self.column_image,
            "GsObsoletePrintRasterBitimage": self.raster_image,
            "GsObsoletePrintVariableVerticalSizeBitimage": self.variable_height_image,
            "GsObsoleteDefineDownloadedBitimage": self.define_download,
            "GsObsoletePrintDownloadedBitimage": self.print_download,
            "FsObsoleteDefineNVBitimage": self.define_nv,
            "FsObsoletePrintNVBitimage": self.print_nv,
        }

    def print_bits(self, bits: Bits, offset: int) -> None:
        """Put an image on the paper, under what stands there."""
        sheet = self._typesetter
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

    def end_line(self) -> bool:
        """Finish the column images of a line, if there are any; a line feed then prints them and no blank line."""
        if not self._strips:
            return False
        sheet = self._typesetter
        strip = beside(self._strips)
        rest = max(0, sheet.area - strip.width_dots)
        shift = sheet.margin + (0, rest // 2, rest)[sheet.justification]
        bits = Bits(strip.width_dots, strip.height_dots, strip.rows)
        sheet.picture(self._image(bits, strip.x_dots + shift, strip.offset))
        self._strips = []
        sheet.x = 0
        return True

    def column_image(self, command: bytes, offset: int) -> None:
        """ESC * m nL nH: an image of 8 or 24 dots' height on the line, beside what stands there."""
        mode, width = command[2], _u16(command, 3)
        column_bytes = 1 if mode < 32 else 3
        bits = _columns(command[5:], width, column_bytes)
        across = 1 if mode & 1 else 2
        bits = bits.scaled(across, 3 if column_bytes == 1 else 1)
        sheet = self._typesetter
        if len(self._strips) < STORED_MAX and bits.width:
            self._strips.append(self._image(bits, sheet.x, offset))
            sheet.x += bits.width

    def raster_image(self, command: bytes, offset: int) -> None:
        """GS v 0 m xL xH yL yH: an image row by row."""
        mode = command[3] & 3
        bits = _raster(command[8:], _u16(command, 4) * 8, _u16(command, 6))
        self.print_bits(bits.scaled(2 if mode & 1 else 1, 2 if mode & 2 else 1), offset)

    def variable_height_image(self, command: bytes, offset: int) -> None:
        """GS Q 0 m xL xH yL yH: an image column by column, y bytes of 8 dots high."""
        mode = command[3] & 3
        bits = _columns(command[8:], _u16(command, 4), _u16(command, 6))
        self.print_bits(bits.scaled(2 if mode & 1 else 1, 2 if mode & 2 else 1), offset)

    def define_download(self, command: bytes, _offset: int) -> None:
        """GS * x y: keep an image of x * 8 columns, y bytes high."""
        self._store(b"GS*", _columns(command[4:], command[2] * 8, command[3]))

    def print_download(self, command: bytes, offset: int) -> None:
        """GS / m: print the image that GS * keeps."""
        self._print_stored(b"GS*", command[2], offset)

    def define_nv(self, command: bytes, _offset: int) -> None:
        """FS q n [xL xH yL yH data]...: keep images, column by column, numbered from 1."""
        at = 3
        for number in range(1, command[2] + 1):
            width, column_bytes = _u16(command, at) * 8, _u16(command, at + 2)
            size = width * column_bytes
            self._store(b"FSq%d" % number, _columns(command[at + 4 : at + 4 + size], width, column_bytes))
            at += 4 + size
            if at >= len(command):
                return

    def print_nv(self, command: bytes, offset: int) -> None:
        """FS p n m: print an image that FS q keeps, perhaps since long ago."""
        self._print_stored(b"FSq%d" % command[2], command[3], offset)

    def graphics(self, command: bytes, offset: int) -> None:
        """GS ( L and GS 8 L: store, keep and print images by function."""
        body = command[7:] if command[1] == 0x38 else command[5:]
        function = body[1] if len(body) > 1 else 0
        if function in (112, 113):
            self._buffered = self._stored_graphics(body, function, header=6)
        elif function in (2, 50) and self._buffered is not None:
            self.print_bits(self._buffered, offset)
            self._buffered = None
        elif function in (67, 68, 83, 84):
            kind = b"NV" if function < 80 else b"DL"
            self._store(kind + body[3:5], self._defined_graphics(body, function))
        elif function in (69, 85):
            kind = b"NV" if function < 80 else b"DL"
            key = kind + body[2:4]
            bits = self._stored.get(key, Bits(*_EMPTY))
            across, down = (max(1, min(2, each)) for each in body[4:6].ljust(2, b"\1"))
            self.print_bits(bits.scaled(across, down), offset)

    def _stored_graphics(self, body: bytes, function: int, *, header: int) -> Bits:
        """Functions 112 and 113: a bx by c xL xH yL yH data."""
        width, height = _u16(body, header), _u16(body, header + 2)
        data = body[header + 4 :]
        across, down = (max(1, min(2, each)) for each in body[3:5].ljust(2, b"\1"))
        column_bytes = (height + 7) // 8
        bits = _columns(data, width, column_bytes) if function == 113 else _raster(data, width, height)
        return bits.scaled(across, down)

    def _defined_graphics(self, body: bytes, function: int) -> Bits:
        """Functions 67, 68, 83 and 84: a kc1 kc2 b xL xH yL yH, then for each of b colours c and data."""
        width, height = _u16(body, 6), _u16(body, 8)
        data = body[11:]
        if function in (68, 84):
            return _columns(data, width, (height + 7) // 8)
        return _raster(data, width, height)

    def _store(self, key: bytes, bits: Bits) -> None:
        if len(self._stored) < STORED_MAX and self._stored_bytes + len(bits.rows) <= STORED_BYTES_MAX:
            self._stored[key] = bits
            self._stored_bytes += len(bits.rows)

    def _print_stored(self, key: bytes, mode: int, offset: int) -> None:
        bits = self._stored.get(key, Bits(*_EMPTY))
        self.print_bits(bits.scaled(2 if mode & 1 else 1, 2 if mode & 2 else 1), offset)

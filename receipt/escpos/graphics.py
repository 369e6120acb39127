"""Images of ESC/POS: from commands with bits inside to rows of bits, and what is kept in the printer for later.

Contract: `Graphics` is given whole image commands and puts images on a typesetter. Images that were stored by an
earlier job are unknown to us: printing one leaves an image of no size, so that a reader knows that something stands
there. Never raises.
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.image_printer import NO_BITS, Bits, ImagePrinter, column_bits, raster_bits
from receipt.layout import Typesetter

STORED_MAX: Final = 64  # images kept by key: more would be an attack on our memory
STORED_BYTES_MAX: Final = 2 * 1024 * 1024


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


class Graphics:
    """See the module's contract."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._images = ImagePrinter(typesetter)
        self._buffered: Bits | None = None
        self._stored: dict[bytes, Bits] = {}
        self._stored_bytes = 0

    @property
    def on_line(self) -> bool:
        """Whether column images stand on the line."""
        return self._images.on_line

    def end_line(self) -> int:
        """Finish the column images of a line; return their height, 0 when there were none."""
        return self._images.end_line()

    def column_image(self, command: bytes, offset: int) -> None:
        """ESC * m nL nH: an image of 8 or 24 dots' height on the line, beside what stands there."""
        mode, width = command[2], _u16(command, 3)
        column_bytes = 1 if mode < 32 else 3
        bits = column_bits(command[5:], width, column_bytes)
        across = 1 if mode & 1 else 2
        bits = bits.scaled(across, 3 if column_bytes == 1 else 1)
        self._images.strip(bits, offset)

    def raster_image(self, command: bytes, offset: int) -> None:
        """GS v 0 m xL xH yL yH: an image row by row."""
        mode = command[3] & 3
        bits = raster_bits(command[8:], _u16(command, 4) * 8, _u16(command, 6))
        self._images.print_bits(bits.scaled(2 if mode & 1 else 1, 2 if mode & 2 else 1), offset)

    def variable_height_image(self, command: bytes, offset: int) -> None:
        """GS Q 0 m xL xH yL yH: an image column by column, y bytes of 8 dots high."""
        mode = command[3] & 3
        bits = column_bits(command[8:], _u16(command, 4), _u16(command, 6))
        self._images.print_bits(bits.scaled(2 if mode & 1 else 1, 2 if mode & 2 else 1), offset)

    def define_download(self, command: bytes, _offset: int) -> None:
        """GS * x y: keep an image of x * 8 columns, y bytes high."""
        self._store(b"GS*", column_bits(command[4:], command[2] * 8, command[3]))

    def print_download(self, command: bytes, offset: int) -> None:
        """GS / m: print the image that GS * keeps."""
        self._print_stored(b"GS*", command[2], offset)

    def define_nv(self, command: bytes, _offset: int) -> None:
        """FS q n [xL xH yL yH data]...: keep images, column by column, numbered from 1."""
        at = 3
        for number in range(1, command[2] + 1):
            width, column_bytes = _u16(command, at) * 8, _u16(command, at + 2)
            size = width * column_bytes
            self._store(b"FSq%d" % number, column_bits(command[at + 4 : at + 4 + size], width, column_bytes))
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
            self._images.print_bits(self._buffered, offset)
            self._buffered = None
        elif function in (67, 68, 83, 84):
            kind = b"NV" if function < 80 else b"DL"
            self._store(kind + body[3:5], self._defined_graphics(body, function))
        elif function in (69, 85):
            kind = b"NV" if function < 80 else b"DL"
            key = kind + body[2:4]
            bits = self._stored.get(key, NO_BITS)
            across, down = (max(1, min(2, each)) for each in body[4:6].ljust(2, b"\1"))
            self._images.print_bits(bits.scaled(across, down), offset)

    def _stored_graphics(self, body: bytes, function: int, *, header: int) -> Bits:
        """Functions 112 and 113: a bx by c xL xH yL yH data."""
        width, height = _u16(body, header), _u16(body, header + 2)
        data = body[header + 4 :]
        across, down = (max(1, min(2, each)) for each in body[3:5].ljust(2, b"\1"))
        column_bytes = (height + 7) // 8
        bits = column_bits(data, width, column_bytes) if function == 113 else raster_bits(data, width, height)
        return bits.scaled(across, down)

    def _defined_graphics(self, body: bytes, function: int) -> Bits:
        """Functions 67, 68, 83 and 84: a kc1 kc2 b xL xH yL yH, then for each of b colours c and data."""
        width, height = _u16(body, 6), _u16(body, 8)
        data = body[11:]
        if function in (68, 84):
            return column_bits(data, width, (height + 7) // 8)
        return raster_bits(data, width, height)

    def _store(self, key: bytes, bits: Bits) -> None:
        if len(self._stored) < STORED_MAX and self._stored_bytes + len(bits.rows) <= STORED_BYTES_MAX:
            self._stored[key] = bits
            self._stored_bytes += len(bits.rows)

    def _print_stored(self, key: bytes, mode: int, offset: int) -> None:
        bits = self._stored.get(key, NO_BITS)
        self._images.print_bits(bits.scaled(2 if mode & 1 else 1, 2 if mode & 2 else 1), offset)


_STORED_GRAPHICS: Final = [
    name
    for size in ("W", "DW")
    for kind in ("Raster", "Column")
    for name in (
        f"GsStoreGraphicsDataToPrintBuffer{kind}{size}",
        f"GsDefineNVGraphicsData{kind}{size}",
        f"GsDefineDownloadGraphicsData{kind}{size}",
    )
]
GRAPHICS_ACTIONS: Final[dict[str, Callable[[Graphics, bytes, int], None]]] = {
    **dict.fromkeys(_STORED_GRAPHICS, Graphics.graphics),
    "GsPrintGraphicsDataInPrintBuffer": Graphics.graphics,
    "GsPrintSpecifiedNVGraphicsData": Graphics.graphics,
    "GsPrintSpecifiedDownloadGraphicsData": Graphics.graphics,
    "EscSelectBitImageMode": Graphics.column_image,
    "GsObsoletePrintRasterBitimage": Graphics.raster_image,
    "GsObsoletePrintVariableVerticalSizeBitimage": Graphics.variable_height_image,
    "GsObsoleteDefineDownloadedBitimage": Graphics.define_download,
    "GsObsoletePrintDownloadedBitimage": Graphics.print_download,
    "FsObsoleteDefineNVBitimage": Graphics.define_nv,
    "FsObsoletePrintNVBitimage": Graphics.print_nv,
}

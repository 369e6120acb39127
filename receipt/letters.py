"""Lines drawn as pictures, for scripts that a printer has no letters for.

The caller brings loaders of font files (finding and reading them is I/O), which are called one by one when first
needed: a store whose printers have all its letters never loads a font. The first font that has all letters of a line
draws it, else the first one draws what it has. Arabic and Hebrew are shaped where Pillow was built with raqm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from receipt.bitmap import Bitmap
from receipt.slip import Line
from receipt.slip_blocks import Align, Size

LINE_DOTS = 30
"""Height of a drawn line: the usual line spacing of a printer (1/6 inch at 180 dpi, 3.75 mm at 203)."""

LETTER_DOTS = 22
"""Size of letters on it: as high as those of font A (24 dots, two of them the gap below)."""

LETTER_DOTS_MIN = 12
"""Smallest size to which a line too wide for the paper is reduced before its end is cut off."""

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

_MISSING = "\U0010fffe"
"""A code point that no font has: what it looks like is what a missing letter looks like."""

_SIZE_STEP = 0.125
_BITS = 8
_DRAWN_LINES_KEPT = 128
"""Lines that repeat (titles, conditions) are drawn once."""


class Letters:
    """Draws lines with the given fonts, the best first (see `receipt.slip.DrawsText`)."""

    def __init__(self, loaders: Sequence[Callable[[], bytes]]) -> None:
        """Take the loaders, at least one."""
        assert loaders, "somebody draws letters without a font"
        self._loaders = tuple(loaders)
        self._loaded: dict[int, bytes] = {}
        self._draw = lru_cache(maxsize=_DRAWN_LINES_KEPT)(self._drawn)

    def draw(self, line: Line, *, dots: int, columns: int) -> Bitmap:
        """Return a picture of a line, `dots` wide, its letters no wider than the printer's own.

        OSError when a font cannot be read or is none.
        """
        return self._draw(line, dots, columns)

    def _drawn(self, line: Line, dots: int, columns: int) -> Bitmap:
        from PIL import Image, ImageDraw  # noqa: PLC0415 - 6 MB that most stores never need

        wide = 2 if line.size is Size.DOUBLE else 1
        high = 1 if line.size is Size.NORMAL else 2
        width = dots // wide
        font = self._fitting(line.text, width, letter_dots=_letter_dots(width // (columns // wide)))
        picture = Image.new("1", (width, LINE_DOTS), 0)
        length = int(font.getlength(line.text))
        left = {Align.LEFT: 0, Align.CENTRE: (width - length) // 2, Align.RIGHT: width - length}[line.align]
        draw = ImageDraw.Draw(picture)
        draw.fontmode = "1"
        draw.text((max(left, 0), LINE_DOTS - 7), line.text, fill=1, font=font, anchor="ls", stroke_width=0)
        if line.bold:
            draw.text((max(left, 0) + 1, LINE_DOTS - 7), line.text, fill=1, font=font, anchor="ls")
        return _bitmap(picture.resize((width * wide, LINE_DOTS * high), Image.Resampling.NEAREST))

    def _fitting(self, text: str, width: int, *, letter_dots: int) -> FreeTypeFont:
        """Return the first font that has all letters, as large as fits the width."""
        fonts = map(self._font, range(len(self._loaders)))
        chosen = next((font for font in fonts if _has_all(font, text)), self._font(0))
        size: float = letter_dots
        font = _sized(chosen, size)
        while font.getlength(text) > width and size > LETTER_DOTS_MIN:
            # A line as long as the paper is wide is too long by a dot or two: by steps of whole dots it lost a column.
            fitting = size * width / font.getlength(text)
            size = max(LETTER_DOTS_MIN, min(size - _SIZE_STEP, fitting // _SIZE_STEP * _SIZE_STEP))
            font = _sized(chosen, size)
        return font

    def _font(self, place: int) -> bytes:
        if place not in self._loaded:
            self._loaded[place] = self._loaders[place]()
        return self._loaded[place]


def _letter_dots(cell_dots: int) -> int:
    """Return the size of letters that advance by a cell: monospaced ones are 0.6 of their size wide."""
    return max(LETTER_DOTS_MIN, min(LETTER_DOTS, cell_dots * 10 // 6))


def _sized(font: bytes, size: float) -> FreeTypeFont:
    from PIL import ImageFont  # noqa: PLC0415 - see _drawn

    return ImageFont.truetype(BytesIO(font), size)


def _has_all(font: bytes, text: str) -> bool:
    sized = _sized(font, LETTER_DOTS)
    missing = bytes(sized.getmask(_MISSING))
    return all(bytes(sized.getmask(letter)) != missing for letter in set(text) if not letter.isspace())


def _bitmap(picture: Image) -> Bitmap:
    """Return a picture of mode `1` as rows of bytes."""
    width_bytes = -(-picture.width // _BITS)
    data = picture.tobytes()
    rows = tuple(data[top : top + width_bytes] for top in range(0, len(data), width_bytes))
    return Bitmap(width_bytes, rows)

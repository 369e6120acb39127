"""The font that pictures are written in: our own small one, and the system's where it lacks a character.

Contract: `glyphs(size)` always works, without any font installed. A character that no font has is drawn as a box, so
that a reader sees that something stands there.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_OWN_FONT: Final = "TillstreamMono.ttf"
_ADVANCE: Final = 0.602  # of its size: a size of 20 is 12 dots wide
_BASE_SHARE: Final = 0.79  # of the cell's height: where letters stand

# Where systems keep fonts with ideographs and other scripts; what is not there is not used.
_SYSTEM_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/opentype/unifont/unifont.otf",
    "/usr/share/fonts/truetype/unifont/unifont.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/freefont/FreeMono.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
    "C:/Windows/Fonts/msgothic.ttc",
    "C:/Windows/Fonts/simsun.ttc",
    "C:/Windows/Fonts/malgun.ttf",
    "C:/Windows/Fonts/tahoma.ttf",
)
_ARABIC: Final = re.compile("[\u0600-\u06ff\ufb50-\ufdff\ufe70-\ufefc]")
_NOBODY_HAS: Final = "\U0010fffd"


class Glyphs:
    """Characters of one cell size, as pictures of black on white (mode `L`, 0 is black)."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        size = round(width / _ADVANCE)
        self._fonts = [_font(None, size), *(_font(path, width * 2 - 2) for path in _present())]
        self._kept: dict[tuple[str, int, bool], Image.Image] = {}

    def draw(self, character: str, *, cells: int, bold: bool) -> Image.Image:
        """Return a character in a picture `cells` cells wide."""
        key = (character, cells, bold)
        picture = self._kept.get(key)
        if picture is None:
            picture = self._kept[key] = self._drawn(character, cells, bold=bold)
        return picture

    def _drawn(self, character: str, cells: int, *, bold: bool) -> Image.Image:
        picture = Image.new("L", (self.width * cells, self.height), 255)
        pen = ImageDraw.Draw(picture)
        font = next((each for each in self._fonts if _has(each, character)), None)
        if font is None:
            pen.rectangle((1, 3, self.width * cells - 3, self.height - 4), outline=0)
            return picture
        baseline = round(self.height * _BASE_SHARE)
        own = cells == 1 and (font is self._fonts[0] or _ARABIC.match(character) is not None)  # whose letters join
        x = 0.0 if own else max(0.0, (self.width * cells - font.getlength(character)) / 2)
        for shift in (0, 1) if bold else (0,):
            pen.text((x + shift, baseline), character, font=font, fill=0, anchor="ls")
        return picture


@cache
def glyphs(width: int, height: int) -> Glyphs:
    """Return the characters of a cell size."""
    return Glyphs(width, height)


@cache
def _font(path: str | None, size: int) -> ImageFont.FreeTypeFont:
    if path is not None:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
    return ImageFont.truetype(BytesIO(own_font()), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def own_font() -> bytes:
    """Return the bytes of the font that is shipped with us (TrueType)."""
    return resources.files(__package__).joinpath("fonts", _OWN_FONT).read_bytes()


@cache
def _present() -> tuple[str, ...]:
    return tuple(path for path in _SYSTEM_FONTS if Path(path).is_file())


@cache
def _missing(font: ImageFont.FreeTypeFont) -> bytes:
    return bytes(font.getmask(_NOBODY_HAS))


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    if character.isascii() or character == "\u00a0":
        return True
    return bytes(font.getmask(character)) != _missing(font)

"""A scene as a PNG picture, dot for dot as a printer of 203 dpi would draw it."""

from __future__ import annotations

import unicodedata
from io import BytesIO
from typing import Final, assert_never

from PIL import Image, ImageDraw, ImageOps

from receipt.paper import Span
from receipt.render.fonts import glyphs
from receipt.render.scene import (
    CELL_HEIGHT,
    CutItem,
    FeedItem,
    GridItem,
    ImageItem,
    Item,
    LabelItem,
    Scene,
    TextItem,
)

_FONT_B: Final = 1
_FONT_B_HEIGHT: Final = 18
_LABEL_WIDTH: Final = 9
_DASH: Final = 12
_WHITE: Final = 255
_PALE: Final = 150


def png(scene: Scene) -> bytes:
    """Return the scene as a PNG file."""
    picture = Image.new("L", (scene.width, scene.height), _WHITE)
    for item in scene.items:
        _draw(picture, item)
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw(picture: Image.Image, item: Item) -> None:
    match item:
        case TextItem():
            _draw_text(picture, item)
        case ImageItem():
            bits = bit_image(item)
            picture.paste(bits, (item.x, item.y))
        case GridItem():
            _draw_grid(picture, item)
        case LabelItem():
            _draw_label(picture, item)
        case CutItem():
            pen = ImageDraw.Draw(picture)
            for x in range(0, picture.width, 2 * _DASH):
                pen.line((x, item.y, x + _DASH, item.y), fill=_PALE)
        case FeedItem():
            pass
        case _:
            assert_never(item)


def bit_image(item: ImageItem) -> Image.Image:
    """Return a printed image as a picture; rows that never came are white."""
    image = item.image
    row_bytes = (image.width_dots + 7) // 8
    rows = image.rows.ljust(row_bytes * image.height_dots, b"\0")
    raw = Image.frombytes("1", (image.width_dots, image.height_dots), rows)
    return ImageOps.invert(raw.convert("L"))


def text_image(span: Span) -> Image.Image:
    """Return a run of characters as a picture, sized as printed."""
    style = span.style
    width = max(1, span.cell_dots // style.width)
    height = _FONT_B_HEIGHT if style.font == _FONT_B else CELL_HEIGHT
    drawn = glyphs(width, height)
    counts = [cells_of(character) for character in span.text]
    line = Image.new("L", (width * max(1, sum(counts)), height), _WHITE)
    at = 0
    for character, cells in zip(span.text, counts, strict=True):
        if cells:
            glyph = drawn.draw(character, cells=cells, bold=style.bold)
            if style.rotated and cells == 1:
                glyph = glyph.rotate(-90, expand=True).resize((width, height))
            line.paste(glyph, (at * width, 0))
        elif at:
            line.paste(drawn.draw(character, cells=1, bold=style.bold), ((at - 1) * width, 0))
        at += cells
    if style.underline:
        ImageDraw.Draw(line).line((0, height - 1, line.width, height - 1), fill=0)
    if style.inverted:
        line = ImageOps.invert(line)
    if style.upside_down:
        line = line.rotate(180)
    if style.width > 1 or style.height > 1:
        line = line.resize((line.width * style.width, line.height * style.height), Image.Resampling.NEAREST)
    return line


def cells_of(character: str) -> int:
    """Return the cells a character fills on a picture."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _draw_text(picture: Image.Image, item: TextItem) -> None:
    line = text_image(item.span)
    height = CELL_HEIGHT * item.span.style.height
    picture.paste(line, (item.x, item.y + height - line.height))


def _draw_grid(picture: Image.Image, item: GridItem) -> None:
    pen = ImageDraw.Draw(picture)
    for row, modules in enumerate(item.rows):
        top = item.y + row * item.down
        for column, module in enumerate(modules):
            if module == "1":
                left = item.x + column * item.across
                pen.rectangle((left, top, left + item.across - 1, top + item.down - 1), fill=0)


def _draw_label(picture: Image.Image, item: LabelItem) -> None:
    pen = ImageDraw.Draw(picture)
    if item.framed:
        pen.rectangle((item.x, item.y, item.x + item.width - 1, item.y + item.height - 1), outline=_PALE)
    room = max(1, (item.width - 8) // _LABEL_WIDTH) if item.framed else len(item.text)
    drawn = glyphs(_LABEL_WIDTH, _FONT_B_HEIGHT)
    text = "".join(character if character.isprintable() else " " for character in item.text)[:room]
    x = item.x + max(0, (item.width - len(text) * _LABEL_WIDTH) // 2)
    y = item.y + (item.height - _FONT_B_HEIGHT) // 2
    for character in text:
        picture.paste(drawn.draw(character, cells=1, bold=False), (x, y))
        x += _LABEL_WIDTH

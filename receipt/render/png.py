"""A scene as a PNG picture, dot for dot as a printer of 203 dpi would draw it."""

from __future__ import annotations

import unicodedata
from io import BytesIO
from typing import Final, assert_never

from PIL import Image, ImageChops, ImageDraw, ImageOps

from receipt.paper import DrawnCharacter
from receipt.render.fonts import glyphs
from receipt.render.items import (
    CELL_HEIGHT,
    FONT_A_DOTS,
    FONT_B_DOTS,
    LABEL_CELL_DOTS,
    CutItem,
    FeedItem,
    GridItem,
    ImageItem,
    Item,
    LabelItem,
    TextItem,
    TurnedItem,
    span_dots,
)
from receipt.render.scene import Scene
from receipt.right_to_left import as_drawn, joined

_FONT_B: Final = 1
_FONT_B_HEIGHT: Final = 18
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
        case TurnedItem():
            _draw_turned(picture, item)
        case FeedItem():
            pass
        case _:
            assert_never(item)


_QUARTERS: Final = {
    1: Image.Transpose.ROTATE_90,  # against the clock
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}


def _draw_turned(picture: Image.Image, item: TurnedItem) -> None:
    lies = item.turn % 2 == 1
    piece = Image.new("L", (item.height, item.width) if lies else (item.width, item.height), _WHITE)
    for each in item.items:
        _draw(piece, each)
    if item.turn in _QUARTERS:
        piece = piece.transpose(_QUARTERS[item.turn])
    box = (item.x, item.y, item.x + piece.width, item.y + piece.height)
    picture.paste(ImageChops.darker(picture.crop(box), piece), (item.x, item.y))


def bit_image(item: ImageItem) -> Image.Image:
    """Return a printed image as a picture; rows that never came are white."""
    image = item.image
    row_bytes = (image.width_dots + 7) // 8
    rows = image.rows.ljust(row_bytes * image.height_dots, b"\0")
    raw = Image.frombytes("1", (image.width_dots, image.height_dots), rows)
    return ImageOps.invert(raw.convert("L"))


def text_image(item: TextItem) -> Image.Image:
    """Return a run of characters as a picture, sized as printed."""
    span, style = item.span, item.span.style
    if style.rotated:
        return _turned_characters(item)
    text = as_drawn(joined(span.text))
    width = max(1, span.cell_dots // style.width)
    height = _FONT_B_HEIGHT if style.font == _FONT_B else CELL_HEIGHT
    drawn = glyphs(width, height)
    counts = [cells_of(character) for character in text]
    line = Image.new("L", (width * max(1, sum(counts)), height), _WHITE)
    at = 0
    for character, cells in zip(text, counts, strict=True):
        if item.drawn and character in item.drawn:
            line.paste(_own_character(item.drawn[character], width, height), (at * width, 0))
        elif cells:
            line.paste(drawn.draw(character, cells=cells, bold=style.bold), (at * width, 0))
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


def _turned_characters(item: TextItem) -> Image.Image:
    """Return characters that are each turned by a quarter, with the clock, and stand side by side (ESC V)."""
    span, style = item.span, item.span.style
    width, height = (FONT_B_DOTS, _FONT_B_HEIGHT) if style.font == _FONT_B else (FONT_A_DOTS, CELL_HEIGHT)
    drawn = glyphs(width, height)
    line = Image.new("L", (span.cell_dots * max(1, len(span.text)), span_dots(span)), _WHITE)
    for at, character in enumerate(span.text):
        glyph = drawn.draw(character, cells=max(1, cells_of(character)), bold=style.bold)
        glyph = glyph.resize((glyph.width * style.width, glyph.height * style.height), Image.Resampling.NEAREST)
        turned = glyph.transpose(Image.Transpose.ROTATE_270)
        line.paste(turned, (at * span.cell_dots, max(0, line.height - turned.height)))
    return ImageOps.invert(line) if style.inverted else line


def _own_character(drawn: DrawnCharacter, width: int, height: int) -> Image.Image:
    """Return a character that the till drew, in its cell."""
    cell = Image.new("L", (width, height), _WHITE)
    if drawn.width_dots and drawn.height_dots:
        rows = drawn.rows.ljust((drawn.width_dots + 7) // 8 * drawn.height_dots, b"\0")
        raw = Image.frombytes("1", (drawn.width_dots, drawn.height_dots), rows)
        cell.paste(ImageOps.invert(raw.convert("L")), (0, 0))
    return cell


def cells_of(character: str) -> int:
    """Return the cells a character fills on a picture."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _draw_text(picture: Image.Image, item: TextItem) -> None:
    line = text_image(item)
    picture.paste(line, (item.x, item.y + span_dots(item.span) - line.height))


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
    drawn = glyphs(LABEL_CELL_DOTS, _FONT_B_HEIGHT)
    text = "".join(character if character.isprintable() else " " for character in item.text)
    x = item.x + max(0, (item.width - len(text) * LABEL_CELL_DOTS) // 2)
    y = item.y + (item.height - _FONT_B_HEIGHT) // 2
    for character in text:
        picture.paste(drawn.draw(character, cells=1, bold=False), (x, y))
        x += LABEL_CELL_DOTS

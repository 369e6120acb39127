"""A scene as SVG, and papers as an HTML page around it with the text beneath, for reading and copying."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO
from typing import Final, assert_never

from PIL.Image import Image

from receipt.paper import Paper
from receipt.render.items import (
    CELL_HEIGHT,
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
from receipt.render.png import bit_image, cells_of, text_image
from receipt.render.scene import Scene

_FONTS: Final = "'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace"
_BASELINE: Final = 19
_FONT_SIZE: Final = 20


def svg(scene: Scene) -> str:
    """Return the scene as an SVG document."""
    items = "\n".join(text for item in scene.items for text in _drawn(item, scene.width))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width} {scene.height}" '
        f'width="{scene.width}" height="{scene.height}" role="img" font-family="{_FONTS}" '
        f'font-size="{_FONT_SIZE}" xml:space="preserve">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{items}\n</svg>\n'
    )


def html(scene: Scene, papers: Sequence[Paper]) -> str:
    """Return a page with the picture, and each document's text and codes beneath it."""
    documents = "\n".join(_document(number, paper) for number, paper in enumerate(papers, 1))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Receipt</title>\n<style>\n'
        "body{margin:2rem;background:#e9e7e2;color:#222;font-family:sans-serif}\n"
        ".paper{background:#fff;display:inline-block;box-shadow:0 1px 6px #0004;max-width:100%}\n"
        ".paper svg{display:block;max-width:100%;height:auto}\npre{background:#fff;padding:1rem;overflow:auto}\n"
        f'</style>\n</head>\n<body>\n<div class="paper">\n{svg(scene)}</div>\n{documents}\n</body>\n</html>\n'
    )


def _document(number: int, paper: Paper) -> str:
    codes = "".join(f"<li>{escape(code.symbology.value)}: {escape(code.data)}</li>" for code in paper.codes)
    text = escape("\n".join(paper.text))
    listed = f"\n<ul>{codes}</ul>" if codes else ""
    return f"<details>\n<summary>Document {number}</summary>\n<pre>{text}</pre>{listed}\n</details>"


def _drawn(item: Item, width: int) -> Iterator[str]:
    match item:
        case TextItem():
            yield from _text(item)
        case ImageItem():
            yield _image(item)
        case GridItem():
            yield _grid(item)
        case LabelItem():
            yield from _label(item)
        case CutItem():
            yield f'<path d="M0 {item.y}H{width}" stroke="#999" stroke-dasharray="12 12" fill="none"/>'
        case TurnedItem():
            yield from _turned(item)
        case FeedItem():
            pass
        case _:
            assert_never(item)


def _turned(item: TurnedItem) -> Iterator[str]:
    """Draw items in a group with axes of its own: moved to its corner and turned."""
    across, down = ((0, 0), (0, item.height), (item.width, item.height), (item.width, 0))[item.turn % 4]
    yield f'<g transform="translate({item.x + across} {item.y + down}) rotate({(-90 * item.turn) % 360})">'
    for each in item.items:
        yield from _drawn(each, item.width)
    yield "</g>"


def _text(item: TextItem) -> Iterator[str]:
    span, style = item.span, item.span.style
    if style.rotated:
        yield from _turned_characters(item)
        return
    if item.drawn and any(character in item.drawn for character in span.text):
        yield _drawn_text(item)
        return
    text = "".join(character if character.isprintable() else " " for character in span.text)
    length = span.cell_dots * sum(map(cells_of, text))
    if not text.strip() and not style.inverted:
        return
    height = CELL_HEIGHT * style.height
    if style.inverted:
        yield f'<rect x="{item.x}" y="{item.y}" width="{length}" height="{height}"/>'
    natural = length // style.width or 1
    corner = f"translate({item.x} {item.y})"
    if style.upside_down:
        corner = f"translate({item.x + length} {item.y + height}) rotate(180)"
    attributes = [
        f'transform="{corner} scale({style.width} {style.height})"',
        f'y="{_BASELINE}"',
        f'textLength="{natural}" lengthAdjust="spacingAndGlyphs"',
    ]
    if style.bold:
        attributes.append('font-weight="bold"')
    if style.underline:
        attributes.append('text-decoration="underline"')
    if style.inverted:
        attributes.append('fill="#fff"')
    yield f"<text {' '.join(attributes)}>{escape(text)}</text>"


def _turned_characters(item: TextItem) -> Iterator[str]:
    """Characters each turned by a quarter, with the clock (ESC V): their foot is at the left."""
    span, style = item.span, item.span.style
    ink = ' fill="#fff"' if style.inverted else ""
    weight = ' font-weight="bold"' if style.bold else ""
    width = span.cell_dots * len(span.text)
    if style.inverted:
        yield f'<rect x="{item.x}" y="{item.y}" width="{width}" height="{span_dots(span)}"/>'
    for at, character in enumerate(span.text):
        if not character.isprintable() or character == " ":
            continue
        right = item.x + at * span.cell_dots + CELL_HEIGHT * style.height
        yield (
            f'<text transform="translate({right} {item.y}) rotate(90) scale({style.width} {style.height})" '
            f'y="{_BASELINE}"{weight}{ink}>{escape(character)}</text>'
        )


def _image(item: ImageItem) -> str:
    return _embedded(bit_image(item).convert("1"), item.x, item.y)


def _drawn_text(item: TextItem) -> str:
    """Draw a run with characters of the till's own as a picture: no font has them."""
    picture = text_image(item)
    return _embedded(picture, item.x, item.y + span_dots(item.span) - picture.height)


def _embedded(picture: Image, x: int, y: int) -> str:
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    data = b64encode(out.getvalue()).decode("ascii")
    return (
        f'<image x="{x}" y="{y}" width="{picture.width}" height="{picture.height}" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
    )


def _grid(item: GridItem) -> str:
    """Draw a code as one path: for each run of black modules a rectangle."""
    path: list[str] = []
    for row, modules in enumerate(item.rows):
        y = item.y + row * item.down
        column = modules.find("1")
        while column >= 0:
            end = modules.find("0", column)
            end = len(modules) if end < 0 else end
            x = item.x + column * item.across
            path.append(f"M{x} {y}h{(end - column) * item.across}v{item.down}H{x}z")
            column = modules.find("1", end)
    return f'<path shape-rendering="crispEdges" d="{"".join(path)}"/>'


def _label(item: LabelItem) -> Iterator[str]:
    if item.framed:
        yield (
            f'<rect x="{item.x}" y="{item.y}" width="{item.width}" height="{item.height}" fill="none" stroke="#999"/>'
        )
    text = "".join(character if character.isprintable() else " " for character in item.text)
    yield (
        f'<text x="{item.x + item.width // 2}" y="{item.y + item.height // 2 + 5}" font-size="15" '
        f'text-anchor="middle">{escape(text)}</text>'
    )

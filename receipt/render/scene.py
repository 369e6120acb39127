"""Where everything stands on the picture of a receipt: papers turned into placed items.

Contract: pure. `scene(papers, dots=...)` returns items with absolute positions in printer dots, from the top; PNG and
SVG draw the same scene. Line heights are a printer's: 24 dots a character times its height, 6 dots of gap, none
between lines that are drawn with borders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from receipt.paper import Paper, PaperLine, PrintedCode, PrintedFeed, PrintedImage, PrintedPage
from receipt.render.items import CutItem, Item
from receipt.render.pages import page_items, page_width
from receipt.render.pieces import code_items, feed_items, image_items, line_items

MARGIN_DOTS: Final = 24
CUT_DOTS: Final = 48
PICTURE_DOTS_MAX: Final = 60_000  # 7.5 m of paper: more is an attack on memory
PICTURE_WIDTH_DOTS_MAX: Final = 1_664  # twice the widest paper: what stands further out no printer prints


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The picture: its size in dots and what stands on it."""

    width: int
    height: int
    items: tuple[Item, ...]


def scene(papers: Sequence[Paper], *, dots: int) -> Scene:
    """Place what papers hold on one strip of a printer's width."""
    items: list[Item] = []
    width = min(max([dots, *map(_widest, papers)]) + 2 * MARGIN_DOTS, PICTURE_WIDTH_DOTS_MAX)
    y = MARGIN_DOTS
    for index, paper in enumerate(papers):
        if index:
            items.append(CutItem(y=y + CUT_DOTS // 2))
            y += CUT_DOTS
        for item, height in _placed(paper, y, dots):
            items.append(item)
            y = max(y, height)
            if y > PICTURE_DOTS_MAX:
                return Scene(width=width, height=PICTURE_DOTS_MAX, items=tuple(items))
    return Scene(width=width, height=y + MARGIN_DOTS, items=tuple(items))


def _widest(paper: Paper) -> int:
    own = {line for page in paper.pages for line in range(page.line, page.line + page.lines)}
    spans = (span for index, line in enumerate(paper.lines) if index not in own for span in line.spans)
    ends = [span.x_dots + span.cell_dots * len(span.text.rstrip()) for span in spans]
    images = (image.x_dots + image.width_dots for image in paper.pictures if image.place is None)
    return max([0, *ends, *images, *map(page_width, paper.pages)])


def _placed(paper: Paper, y: int, dots: int) -> Iterator[tuple[Item, int]]:
    """Yield each item with the height that the paper has reached after it."""
    for each in _in_order(paper):
        begins = y
        for item, bottom in _items_of(each, paper, begins, dots=dots):
            y = max(y, bottom)
            yield item, y


def _items_of(each: _Block, paper: Paper, y: int, *, dots: int) -> Iterator[tuple[Item, int]]:
    match each:
        case PaperLine():
            yield from line_items(each, MARGIN_DOTS, y, drawn_sets=paper.drawn_sets)
        case PrintedFeed():
            yield from feed_items(each, y)
        case PrintedImage():
            yield from image_items(each, MARGIN_DOTS + each.x_dots, y)
        case PrintedCode():
            yield from code_items(each, MARGIN_DOTS, y, dots=dots)
        case PrintedPage():
            yield from page_items(each, paper, x=MARGIN_DOTS, y=y)
        case _:
            assert_never(each)


_Block = PaperLine | PrintedCode | PrintedImage | PrintedFeed | PrintedPage


def _in_order(paper: Paper) -> Iterator[_Block]:
    """Yield what is printed from the top down; what stands on a page of page mode is its page's."""
    printed: list[PrintedCode | PrintedImage] = [*paper.codes, *paper.pictures]
    last = max((each.offset for each in printed), default=-1)
    feeds = [each for each in paper.feeds if each.line < len(paper.lines) or each.offset < last]
    between = [*(each for each in printed if each.place is None), *feeds, *paper.pages]
    index = 0
    for each in sorted(between, key=lambda each: (each.line, each.offset)):
        yield from paper.lines[index : each.line]
        index = max(index, each.line)
        yield each
        if isinstance(each, PrintedPage):
            index += each.lines
    yield from paper.lines[index:]

"""A page of page mode on a picture: each piece where the till put it, turned as it was told.

Contract: pure. Text and bars stand with their foot where the till says, two-dimensional codes with their head (Epson's
reference of page mode); where it says nothing, everything begins at the edge of its area.
"""

from __future__ import annotations

from collections.abc import Iterator

from receipt.paper import PagePlace, Paper, PaperLine, PrintedCode, PrintedImage, PrintedPage
from receipt.render.items import CELL_HEIGHT, FeedItem, Item, TurnedItem
from receipt.render.pieces import READABLE_DOTS, grid_of, image_items, line_dots, line_items, readable_below

BASE_DOTS = 21  # from the head of a character to the line it stands on, of `CELL_HEIGHT`
_DOTS_MAX = 832  # a code wider than any paper would be drawn smaller


def page_items(page: PrintedPage, paper: Paper, *, x: int, y: int) -> Iterator[tuple[Item, int]]:
    """Yield what stands on a page, each with where the page ends; its upper left corner is at `x` and `y`."""
    printed: list[PrintedCode | PrintedImage] = [*paper.codes, *paper.pictures]
    things = [each for each in printed if _is_on(each, page, paper)]
    pieces = [
        *(_text(place, line, paper) for place, line in page.texts),
        *(piece for each in things if (piece := _thing(each)) is not None),
    ]
    bottom = y + max([page.height_dots, *(piece.y + piece.height for piece in pieces)])
    yield FeedItem(), bottom
    for piece in pieces:
        yield _moved(piece, x, y), bottom


def page_width(page: PrintedPage) -> int:
    """Return how far to the right the characters of a page reach, in dots."""
    boxes = [place.box(_width(line), CELL_HEIGHT, foot=0) for place, line in page.texts]
    return max((left + width for left, _, width, _ in boxes), default=0)


def _is_on(each: PrintedCode | PrintedImage, page: PrintedPage, paper: Paper) -> bool:
    return each.place is not None and each.place.page < len(paper.pages) and paper.pages[each.place.page] is page


def _moved(piece: TurnedItem, x: int, y: int) -> TurnedItem:
    return TurnedItem(
        x=x + piece.x, y=y + piece.y, width=piece.width, height=piece.height, turn=piece.turn, items=piece.items
    )


def _turned(place: PagePlace, size: tuple[int, int], foot: int, items: list[Item]) -> TurnedItem:
    left, top, width, height = place.box(*size, foot=foot)
    return TurnedItem(x=left, y=top, width=width, height=height, turn=place.direction, items=tuple(items))


def _width(line: PaperLine) -> int:
    return max((span.x_dots + span.cell_dots * len(span.text) for span in line.spans), default=0)


def _text(place: PagePlace, line: PaperLine, paper: Paper) -> TurnedItem:
    items = [item for item, _ in line_items(line, 0, 0, drawn_sets=paper.drawn_sets)]
    height = line_dots(line)
    return _turned(place, (_width(line), height), height * BASE_DOTS // CELL_HEIGHT, items)


def _thing(each: PrintedCode | PrintedImage) -> TurnedItem | None:
    assert each.place is not None
    if isinstance(each, PrintedImage):
        items = list(image_items(each, 0, 0))
        width, height = each.width_dots or 216, items[-1][1]
        return _turned(each.place, (width, height), height, [item for item, _ in items])
    grid = grid_of(each, dots=_DOTS_MAX)
    if grid is None:
        return None
    drawn: list[Item] = [grid.at(0, 0)]
    height = grid.height
    if each.readable:
        drawn.append(readable_below(each, grid, x=0, bottom=height))
        height += READABLE_DOTS
    return _turned(each.place, (grid.width, height), 0 if grid.is_stacked else grid.height, drawn)

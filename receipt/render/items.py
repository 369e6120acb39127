"""What a picture of a receipt is made of: placed items, in printer dots. Values only; PNG and SVG draw the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from receipt.paper import DrawnCharacter, PrintedImage, Span

CELL_HEIGHT: Final = 24
FONT_A_DOTS: Final = 12  # across a character; of a turned one, its height on the line
FONT_B_DOTS: Final = 9
LABEL_CELL_DOTS: Final = 9  # of the small characters that explain


@dataclass(frozen=True, slots=True, kw_only=True)
class TextItem:
    """A run of characters; `x` and `y` are its upper left corner."""

    x: int
    y: int
    span: Span
    drawn: Mapping[str, DrawnCharacter] | None = None  # by the till itself


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageItem:
    """A bit image; one of no size is an image stored in the printer, which nobody but the printer knows."""

    x: int
    y: int
    image: PrintedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class GridItem:
    """A code drawn as modules: rows of `1` and `0`, each `across` by `down` dots."""

    x: int
    y: int
    rows: tuple[str, ...]
    across: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelItem:
    """Small characters that explain: below a barcode, in place of a code or logo that cannot be drawn."""

    x: int
    y: int
    width: int
    height: int
    text: str
    framed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CutItem:
    """Where the paper is cut."""

    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """Paper left blank: nothing to draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedItem:
    """What stands on a page, in `turn` quarter turns against the clock; `items` begin at its own upper left corner.

    `x`, `y`, `width` and `height` are those of the turned box. Where two such overlap, the ink of both is seen.
    """

    x: int
    y: int
    width: int
    height: int
    turn: int
    items: tuple[Item, ...]


Item = TextItem | ImageItem | GridItem | LabelItem | CutItem | FeedItem | TurnedItem


def span_dots(span: Span) -> int:
    """Return how high characters stand on their line."""
    style = span.style
    if style.rotated:
        return (FONT_B_DOTS if style.font else FONT_A_DOTS) * style.width
    return CELL_HEIGHT * style.height

"""Feeding paper by dots: whole lines of it are blank lines, which readers see; the rest is kept for the picture.

A feed by dots prints the line and moves the paper by so much *instead of* the line's own spacing, so a line and
24 dots stand no closer than a line and a line feed: characters are not printed over each other.
"""

from __future__ import annotations

from typing import Final

from receipt.layout import Typesetter
from receipt.paper import PrintedFeed

FEEDS_MAX: Final = 5_000  # a stream of feeds; a receipt has three


def feed_dots(sheet: Typesetter, dots: int, offset: int, *, line_dots: int) -> None:
    """Finish the line and move the paper by `dots`; `line_dots` is what a line feed moves it by."""
    if sheet.page is not None:
        sheet.line_feed(offset, dots)
        return
    lines = dots // line_dots
    if not sheet.at_line_start:
        lines = max(1, lines)
    sheet.feed(lines, offset)
    rest = dots - lines * line_dots
    if rest > 0 and len(sheet.feeds) < FEEDS_MAX:
        sheet.feeds.append(PrintedFeed(dots=rest, line=sheet.line_index, offset=offset))

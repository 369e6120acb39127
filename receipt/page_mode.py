"""Page mode told to a typesetter: what comes is collected on a page and printed at once.

Each function does what one command does; outside page mode those that need a page do nothing. Never raises.
"""

from __future__ import annotations

from receipt.layout import Typesetter
from receipt.page_buffer import PageBuffer


def open_page(sheet: Typesetter, offset: int) -> None:
    """Begin to collect what is printed; what an open page has collected is lost."""
    if sheet.page is None and not sheet.at_line_start:
        sheet.line_feed(offset)
    sheet.take_runs()
    sheet.page = PageBuffer(sheet.model.dots, sheet.pages_printed)


def drop_page(sheet: Typesetter) -> None:
    """Leave page mode; what was collected and not printed is lost."""
    if sheet.page is not None:
        sheet.take_runs()
        sheet.page = None


def select_area(sheet: Typesetter, x: int, y: int, *, width: int, height: int) -> None:
    """Choose the part of the page to write in, in dots."""
    if sheet.page is not None:
        sheet.page.feed(sheet.take_runs(), 0)
        sheet.page.select(x, y, width=width, height=height)


def turn_page(sheet: Typesetter, direction: int) -> None:
    """Choose the direction of writing: 0 left to right, 1 upwards, 2 upside down, 3 downwards."""
    if sheet.page is not None:
        sheet.page.feed(sheet.take_runs(), 0)
        sheet.page.turn(direction)


def move_down(sheet: Typesetter, *, to: int | None = None, by: int = 0) -> None:
    """Move to a vertical position of the page's area."""
    if sheet.page is not None:
        x = sheet.x
        sheet.page.feed(sheet.take_runs(), 0)
        sheet.move(x)
        sheet.page.move_down(to=to, by=by)


def print_page(sheet: Typesetter, offset: int) -> None:
    """Print what the page holds; it stays in page mode and is empty."""
    page = sheet.page
    if page is not None:
        page.feed(sheet.take_runs(), 0)
        sheet.keep_page(page, offset)
        open_page(sheet, offset)

"""Sales of days gone by: out of memory once the disk has them, and out of the ledger when nobody brings them back."""

from __future__ import annotations

from datetime import date, timedelta

from agent.value.book import ValueBook, What
from agent.value.points import KEPT_DAYS

SWEPT_AT_ONCE = 20
"""Sales looked at a second: 2 ms, and a day's 5,000 are gone through within five minutes."""


class OldSales:
    """Used by core's loop only; changes rows of the book, the caller commits them."""

    def __init__(self, book: ValueBook) -> None:
        self._book = book
        self._leaving: list[str] = []
        self._kept_from: date | None = None

    def new_day(self, today: date) -> None:
        """Begin to go through what is of days before `today`."""
        self._leaving = self._book.hold_from(today.isoformat())
        self._kept_from = today - timedelta(days=KEPT_DAYS)

    def go_on(self) -> None:
        """Take the next few. What the disk has not yet, or has otherwise, stays in memory for another day."""
        for _each in range(min(SWEPT_AT_ONCE, len(self._leaving))):
            self._book.leave_to_disk(self._leaving.pop())
        if self._kept_from is None:
            return
        expired = self._book.sales_before(self._kept_from.isoformat(), limit_rows=SWEPT_AT_ONCE)
        for row_id in expired:
            self._book.drop(What.SALE, row_id)
        if not expired:
            self._kept_from = None

"""Where sales of earlier days are found: the port to the journal's database, and a ledger that is all in memory."""

from __future__ import annotations

from typing import Final, Protocol


class SalesOnDisk(Protocol):
    """Sales of the ledger as they are on disk now. Methods raise OnSiteError or TryAgainError of the journal."""

    def sale_row(self, row_id: str) -> bytes | None:
        """Return a sale's row as JSON, None when there is none."""

    def sales_numbered(self, number: str) -> list[tuple[str, str]]:
        """Return (day, id) of the sales that bear a printed number."""

    def sales_of(self, day: str) -> list[str]:
        """Return the ids of a day's sales."""

    def sales_before(self, day: str, *, limit_rows: int) -> list[str]:
        """Return the ids of the oldest sales of days before one."""

    def sales_naming(self, customer_id: str) -> list[tuple[str, bytes]]:
        """Return (id, JSON) of the sales that may speak of a person. Takes long: not for the loop."""

    def close(self) -> None:
        """Read no more for now."""


class _AllInMemory:
    def sale_row(self, row_id: str) -> bytes | None:
        del row_id
        return None

    def sales_numbered(self, number: str) -> list[tuple[str, str]]:
        del number
        return []

    def sales_of(self, day: str) -> list[str]:
        del day
        return []

    def sales_before(self, day: str, *, limit_rows: int) -> list[str]:
        del day, limit_rows
        return []

    def sales_naming(self, customer_id: str) -> list[tuple[str, bytes]]:
        del customer_id
        return []

    def close(self) -> None: ...


ALL_IN_MEMORY: Final[SalesOnDisk] = _AllInMemory()
"""For a ledger whose rows are all in memory."""

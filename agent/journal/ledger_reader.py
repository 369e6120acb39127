"""Looks sales of the ledger of value up on disk, where those of earlier days stay (docs/decisions/0034).

A connection of its own: core's loop waits for no other reader here, and a look-up costs it some 20 us.
"""

from __future__ import annotations

import json

from agent.journal.reader import JournalReader


class LedgerReader(JournalReader):
    """As its parent; no call takes longer than going through one day's sales."""

    def sale_row(self, row_id: str) -> bytes | None:
        """Return a sale's row as JSON, None when there is none."""
        found = self._rows("value_row", what="sale", row_id=row_id)
        return bytes(found[0][0]) if found else None

    def sales_numbered(self, number: str) -> list[tuple[str, str]]:
        """Return (day, id) of the sales that bear a printed number."""
        return [(str(day), str(row_id)) for day, row_id in self._rows("value_sales_numbered", number=number)]

    def sales_of(self, day: str) -> list[str]:
        """Return the ids of a day's sales."""
        return [str(row[0]) for row in self._rows("value_sales_of", day=day)]

    def sales_before(self, day: str, *, limit_rows: int) -> list[str]:
        """Return the ids of the oldest sales of days before one."""
        return [str(row[0]) for row in self._rows("value_sales_before", day=day, limit_rows=limit_rows)]

    def sales_naming(self, customer_id: str) -> list[tuple[str, bytes]]:
        """Return (id, JSON) of the sales that may speak of a person: all are gone through, day by day."""
        needle, day, found = json.dumps(customer_id, ensure_ascii=False).encode(), "", list[tuple[str, bytes]]()
        while day := self._rows("value_next_day", day=day)[0][0]:
            rows = self._rows("value_sales_holding", day=day, needle=needle)
            found += [(str(row_id), bytes(body)) for row_id, body in rows]
        return found

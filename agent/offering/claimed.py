"""Sales of strangers that became somebody's at the hub: shown to them at the kiosk like those with their card.

The hub names such a sale in its claimer's own record of the feed, `sale:TRANSACTION`, beside what they bought: only
whoever holds their card or number can open it, and erasing them takes it along. What was bought stands in this store's
journal; a sale of another store is shown there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date, datetime
from typing import Any

from agent.journal.reader import JournalReader
from agent.journal.recovery import JournalPlace
from agent.offering.seen import SeenReceipts
from retail.errors import TillstreamError
from retail.loyalty import Account
from sync.protocol.mirror_record import CLAIMED_SALE

LOOKED_UP_MAX = 10_000
"""Claims that were looked up; a chain lets a person claim three sales a month, so this is a big store's year."""

SaleRecord = Callable[[str], tuple[date, Mapping[str, Any]] | None]
"""Returns the calendar day and the content of a sale's record by its transaction id; None where it is not here."""


class ClaimedSales:
    """Used by core's loop only; `find` is called in a thread."""

    def __init__(self, seen: SeenReceipts, *, find: SaleRecord) -> None:
        self._seen = seen
        self._find = find
        self._looked_up: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"<ClaimedSales looked_up={len(self._looked_up)}>"

    async def bring(self, account: Account) -> None:
        """Add what a member has claimed to their receipts. A repeat changes nothing."""
        claimed = {key.removeprefix(CLAIMED_SALE) for key in account.last_bought if key.startswith(CLAIMED_SALE)}
        for transaction_id in sorted(claimed):
            key = account.customer_id, transaction_id
            if key in self._looked_up or len(self._looked_up) >= LOOKED_UP_MAX:
                continue
            self._looked_up.add(key)
            found = await asyncio.to_thread(self._find, transaction_id)
            if found is not None:
                self._seen.replay(account.customer_id, found[1]["transaction"], found[0])


def sales_of(place: JournalPlace, calendar_day: Callable[[datetime], date]) -> SaleRecord:
    """Return what finds sales in a journal; one that cannot be read shows a receipt less, its writer tells why."""

    def find(transaction_id: str) -> tuple[date, Mapping[str, Any]] | None:
        try:
            with closing(JournalReader(place.path, place.key)) as reader:
                found = reader.sale(transaction_id)
        except TillstreamError:
            return None
        return (calendar_day(found[0]), found[1]) if found is not None else None

    return find

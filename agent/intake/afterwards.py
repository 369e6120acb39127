"""What a sale means for everybody who does not stand at the cutter: screens, the store's memory, what looks like fraud.

Told of a document that is on disk and whose paper has gone to the printer, so that no customer waits for any of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from agent.intake.shown_sales import ShownSales
from agent.intake.taken import Taken
from agent.journal.records import JournalKind
from agent.offering.memory import StoreMemory
from agent.value.counter import ValueCounter
from retail.transaction import RetailTransaction


class Afterwards:
    """Used by core's loop only."""

    def __init__(
        self,
        *,
        memory: StoreMemory,
        value: ValueCounter,
        shown: ShownSales,
        today: Callable[[], date],
        claim_of: Callable[[RetailTransaction], str],
    ) -> None:
        self._memory = memory
        self._value = value
        self._shown = shown
        self._today = today
        self._claim_of = claim_of

    def tell(self, taken: Taken) -> None:
        """Tell of a document that is on disk; one that is no sale concerns nobody here."""
        told = taken.told
        if told is None or told.sale is None:
            return
        account = taken.whose.account if taken.whose is not None else None
        self._memory.seen.sold(told.sale)
        if account is not None and told.kind is JournalKind.TRANSACTION_COMPLETED:
            self._memory.seen.bought(account.customer_id, told.sale, self._today())
        state = "voided" if told.kind is JournalKind.TRANSACTION_VOIDED else "completed"
        is_strangers = (taken.whose is None or not taken.whose.locator) and state == "completed"
        claim = self._claim_of(told.sale) if is_strangers else ""
        lots = [content for kind, content in taken.value.records if kind is JournalKind.POINTS_EARNED]
        points = sum(lot["points"] for lot in lots)
        self._shown.sold(told.sale, state, taken.origin.workstation_id, points_earned=points, qr=claim)
        self._value.committed(taken.value, taken.origin.workstation_id)

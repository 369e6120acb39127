"""The newest sale of each workstation, as its pages show it: whole each time, so that a page may be told of it twice.

What became of its paper comes a moment later, seldom a moment sooner. It is told with the same sale again: a display
keeps the total and the code that it shows, and a page that opens in between misses neither.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from agent.identity.floor import Push
from retail.transaction import RetailTransaction


class ShownSales:
    """Used by core's loop only; holds one sale and one paper a workstation."""

    def __init__(self, *, publish: Callable[[Push], None], now: Callable[[], datetime]) -> None:
        self._publish = publish
        self._now = now
        self._sales: dict[str, dict[str, Any]] = {}
        self._papers: dict[str, tuple[str, list[dict[str, str]]]] = {}

    def sold(
        self, sale: RetailTransaction, state: str, workstation_id: str, *, points_earned: int = 0, qr: str = ""
    ) -> None:
        """Tell of a sale that is on disk and the points it earned here; `qr` is where a stranger makes it theirs."""
        of, papers = self._papers.pop(workstation_id, ("", []))
        self._sales[workstation_id] = {
            "transaction_id": sale.transaction_id,
            "state": state,
            "total": str(sale.total),
            "currency": sale.currency,
            "lines": [
                {"description": line.description, "quantity": f"{line.quantity:f}", "amount": str(line.amount)}
                for line in sale.goods()
            ],
            "paper": papers if of == sale.transaction_id else [],
            **({"points_earned": points_earned} if points_earned else {}),
            **({"qr": qr} if qr else {}),
        }
        self._tell(workstation_id)

    def paper_told(self, transaction_id: str, papers: list[dict[str, str]], workstation_id: str) -> None:
        """Tell what became of a sale's paper, unless pages have gone on to the next sale."""
        shown = self._sales.get(workstation_id)
        if shown is None or shown["transaction_id"] != transaction_id:
            self._papers[workstation_id] = (transaction_id, papers)
            return
        self._sales[workstation_id] = {**shown, "paper": papers, "again": True}
        self._tell(workstation_id)

    def _tell(self, workstation_id: str) -> None:
        data = {"as_of": self._now().isoformat(), **self._sales[workstation_id]}
        self._publish(Push(event="sale", data=data, place_id=workstation_id))

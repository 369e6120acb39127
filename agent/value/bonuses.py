"""Bonus points of campaigns on one purchase: which of them its caps still allow, and their share on each line.

Caps are counted here by what was given, in rows of the ledger, so that a restart forgets nothing: customer, household,
day, store and budget, all of this store. A bonus is shared out to its lines, so that a return takes its part back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from agent.value.book import ValueBook, What
from retail.offers.multipliers import Bonus

KEPT_DAYS = 31
"""How long counts are kept after a campaign's last day: a clock may be set back, a campaign made longer."""

_NOTHING = Decimal(0)


class BonusDesk:
    """Used by core's loop only; changes rows of the book, the caller commits them."""

    def __init__(self, book: ValueBook) -> None:
        self._book = book

    def take(
        self, bonuses: Iterable[Bonus], *, customer_id: str, account: str, today: date, point_value: Decimal
    ) -> tuple[Bonus, ...]:
        """Return the bonuses that their caps allow, and count them."""
        given = []
        for bonus in bonuses:
            counted = _counted(bonus, customer_id=customer_id, account=account, today=today)
            counts = [(row_id, row, cap, self._times(row_id)) for row_id, row, cap in counted]
            cost = bonus.campaign.benefit.cost_max or bonus.points * point_value
            if any(times >= cap for _row_id, _row, cap, times in counts) or not self._pays(bonus, cost):
                continue
            for row_id, row, _cap, times in counts:
                self._book.put(What.BONUS, row_id, {**row, "times": times + 1})
            given.append(bonus)
        return tuple(given)

    def forget_old(self, today: date) -> None:
        """Drop the counts of campaigns that are over."""
        for row_id, row in self._book.each(What.BONUS):
            if date.fromisoformat(row["until"]) + timedelta(days=KEPT_DAYS) < today:
                self._book.drop(What.BONUS, row_id)

    def forget(self, customer_id: str) -> None:
        """Drop what was counted of a person: they were erased."""
        for row_id, row in self._book.each(What.BONUS):
            if customer_id in (row.get("customer_id"), row.get("account")):
                self._book.drop(What.BONUS, row_id)

    def _times(self, row_id: str) -> int:
        return int((self._book.get(What.BONUS, row_id) or {}).get("times", 0))

    def _pays(self, bonus: Bonus, cost: Decimal) -> bool:
        """Count a bonus's cost against its campaign's budget; False when it is used up."""
        budget = bonus.campaign.caps.budget
        if budget is None:
            return True
        row_id, row = _row(bonus, "budget", "")
        spent = Decimal((self._book.get(What.BONUS, row_id) or {}).get("spent", "0")) + cost
        if spent > budget:
            return False
        self._book.put(What.BONUS, row_id, {**row, "spent": str(spent)})
        return True


def shared_out(bonus: Bonus, amounts: Sequence[Decimal]) -> list[int]:
    """Return a bonus's points line by line, by what its goods cost: whole points that add up to it."""
    shares = [0] * len(amounts)
    rest, rest_amount = bonus.points, sum((max(amounts[at], _NOTHING) for at in bonus.places), _NOTHING)
    for at in bonus.places:
        amount = max(amounts[at], _NOTHING)
        shares[at] = int(rest * amount / rest_amount) if rest_amount else 0
        rest, rest_amount = rest - shares[at], rest_amount - amount
    shares[bonus.places[-1]] += rest
    return shares


def _counted(bonus: Bonus, *, customer_id: str, account: str, today: date) -> list[tuple[str, dict[str, Any], int]]:
    """Return the rows that a campaign's caps count in, with each cap."""
    caps = bonus.campaign.caps
    by = (
        ("customer_id", customer_id, caps.customer),
        ("account", account, caps.household),
        ("day", today.isoformat(), caps.day),
        ("store", "", caps.store),
    )
    return [(*_row(bonus, per, name), cap) for per, name, cap in by if cap is not None]


def _row(bonus: Bonus, per: str, name: str) -> tuple[str, dict[str, Any]]:
    """Return a count's id, which names nobody, and its row."""
    campaign_id = bonus.campaign.campaign_id
    row_id = blake2b(f"{campaign_id}\x1f{per}\x1f{name}".encode(), digest_size=16).hexdigest()
    return row_id, {"campaign_id": campaign_id, per: name, "until": bonus.campaign.ends.isoformat()}

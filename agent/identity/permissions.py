"""What people have allowed or withdrawn in this store, in force the moment it is on disk, link or no link.

The mirror says what the chain knew when its file was made; the newest word of a person here counts more, whatever the
mirror says later, until the journal forgets it: a no that is only taken back by a yes errs on the side of the person.
It is a fold over the journal, filled from it at start, and told of every consent when it is journalled.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from agent.journal.records import JournalKind
from retail.loyalty import Account

MEMBERSHIP = "membership"
"""The programme's own terms: whoever has withdrawn them is a stranger here from that moment."""

PROFILING = "profiling"
"""Choosing offers by what somebody buys: without it they get what everybody gets."""

KINDS = (JournalKind.CONSENT_GIVEN, JournalKind.CONSENT_WITHDRAWN)
"""The records this memory is made of."""

PEOPLE_MAX = 20_000
"""Members who said yes or no within the journal's days; a store asks a hundred a day. The oldest word goes first."""


class Permissions:
    """Used by core's loop only."""

    def __init__(self) -> None:
        self._words: OrderedDict[str, dict[str, bool]] = OrderedDict()
        self.before_change: Callable[[str], None] = _nobody_minds
        """Called with a customer whose word is about to count."""

    def __repr__(self) -> str:
        return f"<Permissions people={len(self._words)}>"

    def replay(self, records: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take (kind, content) of journalled records, oldest first; other kinds say nothing."""
        for kind, content in records:
            if kind in KINDS:
                self.told(content)

    def told(self, content: Mapping[str, Any]) -> None:
        """Take one consent record; one that names no member (a new one, not known here yet) says nothing."""
        customer_id, purpose, given = content.get("customer_id"), content.get("purpose"), content.get("given")
        if isinstance(customer_id, str) and customer_id and isinstance(purpose, str) and isinstance(given, bool):
            self.before_change(customer_id)
            words = self._words.setdefault(customer_id, {})
            self._words.move_to_end(customer_id)
            words[purpose] = given
            if len(self._words) > PEOPLE_MAX:
                self._words.popitem(last=False)

    def forget(self, customer_id: str) -> None:
        """Forget a person: they were erased."""
        self._words.pop(customer_id, None)

    def refused_by(self, customer_id: str) -> frozenset[str]:
        """Return the purposes that a person has said no to in this store."""
        return frozenset(purpose for purpose, said in self._words.get(customer_id, {}).items() if not said)

    def applied(self, account: Account | None) -> Account | None:
        """Return an account as it may be used now; None for somebody who has left the programme."""
        words = self._words.get(account.customer_id) if account is not None else None
        if account is None or not words:
            return account
        if words.get(MEMBERSHIP) is False:
            return None
        given = {purpose for purpose, said in words.items() if said}
        account = replace(account, permissions=(account.permissions | given) - (words.keys() - given))
        if words.get(PROFILING) is not False:
            return account
        return replace(
            account,
            segments={},
            entered={},
            last_bought={},
            rfm_cell="",
            purchases=None,
            last_visit=None,
            is_profiled=False,
        )


def _nobody_minds(customer_id: str) -> None:
    del customer_id

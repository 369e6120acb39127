"""Whose customers a store gets: the whole chain's, or those who shop there or near (a catchment slice).

A store that need not know everybody is not given everybody: that is the rule in the EU and EEA (data minimisation,
GDPR art. 5) unless the chain says otherwise. Who comes from elsewhere is unknown in such a store: their code goes,
sealed, to the hub with the sale, and the next overlay brings them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hub.storage.ports import Session

SLICED_COUNTRIES = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""Members of the EU and the EEA, ISO 3166: where GDPR applies directly. Elsewhere a chain chooses it."""

SEEN_DAYS = 400
"""Who was not seen for so long has left: longer than a year, so that the yearly buyer of a Christmas goose is known."""


class Whose(StrEnum):
    """Which customers a store gets; `AUTO` is by the chain's country, or for a store: as the chain."""

    AUTO = "auto"
    ALL = "all"
    NEARBY = "nearby"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """What the chain has chosen. `unplaced`: who was never seen in any store is in every slice until they are."""

    whose: Whose = Whose.ALL
    country: str = ""
    seen_days: int = SEEN_DAYS
    unplaced: bool = True

    def is_sliced(self, own: str) -> bool:
        """Return whether a store gets a slice; `own` is its own choice, empty or `auto` for the chain's."""
        whose = Whose(own) if own and own != Whose.AUTO else self.whose
        return whose is Whose.NEARBY or (whose is Whose.AUTO and self.country.upper() in SLICED_COUNTRIES)

    def sliced_stores(self, session: Session, tenant_id: str) -> list[str]:
        """Return the stores that get a slice."""
        rows = session.rows("customers_wanted", tenant_id=tenant_id)
        return [str(store_id) for store_id, own in rows if self.is_sliced(own)]

    def values(self, store_id: str, today: date) -> dict[str, str | int]:
        """Return the placeholders of the statements that pick customers: of one store, or of all for an empty id."""
        since = today - timedelta(days=self.seen_days)
        return {"store_id": store_id, "since": since.isoformat(), "unplaced": int(self.unplaced)}

    def fingerprint(self, session: Session, tenant_id: str, store_id: str) -> int:
        """Return a number that changes with what the slice is made of, so that it is then written anew."""
        near = [str(row[0]) for row in session.rows("near", tenant_id=tenant_id, store_id=store_id)]
        return zlib.crc32(repr((self.seen_days, self.unplaced, near)).encode())


def scope_of(store_id: str) -> str:
    """Return the scope of a store's own files."""
    return f"store:{store_id}"

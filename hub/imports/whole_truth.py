"""`--replace` for segments: whoever the file does not name is no member any more, and only they change.

The file's memberships are kept as 64-bit hashes - 240 MB for 30 million - while it is read; then the table is walked
once. Two memberships share a hash with a chance of one in 10^4 for the largest chain; one that left would then stay
until the next file.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left

from hub.storage.ports import Database

BATCH_ROWS = 2000  # memberships between two commits, as in imports


class Memberships:
    """What a file of segments names."""

    def __init__(self) -> None:
        self._hashes = array("Q")

    def add(self, customer_id: str, segment: str) -> None:
        """Note a membership that stays."""
        self._hashes.append(_hash(customer_id, segment))

    def drop_others(self, database: Database, tenant_id: str) -> int:
        """Remove every membership that was not noted and note whose it was; return how many there were."""
        stays = array("Q", sorted(self._hashes))
        with database.reading() as session:
            gone = [
                (str(customer_id), str(segment))
                for customer_id, segment in session.each("memberships", tenant_id=tenant_id)
                if not _holds(stays, _hash(customer_id, segment))
            ]
        for start in range(0, len(gone), BATCH_ROWS):
            with database.writing() as session:
                row = session.row("next_change", tenant_id=tenant_id, what="customers")
                change_no = int(row[0]) if row else 0
                batch = gone[start : start + BATCH_ROWS]
                session.many(
                    "drop_membership",
                    sets=[{"tenant_id": tenant_id, "customer_id": who, "segment": what} for who, what in batch],
                )
                session.many(
                    "touch_customer",
                    sets=[
                        {"tenant_id": tenant_id, "customer_id": who, "change_no": change_no}
                        for who in sorted({who for who, _ in batch})
                    ],
                )
        return len(gone)


def _holds(hashes: array[int], wanted: int) -> bool:
    at = bisect_left(hashes, wanted)
    return at < len(hashes) and hashes[at] == wanted


def _hash(customer_id: str, segment: str) -> int:
    digest = hashlib.blake2b(f"{customer_id}\x1f{segment}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")

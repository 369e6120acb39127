"""What people allowed decides what of them leaves the store: asked before every upload, by destination and purpose.

A destination says what it uses data for. A record of somebody's behaviour goes there with its payload only while that
person's newest word does not forbid the purpose, and whoever joined here must have said yes; else the record goes
without its payload, like one that is parked: the chain of hashes holds and blocks nothing. The newest word is looked
for up to the journal's end, so that a no given offline stops what was recorded before it and has not left yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Protocol

from sync.ports import Batch, Delivered, Located, StoredRecord, TransportPort
from sync.protocol.messages import Mark

MEMBERSHIP = "membership"
PROFILING = "profiling"

CONSENT_KINDS = ("consent.given", "consent.withdrawn")

PURPOSES: Mapping[str, str] = MappingProxyType(
    {
        "visit": PROFILING,
        "interest": PROFILING,
        "survey.answered": PROFILING,
        "offer.shown": PROFILING,
        "offer.activated": PROFILING,
    }
)
"""Kind -> what it may be used for. Sales, points and coupons are the programme itself; consents are their own proof."""


ASKED_FOR_CHANNEL = "phone"
"""What somebody has sent to their own telephone this moment is a service they asked for, not use of their data."""


class ConsentSource(Protocol):
    """Where consents stand: the journal."""

    async def consents_after(self, seq: int) -> tuple[int, Sequence[Mapping[str, Any]]]:
        """Return the next consents behind `seq`, oldest first, and the seq up to which there are no others.

        None are returned when the journal was read to its end. Raises OnSiteError.
        """
        ...


class ConsentLedger:
    """The newest word of everybody who said one in this store, by purpose.

    It grows with the journal's consents: a store that asks a thousand people a week keeps 20 MB of them in five years.
    """

    def __init__(self) -> None:
        self._words: dict[tuple[str, str], bool] = {}
        self._joined: set[str] = set()

    def __len__(self) -> int:
        return len(self._words)

    def told(self, content: Mapping[str, Any]) -> None:
        """Take one consent record."""
        purpose, given = content.get("purpose"), content.get("given")
        if not isinstance(purpose, str) or not isinstance(given, bool):
            return
        for person in _people(content):
            self._words[person, purpose] = given
        enrolment_id = content.get("enrolment_id")
        if given and purpose == MEMBERSHIP and isinstance(enrolment_id, str) and enrolment_id:
            self._joined.add(enrolment_id)

    def allows(self, purpose: str, content: Mapping[str, Any]) -> bool:
        """Return whether what a record tells may be used for a purpose; who is not named cannot forbid it."""
        people = _people(content)
        if any(self._words.get((person, each)) is False for person in people for each in (purpose, MEMBERSHIP)):
            return False
        joined = [person for person in people if person in self._joined]
        return all(self._words.get((person, purpose)) is True for person in joined)


class ConsentedTransport:
    """Fulfils `sync.ports.TransportPort` before another: nothing passes that somebody forbade."""

    def __init__(self, transport: TransportPort, source: ConsentSource, *, purposes: frozenset[str]) -> None:
        self._transport = transport
        self._source = source
        self._purposes = purposes
        self._ledger = ConsentLedger()
        self._read_to = 0

    async def deliver(self, batch: Batch) -> Delivered:
        """Hand a batch over without the payloads that may not be used there. Raises as the transport, OnSiteError."""
        await self._read_on()
        kept_back = frozenset(record.seq for record in batch.records if not self._may_go(record))
        return await self._transport.deliver(replace(batch, withheld=batch.withheld | kept_back))

    async def locate(self, epoch: int, marks: Sequence[Mark]) -> Located:
        """Ask which of these records the destination has."""
        return await self._transport.locate(epoch, marks)

    async def _read_on(self) -> None:
        more = True
        while more:
            self._read_to, found = await self._source.consents_after(self._read_to)
            for content in found:
                self._ledger.told(content)
            more = bool(found)

    def _may_go(self, record: StoredRecord) -> bool:
        purpose = PURPOSES.get(record.kind)
        if purpose is None or record.payload is None:
            return True
        content = json.loads(record.payload)
        if content.get("channel") == ASKED_FOR_CHANNEL:
            return True
        return purpose in self._purposes and self._ledger.allows(purpose, content)


def _people(content: Mapping[str, Any]) -> list[str]:
    """Return under which names a record speaks of somebody: a member's, or that of their joining here."""
    found = (content.get("customer_id"), content.get("enrolment_id"))
    return [each for each in found if isinstance(each, str) and each]

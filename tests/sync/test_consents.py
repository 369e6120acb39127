"""Nothing of a person's behaviour leaves for a purpose they have forbidden, however long ago it was recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.consents import PURPOSES, ConsentedTransport, ConsentLedger
from sync.ports import Batch, Delivered, Located
from sync.protocol.chain import GENESIS
from sync.protocol.messages import Mark
from tests.hub.rig import MemoryJournal

ALL = frozenset({"membership", "profiling"})


class Journal(MemoryJournal):
    """A journal in memory that also tells its consents."""

    async def consents_after(self, seq: int) -> tuple[int, list[dict[str, object]]]:
        rows = [each for each in self.records if each.seq > seq and each.kind.startswith("consent.")]
        if not rows:
            return max(seq, self.head_seq), []
        return rows[0].seq, [json.loads(rows[0].payload or b"{}")]

    def says(self, purpose: str, *, given: bool, **who: str) -> None:
        self.append("consent.given" if given else "consent.withdrawn", {"purpose": purpose, "given": given, **who})

    def batch(self) -> Batch:
        return Batch(epoch=1, prev_hash=GENESIS, lost_before=False, records=tuple(self.records))


class Taking:
    """A destination that keeps what it is sent."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bool]] = []

    async def deliver(self, batch: Batch) -> Delivered:
        self.taken += [(each.kind, each.seq not in batch.withheld) for each in batch.records]
        return Delivered(acked_seq=batch.last.seq, head_hash=batch.last.hash.hex())

    async def locate(self, epoch: int, marks: Sequence[Mark]) -> Located:
        raise NotImplementedError


def sent(journal: Journal, *, purposes: frozenset[str] = ALL) -> list[str]:
    """Return the kinds whose payload a destination got."""
    taking = Taking()
    asyncio.run(ConsentedTransport(taking, journal, purposes=purposes).deliver(journal.batch()))
    assert [kind for kind, _ in taking.taken] == [each.kind for each in journal.records], "nothing is left out"
    return [kind for kind, whole in taking.taken if whole]


def test_a_no_stops_what_was_recorded_before_it_and_has_not_left() -> None:
    journal = Journal()
    journal.append("visit", {"customer_id": "c-1", "scan_id": "s1"})
    journal.append("visit", {"customer_id": "c-2", "scan_id": "s2"})
    journal.sale(1)
    journal.says("profiling", given=False, customer_id="c-1")
    assert sent(journal) == ["visit", "transaction.completed", "consent.withdrawn"]


def test_the_newest_word_counts() -> None:
    journal = Journal()
    journal.append("interest", {"customer_id": "c-1", "code": "4006381333931"})
    journal.says("profiling", given=False, customer_id="c-1")
    journal.says("profiling", given=True, customer_id="c-1")
    assert "interest" in sent(journal)


def test_who_leaves_the_programme_forbids_everything() -> None:
    journal = Journal()
    journal.append("offer.shown", {"customer_id": "c-1", "offers": []})
    journal.says("membership", given=False, customer_id="c-1")
    assert sent(journal) == ["consent.withdrawn"]


@pytest.mark.parametrize("allowed", [True, False])
def test_who_joins_here_must_have_said_yes(allowed: bool) -> None:
    journal = Journal()
    journal.says("membership", given=True, enrolment_id="e-1")
    if allowed:
        journal.says("profiling", given=True, enrolment_id="e-1")
    journal.append("survey.answered", {"enrolment_id": "e-1", "answers": []})
    assert ("survey.answered" in sent(journal)) is allowed


def test_a_destination_gets_what_its_purposes_need_and_nothing_else() -> None:
    journal = Journal()
    journal.append("visit", {"customer_id": "c-1"})
    journal.sale(1)
    assert sent(journal, purposes=frozenset({"membership"})) == ["transaction.completed"]


def test_who_is_not_named_forbids_nothing() -> None:
    journal = Journal()
    journal.append("interest", {"scan_id": "", "code": "4006381333931"})
    journal.says("profiling", given=False, customer_id="c-1")
    assert "interest" in sent(journal)


@given(
    words=st.lists(
        st.tuples(st.sampled_from(["c-1", "c-2"]), st.sampled_from(["membership", "profiling"]), st.booleans())
    )
)
def test_nothing_passes_after_a_no_whatever_was_said_in_which_order(words: list[tuple[str, str, bool]]) -> None:
    ledger, last = ConsentLedger(), {}
    for person, purpose, yes in words:
        ledger.told({"customer_id": person, "purpose": purpose, "given": yes})
        last[person, purpose] = yes
    for person in ("c-1", "c-2"):
        forbidden = last.get((person, "profiling")) is False or last.get((person, "membership")) is False
        assert ledger.allows("profiling", {"customer_id": person}) is not forbidden


def test_every_kind_that_tells_of_behaviour_has_its_purpose() -> None:
    assert set(PURPOSES) == {"visit", "interest", "survey.answered", "offer.shown", "offer.activated"}


def test_what_somebody_sends_to_their_own_telephone_goes_whatever_they_forbid() -> None:
    journal = Journal()
    journal.says("profiling", given=False, customer_id="c-1")
    journal.append("offer.shown", {"customer_id": "c-1", "channel": "phone"})
    journal.append("offer.shown", {"customer_id": "c-1", "channel": "kiosk"})
    assert sent(journal) == ["consent.withdrawn", "offer.shown"]

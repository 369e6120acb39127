"""The courier against destinations that fail in every way: nothing is skipped, nothing is believed that is not ours."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.errors import RefusedError, TryAgainError
from sync.backoff import Backoff
from sync.courier import Courier, run_courier
from sync.delivery_plan import CourierPolicy, line_busy_s, opens_in_s, plan_batch
from sync.errors import AnswerInvalidError, FencedError, RecordRefusedError
from sync.ports import Batch, Delivered, Located, ParkReason, Position, RefusedRecord
from tests.hub.rig import MemoryJournal, Told, VirtualPace


class Destination:
    """A destination that answers as it is told to, then well; it keeps what it took."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.batches: list[Batch] = []
        self.taken: dict[int, bytes] = {}

    async def deliver(self, batch: Batch) -> Delivered:
        self.batches.append(batch)
        answer = self.answers.pop(0) if self.answers else None
        if callable(answer):
            answer = answer(batch)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Delivered):
            return answer
        for record in batch.records:
            assert self.taken.setdefault(record.seq, record.hash) == record.hash
        return Delivered(acked_seq=batch.last.seq, head_hash=batch.last.hash.hex())

    async def locate(self, epoch, marks):
        known = [mark for mark in marks if self.taken.get(mark.seq, b"").hex() == mark.hash]
        newest = max(known, key=lambda mark: mark.seq, default=None)
        head = max(self.taken, default=0)
        return Located(seq=newest.seq if newest else 0, head_hash=newest.hash if newest else "", head_seq=head)


class IdleError(Exception):
    """The courier has nothing left to do."""


class WakeOnce:
    def clear(self) -> None:
        pass

    async def wait(self) -> None:
        raise IdleError


def courier_of(journal: MemoryJournal, destination: Destination, **changes) -> tuple[Courier, VirtualPace, Told]:
    pace, told = VirtualPace(datetime(2026, 11, 21, 12, tzinfo=UTC)), Told()
    courier = Courier(
        destination="hub",
        journal=journal,
        cursors=journal,
        transport=destination,
        pace=pace,
        listener=told,
        random=lambda: 0.5,
        **changes,
    )
    return courier, pace, told


def deliver(journal: MemoryJournal, destination: Destination, **changes) -> tuple[VirtualPace, Told]:
    courier, pace, told = courier_of(journal, destination, **changes)

    async def until_idle():
        with suppress(IdleError):
            await run_courier(courier, WakeOnce())

    asyncio.run(until_idle())
    return pace, told


def journal_of(count: int) -> MemoryJournal:
    journal = MemoryJournal()
    for number in range(count):
        journal.sale(number)
    return journal


def waits(pace: VirtualPace) -> list[float]:
    return [wait_s for wait_s in pace.pauses if wait_s]


def test_an_idle_courier_does_nothing_until_it_is_woken():
    journal, destination = journal_of(1), Destination()
    courier, pace, _ = courier_of(journal, destination)

    async def story():
        wake = asyncio.Event()
        task = asyncio.create_task(run_courier(courier, wake))
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(destination.batches) == 1
        quiet = len(pace.pauses)
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(pace.pauses) == quiet
        journal.sale(2)
        wake.set()
        for _ in range(50):
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(story())
    assert sorted(destination.taken) == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        AnswerInvalidError("<html>Sign in</html> with status 200"),
        TryAgainError("502"),
        Delivered(acked_seq=3, head_hash="0" * 64),
        Delivered(acked_seq=99, head_hash="0" * 64),
        Delivered(acked_seq=0, head_hash="0" * 64),
        lambda batch: Delivered(acked_seq=batch.last.seq, head_hash=batch.records[0].hash.hex()),
        RefusedError("no", code="something_new"),
        FencedError("another device"),
    ],
)
def test_only_a_valid_answer_to_exactly_that_moves_the_cursor(answer):
    journal, destination = journal_of(3), Destination(answer)
    positions = []
    original = journal.move

    async def move(destination_name, position):
        positions.append(position.seq)
        await original(destination_name, position)

    journal.move = move
    _, told = deliver(journal, destination)
    assert len(destination.batches) == 2
    assert positions == [3]
    assert len(told.errors) == 1


def test_an_answer_for_a_part_moves_the_cursor_so_far():
    journal = journal_of(3)
    destination = Destination(lambda batch: Delivered(acked_seq=2, head_hash=batch.records[1].hash.hex()))
    deliver(journal, destination)
    assert [batch.first_seq for batch in destination.batches] == [1, 3]


def test_waits_grow_to_a_bound_and_start_small_again_after_success():
    journal = journal_of(1)
    pace, _ = deliver(journal, Destination(*[TryAgainError("away")] * 12))
    assert waits(pace)[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert max(waits(pace)) == 150.0


def test_retry_after_is_obeyed_and_bounded():
    pace, _ = deliver(journal_of(1), Destination(TryAgainError("busy", retry_after_s=40)))
    assert waits(pace) == [45.0]
    pace, _ = deliver(journal_of(1), Destination(TryAgainError("busy", retry_after_s=1e9)))
    assert waits(pace) == [337.5]


def test_a_refused_record_is_parked_and_blocks_nothing_behind_it():
    def refuse(batch: Batch):
        if 2 not in batch.withheld:
            return RecordRefusedError("not this one", seq=2)
        return None

    journal, destination = journal_of(4), Destination(*[refuse] * 3)
    deliver(journal, destination)
    assert sorted(destination.taken) == [1, 2, 3, 4]
    assert journal.parked_by["hub"][2].startswith("refused: ")


def test_a_batch_refused_as_a_whole_is_halved_until_the_record_is_found():
    def refuse(batch: Batch):
        bad = any(record.seq == 13 and record.seq not in batch.withheld for record in batch.records)
        return RefusedError("too much", code="too_large") if bad else None

    journal, destination = journal_of(20), Destination(*[refuse] * 40)
    deliver(journal, destination)
    assert sorted(destination.taken) == list(range(1, 21))
    assert list(journal.parked_by["hub"]) == [13]
    assert len(destination.batches) < 16


def test_a_record_that_is_refused_without_its_payload_too_waits_for_a_person():
    journal = journal_of(2)
    pace, told = deliver(journal, Destination(*[RecordRefusedError("never", seq=1)] * 6))
    assert list(journal.parked_by["hub"]) == [1]
    assert len(told.errors) == 5
    assert len(waits(pace)) == 5


def test_records_a_destination_keeps_but_cannot_use_are_parked_with_who_must_act():
    journal = journal_of(2)

    def odd(batch: Batch):
        refused = (RefusedRecord(seq=1, reason=ParkReason.MISCONFIGURED, detail="no such store"),)
        return Delivered(acked_seq=2, head_hash=batch.last.hash.hex(), refused=refused)

    deliver(journal, Destination(odd))
    assert journal.parked_by["hub"] == {1: "misconfigured: no such store"}
    assert journal.positions["hub"].seq == 2


def test_a_hub_that_always_asks_for_something_earlier_does_not_make_a_hot_loop():
    from sync.errors import GapError

    journal = journal_of(5)
    journal.positions["hub"] = Position(epoch=1, seq=5, head_hash=journal.records[4].hash.hex())
    journal.sale(6)
    asked = [GapError("earlier", expected_seq=seq) for seq in (4, 2, 1, 1, 1, 1)]
    pace, _ = deliver(journal, Destination(*asked))
    assert len(waits(pace)) == 6


def test_thirty_days_drain_oldest_first_in_bounded_batches():
    journal, destination = journal_of(1200), Destination()
    policy = CourierPolicy(rows_max=100, bytes_max=4_000)
    deliver(journal, destination, policy=policy)
    seqs = [record.seq for batch in destination.batches for record in batch.records]
    assert seqs == list(range(1, 1201))
    assert max(len(batch.records) for batch in destination.batches) <= 100
    assert all(
        sum(len(record.payload) for record in batch.records) <= 4_000 or len(batch.records) == 1
        for batch in destination.batches
    )


def test_a_capped_line_is_left_alone_between_batches():
    journal, destination = journal_of(300), Destination()
    pace, _ = deliver(journal, destination, policy=CourierPolicy(rows_max=100, bytes_per_s_max=1000))
    sent = [sum(len(record.payload) for record in batch.records) for batch in destination.batches]
    assert waits(pace) == [line_busy_s(size, 1000) for size in sent]


def test_outside_its_hours_nothing_is_sent():
    journal, destination = journal_of(1), Destination()
    pace, _ = deliver(journal, destination, policy=CourierPolicy(window=(time(22), time(6))))
    assert waits(pace)[0] == 10 * 3600


@pytest.mark.parametrize(
    ("now", "window", "wait_h"),
    [
        ("12:00", ("08:00", "20:00"), 0),
        ("07:00", ("08:00", "20:00"), 1),
        ("20:00", ("08:00", "20:00"), 12),
        ("23:00", ("22:00", "06:00"), 0),
        ("05:59", ("22:00", "06:00"), 0),
        ("06:00", ("22:00", "06:00"), 16),
    ],
)
def test_a_window_may_run_over_midnight(now, window, wait_h):
    at = datetime.fromisoformat(f"2026-11-21T{now}+01:00")
    begins, ends = (time.fromisoformat(each) for each in window)
    assert opens_in_s(at, CourierPolicy(window=(begins, ends))) == wait_h * 3600


def test_a_window_is_in_the_stores_time_even_in_the_night_of_a_clock_change():
    berlin = ZoneInfo("Europe/Berlin")
    policy = CourierPolicy(window=(time(8), time(20)), zone=berlin)
    before_the_change = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # 22:00 in Berlin, clocks go back at three
    assert opens_in_s(before_the_change, policy) == 11 * 3600
    assert opens_in_s(datetime(2026, 11, 21, 7, 30, tzinfo=UTC), policy) == 0


def test_the_cap_counts_what_the_line_has_carried_not_what_it_was_before_deflation():
    class Counted(Destination):
        async def deliver(self, batch):
            return replace(await super().deliver(batch), wire_bytes=500)

    pace, _ = deliver(journal_of(10), Counted(), policy=CourierPolicy(bytes_per_s_max=1000))
    assert waits(pace)[0] == 0.5


@given(st.integers(1, 60), st.floats(0, 0.999999))
def test_a_wait_is_never_longer_than_its_bound(failures, drawn):
    backoff = Backoff()
    assert 0 <= backoff.wait_s(failures, random=lambda: drawn) <= backoff.longest_s


@given(
    st.lists(st.sampled_from(["sale", "epoch", "prune"]), min_size=1, max_size=30),
    st.integers(1, 5),
    st.integers(0, 30),
)
def test_a_batch_never_holds_two_epochs_or_a_hole(story, rows_max, after):
    journal = MemoryJournal()
    for number, what in enumerate(story):
        if what == "epoch" and journal.records and journal.epochs[max(journal.epochs)] <= journal.head_seq:
            journal.raise_epoch(max(journal.epochs) + 1)
        elif what == "prune" and len(journal.records) > 2:
            journal.records.pop(len(journal.records) // 2)
        else:
            journal.sale(number)
    records = [record for record in journal.records if record.seq > after]
    batch = plan_batch(None, records, parked=frozenset(), policy=CourierPolicy(rows_max=rows_max))
    if batch is None:
        assert not records
        return
    assert len({record.epoch for record in batch.records}) == 1
    assert [record.seq for record in batch.records] == list(range(batch.first_seq, batch.last.seq + 1))
    assert len(batch.records) <= rows_max

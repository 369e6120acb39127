"""What must hold, and the looks that find out. Each invariant is a function of the chain that yields violations.

`AFTER_A_STEP` runs after every fault, `AT_NIGHT` every night, `AT_THE_END` when everything has healed. A new invariant
is one function more in one of the tables: nothing else has to know.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from agent.drill.forgetting import nothing_is_left_of_who_was_forgotten
from agent.drill.journals import reads_what_lies_there, whole_journal
from agent.drill.lane import Print
from agent.drill.settings import Violation
from agent.drill.till import CUT
from agent.drill.value_invariants import (
    coupons_are_taken_once,
    value_adds_up,
    value_is_told_once,
    what_was_taken_is_on_disk,
)
from agent.journal.chain import ChainVerifier
from agent.journal.records import JournalKind

if TYPE_CHECKING:
    from agent.drill.world import Chain

Found = Iterator[tuple[str, str]]
"""Where, and what was seen."""

CUT_COMMAND = CUT[-3:]
SHOWN_MAX = 3  # examples in one message


def printed(job: Print) -> str | None:
    """I1: return what is wrong with what the printer got of a job; a block may stand before its cut."""
    sent, arrived = job.sent, bytes(job.arrived)
    head = sent[: -len(CUT_COMMAND)]
    if arrived.startswith(head) and arrived.endswith(CUT_COMMAND):
        return None
    return f"job {job.job_no}: {len(arrived)} bytes arrived that are not the {len(sent)} sent, with a block"


def acknowledged_jobs_are_on_disk(chain: Chain) -> Found:
    """I2: whatever core acknowledged to a tap is in its journal."""
    for store in chain.running():
        for lane in store.lanes:
            with store.reading() as reader:
                jobs = reader.without_capture(str(job) for job in lane.acknowledged)
            if jobs:
                lane_id = lane.workstation_id
                yield store.name, f"{len(jobs)} acknowledged jobs of lane {lane_id} are gone: {_some(sorted(jobs))}"


def chains_verify(chain: Chain) -> Found:
    """Every journal's chain of hashes holds."""
    for store in chain.running():
        with store.reading() as reader:
            anchor = reader.anchor()
        findings = list(ChainVerifier(anchor=anchor).feed(whole_journal(store)))
        if findings:
            yield (
                store.name,
                f"the journal does not verify at {[(each.seq, each.damage.value) for each in findings[:3]]}",
            )


def hub_holds_what_it_acknowledged(chain: Chain) -> Found:
    """I3: behind no cursor stands a record that the hub lacks, unless it was restored and has not been asked since."""
    if chain.hub_is_behind:
        return
    for store in chain.running():
        with store.reading() as reader:
            cursor = reader.cursor("hub")
        if cursor is None:
            continue
        held = {(each.epoch, each.seq, each.hash) for each in chain.hub.records(store.config.store.business_unit_id)}
        mine = [each for each in chain.journal(store) if each.seq <= cursor.acked_seq]
        lost = [each.seq for each in mine if (each.epoch, each.seq, each.hash) not in held]
        if lost:
            yield store.name, f"{len(lost)} records behind the cursor are not at the hub: {_some(lost)}"


def every_sale_is_applied_once(chain: Chain) -> Found:
    """I3: the hub has every sale that was rung up, once, with its total."""
    rung_up = chain.rung_up()
    applied = Counter((each.store_id, each.workstation_id, each.sequence_number) for each in chain.hub.sales())
    totals = {(each.store_id, each.workstation_id, each.sequence_number): each.total for each in chain.hub.sales()}
    for where in sorted({key[0] for key in rung_up} | {key[0] for key in applied}):
        lost = sorted(key[1:] for key in rung_up if key[0] == where and not applied[key])
        twice = sorted(key[1:] for key, count in applied.items() if key[0] == where and count > 1)
        strange = sorted(key[1:] for key in applied if key[0] == where and key not in rung_up)
        wrong = sorted(key[1:] for key, total in totals.items() if key[0] == where and rung_up.get(key, total) != total)
        for what, keys in (
            ("lost", lost),
            ("applied twice", twice),
            ("never rung up", strange),
            ("wrong total", wrong),
        ):
            if keys:
                yield where, f"{len(keys)} sales {what}: {_some(keys)}"


def every_record_is_at_the_hub(chain: Chain) -> Found:
    """I3: the hub has every record of every journal, each under its own place and hash."""
    for store in chain.machines():
        mine = chain.journal(store)
        held = {(each.epoch, each.seq, each.hash) for each in chain.hub.records(store.config.store.business_unit_id)}
        lost = [each.seq for each in mine if (each.epoch, each.seq, each.hash) not in held]
        if lost:
            yield store.name, f"{len(lost)} of {len(mine)} records never came to the hub: {_some(lost)}"


def hub_keeps_order(chain: Chain) -> Found:
    """I3: on every branch the hub's records follow one another without a hole."""
    for store in chain.stores:
        store_id = store.config.store.business_unit_id
        records = chain.hub.records(store_id)
        gaps = [
            (one.epoch, one.branch, one.seq)
            for one, other in pairwise(records)
            if (one.epoch, one.branch) == (other.epoch, other.branch) and other.seq != one.seq + 1
        ]
        if gaps:
            yield store_id, f"holes behind (epoch, branch, seq) {_some(gaps)}"


def coupons_exist_once(chain: Chain) -> Found:
    """I4: a coupon's serial is issued by one commit of one journal, and no two papers bear it."""
    for store in chain.stores:
        told = [each for each in chain.told_by(store, JournalKind.COUPON_ISSUED) if not each.is_erased]
        issued = Counter(str(each.content().get("serial")) for each in told)
        twice = sorted(serial for serial, count in issued.items() if count > 1)
        if twice:
            yield store.name, f"{len(twice)} coupons issued twice: {_some(twice)}"


def what_was_printed_was_decided(chain: Chain) -> Found:
    """I2: before a block reaches a printer its decision is on disk, and stays there."""
    for store in chain.machines():
        told = chain.told_by(store, JournalKind.OFFER_DECIDED)
        decided = {str(each.content().get("job_id")) for each in told}
        forgotten = sum(each.is_erased for each in told)  # decided for people who were erased since: it says no more
        loose = [
            f"{lane.workstation_id}/{job.job_no}"
            for lane in store.lanes
            for job in lane.prints
            if len(job.arrived) > len(job.sent) and str(job.job_id) not in decided
        ]
        if len(loose) > forgotten:
            yield store.name, f"{len(loose) - forgotten} blocks without a decision on disk, of jobs {_some(loose)}"


def nothing_is_parked_without_reason(chain: Chain) -> Found:
    """Every parked record says why, at the store and at the hub."""
    for store in chain.machines():
        with store.reading() as reader:
            mute = [each.seq for each in reader.parked() if not each.reason or not each.detail]
        if mute:
            yield store.name, f"records parked without a reason: {_some(mute)}"
    if chain.hub.parked_without_reason():
        yield "hub", "records parked without a reason"


def completeness_is_right(chain: Chain) -> Found:
    """Look at the auditor's figure: what the hub says was captured is what was rung up, lane by lane."""
    days = chain.hub.days()
    captured: Counter[tuple[str, str]] = Counter()
    for each in days:
        captured[each.store_id, each.workstation_id] += each.captured_sales
    rung_up = Counter((store, lane) for store, lane, _ in chain.rung_up())
    for lane in sorted(captured | rung_up):
        if captured[lane] != rung_up[lane]:
            yield f"{lane[0]}/{lane[1]}", f"{captured[lane]} sales captured, {rung_up[lane]} rung up"
    for each in days:
        if each.store_id in chain.clocks_were_right() and each.complete is False:
            yield (
                f"{each.store_id}/{each.workstation_id}",
                f"{each.business_day}: called incomplete, is not ({each.share_percent} %)",
            )


AFTER_A_STEP: tuple[Callable[[Chain], Found], ...] = (
    acknowledged_jobs_are_on_disk,
    hub_holds_what_it_acknowledged,
    coupons_are_taken_once,
    what_was_taken_is_on_disk,
    value_is_told_once,
)
"""Looked at after every fault: cheap enough for that."""

AT_NIGHT: tuple[Callable[[Chain], Found], ...] = (*AFTER_A_STEP, reads_what_lies_there)
"""Looked at every night."""

AT_THE_END: tuple[Callable[[Chain], Found], ...] = (
    *AT_NIGHT,
    chains_verify,
    every_sale_is_applied_once,
    every_record_is_at_the_hub,
    hub_keeps_order,
    coupons_exist_once,
    what_was_printed_was_decided,
    nothing_is_parked_without_reason,
    completeness_is_right,
    value_adds_up,
    nothing_is_left_of_who_was_forgotten,
)
"""Looked at when everything has healed."""


def violations_of(chain: Chain, looks: tuple[Callable[[Chain], Found], ...]) -> list[Violation]:
    """Look at the chain and return what does not hold."""
    return [
        Violation(invariant=look.__name__, where=where, what=what, at_s=chain.time_s)
        for look in looks
        for where, what in look(chain)
    ]


def _some(found: object) -> str:
    listed = list(found)  # type: ignore[call-overload]
    return json.dumps(listed[:SHOWN_MAX], default=str) + (" ..." if len(listed) > SHOWN_MAX else "")

"""Taking journals: one batch, one transaction - records, projections, counts and the branch's head, or nothing."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.callers import Caller
from hub.ingest.batch import Batch, BatchRecord
from hub.ingest.holes import joined_branches, missing_ranges, write_found
from hub.ingest.plan import Branch, Known, KnownRecord, Plan, UnknownAncestorError, plan_batch
from hub.ingest.projections import PROJECTED_KINDS, DayClose, Projection, Sale, project
from hub.storage.ports import Database, Session, Value
from sync.protocol.chain import GENESIS
from sync.protocol.messages import JournalAck, Mark, ParkedRecord, PositionAnswer

_RECORD_COLUMNS = (
    "agent_id", "epoch", "branch", "seq", "kind", "workstation_id", "occurred_at", "clock_quality", "business_day",
    "salt", "payload", "payload_hash", "hash", "absent", "received_at",
)  # fmt: skip
_SALE_COLUMNS = (
    "tenant_id", "transaction_id", "variant", "store_id", "agent_id", "epoch", "branch", "seq", "kind",
    "workstation_id", "business_day", "occurred_at", "sequence_number", "currency", "total_e4", "cash_e4", "lines",
    "digest",
)  # fmt: skip
_SALE_TOTALS = {"transaction.completed": "sales", "transaction.returned": "returns"}
_OFFER_COLUMNS = (
    "agent_id", "epoch", "branch", "seq", "ordinal", "tenant_id", "store_id", "event", "campaign_id",
    "transaction_id", "serial", "business_day",
)  # fmt: skip
_CLOSE_COLUMNS = (
    "agent_id", "epoch", "branch", "seq", "tenant_id", "store_id", "workstation_id", "business_day", "told_sales",
    "told_total_e4", "told_cash_e4", "missing_numbers",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose records, and on which branch they go."""

    caller: Caller
    epoch: int
    branch: int

    def ids(self) -> dict[str, Value]:
        """Return the place as values of a statement."""
        return {"agent_id": self.caller.agent_id, "epoch": self.epoch, "branch": self.branch}


class IngestService:
    """Fulfils `hub.ingest.ports.Ingest` on the hub's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, caller: Caller, batch: Batch, *, now: datetime) -> JournalAck:
        """Keep a checked batch and return what is now on disk.

        A repeat changes nothing and is answered the same. Raises GapError, UnknownAncestorError, or TryAgainError of
        the database; whatever is raised, nothing of the batch is kept.
        """
        with self._database.writing() as session:
            agent = session.row("lock_agent", agent_id=caller.agent_id)
            plan = plan_batch(batch, _known(session, caller, batch))
            if plan.new:
                _check_follows(session, caller, batch)
            place = _Place(caller, batch.epoch, plan.branch)
            _write_branch(session, place, plan, now=now)
            _write_records(session, place, plan.new, now=now)
            totals = _write_projections(session, place, plan.new)
            totals += _write_gaps(session, place, plan, now=now)
            if plan.opens and plan.opens.branch:
                totals["forks"] += 1
            _write_totals(session, caller, totals)
            if agent and agent[0] < batch.epoch:
                session.run("raise_epoch", agent_id=caller.agent_id, epoch=batch.epoch)
            session.run("touch_store", tenant_id=caller.tenant_id, store_id=caller.store_id, now=now.isoformat())
            all_is_new = len(plan.new) == len(batch.records)
            refused = [] if all_is_new and not totals["refused"] else _refused(session, place, batch)
        return _ack(batch, plan, refused)

    def locate(self, caller: Caller, epoch: int, marks: Sequence[Mark]) -> PositionAnswer:
        """Return the newest of an agent's marks that is known here, and how far this epoch goes."""
        with self._database.reading() as session:
            found = session.row("head_seq", agent_id=caller.agent_id, epoch=epoch)
            head_seq = int(found[0]) if found and found[0] is not None else 0
            missing = missing_ranges(session, caller.agent_id, epoch)
            for mark in sorted(marks, key=lambda mark: -mark.seq):
                known = session.rows("marks_known", agent_id=caller.agent_id, epoch=epoch, seq=mark.seq)
                if any(bytes(row[0]).hex() == mark.hash for row in known):
                    return PositionAnswer(
                        epoch=epoch, acked_seq=mark.seq, head_hash=mark.hash, head_seq=head_seq, missing=missing
                    )
        return PositionAnswer(epoch=epoch, acked_seq=0, head_hash=GENESIS.hex(), head_seq=head_seq)


def _known(session: Session, caller: Caller, batch: Batch) -> Known:
    rows = session.rows("branches", agent_id=caller.agent_id, epoch=batch.epoch)
    branches = [
        Branch(
            branch=row[0],
            base_branch=row[1],
            base_seq=row[2],
            base_hash=bytes(row[3]),
            head_seq=row[4],
            head_hash=bytes(row[5]),
        )
        for row in rows
    ]
    if all(branch.head_seq <= batch.prev_seq for branch in branches):
        return Known(branches=branches, records={})  # the usual case: nothing here overlaps what is known
    known = session.rows(
        "known_records",
        agent_id=caller.agent_id,
        epoch=batch.epoch,
        first_seq=batch.prev_seq,
        last_seq=batch.last.seq,
    )
    return Known(
        branches=branches,
        records={(row[0], row[1]): KnownRecord(hash=bytes(row[2]), absent=row[3]) for row in known},
        joins=joined_branches(session, caller.agent_id, batch),
    )


def _refused(session: Session, place: _Place, batch: Batch) -> Sequence[tuple[int, str, str]]:
    between = {"first_seq": batch.prev_seq + 1, "last_seq": batch.last.seq}
    return [(row[0], row[1], row[2]) for row in session.rows("refused_between", **place.ids(), **between)]


def _check_follows(session: Session, caller: Caller, batch: Batch) -> None:
    """Refuse the beginning of an epoch while the end of the one before is missing here, and can still be had."""
    mark = batch.follows
    if mark is None or batch.prev_hash != GENESIS:
        return
    known = session.rows("marks_known", agent_id=caller.agent_id, epoch=mark.epoch, seq=mark.seq)
    if not any(bytes(row[0]).hex() == mark.hash for row in known):
        raise UnknownAncestorError(
            f"record {mark.seq} of epoch {mark.epoch}, which this epoch follows, is missing here",
            fix="ask for the position with POST /v1/journal/position",
        )


def _write_branch(session: Session, place: _Place, plan: Plan, *, now: datetime) -> None:
    ids = place.ids()
    if plan.opens:
        session.run(
            "open_branch",
            **ids,
            base_branch=plan.opens.base_branch,
            base_seq=plan.opens.base_seq,
            base_hash=plan.opens.base_hash,
            head_seq=plan.opens.head_seq,
            head_hash=plan.opens.head_hash,
            now=now.isoformat(),
        )
    if plan.hole:
        session.run("put_hole", **ids, first_seq=plan.hole.first_seq, last_seq=plan.hole.last_seq, now=now.isoformat())
    if plan.new:
        session.run("move_head", **ids, head_seq=plan.new[-1].seq, head_hash=plan.new[-1].hash)


def _write_records(session: Session, place: _Place, records: Sequence[BatchRecord], *, now: datetime) -> None:
    received_at = now.isoformat()
    rows = [
        (
            place.caller.agent_id,
            place.epoch,
            place.branch,
            record.seq,
            record.kind,
            record.workstation_id,
            record.occurred_at,
            record.clock_quality,
            record.business_day,
            record.salt,
            record.payload,
            record.payload_hash,
            record.hash,
            record.absent.value if record.absent else None,
            received_at,
        )
        for record in records
    ]
    if rows:
        session.bulk("journal_record", columns=_RECORD_COLUMNS, rows=rows)


def _write_gaps(session: Session, place: _Place, plan: Plan, *, now: datetime) -> Counter[str]:
    """Write payloads that come after all, and records that holes lacked."""
    totals: Counter[str] = Counter()
    for branch, record in plan.fills:
        there = _Place(place.caller, place.epoch, branch)
        if _fill(session, there, record):
            totals += _write_projections(session, there, [record])
    for branch in dict.fromkeys(branch for branch, _ in (*plan.found, *plan.elsewhere)):
        there = _Place(place.caller, place.epoch, branch)
        records = [record for on, record in plan.found if on == branch]
        _write_records(session, there, records, now=now)
        totals += _write_projections(session, there, records)
        closed = [record.seq for record in records] + [seq for on, seq in plan.elsewhere if on == branch]
        write_found(session, there.ids(), closed, now=now)
    return totals


def _write_projections(session: Session, place: _Place, records: Sequence[BatchRecord]) -> Counter[str]:
    """Write what records say to the hub's tables, and return what is to be added to the store's counts."""
    told = [(record.seq, project(record)) for record in records if record.kind in PROJECTED_KINDS]
    totals: Counter[str] = Counter()
    for seq, projection in told:
        for what, count in projection.totals.items():
            totals[what] += count
        if projection.refused:
            _write_refused(session, place, seq, projection.refused)
    totals += _write_sales(session, place, [(seq, each.sale) for seq, each in told if each.sale is not None])
    if offers := [row for seq, each in told for row in _offer_rows(place, seq, each)]:
        session.bulk("offer_event", columns=_OFFER_COLUMNS, rows=offers)
    if closes := [_close_row(place, seq, each.day_close) for seq, each in told if each.day_close is not None]:
        session.bulk("day_close", columns=_CLOSE_COLUMNS, rows=closes)
    return totals


def _offer_rows(place: _Place, seq: int, projection: Projection) -> list[Sequence[Value]]:
    caller = place.caller
    return [
        (caller.agent_id, place.epoch, place.branch, seq, ordinal, caller.tenant_id, caller.store_id, each.event,
         each.campaign_id, each.transaction_id, each.serial, each.business_day)
        for ordinal, each in enumerate(projection.offers)
    ]  # fmt: skip


def _close_row(place: _Place, seq: int, close: DayClose) -> Sequence[Value]:
    caller = place.caller
    return (
        caller.agent_id, place.epoch, place.branch, seq, caller.tenant_id, caller.store_id, close.workstation_id,
        close.business_day, close.told_sales, close.told_total_e4, close.told_cash_e4, ",".join(close.missing_numbers),
    )  # fmt: skip


def _write_sales(session: Session, place: _Place, sales: Sequence[tuple[int, Sale]]) -> Counter[str]:
    """Keep each sale once: the same told again adds nothing, another one under the same id is kept beside it.

    Almost always all of them are new, and are appended without looking; only when one is not are they looked up.
    """
    if not sales:
        return Counter()
    fresh = [_sale_row(place, seq, sale, variant=0) for seq, sale in sales]
    if session.bulk_if_new("sale", columns=_SALE_COLUMNS, rows=fresh):
        return Counter(_SALE_TOTALS.get(sale.kind, "voids") for _, sale in sales)
    totals: Counter[str] = Counter()
    digests = _known_digests(session, place.caller, sales)
    rows: list[Sequence[Value]] = []
    for seq, sale in sales:
        known = digests[sale.transaction_id]
        if sale.digest in known:
            totals["repeated_sales"] += 1
            continue
        totals["conflicting_sales"] += bool(known)
        totals[_SALE_TOTALS.get(sale.kind, "voids")] += 1
        rows.append(_sale_row(place, seq, sale, variant=len(known)))
        known.append(sale.digest)
    if rows:
        session.bulk("sale", columns=_SALE_COLUMNS, rows=rows)
    return +totals


def _known_digests(
    session: Session, caller: Caller, sales: Sequence[tuple[int, Sale]]
) -> defaultdict[str, list[bytes]]:
    keys = json.dumps(sorted({(sale.transaction_id, sale.business_day) for _, sale in sales}))
    digests: defaultdict[str, list[bytes]] = defaultdict(list)
    for transaction_id, digest in session.rows("sale_variants", tenant_id=caller.tenant_id, keys=keys):
        digests[transaction_id].append(bytes(digest))
    return digests


def _sale_row(place: _Place, seq: int, sale: Sale, *, variant: int) -> Sequence[Value]:
    caller = place.caller
    return (
        caller.tenant_id, sale.transaction_id, variant, caller.store_id, caller.agent_id, place.epoch, place.branch,
        seq, sale.kind, sale.workstation_id, sale.business_day, sale.occurred_at, sale.sequence_number, sale.currency,
        sale.total_e4, sale.cash_e4, sale.lines, sale.digest,
    )  # fmt: skip


def _write_refused(session: Session, place: _Place, seq: int, refused: tuple[str, str]) -> None:
    session.run(
        "put_refused",
        agent_id=place.caller.agent_id,
        epoch=place.epoch,
        branch=place.branch,
        seq=seq,
        tenant_id=place.caller.tenant_id,
        store_id=place.caller.store_id,
        code=refused[0],
        message=refused[1],
    )


def _fill(session: Session, place: _Place, record: BatchRecord) -> bool:
    changed = session.run(
        "fill_record",
        agent_id=place.caller.agent_id,
        epoch=place.epoch,
        branch=place.branch,
        seq=record.seq,
        salt=record.salt,
        payload=record.payload,
    )
    return changed == 1


def _write_totals(session: Session, caller: Caller, totals: Counter[str]) -> None:
    for what, total in sorted(totals.items()):
        session.run("add_total", tenant_id=caller.tenant_id, store_id=caller.store_id, what=what, total=total)


def _ack(batch: Batch, plan: Plan, refused: Sequence[tuple[int, str, str]]) -> JournalAck:
    return JournalAck(
        epoch=batch.epoch,
        acked_seq=batch.last.seq,
        head_hash=batch.last.hash.hex(),
        forked=plan.forked,
        parked=[
            ParkedRecord(
                seq=seq,
                reason="refused",
                code=code,
                message=message,
                fix="the record is kept; update the agent or the hub, then un-park it",
            )
            for seq, code, message in refused
        ],
    )

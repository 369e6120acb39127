"""The store's ledger of value as rows: in memory for the one loop that decides, in the journal's database for ever.

A decision changes rows and takes the changes with it (`entry`); whoever commits its records commits them in the same
transaction, so that journal and ledger never tell two stories. What is in memory runs ahead of the disk by the commits
in flight: two tills asking in one millisecond are told of each other. A commit that failed is undone.

Of sales only those of today stay in memory, and what was asked for lately; the others are read when somebody names them
(`SalesOnDisk`). One leaves memory when the disk says the very same of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from agent.journal.batch import Change, DropValue, KeepValue
from agent.journal.records import JournalKind, canonical_json
from agent.value.sales_on_disk import ALL_IN_MEMORY, SalesOnDisk
from retail.errors import TryAgainError

Row = dict[str, Any]
T = TypeVar("T")

NEVER = "9999-12-31"

ABSENT_MAX = 1024
"""Ids of sales remembered as not on disk: a sale in work asks for its own some times, a few dozen are in work."""


class OvertakenError(TryAgainError):
    """A decision rests on rows that a cut has changed meanwhile; see `behind_cuts`."""


def behind_cuts(decide: Callable[[], T]) -> T:
    """Return what is decided; where a cut came first that it rests on, decided behind that. Raises as `decide`."""
    try:
        return decide()
    except OvertakenError:
        return decide()


class What(StrEnum):
    """What a row is about; its id says which one."""

    COUPON = "coupon"
    POINTS = "points"
    SALE = "sale"
    LEASE = "lease"
    LANE = "lane"
    HOLD = "hold"
    ANSWER = "answer"
    SPENT = "spent"
    BONUS = "bonus"
    SEEN = "seen"
    COUPON_LEASE = "coupon_lease"


_Key = tuple[What, str]

_INDEXED: Mapping[What, Callable[[Row], str]] = {
    What.COUPON: lambda row: str(row.get("till_code") or ""),
    What.SALE: lambda row: str(row.get("number") or ""),
    What.LEASE: lambda row: str(row["account"]),
    What.COUPON_LEASE: lambda row: str(row["serial"]),
    What.HOLD: lambda row: str(row.get("lease_id") or "") if row.get("points") else "",
}
"""What rows are looked for by beside their id: a day's 10,000 reservations are not gone through for one purchase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision about value: records to append, rows to keep, and the rows before, should the commit fail."""

    records: tuple[tuple[JournalKind, Row], ...] = ()
    changes: tuple[Change, ...] = ()
    before: Mapping[_Key, Row | None] = field(default_factory=dict)
    after: Mapping[_Key, Row | None] = field(default_factory=dict)
    later: Callable[[], Entry] | None = None
    """What is decided and committed once this is on disk and nobody waits any more."""

    def __add__(self, other: Entry) -> Entry:
        """Return both as one; `other` was decided later."""
        return Entry(
            records=self.records + other.records,
            changes=self.changes + other.changes,
            before={**other.before, **self.before},
            after={**self.after, **other.after},
        )


_Rows = Mapping[_Key, Row | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rehearsed decision has looked at: rows as they were, and where it looked through many, their changes."""

    rows: dict[_Key, Row | None] = field(default_factory=dict)
    changes: dict[What, int] = field(default_factory=dict)
    renamed: dict[What, int] = field(default_factory=dict)

    def would_differ(self, before: _Rows, after: _Rows) -> bool:
        """Whether the decision may be another one once these rows are no more as before but as after."""
        return any(
            key in self.rows
            or key[0] in self.changes
            or (key[0] in self.renamed and _name(key, row) != _name(key, after[key]))
            for key, row in before.items()
        )


class ValueBook:
    """Used by core's loop only. A row is a JSON object that nobody changes in place: `put` a new one."""

    def __init__(self, sales: SalesOnDisk = ALL_IN_MEMORY) -> None:
        self._sales = sales
        self._held_from = NEVER  # the day from which on all sales are in memory
        self._absent: set[str] = set()  # ids of sales that are not on disk, unless they are in memory, too
        self._rows: dict[What, dict[str, Row]] = {what: {} for what in What}
        self._before: dict[_Key, Row | None] = {}
        self._named: dict[What, defaultdict[str, set[str]]] = {what: defaultdict(set) for what in _INDEXED}
        self._changes = dict.fromkeys(What, 0)  # how often rows of a kind were written
        self._renamed = dict.fromkeys(What, 0)  # how often a name that rows are looked for by came or went
        self._seen: Seen | None = None
        self.overtaking: Callable[[_Rows, _Rows], tuple[Callable[[], None], ...]] = _nobody_minds
        """Called with the rows that a decision has changed, before and after; returns what came before it after all."""

    def __repr__(self) -> str:
        return f"<ValueBook { ({what.value: len(rows) for what, rows in self._rows.items()}) }>"

    def load(self, rows: Iterable[tuple[str, str, bytes]], *, sales_since: str = "") -> None:
        """Take the ledger as it stands on disk. A repeat takes it again; kinds of a newer program are passed over.

        `sales_since` is the first day whose sales are among the rows.
        """
        self._held_from = sales_since
        self._absent.clear()
        for what, row_id, body in rows:
            if what in set(What):
                self._set((What(what), row_id), json.loads(body))

    def get(self, what: What, row_id: str) -> Row | None:
        """Return a row, None when there is none."""
        row = self._known(what, row_id)
        if self._seen is not None:
            self._seen.rows.setdefault((what, row_id), row)
        return row

    def each(self, what: What) -> Iterator[tuple[str, Row]]:
        """Yield all rows of a kind; of sales, those that are in memory."""
        self._look_through(what)
        yield from list(self._rows[what].items())

    def put(self, what: What, row_id: str, row: Row) -> None:
        """Write a row; it is on disk when the entry is."""
        self._change((what, row_id), row)

    def drop(self, what: What, row_id: str) -> None:
        """Remove a row. Twice is as good as once."""
        self._change((what, row_id), None)

    def till_codes(self) -> Collection[str]:
        """Return every till barcode that this store has issued and still knows: as it stands now, not a copy."""
        if self._seen is not None:
            self._seen.renamed[What.COUPON] = self._renamed[What.COUPON]
        return self._named[What.COUPON].keys()

    def serials_of(self, till_code: str) -> tuple[str, ...]:
        """Return the coupons that bear a till barcode: one, or all of a mass coupon."""
        self._look_through(What.COUPON)
        return tuple(sorted(self._named[What.COUPON].get(till_code, ())))

    def sales_numbered(self, sequence_number: str) -> Iterator[Row]:
        """Return the sales known here that bear a printed number, newest first; each is read when it is its turn."""
        self._look_through(What.SALE)
        days: defaultdict[str, set[str]] = defaultdict(set)
        for row_id in self._named[What.SALE].get(sequence_number, ()):
            days[str(self._rows[What.SALE][row_id]["day"])].add(row_id)
        for day, row_id in self._sales.sales_numbered(sequence_number):
            days[day].add(row_id)
        return (
            row
            for day in sorted(days, reverse=True)
            for row in sorted(self._sales_with(days[day]), key=lambda row: str(row["at"]), reverse=True)
        )

    def sales_of(self, day: str) -> list[Row]:
        """Return the sales of a day."""
        self._look_through(What.SALE)
        held = [row for row in self._rows[What.SALE].values() if row["day"] == day]
        if day >= self._held_from:
            return held
        others = set(self._sales.sales_of(day)) - self._rows[What.SALE].keys()
        return [*held, *self._sales_with(others)]

    def sales_naming(self, customer_id: str) -> list[tuple[str, bytes]]:
        """Return what sales on disk may speak of a person, for `hold`. Takes long: not for the loop."""
        return self._sales.sales_naming(customer_id)

    def sales_before(self, day: str, *, limit_rows: int) -> list[str]:
        """Return the ids of the oldest sales on disk of days before one."""
        return self._sales.sales_before(day, limit_rows=limit_rows)

    def hold_from(self, day: str) -> list[str]:
        """Say that sales of days before one may leave memory; return the ids of those that are in it."""
        self._held_from = max(day, self._held_from)
        return [row_id for row_id, row in self._rows[What.SALE].items() if row["day"] < day]

    def leave_to_disk(self, row_id: str) -> None:
        """Let a sale leave memory, if the disk says the very same of it: it is nobody's who is in work."""
        row = self._rows[What.SALE].get(row_id)
        if row is not None and self._sales.sale_row(row_id) == canonical_json(row):
            self._move(row_id, row, present=False)

    def close(self) -> None:
        """Read no more from the disk; the next look-up does again."""
        self._sales.close()

    def hold(self, sales: Iterable[tuple[str, bytes]]) -> None:
        """Take sales into memory as they stand on disk; what is in memory already runs ahead of it."""
        for row_id, body in sales:
            if row_id not in self._rows[What.SALE]:
                self._move(row_id, json.loads(body), present=True)

    def leases_of(self, account: str) -> list[tuple[str, Row]]:
        """Return an account's leases of points."""
        self._look_through(What.LEASE)
        return [(each, self._rows[What.LEASE][each]) for each in self._named[What.LEASE].get(account, ())]

    def leases_of_coupon(self, serial: str) -> list[tuple[str, Row]]:
        """Return the grants of a coupon."""
        self._look_through(What.COUPON_LEASE)
        return [(each, self._rows[What.COUPON_LEASE][each]) for each in self._named[What.COUPON_LEASE].get(serial, ())]

    def holding(self, lease_id: str) -> list[tuple[str, Row]]:
        """Return the reservations that hold, or have held until their time, points of a lease."""
        self._look_through(What.HOLD)
        return [(each, self._rows[What.HOLD][each]) for each in self._named[What.HOLD].get(lease_id, ())]

    def entry(self, records: Iterable[tuple[JournalKind, Row]] = ()) -> Entry:
        """Return what was decided since the last call, to be committed with these records.

        Raises OvertakenError where something came first that a row rests on; nothing is decided then.
        """
        after = {key: self._rows[key[0]].get(key[1]) for key in self._before}
        if self._seen is None and after:
            self._let_go_before(self.overtaking(self._before, after))
        before, self._before = self._before, {}
        changes = tuple(_change(key, row) for key, row in after.items() if row != before[key])
        return Entry(records=tuple(records), changes=changes, before=before, after=after)

    def rehearse(self, decide: Callable[[], Entry]) -> tuple[Entry, Seen]:
        """Return what would be decided now and what of the book it rests on; the book is as it was. Raises as it does.

        Rows that the decision reads back after it has written them are its own, and no part of what it rests on.
        """
        assert not self._before, "in the middle of a decision"
        self._seen = seen = Seen()
        changes, renamed = dict(self._changes), dict(self._renamed)
        try:
            entry = decide()
            self.undo(entry)
        finally:
            self._seen = None
            self.abandon()
            self._changes, self._renamed = changes, renamed
        return entry, Seen(
            rows={**seen.rows, **entry.before},
            changes={what: changes[what] for what in seen.changes},
            renamed={what: renamed[what] for what in seen.renamed},
        )

    def is_as(self, seen: Seen) -> bool:
        """Whether a decision that has seen this would be the same now."""
        return (
            all(self._stands(what, row_id, row) for (what, row_id), row in seen.rows.items())
            and all(self._changes[what] == count for what, count in seen.changes.items())
            and all(self._renamed[what] == count for what, count in seen.renamed.items())
        )

    def redo(self, entry: Entry) -> None:
        """Let what was rehearsed be so."""
        for key, row in entry.after.items():
            self._set(key, row)

    def undo(self, entry: Entry) -> None:
        """Take back what did not reach the disk; a row that was changed again since stays as it is."""
        if self._seen is None:
            for take in self.overtaking(entry.after, entry.before):
                take()
        for key, row in entry.before.items():
            if self._rows[key[0]].get(key[1]) == entry.after.get(key):
                self._set(key, row)

    def abandon(self) -> None:
        """Take back whatever was changed since the last entry: the decision was refused half-way."""
        before, self._before = self._before, {}
        for key, row in before.items():
            self._set(key, row)

    def _let_go_before(self, first: tuple[Callable[[], None], ...]) -> None:
        if first:
            self.abandon()
            for take in first:
                take()
            raise OvertakenError("a receipt was printed that this rests on", fix="ask again")

    def _change(self, key: _Key, row: Row | None) -> None:
        self._before.setdefault(key, self._known(*key))
        self._set(key, row)

    def _known(self, what: What, row_id: str) -> Row | None:
        """Return a row as it stands; a sale that only the disk has is in memory from now on."""
        row = self._rows[what].get(row_id)
        if row is not None or what is not What.SALE or row_id in self._absent:
            return row
        body = self._sales.sale_row(row_id)
        if body is None:
            self._is_absent(row_id)
            return None
        self._move(row_id, json.loads(body), present=True)
        return self._rows[what][row_id]

    def _is_absent(self, row_id: str) -> None:
        if len(self._absent) >= ABSENT_MAX:
            self._absent.clear()
        self._absent.add(row_id)

    def _move(self, row_id: str, row: Row, *, present: bool) -> None:
        """Take a sale from disk into memory, or out of it. No decision is another one for it: nothing has changed."""
        renamed = self._renamed[What.SALE]
        if present:
            self._rows[What.SALE][row_id] = row
        else:
            del self._rows[What.SALE][row_id]
        self._index(What.SALE, row_id, row, present=present)
        self._renamed[What.SALE] = renamed

    def _stands(self, what: What, row_id: str, row: Row | None) -> bool:
        found = self._rows[what].get(row_id)
        return found is row or (what is What.SALE and self._known(what, row_id) == row)

    def _sales_with(self, row_ids: Collection[str]) -> list[Row]:
        """Return sales by their ids; what only the disk has is read and not held."""
        rows = self._rows[What.SALE]
        bodies = (self._sales.sale_row(each) for each in row_ids if each not in rows and each not in self._absent)
        return [*(rows[each] for each in row_ids if each in rows), *(json.loads(body) for body in bodies if body)]

    def _look_through(self, what: What) -> None:
        if self._seen is not None:
            self._seen.changes[what] = self._changes[what]

    def _set(self, key: _Key, row: Row | None) -> None:
        what, row_id = key
        self._changes[what] += 1
        self._index(what, row_id, self._rows[what].get(row_id), present=False)
        self._absent.discard(row_id)
        if row is None:
            self._rows[what].pop(row_id, None)
            if what is What.SALE:
                self._is_absent(row_id)  # or will be, when this is committed
        else:
            self._rows[what][row_id] = row
        self._index(what, row_id, row, present=True)

    def _index(self, what: What, row_id: str, row: Row | None, *, present: bool) -> None:
        if row is None or what not in _INDEXED:
            return
        index, name = self._named[what], _INDEXED[what](row)
        if not name:
            return
        self._renamed[what] += 1
        if present:
            index[name].add(row_id)
            return
        index[name].discard(row_id)
        if not index[name]:
            del index[name]


def _nobody_minds(before: _Rows, after: _Rows) -> tuple[Callable[[], None], ...]:
    del before, after
    return ()


def _name(key: _Key, row: Row | None) -> str:
    """Return what a row is looked for by beside its id."""
    return _INDEXED[key[0]](row) if row is not None and key[0] in _INDEXED else ""


def _change(key: _Key, row: Row | None) -> Change:
    what, row_id = key
    if row is None:
        return DropValue(what=what.value, row_id=row_id)
    return KeepValue(what=what.value, row_id=row_id, body=canonical_json(row))

"""Whatever happens in whatever order, the ledger in memory is the ledger on disk, and no value exists twice."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agent.journal.batch import DropValue, KeepValue
from agent.journal.records import JournalKind
from agent.value.book import Entry, ValueBook, What
from agent.value.coupons import Held
from agent.value.leases import Spending
from agent.value.points import Member
from agent.value.room import ValueRoom
from agent.value.rules import ValueRules
from agent.value.taking_back import SaleTold
from retail.coupon_life import PrintOutcome
from retail.errors import RefusedError
from retail.facts import basket_of
from retail.identifiers import BusinessUnitId, TransactionId, WorkstationId
from retail.items import ItemCatalogue
from retail.leases import Lease
from retail.line_items import ReturnLineItem, SaleLineItem
from retail.money import Money
from retail.offers.campaign_file import campaigns_from_mapping
from retail.transaction import RetailTransaction
from retail.value_policy import value_policy_from_mapping

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CAMPAIGN = {
    "id": "coffee",
    "who": "everybody",
    "where": ["receipt"],
    "starts": "2020-01-01",
    "ends": "2099-12-31",
    "benefit": {"kind": "amount", "value": "1.00"},
    "coupon": {"valid_days": 14, "till_barcode": "ean13:2099{serial:8}"},
    "text": {"en": {"receipt": "x"}},
}
POLICY = {
    "earn": {"points_per_unit": "10"},
    "burn": {"offline": True, "per_transaction": 100, "per_card_and_day": 10_000, "per_store_and_day": 10_000},
}
LANES = st.sampled_from(["1", "2"])
SALES = st.integers(min_value=0, max_value=5)
ANNA = Member(customer_id="c-1", account="c-1")


class Store:
    """A room, the disk below it, and a power switch."""

    def __init__(self, name: str, disk: dict[tuple[str, str], bytes]) -> None:
        key = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"\0"))
        rules = ValueRules(
            store=BusinessUnitId(name),
            own_key=key.public_key().public_bytes_raw(),
            currency="EUR",
            on_trouble=_no_trouble,
        )
        rules.policy = value_policy_from_mapping(POLICY, version="v1")
        rules.use_campaigns(campaigns_from_mapping({"campaign": [CAMPAIGN]}))
        rules.mirror_as_of = NOW.isoformat()
        rules.clock_is_checked = lambda: True
        self.room = ValueRoom(rules, basket_of=lambda sale: basket_of(sale, ItemCatalogue()))
        self.disk = disk
        self.room.book.load((what, row_id, body) for (what, row_id), body in disk.items())

    def commit(self, entry: Entry) -> None:
        for change in entry.changes:
            if isinstance(change, KeepValue):
                self.disk[change.what, change.row_id] = change.body
            elif isinstance(change, DropValue):
                self.disk.pop((change.what, change.row_id), None)


def _no_trouble(error: Exception) -> None:
    raise error


def _sale(number: int, lane: str, *, back: bool = False) -> RetailTransaction:
    amount = Money(Decimal("4.99") * (-1 if back else 1), "EUR")
    goods = ReturnLineItem if back else SaleLineItem
    return RetailTransaction(
        line_items=(goods(description="Coffee", amount=amount),),
        total=amount,
        transaction_id=TransactionId(f"t-{number}{'-back' if back else ''}"),
        workstation_id=WorkstationId(lane),
        sequence_number=str(number + (100 if back else 0)),
    )


class OneStore(RuleBasedStateMachine):
    """Sales, coupons, points, voids, returns, failed commits and kills in any order."""

    @initialize()
    def open(self) -> None:
        self.disk: dict[tuple[str, str], bytes] = {}
        self.store = Store("7781", self.disk)
        self.records: list[tuple[JournalKind, dict[str, object]]] = []
        self.scans = 0
        self.commit(self.store.room.book.entry(self._granted()))

    def _granted(self) -> list[tuple[JournalKind, dict[str, object]]]:
        lease = Lease(
            lease_id="l-1", account="c-1", store=BusinessUnitId("7781"), points=150, expires_at=NOW + timedelta(days=1)
        )
        content = self.store.room.leases.granted(lease, for_request=False)
        return [(JournalKind.POINTS_LEASED, content or {})]

    def commit(self, entry: Entry, *, fails: bool = False) -> None:
        if fails:
            self.store.room.book.undo(entry)
            return
        self.store.commit(entry)
        self.records += entry.records

    def told(
        self, sale: RetailTransaction, kind: JournalKind, *, issued: bool = False, lines: tuple[str, ...] = ()
    ) -> SaleTold:
        contents = []
        if issued:
            serial = f"{'ABCDEF'[int(str(sale.sequence_number))]}" * 12 + "A"
            day = NOW.date()
            content = {"serial": serial, "campaign_id": "coffee", "transaction_id": str(sale.transaction_id)}
            days = {"valid_from": day.isoformat(), "valid_until": (day + timedelta(days=14)).isoformat()}
            contents.append(({**content, **days, "customer_id": "c-1"}, f"2099{int(str(sale.sequence_number)):09d}"))
        basket = basket_of(sale, ItemCatalogue())
        return SaleTold(
            sale=sale,
            kind=kind,
            basket=basket,
            today=NOW.date(),
            now=NOW,
            member=ANNA,
            issued=tuple(contents),
            lines=lines,
        )

    @rule(number=SALES, lane=LANES, fails=st.booleans())
    def sells(self, number: int, lane: str, fails: bool) -> None:
        if self.store.room.book.get(What.SALE, f"t-{number}") is None:
            told = self.told(_sale(number, lane), JournalKind.TRANSACTION_COMPLETED, issued=True)
            self.commit(self.store.room.sale(told), fails=fails)

    @rule(number=SALES, lane=LANES, fails=st.booleans())
    def voids(self, number: int, lane: str, fails: bool) -> None:
        if self.store.room.book.get(What.SALE, f"t-{number}") is not None:
            told = self.told(_sale(number, lane), JournalKind.TRANSACTION_VOIDED)
            self.commit(self.store.room.sale(told), fails=fails)

    @rule(number=SALES, lane=LANES)
    def brings_back(self, number: int, lane: str) -> None:
        back = _sale(number, lane, back=True)
        lines = (f"Original receipt No {number}",)
        self.commit(self.store.room.sale(self.told(back, JournalKind.TRANSACTION_RETURNED, lines=lines)))

    @rule(number=SALES, lane=LANES, fails=st.booleans())
    def holds_out(self, number: int, lane: str, fails: bool) -> None:
        code = f"{'ABCDEF'[number]}" * 12 + "A"
        held = Held(code=code, workstation_id=lane, today=NOW.date(), now=NOW, customer_id="c-1")
        self.scans += 1
        _answer, entry = self.store.room.hold_out(held, scan_id=str(self.scans))
        self.commit(entry, fails=fails)

    @rule(back=st.integers(min_value=0, max_value=3))
    def takes_back(self, back: int) -> None:
        self.commit(self.store.room.taken_back(str(self.scans - back)))

    @rule(lane=LANES, points=st.integers(min_value=1, max_value=120), fails=st.booleans())
    def burns(self, lane: str, points: int, fails: bool) -> None:
        self.scans += 1
        use_id = f"r-{self.scans}"
        spending = Spending(
            points=points,
            account="c-1",
            customer_id="c-1",
            workstation_id=lane,
            use_id=use_id,
            today=NOW.date(),
            now=NOW,
        )
        try:
            burned = self.store.room.leases.burn(spending)
        except RefusedError:
            self.store.room.book.abandon()
            return
        kept = {name: burned[1][name] for name in ("burn_id", "account", "customer_id", "points", "lease_id", "day")}
        self.store.room.open_use(lane, {"serial": "", "burn": kept, "use_id": use_id, "at": NOW.isoformat()})
        self.commit(self.store.room.book.entry([burned]), fails=fails)

    @rule(number=SALES)
    def paper_is_told(self, number: int) -> None:
        self.commit(self.store.room.paper_told([f"{'ABCDEF'[number]}" * 12 + "A"], PrintOutcome.PRINTED))

    @rule()
    def is_killed(self) -> None:
        self.store = Store("7781", self.disk)

    @invariant()
    def memory_is_what_the_disk_says(self) -> None:
        book = ValueBook()
        book.load((what, row_id, body) for (what, row_id), body in self.disk.items())
        for what in What:
            assert dict(book.each(what)) == dict(self.store.room.book.each(what)), what

    @invariant()
    def no_coupon_is_used_twice_and_none_is_given_back_twice(self) -> None:
        standing: Counter[str] = Counter()
        for kind, content in self.records:
            if kind is JournalKind.COUPON_REDEEMED and not content.get("confirms"):
                standing[str(content["serial"])] += 1
            elif kind is JournalKind.COUPON_RESTORED:
                standing[str(content["serial"])] -= 1
        assert all(0 <= times <= 1 for times in standing.values()), standing

    @invariant()
    def the_lease_is_what_was_burned_of_it(self) -> None:
        spent = 0
        for kind, content in self.records:
            points = int(str(content.get("points", 0)))
            if kind is JournalKind.POINTS_BURNED:
                spent += points
            elif kind is JournalKind.POINTS_REVERSED and content["of"] == "burned":
                spent -= points
        row = self.store.room.book.get(What.LEASE, "l-1")
        assert row is not None
        assert (row["spent"], row["spent"] <= 150) == (spent, True)

    @invariant()
    def points_earned_are_what_the_journal_says(self) -> None:
        told = 0
        for kind, content in self.records:
            points = int(str(content.get("points", 0)))
            if kind is JournalKind.POINTS_EARNED:
                told += points
            elif kind is JournalKind.POINTS_REVERSED and content["of"] == "earned" and content["lot_id"]:
                told -= points  # without a lot it was earned in another store, whose points the hub has
        row = self.store.room.book.get(What.POINTS, "c-1") or {"lots": [], "debt": 0}
        kept = sum(lot["earned"] - lot["reversed"] for lot in row["lots"])
        assert kept == told, json.dumps(row)


OneStore.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestOneStore = OneStore.TestCase

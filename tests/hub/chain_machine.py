"""Three stores and a hub, as a machine that does at random what stores, people and links do; its invariants are I4.

Coupons go by `offline = "leases"`, under which no double use is allowed at all; points by leases granted ahead. What
stores have told lies in the hub's own tables, told late, told twice, and after kills and failed commits.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from agent.journal.records import JournalKind
from agent.offering.coupons import CouponIssuer
from agent.value.book import Entry, What
from agent.value.coupons import Held
from agent.value.leases import Spending
from agent.value.taking_back import SaleTold
from hub.bootstrap import open_hub
from hub.callers import Caller
from hub.config import HubConfig
from hub.value.coupon_leases import CouponLeasing
from hub.value.leases import Leasing
from hub.value.reconcile import reconcile
from retail.errors import RefusedError
from retail.facts import basket_of
from retail.identifiers import CustomerId, TransactionId
from retail.items import ItemCatalogue
from retail.leases import Lease
from retail.money import Money
from retail.offers.decision import Reward
from retail.transaction import RetailTransaction
from sync.protocol.value_messages import CouponQuestion, CouponVerdict
from tests.hub.stores_of_a_chain import (
    ANNA,
    BEGAN,
    CAMPAIGN,
    GOODS,
    KEYS,
    NAMES,
    POLICY,
    RECORD,
    Paid,
    Store,
    row_of,
    sale_of,
)

OPENING = 500
WITHIN = timedelta(days=9)  # what is earned still waits: taking it back costs points that nobody could lease
COUPONS_OUT = 2
STORES, LANES, COUPONS = st.sampled_from(NAMES), st.sampled_from(["1", "2"]), st.integers(0, COUPONS_OUT - 1)
PIECES = st.sampled_from([("Coffee",), ("Tea",), ("Bread", "Tea"), tuple(GOODS)])


class Chain(RuleBasedStateMachine):
    """Three stores and a hub."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.now = BEGAN
        config = HubConfig(state_dir=Path(self.folder.name), tenant="chain", country="DE")
        self.hub = open_hub(config, clock=lambda: self.now)
        with self.hub.database.writing() as session:
            for name in NAMES:
                session.run("put_store", tenant_id="chain", store_id=name, name="", now=BEGAN.isoformat())
                session.run(
                    "put_agent", agent_id=f"a-{name}", tenant_id="chain", store_id=name, epoch=1, now=BEGAN.isoformat()
                )
            session.bulk(
                "customer",
                columns=(
                    *("tenant_id", "customer_id", "first_name", "language", "birthday", "tier", "points"),
                    *("household_id", "employee"),
                ),
                rows=[("chain", "c-1", "", "", "", "", OPENING, "", 0)],
            )
        self.stores = {name: Store(name) for name in NAMES}
        self.tokens: dict[int, str] = {}
        self.count = 0
        self.scans: dict[str, list[str]] = {name: [] for name in NAMES}
        self.sold: dict[str, list[int]] = {name: [] for name in NAMES}
        self.paid: dict[tuple[str, int], Paid] = {}
        for number in range(COUPONS_OUT):
            self._is_issued(number, lane="1")

    def teardown(self) -> None:
        if hasattr(self, "hub"):
            for store in self.stores.values():
                store.has_link = True
                self._sync(store)
            report = reconcile(self.hub.database, "chain", point_value=Decimal("0.01"), now=self.now)
            self.hub.close()
            self.folder.cleanup()
            assert [(line.finding, line.why) for line in report.findings] == []

    # What happens

    def _is_issued(self, number: int, *, lane: str) -> None:
        """Issue a coupon some days ago, so that it is no more its store's alone."""
        store, day = self.stores["7781"], self.now.date() - timedelta(days=3)
        self.count += 1
        sale = sale_of("7781", self.count, lane)
        reward = Reward(
            campaign=CAMPAIGN,
            value=Decimal(1),
            cost=Money.of("1", "EUR"),
            valid_until=day + timedelta(days=300),
            why=(),
        )
        coupon = CouponIssuer(KEYS["7781"]).issue(
            reward, transaction_id=TransactionId(str(sale.transaction_id)), today=day, holder=CustomerId("c-1")
        )
        content = {
            "serial": coupon.serial,
            "campaign_id": "coffee",
            "transaction_id": str(sale.transaction_id),
            "valid_from": day.isoformat(),
            "valid_until": (day + timedelta(days=300)).isoformat(),
            "customer_id": "c-1",
        }
        entry = store.room.sale(self._told(sale, JournalKind.TRANSACTION_COMPLETED, issued=((content, ""),)))
        store.commit(entry + Entry(records=((JournalKind.COUPON_ISSUED, content),)), self.now)
        self.sold["7781"].append(self.count)
        self.tokens[number] = coupon.token

    @rule(name=STORES, number=COUPONS, lane=LANES, fails=st.booleans(), answer_is_lost=st.booleans())
    def is_held_out(self, name: str, number: int, lane: str, *, fails: bool, answer_is_lost: bool) -> None:
        store = self.stores[name]
        held = Held(
            code=self.tokens[number], workstation_id=lane, today=self.now.date(), now=self.now, customer_id="c-1"
        )
        question = store.room.coupons.question(held) if store.has_link else None
        if question is not None:
            self._ask(store, question, answer_is_lost=answer_is_lost)
        self.count += 1
        _answer, entry = store.room.hold_out(held, scan_id=str(self.count))
        store.commit(entry, self.now, fails=fails)
        self.scans[name].append(str(self.count))

    @rule(name=STORES, number=COUPONS)
    def is_held_out_plainly(self, name: str, number: int) -> None:
        self.is_held_out(name, number, "1", fails=False, answer_is_lost=False)

    @rule(name=STORES, number=COUPONS)
    def is_held_out_and_taken_back(self, name: str, number: int) -> None:
        self.is_held_out_plainly(name, number)
        self.is_undone(name, 0)

    @rule(name=STORES, back=st.integers(0, 2))
    def is_undone(self, name: str, back: int) -> None:
        if len(self.scans[name]) > back:
            store = self.stores[name]
            store.commit(store.room.taken_back(self.scans[name][-1 - back]), self.now)

    @rule(name=STORES, lane=LANES, fails=st.booleans())
    def is_paid(self, name: str, lane: str, *, fails: bool) -> None:
        self.count += 1
        store = self.stores[name]
        sale = sale_of(name, self.count, lane)
        store.commit(store.room.sale(self._told(sale, JournalKind.TRANSACTION_COMPLETED)), self.now, fails=fails)
        row = store.room.book.get(What.SALE, str(sale.transaction_id))
        burns = [use["burn"] for use in row["uses"] if use.get("burn")] if row is not None else []
        self.paid[name, self.count] = Paid(burns=burns)
        self.sold[name].append(self.count)

    @rule(name=STORES, points=st.sampled_from([60, 150, 200]))
    def is_paid_with_points(self, name: str, points: int) -> None:
        """Let a member come home and pay with points: without this, chance hardly ever strings together what it takes."""
        store = self.stores[name]
        store.has_link = True
        if not self._left(store):
            self.a_shift_goes_by()
            self.is_lent(name, 200)
            self._sync(store)
        self.is_burned(name, "1", min(points, self._left(store)) or points, fails=False)
        self.is_paid(name, "1", fails=False)

    @rule(name=STORES, goods=PIECES)
    def is_paid_with_points_and_brought_back(self, name: str, goods: tuple[str, ...]) -> None:
        self.is_paid_with_points(name, 150)
        self.is_brought_back(name, "1", len(self.sold[name]) - 1, goods, is_void=False)

    @rule(name=STORES)
    def is_paid_with_points_and_voided(self, name: str) -> None:
        self.is_paid_with_points(name, 150)
        self.is_brought_back(name, "1", len(self.sold[name]) - 1, (), is_void=True)

    @rule(name=STORES, lane=LANES, which=st.integers(0, 9), goods=PIECES, is_void=st.booleans())
    def is_brought_back(self, name: str, lane: str, which: int, goods: tuple[str, ...], *, is_void: bool) -> None:
        if not self.sold[name]:
            return
        store, number = self.stores[name], self.sold[name][which % len(self.sold[name])]
        kind = JournalKind.TRANSACTION_VOIDED if is_void else JournalKind.TRANSACTION_RETURNED
        self.count += 1
        goods = tuple(GOODS) if is_void else goods
        sale = sale_of(name, number, lane, back="" if is_void else f"-back-{self.count:03}", goods=goods)
        known = store.room.book.get(What.SALE, f"t-{name}-{number}") is not None
        store.commit(store.room.sale(self._told(sale, kind, lines=(f"Original receipt No {number}",))), self.now)
        paid = self.paid.get((name, number))
        if paid is not None and known and (is_void or paid.back.isdisjoint(goods)):
            paid.back |= set(goods)

    @rule(name=STORES, points=st.sampled_from([60, 200, 300]))
    def is_lent(self, name: str, points: int) -> None:
        try:
            Leasing(self.hub.database).grant(
                "chain",
                account="c-1",
                store_id=name,
                asked=points,
                life=timedelta(hours=2),
                for_request=False,
                now=self.now,
            )
        except RefusedError:
            return

    @rule(name=STORES)
    def is_lent_and_burned_to_the_last(self, name: str) -> None:
        self.is_lent(name, 300)
        store = self.stores[name]
        if store.has_link:
            self._sync(store)
        self.is_burned(name, "1", max(self._left(store), 1), fails=False)

    @rule(name=STORES, lane=LANES, points=st.sampled_from([40, 150, 200]), fails=st.booleans())
    def is_burned(self, name: str, lane: str, points: int, *, fails: bool) -> None:
        store = self.stores[name]
        store.room.rules.mirror_as_of = self.now.isoformat()
        self.count += 1
        spending = Spending(
            points=points,
            account="c-1",
            customer_id="c-1",
            workstation_id=lane,
            use_id=f"r-{name}-{self.count}",
            today=self.now.date(),
            now=self.now,
        )
        try:
            kind, content = store.room.leases.burn(spending)
        except RefusedError:
            store.room.book.abandon()
            return
        kept = {each: content[each] for each in ("burn_id", "account", "customer_id", "points", "lease_id", "day")}
        use = {"serial": "", "burn": kept, "use_id": spending.use_id, "at": self.now.isoformat()}
        store.room.open_use(lane, use)
        store.commit(store.room.book.entry([(kind, content)]), self.now, fails=fails)

    @rule(name=STORES, twice=st.booleans())
    def syncs(self, name: str, *, twice: bool) -> None:
        store = self.stores[name]
        if store.has_link:
            again = list(store.untold) if twice else []
            self._sync(store)
            store.untold = again

    @rule(name=STORES)
    def loses_or_finds_its_link(self, name: str) -> None:
        self.stores[name].has_link = not self.stores[name].has_link

    @rule(name=STORES)
    def is_killed(self, name: str) -> None:
        self.stores[name].switch_on()

    @rule(minutes=st.sampled_from([1, 9, 11, 25, 130, 1_500, 4_400]))
    def time_passes(self, minutes: int) -> None:
        if self.now - BEGAN < WITHIN:
            self.now += timedelta(minutes=minutes)
        for store in self.stores.values():
            store.commit(store.room.time_passed(self.now), self.now)

    @rule()
    def a_shift_goes_by(self) -> None:
        """Grants end and are handed back wherever there is a link."""
        self.time_passes(130)
        for store in self.stores.values():
            if store.has_link:
                self._sync(store)

    # What always holds

    @invariant()
    def no_coupon_stands_in_two_sales(self) -> None:
        standing: Counter[str] = Counter()
        for store in getattr(self, "stores", {}).values():
            for kind, content, _at in store.told:
                if kind is JournalKind.COUPON_REDEEMED and not content.get("confirms"):
                    standing[str(content["serial"])] += 1
                elif kind is JournalKind.COUPON_RESTORED:
                    standing[str(content["serial"])] -= 1
        assert all(0 <= times <= 1 for times in standing.values()), standing

    @invariant()
    def no_point_is_spent_that_was_not_there(self) -> None:
        spent = 0
        for store in getattr(self, "stores", {}).values():
            for kind, content, _at in store.told:
                if kind is JournalKind.POINTS_BURNED:
                    spent += content["points"]
                elif kind is JournalKind.POINTS_REVERSED and content["of"] == "burned":
                    spent -= content["points"]
        assert 0 <= spent <= OPENING, spent

    @precondition(lambda self: hasattr(self, "paid"))
    @invariant()
    def points_that_paid_go_back_with_the_goods_exactly(self) -> None:
        given: Counter[str] = Counter()
        for store in self.stores.values():
            for kind, content, _at in store.told:
                if kind is JournalKind.POINTS_REVERSED and content["of"] == "burned":
                    given[content["burn_id"]] += content["points"]
        for sale, paid in self.paid.items():
            assert {each: given[each] for each in paid.owed()} == paid.owed(), (sale, paid)

    @precondition(lambda self: hasattr(self, "stores"))
    @invariant()
    def what_is_on_disk_is_what_is_known(self) -> None:
        for store in self.stores.values():
            assert {what for what, _row_id in store.disk} <= {each.value for each in What}

    # Parts

    def reached(self) -> Counter[str]:
        """Return what has happened in this run that no run should be without for long."""
        told = [(kind, content) for store in self.stores.values() for kind, content, _at in store.told]
        paid = [sale for sale in self.paid.values() if sale.burns]
        return Counter(
            {
                "sales paid with points": len(paid),
                "sales paid with points, brought back": sum(1 for sale in paid if sale.back),
                "coupons used": sum(1 for kind, _ in told if kind is JournalKind.COUPON_REDEEMED),
                "coupons refused": sum(1 for kind, _ in told if kind is JournalKind.COUPON_REFUSED),
                "coupons given back": sum(1 for kind, _ in told if kind is JournalKind.COUPON_RESTORED),
                "leases handed back": sum(1 for kind, _ in told if kind is JournalKind.POINTS_UNLEASED),
            }
        )

    def _left(self, store: Store) -> int:
        store.room.rules.mirror_as_of = self.now.isoformat()
        return store.room.leases.redeemable("c-1", customer_id="c-1", today=self.now.date(), now=self.now)

    def _ask(self, store: Store, question: dict[str, Any], *, answer_is_lost: bool) -> None:
        caller = Caller(tenant_id="chain", store_id=store.name, agent_id=f"a-{store.name}", epoch=1, key_id="k")
        asked = CouponQuestion(
            serial=question["serial"],
            issued_at=question["issued_at"],
            valid_from=datetime.fromisoformat(question["valid_from"]).date(),
            take=True,
        )
        answer = CouponLeasing(self.hub.database).ask(caller, asked, policy=POLICY.coupons, now=self.now)
        if answer_is_lost:
            return
        if answer.verdict is CouponVerdict.GRANTED:
            assert answer.lease is not None
            self._granted(store, answer.lease.model_dump())
        else:
            store.room.coupons.leases.said(question["serial"], answer.model_dump(mode="json"), self.now)

    def _granted(self, store: Store, lease: dict[str, Any]) -> None:
        content = store.room.coupons.leases.granted(lease)
        records = [] if content is None else [(JournalKind.COUPON_LEASED, content)]
        store.commit(store.room.book.entry(records), self.now)

    def _sync(self, store: Store) -> None:
        """Upload what is untold, then learn of leases: as the courier and the desk do."""
        rows = [row_of(store, each) for each in store.untold]
        with self.hub.database.writing() as session:
            session.bulk("journal_record", columns=RECORD, rows=rows)
        store.untold = []
        for lease, for_request in Leasing(self.hub.database).held_by("chain", store.name, now=self.now):
            self._leased(store, lease, for_request=for_request)
        for coupon in CouponLeasing(self.hub.database).held_by("chain", store.name, now=self.now):
            self._granted(store, coupon.model_dump())

    def _leased(self, store: Store, lease: Lease, *, for_request: bool) -> None:
        content = store.room.leases.granted(lease, for_request=for_request)
        records = [] if content is None else [(JournalKind.POINTS_LEASED, content)]
        store.commit(store.room.book.entry(records), self.now)

    def _told(self, sale: RetailTransaction, kind: JournalKind, **more: Any) -> SaleTold:
        basket, today = basket_of(sale, ItemCatalogue()), self.now.date()
        return SaleTold(sale=sale, kind=kind, basket=basket, today=today, now=self.now, member=ANNA, **more)

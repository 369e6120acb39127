"""Stores of a chain for tests of value: real ledgers, disks that a commit may miss, and records that a hub has not had."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.journal.batch import DropValue, KeepValue
from agent.journal.records import JournalKind, canonical_json
from agent.value.book import Entry
from agent.value.points import Member
from agent.value.room import ValueRoom
from agent.value.rules import ValueRules
from retail.facts import basket_of
from retail.identifiers import BusinessUnitId, TransactionId, WorkstationId
from retail.items import ItemCatalogue
from retail.line_items import ReturnLineItem, SaleLineItem
from retail.money import Money
from retail.offers.campaign_file import campaigns_from_mapping
from retail.transaction import RetailTransaction
from retail.value_policy import value_policy_from_mapping
from sync.protocol.coupons import CouponVerifier, StoreKey

NAMES = ("7781", "7782", "7783")
BEGAN = datetime(2026, 11, 22, 10, tzinfo=UTC)
POLICY = value_policy_from_mapping(
    {
        "earn": {"points_per_unit": "10"},
        "coupons": {"offline": "leases", "lease_days": 0},
        "burn": {"offline": True, "per_transaction": 200, "per_card_and_day": 9_999, "per_store_and_day": 9_999},
    },
    version="v1",
)
CAMPAIGN = campaigns_from_mapping(
    {
        "campaign": [
            {
                "id": "coffee",
                "who": "everybody",
                "where": ["receipt"],
                "starts": "2020-01-01",
                "ends": "2099-12-31",
                "benefit": {"kind": "amount", "value": "1.00"},
                "coupon": {"valid_days": 300},
                "text": {"en": {"receipt": "x"}},
            }
        ]
    }
)[0]
KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"\0")) for name in NAMES}
ANNA = Member(customer_id="c-1", account="c-1")


def put_two_stores(session: Any, *, now: datetime) -> None:
    """Let a chain have two stores with an agent each: 7781 and 7782."""
    session.run("put_tenant", tenant_id="chain", country="DE", now=now.isoformat())
    for store in NAMES[:2]:
        session.run("put_store", tenant_id="chain", store_id=store, name="", now=now.isoformat())
        session.run("put_agent", agent_id=f"a-{store}", tenant_id="chain", store_id=store, epoch=1, now=now.isoformat())


@dataclass
class Store:
    """A store's ledger in memory, its disk, and the records that its hub has not had yet."""

    name: str
    disk: dict[tuple[str, str], bytes] = field(default_factory=dict)
    untold: list[tuple[JournalKind, dict[str, Any], datetime]] = field(default_factory=list)
    told: list[tuple[JournalKind, dict[str, Any], datetime]] = field(default_factory=list)
    uploaded: int = 0
    has_link: bool = True

    def __post_init__(self) -> None:
        self.switch_on()

    def switch_on(self) -> None:
        rules = ValueRules(
            store=BusinessUnitId(self.name),
            own_key=KEYS[self.name].public_key().public_bytes_raw(),
            currency="EUR",
            on_trouble=_raise,
        )
        rules.policy = POLICY
        rules.use_campaigns([CAMPAIGN])
        rules.verifier = CouponVerifier(
            StoreKey(business_unit_id=BusinessUnitId(name), public_key=key.public_key().public_bytes_raw())
            for name, key in KEYS.items()
        )
        rules.clock_is_checked = lambda: True
        self.room = ValueRoom(rules, basket_of=lambda sale: basket_of(sale, ItemCatalogue()))
        self.room.book.load((what, row_id, body) for (what, row_id), body in self.disk.items())

    def commit(self, entry: Entry, now: datetime, *, fails: bool = False) -> None:
        if fails:
            self.room.book.undo(entry)
            return
        for change in entry.changes:
            if isinstance(change, KeepValue):
                self.disk[change.what, change.row_id] = change.body
            elif isinstance(change, DropValue):
                self.disk.pop((change.what, change.row_id), None)
        news = [(kind, content, now) for kind, content in entry.records]
        self.untold += news
        self.told += news


def _raise(error: Exception) -> None:
    raise error


GOODS = {"Coffee": Decimal("4.99"), "Tea": Decimal("2.50"), "Bread": Decimal("1.01")}


@dataclass
class Paid:
    """A sale as the test remembers it: the points that paid for it, and which of its goods have come back."""

    burns: list[dict[str, Any]]
    back: set[str] = field(default_factory=set)

    def owed(self) -> dict[str, int]:
        """Return how many points of each burn belong to its member again: their share by price, rounded down."""
        worth = sum((GOODS[name] for name in self.back), Decimal(0))
        share = worth / sum(GOODS.values())
        return {each["burn_id"]: int(each["points"] * share) for each in self.burns}


def sale_of(
    store: str, number: int, lane: str, *, back: str = "", goods: tuple[str, ...] = tuple(GOODS)
) -> RetailTransaction:
    kind, sign = (ReturnLineItem, -1) if back else (SaleLineItem, 1)
    lines = tuple(kind(description=name, amount=Money(GOODS[name] * sign, "EUR")) for name in goods)
    return RetailTransaction(
        line_items=lines,
        total=Money(sum((line.amount.amount for line in lines), Decimal(0)), "EUR"),
        transaction_id=TransactionId(f"t-{store}-{number}{back}"),
        workstation_id=WorkstationId(lane),
        sequence_number=str(number) if not back else f"9{number}{back[-3:]}",
    )


def row_of(store: Store, told: tuple[JournalKind, dict[str, Any], datetime]) -> tuple[object, ...]:
    """Return a record as uploads put it into the hub's table."""
    kind, content, at = told
    store.uploaded += 1
    head = (f"a-{store.name}", 1, 0, store.uploaded, kind.value, "1", at.isoformat(), "synchronised")
    payload = canonical_json(content).decode()
    return (*head, at.date().isoformat(), payload, bytes(32), bytes(32), at.isoformat())


RECORD = (
    *("agent_id", "epoch", "branch", "seq", "kind", "workstation_id", "occurred_at", "clock_quality"),
    *("business_day", "payload", "payload_hash", "hash", "received_at"),
)

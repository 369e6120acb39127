"""Sales of earlier days stay on disk: memory holds a day, and whoever names an old one finds it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.journal.batch import Batch, KeepValue
from agent.journal.ledger_reader import LedgerReader
from agent.journal.queries import migration_scripts
from agent.journal.records import JournalKind, canonical_json
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from agent.value.book import Entry, Row, What
from agent.value.old_sales import SWEPT_AT_ONCE
from agent.value.points import KEPT_DAYS, Member
from agent.value.room import ValueRoom
from agent.value.rules import ValueRules
from agent.value.taking_back import SaleTold
from retail.facts import basket_of
from retail.identifiers import BusinessUnitId, TransactionId, WorkstationId
from retail.items import ItemCatalogue
from retail.line_items import ReturnLineItem, SaleLineItem
from retail.money import Money
from retail.transaction import RetailTransaction
from retail.value_policy import value_policy_from_mapping

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ANNA = Member(customer_id="c-1", account="c-1")
BORIS = Member(customer_id="c-2", account="c-2")


class Shop:
    """A room over a journal on disk. `restart` starts a new one over the same journal."""

    def __init__(self, folder: Path) -> None:
        place = JournalPlace(path=folder / "journal.db", key=KEY, now=lambda: NOW)
        self.store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
        self.store.open()
        self.reader = LedgerReader(place.path, KEY)
        self.restart(NOW)

    def restart(self, now: datetime) -> None:
        key = Ed25519PrivateKey.from_private_bytes(b"7781".ljust(32, b"\0"))
        rules = ValueRules(
            store=BusinessUnitId("7781"),
            own_key=key.public_key().public_bytes_raw(),
            currency="EUR",
            on_trouble=_no_trouble,
        )
        rules.policy = value_policy_from_mapping({"earn": {"points_per_unit": "10"}}, version="v1")
        self.room = ValueRoom(rules, basket_of=lambda sale: basket_of(sale, ItemCatalogue()), sales=self.reader)
        self.now, since = now, now.date().isoformat()
        self.room.book.load(self.reader.value_rows(sales_since=since), sales_since=since)
        self.new_day(now)

    def new_day(self, now: datetime) -> None:
        """Let a day begin, and as many seconds pass as going through the last one takes."""
        self.now = now
        self.commit(self.room.new_day(now.date()))
        for _each in range(len(self.in_memory()) // SWEPT_AT_ONCE + 1):
            self.commit(self.room.time_passed(now))

    def commit(self, *entries: Entry) -> None:
        self.store.append([Batch(changes=tuple(change for entry in entries for change in entry.changes))])

    def told(self, sale: RetailTransaction, kind: JournalKind, lines: tuple[str, ...] = ()) -> SaleTold:
        basket = basket_of(sale, ItemCatalogue())
        return SaleTold(
            sale=sale, kind=kind, basket=basket, today=self.now.date(), now=self.now, member=ANNA, lines=lines
        )

    def sells(self, number: int, member: Member = ANNA) -> Entry:
        told = self.told(_sale(number), JournalKind.TRANSACTION_COMPLETED)
        return self.room.sale(replace(told, member=member))

    def takes_back(self, number: int) -> Entry:
        lines = (f"Original receipt No {number}",)
        return self.room.sale(self.told(_sale(number, back=True), JournalKind.TRANSACTION_RETURNED, lines))

    def in_memory(self) -> dict[str, Row]:
        return dict(self.room.book.each(What.SALE))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    with closing(shop.store), closing(shop.reader):
        yield shop


def _no_trouble(error: Exception) -> None:
    raise error


def _sale(number: int, *, back: bool = False) -> RetailTransaction:
    amount = Money(Decimal(-5 if back else 5), "EUR")
    goods = ReturnLineItem if back else SaleLineItem
    return RetailTransaction(
        line_items=(goods(description="Coffee", amount=amount),),
        total=amount,
        transaction_id=TransactionId(f"t-{number}{'-back' if back else ''}"),
        workstation_id=WorkstationId("1"),
        sequence_number=str(number + (100_000 if back else 0)),
    )


def test_what_was_bought_yesterday_comes_back_after_a_restart_by_its_number(shop: Shop):
    shop.commit(shop.sells(17))
    shop.restart(NOW + timedelta(days=1))
    assert shop.in_memory() == {}
    back = shop.takes_back(17)
    assert [(kind, content["points"]) for kind, content in back.records] == [(JournalKind.POINTS_REVERSED, 50)]
    shop.commit(back)
    shop.restart(NOW + timedelta(days=2))
    twice = shop.takes_back(17)
    assert all(content.get("without_receipt", True) for _kind, content in twice.records), "the disk knows that it came"


def test_a_void_that_names_no_number_finds_the_sale_that_a_restart_left_on_disk(shop: Shop):
    shop.commit(shop.sells(17))
    shop.restart(NOW + timedelta(days=1))
    shop.now = NOW  # its clock was a day ahead when it started
    void = replace(_sale(99), transaction_id=TransactionId("t-void"))
    entry = shop.room.sale(shop.told(void, JournalKind.TRANSACTION_VOIDED))
    assert [content["points"] for _kind, content in entry.records] == [50]


def test_a_receipt_handed_over_again_the_day_after_earns_nothing_more_and_forgets_no_return(shop: Shop):
    shop.commit(shop.sells(17))
    shop.commit(shop.takes_back(17))
    before = shop.in_memory()["t-17"]
    shop.new_day(NOW + timedelta(days=1))
    assert shop.in_memory() == {}
    assert shop.sells(17).records == ()
    assert shop.room.book.get(What.SALE, "t-17") == before


def test_a_sale_whose_commit_is_still_on_its_way_stays_in_memory(shop: Shop):
    on_its_way = shop.sells(17)
    shop.new_day(NOW + timedelta(days=1))
    assert list(shop.in_memory()) == ["t-17"]
    shop.commit(on_its_way)
    shop.new_day(NOW + timedelta(days=2))
    assert shop.in_memory() == {}
    assert shop.room.book.get(What.SALE, "t-17") is not None


def test_a_change_that_the_disk_refused_leaves_an_old_sale_as_it_was(shop: Shop):
    shop.commit(shop.sells(17))
    shop.new_day(NOW + timedelta(days=1))
    refused = shop.takes_back(17)
    shop.room.book.undo(refused)
    assert [content["points"] for _kind, content in shop.takes_back(17).records] == [50]


def test_of_two_sales_with_one_number_the_newest_day_comes_first_on_disk_or_in_memory(shop: Shop):
    for day in range(3):
        shop.new_day(NOW + timedelta(days=day))
        sale = replace(_sale(17), transaction_id=TransactionId(f"t-{day}"))
        shop.commit(shop.room.sale(shop.told(sale, JournalKind.TRANSACTION_COMPLETED)))
    assert list(shop.in_memory()) == ["t-2"]
    assert [row["transaction_id"] for row in shop.room.book.sales_numbered("17")] == ["t-2", "t-1", "t-0"]


def test_somebody_who_is_erased_is_named_by_no_sale_on_disk(shop: Shop):
    for day in range(3):
        shop.new_day(NOW + timedelta(days=day))
        shop.commit(shop.sells(day), shop.sells(day + 10, BORIS))
    book = shop.room.book
    book.hold(book.sales_naming("c-1"))
    shop.commit(shop.room.forget("c-1"))
    said = b"".join(body for _what, _id, body in shop.reader.value_rows())
    assert b'"c-1"' not in said
    assert said.count(b'"customer_id":"c-2"') == 3


def test_memory_holds_one_day_of_twenty_thousand_sales_of_forty(shop: Shop):
    held = []
    for day in range(40):
        shop.new_day(NOW + timedelta(days=day))
        shop.commit(*(_kept(shop, day * 500 + each) for each in range(500)))
        held.append(len(shop.in_memory()))
    assert held == [500] * 40
    shop.restart(shop.now)
    assert len(shop.in_memory()) == 500
    assert len(shop.reader.value_rows()) == 20_000


def _kept(shop: Shop, number: int) -> Entry:
    row = {"transaction_id": f"t-{number}", "number": str(number), "day": shop.now.date().isoformat(), "at": "10:00"}
    shop.room.book.put(What.SALE, f"t-{number}", row)
    return shop.room.book.entry()


def test_a_sale_is_dropped_from_the_disk_when_nobody_brings_its_goods_back_any_more(shop: Shop):
    for day in range(2):
        shop.new_day(NOW + timedelta(days=day))
        shop.commit(*(_kept(shop, day * 50 + each) for each in range(50)))
    shop.new_day(NOW + timedelta(days=KEPT_DAYS))
    assert len(shop.reader.value_rows()) == 100
    shop.new_day(NOW + timedelta(days=KEPT_DAYS + 1))
    for _second in range(4):
        shop.commit(shop.room.time_passed(shop.now))
    assert len(shop.reader.value_rows()) == 50
    assert list(shop.room.book.sales_numbered("7")) == []
    assert shop.in_memory() == {}


def test_a_ledger_of_the_schema_before_is_found_by_number_and_day(tmp_path: Path):
    with closing(Shop(tmp_path).store) as store:
        connection = store.connection()
        for name in ("value_sale_number", "value_sale_day"):
            connection.execute(f"DROP INDEX {name}")
        connection.execute("PRAGMA user_version = 4").fetchall()
        body = canonical_json({"number": "17", "day": "2026-11-21"})
        store.append([Batch(changes=(KeepValue(what="sale", row_id="t-17", body=body),))])
    shop = Shop(tmp_path)
    with closing(shop.store), closing(shop.reader):
        assert shop.store.connection().execute("PRAGMA user_version").fetchone()[0] == len(migration_scripts())
        assert shop.reader.sales_numbered("17") == [("2026-11-21", "t-17")]
        assert shop.reader.sales_of("2026-11-21") == ["t-17"]

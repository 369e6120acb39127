"""What journals say of customers and items, folded into the tables that the mirror is made of.

Read behind the uploads, by a cursor for each line of history, so that taking a journal costs what it did. A batch and
its cursor are one transaction: every record is learned from once, whoever reads and however often it is cut off. A
record that names somebody who was erased meanwhile is erased here as everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hub.claims.joining import CLAIMED, Joining
from hub.claims.joining import KINDS as JOINING_KINDS
from hub.imports.merging import merged_accounts
from hub.imports.tokenising import CodeBook
from hub.ingest.contents import content_of
from hub.ingest.projections import AMOUNT_E4_MAX
from hub.keys import HubKeys
from hub.storage.ports import Database, Session
from retail.errors import ConfigurationError, RefusedError
from retail.items import Item, ItemCatalogue
from retail.line_items import SaleLineItem
from retail.money import Money
from sync.protocol.enrolment import from_base64, open_sealed
from sync.protocol.persons import names_person
from sync.protocol.tokens import LOCATOR_BYTES, TOKEN_BYTES

BATCH_RECORDS = 500
"""Records between two commits: about 20 ms in which an upload waits."""

TEXT_CHARS_MAX = 200
KEYS_LEARNED = ("item:", "need:", "category:", "brand:")
"""Of an item's keys those that rules ask of the past; a GTIN is its item."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """What a round of learning goes by."""

    tenant_id: str
    joining: Joining
    items: ItemCatalogue
    merged: Mapping[str, str]
    erased: frozenset[str]
    erased_locators: frozenset[str]


@dataclass(frozen=True, slots=True)
class Learner:
    """Learns from the journals of one hub."""

    database: Database
    keys: HubKeys

    def learn(self, tenant_id: str) -> int:
        """Read everything that is new; return how many records there were."""
        chain = self._chain(tenant_id)
        with self.database.reading() as session:
            places = session.rows("learning_places", tenant_id=tenant_id)
        read = 0
        for agent_id, epoch, branch, store_id in places:
            place = {"agent_id": agent_id, "epoch": epoch, "branch": branch}
            while more := self._take(chain, store_id=store_id, place=place):
                read += more
        self._link(chain)
        self._forget_mapped(chain)
        return read

    def _take(self, chain: _Chain, *, store_id: str, place: Mapping[str, Any]) -> int:
        """Learn from the next records of a line of history; return how many there were."""
        with self.database.writing() as session:
            change_no = _change_no(session, chain.tenant_id)  # its lock lets one learner at a time see the cursor
            known = session.row("learning_cursor", **place)
            rows = session.rows("records_to_learn", seq=known[0] if known else 0, rows_max=BATCH_RECORDS, **place)
            for seq, kind, day, payload in rows:
                content = content_of(payload)
                if content is None:
                    continue
                if chain.erased and names_person(content, chain.erased, chain.erased_locators):
                    session.run("erase_journal_record", seq=seq, **place)
                elif kind == "transaction.completed":
                    _learn_lines(session, chain, content, day=day)
                elif kind == "customer.identified":
                    _learn_customer(session, chain, content, store_id=store_id, day=day, change_no=change_no)
                elif kind in JOINING_KINDS:
                    chain.joining.take(session, kind, content, day=day, change_no=change_no)
            if rows:
                session.run("move_learning", seq=rows[-1][0], **place)
        return len(rows)

    def _link(self, chain: _Chain) -> None:
        """Give the purchases of unknown codes to their holders, where they are known by now."""
        with self.database.reading() as session:
            waiting = session.rows("unlinked_codes", tenant_id=chain.tenant_id)
            found = [
                (locator, transaction_id, holder)
                for locator, transaction_id, sealed, store_id in waiting
                if store_id != CLAIMED or _has_arrived(session, chain, transaction_id)
                if (holder := _holder(session, chain, locator) or self._holder_of(session, chain, sealed)) is not None
            ]
        for start in range(0, len(found), BATCH_RECORDS):
            with self.database.writing() as session:
                change_no = _change_no(session, chain.tenant_id)
                for locator, transaction_id, holder in found[start : start + BATCH_RECORDS]:
                    session.run(
                        "link_code",
                        tenant_id=chain.tenant_id,
                        locator=locator,
                        transaction_id=transaction_id,
                        customer_id=holder,
                    )
                    _bought(session, chain, holder, transaction_id, change_no=change_no)

    def _holder_of(self, session: Session, chain: _Chain, sealed: str) -> str | None:
        """Return the holder of a sealed code: also of one that was imported and whose token is not paid for yet."""
        if not sealed:
            return None
        keys = self.keys.tenant(chain.tenant_id)
        try:
            code = open_sealed(keys.contact, from_base64(sealed)).decode()
        except (RefusedError, ValueError):
            return None  # not sealed to this chain: whose it is will be known by its token, or never
        row = session.row("holder_of_code", tenant_id=chain.tenant_id, code_index=CodeBook(keys).index(code))
        return str(row[0]) if row else None

    def _forget_mapped(self, chain: _Chain) -> None:
        """Drop lines that items.csv has come to know."""
        with self.database.reading() as session:
            rows = session.rows("all_unmapped", tenant_id=chain.tenant_id)
        mapped = [row for row in rows if chain.items.find(_line(row[0], row[1], "")) is not None]
        with self.database.writing() as session:
            session.many(
                "drop_unmapped",
                sets=[{"tenant_id": chain.tenant_id, "receipt_text": text, "gtin": gtin} for text, gtin in mapped],
            )

    def _chain(self, tenant_id: str) -> _Chain:
        with self.database.reading() as session:
            items = ItemCatalogue(_item(json.loads(row[0])) for row in session.each("items", tenant_id=tenant_id))
            erasures = session.rows("erasures", tenant_id=tenant_id)
            country = session.row("tenant_country", tenant_id=tenant_id)
        return _Chain(
            tenant_id=tenant_id,
            joining=Joining(
                tenant_id=tenant_id, country=str(country[0]) if country else "", keys=self.keys.tenant(tenant_id)
            ),
            items=items,
            merged=merged_accounts(self.database, tenant_id),
            erased=frozenset(str(row[1]) for row in erasures),
            erased_locators=frozenset(locator for row in erasures for locator in json.loads(row[2])),
        )


def _learn_lines(session: Session, chain: _Chain, content: Mapping[str, Any], *, day: str) -> None:
    """Count the lines of a sale that no item means, and how much of the revenue is mapped."""
    revenue = {"revenue_mapped": 0, "revenue_unmapped": 0}
    for text, gtin, item_id, amount_e4 in _lines(content):
        known = chain.items.find(_line(text, gtin, item_id)) is not None
        revenue["revenue_mapped" if known else "revenue_unmapped"] += amount_e4
        if not known:
            session.run(
                "add_unmapped",
                tenant_id=chain.tenant_id,
                receipt_text=text,
                gtin=gtin,
                revenue_e4=amount_e4,
                last_day=day,
            )
    for what, number in revenue.items():
        if number:
            session.run("raise_mark", tenant_id=chain.tenant_id, what=what, number=number)


def _learn_customer(
    session: Session, chain: _Chain, content: Mapping[str, Any], *, store_id: str, day: str, change_no: int
) -> None:
    transaction_id, locator = content.get("transaction_id"), content.get("locator")
    if not isinstance(transaction_id, str):
        return
    customer_id = content.get("customer_id")
    if isinstance(customer_id, str) and customer_id:
        _bought(session, chain, chain.merged.get(customer_id, customer_id), transaction_id, change_no=change_no)
    elif isinstance(locator, str) and len(locator) == 2 * LOCATOR_BYTES:
        session.run(
            "put_unknown_code",
            tenant_id=chain.tenant_id,
            locator=locator,
            transaction_id=transaction_id,
            store_id=store_id,
            sealed=str(content.get("sealed_code") or ""),
            day=day,
        )


def _has_arrived(session: Session, chain: _Chain, transaction_id: str) -> bool:
    return session.row("sale_payloads", tenant_id=chain.tenant_id, transaction_id=transaction_id) is not None


def _bought(session: Session, chain: _Chain, customer_id: str, transaction_id: str, *, change_no: int) -> None:
    """Give a sale to a customer: they came, where, and what they bought of goods that may be spoken of."""
    sale = session.row("sale_payloads", tenant_id=chain.tenant_id, transaction_id=transaction_id)
    who = {"tenant_id": chain.tenant_id, "customer_id": customer_id}
    content = content_of(sale[0]) if sale else None
    if sale is None or content is None or not session.run("came", day=sale[2], change_no=change_no, **who):
        return
    session.run("put_store_seen", store_id=sale[1], day=sale[2], **who)
    found = (chain.items.find(_line(text, gtin, item_id)) for text, gtin, item_id, _ in _lines(content))
    keys = {key for item in found if item and not item.restricted for key in tuple(item.keys())}
    session.many(
        "put_bought",
        sets=[
            {**who, "key": key, "day": sale[2], "change_no": change_no}
            for key in sorted(keys)
            if key.startswith(KEYS_LEARNED)
        ],
    )
    session.run("touch_customer", change_no=change_no, **who)


def _lines(content: Mapping[str, Any]) -> list[tuple[str, str, str, int]]:
    """Return (text, gtin, item id, ten-thousandths) of the goods of a sale; what is no line is passed over."""
    body = content.get("transaction", content)
    lines = body.get("line_items") if isinstance(body, dict) else None
    found = []
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, dict) and line.get("type") == "sale":
            text, gtin, item_id = (
                str(line.get(name) or "")[:TEXT_CHARS_MAX] for name in ("description", "gtin", "item_id")
            )
            found.append((text, gtin, item_id, _e4(line.get("amount"))))
    return found


def _e4(amount: object) -> int:
    try:
        amount_e4 = int(Decimal(str(amount)).scaleb(4))
    except (ArithmeticError, ValueError):
        return 0
    return amount_e4 if abs(amount_e4) <= AMOUNT_E4_MAX else 0


def _line(text: str, gtin: str, item_id: str) -> SaleLineItem:
    nothing = Money(Decimal(0))
    return SaleLineItem(description=text, gtin=gtin or None, item_id=item_id or None, amount=nothing)


def _item(body: Mapping[str, Any]) -> Item:
    return Item(
        item_id=body["item_id"],
        gtin=body["gtin"],
        receipt_text=body["receipt_text"],
        category=body["category"],
        brand=body["brand"],
        substitutes=tuple(body["substitutes"]),
        restricted=body["restricted"],
    )


def _holder(session: Session, chain: _Chain, locator: str) -> str | None:
    low = bytes.fromhex(locator)
    rest = TOKEN_BYTES - LOCATOR_BYTES
    row = session.row("holder_of_locator", tenant_id=chain.tenant_id, low=low + bytes(rest), high=low + b"\xff" * rest)
    return str(row[0]) if row else None


def _change_no(session: Session, tenant_id: str) -> int:
    row = session.row("next_change", tenant_id=tenant_id, what="customers")
    if row is None:
        raise ConfigurationError("the hub's database gives no numbers", fix="restore a backup")
    return int(row[0])

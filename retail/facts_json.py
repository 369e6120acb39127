"""Facts and accounts from JSON, as test vectors, `tillstream offers explain` and the hub's tools write them.

Every field of `Account` and `Facts` by its name; days and times are ISO 8601, amounts decimal strings. A field that
does not exist is refused with the nearest that does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from retail.errors import ConfigurationError
from retail.facts import Basket, Facts, basket_of
from retail.fields import Fields
from retail.identifiers import CampaignId, CustomerId, HouseholdId, SegmentId
from retail.items import Item, ItemCatalogue
from retail.line_items import SaleLineItem
from retail.loyalty import Account, MonthDay
from retail.money import NO_CURRENCY, Money
from retail.transaction import RetailTransaction


def account_from_mapping(table: object, *, path: str = "customer") -> Account:
    """Read an account; ConfigurationError names the field that is wrong."""
    fields = Fields(table, path)
    birthday, purchases, last_visit = fields.text("birthday", ""), fields.value("purchases"), fields.value("last_visit")
    account = Account(
        customer_id=CustomerId(fields.text("customer_id")),
        first_name=fields.text("first_name", ""),
        language=fields.text("language", ""),
        birthday=MonthDay.of(birthday) if birthday else None,
        tier=fields.text("tier", ""),
        points=fields.count("points", 0),
        points_expiring=fields.count("points_expiring", 0),
        points_expire_on=None if fields.value("points_expire_on") is None else fields.day("points_expire_on"),
        household_id=HouseholdId(household) if (household := fields.text("household_id", "")) else None,
        employee=fields.flag("employee"),
        segments={SegmentId(name): day for name, day in _days_or_none(fields, "segments").items()},
        entered={SegmentId(name): day for name, day in _days(fields, "entered").items()},
        paper_offers=fields.flag("paper_offers", default=True),
        rfm_cell=fields.text("rfm_cell", ""),
        purchases=None if purchases is None else fields.count("purchases"),
        last_visit=None if last_visit is None else fields.day("last_visit"),
        last_bought=_days(fields, "last_bought"),
        contacts={CampaignId(name): int(str(count)) for name, count in _mapping(fields, "contacts").items()},
    )
    fields.done()
    return account


def facts_from_mapping(table: object, *, path: str = "facts") -> Facts:
    """Read facts; ConfigurationError names the field that is wrong. `moment` must be there, all else may be absent."""
    fields = Fields(table, path)
    account, visit, here = fields.value("account"), fields.value("last_kiosk_visit"), fields.value("last_visit_here")
    moment = fields.text("moment")
    try:
        read_moment = datetime.fromisoformat(moment)
    except ValueError as error:
        raise fields.error("moment", f"must be a time such as 2026-11-21T12:00:00+01:00, not {moment!r:.60}") from error
    facts = Facts(
        moment=read_moment,
        account=None if account is None else account_from_mapping(account, path=f"{path}.account"),
        basket=basket_from_json(fields.value("basket") or [], path=f"{path}.basket"),
        workstation_id=fields.text("workstation_id", ""),
        bought_here=_days(fields, "bought_here"),
        last_kiosk_visit=None if visit is None else fields.day("last_kiosk_visit"),
        interests=_days(fields, "interests"),
        last_visit_here=None if here is None else fields.day("last_visit_here"),
    )
    fields.done()
    return facts


def basket_from_json(
    document: object,
    *,
    path: str = "basket",
    items: ItemCatalogue | None = None,
    allowed: frozenset[str] = frozenset(),
) -> Basket:
    """Read a basket: a list of lines, or a document in the Transaction shape of the contracts (its `line_items`).

    A line has `description`, `amount` and what else is known: `quantity`, `item_id`, `gtin`; a line of a simple list
    may also say its `category`, `brand` and `restricted` itself. Lines that are no goods sold are passed over.
    """
    known = document.get("transaction", document) if isinstance(document, Mapping) else document
    lines = known.get("line_items") if isinstance(known, Mapping) else known
    if not isinstance(lines, list):
        raise ConfigurationError(
            f"{path} is neither a list of lines nor a transaction",
            fix="see Transaction in the contracts",
            code="basket",
        )
    currency = str(known.get("currency") or NO_CURRENCY) if isinstance(known, Mapping) else NO_CURRENCY
    sold: list[SaleLineItem] = []
    own: list[Item] = []
    for place, line in enumerate(lines, start=1):
        fields = Fields(line, f"{path}[{place}]")
        if fields.text("type", "sale") == "sale":
            sale, item = _line(fields, currency)
            sold.append(sale)
            own += [item] if item else []
    total = Money(sum((line.amount.amount for line in sold), Decimal(0)), currency)
    return basket_of(
        RetailTransaction(line_items=tuple(sold), total=total),
        items if items is not None else ItemCatalogue(own),
        allowed=allowed,
    )


def _line(fields: Fields, currency: str) -> tuple[SaleLineItem, Item | None]:
    description, amount = fields.text("description", ""), fields.number("amount", Decimal(0))
    item_id, category = fields.text_or_none("item_id"), fields.text("category", "")
    line = SaleLineItem(
        description=description,
        amount=Money(amount, currency),
        quantity=fields.number("quantity", Decimal(1)),
        item_id=item_id,
        gtin=fields.text_or_none("gtin"),
    )
    brand, restricted = fields.text("brand", ""), fields.text("restricted", "")
    if not (category or brand or restricted):
        return line, None
    return line, Item(
        item_id=item_id or description, category=category, brand=brand, restricted=restricted, receipt_text=description
    )


def _mapping(fields: Fields, name: str) -> dict[str, object]:
    value = fields.value(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise fields.error(name, f"must be a table, not {value!r:.60}")
    return {str(key): each for key, each in value.items()}


def _days(fields: Fields, name: str) -> dict[str, date]:
    return {key: day for key, day in _days_or_none(fields, name).items() if day is not None}


def _days_or_none(fields: Fields, name: str) -> dict[str, date | None]:
    table = _mapping(fields, name)
    inner = Fields(table, f"{fields.path}.{name}")
    return {key: None if value is None else inner.day(key) for key, value in table.items()}

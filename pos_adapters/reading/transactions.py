"""From a solution to a `RetailTransaction`."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pos_adapters.reading import particulars
from pos_adapters.reading.amounts import in_fashion
from pos_adapters.reading.counted_goods import ONE, counted, described, with_counts
from pos_adapters.reading.document_numbers import document_number
from pos_adapters.reading.labels import Mark
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts, Telling
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.settlement import Settlement
from pos_adapters.reading.sheet import Entry, Part, Sheet
from pos_adapters.reading.values import FiscalIdentity, StoreFacts
from retail.identifiers import TransactionId, TransactionKey
from retail.line_items import (
    LineItem,
    PriceModificationLineItem,
    ReturnLineItem,
    RewardLineItem,
    SaleLineItem,
    TaxLineItem,
    TenderLineItem,
    TenderType,
)
from retail.money import NO_CURRENCY, Money
from retail.transaction import RetailTransaction, TransactionStatus

_RATE = re.compile(r"(\d{1,2}(?:[.,]\d{1,3})?) ?%|% ?(\d{1,2}(?:[.,]\d{1,2})?)")
AMOUNTS_MAX = 8192  # amounts remembered as money: a shop has some thousand prices
TAX_SLACK_STEPS = 2  # taxes are rounded per line or per rate: a table's figures differ by a cent or two
TENDER_TYPES = {
    Role.CASH: TenderType.CASH,
    Role.CREDIT: TenderType.CREDIT,
    Role.DEBIT: TenderType.DEBIT,
    Role.CHEQUE: TenderType.CHEQUE,
    Role.STORED_VALUE: TenderType.STORED_VALUE,
    Role.COUPON: TenderType.COUPON,
    Role.VOUCHER: TenderType.VOUCHER,
    Role.ACCOUNT: TenderType.ACCOUNT,
    Role.MOBILE: TenderType.MOBILE,
    Role.POINTS_TENDER: TenderType.POINTS,
}


class Told(NamedTuple):
    """What a transaction is made from beside its sums (a tuple: it is made while a cut is held)."""

    lines: Sequence[LineFacts]
    marks: Mapping[Role, Sequence[Mark]]
    store: StoreFacts
    languages: tuple[str, ...]
    active: int  # the same, as bits of the lexicon
    telling: Sequence[Telling]
    dated: Sequence[int]  # lines with a date
    fiscal: FiscalIdentity | None
    currency: str
    decimals: int

    def occurred_at(self) -> datetime | None:
        """Return the fiscal code's moment, else the printed one; aware when the store's zone is known."""
        moment = self.fiscal.occurred_at if self.fiscal is not None else None
        if moment is None:
            month_first = self.currency == "USD" or (self.store.country or "") == "US"
            moment = particulars.when(self.lines, self.dated, month_first=month_first).at
        if moment is not None and self.store.timezone:
            return moment.replace(tzinfo=ZoneInfo(self.store.timezone))
        return moment

    def business_day(self, occurred_at: datetime | None) -> date | None:
        """Return the trading date, which outlives midnight; None without a store or a printed time."""
        if occurred_at is None or self.store.business_unit_id is None:
            return None
        hour, minute = (int(part) for part in self.store.day_ends_at.split(":"))
        day = occurred_at.date()
        return day - timedelta(days=1) if occurred_at.time() < time(hour, minute) else day

    def sequence_number(self) -> str | None:
        """Return the fiscal identity where one is printed, else the printed number."""
        if self.fiscal is not None:
            return self.fiscal.key
        return document_number(self.lines, self.marks, self.dated, decimals=self.decimals)

    def workstation(self) -> str | None:
        """Return the workstation as printed."""
        return particulars.labelled_value(self.lines, self.marks.get(Role.WORKSTATION, ()))

    def cashier(self) -> str | None:
        """Return the cashier as printed."""
        return particulars.named_value(self.lines, self.marks.get(Role.CASHIER, ()))


class Proved(NamedTuple):
    """What the sums proved: lines that make the total, and how it was paid."""

    items: tuple[LineItem, ...]
    total: Money
    currency: str
    decimals: int


def proved_of(sheet: Sheet, solution: Solution, told: Told, *, refund: bool) -> Proved:
    """Return what a solution proves; `refund` turns the signs of amounts printed positive."""
    turn = -1 if refund else 1
    make_items(sheet, told.currency)
    items = with_counts(
        [
            (not refund and entry.item) or _line_item(entry, part, turn * amount, sheet)
            for entry, part, amount in solution.owed
        ]
    )
    items += _told_taxes(sheet, solution, told, turn)
    if solution.settlement is not None:
        items += paid_items(solution.settlement, told.currency, told.decimals, turn=turn)
    items += [
        RewardLineItem(description=each.described, amount=Money(each.points, NO_CURRENCY))
        for each in particulars.points_of(told.telling, told.active)
    ]
    total = _money(turn * solution.total.amount, told)
    return Proved(tuple(items), total, told.currency, told.decimals)


def paid_items(settlement: Settlement, currency: str, decimals: int, *, turn: int = 1) -> list[LineItem]:
    """Return the tenders of a settlement as lines of a transaction; `turn` is -1 for a refund printed positive."""
    return [
        TenderLineItem(
            description=paid.described,
            amount=_money_of(turn * paid.amount, decimals, currency),
            tender_type=TENDER_TYPES.get(paid.role, TenderType.OTHER),
        )
        for paid in settlement.tenders
    ]


def make_items(sheet: Sheet, currency: str) -> None:
    """Make what entries become that are goods and nothing else, should the document be in `currency`.

    Most of a receipt is such goods: made while it streams in, they need not be made while its cut is held.
    """
    if sheet.items_in != currency:
        sheet.items_in, sheet.items_made = currency, 0
    if sheet.opened is sheet.entries:
        return  # none of them is certain to be goods
    done, decimals = sheet.items_made, sheet.decimals
    others = set(sheet.others[bisect_left(sheet.others, done) :])
    for at, entry in enumerate(sheet.entries[done:], done):
        if at in others:
            continue
        if entry.quantity is None:
            facts = entry.facts
            item = entry.item = _new(SaleLineItem)
            _put_description(item, facts.name)
            _put_amount(item, _money_of(entry.amount, decimals, currency))
            _put_quantity(item, ONE)
            _put_unit_price(item, None)
            _put_item_id(item, None)
            _put_gtin(item, facts.gtin)
        else:
            made = _line_item(entry, Part.ITEM, entry.amount, sheet)
            entry.item = made if isinstance(made, SaleLineItem) else None
    sheet.items_made = len(sheet.entries)


def transaction_of(proved: Proved, told: Told, *, status: TransactionStatus) -> RetailTransaction:
    """Build the transaction of what was proved, with what else is told."""
    occurred_at = told.occurred_at()
    business_day = told.business_day(occurred_at)
    number = told.sequence_number()
    return RetailTransaction(
        line_items=proved.items,
        total=proved.total,
        status=status,
        transaction_id=_transaction_id(told, business_day, number),
        business_unit_id=told.store.business_unit_id,
        workstation_id=told.store.workstation_id,
        sequence_number=number,
        business_day=business_day,
        occurred_at=occurred_at,
        loyalty_code_printed=particulars.member_code(told.lines, told.marks.get(Role.MEMBER, ())),
    )


def _transaction_id(told: Told, business_day: date | None, number: str | None) -> TransactionId | None:
    store = told.store
    if store.business_unit_id is None or store.workstation_id is None or business_day is None or number is None:
        return None
    key = TransactionKey(
        business_unit_id=store.business_unit_id,
        workstation_id=store.workstation_id,
        business_day=business_day,
        sequence_number=number,
    )
    return key.transaction_id()


def _money(amount: int, told: Told) -> Money:
    return _money_of(amount, told.decimals, told.currency)


@functools.lru_cache(maxsize=AMOUNTS_MAX)
def _money_of(amount: int, decimals: int, currency: str) -> Money:
    """Thousandths as Money with as many decimals as the document prints."""
    return Money(Decimal(amount // 10 ** (3 - decimals)).scaleb(-decimals), currency)


def _line_item(entry: Entry, part: Part, amount: int, sheet: Sheet) -> LineItem:
    """Return what an entry becomes that acts so; the currency is that of the sheet's items."""
    money = _money_of(amount, sheet.decimals, sheet.items_in)
    found = counted(entry, amount, sheet.decimals)
    description = described(entry, found, sheet)
    if part is Part.TAX:
        return TaxLineItem(description=description, amount=money, rate=_rate(entry.facts), included=False)
    if part is Part.MODIFICATION:
        return PriceModificationLineItem(description=description, amount=money, rate=_rate(entry.facts))
    quantity = ONE if found is None else found.pieces
    unit_price = None if found is None or found.each is None else Money(found.each, sheet.items_in)
    gtin = _gtin(entry, sheet.facts)
    if amount > 0 or (amount == 0 and part is not Part.RETURN):
        return _sale_item(description, money, quantity, unit_price, gtin)
    return ReturnLineItem(description=description, amount=money, quantity=quantity, unit_price=unit_price, gtin=gtin)


_new = object.__new__
_FIELDS = ("description", "amount", "quantity", "unit_price", "item_id", "gtin")
_put_description, _put_amount, _put_quantity, _put_unit_price, _put_item_id, _put_gtin = (
    getattr(SaleLineItem, name).__set__ for name in _FIELDS
)
assert tuple(SaleLineItem.__slots__) == _FIELDS


def _sale_item(
    description: str, money: Money, quantity: Decimal, unit_price: Money | None, gtin: str | None
) -> SaleLineItem:
    """Return goods sold with these values: what the class's own call does, at a fourth of the cost.

    A receipt has thirty, and somebody waits for it.
    """
    item = _new(SaleLineItem)
    _put_description(item, description)
    _put_amount(item, money)
    _put_quantity(item, quantity)
    _put_unit_price(item, unit_price)
    _put_item_id(item, None)
    _put_gtin(item, gtin)
    return item


def _gtin(entry: Entry, lines: Sequence[LineFacts]) -> str | None:
    for line in entry.described:
        if lines[line].gtin is not None:
            return lines[line].gtin
    return entry.facts.gtin


def _rate(facts: LineFacts) -> Decimal | None:
    match = _RATE.search(facts.text)
    if match is None:
        return None
    return Decimal((match.group(1) or match.group(2)).replace(",", "."))


def _told_taxes(sheet: Sheet, solution: Solution, told: Told, turn: int) -> list[LineItem]:
    """Taxes that the items already contain, as printed."""
    taxes = [entry for entry in sheet.opened if entry.part is Part.TAX]
    if not taxes or any(part is Part.TAX for _, part, _ in solution.beside):
        return []
    lines: list[LineItem] = []
    for entry in taxes:
        amount = _told_tax(entry, sheet.decimals)
        if amount is not None and 0 < abs(amount) < abs(solution.total.amount):
            lines.append(
                TaxLineItem(
                    description=entry.facts.text[: entry.facts.numbers[0].start].strip(" :.=") or "tax",
                    amount=_money(turn * amount, told),
                    rate=_rate(entry.facts),
                    included=True,
                )
            )
    return lines


def _told_tax(entry: Entry, decimals: int) -> int | None:
    """Return the tax among a line's amounts: the only one, else the one that its rate makes of another; else None."""
    amounts = [value for number in entry.facts.numbers if (value := in_fashion(number, decimals)) is not None]
    if len(amounts) < 2:
        return entry.amount
    rate = _rate(entry.facts)
    if rate is None:
        return None
    slack = TAX_SLACK_STEPS * 10 ** (3 - decimals)
    for tax in amounts:
        for other in amounts:
            made = (other * rate / 100, other * rate / (100 + rate))
            if other != tax and any(abs(tax - each) <= slack for each in made):
                return tax
    return None

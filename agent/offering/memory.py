"""What this store itself remembers: how often campaigns have spoken, what members bought and wished, when they came.

It is a fold over the journal: filled from it at start, then told of every record when it is decided on. Caps count an
offer from its decision; an offer that was not printed is given back. Bounded by what the journal keeps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agent.journal.records import JournalKind
from agent.offering.seen import SeenReceipts
from retail.facts import Basket, Facts, basket_of
from retail.identifiers import CampaignId
from retail.items import ItemCatalogue
from retail.line_items import SaleLineItem
from retail.loyalty import Account
from retail.money import NO_CURRENCY, Money
from retail.offers.ledger import OfferLedger
from retail.transaction import RetailTransaction

KINDS = (
    JournalKind.TRANSACTION_COMPLETED,
    JournalKind.CUSTOMER_IDENTIFIED,
    JournalKind.OFFER_DECIDED,
    JournalKind.OFFER_WITHHELD,
    JournalKind.OFFER_NOT_PRINTED,
    JournalKind.VISIT,
    JournalKind.INTEREST,
)
"""The records this memory is made of."""

PURCHASES_MAX = 200_000  # (customer, key) pairs: 2,000 regulars with 100 kinds of goods each; 40 MB at most
WAITING_MAX = 64  # sales whose customer may still be named by the next record

Counts = Counter[CampaignId]


@dataclass(slots=True)
class _Person:
    """What is remembered of one member here."""

    bought: dict[str, date] = field(default_factory=dict)
    last_visit: date | None = None
    last_kiosk_visit: date | None = None
    interests: dict[str, date] = field(default_factory=dict)
    changes: int = 0  # how often any of it has changed


class StoreMemory:
    """Used by core's loop only."""

    def __init__(self) -> None:
        self._customer: defaultdict[str, Counts] = defaultdict(Counter)
        self._household: defaultdict[str, Counts] = defaultdict(Counter)
        self._day: defaultdict[date, Counts] = defaultdict(Counter)
        self._store: Counts = Counter()
        self._spent: defaultdict[CampaignId, Decimal] = defaultdict(Decimal)
        self._people: dict[str, _Person] = {}
        self._pairs = 0
        self._decided: dict[str, tuple[Mapping[str, Any], date]] = {}
        self._unclaimed: dict[str, Mapping[str, Any]] = {}
        self.before_change: Callable[[Collection[str], Collection[CampaignId]], None] = _nobody_minds
        """Called with customers and households whose memory is about to change, and campaigns about to be counted."""
        self.seen = SeenReceipts()
        self.complete = False

    def ledger(self, account: Account | None, today: date) -> OfferLedger:
        """Return what caps count for this customer at this moment."""
        return OfferLedger(
            customer=self._customer.get(account.customer_id, {}) if account else {},
            household=self._household.get(account.shares_with, {}) if account else {},
            day=self._day.get(today, {}),
            store=self._store,
            spent=self._spent,
        )

    def facts(
        self,
        account: Account | None,
        *,
        moment: datetime,
        basket: Basket | None = None,
        workstation_id: str = "",
        at_kiosk: bool = False,
    ) -> Facts:
        """Return what rules may ask now; who stands at a kiosk (`at_kiosk`) has checked in by that."""
        person = self._person(account) or _Person()
        standing = moment.date() if at_kiosk and account is not None and account.is_profiled else None
        return Facts(
            moment=moment,
            account=account,
            basket=basket if basket is not None else Basket(),
            workstation_id=workstation_id,
            bought_here=person.bought,
            last_visit_here=person.last_visit,
            last_kiosk_visit=standing or person.last_kiosk_visit,
            interests=person.interests,
        )

    def standing(self, account: Account | None) -> tuple[object, int]:
        """Return a mark of what is remembered of a member: as long as it is equal, `facts` says the same of them."""
        person = self._person(account)
        return (None, 0) if person is None else (person, person.changes)

    def last_visit_here(self, account: Account | None) -> date | None:
        """Return the last day of a purchase in this store, None when there was none."""
        person = self._person(account)
        return person.last_visit if person else None

    def offered(self, content: Mapping[str, Any], day: date, *, withheld: bool) -> None:
        """Count the offers of a decision record; those withheld count for the person and cost nothing."""
        self._count(content, day, withheld=withheld, sign=1)
        if not withheld:
            self._decided[content["transaction_id"]] = content, day
            _keep_newest(self._decided)

    def not_printed(self, content: Mapping[str, Any]) -> None:
        """Give back the offers of a paper that did not carry them. Twice is as good as once."""
        decided = self._decided.pop(content["transaction_id"], None)
        if decided is not None:
            self._count(decided[0], decided[1], withheld=False, sign=-1)

    def purchase(self, customer_id: str, basket: Basket, day: date) -> None:
        """Remember what a member bought."""
        self.before_change((customer_id,), ())
        person = self._people.setdefault(customer_id, _Person())
        person.changes += 1
        person.last_visit = max(person.last_visit or day, day)
        for key in filter(None, basket.amounts):
            if key not in person.bought:
                if self._pairs >= PURCHASES_MAX:
                    continue
                self._pairs += 1
            person.bought[key] = max(person.bought.get(key, day), day)

    def attended(self, kind: str, content: Mapping[str, Any], *, day: date, items: ItemCatalogue) -> None:
        """Remember a member's check-in or wish at a kiosk; of nobody, and of restricted goods, nothing is kept."""
        customer_id = content.get("customer_id")
        if not customer_id:
            return
        self.before_change((customer_id,), ())
        person = self._people.setdefault(customer_id, _Person())
        person.changes += 1
        if kind == JournalKind.VISIT:
            person.last_kiosk_visit = max(person.last_kiosk_visit or day, day)
        elif kind == JournalKind.INTEREST:
            for key in _keys_of_code(str(content.get("code", "")), items):
                if key not in person.interests:
                    if self._pairs >= PURCHASES_MAX:
                        continue
                    self._pairs += 1
                person.interests[key] = max(person.interests.get(key, day), day)

    def forget(self, customer_id: str) -> None:
        """Forget a person: they were erased."""
        self.before_change((customer_id,), ())
        self._customer.pop(customer_id, None)
        self.seen.forget(customer_id)
        person = self._people.pop(customer_id, None)
        self._pairs -= len(person.bought) + len(person.interests) if person else 0

    def replay(self, records: Iterable[tuple[str, date, Mapping[str, Any]]], items: ItemCatalogue) -> None:
        """Take (kind, calendar day in the store, content) of journalled records, oldest first.

        Not the business day: rules and caps go by the calendar, and at half past midnight it is still yesterday's.
        """
        for kind, day, content in records:
            if kind in (JournalKind.OFFER_DECIDED, JournalKind.OFFER_WITHHELD):
                self.offered(content, day, withheld=kind == JournalKind.OFFER_WITHHELD)
            elif kind == JournalKind.OFFER_NOT_PRINTED:
                self.not_printed(content)
            elif kind in (JournalKind.VISIT, JournalKind.INTEREST):
                self.attended(kind, content, day=day, items=items)
            elif kind == JournalKind.TRANSACTION_COMPLETED:
                self._unclaimed[content["transaction"]["transaction_id"]] = content["transaction"]
                _keep_newest(self._unclaimed)
                self.seen.replay(None, content["transaction"], day)
            elif kind == JournalKind.CUSTOMER_IDENTIFIED and content.get("customer_id"):
                bought = self._unclaimed.pop(content["transaction_id"], None)
                if bought is not None:
                    self.purchase(content["customer_id"], _basket(bought, items), day)
                    self.seen.replay(content["customer_id"], bought, day)

    def _person(self, account: Account | None) -> _Person | None:
        """Return what is known of a member that rules may use."""
        return self._people.get(account.customer_id) if account is not None and account.is_profiled else None

    def _count(self, content: Mapping[str, Any], day: date, *, withheld: bool, sign: int) -> None:
        customer_id = content.get("customer_id")
        household = content.get("household_id") or customer_id
        campaigns = [CampaignId(offer["campaign_id"]) for offer in content["offers"]]
        self.before_change([each for each in (customer_id, household) if each], campaigns)
        for offer in content["offers"]:
            campaign_id = CampaignId(offer["campaign_id"])
            if customer_id:
                self._customer[customer_id][campaign_id] += sign
            if household:
                self._household[household][campaign_id] += sign
            if not withheld:
                self._day[day][campaign_id] += sign
                self._store[campaign_id] += sign
                self._spent[campaign_id] += sign * Decimal(offer["cost"])


def _nobody_minds(people: Collection[str], campaigns: Collection[CampaignId]) -> None:
    del people, campaigns


def _keys_of_code(code: str, items: ItemCatalogue) -> tuple[str, ...]:
    """Return what rules call a product that was scanned."""
    item = items.of_gtin(code)
    if item is None:
        return (f"gtin:{code}",) if code.isdecimal() else ()
    return () if item.restricted else item.keys()


def _keep_newest(waiting: dict[str, Any]) -> None:
    if len(waiting) > WAITING_MAX:
        del waiting[next(iter(waiting))]


def _basket(content: Mapping[str, Any], items: ItemCatalogue) -> Basket:
    """Return the goods of a journalled transaction, as rules call them by today's items."""
    currency = content.get("currency") or NO_CURRENCY
    lines = tuple(
        SaleLineItem(
            description=line["description"],
            amount=Money.of(line["amount"], currency),
            item_id=line.get("item_id"),
            gtin=line.get("gtin"),
        )
        for line in content["line_items"]
        if line["type"] == "sale"
    )
    return basket_of(RetailTransaction(line_items=lines, total=Money.of(content["total"], currency)), items)

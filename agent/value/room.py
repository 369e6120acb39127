"""The store's ledger of value as the counter uses it: a sale, a return, a void, a scan; each becomes one `Entry`.

At level P coupons are seen after the fact, in a receipt's lines. At levels S and T they are burned when they are held
out, for the lane's open sale; the receipt that follows makes them that sale's, and its void or return gives them back.
What was burned and whose receipt never came stays burned, until somebody takes the scan back: in doubt nothing exists
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from agent.journal.records import JournalKind
from agent.value.book import Entry, Row, Seen, ValueBook, What
from agent.value.coupons import CouponDesk, Held
from agent.value.leases import LeaseDesk
from agent.value.old_sales import OldSales
from agent.value.points import Member, PointsDesk, Told, goods_rows
from agent.value.rules import ValueRules
from agent.value.sales_on_disk import ALL_IN_MEMORY, SalesOnDisk
from agent.value.strangers import StrangersPapers
from agent.value.suspicions import Suspicions, coupon_flag
from agent.value.taking_back import SaleTold, TakingBack
from retail.coupon_life import PrintOutcome
from retail.coupon_sightings import coupons_printed, coupons_seen
from retail.errors import RefusedError
from retail.facts import Basket
from retail.fraud import SaleSeen
from retail.identifiers import CampaignId, CustomerId, OperatorId, TransactionId, WorkstationId
from retail.line_items import SaleLineItem
from retail.offers.campaign import Campaign
from retail.transaction import RetailTransaction
from sync.protocol.persons import PERSON_KEYS

OPEN_FOR = timedelta(hours=1)
"""How long after a coupon was held out a receipt at its lane may be that sale's; a trolley is paid within minutes."""

LANE_USES_MAX = 64
"""Uses of one lane that wait for their receipt: a wallet of coupons, three times; a till whose receipts nobody reads
leaves all of its own here, and takes them back by `reverse`, not by their lane."""

UNCLAIMED_MAX = 64
"""Sales whose member may still be named: a card held out after the receipt, a slow look-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponAnswer:
    """What the lane is told of a coupon held out."""

    accepted: bool
    serial: str = ""
    campaign_id: str = ""
    till_code: str = ""
    code: str = ""
    message: str = ""
    fix: str = ""


class ValueRoom:
    """Used by core's loop only. Nothing here waits or touches the disk: the caller commits the entry it is given."""

    def __init__(
        self, rules: ValueRules, *, basket_of: Callable[[RetailTransaction], Basket], sales: SalesOnDisk = ALL_IN_MEMORY
    ) -> None:
        self.rules = rules
        self.book = ValueBook(sales)
        self.coupons = CouponDesk(self.book, rules)
        self.points = PointsDesk(self.book, rules)
        self.leases = LeaseDesk(self.book, rules)
        self.suspicions = Suspicions(self.book)
        self._back = TakingBack(
            self.book, coupons=self.coupons, points=self.points, leases=self.leases, basket_of=basket_of
        )
        self._strangers = StrangersPapers(self.book, rules)
        self._unclaimed: dict[str, SaleTold] = {}
        self._sweep: list[tuple[What, str]] = []
        self._old_sales = OldSales(self.book)

    # Receipts

    def sale(self, told: SaleTold) -> Entry:
        """Take a receipt; the entry is committed with it. The same receipt again says the same once more."""
        records: list[Told] = []
        if told.kind is JournalKind.TRANSACTION_VOIDED:
            records += self._back.voided(told)
        else:
            records += self._completed(told)
            records += self._back.returned(told)
        return self.book.entry(records)

    def rehearse(self, told: SaleTold) -> tuple[Entry, Seen]:
        """Return what `sale` would say now of a purchase, and what of the book that rests on; nothing has changed."""
        unclaimed = dict(self._unclaimed)
        try:
            return self.book.rehearse(lambda: self.sale(told))
        finally:
            self._unclaimed = unclaimed

    def again(self, told: SaleTold, entry: Entry) -> None:
        """Let a purchase be so that was rehearsed, on a book that is as it was."""
        self.book.redo(entry)
        if told.member is None:
            self._wait_for_name(told)

    def looked_at(self, told: SaleTold) -> Entry:
        """Look at a sale that is on disk for what fraud looks like; whoever stands at the cutter has their paper."""
        return self.book.entry(self._suspected(told))

    def identified_late(self, transaction_id: str, member: Member) -> Entry:
        """Let a sale earn whose member was named after the receipt. A repeat earns nothing more."""
        told = self._unclaimed.get(transaction_id)
        if told is None:
            return Entry()
        late = replace(told, member=member, after_payment=True)
        row = self.book.get(What.SALE, transaction_id) or _row_of(late)
        records = self._earned(late, row)
        entry = self.book.entry([*records, *self._back.returned(late), *self._suspected(late)])
        self._unclaimed.pop(transaction_id, None)
        return entry

    def released_late(self, transaction_id: str) -> Entry:
        """Take back what a sale earned for a card that was held out after it and then taken back."""
        row = self.book.get(What.SALE, transaction_id)
        if row is None or not row["account"]:
            return Entry()
        after, records = self.points.all_taken_back(row, reversal_id=f"{transaction_id}/undone")
        self.book.put(What.SALE, transaction_id, {**after, "account": "", "customer_id": "", "lines": []})
        return self.book.entry(records)

    def paper_told(self, serials: Iterable[str], outcome: PrintOutcome) -> Entry:
        """Learn what became of the paper that carries these coupons."""
        for serial in serials:
            self.coupons.told_of_paper(serial, outcome)
        return self.book.entry()

    # Lanes

    def hold_out(self, held: Held, *, scan_id: str) -> tuple[CouponAnswer, Entry]:
        """Take a coupon held out at a lane: burned for its open sale, or refused with what to tell the customer."""
        use_id = f"scan/{scan_id}"
        try:
            good = self.coupons.judge(held)
            content = self.coupons.burn(good, use_id=use_id, held=held)
        except RefusedError as error:
            self.book.abandon()
            refused = self.coupons.refused(held, error)
            answer = CouponAnswer(
                accepted=False, serial=refused["serial"], code=error.code, message=error.message, fix=error.fix
            )
            return answer, self.book.entry([(JournalKind.COUPON_REFUSED, refused)])
        self.open_use(held.workstation_id, {"serial": content["serial"], "use_id": use_id, "at": held.now.isoformat()})
        answer = CouponAnswer(
            accepted=True,
            serial=content["serial"],
            campaign_id=content["campaign_id"],
            till_code=good.till_code,
            message="accepted",
        )
        return answer, self.book.entry([(JournalKind.COUPON_REDEEMED, content)])

    def look_at(self, held: Held) -> CouponAnswer:
        """Say how a coupon stands without using it: at a kiosk."""
        try:
            good = self.coupons.judge(held)
        except RefusedError as error:
            serial = self.coupons.refused(held, error)["serial"]
            return CouponAnswer(accepted=False, serial=serial, code=error.code, message=error.message, fix=error.fix)
        return CouponAnswer(accepted=True, serial=good.record.serial, campaign_id=good.record.campaign_id)

    def taken_back(self, scan_id: str) -> Entry:
        """Undo the scan of a coupon: it may be used again. Once its receipt is printed, only a void gives it back."""
        use_id, records = f"scan/{scan_id}", list[Told]()
        for lane, row in self.book.each(What.LANE):
            mine = [use for use in row["uses"] if use["use_id"] == use_id]
            if mine:
                left = [use for use in row["uses"] if use["use_id"] != use_id]
                self.book.put(What.LANE, lane, {**row, "uses": left})
                records += self._back.restored(mine, why="undone")
        return self.book.entry(records)

    def open_sale_voided(self, workstation_id: str) -> Entry:
        """Give back what a lane's open sale had used: it was cancelled before it was paid."""
        row = self.book.get(What.LANE, workstation_id)
        if row is None:
            return Entry()
        self.book.drop(What.LANE, workstation_id)
        return self.book.entry(self._back.restored(row["uses"], why="voided"))

    def open_use(self, workstation_id: str, use: Row) -> None:
        """Remember that the lane's open sale uses a coupon, or burns points (`burn`)."""
        row = self.book.get(What.LANE, workstation_id) or {"uses": []}
        self.book.put(What.LANE, workstation_id, {**row, "uses": [*row["uses"][1 - LANE_USES_MAX :], use]})

    def give_back_uses(self, uses: Iterable[Row], *, why: str) -> list[Told]:
        """Give coupons and points of undone uses back; what no longer stands is passed over."""
        return self._back.restored(uses, why=why)

    def close_lane_use(self, use_id: str) -> None:
        """Forget an open use: it was undone by the till itself."""
        for lane, row in self.book.each(What.LANE):
            left = [use for use in row["uses"] if use["use_id"] != use_id]
            if len(left) != len(row["uses"]):
                self.book.put(What.LANE, lane, {**row, "uses": left})

    # Time

    def time_passed(self, now: datetime) -> Entry:
        """Close leases that have ended, forget reservations, answers and sales that are over: a few rows a call."""
        self._old_sales.go_on()
        if not self._sweep:
            holds = ((What.HOLD, hold_id) for hold_id, _row in self.book.each(What.HOLD))
            self._sweep = [*holds, *((What.ANSWER, key) for key, _row in self.book.each(What.ANSWER))]
        for _each in range(min(SWEPT_AT_ONCE, len(self._sweep))):
            what, row_id = self._sweep.pop()
            row = self.book.get(what, row_id) or {}
            ended = row.get("until") or row.get("at")
            if ended and now >= datetime.fromisoformat(ended) + ANSWERS_KEPT:
                self.book.drop(what, row_id)
        return self.book.entry([*self.leases.close_ended(now), *self.coupons.leases.close_ended(now)])

    def new_day(self, today: date) -> Entry:
        """Drop coupons that nobody can ask about any more; begin to drop sales."""
        self.coupons.forget_old(today)
        self.points.bonuses.forget_old(today)
        self._old_sales.new_day(today)
        return self.book.entry()

    def forget(self, customer_id: str) -> Entry:
        """Forget a person: their points here, and their name on coupons and sales in memory. They were erased."""
        self.suspicions.forget(customer_id)
        self.book.drop(What.POINTS, customer_id)
        self.points.bonuses.forget(customer_id)
        for what in What:
            for row_id, row in self.book.each(what):
                blank = _renamed(row, customer_id) if what is What.SPENT else _without(row, customer_id)
                if blank != row:
                    self.book.put(what, row_id, blank)
        return self.book.entry()

    # Parts

    def _completed(self, told: SaleTold) -> list[Told]:
        uses, confirmed = self._open_uses(told)
        # before its own are known: what it issues, it cannot have used
        seen = [*self._seen(told, uses), *self._strangers.taken(told, uses)]
        for content, till_code in told.issued:
            self.coupons.issued(content, till_code=till_code)
        row = {
            **_row_of(told),
            "issued": [content["serial"] for content, _code in told.issued],
            "uses": [*uses, *(use for use, _records in seen)],
        }
        records = self._earned(told, row) if told.member else []
        if told.member is None:
            self._wait_for_name(told)
        if (row["issued"] or row["uses"]) and not records:
            self._keep_new(row)
        return [*confirmed, *(each for _use, told_of in seen for each in told_of), *records]

    def _wait_for_name(self, told: SaleTold) -> None:
        self._unclaimed[told.transaction_id] = told
        if len(self._unclaimed) > UNCLAIMED_MAX:
            del self._unclaimed[next(iter(self._unclaimed))]

    def _earned(self, told: SaleTold, row: Row) -> list[Told]:
        assert told.member is not None
        if not any(isinstance(line, SaleLineItem) for line in told.sale.goods()):
            return []
        part, records = self.points.earned(
            told.sale, told.basket, told.member, today=told.today, now=told.now, redeemed=self._redeemed(row)
        )
        if part:
            self._keep_new({**row, **part})
        return records

    def _redeemed(self, row: Row) -> list[Campaign]:
        """Return the campaigns of the coupons that a sale has used, as far as they are known here."""
        known = (self.book.get(What.COUPON, use["serial"]) for use in row["uses"] if use.get("serial"))
        named = (self.rules.campaign_named(CampaignId(coupon["campaign_id"])) for coupon in known if coupon)
        return [campaign for campaign in named if campaign is not None]

    def _keep_new(self, row: Row) -> None:
        """Keep a sale's row unless it is known: a receipt handed over twice must not forget what came back of it."""
        known = self.book.get(What.SALE, row["transaction_id"])
        if known is None or not known["account"]:
            self.book.put(What.SALE, row["transaction_id"], {**(known or {}), **row})

    def _open_uses(self, told: SaleTold) -> tuple[list[Row], list[Told]]:
        """Return the uses that become this sale's, with the records that say so; the lane is empty afterwards."""
        row = self.book.get(What.LANE, told.workstation_id)
        if row is None or not row["uses"]:
            return [], []
        uses = [use for use in row["uses"] if told.now - datetime.fromisoformat(use["at"]) <= OPEN_FOR]
        self.book.drop(What.LANE, told.workstation_id)
        confirmed = [
            (
                JournalKind.COUPON_REDEEMED,
                {
                    "serial": use["serial"],
                    "campaign_id": (self.book.get(What.COUPON, use["serial"]) or {}).get("campaign_id", ""),
                    "transaction_id": told.transaction_id,
                    "use_id": use["use_id"],
                    "confirms": True,
                },
            )
            for use in uses
            if use.get("serial")
        ]
        return uses, confirmed

    def _seen(self, told: SaleTold, uses: list[Row]) -> list[tuple[Row, list[Told]]]:
        """Take coupons whose till barcode stands in the receipt and that nobody held out before."""
        issued = self.book.till_codes()
        codes = coupons_seen(told.sale, issued) or coupons_printed(told.lines, issued)
        known = [(self.book.get(What.COUPON, use.get("serial", "")) or {}).get("till_code") for use in uses]
        found = []
        for place, code in enumerate(codes):
            if code in known:
                known.remove(code)
                continue
            held = Held(
                code=code,
                workstation_id=told.workstation_id,
                today=told.today,
                now=told.now,
                customer_id=told.member.customer_id if told.member else None,
            )
            use_id = f"seen/{told.transaction_id}/{place}"
            kind, content = self.coupons.seen(code, held, use_id=use_id)
            content = {**content, "transaction_id": told.transaction_id}
            records: list[Told] = [(kind, content)]
            if kind is JournalKind.COUPON_REFUSED:
                records.append(coupon_flag(content, transaction_id=told.transaction_id))
            use = {"serial": content["serial"] if kind is JournalKind.COUPON_REDEEMED else "", "use_id": use_id}
            found.append(({**use, "at": told.now.isoformat()}, records))
        return found

    def _suspected(self, told: SaleTold) -> list[Told]:
        seen = SaleSeen(
            transaction_id=TransactionId(told.transaction_id),
            at=told.now,
            workstation_id=WorkstationId(told.workstation_id),
            customer_id=CustomerId(told.member.customer_id) if told.member else None,
            operator_id=OperatorId(told.operator) if told.operator else None,
            is_staff=bool(told.member and told.member.employee),
            is_return=bool(told.returned()) or told.kind is JournalKind.TRANSACTION_VOIDED,
            after_payment=told.after_payment,
            total=told.sale.total.amount,
        )
        return self.suspicions.seen(seen, self.rules.policy.fraud)


ANSWERS_KEPT = timedelta(days=1)
"""How long a till may ask again with the same key and is answered the same: one that was switched off overnight."""

ERASED = "erased"

SWEPT_AT_ONCE = 200
"""Rows looked at a second: a day's 10,000 are gone through within a minute, and no receipt waits for it."""


def _without(value: Any, customer_id: str, *, key: str = "") -> Any:
    """Return a row in which nobody of that id is named any more; a personal coupon stays personal, to nobody.

    Only where a person stands: a customer's id may be any text, `1` too, which is also a lane and a quantity.
    """
    if isinstance(value, dict):
        return {name: _without(each, customer_id, key=name) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, customer_id) for each in value]
    return ERASED if key in PERSON_KEYS and value == customer_id else value


def _renamed(counts: Row, account: str) -> Row:
    """Return a day's counts by account without an account's name."""
    return {ERASED if name == account else name: points for name, points in counts.items()}


def _row_of(told: SaleTold) -> Row:
    return {
        "transaction_id": told.transaction_id,
        "number": told.sale.sequence_number or "",
        "workstation_id": told.workstation_id,
        "day": told.today.isoformat(),
        "at": told.now.isoformat(),
        "total": str(abs(told.sale.total.amount)),
        "account": "",
        "customer_id": "",
        "goods": goods_rows(told.sale),
        "lines": [],
        "issued": [],
        "uses": [],
        "voided": False,
    }

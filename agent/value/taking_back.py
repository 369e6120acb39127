"""Returns and voids: what a purchase earned, issued and used is undone, exactly, once.

A return whose paper names the original receipt takes back what those very goods had earned; one of a member who has
lost it takes from the newest lots and is flagged. Points that paid go back by the share of the goods that came back;
coupons fall with the whole purchase, not with a part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from agent.journal.records import JournalKind
from agent.value.book import Row, ValueBook, What
from agent.value.coupons import CouponDesk
from agent.value.leases import LeaseDesk
from agent.value.originals import original_numbers
from agent.value.points import Member, PointsDesk, Told, as_sold, fits, goods_after, share_returned
from retail.facts import Basket
from retail.line_items import ReturnLineItem
from retail.transaction import RetailTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTold:
    """A sale, return or void as its receipt tells it, and what the counter knows of it.

    `issued` are the contents of its `coupon.issued` records with the till's own barcode beside each. `now` is when it
    was told: the same is told again a moment later.
    """

    sale: RetailTransaction
    kind: JournalKind
    basket: Basket
    today: date
    now: datetime = field(compare=False)
    member: Member | None = None
    issued: tuple[tuple[Row, str], ...] = ()
    operator: str = ""
    after_payment: bool = False
    lines: tuple[str, ...] = ()

    @property
    def transaction_id(self) -> str:
        """The sale's id."""
        return str(self.sale.transaction_id)

    @property
    def workstation_id(self) -> str:
        """The lane."""
        return str(self.sale.workstation_id or "")

    def returned(self) -> list[ReturnLineItem]:
        """Return the goods brought back."""
        return [line for line in self.sale.goods() if isinstance(line, ReturnLineItem)]


class TakingBack:
    """Used by the value room only; changes rows of the book and returns records."""

    def __init__(
        self,
        book: ValueBook,
        *,
        coupons: CouponDesk,
        points: PointsDesk,
        leases: LeaseDesk,
        basket_of: Callable[[RetailTransaction], Basket],
    ) -> None:
        self._book = book
        self._coupons = coupons
        self._points = points
        self._leases = leases
        self._basket_of = basket_of

    def returned(self, told: SaleTold) -> list[Told]:
        """Take goods that came back: from their own purchase where the paper names it, else from the newest lots."""
        returned = told.returned()
        if not returned:
            return []
        original = self._original(told, lambda row: fits(row, returned))
        if original is not None:
            return self._returned_of(original, told, returned)
        if told.member is None:
            return []
        back = replace(told.sale, line_items=tuple(as_sold(told.sale)))
        records = self._points.newest_taken_back(self._basket_of(back), told.sale, told.member, at=told.now)
        return [*records, _unproven_return(told)] if records else []

    def _returned_of(self, original: Row, told: SaleTold, returned: list[ReturnLineItem]) -> list[Told]:
        row, records = self._points.taken_back(original, returned, reversal_id=told.transaction_id)
        row = {**row, "goods": goods_after(original, returned)}
        if all(line["quantity"] == line["returned"] for line in row["goods"]):
            records += self._undone(row, transaction_id=told.transaction_id, why="returned")
            row = {**row, "uses": [], "issued": []}
        else:
            row, given = self._paid_back(row, told.transaction_id)
            records += given
        self._book.put(What.SALE, str(row["transaction_id"]), row)
        return records

    def _paid_back(self, row: Row, reversal_id: str) -> tuple[Row, list[Told]]:
        """Give back of the points that paid for a sale as many as the goods that came back were worth of it.

        However the goods come back, piece by piece or at once, it is what was spent: each time the share is that of all
        that came back so far, rounded down, less what was given back before.
        """
        share, records, uses = share_returned(row["goods"]), list[Told](), list[Row]()
        for use in row["uses"]:
            burn = use.get("burn")
            before = burn.get("given_back", 0) if burn else 0
            points = int(burn["points"] * share) - before if burn else 0
            if points <= 0:
                uses.append(use)
                continue
            kind, given = self._leases.give_back(
                burn, reversal_id=f"{reversal_id}/{use['use_id']}", points=points, why="returned"
            )
            records += [(kind, given)] if given["points"] else []
            uses.append({**use, "burn": {**burn, "given_back": before + points}})
        return {**row, "uses": uses}, records

    def voided(self, told: SaleTold) -> list[Told]:
        """Undo a whole sale: what it earned, what it issued, what it used."""
        lane = self._book.get(What.LANE, told.workstation_id)
        original = self._book.get(What.SALE, told.transaction_id) or self._original(told, lambda _row: True)
        uses = lane["uses"] if lane else []
        if original is None and not uses:  # a void that names no sale is of the open one, where one has used something
            original = self._last_of_lane(told)
        if original is None:
            self._book.drop(What.LANE, told.workstation_id)
            return self.restored(uses, why="voided")
        row, records = self._points.all_taken_back(original, reversal_id=f"{told.transaction_id}/void")
        records += self._undone(row, transaction_id=told.transaction_id, why="voided")
        goods = [{**line, "returned": line["quantity"]} for line in row["goods"]]
        self._book.put(
            What.SALE, row["transaction_id"], {**row, "goods": goods, "uses": [], "issued": [], "voided": True}
        )
        return records

    def _undone(self, row: Row, *, transaction_id: str, why: str) -> list[Told]:
        voided = [self._coupons.make_void(serial, transaction_id=transaction_id, why=why) for serial in row["issued"]]
        told = [(JournalKind.COUPON_VOIDED, content) for content in voided if content is not None]
        return [*told, *self.restored(row["uses"], why=why)]

    def restored(self, uses: Iterable[Row], *, why: str) -> list[Told]:
        """Give coupons and points of undone uses back; what no longer stands is passed over."""
        records: list[Told] = []
        for use in uses:
            if use.get("burn"):
                reversal_id = f"{use['use_id']}/{why}"
                kind, given = self._leases.give_back(use["burn"], reversal_id=reversal_id, points=None, why=why)
                records += [(kind, given)] if given["points"] else []
            elif use.get("serial"):
                content = self._coupons.give_back(use["serial"], use_id=use["use_id"], why=why)
                records += [(JournalKind.COUPON_RESTORED, content)] if content is not None else []
            elif use.get("till_code"):  # another store's paper: known by its till barcode only
                told = {"serial": "", "till_code": use["till_code"], "use_id": use["use_id"], "why": why}
                records.append((JournalKind.COUPON_RESTORED, told))
        return records

    def _original(self, told: SaleTold, is_it: Callable[[Row], bool]) -> Row | None:
        own = told.sale.sequence_number
        numbers = [number for number in original_numbers(told.lines) if number != own]
        rows = (row for number in numbers for row in self._book.sales_numbered(number))
        return next((row for row in rows if not row["voided"] and is_it(row)), None)

    def _last_of_lane(self, told: SaleTold) -> Row | None:
        """Return the lane's last sale of this day with the void's total: a void that names no number is of that one."""
        total = str(abs(told.sale.total.amount))
        rows = [
            row
            for row in self._book.sales_of(told.today.isoformat())
            if row["workstation_id"] == told.workstation_id and row["total"] == total and not row["voided"]
        ]
        return max(rows, key=lambda row: str(row["at"]), default=None)


def _unproven_return(told: SaleTold) -> Told:
    assert told.member is not None
    return JournalKind.FRAUD_FLAGGED, {
        "pattern": "return_without_receipt",
        "transaction_id": told.transaction_id,
        "customer_id": told.member.customer_id,
        "workstation_id": told.workstation_id,
        "why": "goods came back without their receipt: points were taken from the newest lots",
        "at": told.now.isoformat(),
    }

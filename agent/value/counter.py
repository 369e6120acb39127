"""The value room at work in core: what a receipt, a scan, a paper's end mean for it, committed with what caused it.

Nothing is said to anybody before it is on disk. A defect here costs the value of one receipt, never the receipt: it is
told, and the sale is kept as it was read.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from agent.clock import Clock
from agent.identity.floor import Push
from agent.intake.payloads import Content
from agent.intake.recording import RecordMaker
from agent.journal.batch import Batch, Committed, Haste
from agent.journal.records import JournalKind, NewRecord
from agent.ports import Journalling
from agent.value.asking import HubQuestions
from agent.value.book import Entry, What, behind_cuts
from agent.value.coupons import Held, shown
from agent.value.in_line import InLine, verdict
from agent.value.points import Member
from agent.value.rehearsal import Rehearsed, rehearsed
from agent.value.room import CouponAnswer, ValueRoom
from agent.value.taking_back import SaleTold
from agent.value.wallet import wallet
from retail.coupon_life import PrintOutcome
from retail.coupons import PREFIX
from retail.errors import DefectError, OnSiteError, TillstreamError
from retail.facts import Basket
from retail.identifiers import CampaignId
from retail.loyalty import Account
from retail.offers.campaign import Campaign
from retail.transaction import RetailTransaction

Trouble = Callable[[TillstreamError], None]


class ValueCounter:
    """Used by core's loop only."""

    def __init__(
        self,
        room: ValueRoom,
        *,
        journal: Journalling,
        maker: RecordMaker,
        clock: Clock,
        today: Callable[[datetime], date],
        publish: Callable[[Push], None],
        trouble: Trouble,
    ) -> None:
        self.room = room
        self.questions = HubQuestions(publish=publish, clock=clock)
        self._in_line = InLine()
        self._journal = journal
        self._maker = maker
        self._clock = clock
        self._today = today
        self._publish = publish
        self._trouble = trouble
        self._day: date | None = None
        self._forgetting = 0  # people that are being forgotten now

    # Receipts

    def told(
        self,
        sale: RetailTransaction,
        kind: JournalKind,
        *,
        basket: Basket,
        member: Member | None,
        issued: Iterable[tuple[Content, str]] = (),
        lines: tuple[str, ...] = (),
        operator: str = "",
        after_payment: bool = False,
    ) -> SaleTold:
        """Return what the room is told of a receipt now."""
        now = self._clock.now()
        return SaleTold(
            sale=sale,
            kind=kind,
            basket=basket,
            member=member,
            today=self._today(now),
            now=now,
            issued=tuple(issued),
            operator=operator,
            after_payment=after_payment,
            lines=lines,
        )

    def receipt(self, told: SaleTold, *, foreseen: Rehearsed | None = None, has_stood: bool = False) -> Entry:
        """Return what a receipt means, to be committed with it; `foreseen` is used if it still holds. Never raises.

        `has_stood`: it does, as `stands` has just said.
        """
        what = f"sale {told.transaction_id}"
        if foreseen is not None and (has_stood or foreseen.holds(told, self.room)):
            told, entry = foreseen.told, foreseen.entry
            self.room.again(told, entry)
        else:
            entry = self._safely(lambda: self.room.sale(told), what)
        return replace(entry, later=lambda: self._safely(lambda: self.room.looked_at(told), what))

    def stands(self, foreseen: Rehearsed, told: SaleTold) -> bool:
        """Whether a receipt means what was foreseen of it; nothing has happened."""
        return foreseen.holds(told, self.room)

    def rehearse(self, told: SaleTold) -> Rehearsed | None:
        """Return what a purchase would mean that is still being printed; nothing has changed. Never raises."""
        return rehearsed(told, self.room)

    def committed(self, entry: Entry, workstation_id: str) -> None:
        """Learn that a receipt's entry is on disk and its customer served: what could wait is decided now."""
        if entry.later is not None:
            self.hand_over(entry.later(), workstation_id)

    def named_late(self, transaction_id: str, member: Member | None) -> Entry:
        """Return what it means that a sale's member is known now. Never raises."""
        if member is None:
            return Entry()
        return self._safely(lambda: self.room.identified_late(transaction_id, member), f"sale {transaction_id}")

    def released_late(self, transaction_id: str) -> Entry:
        """Return what it means that a late scan was taken back. Never raises."""
        return self._safely(lambda: self.room.released_late(transaction_id), f"sale {transaction_id}")

    def paper_told(self, content: Content, outcome: str) -> Entry:
        """Return what a paper's end (`printed unconfirmed late not_sent`) means for its coupons. Never raises."""
        known = {each.value: each for each in PrintOutcome}
        serials = [offer["serial"] for offer in content["offers"] if offer["serial"]]
        told = known.get(outcome, PrintOutcome.NOT_PRINTED)
        return self._safely(lambda: self.room.paper_told(serials, told), f"paper of {content['transaction_id']}")

    def open_sale_voided(self, workstation_id: str) -> None:
        """Give back what a lane's open sale had used. Never raises."""
        entry = self._safely(lambda: self.room.open_sale_voided(workstation_id), f"lane {workstation_id}")
        self.hand_over(entry, workstation_id)

    def undo(self, entry: Entry) -> None:
        """Take back what did not reach the disk."""
        self.room.book.undo(entry)

    # Scans

    async def hold_out(self, code: str, *, scan_id: str, workstation_id: str, customer_id: str | None) -> CouponAnswer:
        """Take a coupon at a lane: on return it is burned on disk, or refused. Raises TillstreamError of the journal.

        The lane's pages are told either way, once it is on disk.
        """
        if await self._in_line.is_told(code, workstation_id=workstation_id, now=self._clock.now(), scan_id=scan_id):
            return CouponAnswer(accepted=True)
        return await self._hold_out(code, scan_id=scan_id, workstation_id=workstation_id, customer_id=customer_id)

    async def judge(self, code: str, *, workstation_id: str, customer_id: str | None) -> dict[str, str]:
        """Take a coupon that a scanner in line has read, and return what its till is to get. Raises as `hold_out`.

        What is no coupon that this store knows of passes. A repeat within seconds is answered the same, but for the
        till's own barcode.
        """
        if code in self.room.book.till_codes():  # a product to the scan that follows: each reading is a use
            scan_id, lane = uuid.uuid4().hex, workstation_id
            own = await self._hold_out(code, scan_id=scan_id, workstation_id=lane, customer_id=customer_id)
            return verdict(own, code)
        if not code.lower().startswith(PREFIX):
            return {"action": "pass", "code": ""}
        answer = await self._in_line.judge(
            code,
            workstation_id=workstation_id,
            now=self._clock.now(),
            hold_out=lambda scan_id: self._hold_out(
                code, scan_id=scan_id, workstation_id=workstation_id, customer_id=customer_id
            ),
        )
        return verdict(answer, code)

    async def _hold_out(self, code: str, *, scan_id: str, workstation_id: str, customer_id: str | None) -> CouponAnswer:
        await self.ask_hub(self._held(code, workstation_id, customer_id), take=True)
        held = self._held(code, workstation_id, customer_id)
        answer, entry = behind_cuts(lambda: self.room.hold_out(held, scan_id=scan_id))
        await self.commit(entry, workstation_id)
        self._publish(Push(event="trouble", data=self._remark(answer), place_id=workstation_id))
        return answer

    async def ask_hub(self, held: Held, *, take: bool) -> None:
        """Ask the hub about a coupon, where there is a link and its word matters; `take`: it is about to be used.

        On return its answer counts, a grant on disk. Raises TillstreamError of the journal.
        """
        question = self.room.coupons.question(held) if self.questions.is_hub_here else None
        if question is None:
            return
        answer = await self.questions.ask({**question, "take": take})
        if answer is None:
            return
        if answer.get("lease"):
            await self.take_coupon_lease(answer["lease"])
        else:
            self.room.coupons.leases.said(question["serial"], answer, held.now)

    async def take_coupon_lease(self, lease: Mapping[str, Any]) -> bool:
        """Keep a coupon that the hub gave to this store; return whether it is news. Raises as `commit`."""

        def taken() -> tuple[bool, Entry]:
            content = self.room.coupons.leases.granted(lease)
            records = [] if content is None else [(JournalKind.COUPON_LEASED, content)]
            return content is not None, self.room.book.entry(records)

        is_news, entry = behind_cuts(taken)
        await self.commit(entry, "")
        return is_news

    def look_at(self, code: str, *, scan_id: str, kiosk_id: str, customer_id: str | None) -> CouponAnswer:
        """Say at a kiosk how a coupon stands; nothing is used."""
        answer = self.room.look_at(self._held(code, kiosk_id, customer_id))
        data = self.page(answer, scan_id)
        self._publish(Push(event="customer", data=data, place_kind="kiosk", place_id=kiosk_id))
        return answer

    def in_hand(self, customer_id: str, title_of: Callable[[Campaign | None], str]) -> list[dict[str, Any]]:
        """Return a member's coupons that were issued here and may still be redeemed, for screens."""
        rules = self.room.rules
        return wallet(
            self.room.book,
            customer_id,
            today=self._today(self._clock.now()),
            title_of=lambda campaign_id: title_of(rules.campaign_named(CampaignId(campaign_id))),
        )

    async def take_back(self, scan_id: str) -> None:
        """Undo the scan of a coupon, on return for good. Twice is as good as once. Raises as `hold_out`."""
        await self.commit(behind_cuts(lambda: self.room.taken_back(self._in_line.burned_as(scan_id))), "")

    def page(self, answer: CouponAnswer, scan_id: str) -> dict[str, Any]:
        """Return what pages show of a coupon that was held out."""
        return {
            "as_of": self._clock.now().isoformat(),
            "scan_id": scan_id,
            "known": False,
            "code_kind": "coupon",
            "code_shown": f"\N{HORIZONTAL ELLIPSIS}{shown(answer.serial)}" if answer.serial else "",
            "coupon": {
                "accepted": answer.accepted,
                "code": answer.code,
                "message": answer.message,
                "fix": answer.fix,
                "campaign_id": answer.campaign_id,
                "till_code": answer.till_code,
                **self._life(answer),
            },
        }

    def _life(self, answer: CouponAnswer) -> dict[str, Any]:
        """Return from when until when a coupon is good, and where and when it was used, for the sentences of pages."""
        row = self.room.book.get(What.COUPON, answer.serial) or {}
        use = row.get("use") or self.room.coupons.leases.word(answer.serial, self._clock.now())
        return {
            "day": row.get("valid_until", ""),
            "from_day": row.get("valid_from", ""),
            "used_at": use.get("at", ""),
            "store": use.get("store", ""),
            "till": use.get("workstation_id", ""),
        }

    def _remark(self, answer: CouponAnswer) -> dict[str, Any]:
        """Return what the lane's pages say in passing: whoever is known there stays on the page."""
        return {
            "as_of": self._clock.now().isoformat(),
            "code": "coupon_accepted" if answer.accepted else answer.code,
            "message": "The coupon is good: it is taken." if answer.accepted else answer.message,
            "fix": f"Till code {answer.till_code}" if answer.accepted and answer.till_code else answer.fix,
            "resolved": False,
            "passing": True,
            "number": shown(answer.serial) if answer.serial else "",
            "till_code": answer.till_code,
            **self._life(answer),
        }

    # Committing

    def records(self, entry: Entry, workstation_id: str) -> tuple[NewRecord, ...]:
        """Return an entry's records as of now."""
        return tuple(self._maker.of_now(kind, content, workstation_id) for kind, content in entry.records)

    async def commit(self, entry: Entry, workstation_id: str) -> Committed:
        """Commit an entry by itself; nothing to say costs no commit. Raises TillstreamError, having undone it."""
        if not (entry.records or entry.changes):
            return Committed()
        batch = Batch(records=self.records(entry, workstation_id), changes=entry.changes)
        try:
            return await self._journal.hand_over(batch)
        except TillstreamError:
            self.undo(entry)
            raise

    async def flush(self) -> None:
        """Return when everything decided before is on disk. Raises TillstreamError of the journal."""
        await self._journal.hand_over(Batch())

    def hand_over(self, entry: Entry, workstation_id: str = "") -> None:
        """Commit an entry that nobody waits for; a failure is told and undone."""
        if not (entry.records or entry.changes):
            return
        batch = Batch(records=self.records(entry, workstation_id), changes=entry.changes)

        def done(future: Any) -> None:
            error = None if future.cancelled() else future.exception()
            if error is not None:
                self.undo(entry)
                if isinstance(error, TillstreamError):
                    self._trouble(error)

        self._journal.hand_over(batch, haste=Haste.LATER).add_done_callback(done)

    def tick(self) -> None:
        """Let time pass: leases end, reservations are forgotten; once a day what nobody can ask about goes."""
        if self._forgetting:
            return  # no sale leaves memory while those on disk are gone through
        now = self._clock.now()
        today = self._today(now)
        self.hand_over(self._safely(lambda: self.room.time_passed(now), "the ledger of value"))
        if self._day != today:
            self._day = today
            self.hand_over(self._safely(lambda: self.room.new_day(today), "the ledger of value"))

    async def forget(self, customer_id: str) -> int:
        """Forget a person, on return for good; return how many rows that took. Raises as `commit`."""
        self._forgetting += 1
        try:
            self.room.book.hold(await asyncio.to_thread(self.room.book.sales_naming, customer_id))
        finally:
            self._forgetting -= 1
        entry = behind_cuts(lambda: self.room.forget(customer_id))
        await self.commit(entry, "")
        return len(entry.changes)

    def counts(self) -> dict[str, int]:
        """Return how many rows of each kind are in memory."""
        return {what.value: sum(1 for _row in self.room.book.each(what)) for what in What}

    # Parts

    def _held(self, code: str, workstation_id: str, customer_id: str | None) -> Held:
        now = self._clock.now()
        return Held(
            code=code, workstation_id=workstation_id, today=self._today(now), now=now, customer_id=customer_id or None
        )

    def _safely(self, decide: Callable[[], Entry], what: str) -> Entry:
        try:
            return behind_cuts(decide)
        except Exception as error:  # noqa: BLE001 - see the module's contract: the receipt is kept, this is told
            self.room.book.abandon()
            told = f"the value of {what} could not be decided: {error!r}"
            defect = DefectError(told, fix="send the log to support", code="value_defect")
            self._trouble(error if isinstance(error, OnSiteError) else defect)
            return Entry()


def member_of(account: Account | None, customer_id: str) -> Member | None:
    """Return whose purchase it is; a person whom the mirror no longer knows still earns on their own account."""
    if account is not None:
        return Member.of(account)
    return Member(customer_id=customer_id, account=customer_id) if customer_id else None

"""What tills ask of core: the till API's half, and a scanner in line; one op each on `control.sock`.

Each answers when what it says is on disk.

judge            {workstation_id, code, symbology} -> {action, code}: what the till is to get for a coupon that its own
                 scanner read; the coupon is burned first. A repeat within seconds is answered the same
till_identify    {workstation_id, code, symbology} -> {scan_id, known, customer}; a repeat is another scan of the card
till_quote       {workstation_id, body} -> the quote; changes nothing
till_redeemable  {workstation_id, body} -> {account, customer_id, redeemable}; changes nothing
till_reserve     {workstation_id, body, key} -> {answer}; the same key is answered the same, refusals too
till_commit      {reservation_id, key} -> {answer}; the same key, or the same reservation, is answered the same
till_reverse     {reservation_id, key} -> {answer}; likewise
lease            {lease} -> {known}: points that the hub granted this store; a repeat changes nothing
coupon_lease     {lease} -> {known}: a coupon that the hub gave to this store; a repeat changes nothing
hub_here         {}: the hub was reached; for two minutes it is asked about coupons; a repeat renews it
coupon_told      {ask_id, answer}: the hub's answer to `coupon_question`, null: it is not to be reached; a repeat is
                 dropped
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from agent.clock import Clock
from agent.control.server import Operation
from agent.identity.recognition import Recogniser
from agent.identity.scanning import Presented, Scanning
from agent.journal.records import JournalKind
from agent.value.book import Entry, behind_cuts
from agent.value.counter import ValueCounter
from agent.value.till import Answer, Asked, TillDesk
from retail.errors import RefusedError
from retail.identifiers import BusinessUnitId
from retail.leases import Lease
from retail.loyalty import Account

Body = Mapping[str, Any]
KEY_CHARS_MAX = 128


class TillOperations:
    """One method an op; `table` hands them to the control server."""

    def __init__(
        self, till: TillDesk, *, counter: ValueCounter, scanning: Scanning, people: Recogniser, clock: Clock
    ) -> None:
        self._till = till
        self._counter = counter
        self._scanning = scanning
        self._people = people
        self._clock = clock

    def table(self) -> Mapping[str, Operation]:
        """Return op -> what carries it out."""
        return {
            "judge": self.judge,
            "till_identify": self.identify,
            "till_quote": self.quote,
            "till_redeemable": self.redeemable,
            "till_reserve": self.reserve,
            "till_commit": self.commit,
            "till_reverse": self.reverse,
            "lease": self.lease,
            "coupon_lease": self.coupon_lease,
            "hub_here": self.hub_here,
            "coupon_told": self.coupon_told,
        }

    async def judge(self, *, workstation_id: str, code: str, symbology: str = "") -> dict[str, str]:
        """Say what the till is to get for a code that a scanner in line has read."""
        del symbology
        self._scanning.require_place(workstation_id)
        customer_id = self._scanning.customer_at(workstation_id)
        return await self._counter.judge(code.strip(), workstation_id=workstation_id, customer_id=customer_id)

    async def identify(self, *, workstation_id: str, code: str, symbology: str = "") -> dict[str, Any]:
        """Take a member's code for the lane's open sale and say who it is."""
        presented = Presented(
            workstation_id=workstation_id, code=code, symbology=symbology, source="api", is_member=True
        )
        scan_id = await self._scanning.scan(presented)
        account = self._people.recognition(scan_id).account
        return {"scan_id": scan_id, "known": account is not None, "customer": _customer(account)}

    async def quote(self, *, workstation_id: str, body: Body) -> dict[str, Any]:
        """Say what a basket would cost."""
        await self._ask_hub(workstation_id, body, take=False)
        return {"answer": self._till.quote(self._asked(workstation_id, body))}

    async def redeemable(self, *, workstation_id: str, body: Body) -> dict[str, Any]:
        """Say how many points could be spent here now, for the desk to ask the hub for more."""
        account, points = self._till.redeemable(self._asked(workstation_id, body))
        return {"account": account, "redeemable": points}

    async def reserve(self, *, workstation_id: str, body: Body, key: str) -> dict[str, Any]:
        """Hold coupons and points for a sale."""
        await self._ask_hub(workstation_id, body, take=True)
        asked = self._asked(workstation_id, body)
        told = {**body, "workstation_id": workstation_id}
        return await self._once(
            "reserve",
            key,
            told,
            do=lambda: self._till.reserve(asked, key=key),
            no=lambda e: self._till.refused(asked, e),
        )

    async def commit(self, *, reservation_id: str, key: str) -> dict[str, Any]:
        """Burn what a reservation holds."""
        return await self._once(
            "commit",
            key,
            {"reservation_id": reservation_id},
            do=lambda: self._till.commit(reservation_id, now=self._clock.now()),
            no=self._nothing,
        )

    async def reverse(self, *, reservation_id: str, key: str) -> dict[str, Any]:
        """Give back what a reservation held, or what its commit burned."""
        return await self._once(
            "reverse",
            key,
            {"reservation_id": reservation_id},
            do=lambda: self._till.reverse(reservation_id, now=self._clock.now()),
            no=self._nothing,
        )

    async def lease(self, *, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Take points that the hub granted this store; another store's are refused."""
        granted = Lease(
            lease_id=str(lease["lease_id"]),
            account=str(lease["account"]),
            store=BusinessUnitId(str(lease["store"])),
            points=int(lease["points"]),
            expires_at=datetime.fromisoformat(str(lease["expires_at"])),
        )
        room = self._counter.room
        if granted.store != room.rules.store or granted.expires_at.tzinfo is None or granted.points <= 0:
            raise RefusedError("this lease is not for this store", fix="ask the hub for another", code="lease")

        def taken() -> tuple[bool, Entry]:
            content = room.leases.granted(granted, for_request=bool(lease.get("for_request")))
            records = [] if content is None else [(JournalKind.POINTS_LEASED, content)]
            return content is None, room.book.entry(records)

        is_known, entry = behind_cuts(taken)
        await self._counter.commit(entry, "")
        return {"known": is_known}

    async def coupon_lease(self, *, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a coupon that the hub gave to this store."""
        return {"known": not await self._counter.take_coupon_lease(lease)}

    async def hub_here(self) -> dict[str, Any]:
        """Learn that the hub is there."""
        self._counter.questions.hub_here()
        return {}

    async def coupon_told(self, *, ask_id: int, answer: Mapping[str, Any] | None) -> dict[str, Any]:
        """Take the hub's answer about a coupon."""
        self._counter.questions.told(int(ask_id), answer)
        return {}

    async def _ask_hub(self, workstation_id: str, body: Body, *, take: bool) -> None:
        """Ask the hub about the coupons of a basket, all at once."""
        if body.get("coupons"):
            asked = self._asked(workstation_id, body)
            await asyncio.gather(*(self._counter.ask_hub(held, take=take) for held in self._till.held_out(asked)))

    async def _once(
        self,
        op: str,
        key: str,
        body: Body,
        *,
        do: Callable[[], tuple[Answer, Entry]],
        no: Callable[[RefusedError], Entry],
    ) -> dict[str, Any]:
        """Carry out a request once a key; a repeat waits for the first one's commit and is answered the same."""
        if not key or len(key) > KEY_CHARS_MAX:
            raise RefusedError("an Idempotency-Key is needed", fix="send 1 to 128 characters", code="key_missing")
        known = self._till.answered(op, key, body)
        if known is not None:
            await self._counter.flush()
            return _answered(known["answer"])
        try:
            answer, entry = behind_cuts(do)
        except RefusedError as error:
            entry = no(error)
            answer = {"refused": {"code": error.code, "message": error.message, "fix": error.fix}}
        entry = self._till.keep_answer(op, key, body, answer=answer, entry=entry, now=self._clock.now())
        await self._counter.commit(entry, str(body.get("workstation_id") or ""))
        return _answered(answer)

    def _nothing(self, error: RefusedError) -> Entry:
        del error
        self._counter.room.book.abandon()
        return Entry()

    def _asked(self, workstation_id: str, body: Body) -> Asked:
        self._scanning.require_place(workstation_id)
        scan_id = str(body.get("scan_id") or "")
        account = self._people.recognition(scan_id).account if scan_id else self._scanning.account_at(workstation_id)
        return self._till.asked(workstation_id=workstation_id, account=account, body=body, now=self._clock.now())


def _answered(answer: Mapping[str, Any]) -> dict[str, Any]:
    refused = answer.get("refused")
    if refused is not None:
        raise RefusedError(str(refused["message"]), fix=str(refused["fix"]), code=str(refused["code"]))
    return {"answer": answer}


def _customer(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    return {
        "first_name": account.first_name,
        "tier": account.tier,
        "points": account.points,
        "points_expiring": account.points_expiring,
        "points_expire_on": account.points_expire_on.isoformat() if account.points_expire_on else None,
        "employee": account.employee,
        "language": account.language,
    }

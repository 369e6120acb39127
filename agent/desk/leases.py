"""Leases on their way from the hub to core: those granted ahead, and one for the purchase at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from agent.desk.loyalty import Asking
from retail.errors import TillstreamError
from sync.ports import Pace
from sync.protocol.value_messages import CouponAnswer, CouponQuestion, LeaseQuestion, LeasesAnswer

if TYPE_CHECKING:
    from sync.http_transport import HubConnection

LOOK_EVERY_S = 60.0
"""How often granted leases are looked for: a chain grants them in the morning, for the day."""

LEND_S = 1.5
"""How long a customer at the till waits for the hub; after it the store decides by what it holds."""

LEASES_PATH = "/v1/leases"
COUPONS_PATH = "/v1/coupons"


@dataclass(slots=True, kw_only=True)
class LeaseLink:
    """The way to the hub while there is one; `connection` is None while this store is not enrolled."""

    connection: HubConnection | None = None

    async def lend(self, account: str, points: int) -> Mapping[str, Any] | None:
        """Return a lease for the purchase at hand; None without a link, in time, or without points to lease."""
        if self.connection is None:
            return None
        question = LeaseQuestion(account=account, points=points)
        with suppress(TillstreamError, TimeoutError):
            answer = await asyncio.wait_for(self.connection.ask(LEASES_PATH, question, LeasesAnswer), LEND_S)
            mine = [lease for lease in answer.leases if lease.account == account and lease.for_request]
            return mine[-1].model_dump() if mine else None
        return None


@dataclass(slots=True, kw_only=True)
class CouponLink:
    """Answers core's questions about coupons; `connection` is None while this store is not enrolled."""

    control: Asking
    connection: HubConnection | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    def asked(self, question: Mapping[str, Any]) -> None:
        """Ask the hub what core wants to know, beside everything else; core waits for no longer than it likes."""
        task = asyncio.get_running_loop().create_task(self._answer(question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, question: Mapping[str, Any]) -> None:
        told = None
        if self.connection is not None:
            with suppress(TillstreamError, TimeoutError):
                asked = CouponQuestion(
                    serial=question["serial"],
                    issued_at=question["issued_at"],
                    valid_from=date.fromisoformat(question["valid_from"]),
                    take=question["take"],
                )
                answer = await asyncio.wait_for(self.connection.ask(COUPONS_PATH, asked, CouponAnswer), LEND_S)
                told = answer.model_dump(mode="json")
        with suppress(TillstreamError):
            await self.control.ask("coupon_told", ask_id=question.get("ask_id"), answer=told)


async def keep_leases(control: Asking, connection: HubConnection, *, pace: Pace) -> None:
    """Bring granted leases to core until cancelled. A repeat changes nothing; who is away is asked again."""
    while True:
        with suppress(TillstreamError):
            answer = await connection.ask(LEASES_PATH, LeaseQuestion(), LeasesAnswer)
            for lease in answer.leases:
                await control.ask("lease", lease=lease.model_dump())
            for coupon in answer.coupons:
                await control.ask("coupon_lease", lease=coupon.model_dump())
            await control.ask("hub_here")
        await pace.pause(LOOK_EVERY_S)

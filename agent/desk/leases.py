"""Leases on their way from the hub to core: those granted ahead, and one for the purchase at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from agent.desk.loyalty import Asking
from retail.errors import TillstreamError
from sync.http_transport import HubConnection
from sync.ports import Pace
from sync.protocol.value_messages import LeaseQuestion, LeasesAnswer

LOOK_EVERY_S = 60.0
"""How often granted leases are looked for: a chain grants them in the morning, for the day."""

LEND_S = 1.5
"""How long a customer at the till waits for the hub; after it the store decides by what it holds."""

LEASES_PATH = "/v1/leases"


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


async def keep_leases(control: Asking, connection: HubConnection, *, pace: Pace) -> None:
    """Bring granted leases to core until cancelled. A repeat changes nothing; who is away is asked again."""
    while True:
        with suppress(TillstreamError):
            answer = await connection.ask(LEASES_PATH, LeaseQuestion(), LeasesAnswer)
            for lease in answer.leases:
                await control.ask("lease", lease=lease.model_dump())
        await pace.pause(LOOK_EVERY_S)

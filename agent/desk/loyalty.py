"""The till API's way to core, and to the hub for points: a lease for the purchase at hand, where there is a link.

A till waits for nobody else: only a purchase that asks for more points than this store holds leases of asks the hub,
and for no longer than the caller of `Lending` allows; without an answer core decides by what it has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from kiosk.ports import JsonObject
from retail.errors import TillstreamError


class Asking(Protocol):
    """Core, as far as it can be asked (`agent.desk.core_client.ControlClient`)."""

    async def ask(self, op: str, *, answer_s: float = ..., **values: Any) -> dict[str, Any]:
        """Return core's answer to one operation of `agent.control.operations`; what it raises is said there."""
        ...


Lending = Callable[[str, int], Awaitable[Mapping[str, Any] | None]]
"""Asks the hub for points of an account; returns the lease, None when there is no link or nothing to lease."""


class TillLink:
    """Fulfils the till's half of `kiosk.ports.CorePort`."""

    def __init__(self, control: Asking, *, lend: Lending | None) -> None:
        self._control = control
        self._lend = lend

    async def ask(self, op: str, **values: Any) -> JsonObject:
        """Ask core; for a purchase with points see first that there is a lease. Raises as `Asking.ask`."""
        body = values.get("body")
        if op == "reserve" and self._lend is not None and isinstance(body, Mapping) and body.get("points"):
            await self._see_to_lease(str(values["workstation_id"]), body)
        answer = await self._control.ask(f"till_{op}", **values)
        told = answer.get("answer")
        if isinstance(told, dict):
            return told
        return {name: value for name, value in answer.items() if name not in {"id", "ok"}}

    async def _see_to_lease(self, workstation_id: str, body: Mapping[str, Any]) -> None:
        """Ask the hub for what is missing; whatever goes wrong, core says what can be spent."""
        with suppress(TillstreamError):
            stands = await self._control.ask("till_redeemable", workstation_id=workstation_id, body=dict(body))
            wanted = int(body["points"])
            if not stands["account"] or stands["redeemable"] >= wanted:
                return
            assert self._lend is not None
            lease = await self._lend(str(stands["account"]), wanted)
            if lease is not None:
                await self._control.ask("lease", lease=dict(lease))

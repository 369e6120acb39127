"""Coupons at a scanner in line (level S): core's word about a code before the till sees it, and the scan that follows.

The word is asked for first and the scan told a moment later, both of one presentation: the coupon is burned for the
word, and the scan finds it burned. What the till is to get: a refused coupon is withheld, a good one becomes the till's
own barcode where its campaign has one. No word in the scanner's time lets the code pass as it is.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.value.room import CouponAnswer
from retail.coupons import PREFIX

SAME_FOR = timedelta(seconds=5)
"""How long a scan of the same code at the same lane is the one that was judged: it follows at once, or the hub's word
was waited for; a customer who holds the same paper out again takes longer."""

REMEMBERED_MAX = 200
"""Judged scans of a few minutes, which may still be taken back by the id that their scan was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One coupon that was judged: as which scan, when, and the work that burns it."""

    scan_id: str
    at: datetime
    task: asyncio.Task[CouponAnswer]


class InLine:
    """Used by core's loop only."""

    def __init__(self) -> None:
        self._judged: dict[tuple[str, str], _Judged] = {}
        self._same: dict[str, str] = {}

    async def judge(
        self, code: str, *, workstation_id: str, now: datetime, hold_out: Callable[[str], Awaitable[CouponAnswer]]
    ) -> CouponAnswer:
        """Return what became of a coupon, burned as a scan of its own (`hold_out(scan_id)`); a repeat is the same."""
        key = workstation_id, code
        known = self._judged.get(key)
        if known is None or now - known.at >= SAME_FOR:
            scan_id = uuid.uuid4().hex
            task = asyncio.ensure_future(hold_out(scan_id))
            known = self._judged[key] = _Judged(scan_id=scan_id, at=now, task=task)
            if len(self._judged) > REMEMBERED_MAX:
                del self._judged[next(iter(self._judged))]
        return await asyncio.shield(known.task)

    async def is_told(self, code: str, *, workstation_id: str, now: datetime, scan_id: str) -> bool:
        """Return whether a scan is that of a coupon judged just now; then it is burned, or refused, and told already.

        Once: the next scan of the same code is another presentation. Raises what the judging raised.
        """
        known = self._judged.pop((workstation_id, code), None)
        if known is None or now - known.at >= SAME_FOR:
            return False
        self._same[scan_id] = known.scan_id
        if len(self._same) > REMEMBERED_MAX:
            del self._same[next(iter(self._same))]
        await asyncio.shield(known.task)
        return True

    def burned_as(self, scan_id: str) -> str:
        """Return the scan's id under which its coupon was burned."""
        return self._same.get(scan_id, scan_id)


def verdict(answer: CouponAnswer, code: str) -> dict[str, str]:
    """Return what the till is to get for a coupon that was judged: `{"action", "code"}`."""
    if not answer.accepted:
        return {"action": "withhold", "code": ""}
    if code.lower().startswith(PREFIX) and answer.till_code:
        return {"action": "replace", "code": answer.till_code}
    return {"action": "pass", "code": ""}

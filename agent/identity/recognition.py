"""Who holds a code? Tokenise it off the loop, one at a time, and look the token up in the mirror.

A token costs about 12 ms of scrypt; it is paid once a scan, on one thread of low priority, so that a burst of scans
waits for itself and no receipt waits for it. Secrets of tokens stay in this module's memory and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from retail.loyalty import Account
from sync.protocol.tokens import CodeKind, locator_of, normalise, token_of

NICENESS = 10  # behind everything that prints
SCANS_WAITING_MAX = 200  # 12 lanes scanning twice a second wait 0.3 s; more is noise, and is refused
REMEMBERED_MAX = 1000  # scans whose holder is known: an evening's of a big store's open sales, put-by ones included


class MirrorPort(Protocol):
    """Where tokens are looked up."""

    def look_up_account(self, token: bytes) -> Account | None:
        """Return the holder, None when nobody is known by it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a code turned out to be. `locator` (hexadecimal) may be stored; it opens nothing."""

    scan_id: str
    locator: str
    account: Account | None


class Recogniser:
    """Tokenises on one niced thread; without a pepper (not enrolled) every code is unknown."""

    def __init__(self, mirror: MirrorPort, *, country: str) -> None:
        self._mirror = mirror
        self._country = country
        self._pepper: bytes | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scrypt", initializer=be_nice)
        self._waiting = 0
        self._known: OrderedDict[str, Recognition] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Recogniser waiting={self._waiting} remembered={len(self._known)}>"

    def use_pepper(self, pepper: bytes | None, *, country: str) -> None:
        """Take the chain's pepper and country after enrolment."""
        self._pepper = pepper
        self._country = country or self._country

    @property
    def waiting(self) -> int:
        """How many scans are being looked up."""
        return self._waiting

    @property
    def is_busy(self) -> bool:
        """Whether more scans wait than a store can make."""
        return self._waiting >= SCANS_WAITING_MAX

    async def recognise(self, scan_id: str, code: str, kind: CodeKind) -> Recognition:
        """Return whom a code belongs to and remember it under the scan's id. The code itself is not kept."""
        if self._pepper is None:
            return self._remember(Recognition(scan_id=scan_id, locator="", account=None))
        normalised = normalise(code, kind, country=self._country)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            token = await loop.run_in_executor(self._thread, token_of, normalised, self._pepper)
        finally:
            self._waiting -= 1
        account = self._mirror.look_up_account(token)
        return self._remember(Recognition(scan_id=scan_id, locator=locator_of(token).hex(), account=account))

    def account(self, scan_id: str) -> Account | None:
        """Return who was recognised by a scan; None for nobody, or not yet."""
        known = self._known.get(scan_id)
        return known.account if known else None

    def locator(self, scan_id: str) -> str:
        """Return the storable half of a scan's token; empty for none, or not yet."""
        known = self._known.get(scan_id)
        return known.locator if known else ""

    def forget(self, customer_id: str) -> None:
        """Drop a person from memory: they were erased."""
        for scan_id, known in list(self._known.items()):
            if known.account is not None and known.account.customer_id == customer_id:
                del self._known[scan_id]

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _remember(self, recognition: Recognition) -> Recognition:
        self._known[recognition.scan_id] = recognition
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return recognition


def be_nice() -> None:
    """Lower the priority of this thread alone (Linux gives threads their own; elsewhere nothing is done)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)

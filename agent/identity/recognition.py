"""Who holds a code? Tokenise it off the loop, two at a time, and look the token up in the mirror.

A token costs about 12 ms of scrypt; it is paid once a scan, on threads a little behind what prints, so that a burst
of scans waits for itself and no receipt waits for it. Secrets of tokens stay in this module's memory and nowhere else.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from agent.identity.permissions import Permissions
from agent.promptness import be_patient
from retail.loyalty import Account
from sync.protocol.enrolment import seal_to, to_base64
from sync.protocol.rotating import is_current, is_rotating, read_shown, secret_of
from sync.protocol.tokens import CodeKind, locator_of, normalise, token_of

NICENESS = 5
"""Behind what prints: at 2, a held cut was seen waiting 3 ms for a token that had the processor.

Beside two programs that never rest on two processors a token takes 60 ms at 0, 110 ms at 3, 380 ms and more at 10: a
cashier looks at an empty page meanwhile.
"""
TOKENS_AT_ONCE = 2
"""Twelve busy lanes keep one thread at work for a third of the time: with one, every hundredth scan waited for four
others. A third thread would be a third processor's, which a till seldom has."""

SCANS_WAITING_MAX = 200  # 12 lanes scanning twice a second wait 0.3 s; more is noise, and is refused
REMEMBERED_MAX = 1000  # scans whose holder is known: an evening's of a big store's open sales, put-by ones included


class MirrorPort(Protocol):
    """Where tokens are looked up."""

    def look_up_account(self, token: bytes) -> Account | None:
        """Return the holder, None when nobody is known by it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a code turned out to be. `locator` (hexadecimal) may be stored; it opens nothing.

    `customer_id` is empty where nobody is known; it is known without the account for a scan of before a restart.
    `sealed` is a code that nobody is known by, sealed to the chain (base64): the hub links it when its holder is known.
    `is_stale`: a rotating code whose minute is over, or that came without its digits; it is nobody's.
    `mark` tells codes apart as long as this process lives, and opens nothing.
    """

    scan_id: str
    locator: str
    account: Account | None
    customer_id: str = ""
    sealed: str = ""
    is_stale: bool = False
    mark: str = ""

    @property
    def is_restored(self) -> bool:
        """Whether only the id has outlived a restart: the code that opens the account has not been kept."""
        return self.account is None and bool(self.customer_id)


class Recogniser:
    """Tokenises on niced threads; without a pepper (not enrolled) every code is unknown."""

    def __init__(self, mirror: MirrorPort, *, country: str, now: Callable[[], datetime]) -> None:
        self.permissions = Permissions()
        self._mirror = mirror
        self._now = now
        self._country = country
        self._pepper: bytes | None = None
        self._chain_key = b""
        self._threads = ThreadPoolExecutor(TOKENS_AT_ONCE, thread_name_prefix="scrypt", initializer=be_nice)
        self._turn: asyncio.Future[None] | None = None
        self._waiting = 0
        self._known: OrderedDict[str, Recognition] = OrderedDict()
        self._pending: dict[str, asyncio.Future[Recognition]] = {}
        self._secret = os.urandom(16)

    def __repr__(self) -> str:
        return f"<Recogniser waiting={self._waiting} remembered={len(self._known)}>"

    def use_pepper(self, pepper: bytes | None, *, country: str, chain_key: bytes = b"") -> None:
        """Take the chain's pepper and country after enrolment, and the public key that unknown codes are sealed to."""
        self._pepper = pepper
        self._chain_key = chain_key
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
        found = Recognition(scan_id=scan_id, locator="", account=None)
        try:
            if self._pepper is not None:
                found = await self._find(scan_id, code, kind, self._pepper)
            return self._remember(found)
        finally:
            pending = self._pending.pop(scan_id, None)
            if pending is not None and not pending.done():
                pending.set_result(found)

    def expect(self, scan_id: str) -> None:
        """Note that a scan is about to be recognised, so that a cut that comes first can wait for it."""
        self._pending[scan_id] = asyncio.get_running_loop().create_future()

    def pending(self, scan_id: str) -> asyncio.Future[Recognition] | None:
        """Return what to wait for while a scan is being looked up; None when it is known, or never was one."""
        return self._pending.get(scan_id)

    async def _find(self, scan_id: str, code: str, kind: CodeKind, pepper: bytes) -> Recognition:
        stale = Recognition(scan_id=scan_id, locator="", account=None, is_stale=True)
        shown = read_shown(code)
        if shown is not None:
            code, kind = shown.wallet, CodeKind.WALLET
        elif is_rotating(code):
            return stale
        at_s = self._now().timestamp()
        normalised = normalise(code, kind, country=self._country)
        self._waiting += 1
        try:
            token = await self._token(normalised, pepper)
        finally:
            self._waiting -= 1
        if shown is not None and not is_current(shown, secret_of(token), at_s):
            return stale
        account = self.permissions.applied(self._mirror.look_up_account(token))
        sealed = _sealed(normalised, self._chain_key) if account is None and self._chain_key else ""
        return Recognition(
            scan_id=scan_id,
            locator=locator_of(token).hex(),
            account=account,
            customer_id=account.customer_id if account else "",
            sealed=sealed,
            mark=self._mark(normalised),
        )

    async def _token(self, normalised: str, pepper: bytes) -> bytes:
        """Return a token, in the order they were asked for: a lane's second card must not be told before its first."""
        loop = asyncio.get_running_loop()
        before, self._turn = self._turn, loop.create_future()
        mine = self._turn
        try:
            token = await loop.run_in_executor(self._threads, token_of, normalised, pepper)
            if before is not None and not before.done():
                await asyncio.wait((before,))
            return token
        finally:
            mine.set_result(None)

    def is_another(self, scan_id: str, code: str) -> bool:
        """Return whether a card's number is another code than the one that was scanned: whose, is not known by that."""
        known = self._known.get(scan_id)
        if known is None or not known.mark:
            return False
        return known.mark != self._mark(normalise(code, CodeKind.CARD, country=self._country))

    def _mark(self, normalised: str) -> str:
        return hashlib.blake2b(normalised.encode(), key=self._secret, digest_size=16).hexdigest()

    def recognition(self, scan_id: str) -> Recognition:
        """Return what a scan turned out to be; nobody for one that is not known (any more)."""
        known = self._known.get(scan_id) or Recognition(scan_id=scan_id, locator="", account=None)
        account = self.permissions.applied(known.account)
        return known if account is known.account else replace(known, account=account)

    def attributed(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record of a page with the member whose scan it names, if it names one that is known.

        Who withdraws what they once allowed is named even when that makes them a stranger: the hub must learn who.
        """
        known = self._known.get(str(payload.get("scan_id") or ""))
        if known is None or not known.customer_id:
            return dict(payload)
        return {**payload, "customer_id": known.customer_id, "locator": known.locator}

    def remember_restored(self, recognition: Recognition) -> None:
        """Take over what the journal kept of a scan made before core was started."""
        self._remember(recognition)

    def forget(self, customer_id: str, locators: Collection[str] = ()) -> None:
        """Drop a person from memory, and whatever of theirs was scanned: they were erased."""
        self.permissions.forget(customer_id)
        for scan_id, known in list(self._known.items()):
            if known.customer_id == customer_id or known.locator in locators:
                del self._known[scan_id]

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _remember(self, recognition: Recognition) -> Recognition:
        self._known[recognition.scan_id] = recognition
        if len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return recognition


def _sealed(normalised: str, chain_key: bytes) -> str:
    """Return a code that only the chain can read (a fifth of a millisecond, for codes nobody knows)."""
    return to_base64(seal_to(X25519PublicKey.from_public_bytes(chain_key), normalised.encode()))


def be_nice() -> None:
    """Lower the priority of this thread alone (Linux gives threads their own; elsewhere nothing is done)."""
    be_patient()
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)

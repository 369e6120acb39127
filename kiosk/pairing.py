"""Devices on the store's network: which are ours, and what each may do.

Whoever sits at the store's own machine (a loopback connection) may do everything. A device elsewhere shows a short
code; somebody at the store's machine reads it from that very screen, types it in and says what the device is. The
device then fetches its token once, as a cookie that no script can read. Only the token's hash is kept. A kiosk's token
opens no cashier's page and a cashier's no list of devices.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from kiosk.ports import Clock
from retail.errors import RefusedError, TryAgainError

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, no 1, I and L, no U: the code is read from one screen and typed at another."""

CODE_CHARACTERS = 6
"""7 x 10^8 codes, each good for ten minutes, and typed in only by somebody at the store's machine."""

CODE_FOR_S = 600.0
"""Long enough to walk from the kiosk to the office."""

PENDING_MAX = 16
"""Devices that wait at once; more is somebody who plays."""

DEVICES_MAX = 200
"""As many screens as one agent serves."""

TOKEN_BYTES = 32
COOKIE = "tillstream_device"
COOKIE_FOR_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""


class Right(StrEnum):
    """What a device is, and so what it may do."""

    KIOSK = "kiosk"
    CASHIER = "cashier"
    DISPLAY = "display"
    ADMIN = "admin"


EVERYTHING = frozenset(Right)
NOTHING: frozenset[Right] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A paired device; its token is known to nobody but itself."""

    device_id: str
    name: str
    right: Right
    token_sha256: str
    paired_at: str


class DeviceBook(Protocol):
    """Where paired devices are kept."""

    def load(self) -> Sequence[Device]:
        """Return all devices; none when nothing was ever kept. Raises OnSiteError when the file cannot be read."""
        ...

    def save(self, devices: Sequence[Device]) -> None:
        """Keep these devices, durably. Raises OnSiteError when the disk says no."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A device that shows its code. `device` is set once somebody has confirmed it."""

    pairing_id: str
    code: str
    began_s: float
    device: Device | None = None


class Pairings:
    """All devices of one agent, and those that wait to become one; used by the desk's one loop."""

    def __init__(self, *, book: DeviceBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._devices = tuple(book.load())
        self._pending: dict[str, Pending] = {}

    @property
    def devices(self) -> Sequence[Device]:
        """Return all paired devices."""
        return self._devices

    def begin(self) -> Pending:
        """Give a device a code to show. Raises TryAgainError when too many wait."""
        self._forget_old()
        if len(self._pending) >= PENDING_MAX:
            raise TryAgainError(
                "too many devices wait to be paired", fix="confirm or close the others", code="too_many_pairings"
            )
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARACTERS))
        pending = Pending(pairing_id=secrets.token_urlsafe(16), code=code, began_s=self._clock.monotonic_s())
        self._pending[pending.pairing_id] = pending
        return pending

    def confirm(self, code: str, *, right: Right, name: str) -> None:
        """Say that the device which shows this code is ours. Raises RefusedError for a code that nobody shows."""
        self._forget_old()
        wanted = code.strip().upper().replace("-", "").replace(" ", "")
        for pending in self._pending.values():
            if hmac.compare_digest(pending.code, wanted) and pending.device is None:
                device = Device(
                    device_id=secrets.token_hex(8),
                    name=name,
                    right=right,
                    token_sha256="",
                    paired_at=self._clock.now().isoformat(timespec="seconds"),
                )
                self._pending[pending.pairing_id] = replace(pending, device=device)
                return
        raise RefusedError(
            "no device shows that code now", fix="read the code from the device's screen again", code="not_found"
        )

    def claim(self, pairing_id: str) -> str | None:
        """Return the token of a confirmed device, once; None while nobody has confirmed it.

        Raises RefusedError when there is no such pairing (any more).
        """
        self._forget_old()
        pending = self._pending.get(pairing_id)
        if pending is None:
            raise RefusedError("this pairing is over", fix="reload the page for a new code", code="not_found")
        if pending.device is None:
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        device = replace(pending.device, token_sha256=_digest(token))
        self._keep((*self._devices, device)[-DEVICES_MAX:])
        del self._pending[pairing_id]
        return token

    def revoke(self, device_id: str) -> None:
        """Forget a device; it shows a code again. Revoking twice changes nothing."""
        self._keep(each for each in self._devices if each.device_id != device_id)

    def rights_of(self, token: str) -> frozenset[Right]:
        """Return what the holder of a token may do."""
        if not token:
            return NOTHING
        digest = _digest(token)
        for device in self._devices:
            if hmac.compare_digest(device.token_sha256, digest):
                return frozenset({device.right})
        return NOTHING

    def _keep(self, devices: Iterable[Device]) -> None:
        kept = tuple(devices)
        self._book.save(kept)
        self._devices = kept

    def _forget_old(self) -> None:
        now_s = self._clock.monotonic_s()
        self._pending = {name: each for name, each in self._pending.items() if now_s - each.began_s < CODE_FOR_S}


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

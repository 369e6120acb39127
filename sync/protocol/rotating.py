"""Rotating codes: a wallet shows a QR code that changes every minute; a store without a link tells whether it is new.

What is shown is `tsw1:ID:DIGITS`. `tsw1:ID` is the wallet's code, tokenised like a card; DIGITS is RFC 6238 (TOTP)
over a secret that is made of the code's token. So the store keeps no secret: whoever looks the code up has just
computed the token, and nobody else has it - the mirror's files hold no token and no secret. The hub, which computes
tokens for the mirror, gives the same secret to the chain's wallet program: docs/decisions/0023-rotating-codes.md.

HMAC-SHA-1 and eight digits because that is what wallets on phones can show offline (RFC 6238; RFC 4226, section 5.3).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

PREFIX = "tsw1:"
"""What every rotating code begins with, on whatever symbology."""

PERIOD_S = 60
DIGITS = 8
STEPS_EITHER_SIDE = 1
"""A code is good in its own minute, and one before and after: clocks of phones differ, and customers queue."""

SECRET_BYTES = 20  # RFC 4226 recommends 160 bits
_SECRET_SALT = b"tillstream rotating code 1"
_SHOWN = re.compile(r"(tsw1:[A-Za-z0-9_-]{8,64}):([0-9]{8})", re.ASCII)
_WALLET = re.compile(r"tsw1:[A-Za-z0-9_-]{8,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RotatingCode:
    """A code as shown: the wallet's own code (`tsw1:ID`), and the digits of its minute."""

    wallet: str
    digits: str


def is_rotating(code: str) -> bool:
    """Return whether a code can only be a rotating one, well formed or not."""
    return code.startswith(PREFIX)


def is_wallet(code: str) -> bool:
    """Return whether this is the code of a wallet, as codes.csv names it."""
    return _WALLET.fullmatch(code) is not None


def read_shown(code: str) -> RotatingCode | None:
    """Return the parts of a code as shown, None for anything else - the wallet's code without digits among it."""
    found = _SHOWN.fullmatch(code)
    return RotatingCode(wallet=found[1], digits=found[2]) if found else None


def secret_of(token: bytes) -> bytes:
    """Return the secret that a wallet's program computes its digits with."""
    return hmac.digest(token, _SECRET_SALT, hashlib.sha256)[:SECRET_BYTES]


def digits_at(secret: bytes, at_s: float) -> str:
    """Return the digits of the minute that holds a moment, in seconds since 1970."""
    return _digits(secret, int(at_s) // PERIOD_S)


def is_current(shown: RotatingCode, secret: bytes, at_s: float) -> bool:
    """Return whether the digits are of now, by this machine's clock."""
    step = int(at_s) // PERIOD_S
    near = range(step - STEPS_EITHER_SIDE, step + STEPS_EITHER_SIDE + 1)
    return any(hmac.compare_digest(_digits(secret, each), shown.digits) for each in near)


def _digits(secret: bytes, step: int) -> str:
    """Return the truncated value of a step (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, max(step, 0).to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"

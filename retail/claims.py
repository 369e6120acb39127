"""The claim's token: what the QR code on a stranger's receipt carries, so that the sale can become theirs later.

Layout of the 32 bytes that the store's key signs (all numbers big-endian):

| bytes | what                                                          |
| ----- | ------------------------------------------------------------- |
| 1     | version (1)                                                   |
| 4     | key id: which store's key signed                              |
| 16    | transaction, a UUID                                           |
| 6     | total in ten-thousandths of the currency unit, signed         |
| 3     | currency (ISO 4217, ASCII)                                    |
| 2     | last day on which it may be claimed (days since 2020-01-01)   |

With the 64 bytes of the signature that is 154 characters of base32: behind a short address QR version 9 at level M.
The token proves which sale it is before the sale has reached the hub: a shop without a link prints good ones.
"""

from __future__ import annotations

import binascii
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from retail.errors import RefusedError
from retail.identifiers import TransactionId

SIGNED_PREFIX = b"tsr1"
"""Goes before the payload when it is signed, so that no coupon of ours can ever be taken for a claim."""

CLAIM_DAYS = 7
"""Long enough for "I will do it at home", short enough that receipts found in bins are worth little."""

PAYLOAD_BYTES = 32
SIGNATURE_BYTES = 64
TOKEN_CHARS = 154
KEY_ID_BYTES = 4
_VERSION = 1
_DAY_ZERO = date(2020, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleClaim:
    """What a token says; true only once its signature has been verified. `total_e4`: ten-thousandths of `currency`."""

    key_id: bytes
    transaction_id: TransactionId
    total_e4: int
    currency: str
    last_day: date


def pack_claim(claim: SaleClaim) -> bytes:
    """Return the payload to sign."""
    payload = b"".join(
        (
            bytes((_VERSION,)),
            claim.key_id,
            UUID(claim.transaction_id).bytes,
            claim.total_e4.to_bytes(6, "big", signed=True),
            claim.currency.encode("ascii"),
            (claim.last_day - _DAY_ZERO).days.to_bytes(2, "big"),
        )
    )
    assert len(payload) == PAYLOAD_BYTES, len(payload)
    return payload


def unpack_claim(payload: bytes) -> SaleClaim:
    """Return what a payload says. Raises RefusedError `claim_unreadable` for another version."""
    if len(payload) != PAYLOAD_BYTES or payload[0] != _VERSION or not payload[27:30].isalpha():
        raise unreadable()
    return SaleClaim(
        key_id=payload[1:5],
        transaction_id=TransactionId(str(UUID(bytes=payload[5:21]))),
        total_e4=int.from_bytes(payload[21:27], "big", signed=True),
        currency=payload[27:30].decode("ascii", "replace"),
        last_day=_DAY_ZERO + timedelta(days=int.from_bytes(payload[30:32], "big")),
    )


def claim_text(payload: bytes, signature: bytes) -> str:
    """Return what stands in the address."""
    text = b32encode(payload + signature).decode("ascii").rstrip("=")
    assert len(text) == TOKEN_CHARS, len(text)
    return text


def split_claim(token: str) -> tuple[bytes, bytes]:
    """Return payload and signature, in whatever case. Raises RefusedError `claim_unreadable`."""
    try:
        raw = b32decode(token.upper() + "=" * (-len(token) % 8)) if len(token) == TOKEN_CHARS else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != PAYLOAD_BYTES + SIGNATURE_BYTES:
        raise unreadable()
    return raw[:PAYLOAD_BYTES], raw[PAYLOAD_BYTES:]


def unreadable() -> RefusedError:
    """Return the refusal of what is no token of ours."""
    return RefusedError("this is no code of a receipt", fix="scan the receipt again", code="claim_unreadable")

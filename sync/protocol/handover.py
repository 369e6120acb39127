"""The code that hands a kiosk's customer over to their telephone: signed by the store, expiring, used once.

It names no person: only the store whose key signed it, an end, and a number under which that store's journal tells the
hub what the customer saw. Layout of the signed bytes (big-endian): version 1, key id 4, end 4 (seconds since
2020-01-01 UTC), number 12; with the 64 bytes of the signature 136 characters of base32.
"""

from __future__ import annotations

import binascii
import secrets
from base64 import b32decode, b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail.coupons import KEY_ID_BYTES
from retail.errors import RefusedError
from sync.protocol.coupons import key_id_of

SIGNED_PREFIX = b"tsh1"
"""Goes before the payload when it is signed, so that no coupon and no claim of ours can be taken for a handover."""

GOOD_FOR = timedelta(minutes=10)
"""Long enough to find the telephone in a bag; whoever photographs the kiosk's screen comes too late."""

AHEAD_MAX = timedelta(minutes=30)
"""How far a store's clock may be ahead of the hub's: an end beyond it would outlive what it was made for."""

NUMBER_BYTES = 12
PAYLOAD_BYTES = 1 + KEY_ID_BYTES + 4 + NUMBER_BYTES
SIGNATURE_BYTES = 64
_VERSION = 1
_ZERO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a token says; true only once its signature has been verified. `number` is hexadecimal."""

    key_id: bytes
    number: str
    ends_at: datetime


def new_handover(key: Ed25519PrivateKey, *, now: datetime) -> tuple[Handover, str]:
    """Return a handover that begins now, and its token."""
    ends_at = (now.astimezone(UTC) + GOOD_FOR).replace(microsecond=0)
    number = secrets.token_bytes(NUMBER_BYTES)
    key_id = key_id_of(key.public_key().public_bytes_raw())
    ends_s = int((ends_at - _ZERO).total_seconds())
    payload = bytes((_VERSION,)) + key_id + ends_s.to_bytes(4, "big") + number
    token = b32encode(payload + key.sign(SIGNED_PREFIX + payload)).decode("ascii").rstrip("=")
    return Handover(key_id=key_id, number=number.hex(), ends_at=ends_at), token


def verify_handover(token: str, keys: Iterable[bytes], *, now: datetime) -> tuple[Handover, bytes]:
    """Return what a token says and which of these public keys signed it.

    Raises RefusedError: `handover_unreadable`, `handover_forged`, `handover_over`.
    """
    payload, signature = _split(token)
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, SIGNED_PREFIX + payload)
        except (InvalidSignature, ValueError):
            continue
        found = Handover(
            key_id=payload[1:5],
            ends_at=_ZERO + timedelta(seconds=int.from_bytes(payload[5:9], "big")),
            number=payload[9:].hex(),
        )
        if not now <= found.ends_at <= now + GOOD_FOR + AHEAD_MAX:
            raise RefusedError("this code is over", fix="show your card at the kiosk again", code="handover_over")
        return found, key
    raise RefusedError("no shop of this chain showed this code", fix="scan it again", code="handover_forged")


def _split(token: str) -> tuple[bytes, bytes]:
    try:
        raw = b32decode(token.upper() + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != PAYLOAD_BYTES + SIGNATURE_BYTES or raw[0] != _VERSION:
        raise RefusedError("this is no code of a kiosk", fix="scan it again", code="handover_unreadable")
    return raw[:PAYLOAD_BYTES], raw[PAYLOAD_BYTES:]

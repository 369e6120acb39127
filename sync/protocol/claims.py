"""Signing a claim's token at the store and verifying it at the hub. Encoding stands in `retail/claims.py`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail.claims import CLAIM_DAYS, SIGNED_PREFIX, SaleClaim, claim_text, pack_claim, split_claim, unpack_claim
from retail.errors import RefusedError
from retail.identifiers import TransactionId
from sync.protocol.coupons import key_id_of


class ClaimSigner:
    """Signs claims with one store's key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._key_id = key_id_of(key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"<ClaimSigner key_id={self._key_id.hex()}>"

    def token(self, transaction_id: TransactionId, *, total_e4: int, currency: str, business_day: date) -> str:
        """Return the token of a sale; it may be claimed through the seventh day after its business day."""
        payload = pack_claim(
            SaleClaim(
                key_id=self._key_id,
                transaction_id=transaction_id,
                total_e4=total_e4,
                currency=currency,
                last_day=business_day + timedelta(days=CLAIM_DAYS),
            )
        )
        return claim_text(payload, self._key.sign(SIGNED_PREFIX + payload))


def read_claim(token: str) -> SaleClaim:
    """Return what a token says, unverified: enough to look for its key. Raises RefusedError `claim_unreadable`."""
    return unpack_claim(split_claim(token)[0])


def verify_claim(token: str, keys: Iterable[bytes]) -> SaleClaim:
    """Return what a token says, signed by one of these Ed25519 public keys (32 bytes each).

    Raises RefusedError: `claim_unreadable`, `claim_forged`.
    """
    payload, signature = split_claim(token)
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, SIGNED_PREFIX + payload)
        except (InvalidSignature, ValueError):
            continue
        return unpack_claim(payload)
    raise RefusedError("no shop of this chain printed this code", fix="scan the receipt", code="claim_forged")

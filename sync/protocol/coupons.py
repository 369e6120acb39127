"""Verifying a coupon's signature, the same on agent and hub. Encoding stands in `retail/coupons.py`.

Keys are delegated: the hub publishes, for each store, a public key with its owner, the last day on which it vouches for
it, and whether it is revoked. The hub renews the day by itself; whoever does not hear of it any more cannot hear of a
revocation either, and stops trusting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from retail.coupons import KEY_ID_BYTES, SIGNED_PREFIX, CouponClaims, split_token, unpack
from retail.errors import RefusedError
from retail.identifiers import BusinessUnitId

PUBLIC_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreKey:
    """A store's public key for coupons, as the hub delegated it.

    Once it is revoked (stolen with its disk), its signature alone proves nothing any more, whatever day a coupon
    claims: whoever holds the key can write any day. Only serials that a ledger knows as issued are good then.
    The same after `until`, the last day of the delegation; None: without an end (one's own key, an old hub's list).
    """

    business_unit_id: BusinessUnitId
    public_key: bytes
    revoked: bool = False
    until: date | None = None

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a token names its key."""
        return key_id_of(self.public_key)

    def proves(self, today: date | None) -> bool:
        """Return whether its signature alone proves a coupon on that day; None looks at no day."""
        return not self.revoked and (self.until is None or today is None or today <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCoupon:
    """A coupon that a key of the chain signed, and the store whose key it is.

    `only_if_known`: the key is revoked or no more vouched for; redeem it only when a ledger knows the serial as issued.
    """

    claims: CouponClaims
    issued_at: BusinessUnitId
    only_if_known: bool = False


def key_id_of(public_key: bytes) -> bytes:
    """Return a key's id: the first bytes of its SHA-256."""
    return sha256(public_key).digest()[:KEY_ID_BYTES]


class CouponVerifier:
    """Knows the chain's keys; immutable once made. 100,000 stores share a key id by chance once: both are tried."""

    def __init__(self, keys: Iterable[StoreKey]) -> None:
        self._keys: dict[bytes, list[StoreKey]] = {}
        for key in keys:
            self._keys.setdefault(key.key_id, []).append(key)

    def verify(self, token: str, *, today: date | None = None) -> VerifiedCoupon:
        """Return what a scanned token says once its signature holds; `today` is the day at the counter.

        RefusedError says which it is by `code`: coupon_unreadable, coupon_version, coupon_foreign (no key of this
        chain), coupon_forged. Whether it is expired or spent is the ledger's business.
        """
        payload, signature = split_token(token)
        claims = unpack(payload)
        keys = self._keys.get(claims.key_id)
        if not keys:
            raise RefusedError("this coupon is from another chain", fix="tell the customer so", code="coupon_foreign")
        for key in keys:
            if _holds(key, SIGNED_PREFIX + payload, signature):
                return VerifiedCoupon(
                    claims=claims, issued_at=key.business_unit_id, only_if_known=not key.proves(today)
                )
        raise RefusedError("this coupon is forged", fix="keep the paper and tell the manager", code="coupon_forged")


def _holds(key: StoreKey, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True

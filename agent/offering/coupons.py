"""Issuing coupons: the store's delegated key signs what `retail/coupons.py` encodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from retail.coupon_life import CouponRecord
from retail.coupons import (
    SIGNED_PREFIX,
    CouponClaims,
    CouponScope,
    campaign_digest,
    holder_digest,
    pack,
    serial_of,
    till_barcode,
    token_text,
)
from retail.errors import DefectError
from retail.identifiers import CouponSerial, CustomerId, TransactionId
from retail.offers.campaign import CouponTerms
from retail.offers.decision import Reward
from sync.protocol.coupons import key_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCoupon:
    """A coupon, ready for its `coupon.issued` record and its paper; `till_code` is (symbology, data) or None.

    `payload` is what its token says; `signs` makes the signature that goes behind it.
    """

    claims: CouponClaims
    campaign_id: str
    payload: bytes
    signs: Callable[[bytes], bytes] = field(repr=False, compare=False)
    till_code: tuple[str, str] | None = None

    @property
    def token(self) -> str:
        """What its QR code carries. Signed when asked for: a cut waits for the record, and only the paper for this."""
        return token_text(self.payload, self.signs(SIGNED_PREFIX + self.payload))

    @property
    def serial(self) -> CouponSerial:
        """The coupon's own number."""
        return self.claims.serial


class CouponIssuer:
    """Signs coupons with one store's key. Issuing for the same transaction and campaign gives the same coupon."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._key_id = key_id_of(key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"<CouponIssuer key_id={self._key_id.hex()}>"

    def issue(
        self,
        reward: Reward,
        *,
        transaction_id: TransactionId,
        today: date,
        holder: CustomerId | None = None,
        scope: CouponScope | None = None,
    ) -> IssuedCoupon:
        """Return the coupon of an offer; the caller commits its serial before a byte of it goes to a printer.

        `holder` None makes it the bearer's; `scope` None is the campaign's own. The offer's campaign must have
        coupon terms (DefectError else).
        """
        campaign = reward.campaign
        if campaign.coupon is None:
            raise DefectError(f"campaign {campaign.campaign_id} has no coupon", fix="ask for its coupon terms first")
        claims = CouponClaims(
            serial=serial_of(transaction_id, campaign.campaign_id),
            campaign_digest=campaign_digest(campaign.campaign_id),
            key_id=self._key_id,
            valid_from=today,
            valid_until=reward.valid_until,
            scope=_scope(campaign.coupon) if scope is None else scope,
            **({} if holder is None else {"holder_digest": holder_digest(holder)}),
        )
        template = campaign.coupon.till_barcode
        return IssuedCoupon(
            claims=claims,
            campaign_id=campaign.campaign_id,
            payload=pack(claims),
            signs=self._key.sign,
            till_code=till_barcode(template, claims.serial) if template else None,
        )

    def again(self, coupon: CouponRecord, terms: CouponTerms | None) -> str:
        """Return the token of a coupon that this store has issued, for another paper or a telephone: the same one.

        `terms` are its campaign's; where nobody knows them any more the token is good in this store only.
        """
        payload = pack(
            CouponClaims(
                serial=coupon.serial,
                campaign_digest=campaign_digest(coupon.campaign_id),
                key_id=self._key_id,
                valid_from=coupon.valid_from,
                valid_until=coupon.valid_until,
                scope=CouponScope.ISSUING_STORE if terms is None else _scope(terms),
                **({} if coupon.holder is None else {"holder_digest": holder_digest(coupon.holder)}),
            )
        )
        return token_text(payload, self._key.sign(SIGNED_PREFIX + payload))


def _scope(terms: CouponTerms) -> CouponScope:
    return CouponScope.ISSUING_STORE if terms.issuing_store_only else CouponScope.ANY_STORE

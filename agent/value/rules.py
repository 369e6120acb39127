"""What decisions about value go by at this moment: the chain's policy, keys, campaigns and stops, and our news' age.

Policy and keys come with the feed as `value.json`; a file that cannot be used leaves the last good one in use and is
told. This store's own key is always known, so that its coupons are good before the hub has said anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from retail.coupons import TOLD_BY_MIN, campaign_digest, may_be_till_barcode, told_by
from retail.errors import ConfigurationError, TillstreamError
from retail.facts import Basket
from retail.identifiers import BusinessUnitId, CampaignId
from retail.loyalty import Account
from retail.offers.campaign import Campaign
from retail.offers.multipliers import EarnFactors
from retail.stops import Stops
from retail.value_policy import ValuePolicy, value_policy_from_mapping
from sync.protocol.coupons import PUBLIC_KEY_BYTES, CouponVerifier, StoreKey

VALUE_FILE = "value.json"
BYTES_MAX = 64 * 1024 * 1024  # 300,000 keys of 200 B; more is no file of ours
VERSION_CHARS = 12


class Factors(Protocol):
    """What campaigns add to the points of a purchase (`agent.offering.offering.OfferDesk.factors`)."""

    def __call__(
        self,
        account: Account | None,
        basket: Basket,
        *,
        workstation_id: str,
        now: datetime,
        redeemed: Sequence[Campaign] = (),
    ) -> EarnFactors:
        """Return it line by line, and the bonuses; `redeemed` are the campaigns of coupons used in the purchase."""
        ...


class ValueRules:
    """Used by core's loop only; `swap` and `use_campaigns` change it, everything else reads."""

    def __init__(
        self, *, store: BusinessUnitId, own_key: bytes, currency: str, on_trouble: Callable[[TillstreamError], None]
    ) -> None:
        self.store = store
        self.currency = currency
        self.policy = ValuePolicy()
        self.stops = Stops()
        self.mirror_as_of: str | None = None
        self.mirror_version = ""
        self.clock_is_checked: Callable[[], bool] = _never
        self.factors: Factors = _once
        self._own = StoreKey(business_unit_id=store, public_key=own_key)
        self._on_trouble = on_trouble
        self._campaigns: dict[bytes, Campaign] = {}
        self._told_by: dict[str, list[Campaign]] = {}  # those with till barcodes, by what these begin with
        self.verifier = CouponVerifier([self._own])

    def use_campaigns(self, campaigns: Iterable[Campaign]) -> None:
        """Know the campaigns of the feed, and go on knowing those before: their coupons outlive them."""
        self._campaigns |= {campaign_digest(each.campaign_id): each for each in campaigns}
        self._told_by.clear()
        for each in self._campaigns.values():
            if each.coupon is not None and (beginning := told_by(each.coupon.till_barcode)):
                self._told_by.setdefault(beginning, []).append(each)

    def campaign(self, digest: bytes) -> Campaign | None:
        """Return the campaign that a token's digest names; None when it is not known here."""
        return self._campaigns.get(digest)

    def campaign_named(self, campaign_id: CampaignId) -> Campaign | None:
        """Return a campaign by its id."""
        return self._campaigns.get(campaign_digest(campaign_id))

    def campaigns_behind(self, till_code: str) -> list[Campaign]:
        """Return the campaigns of which a till barcode may be a coupon's, whoever issued it; mass coupons' never."""
        return [
            each
            for each in self._told_by.get(till_code[:TOLD_BY_MIN], ())
            if each.coupon is not None and may_be_till_barcode(till_code, each.coupon.till_barcode)
        ]

    def swap(self, folder: Path) -> None:
        """Go over to the newest `value.json`; the same file again changes nothing."""
        try:
            data = _read(folder / VALUE_FILE)
            version = hashlib.sha256(data).hexdigest()[:VERSION_CHARS] if data is not None else ""
            if data is None or version == self.policy.version:
                return
            content = json.loads(data, parse_float=Decimal)
            policy = value_policy_from_mapping(content.get("policy") or {}, version=version)
            verifier = CouponVerifier(self._keys(content.get("keys") or []))
        except TillstreamError as error:
            self._on_trouble(error)
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            self._on_trouble(
                ConfigurationError(
                    f"{folder / VALUE_FILE}: cannot be read: {error!r}", fix="the next feed brings it again"
                )
            )
        else:
            self.policy, self.verifier = policy, verifier

    def mirror_age(self, now: datetime) -> timedelta | None:
        """Return how old this store's news of its members are; None when it has none."""
        return None if self.mirror_as_of is None else now - datetime.fromisoformat(self.mirror_as_of)

    def stamp(self, now: datetime) -> dict[str, Any]:
        """Return what every decision made without asking the hub says of itself."""
        age = self.mirror_age(now)
        return {
            "mirror_age_s": None if age is None else int(age.total_seconds()),
            "mirror_version": self.mirror_version,
            "limits_version": self.policy.version,
        }

    def _keys(self, rows: Iterable[Any]) -> list[StoreKey]:
        """Return the chain's keys; our own stays good unless the hub says that it is revoked."""
        keys = []
        for row in rows:
            public_key = bytes.fromhex(row["key"])
            if len(public_key) != PUBLIC_KEY_BYTES:
                raise ValueError("a key of another length")
            keys.append(
                StoreKey(
                    business_unit_id=BusinessUnitId(str(row["store"])),
                    public_key=public_key,
                    revoked=bool(row.get("revoked")),
                    until=date.fromisoformat(row["until"]) if row.get("until") else None,
                )
            )
        own = self._own.public_key
        return keys if any(key.public_key == own for key in keys) else [self._own, *keys]


def published_policy(folder: Path) -> ValuePolicy:
    """Return the chain's rules as the feed brought them last, the safe ones before it did. Raises ConfigurationError.

    For commands that run beside core; core itself goes over to them by `ValueRules.swap`.
    """
    data = _read(folder / VALUE_FILE)
    try:
        content = json.loads(data, parse_float=Decimal) if data is not None else {}
        return value_policy_from_mapping(content.get("policy") or {})
    except (ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"{folder / VALUE_FILE}: cannot be read", fix="the next feed brings it again"
        ) from error


def _read(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise ConfigurationError(f"{path}: larger than {BYTES_MAX} bytes", fix="publish a smaller file at the hub")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}", fix="the next feed brings it again") from error


def _once(
    account: Account | None,
    basket: Basket,
    *,
    workstation_id: str,
    now: datetime,
    redeemed: Sequence[Campaign] = (),
) -> EarnFactors:
    del account, basket, workstation_id, now, redeemed
    return EarnFactors()


def _never() -> bool:
    return False

"""What agents ask of leases, and what people do about the chain's value: policy, keys, grants, the report."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.callers import Caller
from hub.feed.files import FeedFiles
from hub.storage.ports import Database, Turn
from hub.value.accounts import accounts_of
from hub.value.coupon_leases import CouponLeasing
from hub.value.delegation import entries, is_due, revoked_of
from hub.value.leases import REQUEST_LIFE, Leasing
from hub.value.published import agreed_of, published_policy, published_value
from hub.value.reconcile import Reconciliation, exposure_grew, reconcile
from hub.value.standing import standings
from retail.coupons import typed_serial
from retail.errors import ConfigurationError, RefusedError
from retail.exposure import burn_exposure
from retail.leases import Exposure
from retail.money import NO_CURRENCY
from retail.points import report
from retail.value_policy import ValuePolicy, value_policy_from_mapping
from sync.protocol.coupons import key_id_of
from sync.protocol.feed_messages import FeedKind
from sync.protocol.value_messages import (
    LEASES_MAX,
    CouponAnswer,
    CouponQuestion,
    LeaseHeld,
    LeaseQuestion,
    LeasesAnswer,
)

DEFAULT_POINT_VALUE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ValueService:
    """Value of one hub's chains."""

    database: Database
    files: FeedFiles

    @property
    def leasing(self) -> Leasing:
        """Grants."""
        return Leasing(self.database)

    def leases(self, caller: Caller, question: LeaseQuestion, *, now: datetime) -> LeasesAnswer:
        """Return what the caller's store holds, having granted what it asks for a purchase at hand.

        An account with nothing to lease gets nothing and is no error: the store decides by what it holds.
        """
        if question.points and question.account:
            try:
                self.leasing.grant(
                    caller.tenant_id,
                    account=question.account,
                    store_id=caller.store_id,
                    asked=question.points,
                    life=REQUEST_LIFE,
                    for_request=True,
                    now=now,
                )
            except RefusedError as error:
                if error.code != "lease_none":
                    raise
        held = self.leasing.held_by(caller.tenant_id, caller.store_id, now=now)
        return LeasesAnswer(
            leases=[
                LeaseHeld(
                    lease_id=lease.lease_id,
                    account=lease.account,
                    store=lease.store,
                    points=lease.points,
                    expires_at=lease.expires_at.isoformat(),
                    for_request=for_request,
                )
                for lease, for_request in held[-LEASES_MAX:]
            ],
            coupons=CouponLeasing(self.database).held_by(caller.tenant_id, caller.store_id, now=now),
        )

    def coupon(self, caller: Caller, question: CouponQuestion, *, now: datetime) -> CouponAnswer:
        """Return how a coupon stands that is held out in the caller's store."""
        policy = published_policy(self.files, caller.tenant_id).coupons
        return CouponLeasing(self.database).ask(caller, question, policy=policy, now=now)

    def lend_coupon(self, tenant_id: str, *, serial: str, store_id: str, days: int, now: datetime) -> dict[str, Any]:
        """Give a store the right to redeem a coupon without a link. Raises RefusedError."""
        known = typed_serial(serial)
        if known is None:
            raise RefusedError(f"{serial!r:.80} is no coupon's number", fix="write its 13 letters", code="not_found")
        self._require_store(tenant_id, store_id)
        lease = CouponLeasing(self.database).grant_ahead(tenant_id, store_id, serial=known, days=days, now=now)
        return {**lease.model_dump(), "store": store_id}

    def lend(
        self, tenant_id: str, *, account: str, store_id: str, points: int, days: int, now: datetime
    ) -> dict[str, Any]:
        """Grant a lease ahead, to be spent without a link. Raises RefusedError."""
        self._require_store(tenant_id, store_id)
        lease = self.leasing.grant(
            tenant_id,
            account=account,
            store_id=store_id,
            asked=points,
            life=timedelta(days=days),
            for_request=False,
            now=now,
        )
        return {**asdict(lease), "expires_at": lease.expires_at.isoformat()}

    def publish(
        self, tenant_id: str, path: Path | None, *, now: datetime, accepted: Decimal | None = None
    ) -> dict[str, Any]:
        """Check and publish the chain's rules with the keys of all stores; without a path the rules stay.

        `accepted` is the worst case of spending points without a link that the chain has read and agrees to; rules
        that widen it need that. Raises ConfigurationError naming what is wrong, RefusedError stating the exposure.
        """
        with self.database.alone(Turn.VALUE):
            before = self.published(tenant_id)
            policy = before.get("policy", {}) if path is None else _read(path)
            checked = value_policy_from_mapping(policy)
            agreed = agreed_of(before)
            if path is not None:
                agreed = self._require_accepted(tenant_id, checked, max(agreed, accepted or Decimal(0)))
            return self._publish(tenant_id, policy, revoked_of(before.get("keys", [])), agreed=agreed, now=now)

    def _require_accepted(self, tenant_id: str, rules: ValuePolicy, agreed: Decimal) -> Decimal:
        """Pass rules that cost no more at worst than the chain has agreed to; return the sum agreed to."""
        worst, stores = self.worst(tenant_id, rules)
        if worst.money.amount > agreed:
            raise RefusedError(
                f"spending points without a link may cost {worst.money} a day in {stores} stores: {worst.because}",
                fix=f"have it agreed to, then publish with --accept-exposure {worst.money}",
                code="exposure",
            )
        return agreed

    def _require_store(self, tenant_id: str, store_id: str) -> None:
        """Raise RefusedError for a store that there is not: what it was granted nobody could ever give back."""
        with self.database.reading() as session:
            known = {row[0] for row in session.rows("places", tenant_id=tenant_id)}
        if store_id not in known:
            raise RefusedError(f"no store {store_id!r:.80}", fix="see `tillstream hub stores`", code="not_found")

    def worst(self, tenant_id: str, rules: ValuePolicy) -> tuple[Exposure, int]:
        """Return what rules may cost a day with all stores that there are now, and how many those are."""
        with self.database.reading() as session:
            stores = max(len(session.rows("places", tenant_id=tenant_id)), 1)
        return burn_exposure(rules, stores=stores, currency=NO_CURRENCY), stores

    def keep_keys(self, tenant_id: str, *, now: datetime) -> bool:
        """Tell stores of keys that are new and renew the others in time, rules as they stand; return whether it did.

        The hub's upkeep does it at every turn: nobody has to think of a store that was enrolled, or of the calendar.
        """
        with self.database.alone(Turn.VALUE):
            before = self.published(tenant_id)
            told = before.get("keys", [])
            if not is_due(told, self._keys(tenant_id), now=now):
                return False
            agreed = agreed_of(before)
            self._publish(tenant_id, before.get("policy", {}), revoked_of(told), agreed=agreed, now=now)
        return True

    def revoke(self, tenant_id: str, store_id: str, *, now: datetime) -> dict[str, Any]:
        """Revoke every coupon key that a store has had until now: stolen with its disk.

        Its coupons are good only where a ledger knows them as issued; enrolling it anew gives it another key.
        """
        theirs = {key for store, key in self._keys(tenant_id) if store == store_id}
        if not theirs:
            raise RefusedError(
                f"store {store_id} has no key", fix="see `tillstream hub stores` for the stores", code="not_found"
            )
        with self.database.alone(Turn.VALUE):
            before = self.published(tenant_id)
            revoked = revoked_of(before.get("keys", [])) | theirs
            return self._publish(tenant_id, before.get("policy", {}), revoked, agreed=agreed_of(before), now=now)

    def published(self, tenant_id: str) -> dict[str, Any]:
        """Return what stores were told last; empty before anything was published."""
        return published_value(self.files, tenant_id)

    def reconcile(self, tenant_id: str, *, now: datetime) -> Reconciliation:
        """Return whether everything adds up."""
        told = self.published(tenant_id)
        worst, stores = self.worst(tenant_id, published_policy(self.files, tenant_id))
        found = reconcile(self.database, tenant_id, point_value=self.point_value(tenant_id), now=now)
        if "agreed" not in told or worst.money.amount <= agreed_of(told):
            return found
        return replace(found, findings=(*found.findings, exposure_grew(worst, stores=stores, agreed=agreed_of(told))))

    def liability(self, tenant_id: str, *, now: datetime) -> dict[str, Any]:
        """Return what the chain owes its members and what it will never pay, in points and in money."""
        with self.database.reading() as session:
            accounts, _records = accounts_of(session, tenant_id, today=now.date())
        told = asdict(report((each.ledger for each in accounts.values()), now.date()))
        value = self.point_value(tenant_id)
        return {
            "as_of": now.isoformat(),
            "accounts": len(accounts),
            "point_value": str(value),
            **{name: {"points": points, "money": f"{points * value:.2f}"} for name, points in told.items()},
        }

    def account(self, tenant_id: str, account: str, *, now: datetime) -> dict[str, Any]:
        """Return one account's points, lot by lot, with its tier. Raises RefusedError for one that nobody knows."""
        today = now.date()
        tiers = published_policy(self.files, tenant_id).tiers
        with self.database.reading() as session:
            accounts, records = accounts_of(session, tenant_id, today=today, account=account)
        if account not in accounts:
            raise RefusedError(
                f"nothing is known of an account {account!r}",
                fix="a household that pools points is the account of its members",
                code="not_found",
            )
        stand = accounts[account]
        lots = sorted(stand.ledger.lots.values(), key=lambda lot: (lot.expires_on or date.max, lot.lot_id))
        return {
            "account": account,
            **standings(accounts, records, tiers=tiers, today=today)[account].to_json(),
            "lots": [
                {
                    "lot_id": lot.lot_id,
                    "state": lot.state(today).value,
                    "earned": lot.earned,
                    "remaining": lot.remaining,
                    "reversed": lot.reversed,
                    "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
                }
                for lot in lots
            ],
        }

    def point_value(self, tenant_id: str) -> Decimal:
        """Return what one point takes off, as published."""
        published = self.published(tenant_id).get("policy")
        return published_policy(self.files, tenant_id).burn.point_value if published else DEFAULT_POINT_VALUE

    def _publish(
        self, tenant_id: str, policy: dict[str, Any], revoked: set[str], *, agreed: Decimal, now: datetime
    ) -> dict[str, Any]:
        keys = entries(self._keys(tenant_id), revoked=revoked, now=now)
        value = {"policy": policy, "keys": keys, "agreed": str(agreed)}
        content = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
        file = self.files.publish_bytes(tenant_id, FeedKind.VALUE, content.encode(), now=now)
        return {
            "version": file.version,
            "keys": len(keys),
            "revoked": sorted(key_id_of(bytes.fromhex(key["key"])).hex() for key in keys if key["revoked"]),
        }

    def _keys(self, tenant_id: str) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            return [(row[0], bytes(row[1]).hex()) for row in session.rows("agent_keys", tenant_id=tenant_id)]


def _read(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text("utf-8"), parse_float=str)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}", fix="name a readable file") from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: no TOML: {error}", fix="mend the line named above") from error
    return table

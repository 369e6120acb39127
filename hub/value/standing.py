"""What every member is told of their points and their tier: computed here, carried to all stores by the mirror.

Stores cannot know it: a member earns in many of them. So points, what will expire and when, and the tier are worked out
from all stores' records before a mirror is made, and whoever's standing changed is in it. A household that no store has
told of yet stands at what was imported with its members, added up. A tier that the chain imported stays until a higher
one is earned; an earned one is kept for its period and the grace after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from hub.storage.ports import Database
from hub.value.accounts import AccountStand, accounts_of
from hub.value.events import Told
from retail.errors import ConfigurationError
from retail.points import balance
from retail.tiers import TierPolicy, TierStanding, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsStanding:
    """How one account stands on a day. `tier` empty: none was earned, the imported one stays.

    `tier_safe_until` is the last day on which the tier is kept whatever happens, grace included.
    """

    points: int
    pending: int
    expiring: int
    expire_on: str
    debt: int
    tier: str
    tier_safe_until: str
    points_to_next_tier: int | None

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


def standings(
    accounts: Mapping[str, AccountStand], records: Iterable[Told], *, tiers: TierPolicy | None, today: date
) -> dict[str, PointsStanding]:
    """Return how every account stands on a day; pure."""
    earned = _earned_by_day(records) if tiers is not None else {}
    return {
        name: _standing(stand, standing(earned.get(name, {}), tiers, today) if tiers else None, today)
        for name, stand in accounts.items()
    }


@dataclass(frozen=True, slots=True)
class Standings:
    """Keeps what the mirror says of points and tiers up to date."""

    database: Database

    def refresh(self, tenant_id: str, *, tiers: TierPolicy | None, now: datetime) -> int:
        """Work out every standing anew; return how many changed, whose members the next mirror carries.

        Reads every record about points: once before each mirror, not more often.
        """
        today = now.date()
        with self.database.reading() as session:
            accounts, records = accounts_of(session, tenant_id, today=today, told_only=True)
            before = {row[0]: tuple(row[1:]) for row in session.rows("points_standings", tenant_id=tenant_id)}
            found = standings(accounts, records, tiers=tiers, today=today)
            after = {name: (each.points, each.expiring, each.expire_on, each.tier) for name, each in found.items()}
            for name, points in session.each("opening_households", tenant_id=tenant_id):
                after.setdefault(name, (int(points), 0, "", ""))
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        if changed:
            self._keep(tenant_id, changed, after)
        return len(changed)

    def _keep(self, tenant_id: str, changed: list[str], after: Mapping[str, tuple[int, int, str, str]]) -> None:
        with self.database.writing() as session:
            row = session.row("next_change", tenant_id=tenant_id, what="customers")
            if row is None:
                raise ConfigurationError("the hub's database gives no numbers", fix="restore a backup")
            for account in changed:
                points, expiring, expire_on, tier = after.get(account, (0, 0, "", ""))
                session.run(
                    "put_points_standing",
                    tenant_id=tenant_id,
                    account=account,
                    points=points,
                    expiring=expiring,
                    expire_on=expire_on,
                    tier=tier,
                )
                session.run("touch_members_of", tenant_id=tenant_id, account=account, change_no=row[0])


def _earned_by_day(records: Iterable[Told]) -> dict[str, dict[date, int]]:
    """Return what each account earned day by day; a reversal counts on the day its goods were bought."""
    earned: defaultdict[str, dict[date, int]] = defaultdict(dict)
    lots: dict[tuple[str, str], date] = {}
    seen: set[tuple[str, str, str]] = set()
    for record in records:
        account = record.text("account")
        identity = (record.kind, account, record.text("lot_id"))
        if record.kind == "points.earned" and identity not in seen:
            seen.add(identity)
            day = lots[account, record.text("lot_id")] = _day(record)
            earned[account][day] = earned[account].get(day, 0) + record.points()
    for record in records:
        account = record.text("account")
        identity = (record.kind, account, record.text("reversal_id"))
        if record.kind == "points.reversed" and record.text("of") == "earned" and identity not in seen:
            seen.add(identity)
            day = lots.get((account, record.text("lot_id")), record.day)
            earned[account][day] = earned[account].get(day, 0) - record.points()
    return dict(earned)


def _day(record: Told) -> date:
    try:
        return date.fromisoformat(record.text("earned_on"))
    except ValueError:
        return record.day


def _standing(stand: AccountStand, tier: TierStanding | None, today: date) -> PointsStanding:
    stands = balance(stand.ledger, today)
    expiring = min(stands.expiring_next, stands.spendable)
    return PointsStanding(
        points=stands.spendable,
        pending=stands.pending,
        expiring=expiring,
        expire_on=stands.expires_next.isoformat() if stands.expires_next and expiring else "",
        debt=stands.debt,
        tier=tier.tier_id if tier else "",
        tier_safe_until=tier.safe_until.isoformat() if tier and tier.safe_until else "",
        points_to_next_tier=tier.missing_to_next if tier else None,
    )

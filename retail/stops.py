"""Stop buttons: what a store must not do now, said by the chain, and what it may no longer do after a long silence.

Pure: whoever decides asks with the time of day. A stop acts in a store from the moment its feed brings it until it is
resumed or its `until` has passed, link or no link. Beside buttons stands silence: a store that has not heard its hub
for longer than an allowance stops by itself, because a button could not have reached it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from retail.errors import ConfigurationError
from retail.identifiers import CampaignId

PRINTING_SILENCE = timedelta(days=35)
"""Offers go on without a hub for a month (a store offline for 30 days works), and end soon after it."""

BURNING_SILENCE = timedelta(hours=4)
"""Points are money: a balance that nobody could correct for longer than a shift is not paid out of."""


class StopKind(StrEnum):
    """What can be stopped."""

    PRINTING = "printing"
    BURNING = "burning"
    REDEEMING = "redeeming"
    CAMPAIGN = "campaign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop as it reaches a store. `until` None: until it is resumed. `why` is for people in the store."""

    stop_no: int
    kind: StopKind
    campaign_id: CampaignId | None = None
    since: datetime
    until: datetime | None = None
    why: str = ""

    def acts(self, now: datetime) -> bool:
        """Return whether it acts at `now`. One that has reached a store acts at once, whatever its `since` says."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Everything that is stopped in one store. `heard_at`: when the hub was last heard; None when nobody knows."""

    stops: tuple[Stop, ...] = ()
    heard_at: datetime | None = None
    printing_silence: timedelta = PRINTING_SILENCE
    burning_silence: timedelta = BURNING_SILENCE
    _by_kind: Mapping[StopKind, tuple[Stop, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_kind = {kind: tuple(stop for stop in self.stops if stop.kind is kind) for kind in StopKind}
        object.__setattr__(self, "_by_kind", by_kind)

    def may_print(self, now: datetime) -> bool:
        """Return whether offers may be printed and shown at all. A store that never had a hub is not silent."""
        return not self._stopped(StopKind.PRINTING, now) and not self._is_silent(self.printing_silence, now)

    def may_burn(self, now: datetime) -> bool:
        """Return whether points may be burned: no button, and the hub was heard recently enough."""
        return not (
            self._stopped(StopKind.BURNING, now) or self.heard_at is None or self._is_silent(self.burning_silence, now)
        )

    def may_redeem(self, now: datetime) -> bool:
        """Return whether coupons may be redeemed at all; silence stops none: each is signed and bounded."""
        return not self._stopped(StopKind.REDEEMING, now)

    def campaigns(self, now: datetime) -> frozenset[CampaignId]:
        """Return the campaigns that are stopped now."""
        stops = self._by_kind[StopKind.CAMPAIGN]
        return frozenset(stop.campaign_id for stop in stops if stop.campaign_id is not None and stop.acts(now))

    def why(self, kind: StopKind, now: datetime) -> str:
        """Return in words why something is stopped, for status and pages; empty when it is not."""
        for stop in self._by_kind[kind]:
            if stop.acts(now):
                return stop.why or f"stopped by the chain (stop {stop.stop_no})"
        silence = {StopKind.PRINTING: self.printing_silence, StopKind.BURNING: self.burning_silence}.get(kind)
        if silence is not None and self._is_silent(silence, now):
            return f"the hub has not been heard for {silence.days or silence.seconds // 3600} " + (
                "days" if silence.days else "hours"
            )
        return ""

    def _stopped(self, kind: StopKind, now: datetime) -> bool:
        return any(stop.acts(now) for stop in self._by_kind[kind])

    def _is_silent(self, allowed: timedelta, now: datetime) -> bool:
        return self.heard_at is not None and now - self.heard_at > allowed


def stops_from(content: Mapping[str, Any]) -> tuple[Stop, ...]:
    """Return the stops of a feed file's content. Raises ConfigurationError when it is none.

    A stop of a kind that this program does not know is left out: a newer hub may stop what an older store cannot do.
    """
    try:
        listed = [each for each in content["stops"] if each["kind"] in set(StopKind)]
        return tuple(_stop(each) for each in listed)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            "the list of stops is of another form", fix="update the agent", code="stops"
        ) from error


def _stop(told: Mapping[str, Any]) -> Stop:
    since, until = datetime.fromisoformat(told["since"]), told.get("until") or ""
    ends = datetime.fromisoformat(until) if until else None
    if since.tzinfo is None or (ends is not None and ends.tzinfo is None):
        raise ValueError("times without a zone")
    campaign = told.get("campaign_id") or ""
    return Stop(
        stop_no=int(told["stop_no"]),
        kind=StopKind(told["kind"]),
        campaign_id=CampaignId(str(campaign)) if campaign else None,
        since=since,
        until=ends,
        why=str(told.get("why", ""))[:WHY_CHARS_MAX],
    )


WHY_CHARS_MAX = 200
"""A sentence for the people in the store."""

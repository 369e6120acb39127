"""Stop buttons at the hub: pressed for a store, a region or the chain, taken back, and published to who is concerned.

Pressing is one row and one small file for each distinct set of stops; stores hear of it at their next poll, within
60 s. A stop with `until` ends by itself in every store, link or no link. What is published for a scope holds all that
acts there: the chain's, the region's and the store's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.feed.files import CHAIN, FeedFiles
from hub.storage.ports import Database, Row
from hub.users.audit import note_in
from retail.errors import ConfigurationError
from retail.stops import WHY_CHARS_MAX, StopKind
from sync.protocol.feed_messages import FeedKind, StopMessage, StopsFile

STOPS_MAX = 1000
"""Stops that act at once in one chain; more is somebody's script gone wrong, and would not reach stores in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOrder:
    """What somebody wants stopped. `scope` is '' for the chain, else `store:ID` or `region:NAME`."""

    kind: StopKind
    campaign_id: str = ""
    scope: str = CHAIN
    until: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedStop:
    """A stop that acts until it is taken back or over."""

    stop_no: int
    kind: StopKind
    campaign_id: str
    scope: str
    since: str
    until: str
    why: str

    def is_over(self, now: datetime) -> bool:
        """Return whether its time has passed."""
        return bool(self.until) and datetime.fromisoformat(self.until) <= now


@dataclass(frozen=True, slots=True)
class StopBoard:
    """The stop buttons of one hub."""

    database: Database
    files: FeedFiles

    def press(self, tenant_id: str, order: StopOrder, *, who: str, now: datetime) -> PressedStop:
        """Stop something and publish it; `who` stands in the audit log.

        Raises ConfigurationError for a store, a region or a time that is none.
        """
        self._check(tenant_id, order, now)
        with self.database.writing() as session:
            session.row("next_change", tenant_id=tenant_id, what="stops")  # takes turns with other hands on the board
            row = session.row("last_stop", tenant_id=tenant_id)
            stop_no = (int(row[0]) if row and row[0] is not None else 0) + 1
            session.run(
                "put_stop",
                tenant_id=tenant_id,
                stop_no=stop_no,
                what=order.kind.value,
                campaign_id=order.campaign_id,
                scope=order.scope,
                since=now.isoformat(),
                until=order.until.isoformat() if order.until else "",
                why=order.why,
            )
            what = f"{order.kind.value} {order.campaign_id}".strip()
            subject = f"{stop_no}: {what} in {order.scope or 'the chain'}"
            note_in(session, tenant_id, who=who, did="stop.pressed", subject=subject, detail=order.why, now=now)
        self.publish(tenant_id, now=now)
        return next(stop for stop in self.pressed(tenant_id) if stop.stop_no == stop_no)

    def resume(self, tenant_id: str, stop_no: int, *, who: str, now: datetime) -> bool:
        """Take a stop back and publish that; return False when no such stop acts."""
        with self.database.writing() as session:
            lifted = session.run("lift_stop", tenant_id=tenant_id, stop_no=stop_no, now=now.isoformat())
            if lifted:
                note_in(session, tenant_id, who=who, did="stop.taken_back", subject=str(stop_no), now=now)
        self.publish(tenant_id, now=now)
        return bool(lifted)

    def pressed(self, tenant_id: str) -> list[PressedStop]:
        """Return every stop that nobody took back, oldest first."""
        with self.database.reading() as session:
            return [_pressed(row) for row in session.rows("stops", tenant_id=tenant_id)]

    def publish(self, tenant_id: str, *, now: datetime) -> None:
        """Publish what acts where. A scope for which nothing changed keeps its file; a repeat changes nothing."""
        acting = [stop for stop in self.pressed(tenant_id) if not stop.is_over(now)]
        with self.database.reading() as session:
            places = session.rows("places", tenant_id=tenant_id)
        published = {each.scope for each in self.files.all(tenant_id) if each.file.kind is FeedKind.STOPS}
        regions = {f"store:{store_id}": f"region:{region}" for store_id, region, _ in places if region}
        concerned = {stop.scope for stop in acting} | published
        for scope in sorted(concerned):
            above = {CHAIN, scope, regions.get(scope, CHAIN)}
            stops = [_message(stop) for stop in acting if stop.scope in above]
            content = StopsFile(stops=stops).model_dump_json().encode()
            self.files.publish_bytes(tenant_id, FeedKind.STOPS, content, now=now, scope=scope)

    def _check(self, tenant_id: str, order: StopOrder, now: datetime) -> None:
        if (order.kind is StopKind.CAMPAIGN) != bool(order.campaign_id):
            raise ConfigurationError("which campaign?", fix="tillstream hub stop campaign ID")
        if order.until is not None and order.until <= now:
            raise ConfigurationError(f"--until {order.until.isoformat()} is over", fix="name a time to come")
        if len(order.why) > WHY_CHARS_MAX:
            raise ConfigurationError(f"--why is longer than {WHY_CHARS_MAX} characters", fix="say it shorter")
        if sum(not stop.is_over(now) for stop in self.pressed(tenant_id)) >= STOPS_MAX:
            raise ConfigurationError(f"{STOPS_MAX} stops act already", fix="take some back: tillstream hub resume")
        what, _, name = order.scope.partition(":")
        with self.database.reading() as session:
            places = session.rows("places", tenant_id=tenant_id)
        known = {"store": {row[0] for row in places}, "region": {row[1] for row in places if row[1]}, "": {""}}
        if name not in known[what]:
            raise ConfigurationError(f"no {what} {name!r}", fix="see `tillstream hub stores`")


def _pressed(row: Row) -> PressedStop:
    stop_no, what, campaign_id, scope, since, until, why = row
    return PressedStop(
        stop_no=stop_no,
        kind=StopKind(what),
        campaign_id=campaign_id,
        scope=scope,
        since=since,
        until=until,
        why=why,
    )


def _message(stop: PressedStop) -> StopMessage:
    return StopMessage(
        stop_no=stop.stop_no,
        kind=stop.kind.value,
        campaign_id=stop.campaign_id,
        since=stop.since,
        until=stop.until,
        why=stop.why,
    )

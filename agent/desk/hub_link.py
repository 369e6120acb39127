"""The desk's link to the hub: courier and feed, from the moment this agent is enrolled, for ever.

Nothing here is needed to sell. Without a hub in the configuration, or before enrolment, this waits; a wrong answer, a
dead line or a damaged enrolment is kept as `last_error` for status and doctor, and tried again.
"""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from agent.clock import SystemClock
from agent.config import AgentConfig
from agent.desk.health import store_health
from agent.desk.leases import CouponLink, LeaseLink, keep_leases
from agent.desk.loyalty import Asking
from agent.desk.ports import DeskJournal
from agent.journal.days import DayReader
from agent.keys import FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from retail.errors import ConfigurationError, TillstreamError
from sync.enrolled import Enrolled, read_enrolled
from sync.ports import Position, SystemPace
from sync.protocol.signatures import SigningKey

if TYPE_CHECKING:
    from sync.http_transport import HubConnection

DESTINATION = "hub"

CARRIERS = "agent.desk.carriers"
"""Imported once there is an enrolment, beside the pages: nobody waits for it who stands at the till."""

ENROLMENT_LOOK_S = 2.0
"""A technician who has just enrolled this store looks at the page in the next seconds."""

WAKE_AT_LEAST_S = 30.0
"""Core's pushes wake the courier; this is the net below, for a push that was lost with a connection."""

TELL_CONTACT_S = 60.0
"""Core trusts a clock for a day after a contact; once a minute is plenty."""

LOOK_AT_CONTACT_S = 0.5
"""`last_contact` on pages and in status is this old at most."""

FAILED_WAIT_S = 5.0
"""After an error that no backoff covers (a damaged file): long enough to write no log storm, short for a person."""


@dataclass(slots=True, kw_only=True)
class HubLink:
    """What the link works with, and what is known of it; written by the desk's one loop."""

    state: StateDir
    config: AgentConfig
    control: Asking
    wake: asyncio.Event
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    enrolled: bool = False
    contact_key: bytes = b""
    last_contact: datetime | None = None
    last_error: str = ""
    last_error_code: str = ""
    forked: bool = False
    backlog: int = 0
    parked: int = 0
    journal: DeskJournal | None = None
    leases: LeaseLink = field(default_factory=LeaseLink)
    coupons: CouponLink = field(init=False)

    def __post_init__(self) -> None:
        self.coupons = CouponLink(control=self.control)

    def report(self) -> dict[str, Any]:
        """Return the `hub` part of `tillstream status --json`."""
        return {
            "last_contact": self.last_contact.isoformat(timespec="seconds") if self.last_contact else None,
            "backlog": self.backlog,
            "parked": self.parked,
            "enrolled": self.enrolled,
            "forked": self.forked,
            "last_error": self.last_error,
            "last_error_code": self.last_error_code,
        }

    async def count(self) -> None:
        """Count what the hub has not taken. Raises OnSiteError when the journal cannot be read."""
        if self.journal is not None:
            self.backlog, self.parked = await self.journal.behind(DESTINATION)


class LinkListener:
    """Who the courier tells (`sync.ports.CourierListener`)."""

    def __init__(self, link: HubLink) -> None:
        self._link = link

    def moved(self, destination: str, position: Position) -> None:
        """Note that the hub has taken more: whatever was wrong is over."""
        del destination, position
        self._link.last_error = self._link.last_error_code = ""

    def waiting(self, destination: str, error: Exception, wait_s: float) -> None:
        """Note why the courier waits."""
        del destination, wait_s
        if isinstance(error, TillstreamError):
            self._link.last_error, self._link.last_error_code = error.message, error.code
        else:
            self._link.last_error, self._link.last_error_code = type(error).__name__, "defect"

    def forked(self, destination: str) -> None:
        """Note that the hub knows another journal of this store."""
        del destination
        self._link.forked = True


async def run_hub_link(link: HubLink, *, connected: asyncio.Event) -> None:
    """Carry the journal to the hub and the feed back until cancelled.

    Waits for core first: it makes keys and journal when this agent starts for the first time.
    """
    await connected.wait()
    while True:
        try:
            await _serve_one_enrolment(link)
        except Exception as error:  # noqa: BLE001 - a defect on the way to the hub ends neither kiosk nor till's API
            if not isinstance(error, TillstreamError):
                traceback.print_exception(error)
            LinkListener(link).waiting(DESTINATION, error, FAILED_WAIT_S)
            await asyncio.sleep(FAILED_WAIT_S)


async def _serve_one_enrolment(link: HubLink) -> None:
    """Run courier and feed under the present enrolment; return when there is another."""
    keys = load_or_create_keys(FileSecrets.of(link.state.keys, link.environment))
    reader = DayReader(link.state.journal, keys.journal)
    link.journal = DeskJournal(reader)
    try:
        enrolled = await _enrolment(link)
        await link.control.ask("enrolled")
        hub = await asyncio.to_thread(import_module, CARRIERS)
        connection = hub.HubConnection(
            enrolled.hub_url, SigningKey(keys.sign), hub_key=enrolled.hub_public_key, pace=SystemPace()
        )
        link.leases.connection = link.coupons.connection = connection
        works = [
            *hub.carriers(
                link,
                reader,
                connection,
                enrolled=enrolled,
                pace=SystemPace(),
                health=lambda: store_health(
                    reader, link.control, link.state, now=SystemClock().now(), destination=DESTINATION
                ),
            ),
            _note_contacts(link, connection),
            keep_leases(link.control, connection, pace=SystemPace()),
            _wake_now_and_then(link.wake),
            _until_enrolled_anew(link, enrolled),
        ]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            link.leases.connection = link.coupons.connection = None
            await connection.close()
        for end in ended:
            if isinstance(end, Exception):
                raise end
    finally:
        reader.close()


async def _enrolment(link: HubLink) -> Enrolled:
    """Return the enrolment once there is one. Raises ConfigurationError for another store's: nothing is sent as it."""
    here = link.config.store.business_unit_id
    while True:
        enrolled = read_enrolled(link.state.enrolled)
        link.enrolled = enrolled is not None
        if enrolled is not None:
            if enrolled.store != here:
                raise ConfigurationError(
                    f"this PC is enrolled as store {enrolled.store}, but agent.toml says {here}",
                    fix=f"mend business_unit_id, or enrol with a code of: tillstream hub enrol-code --store {here}",
                    code="other_store",
                )
            link.contact_key = enrolled.contact_key
            return enrolled
        await asyncio.sleep(ENROLMENT_LOOK_S)


async def _until_enrolled_anew(link: HubLink, enrolled: Enrolled) -> None:
    while True:
        if read_enrolled(link.state.enrolled) != enrolled:
            return
        await asyncio.sleep(ENROLMENT_LOOK_S)


async def _wake_now_and_then(wake: asyncio.Event) -> None:
    while True:
        wake.set()
        await asyncio.sleep(WAKE_AT_LEAST_S)


async def _note_contacts(link: HubLink, connection: HubConnection) -> None:
    """Note when the hub was last reached, and tell core what time the hub has: it judges this machine's clock by it."""
    told: datetime | None = None
    while True:
        contact = connection.last_contact
        if contact is not None:
            link.last_contact = contact.at
            if told is None or (contact.at - told).total_seconds() >= TELL_CONTACT_S:
                with suppress(TillstreamError):  # a core that is away is told when it is back
                    await link.control.ask("contact", hub_time=(contact.at + contact.hub_ahead).isoformat())
                    told = contact.at
        await asyncio.sleep(LOOK_AT_CONTACT_S)

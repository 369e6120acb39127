"""What a hub does by itself while it serves: it learns from the journals, publishes what changed, ends stops.

One thread, beside the requests. Whatever goes wrong is told once and tried again at the next turn: a hub that cannot
learn goes on taking journals.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Self

from hub.bootstrap import Hub
from hub.feed.erasing import Erasing
from hub.feed.files import MIRROR_KINDS
from hub.feed.learning import Learner
from hub.feed.stopping import StopBoard
from hub.fleet_watch import FleetWatch
from retail.errors import TillstreamError

TURN_S = 300.0
"""How old what a hub has learned may be: lists and reports are no older."""

MIRROR_EVERY = timedelta(hours=12)
"""How often what was learned goes to stores. Each time is a file that every store fetches and a layer to look through;
what people import goes at once."""


class FeedUpkeep:
    """Use as a context manager around serving."""

    def __init__(self, hub: Hub, *, told: Callable[[str], None], turn_s: float = TURN_S) -> None:
        self._hub = hub
        self._told = told
        self._turn_s = turn_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed-upkeep", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def turn(self) -> None:
        """Do everything once. Raises TillstreamError of the database or the disk."""
        hub = self._hub
        tenant_id, now = hub.config.tenant, hub.clock()
        Learner(hub.database, hub.keys).learn(tenant_id)
        if hub.claims is not None:
            hub.claims.ask_joined(hub.joining, now=now)
        StopBoard(hub.database, hub.files).publish(tenant_id, now=now)
        if hub.config.alert_webhook:
            self._watch(hub)
        made = [kept.file.as_of for kept in hub.files.all(tenant_id) if kept.file.kind in MIRROR_KINDS]
        if not made or now - datetime.fromisoformat(max(made)) >= MIRROR_EVERY:
            hub.publisher.mirror(tenant_id, now=now)

    def _watch(self, hub: Hub) -> None:
        """Tell the chain's people which stores have fallen ill since the last turn."""
        from hub.alarm import raise_alarm  # noqa: PLC0415 - an HTTP client, where somebody wants to be told

        through, _ = Erasing(hub.database, hub.files, hub.feed).stores(hub.config.tenant)
        watch = FleetWatch(hub.database, hub.config.tenant, partial(raise_alarm, hub.config.alert_webhook))
        watch.look(now=hub.clock(), through=through)

    def _run(self) -> None:
        before = ""
        while not self._over.wait(self._turn_s):
            try:
                self.turn()
                before = ""
            except TillstreamError as error:
                if error.message != before:
                    self._told(f"{error.message}; fix: {error.fix}")
                before = error.message

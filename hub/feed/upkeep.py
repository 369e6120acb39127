"""What a hub does by itself while it serves: it learns from the journals, publishes what changed, ends stops.

Who joins is asked for their second yes within seconds and is known in the stores within minutes. One thread, beside
the requests, and one worker of all on the same database at a time: what it has done, a message sent or a file
published, the next one finds done. Whatever goes wrong is told once and tried again at the next turn: a hub that cannot
learn goes on taking journals.
"""

from __future__ import annotations

import math
import threading
import time
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
from hub.imports.tokenising import CodeBook, tokenise
from hub.storage.ports import Turn
from hub.value.service import ValueService
from retail.errors import TillstreamError

TURN_S = 300.0
"""How old what a hub has learned may be: lists and reports are no older."""

MIRROR_EVERY = timedelta(hours=12)
"""How often what was learned goes to stores. Each time is a file that every store fetches and a layer to look through;
what people import goes at once, who has just joined soon (`FRESH_S`), as the first slice of a new store does."""

NEWS_S = 1.0
"""Between two looks at who joined: others who join in it are learned of together."""

FRESH_S = 15.0
"""How long who joined waits for others, to go to the stores together; these look every half minute."""

FRESH_SHARE = 0.05
"""Of a processor that bringing new members to the stores may cost: in a large chain they wait longer, together."""


class FeedUpkeep:
    """Use as a context manager around serving."""

    def __init__(
        self, hub: Hub, *, told: Callable[[str], None], turn_s: float = TURN_S, fresh_s: float = FRESH_S
    ) -> None:
        self._hub = hub
        self._told = told
        self._turn_s = turn_s
        self._fresh_s = fresh_s
        self._before = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed-upkeep", daemon=True)

    def __enter__(self) -> Self:
        self._hub.news.set()  # who joined just before the last stop is not left waiting for a turn
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._hub.news.set()
        self._thread.join()

    def turn(self) -> None:
        """Do everything once. Raises TillstreamError of the database or the disk."""
        hub = self._hub
        tenant_id, now = hub.config.tenant, hub.clock()
        hub.files.forget_lost(tenant_id)
        Erasing(hub.database, hub.files, hub.feed).redo(tenant_id, now=now)
        self.greet()
        if hub.claims is not None:
            hub.claims.forget_stale(now=now)
        StopBoard(hub.database, hub.files).publish(tenant_id, now=now)
        ValueService(hub.database, hub.files).keep_keys(tenant_id, now=now)
        if hub.config.alert_webhook:
            self._watch(hub)
        made = [kept.file.as_of for kept in hub.files.all(tenant_id) if kept.file.kind in MIRROR_KINDS]
        is_old = not made or now - datetime.fromisoformat(max(made)) >= MIRROR_EVERY
        if is_old or hub.publisher.lacks_slice(tenant_id):
            hub.publisher.mirror(tenant_id, now=now)

    def greet(self) -> None:
        """Learn what is new, and send those who joined their message. Raises as `turn`."""
        hub = self._hub
        Learner(hub.database, hub.keys).learn(hub.config.tenant)
        book = CodeBook(hub.keys.tenant(hub.config.tenant))
        tokenise(hub.database, hub.config.tenant, book, progress=lambda _done, _total: None)
        if hub.claims is not None:
            hub.claims.ask_joined(hub.joining, now=hub.clock())

    def greet_alone(self) -> None:
        """Do so while no other worker does; what goes wrong is told."""
        self._try(self.greet)

    def freshen(self) -> None:
        """Bring who joined to the stores, and a new store its first slice. Raises as `turn`."""
        self._hub.publisher.mirror(self._hub.config.tenant, now=self._hub.clock(), is_fresh=True)

    def _watch(self, hub: Hub) -> None:
        """Tell the chain's people which stores have fallen ill since the last turn."""
        from hub.alarm import raise_alarm  # noqa: PLC0415 - an HTTP client, where somebody wants to be told

        through = Erasing(hub.database, hub.files, hub.feed).through(hub.config.tenant)
        watch = FleetWatch(hub.database, hub.config.tenant, partial(raise_alarm, hub.config.alert_webhook))
        watch.look(now=hub.clock(), through=through)

    def _run(self) -> None:
        turn_at_s = time.monotonic() + self._turn_s
        fresh_at_s, rested_at_s = math.inf, 0.0
        while True:
            self._hub.news.wait(max(0.0, min(turn_at_s, fresh_at_s) - time.monotonic()))
            if self._over.is_set():
                return
            began_s = time.monotonic()
            if self._hub.news.is_set():
                self._hub.news.clear()
                self.greet_alone()
                fresh_at_s = min(fresh_at_s, max(began_s + self._fresh_s, rested_at_s))
                self._over.wait(NEWS_S)
            elif began_s >= fresh_at_s:
                self._try(self.freshen)
                fresh_at_s = math.inf
                rested_at_s = began_s + (time.monotonic() - began_s) / FRESH_SHARE
            else:
                self._try(self.turn)
                turn_at_s = time.monotonic() + self._turn_s

    def _try(self, work: Callable[[], None]) -> None:
        """Do a piece of work; what goes wrong is told once and tried again with the next turn."""
        try:
            with self._hub.database.alone(Turn.UPKEEP):
                work()
            self._before = ""
        except TillstreamError as error:
            self._tell(f"{error.message}; fix: {error.fix}")
        except Exception as error:  # noqa: BLE001 - the one thread of upkeep must outlive any defect in a turn
            self._tell(f"upkeep failed: {error!r}; fix: send the log to support")

    def _tell(self, trouble: str) -> None:
        if trouble != self._before:
            self._told(trouble)
        self._before = trouble

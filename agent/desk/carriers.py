"""What carries a store's journal to its hub, and the feed back: courier and feed over HTTP, made from the link.

Imported by the link once there is an enrolment: all of this is a sixth of what desk imports, and no page waits for it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from typing import Any

from agent.config import AgentConfig
from agent.desk.content import check_feed_content
from agent.desk.hub_link import DESTINATION, HubLink, LinkListener
from agent.desk.loyalty import Asking
from agent.desk.ports import DeskCursors, DeskJournal
from agent.journal.reader import JournalReader
from sync.backoff import Backoff
from sync.consents import MEMBERSHIP, PROFILING, ConsentedTransport
from sync.courier import CONFIRM_EVERY_S, Courier, run_courier
from sync.delivery_plan import BATCH_BYTES_MAX, CourierPolicy
from sync.enrolled import Enrolled
from sync.feed import POLL_AFTER_S, REPORT_EVERY_S, Feed, run_feed
from sync.feed_target import StoreFeedTarget
from sync.http_transport import HubConnection, HubFeedSource, HubTransport
from sync.mirror_merging import Merging
from sync.ports import Pace
from sync.protocol.feed_messages import Erasure, FeedKind, StoreHealth

HUB_PURPOSES = frozenset({MEMBERSHIP, PROFILING})
"""What the chain's own hub uses data for: the programme, and choosing offers for those who allow it."""

ERASURES_AT_ONCE = 1000
"""One line of the control socket holds 1 MB; a thousand people take 100 KB."""

ERASE_S = 60.0
"""Core overwrites mirror files and journal payloads and syncs them before it answers."""

BYTES_PER_KBIT = 125
BURST_S = 20
"""A capped line carries a batch in at most so many seconds, deflated in a quarter of that: no payment waits long."""

PROGRAM = f"tillstream {installed_version('tillstream')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often the hub is asked when nothing happens, and when nothing works; a drill takes longer steps."""

    poll_after_s: float = POLL_AFTER_S
    report_every_s: float = REPORT_EVERY_S
    confirm_every_s: float = CONFIRM_EVERY_S
    backoff: Backoff = field(default_factory=Backoff)
    jitter: Callable[[], float] = random.random


USUAL_RHYTHM = Rhythm()


def carriers(
    link: HubLink,
    reader: JournalReader,
    connection: HubConnection,
    *,
    enrolled: Enrolled,
    pace: Pace,
    rhythm: Rhythm = USUAL_RHYTHM,
    health: Callable[[], Awaitable[StoreHealth]] | None = None,
) -> list[Coroutine[Any, Any, None]]:
    """Return what carries the journal to the hub, and what carries the feed back; both go on until cancelled.

    `health` is told to the hub with each report, where somebody knows.
    """
    listener = LinkListener(link)
    journal = DeskJournal(reader)
    courier = Courier(
        destination=DESTINATION,
        journal=journal,
        cursors=DeskCursors(control=link.control, reader=reader),
        transport=ConsentedTransport(HubTransport(connection), journal, purposes=HUB_PURPOSES),
        pace=pace,
        listener=listener,
        policy=upload_policy(link.config),
        backoff=rhythm.backoff,
        confirm_every_s=rhythm.confirm_every_s,
        random=rhythm.jitter,
    )
    feed = Feed(
        folder=link.state.mirror,
        tenant=enrolled.tenant,
        store=enrolled.store,
        feed_key=enrolled.feed_public_key,
        source=HubFeedSource(connection),
        target=StoreFeedTarget(
            folder=link.state.mirror,
            erase=lambda erasures: _erase(link.control, erasures),
            changed=lambda kind: _changed(link.control, kind),
            count_backlog=lambda: journal.behind(DESTINATION),
            check=check_feed_content,
            merging=Merging(folder=link.state.mirror, command=_merge_command()),
        ),
        pace=pace,
        program=PROGRAM,
        waiting=lambda error, wait_s: listener.waiting(DESTINATION, error, wait_s),
        health=health,
        backoff=rhythm.backoff,
        poll_after_s=rhythm.poll_after_s,
        report_every_s=rhythm.report_every_s,
        random=rhythm.jitter,
    )
    return [run_courier(courier, link.wake), run_feed(feed)]


def _merge_command() -> list[str]:
    """Return what starts a merge in a process of its own: this interpreter, or the frozen program's word for it."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "mirror-merge"]
    return [sys.executable, "-m", "sync.mirror_merging"]


def upload_policy(config: AgentConfig) -> CourierPolicy:
    """Return how much of the line uploads may take, and when. A slow cap makes small batches: none is a long burst."""
    if config.hub is None:
        return CourierPolicy()
    cap = config.hub.upload_kbit_s * BYTES_PER_KBIT if config.hub.upload_kbit_s else None
    return CourierPolicy(
        bytes_max=BATCH_BYTES_MAX if cap is None else min(BATCH_BYTES_MAX, cap * BURST_S),
        bytes_per_s_max=cap,
        window=config.hub.upload_window,
        zone=config.store.zone,
    )


async def _erase(control: Asking, erasures: Sequence[Erasure]) -> None:
    """Have core forget people on this store's disks; durable on return."""
    for start in range(0, len(erasures), ERASURES_AT_ONCE):
        people = [
            {"erasure_no": each.erasure_no, "customer_id": each.customer_id, "locators": list(each.locators)}
            for each in erasures[start : start + ERASURES_AT_ONCE]
        ]
        await control.ask("erase", answer_s=ERASE_S, erasures=people)


async def _changed(control: Asking, kind: FeedKind) -> None:
    """Tell core to look at the feed's files; erasures it has carried out itself."""
    if kind is not FeedKind.ERASURES:
        await control.ask("mirror_changed")

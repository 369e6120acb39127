"""A chain that lost its hub and finds it again at 08:00: every store's next question drawn by the product's own code.

Simulated: stores and clock are numbers. Real: `Backoff` and `spread_s`, which the feed and the courier of every store
ask how long to wait, and what they are told by a hub that has enough. A hub that answers `hub_per_s` questions in a
second refuses what comes beyond with `Retry-After`, as a gateway before it would.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass

from sync.backoff import Backoff, spread_s

POLL_AFTER_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What a hub hears from 08:00 on."""

    peak_per_s: int
    """The most questions in one second."""

    peak_after_first_per_s: int
    """The same without the first second, which nobody can spread when all are switched on by one clock."""

    all_served_after_s: float
    """When every store has had its first answer."""

    steady_per_s: float
    """Questions a second in the last minute."""

    refused: int
    """Questions that were told to come again."""


@dataclass(slots=True)
class _Store:
    failures: int = 0
    served: bool = False


def morning(
    stores: int,
    *,
    away_s: float,
    hub_per_s: int,
    retry_after_s: float | None,
    seed: int,
    watched_s: float = 900.0,
    switched_on_within_s: float = 1.0,
) -> Morning:
    """Return what the hub hears after `away_s` without it; with none, stores are switched on within a second or so.

    The clock's zero is 08:00; questions before it fail.
    """
    dice = random.Random(seed).random
    fleet = [_Store() for _ in range(stores)]
    backoff, asked, answered = Backoff(), Counter[int](), Counter[int]()
    refused, last_first_s = 0, 0.0
    within_s = POLL_AFTER_S if away_s else switched_on_within_s
    due = [(dice() * within_s - away_s, each) for each in range(stores)]
    heapq.heapify(due)
    while due and due[0][0] < watched_s:
        now_s, number = heapq.heappop(due)
        store, second = fleet[number], int(now_s)
        if now_s >= 0:
            asked[second] += 1
        if now_s < 0 or answered[second] >= hub_per_s:
            refused += now_s >= 0
            store.failures += 1
            told_s = retry_after_s if now_s >= 0 else None
            wait_s = backoff.wait_s(store.failures, random=dice, retry_after_s=told_s)
        else:
            answered[second] += 1
            last_first_s = last_first_s if store.served else now_s
            store.failures, store.served = 0, True
            wait_s = spread_s(POLL_AFTER_S, random=dice)
        heapq.heappush(due, (now_s + wait_s, number))
    assert all(store.served for store in fleet), "some store was never answered"
    last = sum(count for second, count in asked.items() if second >= watched_s - 60)
    return Morning(
        peak_per_s=max(asked.values()),
        peak_after_first_per_s=max(count for second, count in asked.items() if second),
        all_served_after_s=last_first_s,
        steady_per_s=last / 60,
        refused=refused,
    )

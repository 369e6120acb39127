"""What goes wrong, drawn from the seed before the story begins: a list that can be told, repeated and shortened.

A fault has random numbers of its own (`random_of`), so that leaving one out changes nothing about the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

DAY_S = 86_400.0
OPENS_S = 8 * 3600.0  # stores are open from eight to eight; what breaks at night breaks too
FAULTS_A_DAY = 5  # over the whole chain: every kind comes up within a week
YEAR_S = 365 * DAY_S


class FaultKind(StrEnum):
    """What can go wrong."""

    CORE_KILLED = "core_killed"  # kill -9 of a store's core and desk, around a cut
    POWER_CUT = "power_cut"  # the store PC loses power in the middle of a commit
    PARTITION = "partition"  # the store's link is down
    ANSWER_LOST = "answer_lost"  # the hub did it, nobody heard
    DUPLICATED = "duplicated"  # a question arrives twice
    REORDERED = "reordered"  # a question arrives again when the next ones have been answered
    STALE_ANSWER = "stale_answer"  # the answer to an earlier question comes again
    TRUNCATED = "truncated"  # half an answer
    SERVER_ERROR = "server_error"  # 502 of a proxy, 503 with Retry-After
    CAPTIVE_PORTAL = "captive_portal"  # 200 with a page to sign in
    CLOCK_JUMP = "clock_jump"  # the store's clock is set, by minutes or years
    DISK_FULL = "disk_full"  # the journal's disk takes no more
    HUB_KILLED = "hub_killed"  # the hub dies in the middle of a commit
    HUB_RESTORED = "hub_restored"  # the hub goes back to last night's copy
    CLONE = "clone"  # a second machine runs a copy of the store's disk
    ERASURE = "erasure"  # no fault: a member must be forgotten, whatever else goes wrong


WIRE_KINDS = frozenset(
    {
        FaultKind.PARTITION,
        FaultKind.ANSWER_LOST,
        FaultKind.DUPLICATED,
        FaultKind.REORDERED,
        FaultKind.STALE_ANSWER,
        FaultKind.TRUNCATED,
        FaultKind.SERVER_ERROR,
        FaultKind.CAPTIVE_PORTAL,
    }
)
"""Those that last for a while and befall questions to the hub."""

CLOCK_JUMPS_S = (-20 * YEAR_S, -2 * DAY_S, -3600.0, -90.0, 75.0, 3600.0, 40 * DAY_S, 20 * YEAR_S)
HUBS = frozenset({FaultKind.HUB_KILLED, FaultKind.HUB_RESTORED, FaultKind.ERASURE})
RARE = frozenset({FaultKind.CLONE, FaultKind.HUB_RESTORED})
RARE_WEIGHT, USUAL_WEIGHT = 1, 3
ERASURE_FIRST = 1000  # numbers of erasures, behind those of everything else
ERASURE_CHANCE = 0.4  # a day: half of the chain's six members in a week


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong. `at_s` since the story began, `store` its number (0 for the hub's), both drawn."""

    number: int
    kind: FaultKind
    at_s: float
    store: int
    lasts_s: float
    chance: float = 1.0
    jump_s: float = 0.0

    def random_of(self, seed: int) -> Random:
        """Return this fault's own random numbers."""
        return Random(f"{seed}/fault/{self.number}")  # noqa: S311 - a story, not a secret

    def told(self) -> str:
        """Return the fault as one line for people."""
        day, rest = divmod(self.at_s, DAY_S)
        when = f"day {int(day) + 1} {int(rest // 3600):02}:{int(rest % 3600 // 60):02}"
        where = "hub" if self.kind in HUBS else f"store {self.store + 1}"
        more = f" by {self.jump_s / DAY_S:+.2f} days" if self.kind is FaultKind.CLOCK_JUMP else ""
        return f"{when} {where}: {self.kind.value}{more}, {self.lasts_s / 60:.0f} min"


def draw_faults(seed: int, *, days: int, stores: int) -> tuple[Fault, ...]:
    """Return what goes wrong in a story, in the order in which it begins."""
    random = Random(f"{seed}/faults")  # noqa: S311 - a story, not a secret
    kinds = [kind for kind in FaultKind if kind is not FaultKind.ERASURE]
    weights = [RARE_WEIGHT if kind in RARE else USUAL_WEIGHT for kind in kinds]
    drawn = []
    for number in range(days * FAULTS_A_DAY):
        kind = random.choices(kinds, weights)[0]
        drawn.append(
            Fault(
                number=number,
                kind=kind,
                at_s=(number // FAULTS_A_DAY) * DAY_S + random.uniform(OPENS_S - 3600, DAY_S - 1),
                store=random.randrange(stores),
                lasts_s=random.choice((20.0, 300.0, 3600.0, 6 * 3600.0, 30 * 3600.0)),
                chance=random.choice((0.3, 0.7, 1.0)) if kind is not FaultKind.PARTITION else 1.0,
                jump_s=random.choice(CLOCK_JUMPS_S) if kind is FaultKind.CLOCK_JUMP else 0.0,
            )
        )
    drawn += _draw_erasures(seed, days=days)
    return tuple(sorted(drawn, key=lambda fault: (fault.at_s, fault.number)))


def _draw_erasures(seed: int, *, days: int) -> list[Fault]:
    random = Random(f"{seed}/erasures")  # noqa: S311 - a story, not a secret
    drawn = []
    for day in range(days):
        is_asked, within_s = random.random() < ERASURE_CHANCE, random.uniform(OPENS_S, DAY_S - 1)
        if is_asked:
            at_s = day * DAY_S + within_s
            drawn.append(Fault(number=ERASURE_FIRST + day, kind=FaultKind.ERASURE, at_s=at_s, store=0, lasts_s=0.0))
    return drawn

"""What a drill's customers do with the coupons that they were given: they hold them out, again and in other stores too.

A customer who was told that a coupon is taken has had its worth. However often the programs die around it, no coupon
is taken twice (`invariants.coupons_are_taken_once`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from retail.coupons import TOKEN_CHARS

if TYPE_CHECKING:
    from agent.drill.lane import Print
    from agent.drill.store import StorePc

HELD_OUT_SHARE = 0.3  # of sales; more than any shop has, so that a week of a small chain holds some hundred
RECENT = 12  # papers that are held out again and again: used ones, foreign ones, new ones

_TOKEN = re.compile(rb"(?i)tsc1:[a-z2-7]{%d}" % (TOKEN_CHARS - len("tsc1:")))


@dataclass(slots=True)
class Pockets:
    """The papers that printers gave out. `taken` counts how often customers heard that a coupon is taken, and where."""

    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: int = 0
    _papers: list[str] = field(default_factory=list)

    def printed(self, job: Print) -> None:
        """Put the coupons of a printed job into somebody's pocket."""
        self._papers += [found.decode() for found in _TOKEN.findall(bytes(job.arrived))]

    async def hold_out(self, store: StorePc, workstation_id: str, random: Random) -> None:
        """Have a customer hold out a coupon, or none, before their sale."""
        if random.random() >= HELD_OUT_SHARE or not self._papers:
            return
        token = random.choice(self._papers[-RECENT:])
        is_taken = await store.judge(workstation_id, token)
        if is_taken:
            self.taken[store.config.store.business_unit_id, token] += 1
        elif is_taken is not None:
            self.refused += 1

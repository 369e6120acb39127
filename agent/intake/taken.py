"""A document on its way through core: whose it is, what was decided, what one commit holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from agent.identity.recognition import Recognition
from agent.intake.documents import Origin, Told
from agent.journal.batch import Batch
from agent.offering.offering import Offering, Place
from agent.value.book import Entry
from receipt.paper import Paper
from retail.loyalty import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose document it is, and how we know. `flagged`: not sure enough to print a name, for earning only.

    `sealed`: the code, sealed to the chain, where nobody here is known by it. `gone`: the scans that are over with this
    sale (`scan_id`s).
    """

    scan_id: str
    how: str
    account: Account | None
    locator: str
    customer_id: str = ""
    sealed: str = ""
    flagged: bool = False
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A document that was decided on: what to commit, what to print when that is on disk, whom to tell."""

    origin: Origin
    batch: Batch
    told: Told | None = None
    whose: Whose | None = None
    offering: Offering = field(default_factory=Offering)
    file: asyncio.Future[None] | None = None
    paper: Paper | None = None
    place: Place | None = None
    awaits: asyncio.Future[Recognition] | None = None
    operator: str = ""
    value: Entry = field(default_factory=Entry)

    @property
    def is_slip(self) -> bool:
        """Whether it is a slip of its own."""
        return self.offering.is_slip

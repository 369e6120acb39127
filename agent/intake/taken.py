"""A document on its way through core: whose it is, what was decided, what one commit holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.identity.recognition import Recognition
from agent.intake.documents import Origin, Told
from agent.intake.payloads import Content
from agent.journal.batch import Batch, Capture, Committed
from agent.offering.foreseeing import ForeseenOffer
from agent.offering.offering import Offering, Place
from agent.value.book import Entry
from agent.value.rehearsal import Rehearsed
from pos_adapters.reading.ahead import Preview
from pos_adapters.reading.values import Reading
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


@dataclass(slots=True, kw_only=True, eq=False)
class Foreseen:
    """What was worked out of a sale while its receipt was printed; it has changed nothing and may be thrown away.

    `batch` is what its cut will commit, None until all of it is known; `kept` is done when that is on disk, put by.
    `has_stood`: its cut has come and found everything as it was; the block has left, and all of this is so.
    `payloads` are spellings of contents, by the identity of the content, with the content that keeps it so.
    """

    preview: Preview
    origin: Origin
    told: Told
    place: Place
    capture: Capture | None = None
    whose: Whose | None = None
    offer: ForeseenOffer | None = None
    value: Rehearsed | None = None
    batch: Batch | None = None
    kept: asyncio.Future[Committed] | None = None
    has_stood: bool = False
    payloads: dict[int, tuple[Content, bytes]] = field(default_factory=dict)

    @property
    def offering(self) -> Offering:
        """What was foreseen to be printed."""
        return self.offer.offering if self.offer is not None else Offering()

    def as_taken(self) -> Taken:
        """Return what is to be committed where the block has left and its document's own commit could not be made."""
        assert self.batch is not None
        return Taken(origin=self.origin, batch=self.batch, whose=self.whose, foreseen=self)

    def is_drawn(self, offering: Offering) -> bool:
        """Whether this is the offering that was foreseen, whose slip is drawn."""
        return self.offer is not None and self.offer.offering is offering

    def is_all_of(self, taken: Taken) -> bool:
        """Whether a document that was decided on at its cut is in every part what was foreseen."""
        return (
            self.batch is not None
            and self.value is not None
            and taken.told is self.told
            and taken.whose == self.whose
            and self.is_drawn(taken.offering)
            and taken.value.records is self.value.entry.records
            and taken.value.changes is self.value.entry.changes
        )

    def is_of(self, reading: Reading, origin: Origin) -> bool:
        """Whether it speaks of this document."""
        return origin == self.origin and reading == self.preview.reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A document that was decided on: what to commit, what to print when that is on disk, whom to tell.

    `is_doubted`: another code stands on it than was scanned, and `awaits` tells whose that is.
    """

    origin: Origin
    batch: Batch
    told: Told | None = None
    whose: Whose | None = None
    offering: Offering = field(default_factory=Offering)
    file: asyncio.Future[None] | None = None
    paper: Paper | None = None
    place: Place | None = None
    awaits: asyncio.Future[Recognition] | None = None
    is_doubted: bool = False
    operator: str = ""
    value: Entry = field(default_factory=Entry)
    foreseen: Foreseen | None = None

    @property
    def meanwhile(self) -> Callable[[], object] | None:
        """What of its paper is left to do while it goes to disk: nothing where it is drawn, or there is none."""
        is_drawn = self.foreseen is not None and self.foreseen.is_drawn(self.offering)
        return self.offering.draw if self.offering.content and not is_drawn else None

    @property
    def kept(self) -> asyncio.Future[Committed] | None:
        """What is done when all of this is on disk as it was foreseen; None where it was not, or not all of it."""
        foreseen = self.foreseen
        if foreseen is None or foreseen.batch is None or self.batch.records is not foreseen.batch.records:
            return None
        return foreseen.kept

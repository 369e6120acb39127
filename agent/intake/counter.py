"""What happens to one document: read it, find whose it is, decide, and say what one commit must hold.

The shared middle of all lanes, used by core's loop only. `take` decides; the session commits and then calls
`committed`, which tells memory and pages. Nothing is told to anybody before it is on disk.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from agent.clock import Clock
from agent.config import PrintProfile
from agent.control.publisher import Publisher
from agent.identity.binding import Event
from agent.identity.doubts import Doubts
from agent.identity.floor import Floor
from agent.identity.keeping import ScanKeeper
from agent.identity.recognition import Recognition
from agent.intake.afterwards import Afterwards
from agent.intake.attribution import Attribution, Lanes
from agent.intake.captures import INLINE_BYTES_MAX
from agent.intake.deciding import Deciders, Deciding, identified
from agent.intake.documents import DocumentClerk, Origin, Told
from agent.intake.holds import CutHolds
from agent.intake.kept_ahead import KeptAhead, is_done
from agent.intake.lending import Lendings
from agent.intake.outcomes import Outcomes
from agent.intake.printers import Printers
from agent.intake.recording import RecordMaker
from agent.intake.shown_sales import ShownSales
from agent.intake.standing import Standing, is_doubted, printed_code_of
from agent.intake.taken import Foreseen, Taken, Whose
from agent.journal.batch import Batch, Capture, Committed
from agent.journal.records import JournalKind
from agent.offering.memory import StoreMemory
from agent.offering.offering import OfferDesk, Offering, Place
from agent.ports import Captures, Journalling, Papers, People, Unsealing
from agent.value.counter import ValueCounter, member_of
from pos_adapters.reading.ahead import Preview
from pos_adapters.reading.values import Reading
from pos_adapters.taps.frames import Outcome
from receipt.paper import Paper
from receipt.pen import TillState
from receipt.printers import PrinterModel
from retail.errors import DefectError, TillstreamError
from retail.transaction import DocumentKind
from sync.protocol.tokens import CodeKind

if TYPE_CHECKING:
    from agent.intake.session import TapSession

LOOK_UP_WITHIN_S = 0.030
"""A member number on the receipt costs 12 ms of scrypt; the tap waits 50 ms, and the commit wants its part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything the counter works with; made by `bootstrap`."""

    clock: Clock
    maker: RecordMaker
    outcomes: Outcomes
    printers: Printers
    papers: Papers
    people: People
    journal: Journalling
    captures: Captures
    unseal: Unsealing
    clerk: DocumentClerk
    offers: OfferDesk
    memory: StoreMemory
    floor: Floor
    keeper: ScanKeeper
    doubts: Doubts
    value: ValueCounter
    publish: Publisher
    shown: ShownSales
    trouble: Callable[..., None]
    profile: PrintProfile
    look_up_within_s: float = LOOK_UP_WITHIN_S


class Counter:
    """See the module's contract."""

    def __init__(self, house: House) -> None:
        self._house = house
        lanes = Lanes(floor=house.floor, keeper=house.keeper, doubts=house.doubts, people=house.people)
        self._belongs = Attribution(lanes, now=house.clock.now, link=self.link)
        self._afterwards = Afterwards(
            memory=house.memory, value=house.value, shown=house.shown, today=self._today,
            claim_of=house.offers.claim_of,
        )  # fmt: skip
        self._deciding = Deciding(
            Deciders(
                clock=house.clock, maker=house.maker, offers=house.offers, memory=house.memory, value=house.value,
                keeper=house.keeper, defect=self._defect,
            )
        )  # fmt: skip
        self.lendings = Lendings()
        self.standing = Standing(
            clerk=house.clerk, belongs=self._belongs, people=house.people, deciding=self._deciding, offers=house.offers,
            rules=house.value.room.rules, clock=house.clock, lendings=self.lendings,
        )  # fmt: skip
        self.kept_ahead = KeptAhead(house.journal, on_committed=self.committed)
        house.floor.before_change = self.lendings.before_lane
        house.memory.before_change = self.lendings.before_people
        house.value.room.book.overtaking = self.lendings.overtaking
        self.sessions: set[TapSession] = set()
        self.holds = CutHolds()
        self.papers = house.papers
        self.journal = house.journal
        self.floor = house.floor
        self.unseal = house.unseal
        self.outcomes = house.outcomes
        self.printers = house.printers

    @property
    def foreseen_cuts(self) -> int:
        """How many cuts found their offer worked out."""
        return self._deciding.foreseen_cuts

    # Taps

    def tap_here(self, session: TapSession, *, tap: str, has_older: bool) -> None:
        """Note a tap's HELLO: which tap it is, and whether it has papers that core has not seen."""
        self.sessions.add(session)
        self._belongs.tap_here(session.workstation_id, tap=tap, has_older=has_older)

    def tap_gone(self, session: TapSession) -> None:
        """Note that a tap's connection is over."""
        self.sessions.discard(session)

    def active(self, workstation_id: str) -> None:
        """Note that something is printed at a lane."""
        self._house.floor.happened(workstation_id, Event.ACTIVE, self._now())

    def model(self, name: str) -> PrinterModel:
        """Return a printer model by its name."""
        return self._house.offers.model(name)

    def place(self, session: TapSession, *, job_id: str, cut_no: int, state: TillState) -> Place:
        """Return where a paper is printed that is held at a cut."""
        workstation_id = session.workstation_id
        return Place(
            workstation_id=workstation_id,
            job_id=job_id,
            cut_no=cut_no,
            model=self.model(session.model_name),
            profile=self._house.profile,
            state=state,
            wanted=self._house.floor.wants_paper(workstation_id),
        )

    def trouble(self, error: TillstreamError, *, workstation_id: str = "") -> None:
        """Tell of a failure that stops nothing."""
        self._house.trouble(error, workstation_id=workstation_id)

    # Documents

    def take(
        self,
        paper: Paper,
        body: bytes,
        origin: Origin,
        *,
        place: Place | None,
        is_spooled: bool = False,
        foreseen: Foreseen | None = None,
        when_it_stands: Callable[[Offering], None] | None = None,
    ) -> Taken:
        """Decide on a document. `place` is None where nothing can be printed (any more).

        `foreseen` is what was worked out while it was printed (`foresee`); of it is used what still holds. Where all of
        it does and is on disk, put by, `when_it_stands` is given its offering before anything else is done.
        """
        self.lendings.before_lane(origin.workstation_id)
        reading = self._read(paper, origin)
        if foreseen is not None and not foreseen.is_of(reading, origin):
            foreseen = None
        where = place if paper.insertable else None
        if (
            when_it_stands is not None and foreseen is not None and where is not None
            and self.standing.may_leave(foreseen, reading, where)
        ):  # fmt: skip
            when_it_stands(foreseen.offering)
        told = self._house.clerk.tell(reading, origin, foretold=foreseen.told if foreseen is not None else None)
        capture, file = self._capture(body, origin, printed_code_of(reading))
        taken = Taken(
            origin=origin, batch=Batch(capture=capture), told=told, file=file, paper=paper,
            place=where,
            operator=reading.cashier_printed or "", foreseen=foreseen,
        )  # fmt: skip
        if told.sale is None:
            self._belongs.happened(reading, origin, is_spooled=is_spooled)
            if reading.kind is DocumentKind.VOID and not is_spooled:
                self._house.value.open_sale_voided(origin.workstation_id)
            return self._deciding.with_records(taken)
        whose = self._belongs.whose_is(told, origin, is_spooled=is_spooled)
        if foreseen is not None and foreseen.has_stood:
            return self._decided(replace(taken, whose=foreseen.whose))
        printed_code = printed_code_of(reading)
        if whose is None and printed_code and place is not None:
            return replace(taken, awaits=self._look_up(printed_code))
        pending = self._house.people.pending(whose.scan_id) if whose is not None and place is not None else None
        if pending is not None:
            return replace(taken, whose=whose, awaits=pending)
        if printed_code and place is not None and is_doubted(whose, printed_code, self._house.people):
            return replace(taken, whose=whose, awaits=self._look_up(printed_code), is_doubted=True)
        return self._decided(replace(taken, whose=whose))

    def foresee(
        self, preview: Preview, origin: Origin, place: Place, *, body: bytes
    ) -> tuple[Foreseen, Iterator[None]] | None:
        """Begin to work out what the cut of a sale will mean that is still being printed; None where it is no sale.

        `body` is what has come of it. Whoever asks goes through the steps; nothing has happened when they are done, or
        left.
        """
        told = self._house.clerk.foretell(preview.reading, origin)
        if told is None:
            return None
        whose = self._belongs.expected(origin.workstation_id)
        if whose is None and printed_code_of(preview.reading):
            return None
        foreseen = Foreseen(preview=preview, origin=origin, told=told, place=place)
        if len(body) <= INLINE_BYTES_MAX:
            foreseen.capture, _ = self._capture(body, origin, printed_code_of(preview.reading))
        return foreseen, self._deciding.foresee(foreseen, whose)

    async def after_look_up(self, taken: Taken) -> Taken:
        """Go on with a document whose member's code is being looked up; too late is linked after printing."""
        assert taken.awaits is not None
        try:
            found = await asyncio.wait_for(asyncio.shield(taken.awaits), self._house.look_up_within_s)
        except TimeoutError:
            if taken.is_doubted:
                return self._decided(replace(taken, whose=_unless_anothers(taken.whose, None)))
            taken.awaits.add_done_callback(lambda future: self._link_late(taken, future))
            return self._decided(replace(taken, whose=None))
        whose = (_unless_anothers if taken.is_doubted else _recognised)(taken.whose, found)
        return self._decided(replace(taken, whose=whose))

    def remainder(self, body: bytes, origin: Origin) -> Taken:
        """Return what to commit of bytes behind the last document; nothing where there are none."""
        if not body:
            return Taken(origin=origin, batch=Batch())
        capture, file = self._capture(body, origin, None)
        return Taken(origin=origin, batch=Batch(capture=capture), file=file)

    def rewrite_file(self, body: bytes) -> asyncio.Future[None] | None:
        """Make sure that a large capture's file is there: a kill may have fallen between its row and its file."""
        masked = self._house.papers.mask(body, None)
        return asyncio.ensure_future(self._house.captures.place(masked)[1]) if len(masked) > INLINE_BYTES_MAX else None

    def goes_out(self, offering: Offering) -> None:
        """Await what becomes of a paper whose bytes its tap is given now: the tap may answer before pages are told."""
        if offering.content:  # an invitation to a stranger is no offer
            self.outcomes.expect(offering.content)

    def committed(self, taken: Taken, future: asyncio.Future[Committed]) -> None:
        """Learn whether a document is on disk: only now pages are told; a failure is taken back.

        What was kept ahead of its cut is printed by then, and therefore committed again, not taken back.
        """
        if not is_done(future):
            self._tell_trouble(taken, None if future.cancelled() else future.exception())
            if taken.kept is not None and is_done(taken.kept):
                self.kept_ahead.unfinished(taken)
            else:
                self._take_back(taken)
            self._house.publish.flush()
            return
        if taken.whose is not None:
            self._house.keeper.dropped(taken.whose.gone)
        content = taken.offering.content
        if content and not taken.offering.draw():  # decided and on disk, but nothing that a printer can be given
            self.outcomes.expect(content)
            paper = (content["job_id"], content["cut_no"])
            self.outcomes.settle(taken.origin.workstation_id, paper, Outcome.NOT_SENT)
        self._afterwards.tell(taken)
        self._house.publish.flush()

    def forget(self, customer_id: str, locators: Collection[str]) -> None:
        """Forget whose a document was that will be handed over again: they were erased."""
        self.forget_foreseen()
        self._belongs.forget(customer_id, locators)
        for taken in self.kept_ahead.give_up(customer_id, locators):
            self._take_back(taken)

    def forget_foreseen(self) -> None:
        """Throw away what was worked out before its cut at every lane, also on the disk."""
        for session in self.sessions:
            session.forget_foreseen()

    # Parts

    def _now(self) -> datetime:
        return self._house.clock.now()

    def _capture(
        self, body: bytes, origin: Origin, member_code: str | None
    ) -> tuple[Capture, asyncio.Future[None] | None]:
        masked = self._house.papers.mask(body, member_code)
        name, file = None, None
        if len(masked) > INLINE_BYTES_MAX:
            name, writing = self._house.captures.place(masked)
            file = asyncio.ensure_future(writing)
        capture = Capture(
            job_id=origin.job_id,
            document_no=origin.document_no,
            workstation_id=origin.workstation_id,
            received_at=origin.received_at,
            body=None if name else masked,
            file_hash=name,
        )
        return capture, file

    def _decided(self, taken: Taken) -> Taken:
        """Decide on a document, behind every cut that was printed of the same people."""
        account = taken.whose.account if taken.whose is not None else None
        if account is not None:
            self.lendings.before_people((account.customer_id, account.shares_with), ())
        return self._deciding.decided(taken)

    def _look_up(self, code: str) -> asyncio.Future[Recognition]:
        return asyncio.ensure_future(self._house.people.recognise(uuid.uuid4().hex, code, CodeKind.CARD))

    def _link_late(self, taken: Taken, future: asyncio.Future[Recognition]) -> None:
        """Journal whose sale it was once the look-up is done: for earning, after printing."""
        if future.cancelled() or future.exception() is not None or taken.told is None:
            return
        self.link(taken.told, _recognised(taken.whose, future.result()), taken.origin.workstation_id)

    def link(self, told: Told, whose: Whose, workstation_id: str) -> None:
        """Journal whose sale it was, after it has been journalled itself."""
        record = self._house.maker.of_document(
            JournalKind.CUSTOMER_IDENTIFIED, identified(told, whose), told=told, workstation_id=workstation_id
        )
        assert told.sale is not None
        member = member_of(whose.account, whose.customer_id)
        value = self._house.value.named_late(str(told.sale.transaction_id), member)
        changes = (*self._house.keeper.drops(whose.gone), *value.changes)
        self._house.keeper.dropped(whose.gone)
        records = (record, *self._house.value.records(value, workstation_id))
        self.journal.hand_over(Batch(records=records, changes=changes)).add_done_callback(self._noted)

    def _read(self, paper: Paper, origin: Origin) -> Reading:
        """Read a paper; a defect in reading leaves a document of no kind, whose capture is read again later."""
        try:
            return self._house.papers.read(paper, origin.workstation_id)
        except Exception as error:  # noqa: BLE001 - see above: the capture is kept, the receipt is printed
            self._defect("reading a document failed", error, origin)
            return Reading(kind=DocumentKind.OTHER)

    def _defect(self, what: str, error: Exception, origin: Origin) -> None:
        place = f"job {origin.job_id}, document {origin.document_no}"
        told = DefectError(f"{what} ({place}): {error!r}", fix="send the log to support", code="defect")
        self.trouble(told, workstation_id=origin.workstation_id)

    def _today(self) -> date:
        return self._house.offers.today(self._now())

    def _take_back(self, taken: Taken) -> None:
        if taken.told is not None:
            self._house.clerk.forget(taken.told)
        if taken.offering.content:
            self._house.memory.not_printed(taken.offering.content)
        self._house.value.undo(taken.value)

    def _tell_trouble(self, taken: Taken, error: BaseException | None) -> None:
        known = error if isinstance(error, TillstreamError) else DefectError(f"a commit failed: {error!r}")
        self.trouble(known, workstation_id=taken.origin.workstation_id)

    def _noted(self, future: asyncio.Future[Any]) -> None:
        """Tell of a commit that nobody waits for and that failed: its job is on disk, this detail is not."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, TillstreamError):
            self.trouble(error)


def _unless_anothers(scanned: Whose | None, found: Recognition | None) -> Whose | None:
    """Return whose it is by the scan, flagged where the receipt carries somebody else's number, or nobody knows yet."""
    if scanned is None or (found is not None and found.customer_id in ("", scanned.customer_id)):
        return scanned
    return replace(scanned, flagged=True)


def _recognised(scanned: Whose | None, found: Recognition) -> Whose:
    """Return whose it is now that the code is looked up: one that was scanned, or stands on the receipt itself."""
    whose = scanned or Whose(scan_id=found.scan_id, how="printed", account=None, locator="")
    whose = replace(whose, account=found.account, customer_id=found.customer_id)
    return replace(whose, locator=found.locator, sealed=found.sealed)

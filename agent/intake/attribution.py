"""Whose sale is it? What a printed document means for the scans of its lane.

A scan that core has watched from its acknowledgement to the end of the sale is certain (`floor`); one that came before
something core did not see - its own end, a tap that was away - is in doubt (`doubts`): whoever is found there earns,
flagged. A spooled document speaks of the time it was printed at, never of now.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from agent.identity.binding import Event, Phase, Sale
from agent.identity.doubts import Claim, Doubts
from agent.identity.floor import Floor
from agent.identity.keeping import ScanKeeper
from agent.intake.documents import Origin, Told
from agent.intake.taken import Whose
from agent.ports import People
from pos_adapters.reading.values import Reading
from retail.transaction import DocumentKind

WHOSE_MAX = 1000
"""Documents whose person is remembered in case their commit failed and the tap hands them over again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """What is known of the store's lanes; made by `bootstrap`."""

    floor: Floor
    keeper: ScanKeeper
    doubts: Doubts
    people: People


class Attribution:
    """Used by core's loop only. `link` journals whose sale it was after the sale itself."""

    def __init__(self, lanes: Lanes, *, now: Callable[[], datetime], link: Callable[[Told, Whose, str], None]) -> None:
        self._floor = lanes.floor
        self._keeper = lanes.keeper
        self._doubts = lanes.doubts
        self._people = lanes.people
        self._now = now
        self._link = link
        self._whose: OrderedDict[tuple[str, int], Whose] = OrderedDict()
        self._tap_by_lane: dict[str, str] = {}

    def tap_here(self, lane: str, *, tap: str, has_older: bool) -> None:
        """Note which tap serves a lane now, and whether it has papers that core has not seen.

        The same tap with nothing left has printed nothing in between. Else whoever is bound is in doubt: earning only.
        """
        is_same = bool(tap) and self._tap_by_lane.get(lane) == tap
        self._tap_by_lane[lane] = tap
        if not is_same or (has_older and not self._doubts.waits(lane)):
            self._doubts.add(lane, self._floor.doubted(lane, self._now()))
        self._keeper.gone(self._doubts.wait(lane, waits=has_older))

    def happened(self, reading: Reading, origin: Origin, *, is_spooled: bool) -> None:
        """Tell the lane what a document that is no sale means for it."""
        now, lane = self._now(), origin.workstation_id
        end = _end_of(reading)
        if end is None:
            return
        number = (reading.suspension_number or "") if end is Event.SUSPENDED else ""
        if end is Event.SUSPENDED and not is_spooled:
            self._floor.suspended(lane, number, now)
        elif not is_spooled:
            self._floor.happened(lane, end, now)
        self._end_doubts(lane, origin.received_at if is_spooled else now, is_spooled=is_spooled, number=number)

    def whose_is(self, told: Told, origin: Origin, *, is_spooled: bool) -> Whose | None:
        """End a sale; return whose it is by what was scanned. A spooled sale takes only what was scanned before it."""
        assert told.sale is not None
        remembered = self._whose.get((origin.job_id, origin.document_no))
        if remembered is not None:
            return replace(self._known_now(remembered), flagged=True)
        lane, at = origin.workstation_id, origin.received_at if is_spooled else self._now()
        if told.document_kind is DocumentKind.VOID:
            if not is_spooled:
                self._floor.happened(lane, Event.VOIDED, at)
            self._end_doubts(lane, at, is_spooled=is_spooled)
            return None
        sale = Sale(transaction_id=str(told.sale.transaction_id), at=at, is_live=not is_spooled)
        sold = self._floor.sold(lane, sale, self._now())
        claim, flagged = Claim(scan=sold.scan, gone=sold.gone), is_spooled
        if sold.scan is not None:
            self._end_doubts(lane, at, is_spooled=is_spooled)
        else:
            self._keeper.gone(sold.gone)
            claim, flagged = self._claimed(told, lane, at, is_spooled=is_spooled), True
        if claim.scan is None:
            self._keeper.gone(claim.gone)
            return None
        return self._remembered(origin, self._whose_of(claim, flagged=flagged))

    def expected(self, lane: str) -> Whose | None:
        """Return whose a sale would be that ended at a lane now, as far as scans tell; nothing has happened.

        Somebody who is only in doubt, or still being looked up, is nobody here: the end of the sale finds them.
        """
        bound = self._floor.lane(lane, self._now())
        if bound.phase is not Phase.BOUND or bound.scan is None:
            return None
        return self._whose_of(Claim(scan=bound.scan, gone=bound.scans), flagged=False)

    def would_be(self, whose: Whose | None, origin: Origin) -> bool:
        """Whether `whose_is` would find now what was expected of a document; nothing has happened."""
        lane, document = origin.workstation_id, (origin.job_id, origin.document_no)
        return document not in self._whose and not self._doubts.has_scans(lane) and self.expected(lane) == whose

    def forget(self, customer_id: str, locators: Collection[str]) -> None:
        """Make nobody's what a person bought and no commit has kept yet: they were erased, and it comes again."""
        for document, whose in self._whose.items():
            if whose.customer_id == customer_id or whose.locator in locators:
                self._whose[document] = replace(whose, account=None, customer_id="", locator="", sealed="")

    def _claimed(self, told: Told, lane: str, at: datetime, *, is_spooled: bool) -> Claim:
        """Return what a sale finds among the scans in doubt; one whose turn has not come is linked when it has."""
        if is_spooled or not self._doubts.waits(lane):
            return self._doubts.claim(lane, at)
        self._doubts.defer(lane, at, lambda claim: self._link(told, self._whose_of(claim, flagged=True), lane))
        return Claim()

    def _end_doubts(self, lane: str, at: datetime, *, is_spooled: bool, number: str = "") -> None:
        """Let a document end what was open at a lane before it; with a number, whoever is in doubt is put by."""
        if self._doubts.waits(lane) and not is_spooled:
            self._doubts.defer(lane, at, None)
            return
        claim = self._doubts.claim(lane, at)
        if claim.scan is not None and number:
            self._keeper.put_by(lane, claim.scan, number)
            self._floor.put_by(number, claim.scan)
        self._keeper.gone(scan for scan in claim.gone if not number or scan is not claim.scan)

    def _whose_of(self, claim: Claim, *, flagged: bool) -> Whose:
        assert claim.scan is not None
        found = self._people.recognition(claim.scan.scan_id)
        return Whose(
            scan_id=claim.scan.scan_id,
            how="scan",
            account=found.account,
            locator=found.locator,
            customer_id=found.customer_id,
            sealed=found.sealed,
            flagged=flagged or found.is_restored,
            gone=tuple(scan.scan_id for scan in claim.gone),
        )

    def _known_now(self, whose: Whose) -> Whose:
        """Return whose it is when the scan has been looked up since."""
        found = self._people.recognition(whose.scan_id)
        if not found.locator:
            return whose
        return replace(whose, account=found.account, locator=found.locator, customer_id=found.customer_id)

    def _remembered(self, origin: Origin, whose: Whose) -> Whose:
        self._whose[origin.job_id, origin.document_no] = whose
        if len(self._whose) > WHOSE_MAX:
            self._whose.popitem(last=False)
        return whose


def _end_of(reading: Reading) -> Event | None:
    """Return what a document that is no sale ends, None for nothing."""
    if reading.kind is DocumentKind.VOID:
        return Event.VOIDED
    if reading.kind is DocumentKind.SUSPENDED:
        return Event.SUSPENDED
    closes_day = reading.kind is DocumentKind.REPORT and reading.report is not None and reading.report.closes_day
    return Event.SIGNED_OFF if closes_day else None

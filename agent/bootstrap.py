"""The one function where core's parts meet. Nothing but this module constructs them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from agent.clock import BusinessDays, Clock, ClockJudge, SystemClock
from agent.config import AgentConfig, PrintProfile
from agent.control.kiosk_operations import kiosk_operations
from agent.control.operations import CoreParts, Operations
from agent.control.page_records import PageRecords
from agent.control.publisher import Publisher
from agent.control.server import ControlServer
from agent.control.standing import Standing
from agent.identity.doubts import Doubts
from agent.identity.floor import Floor
from agent.identity.keeping import ScanKeeper
from agent.identity.look_up import AccountMirror
from agent.identity.recognition import Recogniser
from agent.identity.scanning import Scanning
from agent.intake.captures import CaptureFiles
from agent.intake.counter import LOOK_UP_WITHIN_S, Counter, House
from agent.intake.day_close import DayLedger
from agent.intake.documents import DocumentClerk, KnownSales
from agent.intake.outcomes import Outcomes
from agent.intake.papers import StorePapers
from agent.intake.printers import Printers
from agent.intake.recording import RecordMaker
from agent.intake.rereading import make_rereader
from agent.intake.shown_sales import ShownSales
from agent.journal.ledger_reader import LedgerReader
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.reserve import Reserve
from agent.journal.store import JournalStore
from agent.journal.writer import JournalWriter, Turns
from agent.keys import AgentKeys, FileSecrets, load_or_create_keys
from agent.offering.bundle import load_bundle
from agent.offering.claimed import ClaimedSales, sales_of
from agent.offering.claiming import ClaimPage
from agent.offering.coupons import CouponIssuer
from agent.offering.memory import StoreMemory
from agent.offering.offering import OfferDesk
from agent.offering.stopping import StoreStops
from agent.speech.fonts import find_letters
from agent.speech.phrases import load_phrases
from agent.speech.speech import Speaker
from agent.state_dir import StateDir
from agent.upkeep.erasing import Eraser
from agent.upkeep.housekeeping import Housekeeping
from agent.value.counter import ValueCounter
from agent.value.made import make_value, till_operations
from pos_adapters.taps.sealed_job import open_sealed
from retail.errors import TillstreamError
from retail.offers.decision import OfferPolicy
from sync.enrolled import read_enrolled
from sync.protocol.claims import ClaimSigner

Log = Callable[..., None]


@dataclass(slots=True, kw_only=True)
class Core:
    """Core's parts, not yet running; `agent.core` starts and stops them."""

    config: AgentConfig
    state: StateDir
    keys: AgentKeys
    clock: Clock
    place: JournalPlace
    writer: JournalWriter
    floor: Floor
    keeper: ScanKeeper
    doubts: Doubts
    memory: StoreMemory
    known: KnownSales
    ledger: DayLedger
    clerk: DocumentClerk
    days: BusinessDays
    offers: OfferDesk
    mirror: AccountMirror
    stops: StoreStops
    people: Recogniser
    outcomes: Outcomes
    counter: Counter
    scanning: Scanning
    value: ValueCounter
    control: ControlServer
    standing: Standing
    housekeeping: Housekeeping
    log: Log

    def swap(self) -> None:
        """Go over to the newest files of the feed; what cannot be used leaves the last good one."""
        self.counter.lendings.before_everything()
        try:
            self.mirror.swap()
        except TillstreamError as error:
            self.standing.trouble(error)
        self.offers.mirror_version, self.offers.is_slice = self.mirror.version, self.mirror.is_slice
        self.stops.reload()
        bundle = load_bundle(self.state.mirror, self.offers.bundle, self.standing.trouble)
        if bundle != self.offers.bundle:
            self.offers.use(bundle)
        rules = self.value.room.rules
        rules.stops = self.stops.now()
        rules.use_campaigns(entry.campaign for entry in bundle.index.entries)
        rules.mirror_as_of, rules.mirror_version = self.mirror.as_of, self.mirror.version
        rules.swap(self.state.mirror)
        self.offers.use_policy(rules.policy.offers.policy(self.config.store.country))
        self.offers.mirror_age = rules.mirror_age


def build(
    config: AgentConfig,
    *,
    log: Log,
    clock: Clock | None = None,
    look_up_within_s: float = LOOK_UP_WITHIN_S,
    turns: Turns | None = None,
) -> Core:
    """Make core's parts. Opens keys and mirror; the journal is opened by its thread, or in its `turns` (see there).

    Raises OnSiteError.
    """
    furnished = _house(
        config,
        _basics(config, log=log, clock=clock or SystemClock(), turns=turns),
        look_up_within_s=look_up_within_s,
    )
    basics, house = furnished.basics, furnished.house
    core = Core(
        config=config,
        state=basics.state,
        keys=basics.keys,
        clock=basics.clock,
        place=basics.place,
        writer=basics.writer,
        floor=basics.floor,
        keeper=basics.keeper,
        doubts=basics.doubts,
        memory=basics.memory,
        known=basics.known,
        ledger=basics.ledger,
        clerk=house.clerk,
        days=basics.days,
        offers=house.offers,
        mirror=basics.mirror,
        stops=_stops(basics, house.offers),
        people=basics.people,
        outcomes=house.outcomes,
        counter=Counter(house),
        scanning=_scanning(config, furnished),
        value=house.value,
        control=ControlServer({}),
        standing=basics.standing,
        housekeeping=_housekeeping(config, furnished, basics.place),
        log=log,
    )
    till = till_operations(core.value, offers=core.offers, scanning=core.scanning, people=core.people, clock=core.clock)
    kiosk = kiosk_operations(
        config, people=core.people, offers=core.offers, value=core.value, key=basics.keys.sign, journal=basics.writer,
        maker=basics.maker, clock=core.clock,
    )  # fmt: skip
    core.control = ControlServer({**Operations(_operations(core, furnished, basics.judge)).table(), **till, **kiosk})
    basics.publisher.to = core.control.publish
    basics.known.before_change = core.counter.lendings.before_number
    basics.people.permissions.before_change = core.counter.lendings.before_person
    return core


def _basics(config: AgentConfig, *, log: Log, clock: Clock, turns: Turns | None) -> _Basics:
    state = StateDir(config.agent.state_dir)
    state.create()
    keys = load_or_create_keys(FileSecrets.of(state.keys, dict(os.environ)))
    judge, days = ClockJudge(clock), BusinessDays(config.store.zone, config.store.day_ends_at)
    place = JournalPlace(path=state.journal, key=keys.journal, now=clock.now)
    store = JournalStore(state.journal, lambda broken: open_or_recover(place, salvage_first=broken))
    publisher = Publisher()
    standing = Standing(clock=clock, publish=publisher, log=log)
    memory, known, ledger = StoreMemory(), KnownSales(), DayLedger()
    mirror = AccountMirror(state.mirror, on_trouble=standing.trouble)
    people = Recogniser(mirror, country=config.store.country, now=clock.now)
    writer = JournalWriter(
        store,
        cut_is_held=lambda: floor.is_waited_for,
        cut_is_near=lambda: bool(floor.cuts_near),
        turns=turns,
        reserve=Reserve(state.reserve),
    )
    keeper, doubts = ScanKeeper(journal=writer, people=people), Doubts()
    floor = Floor(publish=publisher, keeper=keeper)
    publisher.is_waited_for = lambda: floor.is_waited_for
    return _Basics(
        state=state,
        keys=keys,
        clock=clock,
        writer=writer,
        maker=RecordMaker(clock, judge, days),
        days=days,
        floor=floor,
        keeper=keeper,
        doubts=doubts,
        memory=memory,
        known=known,
        ledger=ledger,
        people=people,
        publisher=publisher,
        standing=standing,
        place=place,
        mirror=mirror,
        judge=judge,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basics:
    """What everything else is made of."""

    state: StateDir
    place: JournalPlace
    mirror: AccountMirror
    keys: AgentKeys
    clock: Clock
    writer: JournalWriter
    maker: RecordMaker
    days: BusinessDays
    floor: Floor
    keeper: ScanKeeper
    doubts: Doubts
    memory: StoreMemory
    known: KnownSales
    ledger: DayLedger
    people: Recogniser
    publisher: Publisher
    standing: Standing
    judge: ClockJudge


@dataclass(frozen=True, slots=True, kw_only=True)
class _Furnished:
    """The counter's house, and what it was made of."""

    basics: _Basics
    house: House


def _house(config: AgentConfig, basics: _Basics, *, look_up_within_s: float) -> _Furnished:
    trouble = basics.standing.trouble
    offers = _offer_desk(config, basics)
    value = make_value(
        config, sign=basics.keys.sign, judge=basics.judge, clock=basics.clock, offers=offers, journal=basics.writer,
        maker=basics.maker, publish=basics.publisher, trouble=trouble,
        sales=LedgerReader(basics.state.journal, basics.keys.journal),
    )  # fmt: skip
    shown = ShownSales(publish=basics.publisher, now=basics.clock.now)
    outcomes = Outcomes(
        journal=basics.writer,
        maker=basics.maker,
        memory=basics.memory,
        shown=shown,
        trouble=trouble,
        value_told=value.paper_told,
    )
    house = House(
        clock=basics.clock,
        maker=basics.maker,
        outcomes=outcomes,
        printers=Printers(journal=basics.writer, maker=basics.maker, standing=basics.standing),
        papers=StorePapers(config),
        people=basics.people,
        journal=basics.writer,
        captures=CaptureFiles(basics.state.captures, basics.keys.journal),
        unseal=lambda blob: open_sealed(basics.keys.seal, blob),
        clerk=DocumentClerk(
            config.business_unit_id,
            zone=config.store.zone,
            days=basics.days,
            known=basics.known,
            ledger=basics.ledger,
        ),
        offers=offers,
        memory=basics.memory,
        floor=basics.floor,
        keeper=basics.keeper,
        doubts=basics.doubts,
        value=value,
        publish=basics.publisher,
        shown=shown,
        trouble=trouble,
        profile=config.store.print_profile,
        look_up_within_s=look_up_within_s,
    )
    return _Furnished(basics=basics, house=house)


def _scanning(config: AgentConfig, furnished: _Furnished) -> Scanning:
    basics = furnished.basics
    return Scanning(
        clock=basics.clock,
        rules=config.codes.rules(),
        floor=basics.floor,
        people=basics.people,
        offers=furnished.house.offers,
        journal=basics.writer,
        maker=basics.maker,
        publish=basics.publisher,
        places=frozenset(each.id for each in config.workstation),
        kiosks=frozenset(config.desk.kiosks),
        keeper=basics.keeper,
        doubts=basics.doubts,
        value=furnished.house.value,
        claimed=ClaimedSales(basics.memory.seen, find=sales_of(basics.place, furnished.house.offers.today)),
        prints=config.store.print_profile is not PrintProfile.OFF,
    )


def _stops(basics: _Basics, offers: OfferDesk) -> StoreStops:
    """Return what the chain has stopped here, and let the offers ask it."""
    stops = StoreStops(basics.state.mirror, on_trouble=basics.standing.trouble)
    offers.stops = stops.now
    return stops


def _housekeeping(config: AgentConfig, furnished: _Furnished, place: JournalPlace) -> Housekeeping:
    basics = furnished.basics
    return Housekeeping(
        config=config,
        state=basics.state,
        place=place,
        writer=basics.writer,
        floor=basics.floor,
        clock=basics.clock,
        judge=basics.judge,
        trouble=basics.standing.trouble,
        reserve=Reserve(basics.state.reserve),
    )


def _operations(core: Core, furnished: _Furnished, judge: ClockJudge) -> CoreParts:
    basics = furnished.basics
    eraser = Eraser(
        state=basics.state,
        keys=basics.keys,
        writer=basics.writer,
        maker=basics.maker,
        memory=basics.memory,
        people=basics.people,
        counter=core.counter,
        keeper=basics.keeper,
        forget_value=core.value.forget,
    )
    return CoreParts(
        clock=basics.clock,
        judge=judge,
        floor=basics.floor,
        scanning=core.scanning,
        maker=basics.maker,
        writer=basics.writer,
        swap=core.swap,
        enrolled=lambda: use_enrolment(core),
        erase=eraser.erase,
        backup=core.housekeeping.backup,
        reread=make_rereader(core, basics.maker).take,
        scrub=core.housekeeping.scrub_all,
        status=lambda: basics.standing.report(core),
        attributed=core.people.attributed,
        kept=PageRecords(permissions=core.people.permissions, offers=core.offers, clock=basics.clock).kept,
    )


async def use_enrolment(core: Core) -> None:
    """Take pepper, country and epoch of the enrolment, if there is one. A repeat changes nothing.

    Raises OnSiteError when the enrolment's file cannot be read.
    """
    enrolled = read_enrolled(core.state.enrolled)
    if enrolled is None:
        return
    core.people.use_pepper(enrolled.pepper, country=enrolled.country, chain_key=enrolled.contact_key)
    raised_at = core.clock.now().isoformat()
    await core.writer.run(
        lambda store: store.raise_epoch_if_higher(to=enrolled.epoch, reason="enrolled", raised_at=raised_at)
    )


def _offer_desk(config: AgentConfig, basics: _Basics) -> OfferDesk:
    store = config.store
    return OfferDesk(
        speaker=Speaker(store=store.name, language=store.language, country=store.country, currency=store.currency),
        zone=store.zone,
        phrases=load_phrases(),
        memory=basics.memory,
        issuer=CouponIssuer(basics.keys.sign),
        policy=OfferPolicy(),
        claim_page=ClaimPage(address=store.claim_url, signer=ClaimSigner(basics.keys.sign)),
        draws=find_letters(),
        on_trouble=basics.standing.trouble,
    )

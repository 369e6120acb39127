"""A store's core without a store: takes scans, says who it is, and can be away."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn

from kiosk.app import create_app
from kiosk.broadcast import Switchboard
from kiosk.events import EventName, Place, PlaceKind
from kiosk.pairing import Device, Pairings
from kiosk.ports import Consent, PageContent, PaperOutcome, Poster, Question
from retail.errors import RefusedError, TryAgainError

ANNA: Mapping[str, Any] = {
    "known": True,
    "code_kind": "member",
    "code_shown": "…4711",
    "first_name": "Anna",
    "tier": "Gold",
    "member_since": "2019-05-02",
    "points": 1240,
    "points_expiring": {"points": 140, "on": "2026-12-12"},
    "birthday_soon": False,
    "employee": False,
    "language": "en",
    "permissions": {},
    "coupons": [{"serial": "c1", "title": "Free cappuccino", "valid_until": "2026-12-24"}],
}
BORIS: Mapping[str, Any] = {**ANNA, "first_name": "Борис", "code_shown": "…0815", "tier": "Silver", "points": 12}

OFFERS: Mapping[str, Any] = {
    "offers": [
        {
            "offer_id": "o1",
            "campaign_id": "coffee-back",
            "title": "15 % off coffee beans",
            "text": "On every pack of beans, until Christmas Eve.",
            "cashier": "Tell them: 15 % off coffee beans today.",
            "valid_until": "2026-12-24",
            "why": ["You bought coffee here 10 weeks ago.", "For Gold members."],
        },
        {
            "offer_id": "o2",
            "campaign_id": "bread",
            "title": "Third loaf free",
            "text": "Any bread from our own oven.",
            "cashier": "",
            "valid_until": "2026-11-30",
            "why": ["You like our bread."],
        },
    ],
    "sentences": ["Tell them: 15 % off coffee beans today."],
    "paper": ["15 % off coffee beans, with a QR code"],
}

PEOPLE: Mapping[str, Mapping[str, Any]] = {"2912345678901": ANNA, "2900000000815": BORIS}


PATIENCE_S = 60.0


class FakeClock:
    """A clock that stands still until it is told to go on; `live=True` goes with the world (for browsers)."""

    def __init__(self, *, live: bool = False) -> None:
        self.live = live
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        if self.live:
            return datetime.now(UTC)
        return datetime(2026, 11, 21, 12, 0, tzinfo=UTC) + timedelta(seconds=self.elapsed_s)

    def monotonic_s(self) -> float:
        return self.elapsed_s


@dataclass
class FakeContent:
    """Content that never changes."""

    content: PageContent

    def current(self) -> PageContent:
        return self.content


CONTENT = PageContent(
    store_name="Corner shop",
    currency="EUR",
    languages=("en", "ru"),
    language="en",
    timezone="Europe/Berlin",
    country="DE",
    workstations=("1", "2"),
    kiosks=("1",),
    hands_over=True,
    prints_coupons=True,
    posters=(
        Poster(
            title={"en": "Beans of the month", "ru": "Кофе месяца"},
            text={"en": "Ethiopia Sidamo, 15 % off until Sunday.", "ru": "Эфиопия Сидамо, скидка 15 % до воскресенья."},
        ),
        Poster(
            title={"en": "Bread at five", "ru": "Хлеб в пять"},
            text={"en": "Fresh from the oven every afternoon.", "ru": "Свежий из печи каждый день."},
        ),
    ),
    consents=(
        Consent(
            purpose="membership",
            channel="store",
            version="2026-11",
            text={
                "en": "I join the programme of Corner shop. It keeps my name, contact and purchases for my points. I can leave at any till.",
                "ru": "Я вступаю в программу магазина. Он хранит моё имя, контакт и покупки ради моих баллов. Выйти можно на любой кассе.",
            },
        ),
        Consent(
            purpose="offers",
            channel="email",
            version="2026-11",
            text={
                "en": "Corner shop may send me offers by e-mail. I can withdraw this at any till.",
                "ru": "Магазин может присылать мне предложения по почте. Я могу отозвать согласие на кассе.",
            },
        ),
        Consent(
            purpose="receipts",
            channel="email",
            version="2026-11",
            text={
                "en": "Corner shop may send me my receipts by e-mail.",
                "ru": "Магазин может присылать мне чеки по почте.",
            },
        ),
    ),
    survey=(
        Question(
            question_id="shops_for",
            text={"en": "Whom do you shop for?", "ru": "Для кого вы покупаете?"},
            answers={
                "me": {"en": "For me", "ru": "Для себя"},
                "two": {"en": "For two", "ru": "Для двоих"},
                "family": {"en": "For a family", "ru": "Для семьи"},
            },
        ),
    ),
)


class FakeBook:
    """Keeps devices in memory."""

    def __init__(self) -> None:
        self.devices: tuple[Device, ...] = ()

    def load(self) -> tuple[Device, ...]:
        return self.devices

    def save(self, devices) -> None:
        self.devices = tuple(devices)


class FakeSeal:
    """Seals by naming what was sealed."""

    def seal(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"sealed": True, "box": sorted(told)}


class FakePrinter:
    """A printer beside the kiosk that says what it is told to say."""

    is_there = True

    def __init__(self) -> None:
        self.outcome = PaperOutcome.PRINTED
        self.coupons: list[str] = []
        self.codes: list[str] = []

    async def print_coupons(self, *, scan_id: str, kiosk_id: str) -> PaperOutcome:
        self.coupons.append(scan_id)
        return self.outcome

    async def print_pairing(self, code: str) -> PaperOutcome:
        self.codes.append(code)
        return self.outcome


@dataclass
class FakeCore:
    """Fulfils CorePort in memory; what it recognises it publishes where core would."""

    switchboard: Switchboard
    away: bool = False
    scans: list[dict[str, str]] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    appended: list[dict[str, Any]] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    printer: FakePrinter = field(default_factory=FakePrinter)
    answers: bool = True
    knows_everybody: bool = False
    news: threading.Condition = field(default_factory=threading.Condition)

    def told_until(self, holds: Callable[[], object]) -> bool:
        """Return, from another thread, whether something came to hold within a minute of being told things."""
        with self.news:
            return self.news.wait_for(lambda: bool(holds()), timeout=PATIENCE_S)

    async def scan(self, *, workstation_id: str, code: str, symbology: str, source: str) -> str:
        self._must_be_there()
        scan_id = f"s{len(self.scans) + 1}"
        self.scans.append({"workstation_id": workstation_id, "code": code, "symbology": symbology, "source": source})
        if self.answers:
            kind = PlaceKind.KIOSK if source == "kiosk" else PlaceKind.WORKSTATION
            self.recognise(Place(kind=kind, place_id=workstation_id), code, scan_id)
        return scan_id

    def recognise(self, place: Place, code: str, scan_id: str) -> None:
        person = {**ANNA, "first_name": code} if self.knows_everybody else PEOPLE.get(code)
        if code.startswith("4006"):
            product = {"known": False, "code_kind": "product", "description": "Sidamo beans, 250 g", "price": "6.90"}
            self.switchboard.publish(place, EventName.CUSTOMER, {"scan_id": scan_id, "currency": "EUR", **product})
            return
        if person is None:
            stranger = {"scan_id": scan_id, "known": False, "code_kind": "unknown", "code_shown": f"…{code[-4:]}"}
            self.switchboard.publish(place, EventName.CUSTOMER, stranger)
            return
        self.switchboard.publish(place, EventName.CUSTOMER, {"scan_id": scan_id, **person})
        self.switchboard.publish(place, EventName.OFFERS, {"scan_id": scan_id, **OFFERS})

    async def undo(self, scan_id: str) -> None:
        self._must_be_there()
        if not scan_id.startswith("s"):
            raise RefusedError("there is no such scan", fix="reload the page", code="not_found")
        with self.news:
            self.undone.append(scan_id)
            self.news.notify_all()
        self.switchboard.publish_everywhere(EventName.CLEAR, {"reason": "undone"})

    async def paper(self, workstation_id: str) -> None:
        self._must_be_there()
        with self.news:
            self.papers.append(workstation_id)
            self.news.notify_all()

    async def append(self, *, kind: str, workstation_id: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        self._must_be_there()
        with self.news:
            self.appended.append({"kind": kind, "workstation_id": workstation_id, "payload": dict(payload)})
            self.news.notify_all()
        return {"seq": len(self.appended)}

    def forget(self) -> None:
        """Begin the next test as if nothing had happened."""
        self.away = False
        self.answers = True
        for memory in (self.scans, self.undone, self.appended, self.papers):
            memory.clear()

    async def hand_over(self, *, scan_id: str, kiosk_id: str) -> Mapping[str, Any]:
        self._must_be_there()
        if not scan_id.startswith("s"):
            raise RefusedError("nobody is known here", fix="scan the card first", code="nobody")
        return {"url": f"https://hub.example/p/{kiosk_id}-{scan_id}", "ends_at": "2026-11-22T12:10:00+00:00"}

    async def loyalty(self, op: str, **values: Any) -> Mapping[str, Any]:
        self._must_be_there()
        raise RefusedError(f"nobody to {op} here", fix="ask a real core", code="not_found")

    async def status(self) -> Mapping[str, Any]:
        self._must_be_there()
        return {"core": "running", "journal": {"head_seq": 1}}

    def _must_be_there(self) -> None:
        if self.away:
            raise TryAgainError("core does not answer", fix="wait: it is restarted by itself", code="core_away")


@dataclass
class Desk:
    """A running desk: the real application on a real socket, over the fake core."""

    address: str
    core: FakeCore
    switchboard: Switchboard
    loop: asyncio.AbstractEventLoop
    stop: Callable[[], None]

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def publish(self, name: EventName, data: Mapping[str, Any], *, place_id: str = "1", kiosk: bool = False) -> None:
        """Let core say something, from any thread; returns when it is said."""
        place = Place(kind=PlaceKind.KIOSK if kiosk else PlaceKind.WORKSTATION, place_id=place_id)

        async def say() -> None:
            self.switchboard.publish(place, name, data)

        asyncio.run_coroutine_threadsafe(say(), self.loop).result(PATIENCE_S)


def app_over_fake(*, clock: FakeClock, hosts: tuple[str, ...], boot: str = "b1", content: PageContent = CONTENT):
    """Return the application, its fake core and its switchboard."""
    switchboard = Switchboard(workstations=content.workstations, kiosks=content.kiosks, clock=clock, boot=boot)
    core = FakeCore(switchboard)
    app = create_app(
        core=core,
        content=FakeContent(content),
        switchboard=switchboard,
        seal=FakeSeal(),
        clock=clock,
        pairings=Pairings(book=FakeBook(), clock=clock),
        hosts=hosts,
        printer=core.printer,
    )
    return app, core, switchboard


@contextmanager
def running_desk(
    *, port: int = 0, boot: str = "b1", content: PageContent = CONTENT, hosts: tuple[str, ...] = ()
) -> Iterator[Desk]:
    """Serve the application on loopback in a thread until the block ends."""
    config = uvicorn.Config(app=lambda: None, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    sock = config.bind_socket()
    address = f"127.0.0.1:{sock.getsockname()[1]}"
    app, core, switchboard = app_over_fake(
        clock=FakeClock(live=True), hosts=(address, *hosts), boot=boot, content=content
    )
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="error",
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
            access_log=False,
        )
    )
    started = threading.Event()
    desks: list[Desk] = []

    def stop() -> None:
        """End the desk as a kill would see it from outside: the port is closed when this returns."""
        server.should_exit = True
        switchboard.close()
        thread.join(PATIENCE_S)
        sock.close()

    async def serve() -> None:
        desks.append(Desk(address, core, switchboard, asyncio.get_running_loop(), stop))
        started.set()
        await server.serve(sockets=[sock])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(PATIENCE_S)
    try:
        yield desks[0]
    finally:
        stop()

"""The desk process: pages, local API, courier and feed. It dying costs no offer on paper.

It holds no writing connection: what must be kept goes to core over `control.sock`, the journal is read read-only.
Core being away is a state like any other: pages say `trouble`, the API answers 503 with what to do, and everything
goes on by itself when core is back.
"""

from __future__ import annotations

import asyncio
import gc
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.server import Server

from agent.clock import SystemClock
from agent.config import AgentConfig, load_config
from agent.desk.content import DeskContent
from agent.desk.core_client import ControlClient
from agent.desk.devices import DeviceFile
from agent.desk.hub_link import HubLink, run_hub_link
from agent.desk.kiosk_printer import KioskPrinter
from agent.desk.metrics import metrics_routes
from agent.desk.poles import PoleSettings, pole_settings, pole_words, run_pole
from agent.desk.ports import DeskCore, HubSeal
from agent.desk.report import DESK_FILE
from agent.desk.status import DeskStatus, run_status
from agent.speech.phrases import load_phrases
from agent.state_dir import StateDir
from kiosk.app import create_app
from kiosk.broadcast import Channel, Switchboard
from kiosk.events import EventName, Place, PlaceKind
from kiosk.pairing import Pairings
from retail.errors import ConfigurationError, OnSiteError

CONNECTIONS_BACKLOG = 256  # 200 screens come back at one moment after a restart
FIRST_CONTACT_S = 5.0  # core opens journal and mirror before it listens; a second is usual
COLLECTED_AT = 50_000  # objects made since the last look: an answer makes a few hundred that a cycle may hold
STOP_S = 1  # open event streams never end by themselves; a page reconnects to the next desk

COUPON_QUESTION = "coupon_question"  # `agent.value.asking`: core wants the hub's word about a coupon

CORE_AWAY = {
    "code": "core_away",
    "message": "The agent is restarting.",
    "fix": "Receipts print as usual. Scan again in a moment.",
}


class CorePushes:
    """Carries what core pushes to the pages, and core's coming and going."""

    def __init__(self, switchboard: Switchboard, *, wake: asyncio.Event) -> None:
        self._switchboard = switchboard
        self._wake = wake
        self.on_question: Callable[[dict[str, Any]], None] = _nobody_answers
        self.connected = asyncio.Event()

    def on_push(self, message: dict[str, Any]) -> None:
        """Tell the place that a push names, or every place; whatever happened, there may be records to carry."""
        if message.get("event") == COUPON_QUESTION:
            self.on_question(message.get("data") or {})
            return
        self._wake.set()
        try:
            name = EventName(str(message.get("event")))
        except ValueError:
            return  # a newer core may say more than these pages understand
        data = message.get("data")
        body = data if isinstance(data, dict) else {}
        for kind in PlaceKind:
            if message.get(kind.value):
                place = Place(kind=kind, place_id=str(message[kind.value]))
                self._switchboard.publish(place, name, body)
                return
        self._switchboard.publish_everywhere(name, body)

    async def watch_first_contact(self) -> None:
        """Say that core is away when it does not come at all; never ends."""
        try:
            await asyncio.wait_for(self.connected.wait(), FIRST_CONTACT_S)
        except TimeoutError:
            self._switchboard.publish_everywhere(EventName.TROUBLE, CORE_AWAY)
        await asyncio.Event().wait()

    def on_link(self, is_up: bool) -> None:
        """Say that core is away, or back; a core that was restarted may know nobody, so the pages forget."""
        if not is_up:
            self.connected.clear()
            self._switchboard.publish_everywhere(EventName.TROUBLE, CORE_AWAY)
            return
        self.connected.set()
        self._wake.set()
        self._switchboard.publish_everywhere(EventName.CLEAR, {"reason": "restarted"})
        self._switchboard.publish_everywhere(EventName.TROUBLE, {**CORE_AWAY, "resolved": True})


def _nobody_answers(question: dict[str, Any]) -> None:
    """Leave core's question unanswered: there is no link to a hub yet, and core waits for nobody."""
    del question


class _Server(Server):
    """Uvicorn without its own signal handling: the desk ends all its tasks in order, open event streams first."""

    def __init__(self, config: Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    def stop(self) -> None:
        """End soon: let every page go, take no more requests. A repeat changes nothing."""
        self._on_stop()
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_desk(config: AgentConfig, *, expects_core: bool = True) -> None:
    """Serve until SIGTERM or SIGINT; without `expects_core` (a preview) a core that never comes is no trouble.

    Raises OnSiteError when the address is taken.
    """
    state = StateDir(config.agent.state_dir)
    clock = SystemClock()
    wake = asyncio.Event()
    content = DeskContent(config, state)
    switchboard = Switchboard(
        workstations=content.current().workstations,
        kiosks=content.current().kiosks,
        clock=clock,
        boot=secrets.token_hex(4),
    )
    pushes = CorePushes(switchboard, wake=wake)
    control = ControlClient(state.control_socket, on_push=pushes.on_push, on_link=pushes.on_link)
    hub = HubLink(state=state, config=config, control=control, wake=wake)
    pushes.on_question = hub.coupons.asked
    status = DeskStatus(hub=hub, clock=clock, listen=config.desk.listen)
    core = DeskCore(control, own_status=status.report, lend=hub.leases.lend)
    app = create_app(
        core=core,
        content=content,
        switchboard=switchboard,
        seal=HubSeal(lambda: hub.contact_key),
        clock=clock,
        pairings=Pairings(book=DeviceFile(state.root), clock=clock),
        hosts=served_hosts(config),
        printer=_kiosk_printer(config, control, clock),
    )
    app.include_router(metrics_routes(core.status, state.root))
    poles = _poles(config, switchboard)
    words = pole_words(config.store.language, store_name=config.store.name)
    listening = bind(config.desk.listen)
    _settle_down()
    server = _Server(_serving(app), on_stop=switchboard.close)
    await _until_told_to_stop(
        server,
        listening,
        control.run(),
        pushes.watch_first_contact() if expects_core else asyncio.Event().wait(),
        run_hub_link(hub, connected=pushes.connected),
        run_status(status, hub=hub, path=state.root / DESK_FILE, switchboard=switchboard, clock=clock),
        *(run_pole(pole, channel, words=words, language=config.store.language) for pole, channel in poles),
    )


def _kiosk_printer(config: AgentConfig, control: ControlClient, clock: SystemClock) -> KioskPrinter:
    said = load_phrases()
    words = said.get(config.store.language) or said["en"]
    return KioskPrinter(
        address=config.desk.printer,
        model=config.desk.printer_model,
        store=config.store.name,
        pairing_text=words.say("pairing.text"),
        control=control,
        clock=clock,
        language=words.language,
    )


def _poles(config: AgentConfig, switchboard: Switchboard) -> list[tuple[PoleSettings, Channel]]:
    """Return the pole displays that are configured. Raises ConfigurationError for one that is none."""
    poles = []
    for number, workstation in enumerate(config.workstation):
        channel = switchboard.find(Place(kind=PlaceKind.WORKSTATION, place_id=workstation.id))
        if workstation.display is None or channel is None:
            continue
        try:
            poles.append((pole_settings(workstation.display), channel))
        except ValueError as error:
            raise ConfigurationError(
                f"workstation[{number}].display: {error}", fix="see docs/configuration.md"
            ) from error
    return poles


def desk(config: Path) -> None:
    """Run the desk of an `agent.toml` until told to stop (`tillstream agent desk --config FILE`)."""
    asyncio.run(run_desk(load_config(config)))


def _settle_down() -> None:
    """Take the application out of the collector's sight: it lives as long as the process.

    A full collection that walks all of it holds a till's answer for 20 ms, and there is one every few hundred answers.
    None is made first, either: it takes 37 ms of a start to find a thousand of 70,000 objects.
    """
    gc.enable()
    gc.freeze()
    gc.set_threshold(COLLECTED_AT, 20, 100)


def served_hosts(config: AgentConfig) -> frozenset[str]:
    """Return the exact `Host` values we answer to: the address we listen on, this machine's names, configured ones."""
    host, _, port = config.desk.listen.rpartition(":")
    own = {f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"}
    anywhere = host in {"0.0.0.0", "[::]"}  # noqa: S104 - compared, not bound
    return frozenset({*own, *config.desk.hosts} | (set() if anywhere else {config.desk.listen}))


def bind(listen: str) -> socket.socket:
    """Return a listening socket. Raises OnSiteError when the address is not this machine's, or taken.

    It says that it speaks TCP, because asyncio switches Nagle's algorithm off only where it is told so: else each
    answer's body waits 40 ms for the other side's delayed acknowledgement of its head.
    """
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host.strip("[]"), int(port)))
        listening.listen(CONNECTIONS_BACKLOG)
    except OSError as error:
        listening.close()
        raise OnSiteError(
            f"desk cannot listen on {listen}: {error.strerror}",
            fix="end the program that holds the port, or name another address in [desk] listen",
            code="port_taken",
        ) from error
    listening.setblocking(False)  # noqa: FBT003 - the socket module's own signature
    return listening


def _serving(app: Any) -> Config:
    return Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
    )


async def _until_told_to_stop(server: _Server, listening: socket.socket, *works: Any) -> None:
    """Run everything side by side; the server's end, or any failure, ends all."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows ends processes without a signal
            loop.add_signal_handler(number, server.stop)
    tasks = [asyncio.create_task(work) for work in works]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        done, _ = await asyncio.wait({serving, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        server.stop()
        await serving
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()

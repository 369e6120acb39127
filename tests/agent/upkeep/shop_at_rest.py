"""A store at rest, whose parts are healthy until a test breaks one; a printer and a hub on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.config import parse_config
from agent.desk.report import DESK_FILE
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from agent.keys import FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from agent.upkeep.health import Check, Patient, examine
from sync.enrolled import Enrolled

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CONFIG = """
[store]
business_unit_id = "7781"
timezone = "Europe/Berlin"
currency = "EUR"
print_profile = "separate_slip"
[hub]
url = "http://127.0.0.1:{hub}"
[agent]
state_dir = "{state}"
[[workstation]]
id = "1"
[workstation.tap]
listen = "127.0.0.1:{listen}"
printer = "tcp://127.0.0.1:{printer}"
"""


ENROLLED = Enrolled(
    hub_url="https://hub.example", tenant="main", store="7781", agent="a1", epoch=1, hub_key=bytes(32), feed_key=bytes(32),
    pepper=bytes(32),
)  # fmt: skip


@dataclass
class Shop:
    """A store at rest, whose parts are healthy until a test breaks one."""

    folder: Path
    listen: int
    printer: int
    hub: int
    text: str = CONFIG
    now: datetime = NOW
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> StateDir:
        return StateDir(self.folder / "state")

    def patient(self) -> Patient:
        path = self.folder / "agent.toml"
        path.write_text(
            self.text.format(state=self.state.root, listen=self.listen, printer=self.printer, hub=self.hub), "utf-8"
        )
        config = parse_config(path.read_text("utf-8"))
        return Patient(config=config, state=self.state, environment=self.environment, now=self.now, config_path=path)

    def checks(self) -> dict[str, Check]:
        return {check.id: check for check in examine(self.patient())}

    def desk(self, **hub: object) -> None:
        """Write what a desk would report."""
        told = {"desk": {"state": "running", "as_of": self.now.isoformat()}, "hub": {"backlog": 0, "parked": 0} | hub}
        (self.state.root / DESK_FILE).write_text(json.dumps(told))


@contextmanager
def served(answer: bytes) -> Iterator[int]:
    """Serve one canned answer a connection on loopback: a printer's status, or a web server's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                with link:
                    if link.recv(4096) and answer:
                        link.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def http(date: datetime) -> bytes:
    return f"HTTP/1.1 200 OK\r\nDate: {date:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Length: 0\r\n\r\n".encode()


def open_journal(shop: Shop) -> JournalStore:
    keys = load_or_create_keys(FileSecrets.of(shop.state.keys, {}))
    place = JournalPlace(path=shop.state.journal, key=keys.journal, now=lambda: NOW)
    store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    store.open()
    return store

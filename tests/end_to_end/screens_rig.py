"""A hub and an agent as real processes on loopback, with a dozen customers, for the screens to work on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from agent.journal.reader import JournalReader
from agent.journal.records import StoredRecord

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
LOOK_EVERY_S = 0.02
LOOK_AGAIN = threading.Event()  # never set: real processes tell nobody when they are done
CUSTOMERS = (
    "customer_id,first_name,language,birthday,tier,points\nc-1,Anna,en,03-14,gold,240\nc-2,Boris,en,,silver,12\n"
)
CODES = "code,kind,customer_id\n2900000010017,card,c-1\n2900000010024,card,c-2\n"
SEGMENTS = "customer_id,segment,valid_until\nc-1,best,2099-12-31\nc-2,best,2099-12-31\n"
CAMPAIGNS = """
[[campaign]]
id = "coffee-back"
who = 'best'
where = ["cashier", "kiosk", "receipt"]
starts = 2020-01-01
ends = 2099-12-31
priority = 50
[campaign.benefit]
kind = "percent"
value = "15"
[campaign.text.en]
receipt = "15 % off your coffee"
cashier = "Tell them: 15 % off coffee beans today"
kiosk = "15 % off your coffee today"
"""
FILES = {"customers.csv": CUSTOMERS, "codes.csv": CODES, "segments.csv": SEGMENTS, "campaigns.toml": CAMPAIGNS}
CONFIG = """
[store]
business_unit_id = "7781"
name = "Corner shop"
country = "DE"
language = "en"
timezone = "Europe/Berlin"
currency = "EUR"
claim_url = "http://127.0.0.1:{hub_port}/c/{{token}}"
[hub]
url = "http://127.0.0.1:{hub_port}"
[agent]
state_dir = "state"
[desk]
listen = "127.0.0.1:{desk_port}"
[codes]
member = ["ean13:29"]
[[workstation]]
id = "1"
[[workstation]]
id = "2"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    """Return what `holds` returns once it is true."""
    until = time.monotonic() + PATIENCE_S
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < until, f"never happened: {what}"
        LOOK_AGAIN.wait(LOOK_EVERY_S)


@dataclass
class Store:
    """One running store; `folder` holds its files and logs."""

    folder: Path
    hub_port: int
    desk_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.desk_port}"

    def command(self, *words: str) -> str:
        """Run one command of the program and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "agent", *words],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "agent", *words],
                cwd=self.folder,
                env=self._environment(),
                stdout=log,
                stderr=log,
            )

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(30)

    def status(self) -> dict[str, Any]:
        """Return the status as the desk tells it; empty while nobody answers."""
        try:
            return dict(httpx.get(f"{self.url}/v1/status", timeout=5).json())
        except (httpx.HTTPError, ValueError):
            return {}

    def kill(self, program: str) -> None:
        """`kill -9` core or desk; the supervisor starts it again."""
        children = json.loads((self.folder / "state" / "supervisor.json").read_text())["children"]
        os.kill(next(each["pid"] for each in children if each["name"] == program), signal.SIGKILL)

    def scan(self, code: str, *, workstation_id: str = "1") -> str:
        answer = httpx.post(
            f"{self.url}/v1/scans",
            json={"workstation_id": workstation_id, "code": code, "symbology": "ean13"},
            headers={"origin": self.url},
            timeout=10,
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["scan_id"])

    def records(self) -> list[StoredRecord]:
        """Return the journal as it is on disk."""
        key = bytes.fromhex((self.folder / "state" / "keys" / "journal.key").read_text().strip())
        reader = JournalReader(self.folder / "state" / "journal.db", key)
        try:
            return reader.records_after(0, limit_rows=1000, limit_bytes=10_000_000)
        finally:
            reader.close()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def running_store(folder: Path) -> Iterator[Store]:
    """Start hub and agent, enrol, and wait until customers are known; end everything afterwards."""
    store = Store(folder=folder, hub_port=free_port(), desk_port=free_port())
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "agent.toml").write_text(CONFIG.format(hub_port=store.hub_port, desk_port=store.desk_port), "utf-8")
    try:
        store.start("hub", "hub", "run", "--state-dir", "hub", "--listen", f"127.0.0.1:{store.hub_port}")
        wait_until(lambda: _listens(store.hub_port), "the hub listens")
        store.command("hub", "import", "--state-dir", "hub", *FILES)
        told = store.command("hub", "enrol-code", "--store", "7781", "--name", "S", "--state-dir", "hub", "--json")
        store.command("agent", "enrol", "--config", "agent.toml", "--code", json.loads(told)["code"])
        store.start("agent", "agent", "run", "--config", "agent.toml")
        wait_until(lambda: store.status().get("mirror", {}).get("customers"), "customers are known")
        wait_until((folder / "state" / "mirror" / "campaigns.json").exists, "campaigns are known")
        yield store
    finally:
        for name in list(store.processes):
            store.stop(name)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

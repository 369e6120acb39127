"""A hub, an agent, receipt printers as real processes on loopback, and two customers, for the screens to work on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from message_catchers import Catcher, catching_mail, catching_texts

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
SEGMENTS = "customer_id,segment,valid_until\nc-1,best,2099-12-31\nc-2,best,2099-12-31\nc-1,tea drinkers,2099-12-31\n"
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
[[campaign]]
id = "tea-time"
who = '"tea drinkers"'
where = ["receipt"]
starts = 2020-01-01
ends = 2099-12-31
priority = 60
[campaign.benefit]
kind = "percent"
value = "10"
[campaign.coupon]
valid_days = 14
[campaign.text.en]
title = "10 % off your next tea"
receipt = "10 % off your next tea"
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
print_profile = "separate_slip"
[hub]
url = "http://127.0.0.1:{hub_port}"
[agent]
state_dir = "state"
[desk]
listen = "0.0.0.0:{desk_port}"
hosts = ["{address}:{desk_port}"]
printer = "tcp://127.0.0.1:{kiosk_printer}"
[codes]
member = ["ean13:29"]
product = ["ean13"]
[[workstation]]
id = "1"
[[workstation]]
id = "2"
[[workstation]]
id = "3"
[workstation.tap]
listen = "127.0.0.1:{tap_port}"
printer = "tcp://127.0.0.1:{till_printer}"
"""


HUB_CONFIG = """
[hub]
state_dir = "hub"
listen = "127.0.0.1:{hub_port}"
[chain]
name = "Corner shops"
country = "DE"
[mirror]
customers = "all"
[claims]
public_url = "http://127.0.0.1:{hub_port}"
points = "100"
[messages]
smtp = "smtp://127.0.0.1:{mail_port}"
from = "shop@example.org"
sms = "http://127.0.0.1:{text_port}/send"
sms_token = "secret"
"""
CUT = b"\x1dV\x00"


def network_address() -> str:
    """Return this machine's address on a network, as a screen on another machine calls it; loopback where there is none.

    Nothing is sent: a datagram's socket only learns from which address it would send.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.254", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    """Return what `holds` returns once it is true."""
    found = happens(holds, within_s=PATIENCE_S)
    assert found, f"never happened: {what}"
    return found


def happens(holds: Callable[[], Any], *, within_s: float) -> Any:
    """Return what `holds` returns once it is true, or at the end of that time."""
    until = time.monotonic() + within_s
    while not (found := holds()) and time.monotonic() < until:
        LOOK_AGAIN.wait(LOOK_EVERY_S)
    return found


@dataclass
class Store:
    """One running store; `folder` holds its files and logs."""

    folder: Path
    hub_port: int
    desk_port: int
    tap_port: int
    mail: Catcher
    texts: Catcher
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.desk_port}"

    @property
    def far_url(self) -> str:
        """Return the desk's address for a screen on another machine."""
        return f"http://{network_address()}:{self.desk_port}"

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

    def start_hub(self) -> None:
        self.start("hub", "hub", "run", "--config", "hub.toml")

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

    def sell(self, number: int, goods: Sequence[tuple[str, str]]) -> None:
        """Print a till's receipt through the tap of workstation 3; return when the tap has taken all of it."""
        total = sum(Decimal(price) for _, price in goods)
        printed = "".join(
            f"{line}\n"
            for line in (
                "CORNER SHOP",
                f"{datetime.now(ZoneInfo('Europe/Berlin')):%d.%m.%Y %H:%M}",
                f"Receipt No {number}",
                *(f"{name:<30}{price:>10}" for name, price in goods),
                f"{'TOTAL EUR':<30}{total:>10}",
                f"{'CASH':<30}{total:>10}",
                "Thank you for your purchase",
            )
        )
        with socket.create_connection(("127.0.0.1", self.tap_port), timeout=PATIENCE_S) as till:
            till.sendall(b"\x1b@" + printed.encode("ascii") + CUT)
            till.shutdown(socket.SHUT_WR)
            while till.recv(4096):
                pass

    def printed(self, printer: str) -> list[bytes]:
        """Return the jobs that a printer (`till`, `kiosk`) has taken, oldest first."""
        return [each.read_bytes() for each in sorted((self.folder / "paper" / printer).glob("job-*.bin"))]

    def scan(self, code: str, *, workstation_id: str = "1", symbology: str = "ean13") -> str:
        answer = httpx.post(
            f"{self.url}/v1/scans",
            json={"workstation_id": workstation_id, "code": code, "symbology": symbology},
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
    with catching_mail() as mail, catching_texts() as texts, _printers(folder / "paper") as printers:
        ports = {"hub_port": free_port(), "desk_port": free_port(), "tap_port": free_port()}
        store = Store(folder=folder, mail=mail, texts=texts, **ports)
        for name, text in FILES.items():
            (folder / name).write_text(text, "utf-8")
        (folder / "agent.toml").write_text(
            CONFIG.format(
                **ports, address=network_address(), till_printer=printers["till"], kiosk_printer=printers["kiosk"]
            ),
            "utf-8",
        )
        sent_by = {"mail_port": mail.port, "text_port": texts.port}
        (folder / "hub.toml").write_text(HUB_CONFIG.format(hub_port=store.hub_port, **sent_by), "utf-8")
        yield from _started(store)


@contextmanager
def _printers(folder: Path) -> Iterator[dict[str, int]]:
    """Run the till's and the kiosk's printer; yield their ports."""
    command = [sys.executable, "-m", "agent", "demo-printer", "--folder", str(folder), "till", "kiosk"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        reading = threading.Thread(target=process.stdout.read, daemon=True)
        reading.start()
        try:
            yield said["printers"]
        finally:
            process.terminate()
            process.wait(30)
            reading.join()


def _started(store: Store) -> Iterator[Store]:
    folder = store.folder
    try:
        store.start_hub()
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

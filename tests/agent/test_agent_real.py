"""The agent as it is run: supervisor, core, desk, taps as processes, killed in turn; registers and printers on sockets."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.bootstrap import build
from agent.config import load_config
from agent.control.call import ask_core
from agent.demo.processes import free_port, wait_until
from agent.journal.chain import ChainVerifier
from agent.state_dir import StateDir
from retail.errors import TryAgainError
from tests.agent.core_house import ANNA, CUT, Log, enrol, journal, receipt, write_mirror

pytestmark = pytest.mark.real
WITHIN_S = 40.0


class Printer:
    """A network printer that keeps what it gets and answers nothing."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.jobs: list[bytearray] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            job = bytearray()
            self.jobs.append(job)
            with link, contextlib.suppress(OSError):
                while data := link.recv(65536):
                    job += data


class Store:
    """A running agent with one lane."""

    def __init__(self, folder: Path) -> None:
        self.printer = Printer()
        self.tap_port, desk_port = free_port(), free_port()
        self.config = folder / "agent.toml"
        self.config.write_text(CONFIG.format(tap=self.tap_port, printer=self.printer.port, desk=desk_port), "utf-8")
        self.core = build(load_config(self.config), log=Log())
        write_mirror(self.core)
        enrol(self.core)
        self.state = StateDir(load_config(self.config).agent.state_dir)
        command = [sys.executable, "-m", "agent", "agent", "run", "--config", str(self.config)]
        with (folder / "agent.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def status(self) -> dict:
        return ask_core(self.state.control_socket, "status")

    def until_connected(self) -> None:
        def connected() -> bool:
            with contextlib.suppress(TryAgainError):
                status = self.status()
                return status["core"]["memory_complete"] and all(tap["connected"] for tap in status["taps"])
            return False

        until(connected, "core and tap are up")

    def pid(self, name: str) -> int:
        """Return the process of a child, once it is running (again)."""
        until(lambda: is_alive(self.told_pid(name) or 0), f"{name} runs")
        pid = self.told_pid(name)
        assert pid is not None
        return pid

    def told_pid(self, name: str) -> int | None:
        told = json.loads(self.state.supervisor_state.read_text())
        return next(child["pid"] for child in told["children"] if child["name"] == name)

    def scan(self, code: str) -> None:
        ask_core(self.state.control_socket, "scan", workstation_id="1", code=code, symbology="ean13", source="scanner")
        until(lambda: self.status()["core"]["scans_waiting"] == 0, "the scan was looked up")

    def sell(self, data: bytes) -> None:
        """Print as a till does: connect, send, half-close, wait for the other side to close."""
        with socket.create_connection(("127.0.0.1", self.tap_port), timeout=10) as link:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            while link.recv(4096):
                continue

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.printer.socket.close()
        return self.process.wait(WITHIN_S)

    def kinds(self) -> list[str]:
        return [record.kind for record in journal(self.core)]


CONFIG = """
[store]
business_unit_id = "7781"
name = "Corner shop"
country = "DE"
language = "en"
timezone = "Europe/Berlin"
currency = "EUR"
print_profile = "appendix"
[[workstation]]
id = "1"
[workstation.tap]
listen = "127.0.0.1:{tap}"
printer = "tcp://127.0.0.1:{printer}"
[codes]
member = ["ean13:29"]
product = ["ean13"]
[agent]
state_dir = "state"
[desk]
listen = "127.0.0.1:{desk}"
"""


def until(holds: Callable[[], bool], what: str) -> None:
    wait_until(what, holds, timeout_s=WITHIN_S)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    return False


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    running = Store(tmp_path)
    try:
        running.until_connected()
        yield running
    finally:
        running.stop()


def test_a_member_gets_their_offer_on_real_paper(store: Store):
    """On a machine so busy that the tap's budget is over first, the receipt prints without; so it is tried again."""
    for number in range(1, 11):
        store.scan(ANNA)
        data = receipt(number=number)
        store.sell(data)
        paper = bytes(store.printer.jobs[-1])
        assert paper.startswith(data.removesuffix(CUT))
        assert paper.endswith(CUT)
        if b"Anna, your coffee: 15 % off" in paper:
            break
    else:
        pytest.fail("ten members, and no offer")
    until(lambda: "offer.printed" in store.kinds(), "the outcome is journalled")
    assert store.stop() == 0


def test_killing_core_costs_no_receipt_and_no_record(store: Store):
    sold = [receipt(number=number) for number in range(1, 9)]
    for number, data in enumerate(sold):
        if number in (2, 5):
            os.kill(store.pid("core"), signal.SIGKILL)
        store.sell(data)
    until(lambda: store.kinds().count("transaction.completed") == len(sold), "every sale is in the journal")
    assert [bytes(job) for job in store.printer.jobs] == sold
    assert store.kinds().count("transaction.completed") == len(sold)
    assert list(ChainVerifier().feed(journal(store.core))) == []


def test_a_killed_tap_listens_again_and_whoever_connected_meanwhile_is_served(store: Store):
    os.kill(store.pid("tap 1"), signal.SIGKILL)
    data = receipt(number=1)
    store.sell(data)
    assert bytes(store.printer.jobs[-1]) == data
    until(lambda: store.kinds() == ["transaction.completed"], "the sale is in the journal")


def test_nothing_is_left_when_the_supervisor_is_killed(store: Store):
    pids = [store.pid(name) for name in ("core", "desk", "tap 1")]
    store.process.kill()
    store.process.wait()
    until(lambda: not any(is_alive(pid) for pid in pids), "all children have ended")


def test_status_doctor_and_journal_tell_of_a_running_store(store: Store):
    store.sell(receipt(number=1))
    until(lambda: len(store.kinds()) == 1, "the sale is in the journal")
    told = json.loads(command(store, "status", "--json"))
    assert set(told) >= {"core", "desk", "taps", "hub", "mirror", "journal"}
    assert told["journal"]["head_seq"] == 1
    checks = json.loads(command(store, "doctor", "--json", code=1))["checks"]
    assert {"id", "ok", "what", "fix"} == set(checks[0])
    failed = {check["id"] for check in checks if not check["ok"]}
    assert failed <= {"hub", "hub_url", "desk", "troubles"}, failed  # this store has no hub
    assert json.loads(command(store, "journal", "verify", "--json")) == {"records": 1, "findings": []}
    assert "transaction.completed" in command(store, "journal", "tail")
    copy = Path(json.loads(command(store, "journal", "backup", "--json"))["path"])
    assert copy.is_file()


def test_the_journal_is_copied_unparked_and_exported_while_the_store_runs(store: Store, tmp_path: Path):
    store.sell(receipt(number=1))
    until(lambda: len(store.kinds()) == 1, "the sale is in the journal")
    assert Path(json.loads(command(store, "journal", "backup", "--json"))["path"]).is_file()
    command(store, "journal", "unpark", "hub", "1", "--json", code=1)  # a mistyped number is not told as done
    ask_core(store.state.control_socket, "park", destination="hub", seq=1, reason="refused")
    unparked = json.loads(command(store, "journal", "unpark", "hub", "1", "--json"))
    assert (unparked["destination"], unparked["seq"]) == ("hub", 1)
    assert json.loads(command(store, "journal", "parked", "--json")) == []
    command(store, "journal", "export", str(tmp_path / "two.csv"), "--csv", "--db", code=2)
    assert not (tmp_path / "two.csv").exists()
    command(store, "journal", "export", str(tmp_path / "one.db"))
    with contextlib.closing(sqlite3.connect(tmp_path / "one.db")) as exported:
        (table,) = (row[0] for row in exported.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
        assert exported.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def command(store: Store, *words: str, code: int = 0) -> str:
    line = [sys.executable, "-m", "agent", *words, "--config", str(store.config)]
    done = subprocess.run(line, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode()


def test_a_mistyped_setting_ends_with_2_and_its_path(tmp_path: Path):
    wrong = tmp_path / "agent.toml"
    wrong.write_text(CONFIG.format(tap=1, printer=1, desk=1).replace("state_dir", "statedir"), "utf-8")
    line = [sys.executable, "-m", "agent", "agent", "run", "--config", str(wrong)]
    done = subprocess.run(line, capture_output=True, check=False)
    assert done.returncode == 2
    assert "nearest known key: agent.state_dir" in done.stderr.decode()

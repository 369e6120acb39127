"""The real core and the real hub as processes that a test can hurt, and what must hold at their next start."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.control.call import ask_core
from agent.demo.processes import wait_until
from agent.journal.chain import ChainVerifier
from agent.journal.log_file import PIECE_BYTES
from agent.journal.reader import JournalReader
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from agent.keys import FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from hub.bootstrap import open_hub
from hub.config import HubConfig
from retail.errors import TillstreamError
from sync.delivery_plan import CourierPolicy, plan_batch
from sync.http_transport import HubConnection, HubTransport, enrol
from sync.ports import Position
from tests.agent.core_house import CONFIG
from tests.agent.journal.writer_program import batch
from tests.hub.rig import Device, VirtualPace

WITHIN_S = 60.0
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@contextlib.contextmanager
def running(command: Sequence[str], variables: dict[str, str] | None = None, **more) -> Iterator[subprocess.Popen]:
    """Run a program; at the end it is gone."""
    process = subprocess.Popen(command, env=variables, stderr=subprocess.DEVNULL, start_new_session=True, **more)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a tracer that is killed alone lets its program go on
        process.wait(WITHIN_S)
        if process.stdout:
            process.stdout.close()


@dataclass
class RealCore:
    """A store's core in a folder. `acknowledged` are the names of records it said are on disk."""

    folder: Path
    root: Path
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = StateDir(self.root / "state")
        self.config = self.folder / "agent.toml"
        self.config.write_text(CONFIG.format(state_dir=self.state.root, profile="off"), "utf-8")

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "agent", "agent", "core", "--config", str(self.config)]

    def until_up(self, process: subprocess.Popen) -> bool:
        """Wait until it answers; False when it ended before."""
        wait_until("core is up", lambda: process.poll() is not None or self.is_up(), timeout_s=WITHIN_S)
        return process.poll() is None

    def is_up(self) -> bool:
        with contextlib.suppress(TillstreamError):
            return bool(ask_core(self.state.control_socket, "status"))
        return False

    def has_long_log(self) -> bool:
        """Return whether the log was lengthened, by a piece at least: nothing that a test appends makes it so long."""
        with contextlib.suppress(OSError):
            return self.state.journal.with_name(f"{self.state.journal.name}-wal").stat().st_size >= PIECE_BYTES
        return False

    def append(self, name: str) -> bool:
        """Have something journalled; return whether core said that it is on disk."""
        try:
            ask_core(
                self.state.control_socket, "append", kind="visit", workstation_id="1", payload={"request_id": name}
            )
        except TillstreamError as error:
            self.refused.append(error.code)
            return False
        self.acknowledged.append(name)
        return True


def check_core(root: Path, owed: set[str], *, broken_ok: bool = False) -> None:
    """Start on what is left: everything owed is there once, the chain verifies, more can be written."""
    state = StateDir(root / "state")
    state.create()
    keys = load_or_create_keys(FileSecrets.of(state.keys, {}))
    place = JournalPlace(path=state.journal, key=keys.journal, now=lambda: NOW)
    store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    store.open()
    done = store.append([batch(10_000)])[0]
    assert not isinstance(done, Exception), done
    store.close()
    with contextlib.closing(JournalReader(state.journal, keys.journal)) as reader:
        records = reader.all_records_after(0, limit_rows=100_000)
    assert list(ChainVerifier().feed(records)) == []
    found = [record.content()["request_id"] for record in records if "request_id" in record.content()]
    assert len(found) == len(set(found)), "applied twice"
    assert owed <= set(found), f"lost: {sorted(owed - set(found))[:5]}"
    if not broken_ok:
        assert not list(state.root.glob("*.broken-*")), "this is no reason to move the journal aside"


@dataclass
class RealHub:
    """A hub in a folder, and a store's device that uploads to it."""

    root: Path
    device: Device = field(default_factory=Device)
    acknowledged: list[str] = field(default_factory=list)
    more_options: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    port: int = 0

    @property
    def where(self) -> list[str]:
        return ["--state-dir", str(self.root / "hub"), "--json", *self.more_options]

    @property
    def command(self) -> list[str]:
        return [*self.before, sys.executable, "-m", "hub", "run", "--listen", "127.0.0.1:0", *self.where]

    def code(self, variables: dict[str, str] | None = None) -> str:
        """Make an enrolment code with the command that people use."""
        command = [sys.executable, "-m", "hub", "enrol-code", "--store", "7781", *self.where]
        made = subprocess.run(command, env=variables, check=True, capture_output=True)
        return str(json.loads(made.stdout)["code"])

    def url(self, process: subprocess.Popen) -> str | None:
        """Return where it listens; None when it ended before it did."""
        line = process.stdout.readline()
        return str(json.loads(line)["listening"]) if line else None

    def url_of(self, process: subprocess.Popen) -> str:
        """Return where it listens, and remember the port."""
        url = self.url(process)
        assert url is not None, "it always starts"
        self.port = int(url.rpartition(":")[2])
        return url

    def enrol(self, url: str, code: str) -> None:
        """Enrol the device; raises what the transport does."""
        self.device.enrolled = asyncio.run(
            enrol(url, code, sign=self.device.sign, seal=self.device.seal, epoch=0, pace=VirtualPace(), program="test")
        )
        self.acknowledged.append(f"key {self.device.enrolled.hub_public_key.public_bytes_raw().hex()}")

    def upload(self, url: str, *, sales: int = 3) -> None:
        """Sell, and send what is new; raises what the transport does, then nothing is counted as acknowledged."""
        number = len(self.device.journal.records)
        for each in range(number, number + sales):
            self.device.journal.sale(each)
        asyncio.run(self._send(url, number))
        self.acknowledged += [f"tx-{each}" for each in range(number, number + sales)]

    def send_all(self, url: str) -> None:
        """Send the whole journal again."""
        asyncio.run(self._send(url, 0))
        self.acknowledged += [f"tx-{each}" for each in range(len(self.device.journal.records))]

    async def _send(self, url: str, after: int) -> None:
        records = self.device.journal.records
        before = records[after - 1] if after else None
        position = Position(epoch=before.epoch, seq=before.seq, head_hash=before.hash.hex()) if before else None
        sent = plan_batch(position, records[after:], parked=frozenset(), policy=CourierPolicy())
        connection = HubConnection(
            url, self.device.sign, hub_key=self.device.enrolled.hub_public_key, pace=VirtualPace()
        )
        try:
            delivered = await HubTransport(connection).deliver(sent)
            assert delivered.acked_seq == sent.last.seq
        finally:
            await connection.close()


def check_hub(root: Path, owed: set[str]) -> None:
    """Start on what is left: every sale owed is there once, counts agree, and the hub is who it was."""
    hub = open_hub(HubConfig(state_dir=root / "hub"), clock=lambda: NOW)
    try:
        keys = {name for name in owed if name.startswith("key ")}
        assert keys <= {f"key {hub.keys.sign.private.public_key().public_bytes_raw().hex()}"}
        with hub.database.writing() as session:
            session.run("put_tenant", tenant_id="another", country="", now=NOW.isoformat())
        rows = hub.database._writer
        assert rows.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = [row[0] for row in rows.execute("SELECT transaction_id FROM sale")]
        assert len(found) == len(set(found)), "applied twice"
        assert owed - keys <= set(found), f"lost: {sorted(owed - keys - set(found))[:5]}"
        totals = dict(rows.execute("SELECT what, total FROM store_total"))
        assert totals.get("sales", 0) == len(found)
    finally:
        hub.close()

"""A real core in a temporary folder, a tap that speaks frames by hand, and receipts made by python-escpos."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from escpos.printer import Dummy

from agent.bootstrap import Core, build
from agent.clock import Clock
from agent.config import parse_config
from agent.core import run_core
from agent.journal.chain import ChainVerifier
from agent.journal.reader import JournalReader
from agent.journal.records import StoredRecord
from pos_adapters.taps.frames import ANSWER_BODY, CUT_BODY, OUTCOME_BODY, Frame, FrameReader, FrameType, Outcome, encode
from pos_adapters.taps.sealed_job import SealedJob, seal_job
from sync.enrolled import Enrolled
from sync.mirror import MirrorVersion, write_current
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot
from sync.protocol.tokens import CodeKind, normalise, token_of

PEPPER = bytes(32)
CUT = b"\x1dV\x00"
ANNA, BORIS, STAFF = "2900000000017", "2900000000024", "2900000000031"
PRODUCT = "4006381333931"

CONFIG = """
[store]
business_unit_id = "7781"
name = "Corner shop"
country = "DE"
language = "en"
timezone = "Europe/Berlin"
currency = "EUR"
print_profile = "{profile}"
[[workstation]]
id = "1"
[[workstation]]
id = "2"
[codes]
member = ["ean13:29"]
product = ["ean13"]
[agent]
state_dir = "{state_dir}"
"""

CAMPAIGNS = [
    {
        "id": "coffee-back",
        "who": "best",
        "where": ["receipt", "cashier", "kiosk"],
        "starts": "2020-01-01",
        "ends": "2099-12-31",
        "benefit": {"kind": "percent", "value": "15", "applies_to": "category:coffee"},
        "coupon": {"valid_days": 14},
        "text": {"en": {"receipt": "{{ first_name }}, your coffee: 15 % off", "cashier": "Tell them: 15 % off coffee"}},
    }
]


def make_store(
    folder: Path, *, profile: str = "appendix", look_up_within_s: float = 10.0, clock: Clock | None = None
) -> Core:
    """Return the parts of a core whose store is enrolled, knows three customers and runs one campaign."""
    config = parse_config(CONFIG.format(state_dir=folder, profile=profile))
    log = Log()
    core = build(config, log=log, look_up_within_s=look_up_within_s, clock=clock)
    write_mirror(core)
    enrol(core)
    return core


def enrol(core: Core) -> None:
    """Let a store be enrolled, and give it its campaign."""
    (core.state.mirror / "campaigns.json").write_text(json.dumps(CAMPAIGNS), "utf-8")
    enrolled = Enrolled(
        hub_url="http://127.0.0.1:1",
        tenant="chain",
        store="7781",
        agent="agent-1",
        epoch=1,
        hub_key=bytes(32),
        feed_key=bytes(32),
        pepper=PEPPER,
        contact_key=X25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw(),
    )
    (core.state.keys / "enrolled.json").write_text(enrolled.to_json(), "utf-8")
    (core.state.keys / "enrolled.json").chmod(0o600)


@cache
def _token(code: str) -> bytes:
    return token_of(normalise(code, CodeKind.CARD), PEPPER)


def write_mirror(core: Core, *, bought: dict[str, date] | None = None, version: int = 1) -> None:
    people = {
        ANNA: MirrorRecord(
            customer_id="c-1", first_name="Anna", language="en", segments={"best": None}, last_bought=bought or {}
        ),
        BORIS: MirrorRecord(customer_id="c-2", first_name="Boris", language="en"),
        STAFF: MirrorRecord(customer_id="c-3", first_name="Stan", employee=True, segments={"best": None}),
    }
    entries = sorted((_token(code), record) for code, record in people.items())
    name = f"snapshot-{version}"
    write_snapshot(core.state.mirror / name, entries, count=3, chain="chain", version=version)
    write_current(core.state.mirror, MirrorVersion(version=version, as_of=datetime.now(UTC), snapshot=name))


def receipt(*, number: int, items: list[tuple[str, str]] | None = None, cut: bool = True, remark: str = "") -> bytes:
    """Return a receipt as python-escpos prints it: header, goods, total, cash, thanks."""
    goods = items if items is not None else [("Coffee beans", "4.99"), ("Rye bread", "2.49")]
    total = sum(int(price.replace(".", "")) for _, price in goods)
    printer = Dummy()
    printer.text("CORNER SHOP\n")
    printer.text(f"{datetime.now(UTC).astimezone():%d.%m.%Y %H:%M}\n")
    printer.text(f"Receipt No {number}\n")
    printer.text("-" * 40 + "\n")
    for name, price in goods:
        printer.text(f"{name:<30}{price:>10}\n")
    printer.text("-" * 40 + "\n")
    printer.text(f"{'TOTAL EUR':<30}{total / 100:>10.2f}\n")
    printer.text(f"{'CASH':<30}{total / 100:>10.2f}\n")
    printer.text(f"{remark}\n" if remark else "")
    printer.text("Thank you for your purchase\n")
    return printer.output + (CUT if cut else b"")


class Log:
    """Keeps events."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def __call__(self, event: str, **fields: object) -> None:
        self.events.append((event, fields))


@dataclass(slots=True)
class Answer:
    """What core said to one job."""

    type: FrameType
    body: bytes


@dataclass(slots=True)
class Tap:
    """A tap by hand: it says what a tap says and notes what core answers."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    frames: FrameReader = field(default_factory=FrameReader)
    pending: list[Frame] = field(default_factory=list)
    workstation: str = "1"
    tap: str = field(default_factory=lambda: str(uuid4()))

    @classmethod
    async def connect(cls, core: Core, workstation: str = "1", *, older: bool = False) -> Tap:
        reader, writer = await asyncio.open_unix_connection(str(core.state.core_socket))
        tap = cls(reader, writer)
        before = set(core.counter.sessions)
        tap.workstation = workstation
        tap.hello(older=older)
        while core.counter.sessions <= before:  # noqa: ASYNC110 - happens once, in microseconds
            await asyncio.sleep(0.001)
        return tap

    def hello(self, *, older: bool) -> None:
        """Say who this is, and whether older papers will come from the spool."""
        hello = {
            "protocol": 1,
            "workstation": self.workstation,
            "model": "generic-80mm",
            "tap": self.tap,
            "older": older,
        }
        self.send(FrameType.HELLO, json.dumps(hello).encode())

    def send(self, frame_type: FrameType, payload: bytes) -> None:
        self.writer.write(encode(frame_type, payload))

    def begin(self, data: bytes) -> UUID:
        """Begin a job and stream it."""
        job = uuid4()
        self.send(FrameType.JOB, job.bytes + json.dumps({"received_at": datetime.now(UTC).isoformat()}).encode())
        for at in range(0, len(data), 100):
            self.send(FrameType.BYTES, job.bytes + data[at : at + 100])
        return job

    async def cut(self, job: UUID, data: bytes, *, cut_no: int = 1) -> Answer:
        """Ask about a cut behind `data`; return core's answer to it."""
        self.send(FrameType.CUT, job.bytes + CUT_BODY.pack(cut_no, len(data)))
        answer = await self.hear(job)
        if answer.type in (FrameType.BLOCK, FrameType.NONE):
            assert ANSWER_BODY.unpack_from(answer.body)[0] == cut_no
            return Answer(answer.type, answer.body[ANSWER_BODY.size :])
        return answer

    async def end(self, job: UUID) -> Answer:
        """End a job; return what core says to that."""
        self.send(FrameType.JOB_END, job.bytes + json.dumps({"reason": "close", "truncated": False}).encode())
        return await self.hear(job)

    def outcome(self, job: UUID, outcome: Outcome, *, cut_no: int = 1) -> None:
        self.send(FrameType.OUTCOME, job.bytes + OUTCOME_BODY.pack(cut_no, outcome))

    async def print(self, data: bytes, *, outcome: Outcome = Outcome.UNCONFIRMED) -> Answer:
        """Print a whole receipt as a tap does; return core's answer at the cut, once all is acknowledged."""
        paper = data.removesuffix(CUT)
        job = self.begin(paper)
        answer = await self.cut(job, paper)
        if answer.type is FrameType.BLOCK:
            self.outcome(job, outcome)
        self.send(FrameType.BYTES, job.bytes + CUT)
        assert (await self.end(job)).type is FrameType.ACK
        return answer

    def spool(
        self,
        core: Core,
        data: bytes,
        *,
        job: UUID | None = None,
        outcomes: dict[int, int] | None = None,
        received_at: datetime | None = None,
    ) -> UUID:
        """Hand over a spooled job."""
        job = job or uuid4()
        sealed = SealedJob(
            job_id=job,
            workstation_id="1",
            printer="tcp://127.0.0.1:9100",
            received_at=(received_at or datetime.now(UTC)).isoformat(),
            reason="close",
            truncated=False,
            outcomes=outcomes or {},
            data=data,
        )
        self.send(FrameType.SEALED, job.bytes + seal_job(core.keys.seal_public, sealed))
        return job

    async def hear(self, job: UUID) -> Answer:
        """Return the next frame, which must concern this job."""
        while not self.pending:
            data = await asyncio.wait_for(self.reader.read(65536), 60)
            if not data:
                raise ConnectionError("core hung up")
            self.pending += self.frames.feed(data)
        frame = self.pending.pop(0)
        assert frame.payload[:16] == job.bytes
        return Answer(frame.type, frame.payload[16:])

    def close(self) -> None:
        self.writer.close()


class Running:
    """A core that serves on this loop; `control` asks it as desk does."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.pushes: list[dict[str, object]] = []

    async def __aenter__(self) -> Self:
        ready = asyncio.Event()
        self._task = asyncio.ensure_future(run_core(self.core, ready=ready.set))
        waiting = asyncio.ensure_future(ready.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        self._reader, self._writer = await asyncio.open_unix_connection(str(self.core.state.control_socket))
        await self.ask("subscribe")
        while not self.core.memory.complete:  # noqa: ASYNC110 - happens once, in milliseconds
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        import os
        import signal

        os.kill(os.getpid(), signal.SIGTERM)
        await self._task

    async def stopped(self) -> None:
        """Return when core has stopped."""
        await asyncio.wait_for(asyncio.shield(self._task), 60)

    async def ask(self, op: str, **values: object) -> dict[str, object]:
        self._writer.write(json.dumps({"id": 7, "op": op, **values}).encode() + b"\n")
        while True:
            message = json.loads(await asyncio.wait_for(self._reader.readline(), 60))
            if "event" not in message:
                return message
            self.pushes.append(message)

    async def hear(self, event: str) -> dict[str, object]:
        """Return the next push of a kind."""
        while True:
            for at, push in enumerate(self.pushes):
                if push["event"] == event:
                    del self.pushes[: at + 1]
                    return push
            self.pushes.append(json.loads(await asyncio.wait_for(self._reader.readline(), 60)))

    async def scan(self, code: str, workstation: str = "1", source: str = "scanner") -> str:
        """Scan a code and wait until it is known whose it is."""
        answer = await self.ask("scan", workstation_id=workstation, code=code, symbology="ean13", source=source)
        await self.core.scanning.settle()
        return str(answer["scan_id"])


def journal(core: Core) -> list[StoredRecord]:
    """Return every record of a core's journal."""
    reader = JournalReader(core.state.journal, core.keys.journal)
    try:
        return reader.all_records_after(0, limit_rows=100_000)
    finally:
        reader.close()


def kinds(core: Core) -> list[str]:
    """Return the kinds of all records, in order."""
    return [record.kind for record in journal(core)]


def identified(core: Core) -> list[tuple[str | None, bool]]:
    """Return whose sales the journal names, and whether it is sure enough of them to print a name."""
    found = [record.content() for record in journal(core) if record.kind == "customer.identified"]
    return [(each["customer_id"], each["flagged"]) for each in found]


def story(folder: Path, tell, *, profile: str = "appendix") -> Core:
    """Run a story against a real core whose chain verifies at the end; return the core when it has stopped."""
    core = make_store(folder / "state", profile=profile)

    async def run() -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core)
            await tell(running, tap)
            tap.close()

    asyncio.run(run())
    assert list(ChainVerifier().feed(journal(core))) == []
    return core

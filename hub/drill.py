"""The hub in a drill: the whole hub on its real SQLite storage, asked without a web server, killed and restored.

Contributed through the entry point group `tillstream.drill`; the story lives in `agent.drill`, which declares what it
asks for (`agent.drill.ports.HubSide`) and does not import this package, nor the other way round.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from hub.api import answer_of
from hub.bootstrap import Hub, open_hub
from hub.completeness import completeness
from hub.config import HubConfig
from hub.feed.erasing import Erasing
from hub.feed.upkeep import FeedUpkeep
from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook, tokenise
from hub.ingest.projections import E4
from hub.value.service import ValueService
from sync.protocol.mirror_file import MirrorFile, is_whole
from sync.protocol.persons import names_person
from sync.protocol.signatures import Answer, Request
from sync.protocol.tokens import locator_of

POLL_AFTER_S = 3 * 3600.0  # what a drill's feed carries changes a few times in a story
SECTOR_BYTES = 512
TENANT = "main"
VALUE_FILE = "value.toml"
SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillSale:
    """A sale that the hub has applied."""

    store_id: str
    workstation_id: str
    sequence_number: str
    business_day: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRecord:
    """A journal record that the hub keeps."""

    epoch: int
    branch: int
    seq: int
    kind: str
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillDay:
    """What an auditor is told of one lane and day."""

    store_id: str
    workstation_id: str
    business_day: str
    captured_sales: int
    captured_total: str
    share_percent: str | None
    missing_count: int
    complete: bool | None


class DrillHub:
    """See the module's contract."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime]) -> None:
        self._config = HubConfig(state_dir=folder / "hub", tenant=TENANT, country="DE")
        self._backup = folder / "hub-backup.db"
        self._clock = clock
        self._hub: Hub | None = None
        self._cuts = False
        self._random = Random(0)  # noqa: S311 - a story; `kill` brings its own
        self.start()

    @property
    def is_up(self) -> bool:
        """Whether the hub answers."""
        return self._hub is not None

    def enrolment_code(self, store_id: str) -> str:
        """Return a new single-use code for a store."""
        hub = self._up()
        return hub.registry.issue_code(TENANT, store_id, name=store_id, now=hub.clock()).code

    def publish(self, folder: Path) -> None:
        """Import the chain's files of a folder, publish what changed, and the rules of value."""
        hub = self._up()
        book = CodeBook(hub.keys.tenant(TENANT))
        job = ImportJob(database=hub.database, tenant_id=TENANT, country="DE", book=book, progress=_nobody)
        rules = folder / VALUE_FILE
        import_files(job, sorted((each for each in folder.iterdir() if each != rules), key=_in_order))
        tokenise(hub.database, TENANT, book, progress=lambda _done, _total: None)
        hub.publisher.publish(TENANT, now=hub.clock())
        ValueService(hub.database, hub.files).publish(TENANT, rules, now=hub.clock())

    def answer(self, request: Request) -> Answer:
        """Answer a question. Raises ConnectionError while the hub is down, or when it dies over it."""
        hub = self._up()
        before = _length(self._log)
        answer = answer_of(hub, request)
        if self._cuts and _length(self._log) > before:
            self._cut(torn_from=before)
            raise ConnectionError("the hub lost power")
        return answer

    def kill(self, random: Random) -> None:
        """End it at once; everything it had answered was synced."""
        self._random = random
        if self._hub is not None:
            self._cut(torn_from=None)

    def cut_next_commit(self) -> None:
        """Cut the power in the middle of the next commit."""
        self._cuts = True

    def start(self) -> None:
        """Start on what the disk kept; nothing when it runs, except that its next commit is not cut any more."""
        self._cuts = False
        if self._hub is None:
            hub = open_hub(self._config, clock=self._clock)
            self._hub = replace(hub, feed=replace(hub.feed, poll_after_s=POLL_AFTER_S))

    def back_up(self) -> None:
        """Keep a copy of the database: closed, copied, opened."""
        if self._hub is not None:
            self._close()
            shutil.copyfile(self._path, self._backup)
            self.start()

    def restore(self) -> bool:
        """Go back to the last copy."""
        if not self._backup.exists():
            return False
        self._close()
        for suffix in ("", *SIDE_FILES):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self._backup, self._path)
        self.start()
        return True

    def erase(self, customer_id: str) -> tuple[str, ...]:
        """Forget a customer; return the first halves of their tokens."""
        hub = self._up()
        with hub.database.reading() as session:
            tokens = session.rows("tokens_of", tenant_id=TENANT, customer_id=customer_id)
        erasing = Erasing(hub.database, hub.files, hub.feed)
        erasing.erase(TENANT, erasing.look(TENANT, [customer_id]), now=hub.clock())
        return tuple(locator_of(bytes(row[0])).hex() for row in tokens)

    def keep_house(self) -> None:
        """Do a turn of upkeep."""
        if self._hub is not None:
            FeedUpkeep(self._hub, told=lambda _trouble: None).turn()

    def speaks_of(self, customer_id: str, locators: Sequence[str]) -> Sequence[str]:
        """Return which tables and files speak of a customer."""
        hub = self._up()
        found = []
        with hub.database.reading() as session:
            tables = [row[0] for row in session.rows("columns") if row[1] == "customer_id" and row[0] != "erasure"]
            who = {"tenant_id": TENANT, "customer_id": customer_id}
            counts = {"customer": "known_customer", "customer_code": "tokens_of"}
            found += [table for table in tables if table in counts and session.rows(counts[table], **who)]
            for needle in (customer_id, *locators):
                pattern = f'%"{needle}"%'
                rows = session.rows("records_naming", tenant_id=TENANT, pattern=pattern)
                found += [
                    f"journal_record {row[3]}"
                    for row in rows
                    if names_person(json.loads(row[4]), {customer_id}, set(locators))
                ]
        wanted = [bytes.fromhex(each) for each in locators]
        for path in hub.files.folder(TENANT).iterdir():
            if path.name.startswith("mirror") and is_whole(path):
                with closing(MirrorFile(path)) as file:
                    found += [path.name for locator in wanted if any(file.find(locator))]  # b"" says: erased
        return found

    def erased_through(self) -> int:
        """Return the number of the last erasure."""
        hub = self._up()
        return Erasing(hub.database, hub.files, hub.feed).stores(TENANT)[0]

    def sales(self) -> Sequence[DrillSale]:
        """Return every sale applied."""
        with self._up().database.reading() as session:
            rows = session.rows("drill_sales", tenant_id=TENANT)
        return [
            DrillSale(
                store_id=row[0],
                workstation_id=row[1],
                sequence_number=row[2],
                business_day=row[3],
                total=_amount(row[4]),
            )
            for row in rows
        ]

    def records(self, store_id: str) -> Sequence[DrillRecord]:
        """Return every record kept of a store."""
        with self._up().database.reading() as session:
            rows = session.rows("drill_records", tenant_id=TENANT, store_id=store_id)
        return [DrillRecord(epoch=row[0], branch=row[1], seq=row[2], kind=row[3], hash=bytes(row[4])) for row in rows]

    def days(self) -> Sequence[DrillDay]:
        """Return the completeness of every lane and day."""
        lines = completeness(self._up().database, TENANT, first_day=date.min, last_day=date.max)
        return [
            DrillDay(
                store_id=line.store_id,
                workstation_id=line.workstation_id,
                business_day=line.business_day,
                captured_sales=line.captured.sales or 0,
                captured_total=_amount(line.captured.total_e4 or 0),
                share_percent=None if line.share_percent is None else str(line.share_percent),
                missing_count=len(line.missing_numbers),
                complete=line.is_complete,
            )
            for line in lines
        ]

    def value_findings(self) -> Sequence[tuple[str, str]]:
        """Return what does not add up of coupons, accounts and leases."""
        hub = self._up()
        told = ValueService(hub.database, hub.files).reconcile(TENANT, now=hub.clock())
        return [(f"{line.finding.value} {line.subject}", line.why) for line in told.findings]

    def counts(self, store_id: str) -> dict[str, int]:
        """Return the counts that the hub keeps of a store."""
        lines = self._up().reports.stores(TENANT)
        return next((dict(line.totals) for line in lines if line.store_id == store_id), {})

    def parked_without_reason(self) -> int:
        """Return how many refused records bear no reason."""
        with self._up().database.reading() as session:
            row = session.row("drill_unreasoned")
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Let go of everything."""
        self._close()

    @property
    def _path(self) -> Path:
        return self._config.state_dir / "hub.db"

    @property
    def _log(self) -> Path:
        return self._path.with_name("hub.db-wal")

    def _up(self) -> Hub:
        if self._hub is None:
            raise ConnectionError("the hub is down")
        return self._hub

    def _close(self) -> None:
        hub, self._hub = self._hub, None
        if hub is not None:
            hub.close()

    def _cut(self, *, torn_from: int | None) -> None:
        """Leave the files as a power cut does: what the close would tidy up is put back, a torn log stays torn."""
        self._cuts = False
        parts = [self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal")]
        kept = {part: part.read_bytes() for part in parts if part.exists()}
        self._close()
        for suffix in ("", *SIDE_FILES):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        for part, data in kept.items():
            is_torn = torn_from is not None and part == self._log
            part.write_bytes(_torn(data, torn_from or 0, self._random) if is_torn else data)


def open_drill_hub(folder: Path, *, clock: Callable[[], datetime]) -> DrillHub:
    """Return a hub for a drill with its state in `folder` (`agent.drill.ports.OpenHub`)."""
    return DrillHub(folder, clock=clock)


def _torn(data: bytes, kept_bytes: int, random: Random) -> bytes:
    piece = data[kept_bytes:]
    sectors = [piece[at : at + SECTOR_BYTES] for at in range(0, len(piece), SECTOR_BYTES)]
    written = b"".join(
        sector if random.random() < 0.5 else bytes(len(sector))  # noqa: PLR2004 - a coin
        for sector in sectors
    )
    return data[:kept_bytes] + written[: random.randrange(len(piece) + 1)]


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _amount(e4: int) -> str:
    return str((Decimal(e4) / E4).quantize(Decimal("0.01")))


def _in_order(path: Path) -> int:
    """Return the place of a file: customers before what speaks of them."""
    names = ("customers", "codes", "segments", "items", "campaigns")
    return next((at for at, name in enumerate(names) if path.name.startswith(name)), len(names))


def _nobody(what: str, done: int, total: int) -> None:
    del what, done, total

"""A program that commits to a journal and says what is on disk; tests kill it. `python writer_program.py FOLDER COUNT`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from agent.journal.batch import Batch, Capture, Committed
from agent.journal.records import ClockQuality, NewRecord, canonical_json
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore

KEY = bytes(range(32))
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def store_in(folder: Path) -> JournalStore:
    place = JournalPlace(path=folder / "journal.db", key=KEY, now=lambda: NOW)
    return JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))


def batch(number: int) -> Batch:
    record = NewRecord(
        kind="visit", payload=canonical_json({"number": number}), occurred_at=NOW, clock_quality=ClockQuality.UNKNOWN
    )
    capture = Capture(job_id=f"j{number}", document_no=0, workstation_id="1", received_at=NOW, body=b"paper" * 300)
    return Batch(records=(record,), capture=capture)


def main() -> None:
    """Commit COUNT batches, checkpoint every tenth, and say each number once it is acknowledged."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    store = store_in(folder)
    os.write(1, b"started\n")
    for number in range(count):
        result = store.append([batch(number)])[0]
        if isinstance(result, Committed):
            os.write(1, f"{number}\n".encode())
        else:
            os.write(1, f"! {result.code}\n".encode())
        if number % 10 == 9 and store.is_open:
            store.checkpoint()
    os.write(1, b"done\n")


if __name__ == "__main__":
    main()

"""Retention, copies, the scrub: a journal fit for years, its chain verifying all the way."""

from __future__ import annotations

import contextlib
import resource
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent.journal.batch import Batch, Capture
from agent.journal.chain import ChainVerifier, Damage
from agent.journal.database import BrokenJournalError
from agent.journal.export import ExportForm, export_records
from agent.journal.reader import JournalReader
from agent.journal.records import ClockQuality, NewRecord, canonical_json
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from agent.journal.upkeep import BACKUPS_KEPT, Retention, Scrub, backup, prune, quarantine_of
from retail.errors import ConfigurationError, OnSiteError

KEY = bytes(range(32))
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = datetime(2027, 2, 1, tzinfo=UTC)
FIRST = date(2026, 1, 1)


def place_in(folder: Path) -> JournalPlace:
    return JournalPlace(path=folder / "journal.db", key=KEY, now=lambda: NOW)


def store_in(folder: Path, *, days: int, a_day: int = 3) -> JournalStore:
    """Return a journal of some trading days with some records each."""
    place = place_in(folder)
    store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    for day in range(days):
        at = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
        records = tuple(
            NewRecord(
                kind="visit", payload=canonical_json({"day": day, "number": number, "filler": "x" * 400}),
                occurred_at=at, clock_quality=ClockQuality.UNKNOWN, business_day=FIRST + timedelta(days=day),
            )
            for number in range(a_day)
        )  # fmt: skip
        capture = Capture(job_id=f"j{day}", document_no=0, workstation_id="1", received_at=at, body=b"paper")
        store.append([Batch(records=records, capture=capture)])
    return store


@contextlib.contextmanager
def reading(folder: Path):
    with contextlib.closing(JournalReader(folder / "journal.db", KEY)) as reader:
        yield reader


def test_what_is_old_and_everybody_has_is_removed_and_the_chain_still_verifies(tmp_path: Path):
    store = store_in(tmp_path, days=10)
    kept_from = FIRST + timedelta(days=6)
    captures_before = datetime(2026, 1, 4, tzinfo=UTC)
    retention = Retention(now=LATER, business_day=kept_from, captures_before=captures_before, acked_seq=100)
    done = prune(store, retention)
    assert (done.records, done.captures, done.more) == (18, 3, False)
    assert prune(store, retention).records == 0
    with reading(tmp_path) as reader:
        records = reader.all_records_after(0)
        assert records[0].business_day == kept_from.isoformat()
        assert reader.anchor()[0] == 18
        assert list(ChainVerifier(anchor=reader.anchor()).feed(records)) == []
        assert reader.capture("j2", 0) is None
        assert reader.capture("j3", 0) == (b"paper", None)
    store.close()
    store.open()
    assert store.append([Batch(records=())])[0].seqs == ()
    assert store.head[1] == 30


def test_what_a_wrong_clock_dated_goes_and_stays_with_its_neighbours(tmp_path: Path):
    store = store_in(tmp_path, days=3)
    for number, year in enumerate((2006, 2046, 2026)):
        at = datetime(year, 1, 4, 12, tzinfo=UTC)
        record = NewRecord(
            kind="visit", payload=b"{}", occurred_at=at, clock_quality=ClockQuality.UNKNOWN, business_day=at.date()
        )
        paper = Capture(job_id=f"odd{number}", document_no=0, workstation_id="1", received_at=at, body=b"paper")
        store.append([Batch(records=(record,), capture=paper)])
    january_3 = datetime(2026, 1, 3, tzinfo=UTC)
    values = {"business_day": january_3.date(), "captures_before": january_3, "acked_seq": 100}
    assert prune(store, Retention(now=january_3 + timedelta(days=1), **values)).captures == 2
    with reading(tmp_path) as reader:
        assert reader.capture("odd0", 0) is not None
        assert reader.capture("odd1", 0) is not None
    later = values | {"business_day": date(2026, 1, 4), "captures_before": january_3 + timedelta(days=1)}
    done = prune(store, Retention(now=january_3 + timedelta(days=1), **later))
    assert (done.records, done.captures) == (5, 3), "years that are yet to come keep nothing from going"
    store.close()


def test_what_a_destination_lacks_is_never_removed(tmp_path: Path):
    store = store_in(tmp_path, days=10)
    done = prune(store, Retention(now=LATER, business_day=date(2027, 1, 1), captures_before=NOW, acked_seq=5))
    assert done.records == 5
    with reading(tmp_path) as reader:
        assert reader.all_records_after(0)[0].seq == 6


def test_a_journal_pruned_to_nothing_goes_on_from_its_last_hash(tmp_path: Path):
    store = store_in(tmp_path, days=2)
    head = store.head
    prune(store, Retention(now=LATER, business_day=date(2027, 1, 1), captures_before=NOW, acked_seq=100))
    store.close()
    store.open()
    assert store.head == head
    with reading(tmp_path) as reader:
        assert reader.head()[1] == head[1]


def test_a_copy_is_whole_encrypted_and_the_oldest_go(tmp_path: Path):
    store = store_in(tmp_path, days=3)
    folder = tmp_path / "backups"
    folder.mkdir()
    copies = [backup(tmp_path / "journal.db", KEY, folder=folder, now=NOW + timedelta(days=day)) for day in range(4)]
    assert sorted(folder.iterdir()) == copies[-BACKUPS_KEPT:]
    assert copies[-1].stat().st_mode & 0o777 == 0o600
    assert b"xxxx" not in copies[-1].read_bytes()
    with contextlib.closing(JournalReader(copies[-1], KEY)) as reader:
        assert len(reader.all_records_after(0)) == 9
    assert store.append([Batch()])[0].seqs == ()


def test_the_scrub_sees_all_in_steps_and_starts_over(tmp_path: Path):
    store = store_in(tmp_path, days=200)
    scrub = Scrub(lambda: JournalReader(tmp_path / "journal.db", KEY))
    assert [scrub.step() for _ in range(3)] == [[], [], []]
    assert scrub.rounds == 1
    scrub.close()
    store.close()


def test_a_damaged_row_is_kept_from_destinations_and_everything_else_goes_on(tmp_path: Path):
    store = store_in(tmp_path, days=3)
    store.connection().execute("UPDATE journal SET payload = x'7b7d' WHERE seq = 4")
    scrub = Scrub(lambda: JournalReader(tmp_path / "journal.db", KEY))
    findings = scrub.step()
    assert [(each.seq, each.damage) for each in findings] == [(4, Damage.PAYLOAD)]
    store.append([quarantine_of(findings, NOW)])
    scrub.close()
    assert scrub.step() == []
    with reading(tmp_path) as reader:
        assert [row[0] for row in reader.quarantined()] == [4]
        assert 4 not in [each.seq for each in reader.records_after(0, limit_rows=100, limit_bytes=10**6)]
        assert 4 in [each.seq for each in reader.all_records_after(0)]
    scrub.close()
    assert quarantine_of([], NOW) is None


def test_a_page_that_cannot_be_read_is_told_apart(tmp_path: Path):
    store = store_in(tmp_path, days=60)
    store.checkpoint()
    store.close()
    data = bytearray((tmp_path / "journal.db").read_bytes())
    data[30 * 2048 + 77] ^= 4
    (tmp_path / "journal.db").write_bytes(data)
    scrub = Scrub(lambda: JournalReader(tmp_path / "journal.db", KEY))
    with pytest.raises(BrokenJournalError):
        [scrub.step() for _ in range(10)]


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.db"])
def test_records_are_exported_for_people(tmp_path: Path, name):
    store_in(tmp_path, days=2).close()
    with reading(tmp_path) as reader:
        records = reader.all_records_after(0)
    target = tmp_path / name
    assert export_records(records, target, ExportForm.of_file(target)) == 6
    assert b"visit" in target.read_bytes()
    with pytest.raises(OnSiteError):
        export_records(records, target, ExportForm.of_file(target))


@pytest.mark.parametrize("form", list(ExportForm))
def test_an_empty_journal_is_exported_too(tmp_path: Path, form):
    target = tmp_path / "out"
    assert export_records([], target, form) == 0
    assert target.exists()


@pytest.mark.parametrize("form", list(ExportForm))
def test_a_disk_that_fills_up_leaves_no_half_an_export(tmp_path: Path, form):
    store_in(tmp_path, days=40).close()
    with reading(tmp_path) as reader:
        records = reader.all_records_after(0)
    target = tmp_path / "out"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, before[1]))
    try:
        with pytest.raises(OnSiteError, match="out"):
            export_records(records, target, form)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.glob("out*")] == []


def test_a_form_nobody_knows_is_asked_for():
    with pytest.raises(ConfigurationError, match="which form"):
        ExportForm.of_file(Path("out.doc"))

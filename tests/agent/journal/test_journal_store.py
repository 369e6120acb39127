"""The journal: appended, chained, opened whatever state it is in."""

from __future__ import annotations

import contextlib
import shutil
import typing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from agent.journal.batch import AwaitOutcome, Batch, Capture, Change, KnowSale, MoveCursor, Park, SettleOutcome, Unpark
from agent.journal.chain import ChainVerifier, Damage
from agent.journal.database import BrokenJournalError, library_version, migrate, open_reading
from agent.journal.queries import QUERY_FILES, load_queries, migration_scripts, parse_queries, read_script
from agent.journal.reader import JournalReader
from agent.journal.records import ClockQuality, NewRecord, canonical_json
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import STATEMENTS, JournalStore
from retail.errors import DefectError, TillstreamError

KEY = bytes(range(32))
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def place_in(folder: Path) -> JournalPlace:
    return JournalPlace(path=folder / "journal.db", key=KEY, now=lambda: NOW)


def store_in(folder: Path) -> JournalStore:
    place = place_in(folder)
    store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    store.open()
    return store


def record(number: int, *, kind: str = "visit", size: int = 0) -> NewRecord:
    return NewRecord(
        kind=kind,
        payload=canonical_json({"number": number, "filler": "x" * size}),
        occurred_at=NOW,
        clock_quality=ClockQuality.UNKNOWN,
        workstation_id="1",
        business_day=date(2026, 11, 21),
    )


def capture(job: str, document: int) -> Capture:
    return Capture(job_id=job, document_no=document, workstation_id="1", received_at=NOW, body=b"paper")


def read_all(folder: Path) -> list:
    reader = JournalReader(folder / "journal.db", KEY)
    with contextlib.closing(reader):
        return reader.all_records_after(0, limit_rows=100_000)


def findings(folder: Path) -> list:
    return list(ChainVerifier().feed(read_all(folder)))


def schema_of(connection) -> list:
    return connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_the_sqlite_inside_is_past_the_wal_reset_corruption():
    assert library_version() >= (3, 51, 3)


def test_schema_is_the_sum_of_the_migrations():
    migrated = sqlcipher.connect(":memory:", isolation_level=None)
    assert migrate(migrated) == 0
    whole = sqlcipher.connect(":memory:", isolation_level=None)
    whole.executescript(read_script("schema.sql"))
    assert schema_of(migrated) == schema_of(whole)
    assert migrated.execute("PRAGMA user_version").fetchone()[0] == len(migration_scripts())
    assert migrate(migrated) == len(migration_scripts())


def test_every_statement_is_described_and_runs_against_the_schema():
    connection = sqlcipher.connect(":memory:", isolation_level=None)
    connection.executescript(read_script("schema.sql"))
    connection.execute("ATTACH ':memory:' AS copy")  # as a backup does with what it writes
    connection.executescript(
        read_script("schema.sql")
        .replace("CREATE TABLE ", "CREATE TABLE copy.")
        .replace("CREATE INDEX ", "CREATE INDEX copy.")
    )
    scripts = "\n".join(map(read_script, QUERY_FILES))
    for name, statement in load_queries().items():
        block = scripts.split(f"-- name: {name}\n")[1]
        assert block.startswith("-- "), f"{name} has no description"
        marks = (None,) * statement.count("?") or dict.fromkeys(names_in(statement))
        connection.execute(f"EXPLAIN {statement}", marks)


def names_in(statement: str) -> set[str]:
    return {part.split()[0].strip(",();") for part in statement.replace(")", " ").split(":")[1:]}


def test_statements_keep_no_comments():
    assert parse_queries("\n-- name: a\n-- why\nSELECT 1\n") == {"a": "SELECT 1"}


def test_every_change_has_a_statement():
    assert set(STATEMENTS) == set(typing.get_args(Change))
    assert set(STATEMENTS.values()) <= set(load_queries())


def test_records_are_chained_and_read_back_as_they_were_written(tmp_path: Path):
    store = store_in(tmp_path)
    results = store.append([Batch(records=(record(1), record(2))), Batch(records=(record(3),))])
    assert [result.seqs for result in results] == [(1, 2), (3,)]
    stored = read_all(tmp_path)
    assert [each.content()["number"] for each in stored] == [1, 2, 3]
    assert {each.epoch for each in stored} == {1}
    assert stored[1].prev_hash == stored[0].hash
    assert store.head == (1, 3, stored[2].hash)
    assert findings(tmp_path) == []


def test_the_file_holds_nothing_in_clear(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1, size=3000),), capture=capture("j", 0))])
    raw = (tmp_path / "journal.db").read_bytes() + (tmp_path / "journal.db-wal").read_bytes()
    assert b"xxxx" not in raw
    assert b"SQLite format" not in raw
    with pytest.raises(BrokenJournalError):
        open_reading(tmp_path / "journal.db", bytes(32))


def test_a_document_is_taken_once(tmp_path: Path):
    store = store_in(tmp_path)
    batch = Batch(records=(record(1),), capture=capture("job", 0))
    first, again = store.append([batch, batch])
    assert (first.seqs, first.repeated) == ((1,), False)
    assert (again.seqs, again.repeated) == ((), True)
    assert store.append([Batch(records=(record(2),), capture=capture("job", 1))])[0].seqs == (2,)
    assert len(read_all(tmp_path)) == 2


def test_a_batch_at_fault_does_not_take_others_with_it(tmp_path: Path):
    store = store_in(tmp_path)
    huge = record(2, size=300_000)
    results = store.append([Batch(records=(record(1),)), Batch(records=(huge,)), Batch(records=(record(3),))])
    assert [isinstance(result, TillstreamError) for result in results] == [False, True, False]
    assert isinstance(results[1], DefectError)
    assert [each.content()["number"] for each in read_all(tmp_path)] == [1, 3]
    assert findings(tmp_path) == []


def test_positions_and_remainders_change_with_their_batch(tmp_path: Path):
    store = store_in(tmp_path)
    day = date(2026, 11, 21)
    moved = MoveCursor(destination="hub", epoch=1, acked_seq=1, head_hash="ab", moved_at=NOW)
    back = MoveCursor(destination="hub", epoch=1, acked_seq=0, head_hash="", moved_at=NOW)
    parked = Park(destination="hub", seq=1, reason="refused", detail="too old", parked_at=NOW)
    waiting = AwaitOutcome(job_id="j", cut_no=1, workstation_id="1", payload=b"{}")
    sale = KnowSale(transaction_id="t", business_day=day, total="4.30")
    store.append([Batch(records=(record(1),), changes=(moved, parked, waiting, sale))])
    reader = JournalReader(tmp_path / "journal.db", KEY)
    assert reader.cursor("hub").acked_seq == 1
    assert reader.cursor("crm") is None
    assert reader.parked()[0].detail == "too old"
    sales = store.connection().execute(load_queries()["sales_since"], {"business_day": "2026-11-21"}).fetchall()
    assert sales == [("t", "4.30", 1)]
    store.append([Batch(changes=(back, Unpark(destination="hub", seq=1), SettleOutcome(job_id="j", cut_no=1)))])
    assert reader.cursor("hub").acked_seq == 0
    assert reader.parked() == []
    assert store.connection().execute(load_queries()["awaited"]).fetchall() == []
    reader.close()


def test_reading_keeps_to_rows_and_bytes_but_always_moves(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=tuple(record(number, size=1000) for number in range(1, 11)))])
    with contextlib.closing(JournalReader(tmp_path / "journal.db", KEY)) as reader:
        assert [each.seq for each in reader.records_after(0, limit_rows=3, limit_bytes=10**6)] == [1, 2, 3]
        assert [each.seq for each in reader.records_after(3, limit_rows=100, limit_bytes=2700)] == [4, 5]
        assert [each.seq for each in reader.records_after(9, limit_rows=100, limit_bytes=1)] == [10]
        assert reader.records_after(10, limit_rows=100, limit_bytes=1) == []
        assert [each.seq for each in reader.newest(limit_rows=2)] == [9, 10]
        assert reader.count_behind(4) == 6


def test_a_reopened_journal_goes_on_where_it_was(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    store.close()
    store = store_in(tmp_path)
    store.append([Batch(records=(record(2),))])
    assert [each.seq for each in read_all(tmp_path)] == [1, 2]
    assert findings(tmp_path) == []


def test_a_raised_epoch_starts_a_new_chain_behind_the_head(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    store.raise_epoch(to=5, reason="enrolled", raised_at=NOW.isoformat())
    store.append([Batch(records=(record(2),))])
    assert [(each.epoch, each.seq) for each in read_all(tmp_path)] == [(1, 1), (5, 2)]
    assert findings(tmp_path) == []
    assert store_in(tmp_path).head[:2] == (5, 2)


def test_an_erased_record_verifies_and_a_changed_one_does_not(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=tuple(record(number) for number in range(1, 6)))])
    execute = store.connection().execute
    execute(load_queries()["erase_record"], {"seq": 2})
    assert findings(tmp_path) == []
    assert read_all(tmp_path)[1].is_erased
    execute("UPDATE journal SET payload = x'7b7d' WHERE seq = 3")
    execute("UPDATE journal SET kind = 'forged' WHERE seq = 4")
    assert [(each.seq, each.damage) for each in findings(tmp_path)] == [(3, Damage.PAYLOAD), (4, Damage.LINK)]
    execute("DELETE FROM journal WHERE seq = 2")
    assert (3, Damage.GAP) in [(each.seq, each.damage) for each in findings(tmp_path)]


def test_a_missing_database_is_made_whole_and_the_epoch_never_falls(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    store.close()
    (tmp_path / "journal.db").unlink()
    assert store_in(tmp_path).head[:2] == (2, 0)
    assert (tmp_path / "journal.epoch").read_text() == "2\n"


def test_rubbish_in_place_of_the_database_is_moved_aside(tmp_path: Path):
    (tmp_path / "journal.db").write_bytes(b"no database at all" * 1000)
    (tmp_path / "journal.db-wal").write_bytes(b"rubbish")
    store = store_in(tmp_path)
    assert store.head[:2] == (1, 0)
    assert len(place_in(tmp_path).set_aside()) == 1
    assert store.append([Batch(records=(record(1),))])[0].seqs == (1,)


def test_a_damaged_page_costs_only_the_rows_on_it(tmp_path: Path):
    store = store_in(tmp_path)
    moved = MoveCursor(destination="hub", epoch=1, acked_seq=40, head_hash="ab", moved_at=NOW)
    store.append([Batch(records=tuple(record(number, size=700) for number in range(1, 301)), changes=(moved,))])
    store.close()
    flip_a_bit(tmp_path / "journal.db", page=150)
    place = place_in(tmp_path)
    store = JournalStore(place.path, lambda _: open_or_recover(place, salvage_first=True))
    store.open()
    kept = read_all(tmp_path)
    assert 280 <= len(kept) < 300
    assert store.head[:2] == (2, 300)
    assert store.append([Batch(records=(record(301),))])[0].seqs == (301,)
    assert {each.damage for each in findings(tmp_path)} == {Damage.GAP}
    with contextlib.closing(JournalReader(place.path, KEY)) as reader:
        assert reader.cursor("hub").acked_seq == 40


def flip_a_bit(path: Path, *, page: int) -> None:
    data = bytearray(path.read_bytes())
    data[page * 2048 + 1000] ^= 0x10
    path.write_bytes(data)


def test_acknowledged_rows_in_the_log_survive_a_copy_without_a_close(tmp_path: Path):
    """What a kill leaves behind is database and log; both are read, nothing is lost."""
    store = store_in(tmp_path)
    for number in range(1, 21):
        store.append([Batch(records=(record(number),))])
    after = tmp_path / "after"
    after.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(tmp_path / name, after / name)
    assert store_in(after).head[:2] == (1, 20)


def test_a_salvage_reads_the_log_of_the_broken_database_too(tmp_path: Path):
    """Killed between moving a broken database aside and making a new one, the next start ends the work."""
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    after = tmp_path / "after"
    after.mkdir()
    shutil.copy(tmp_path / "journal.db", after / "journal.db.broken-20261121T100000000000Z")
    shutil.copy(tmp_path / "journal.db-wal", after / "journal.db-wal")
    assert store_in(after).head[:2] == (2, 1)
    assert [each.content()["number"] for each in read_all(after)] == [1]


def test_a_reader_follows_to_the_new_database(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    reader = JournalReader(tmp_path / "journal.db", KEY)
    assert reader.head()[:2] == (1, 1)
    store.close()
    place = place_in(tmp_path)
    open_or_recover(place, salvage_first=True).close()
    assert reader.head()[1] == 1
    assert [each.epoch for each in reader.epochs()] == [1, 2]
    reader.close()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path):
    store = store_in(tmp_path)
    store.connection().execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(TillstreamError, match="schema 99"):
        store_in(tmp_path)
    assert place_in(tmp_path).set_aside() == []


def test_what_is_begun_is_committed_with_what_comes_behind_it_and_is_gone_when_that_fails(tmp_path: Path):
    store = store_in(tmp_path)
    assert store.begin([Batch(records=(record(1),))])
    assert [each.seqs for each in store.append([Batch(records=(record(number),)) for number in (1, 2)])] == [(1,), (2,)]
    begun = [Batch(records=(record(3),))]
    assert store.begin(begun)

    def breaks() -> None:
        raise DefectError("the sync failed", fix="")

    assert [type(each) for each in store.append(begun, syncs=breaks)] == [DefectError]
    assert store.head[1] == 2
    assert not store.begin([Batch(records=(record(4, size=300_000),))])
    assert store.append([Batch(records=(record(5),))])[0].seqs == (3,)
    store.close()
    assert not store.begin(begun), "a journal that is away is opened by the thread"
    assert [each.content()["number"] for each in read_all(tmp_path)] == [1, 2, 5]

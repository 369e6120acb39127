"""The log that keeps its length: commits overwrite zeros, or frames of an earlier round, and a power cut tears them."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

from agent.journal.batch import Batch
from agent.journal.chain import ChainVerifier
from agent.journal.log_file import PIECE_BYTES, LogFile
from agent.journal.reader import JournalReader
from agent.journal.store import CHECKPOINT_PAGES, WAL_FRAME_BYTES, JournalStore
from agent.journal.writer import JournalWriter
from tests.agent.journal.test_journal_store import KEY, record, store_in

SECTOR_BYTES = 512
LOG_BYTES = CHECKPOINT_PAGES * WAL_FRAME_BYTES


def log_of(folder: Path) -> Path:
    return folder / "journal.db-wal"


def at_full_length(store: JournalStore) -> None:
    while store.log_is_short:
        store.lengthen_log()


def test_commits_into_a_log_of_full_length_do_not_make_it_longer(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    assert store.log_is_short
    at_full_length(store)
    assert log_of(tmp_path).stat().st_size == LOG_BYTES
    for round_no in range(3):
        for number in range(20):
            store.append([Batch(records=(record(20 * round_no + number, size=3000),))])
        assert store.wal_pages() > 0
        assert store.copy_log()
        assert store.wal_pages() == 0
    assert log_of(tmp_path).stat().st_size == LOG_BYTES
    assert not store.log_is_short


def test_the_zeros_behind_a_log_are_no_part_of_it(tmp_path: Path):
    """A kill leaves the file as it is; whoever opens it next, reader or writer, finds the last commit."""
    store = store_in(tmp_path)
    for number in range(1, 11):
        store.append([Batch(records=(record(number),))])
    at_full_length(store)
    store.append([Batch(records=(record(11),))])
    after = tmp_path / "after"
    after.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(tmp_path / name, after / name)
    assert store_in(after).head[:2] == (1, 11)


def test_a_log_cut_to_nothing_for_an_erasure_is_lengthened_again(tmp_path: Path):
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    at_full_length(store)
    assert store.checkpoint()
    assert (log_of(tmp_path).stat().st_size, store.log_is_short) == (0, True)
    at_full_length(store)
    store.append([Batch(records=(record(2),))])
    store.close()
    assert store_in(tmp_path).head[:2] == (1, 2)


def test_a_power_cut_while_an_old_round_is_overwritten_keeps_every_commit_before_it(tmp_path: Path):
    """Any sectors of the commit that was cut may have been kept, among frames of the round before."""
    store = store_in(tmp_path)
    for number in range(1, 41):
        store.append([Batch(records=(record(number, size=1500),))])
    assert store.copy_log()
    chance = random.Random(20261122)
    after = tmp_path / "after"
    for number in range(41, 61):
        before = log_of(tmp_path).read_bytes()
        store.append([Batch(records=(record(number, size=1500),))])
        written = log_of(tmp_path).read_bytes()
        for _ in range(4):
            shutil.rmtree(after, ignore_errors=True)
            after.mkdir()
            shutil.copy(tmp_path / "journal.db", after / "journal.db")
            log_of(after).write_bytes(torn(before, written, chance))
            found = store_in(after)
            assert found.head[0] == 1, "nothing was moved aside"
            assert found.head[1] in (number - 1, number)
            found.close()
            reader = JournalReader(after / "journal.db", KEY)
            assert not list(ChainVerifier().feed(reader.all_records_after(0, limit_rows=1000)))
            reader.close()


def torn(before: bytes, written: bytes, chance: random.Random) -> bytes:
    """Return what was written, with some sectors as they were before."""
    before = before.ljust(len(written), b"\0")
    return b"".join(
        chance.choice((before, written))[at : at + SECTOR_BYTES] for at in range(0, len(written), SECTOR_BYTES)
    )


def test_the_writer_lengthens_the_log_when_nobody_writes(tmp_path: Path):
    async def scenario() -> None:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: False)
        writer.start()
        await writer.commit(Batch(records=(record(1),)))
        async with asyncio.timeout(60):
            while await asyncio.to_thread(lambda: log_of(tmp_path).stat().st_size) < 2 * PIECE_BYTES:
                continue
        assert (await writer.commit(Batch(records=(record(2),)))).seqs == (2,)
        writer.close()

    asyncio.run(scenario())


def test_a_log_is_not_lengthened_where_there_is_no_room_or_no_file(tmp_path: Path):
    there = tmp_path / "log"
    there.write_bytes(b"x")
    more_than_any_disk = 2**60
    assert not LogFile(there, length_bytes=more_than_any_disk).lengthen()
    assert there.read_bytes() == b"x"
    assert not LogFile(tmp_path / "none", length_bytes=PIECE_BYTES).lengthen()
    assert not (tmp_path / "none").exists()

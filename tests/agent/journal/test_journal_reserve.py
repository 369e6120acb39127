"""A full disk: the journal goes on, on space that was kept back, and takes it again when there is room."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from pathlib import Path

import pytest

from agent.journal.database import JournalFullError
from agent.journal.reserve import Reserve
from agent.journal.writer import JournalWriter
from tests.agent.journal.writer_program import batch, store_in


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of six megabytes."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(tmp_path)], check=False)
    if done.returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_space_is_taken_given_up_once_and_taken_again(tmp_path):
    reserve = Reserve(tmp_path / "reserve", size_bytes=1024 * 1024)
    assert not reserve.release()
    assert reserve.refill()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1024 * 1024
    assert reserve.release()
    assert not reserve.release()
    assert not reserve.is_held
    assert reserve.refill()


def test_no_space_is_taken_where_little_is_free(small_disk):
    reserve = Reserve(small_disk / "reserve", size_bytes=3 * 1024 * 1024)
    assert not reserve.refill()
    assert not (small_disk / "reserve").exists()


def test_a_full_disk_commits_on_what_was_kept_back(small_disk):
    reserve = Reserve(small_disk / "reserve", size_bytes=1024 * 1024)
    assert reserve.refill()

    async def story() -> tuple[int, int]:
        writer = JournalWriter(store_in(small_disk), cut_is_held=lambda: False, reserve=reserve)
        writer.start()
        await writer.commit(batch(0))
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                continue
        committed: list[int] = []

        async def until_full() -> None:
            for number in range(1, 2_000):
                await writer.commit(batch(number))
                committed.append(number)

        with pytest.raises(JournalFullError):
            await until_full()
        held = reserve.is_held
        filler.unlink()
        await writer.commit(batch(5_000))
        assert reserve.refill()
        await asyncio.to_thread(writer.close)
        return len(committed), held

    done, held = asyncio.run(story())
    assert done > 20
    assert not held

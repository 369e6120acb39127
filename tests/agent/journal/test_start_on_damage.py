"""A page of the journal is damaged while the store is closed: core starts, and knows again what the journal still has."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from agent.core import take_over
from agent.journal.database import PAGE_BYTES
from agent.journal.reader import JournalReader
from tests.agent.core_house import Running, Tap, make_store, receipt


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_core_starts_on_any_damaged_page_and_knows_what_is_left(tmp_path, every):
    core = make_store(tmp_path / "state")

    async def morning() -> None:
        async with Running(core):
            tap = await Tap.connect(core)
            for number in range(12):
                await tap.print(receipt(number=number))
            tap.close()

    asyncio.run(morning())
    pristine = (tmp_path / "state" / "journal.db").read_bytes()
    for page in range(0, len(pristine) // PAGE_BYTES, every):
        folder = tmp_path / f"page{page}"
        shutil.copytree(tmp_path / "state", folder, ignore=shutil.ignore_patterns("*.sock", "*.db*"))
        damaged = bytearray(pristine)
        damaged[page * PAGE_BYTES + 777] ^= 1
        (folder / "journal.db").write_bytes(damaged)
        assert known_and_kept(folder)
        shutil.rmtree(folder)


def known_and_kept(folder) -> bool:
    """Start on a folder; return whether core knows exactly the sales that its journal still has."""
    core = make_store(folder)

    async def start() -> None:
        core.writer.start()
        await take_over(core)
        await asyncio.to_thread(core.writer.close)

    asyncio.run(start())
    reader = JournalReader(core.state.journal, core.keys.journal)
    sales = reader.sales_since("2000-01-01")
    reader.close()
    assert all(core.known.total(transaction_id) == total for transaction_id, total in sales)
    return core.writer.trouble is None

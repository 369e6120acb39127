"""A page of the journal is damaged while the store is closed: core starts, and knows again what the journal still has."""

from __future__ import annotations

import asyncio
import contextlib
import shutil

import pytest

from agent.bootstrap import Core
from agent.core import take_over
from agent.journal.database import PAGE_BYTES
from agent.journal.reader import JournalReader
from tests.agent.core_house import Running, Tap, make_store, receipt


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_core_starts_on_any_damaged_page_and_knows_what_is_left(tmp_path, every):
    sell_twelve(tmp_path / "state")
    pristine = (tmp_path / "state" / "journal.db").read_bytes()
    for page in range(0, len(pristine) // PAGE_BYTES, every):
        folder = tmp_path / f"page{page}"
        shutil.copytree(tmp_path / "state", folder, ignore=shutil.ignore_patterns("*.sock", "*.db*"))
        damaged = bytearray(pristine)
        damaged[page * PAGE_BYTES + 777] ^= 1
        (folder / "journal.db").write_bytes(damaged)
        assert known_and_kept(make_store(folder))
        shutil.rmtree(folder)


@pytest.mark.parametrize("damaged", [b"", b"{", b"null", b"\xff", b'{"hub_url": 5}'])
def test_core_starts_on_a_damaged_enrolment_and_knows_its_sales(tmp_path, damaged):
    sell_twelve(tmp_path)
    core = make_store(tmp_path)
    core.state.enrolled.write_bytes(damaged)
    assert known_and_kept(core)
    assert len(sales_of(core)) == 12
    assert [each["code"] for each in core.standing.report(core)["core"]["troubles"]] == ["enrolment"]


def sell_twelve(folder) -> None:
    """Let a store sell something, and close."""
    core = make_store(folder)

    async def morning() -> None:
        async with Running(core):
            tap = await Tap.connect(core)
            for number in range(12):
                await tap.print(receipt(number=number))
            tap.close()

    asyncio.run(morning())


def known_and_kept(core: Core) -> bool:
    """Start; return whether core knows exactly the sales that its journal still has."""

    async def start() -> None:
        core.writer.start()
        await take_over(core)
        await asyncio.to_thread(core.writer.close)

    asyncio.run(start())
    assert all(core.known.total(transaction_id) == total for transaction_id, total in sales_of(core))
    return core.writer.trouble is None


def sales_of(core: Core) -> list[tuple[str, str]]:
    """Return the business keys in the journal."""
    with contextlib.closing(JournalReader(core.state.journal, core.keys.journal)) as reader:
        return reader.sales_since("2000-01-01")

"""The end of the journal's writing thread: what came before it is on disk, what comes after it is told so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.journal.batch import Haste
from agent.journal.writer import JournalWriter
from retail.errors import TryAgainError
from tests.agent.journal.writer_program import batch, store_in


def test_what_comes_after_the_end_is_refused_and_not_left_waiting(tmp_path: Path):
    async def scenario() -> None:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: False)
        writer.start()
        patient = writer.hand_over(batch(0), haste=Haste.LATER)
        await asyncio.to_thread(writer.close)
        late = [writer.hand_over(batch(1)), writer.hand_over(batch(2), haste=Haste.LATER)]
        upkeep = asyncio.ensure_future(writer.run(lambda store: store.head))
        assert not (await patient).repeated
        async with asyncio.timeout(60):
            for each in (*late, upkeep):
                with pytest.raises(TryAgainError):
                    await each

    asyncio.run(scenario())

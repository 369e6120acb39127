"""A desk's link to its hub outlives whatever goes wrong on it: kiosk and the till's API run in the same process."""

from __future__ import annotations

import asyncio

import pytest

from agent.desk.hub_link import HubLink, run_hub_link
from retail.errors import TryAgainError
from tests.agent.core_house import make_store


class CoreThatFails:
    """Stands for a core, or anything below it, that answers with what nobody expected."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.was_asked = asyncio.Event()

    async def ask(self, what: str, **told: object) -> dict[str, object]:
        del what, told
        self.was_asked.set()
        raise self._error


@pytest.mark.parametrize(
    ("error", "code"), [(TryAgainError("core is away"), "try_again"), (ValueError("nobody foresaw it"), "defect")]
)
def test_what_goes_wrong_on_the_way_to_the_hub_is_told_and_tried_again(tmp_path, error, code):
    async def scenario() -> None:
        store = make_store(tmp_path)
        core = CoreThatFails(error)
        link = HubLink(state=store.state, config=store.config, control=core, wake=asyncio.Event())
        connected = asyncio.Event()
        connected.set()
        running = asyncio.create_task(run_hub_link(link, connected=connected))
        async with asyncio.timeout(60):
            await core.was_asked.wait()
        assert not running.done()
        assert link.report()["last_error_code"] == code
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scenario())

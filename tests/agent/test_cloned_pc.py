"""A PC whose disk was copied into another shop sends nothing in the first one's name."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from agent.config import parse_config
from agent.desk.hub_link import HubLink, _enrolment
from agent.enrolment import save_enrolled
from agent.state_dir import StateDir
from retail.errors import ConfigurationError
from sync.enrolled import Enrolled

ENROLLED = Enrolled(
    hub_url="https://hub.example", tenant="main", store="7781", agent="a1", epoch=1, hub_key=bytes(32),
    feed_key=bytes(32), pepper=bytes(32),
)  # fmt: skip
CONFIG = '[store]\nbusiness_unit_id = "4711"\ntimezone = "Europe/Berlin"\ncurrency = "EUR"\n'


class NoCore:
    """Nobody answers: the link must not come so far as to ask."""

    async def ask(self, operation: str, **details: object) -> dict[str, object]:
        raise AssertionError(operation)


def test_the_link_of_a_cloned_pc_stays_down_until_it_is_enrolled_where_it_stands(tmp_path):
    state = StateDir(tmp_path)
    state.create()
    link = HubLink(state=state, config=parse_config(CONFIG), control=NoCore(), wake=asyncio.Event())
    save_enrolled(state, ENROLLED)
    with pytest.raises(ConfigurationError) as refused:
        asyncio.run(_enrolment(link))
    assert refused.value.code == "other_store"
    assert "--store 4711" in refused.value.fix
    save_enrolled(state, replace(ENROLLED, store="4711", epoch=2))
    assert asyncio.run(_enrolment(link)).epoch == 2

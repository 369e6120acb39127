"""What doctor is tried on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.enrolment import save_enrolled
from tests.agent.upkeep.shop_at_rest import ENROLLED, NOW, Shop, free_port, http, open_journal, served


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served(b"\x12\x12") as printer, served(http(NOW)) as hub:
        made = Shop(tmp_path, free_port(), printer, hub)
        made.state.create()
        open_journal(made).close()
        save_enrolled(made.state, ENROLLED)
        yield made

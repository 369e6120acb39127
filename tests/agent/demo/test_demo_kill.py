"""Whether core died while a cut was held, told from four times."""

from pathlib import Path

import pytest

from agent.demo.sale import RegisterJob
from agent.demo.shop import Printed


@pytest.mark.parametrize(
    ("began", "killed", "printed", "held"),
    [
        (0.010, 0.011, 0.012, True),
        (0.010, 0.015, 0.012, True),  # let go before the killer was told that it had killed
        (0.010, 0.011, 0.055, True),  # the budget ran out, core long dead
        (0.010, 0.060, 0.055, False),  # the budget ran out; nobody knows which came first
        (0.020, 0.021, 0.012, False),  # printed before anybody was killed
        (None, None, 0.012, False),
    ],
)
def test_only_what_is_certain_counts(began: float | None, killed: float | None, printed: float, held: bool) -> None:
    seen = Printed(
        workstation_id="1",
        sent=RegisterJob(data=b"\x1dV\x00", cut_offsets=(0,)),
        arrived=b"\x1dV\x00",
        pictures=Path(),
        cut_sent_at_s=0.0,
        cut_printed_at_s=printed,
        kill_began_at_s=began,
        killed_at_s=killed,
        status_answer="16",
    )
    assert seen.was_killed_in_hold is held

"""Clocks twenty years off, in the real processes: order is by number, nothing is lost, the hub's time is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.programs import RealCore, RealHub, check_core, check_hub, running

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not here: apt-get install gcc libc6-dev"),
]
YEARS_20_S = 20 * 365 * 86_400
SOURCE = Path(__file__).with_name("false_clock.c")


def false_clock(folder: Path, off_s: int) -> dict[str, str]:
    """Return the environment of a program whose clock is off."""
    library = folder / "false_clock.so"
    if not library.exists():
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return {**os.environ, "LD_PRELOAD": str(library), "FALSE_CLOCK_S": str(off_s)}


def test_a_core_whose_clock_jumps_twenty_years_both_ways_keeps_its_order(tmp_path):
    (tmp_path / "disk").mkdir()
    core = RealCore(tmp_path, tmp_path / "disk")
    for name, off_s in (("today", 0), ("future", YEARS_20_S), ("past", -YEARS_20_S), ("back", 0)):
        with running(core.command, false_clock(tmp_path, off_s)) as process:
            assert core.until_up(process), name
            assert core.append(name)
    assert core.acknowledged == ["today", "future", "past", "back"]
    check_core(tmp_path / "disk", set(core.acknowledged))


@pytest.mark.slow  # in the quick tier agents meet a clock in 1970 at a hub in their own process
@pytest.mark.parametrize("off_s", [-YEARS_20_S, YEARS_20_S])
def test_a_hub_whose_clock_is_twenty_years_off_takes_each_sale_once(tmp_path, off_s):
    """The agent signs with the hub's time as soon as it has been told; sales keep their own."""
    (tmp_path / "disk").mkdir()
    hub = RealHub(tmp_path / "disk")
    variables = false_clock(tmp_path, off_s)
    code = hub.code(variables)
    with running(hub.command, variables, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        hub.enrol(url, code)
        hub.upload(url)
    with running(hub.command, stdout=subprocess.PIPE) as process:  # somebody has set the clock right
        url = hub.url_of(process)
        hub.upload(url)
    check_hub(tmp_path / "disk", set(hub.acknowledged))

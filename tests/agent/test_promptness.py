"""A program that a customer waits for asks for short turns at the processor, and loses nothing by asking."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from agent.promptness import SLICE_NS

ASK = """
import ctypes, os, platform, struct, sys
from agent.promptness import NICENESS, be_prompt
os.nice(3)
before = os.getpriority(os.PRIO_PROCESS, 0)
granted = be_prompt()
told = ctypes.create_string_buffer(56)
number = {"x86_64": 315, "aarch64": 275}.get(platform.machine())
if granted and number and ctypes.CDLL(None).syscall(number, 0, told, 56, 0) == 0:
    print(struct.unpack_from("=IIQiIQ", told)[5], os.getpriority(os.PRIO_PROCESS, 0) in (before, NICENESS), os.sched_getscheduler(0))
"""

WAIT = """
import os
from agent.promptness import be_patient, be_prompt
be_prompt()
before = os.getpriority(os.PRIO_PROCESS, 0)
be_patient()
print(os.sched_getscheduler(0) == os.SCHED_BATCH, os.getpriority(os.PRIO_PROCESS, 0) == before)
"""


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="short turns are Linux's")
def test_the_slice_is_what_was_asked_for_and_the_share_is_never_smaller() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    if not done.stdout or done.stdout.split()[0] == "0":
        pytest.skip("Linux before 6.12 has one slice for all")
    assert done.stdout.split() == [str(SLICE_NS), "True", str(os.SCHED_OTHER)]


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="batch work is Linux's")
def test_what_can_wait_interrupts_nobody_and_keeps_its_share() -> None:
    done = subprocess.run([sys.executable, "-c", WAIT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_where_the_system_knows_no_slices_nothing_happens() -> None:
    """Another system, or a processor whose call numbers are not known: asking is refused, not an error."""
    code = "import platform; platform.machine = lambda: 'pdp11'\nfrom agent.promptness import be_prompt; print(be_prompt())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

"""Lets a program that a customer waits for have the processor at once, and what nobody waits for leave it alone.

Linux gives whoever wakes up the processor when the running program's slice ends: 3 ms by default, which is longer than
a cut may be held. Since Linux 6.12 a program may ask for a shorter slice of its own: it then gets the processor sooner
and keeps it for a shorter time, its share stays the same, and no permission is needed. A machine whose other programs
are busy gave a waking process the processor after 4.5 ms (p90) without it and after 0.1 ms with it.

That is not enough: a program that has used up its short slice loses the processor to whoever wakes up next, for as
long as it takes to the next tick (4 ms). Programs and threads of ours that can wait are therefore batch work to Linux:
they get their share, and never take the processor from anybody by waking up.

Real-time scheduling would do more and is not used: a program of ours that ran wild would take the till's machine.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Mapping
from types import MappingProxyType

SLICE_NS = 100_000
"""The shortest slice that Linux grants: a tap works 50 us on a piece, so it is through before its turn is over."""

NICENESS = -5
"""Who has had more than their share waits for the others before they get the processor again, the sooner the larger
their share is: three times that of the till's program. The service's unit allows it (`LimitNICE`), root may anyhow."""

_SCHED_SETATTR: Mapping[str, int] = MappingProxyType({"x86_64": 314, "aarch64": 274, "riscv64": 274, "armv7l": 380})
"""The number of the system call by machine (arch/*/syscall.tbl); glibc has no name for it before 2.41."""

_ATTRIBUTES = struct.Struct("=IIQiIQQQ")  # sched_attr: size, policy, flags, nice, priority, runtime, deadline, period
_SCHED_OTHER = 0


def be_prompt() -> bool:
    """Ask for the shortest slice for this thread and all that it starts, and for a larger share where that is allowed.

    Returns whether the slice was granted. Where the system knows no such thing nothing changes. May be called between
    fork and exec.
    """
    number = _SCHED_SETATTR.get(platform.machine()) if sys.platform == "linux" else None
    if number is None:
        return False
    libc = ctypes.CDLL(None)
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    for asked in (min(niceness, NICENESS), niceness):
        attributes = _ATTRIBUTES.pack(_ATTRIBUTES.size, _SCHED_OTHER, 0, asked, 0, SLICE_NS, 0, 0)
        if libc.syscall(number, 0, ctypes.create_string_buffer(attributes), 0) == 0:
            return True
    return False


def be_patient() -> None:
    """Let this thread and all that it starts never interrupt another one; their share stays the same.

    Where the system knows no such thing nothing changes. May be called between fork and exec.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))

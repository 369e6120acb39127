"""Names of jobs: UUIDs of version 7 (RFC 9562), which sort by the millisecond in which the job began.

Core finds a job by its name in an index. Names that sort stand at its end, so that a commit writes a page that the one
before it wrote too; random ones write another page each, of an index that is as long as the captures are kept. A wrong
clock costs that and nothing else: 74 bits are random.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_MASK = ~(0xF << 76 | 0b11 << 62) & (1 << 80) - 1
_MILLISECONDS_MASK = (1 << 48) - 1


def new_job_id(now_ns: Callable[[], int] = time.time_ns) -> UUID:
    """Return a name that no other job has; `now_ns` tells nanoseconds since 1970."""
    began_ms = now_ns() // 1_000_000 & _MILLISECONDS_MASK
    random = int.from_bytes(os.urandom(10)) & _RANDOM_MASK
    return UUID(int=began_ms << 80 | _VERSION | _VARIANT | random)

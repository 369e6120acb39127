"""When core looks for cycles: while nobody waits for a receipt, and never at more than what twenty seconds leave.

Such a pass stops all of core, 0.15 to 0.2 us for each object it looks at. A sale leaves no cycle behind, but some fifty
objects that stay: what a member bought, their points, the sale's number. Left to itself the interpreter begins a pass
with the object that makes a number full, mostly within a hold, and every twenty such passes looks at all that stayed
since the last of these. Here it begins none.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

EVERY_S = 1.0  # twelve lanes leave a thousand objects in it
SOON_S = 0.02  # how soon to look again after a customer who waited: most cuts are over by then
PUT_OFF_MAX = 50  # looks: a thousand objects are not worth to be put off longer than a second
SETTLED_EVERY = 20  # passes; what is alive after a whole one is looked at no more


async def keep_collecting(
    is_waited_for: Callable[[], bool], *, every_s: float = EVERY_S, soon_s: float = SOON_S
) -> None:
    """Collect every second until cancelled; then the interpreter decides again."""
    gc.disable()
    passes = 0
    try:
        while True:
            await asyncio.sleep(every_s)
            for _ in range(PUT_OFF_MAX):
                if not is_waited_for():
                    break
                await asyncio.sleep(soon_s)
            passes += 1
            if passes % SETTLED_EVERY:
                gc.collect(0)
            else:
                gc.collect()
                settle_down()
    finally:
        gc.enable()


def settle_down() -> None:
    """Take everything made so far out of the collector's sight: nearly all of it lives as long as the process.

    What becomes a cycle of it later stays: of core's objects none does, but for what was just under way.
    """
    gc.freeze()

"""Where a hold goes: twelve workstations of `hold_at_cut.py` with stamps in tap and core, told stage by stage.

In one burst, nothing added to a sync: at a cable's pace the taps answer their cuts themselves, and nothing of this is
in a hold. Each stage's time is from the stage before it; the tenth percentile is nearest to a machine of its own.
Stamping costs some microseconds a stage. Ends within a minute.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from pathlib import Path

import bench_store
import harness
import hold_at_cut
import slow_sync

STAGES = (
    "tap has bytes",
    "tap has asked",
    "core has the cut",
    "document ended",
    "read",
    "answers",
    "tap has the answer",
    "tap looks through",
    "tap has written",
)
"""What a held cut passes through, in order."""

SECONDS = 10.0
RUNS = ((0, False),)  # nothing added to a sync, in one burst
CUSTOMERS = 20_000

Stamp = tuple[int, str]


def stamps_of(file: Path) -> list[Stamp]:
    """Return a process's stamps (ns, name), oldest first."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return sorted((int(at), name) for at, _, name in (line.partition(" ") for line in lines))


def held_cuts(tap: list[Stamp], core: list[Stamp]) -> list[list[Stamp]]:
    """Return the stamps of each cut, from the bytes that brought it to its having been written."""
    cuts = []
    for at, (written_ns, name) in enumerate(tap):
        if name != "tap has written":
            continue
        asked = max((place for place in range(at) if tap[place][1] == "tap has asked"), default=0)
        began = max((place for place in range(asked) if tap[place][1] == "tap has bytes"), default=0)
        within = [stamp for stamp in core if tap[asked][0] - 300_000 <= stamp[0] <= written_ns]
        answer = [stamp for stamp in tap[asked : at + 1] if stamp[1] in STAGES]
        cuts.append(sorted([tap[began], *answer, *within]))
    return cuts


def stage_times(cuts: list[list[Stamp]]) -> dict[str, list[float]]:
    """Return how long each stage took in each cut, in ms; what a stage shares with another lane's cut is left out."""
    took: dict[str, list[float]] = defaultdict(list)
    for cut in cuts:
        before_ns, rest = cut[0][0], cut
        for stage in STAGES[1:]:
            found = next((place for place, stamp in enumerate(rest) if stamp[1] == stage), None)
            if found is None:
                continue
            took[stage].append((rest[found][0] - before_ns) / 1e6)
            before_ns, rest = rest[found][0], rest[found:]
    return took


def measure(*, quick: bool) -> list[harness.Figure]:
    """Sell in a stamped store and return each stage's time."""
    del quick
    if not slow_sync.is_available():
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["HOLD_TRACE"] = name
        os.environ["PYTHONPATH"] = str(Path(__file__).with_name("traced"))
        lanes = hold_at_cut.WORKSTATIONS
        members = lanes * int(SECONDS)
        store = bench_store.make_store(folder, workstations=lanes, customers=CUSTOMERS, campaigns=1000, members=members)
        hold_at_cut.run_store(store, folder, slow_sync.build(folder), seconds=SECONDS, runs=RUNS)
        core = stamps_of(folder / "core.trace")
        cuts = [cut for lane in range(1, lanes + 1) for cut in held_cuts(stamps_of(folder / f"{lane}.trace"), core)]
    took = stage_times(cuts)
    return [
        harness.figure(f"{stage}, ms ({part})", harness.quantile(took[stage], share))
        for stage in STAGES[1:]
        if took[stage]
        for part, share in (("tenth percentile", 0.1), ("median", 0.5), ("p99", 0.99))
    ]


if __name__ == "__main__":
    harness.main("hold_trace", measure)

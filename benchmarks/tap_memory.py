"""A tap's memory over 100,000 receipts, a connection each: without a core, and with one that answers every cut.

Growth is counted from the hundredth part of the run, when every path has been taken once, to its end; the largest of
eleven looks stands beside it, so that a hill in between is seen. `--quick` prints 2,000 receipts.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import harness
from print_path_faults import core, print_job, printing, rss_mb, tap

LOOKS = 10
GROWTH_MAX_MB = 1.0
RSS_MAX_MB = 25.0


def measure(*, quick: bool) -> list[harness.Figure]:
    """Print, look, print."""
    jobs = 2_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder, printing() as (printer, port):
        socket_path = str(Path(folder) / "core.sock")
        with tap(port, printer) as process:
            alone = looks_over(jobs, lambda: print_job(port, printer), process.pid)
        with core(socket_path, "none"), tap(port, printer, agent=socket_path) as process:
            log = process.stderr
            assert log is not None
            os.set_blocking(log.fileno(), False)

            def print_and_read_log() -> None:
                print_job(port, printer)
                with contextlib.suppress(OSError):  # nothing was logged
                    os.read(log.fileno(), 65536)

            asked = looks_over(jobs, print_and_read_log, process.pid)
    return [*figures(f"{jobs} receipts, no core", alone), *figures(f"{jobs} receipts, every cut asked", asked)]


def looks_over(jobs: int, print_one: Callable[[], object], pid: int) -> list[float]:
    """Return the tap's resident memory in MB, first after a hundredth of the jobs, then after each tenth."""
    for _ in range(jobs // 100):
        print_one()
    looks = [rss_mb(pid)]
    for _ in range(LOOKS):
        for _ in range(jobs // LOOKS):
            print_one()
        looks.append(rss_mb(pid))
    return looks


def figures(what: str, looks: list[float]) -> Iterator[harness.Figure]:
    """Yield growth, hill and size."""
    grown = looks[-1] - looks[0]
    goal = f"<= {GROWTH_MAX_MB:g} MB"
    yield harness.figure(f"{what}: memory grown, MB", grown, goal=goal, holds=grown <= GROWTH_MAX_MB)
    yield harness.figure(f"{what}: most grown at any look, MB", max(looks) - looks[0])
    yield harness.figure(f"{what}: memory, MB", looks[-1], goal=f"<= {RSS_MAX_MB:g}", holds=looks[-1] <= RSS_MAX_MB)


if __name__ == "__main__":
    harness.main("tap_memory", measure)

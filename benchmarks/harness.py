"""What every benchmark shares: one shape of result, one command line, one description of the machine.

A benchmark is one promise. It is a module with a function that measures ours and a peer in the same run:

    def measure(*, quick: bool) -> list[Figure]: ...

    if __name__ == "__main__":
        harness.main("journal", measure)

and is run as `python benchmarks/journal.py [--json] [--quick]`. `--quick` ends within 30 s. Goals are never asserted:
a figure that misses its goal is printed as such (`holds` false), and the exit code stays 0, because a benchmark
reports; whoever reads it decides.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# `python benchmarks/NAME.py` puts benchmarks/ first on the path: the product lies one folder up.
ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured promise: ours beside the peer's.

    `what` carries the unit ("hold p50, us"); `peer` is None where nobody to compare with runs here;
    `ratio` is ours / peer; `goal` is the promise in words ("<= 0.5 x peer"); `holds` is None where the figure
    is only reported.
    """

    what: str
    ours: float
    peer: float | None
    peer_name: str
    ratio: float | None
    goal: str
    holds: bool | None


def figure(
    what: str,
    ours: float,
    peer: float | None = None,
    peer_name: str = "",
    *,
    goal: str = "reported only",
    holds: bool | None = None,
) -> Figure:
    """Return one figure; the ratio is computed here so that every table divides the same way round."""
    ratio = ours / peer if peer else None
    return Figure(
        what=what,
        ours=_short(ours),
        peer=None if peer is None else _short(peer),
        peer_name=peer_name,
        ratio=None if ratio is None else _short(ratio),
        goal=goal,
        holds=holds,
    )


def main(name: str, measure: Callable[..., Sequence[Figure]], argv: Sequence[str] | None = None) -> None:
    """Parse the command line, call `measure(quick=...)` and print what it found as a table or as JSON."""
    parser = argparse.ArgumentParser(description=(sys.modules[measure.__module__].__doc__ or name).strip())
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions; ends within 30 s")
    arguments = parser.parse_args(argv)
    figures = list(measure(quick=arguments.quick))
    result = {"name": name, "machine": machine(), "figures": [asdict(each) for each in figures]}
    if arguments.json:
        json.dump(result, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(f"{name} on {result['machine']}\n{table(figures)}\n")


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    rows = ["| what | ours | peer | ratio | goal | holds |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for each in figures:
        peer = "-" if each.peer is None else f"{each.peer:g} ({each.peer_name})"
        ratio = "-" if each.ratio is None else f"{each.ratio:g}"
        holds = {True: "yes", False: "NO", None: "-"}[each.holds]
        rows.append(f"| {each.what} | {each.ours:g} | {peer} | {ratio} | {each.goal} | {holds} |")
    return "\n".join(rows)


def quantile(samples: Sequence[float], fraction: float) -> float:
    """Return the sample at `fraction` of the ordered samples (0.5 the median, 0.99 the p99)."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def median_seconds(action: Callable[[], Any], *, repeats: int) -> float:
    """Return the median wall time of `action` in seconds after one unmeasured call."""
    action()
    samples = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        samples.append(time.perf_counter() - began)
    return statistics.median(samples)


def machine() -> str:
    """Describe what this runs on, without a name or a path: processor, cores, memory, system, Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, {_memory_gib():.0f} GiB, "
        f"{platform.system()} {platform.machine()}, {platform.python_implementation()} {platform.python_version()}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("model name")]
    return names[0] if names else "unknown processor"


def _memory_gib() -> float:
    if not hasattr(os, "sysconf"):
        return 0.0
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) / 2**30


def _short(value: float) -> float:
    """Return four significant digits: a measurement knows no more."""
    return float(f"{value:.4g}")

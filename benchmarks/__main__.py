"""Run all benchmarks, one after the other: `python benchmarks [--quick] [NAME ...]` (`make bench`).

Each runs in a process of its own, so that none warms another's caches. Writes `benchmarks/results/NAME.json` and the
table `benchmarks/results/README.md`. A benchmark that fails or exceeds its time is named, and the exit code is 1; a
figure that misses its goal is printed as such and is no failure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"
NOT_BENCHMARKS = {"__main__", "harness", "other_lanes", "hold_floor", "bare_proxy", "naive_proxy"}  # others run these
QUICK_TIMEOUT_S = 120  # --quick promises 30 s on an idle machine
FULL_TIMEOUT_S = 1800  # the 10-million-customer ones build their data first

sys.path.insert(0, str(FOLDER))
from harness import Figure, machine, table  # noqa: E402 - beside this file, not in a package


def main() -> int:
    """Run what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Run the benchmarks and write their results.")
    parser.add_argument("names", nargs="*", help="all when none is named")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, 30 s each")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    failed = [name for name in arguments.names or names() if not run(name, quick=arguments.quick)]
    write_table()
    for name in failed:
        sys.stderr.write(f"failed: python benchmarks/{name}.py\n")
    return 1 if failed else 0


def names() -> list[str]:
    """Return the names of all benchmarks: scripts here that say `harness.main` or `main(`."""
    scripts = sorted(path for path in FOLDER.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    return [path.stem for path in scripts if "__main__" in path.read_text(encoding="utf-8")]


def run(name: str, *, quick: bool) -> bool:
    """Run one benchmark and keep its result; tell whether it ended well."""
    sys.stderr.write(f"benchmark {name} ...\n")
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--json", *(["--quick"] if quick else [])]
    timeout_s = QUICK_TIMEOUT_S if quick else FULL_TIMEOUT_S
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
        result = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        sys.stderr.write(f"{name}: {type(error).__name__}\n")
        return False
    if done.returncode:
        sys.stderr.write(done.stderr)
        return False
    result["quick"] = quick
    (RESULTS / f"{name}.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(section(result) + "\n")
    return True


def write_table() -> None:
    """Write the table of everything in `results/`."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    head = f"# Benchmarks\n\nWritten by `make bench`, last on {machine()}.\n\n"
    text = head + "\n".join(section(result) for result in results)
    (RESULTS / "README.md").write_text(text.rstrip() + "\n", encoding="utf-8")
    missed = sum(figure["holds"] is False for result in results for figure in result["figures"])
    sys.stdout.write(f"{len(results)} benchmarks, {missed} figures miss their goal\n")


def section(result: dict[str, Any]) -> str:
    """Return one benchmark's part of the table."""
    figures = [Figure(**figure) for figure in result["figures"]]
    kind = " (quick)" if result.get("quick") else ""
    return f"## {result['name']}{kind}\n\n{result['machine']}\n\n{table(figures)}\n"


if __name__ == "__main__":
    sys.exit(main())

"""The long tier (`make soak`): everything marked `slow`, under one seed; the result is written to `docs/soak/`.

`python tests/long_tier.py [--seed N]`: the seed reaches the tests as `TILLSTREAM_SEED` and hypothesis as its own; a
failure is repeated by giving the same seed on the same commit.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "soak"
SEED_BITS = 32


def main() -> int:
    """Run, write, return pytest's exit code."""
    parser = argparse.ArgumentParser(description="Run the long tier and write its result.")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run; else drawn")
    parser.add_argument("tests", nargs="*", help="only these")
    arguments = parser.parse_args()
    seed = secrets.randbits(SEED_BITS) if arguments.seed is None else arguments.seed
    began_s, began_at = time.monotonic(), datetime.now(UTC)
    report = ROOT / ".pytest_cache" / "long_tier.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "slow",
        "-q",
        f"--junitxml={report}",
        f"--hypothesis-seed={seed}",
    ]
    done = subprocess.run(
        [*command, *arguments.tests], cwd=ROOT, env={**os.environ, "TILLSTREAM_SEED": str(seed)}, check=False
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{began_at:%Y-%m-%d-%H%M}.md"
    path.write_text(page(report, seed=seed, began_at=began_at, took_s=time.monotonic() - began_s), encoding="utf-8")
    sys.stdout.write(f"written to {path.relative_to(ROOT)}; repeat with: make soak SEED={seed}\n")
    return done.returncode


def page(report: Path, *, seed: int, began_at: datetime, took_s: float) -> str:
    """Return the page that tells of one run."""
    lines = [
        f"# Long tier of {began_at:%Y-%m-%d %H:%M} UTC",
        "",
        f"commit `{commit()}`, seed `{seed}`, {took_s / 60:.1f} minutes",
        "",
        "| test | seconds | result |",
        "| --- | ---: | --- |",
    ]
    for case in ET.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name', '')}"
        lines.append(f"| {re.sub('[|]', ' ', name)} | {float(case.get('time', 0)):.1f} | {result_of(case)} |")
    return "\n".join(lines) + "\n"


def result_of(case: ET.Element) -> str:
    """Return what became of one test."""
    for kind, word in (("failure", "FAILED"), ("error", "ERROR"), ("skipped", "skipped")):
        if (found := case.find(kind)) is not None:
            reason = (found.get("message") or "").splitlines()
            return f"{word}: {reason[0][:120].replace('|', ' ')}" if reason else word
    return "passed"


def commit() -> str:
    """Return the commit under test, marked when the tree has changes."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())

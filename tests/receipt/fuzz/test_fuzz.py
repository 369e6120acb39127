"""The long tier: a million inputs against each part that reads print jobs (`make soak`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUNS = 1_000_000
INPUT_BYTES_MAX = 40  # several commands, or a receipt by pieces; longer inputs find nothing that these do not, slowly
TARGETS = ("tokens", "paper", "render", "reading")


def seeds_of(corpus: Path, folder: Path) -> None:
    """Write a piece of every job of the corpus, with the bytes that choose how it is read."""
    folder.mkdir()
    for number, job in enumerate(sorted((corpus / "print_jobs").rglob("*.bin"))):
        data = job.read_bytes()
        start = number * 37 % max(1, len(data) - INPUT_BYTES_MAX)
        (folder / job.name).write_bytes(bytes((number % 24, number % 64)) + data[start : start + INPUT_BYTES_MAX - 2])


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_a_million_inputs_raise_nothing_and_lose_nothing(target: str, tmp_path: Path, corpus: Path) -> None:
    pytest.importorskip("atheris", reason="pip install atheris")
    seeds = tmp_path / "seeds"
    seeds_of(corpus, seeds)
    script = Path(__file__).with_name(f"fuzz_{target}.py")
    seed = os.environ.get("TILLSTREAM_SEED", "0")
    done = subprocess.run(
        [
            sys.executable,
            str(script),
            f"-runs={RUNS}",
            f"-max_len={INPUT_BYTES_MAX}",
            f"-seed={seed}",
            f"-artifact_prefix={tmp_path}/",
            str(seeds),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]

"""The pages' own modules: their tables run in node, their types hold."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TSC = ROOT / "node_modules" / ".bin" / "tsc"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is missing: apt-get install nodejs")
def test_the_tables_hold_in_node():
    environment = {**os.environ, "NODE_OPTIONS": ""}
    done = subprocess.run(
        ["node", "--test", *map(str, sorted((ROOT / "tests" / "kiosk").glob("*.test.mjs")))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "# fail 0" in done.stdout
    assert "# pass 0" not in done.stdout


@pytest.mark.skipif(not TSC.exists(), reason="typescript is missing: npm ci")
def test_the_types_hold():
    done = subprocess.run(
        [str(TSC), "--project", "kiosk/jsconfig.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout

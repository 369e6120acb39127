"""The models of upload, leases and lent blocks, tried in every state by spin; with a mistake planted they must be found wrong."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
DEPTH_MAX = 200_000
WITHIN_S = 240  # ten times what a free core needs

pytestmark = [
    pytest.mark.skipif(shutil.which("spin") is None, reason="needs Debian's spin: sudo apt-get install spin"),
    pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc: sudo apt-get install gcc libc6-dev"),
]


def tried(folder: Path, model: str, *flags: str) -> str:
    """Return what the exhaustive search of a model says; a search that was cut short is no search."""
    (folder / "model.pml").write_text((FOLDER / model).read_text("utf-8"), "utf-8")
    for command in (["spin", *flags, "-a", "model.pml"], ["gcc", "-O1", "-w", "-DSAFETY", "-o", "pan", "pan.c"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WITHIN_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        ["./pan", f"-m{DEPTH_MAX}"], cwd=folder, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert "max search depth too small" not in done.stdout
    assert "out of memory" not in done.stdout
    return done.stdout


@pytest.mark.parametrize("model", ["sync.pml", "leases.pml", "lending.pml"])
def test_no_state_of_the_protocol_breaks_its_promise(tmp_path: Path, model: str) -> None:
    assert "errors: 0" in tried(tmp_path, model)


@pytest.mark.parametrize(
    ("model", "mistake"),
    [
        ("sync.pml", "-DCURSOR_FIRST"),
        ("sync.pml", "-DNO_HASH"),
        ("leases.pml", "-DFORGETFUL"),
        ("leases.pml", "-DLATE_BURN"),
        ("lending.pml", "-DNO_TAKING_BACK"),
        ("lending.pml", "-DBY_WORD"),
        ("lending.pml", "-DCHANGE_FIRST"),
    ],
)
def test_a_planted_mistake_is_found(tmp_path: Path, model: str, mistake: str) -> None:
    found = tried(tmp_path, model, mistake)
    assert "errors: 1" in found
    assert "assertion violated" in found

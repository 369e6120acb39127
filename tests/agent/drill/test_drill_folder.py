"""Where stories are told: nothing stays behind, and nobody else's story is touched."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.drill.folder import HELD, PREFIX, remove_forsaken, story_folder

HOLDS = """
import sys
from pathlib import Path
from agent.drill.folder import story_folder
with story_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows clears its own temporary folders")


def test_a_folder_is_gone_when_its_story_is_told(tmp_path):
    with story_folder(tmp_path) as folder:
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
def test_what_a_killed_drill_left_is_removed_by_the_next_and_what_runs_is_left_alone(tmp_path):
    drill = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert drill.stdout is not None
        folder = drill.stdout.readline().strip()
        assert remove_forsaken(tmp_path) == 0
        assert Path(folder).is_dir()
    finally:
        drill.send_signal(signal.SIGKILL)
        drill.communicate()
    assert remove_forsaken(tmp_path) == 1
    assert not Path(folder).exists()


def test_a_folder_whose_lock_is_still_to_come_is_left_alone(tmp_path):
    (tmp_path / f"{PREFIX}new").mkdir()
    assert remove_forsaken(tmp_path) == 0


def test_what_is_not_a_drills_is_never_touched(tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / HELD).write_bytes(b"")
    assert remove_forsaken(tmp_path) == 0
    assert other.is_dir()

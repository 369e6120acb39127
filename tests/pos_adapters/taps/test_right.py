"""The pipe that holds the right to a lent block: whose it is, and that no name of it stays behind."""

from __future__ import annotations

import os
import resource
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pos_adapters.taps.right import FOLDER, PREFIX, Right, forget_left_behind

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="nothing is lent where there is no folder in memory")


def made() -> Right:
    right = Right.made()
    assert right is not None
    return right


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_who_reads_the_number_has_the_right_and_nobody_else():
    tap = made()
    told = Path(tap.path).lstat()
    assert (stat.S_ISFIFO(told.st_mode), stat.S_IMODE(told.st_mode)) == (True, 0o600)
    core = Right.named(tap.path)
    assert core is not None
    assert not Path(tap.path).exists(), "nobody else can open it from here on"
    assert Right.named(tap.path) is None
    assert core.give(7)
    assert (tap.take(), core.take()) == (7, None)
    tap.close()
    core.close()


def test_ten_thousand_connections_leave_no_descriptor_and_no_name():
    before = open_descriptors()
    for number in range(10_000):
        tap = made()
        core = Right.named(tap.path) if number % 2 else None
        tap.close()
        if core is not None:
            core.close()
        assert not Path(tap.path).exists()
    assert open_descriptors() == before


def test_a_pipe_that_cannot_be_opened_leaves_no_name(tmp_path: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        right = Right.made(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert right is None
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_there_is_no_pipe(tmp_path: Path):
    assert Right.made(tmp_path / "absent") is None


def test_core_opens_nothing_but_a_taps_pipe(tmp_path: Path):
    elsewhere = tmp_path / f"{PREFIX}1"
    os.mkfifo(elsewhere)
    another = FOLDER / f"another-programs-{os.urandom(8).hex()}"
    os.mkfifo(another)
    link, file = FOLDER / f"{PREFIX}{os.urandom(8).hex()}", FOLDER / f"{PREFIX}{os.urandom(8).hex()}"
    link.symlink_to(another)
    file.touch()
    try:
        for path in (elsewhere, another, link, file, FOLDER / "..", Path()):
            assert Right.named(str(path)) is None
        assert all(path.exists() for path in (elsewhere, another, link, file))
    finally:
        for path in (another, link, file):
            path.unlink()


def test_names_that_a_killed_tap_left_behind_go_and_all_else_stays(tmp_path: Path):
    now = datetime.now(UTC)
    left, new, file, another = (tmp_path / name for name in (f"{PREFIX}1", f"{PREFIX}2", f"{PREFIX}3", "other"))
    for path in (left, new, another):
        os.mkfifo(path)
    file.touch()
    long_ago = (now - timedelta(minutes=2)).timestamp()
    for path in (left, file, another):
        os.utime(path, (long_ago, long_ago))
    forget_left_behind(now, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted((new, file, another))

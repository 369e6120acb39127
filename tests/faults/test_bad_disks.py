"""Disks that fill up, turn read-only, fail at a sync or lose their power, under the real core and the real hub."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.demo.processes import wait_until
from retail.errors import TillstreamError
from tests.faults.programs import RealCore, RealHub, check_core, check_hub, running

pytestmark = pytest.mark.real
EXT4_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
EXT4_BYTES = 64 * 1024 * 1024
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here: apt-get install strace")


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount something at `folder`/disk; skips where this is not allowed."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(disk)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mounting needs root: {done.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def fill(disk: Path) -> Path:
    """Leave no byte free."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            continue
    return filler


def test_a_full_disk_stops_acknowledgements_and_nothing_else(tmp_path):
    """Core goes on answering, says disk_full, and takes up work again when there is room; nobody restarts it."""
    with mounted(tmp_path, "-t", "tmpfs", "-o", "size=3m", "tmpfs") as disk:
        core = RealCore(tmp_path, disk)
        with running(core.command) as process:
            assert core.until_up(process)
            assert core.append("before")
            filler = fill(disk)
            for number in range(200):
                core.append(f"full-{number}")
            assert core.refused
            assert set(core.refused) <= {"disk_full", "disk_error"}
            assert core.is_up()
            filler.unlink()
            assert core.append("after")
            assert process.poll() is None
        check_core(disk, set(core.acknowledged))


def test_a_full_disk_of_a_hub_is_told_as_passing_and_everything_arrives_afterwards(tmp_path):
    with mounted(tmp_path, "-t", "tmpfs", "-o", "size=4m", "tmpfs") as disk:
        hub = RealHub(disk)
        code = hub.code()
        with running(hub.command, stdout=subprocess.PIPE) as process:
            url = hub.url_of(process)
            hub.enrol(url, code)
            hub.upload(url)
            filler = fill(disk)
            with pytest.raises(TillstreamError) as refused:
                hub.upload(url, sales=900)
            assert refused.value.code == "database_away"
            filler.unlink()
            hub.send_all(url)
            assert process.poll() is None
        check_hub(disk, set(hub.acknowledged))


def test_a_read_only_disk_refuses_and_recovers(tmp_path):
    """A file system that the kernel remounts read-only after an error, and a technician writable again."""
    with ext4(tmp_path) as image, mounted(tmp_path, "-o", "loop", str(image)) as disk:
        core = RealCore(tmp_path, disk)
        with running(core.command) as process:
            assert core.until_up(process)
            assert core.append("before")
            turned = subprocess.run(["mount", "-o", "remount,abort", str(disk)], check=False, capture_output=True)
            if turned.returncode != 0:
                pytest.skip(f"remounting is not possible here: {turned.stderr.decode().strip()}")
            assert not core.append("read-only")
            assert process.poll() is None
            assert core.is_up()
        acknowledged = set(core.acknowledged)
    with mounted(tmp_path, "-o", "loop", str(image)) as disk:
        check_core(disk, acknowledged)


@pytest.mark.parametrize("round_no", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in range(1, 8))])
def test_an_ext4_disk_that_loses_its_power_keeps_what_was_acknowledged(tmp_path, round_no):
    """The kernel's own file system, shut down without flushing its log while core commits; then mounted again."""
    with ext4(tmp_path) as image, mounted(tmp_path, "-o", "loop", str(image)) as disk:
        core = RealCore(tmp_path, disk)
        with running(core.command) as process:
            assert core.until_up(process)
            for number in range(20 + 30 * round_no):
                assert core.append(str(number))
            cut_power(disk)
            core.append("never")
        acknowledged = set(core.acknowledged) - {"never"}
        assert "never" not in core.acknowledged
    with mounted(tmp_path, "-o", "loop", str(image)) as disk:
        check_core(disk, acknowledged)


@contextlib.contextmanager
def ext4(folder: Path) -> Iterator[Path]:
    """Make a file system in a file; skips where there is nothing to make one with."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not here: apt-get install e2fsprogs")
    image = folder / "image"
    image.write_bytes(b"")
    os.truncate(image, EXT4_BYTES)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    yield image


@pytest.mark.parametrize("round_no", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in range(1, 6))])
def test_an_ext4_disk_of_a_hub_that_loses_its_power_keeps_what_was_acknowledged(tmp_path, round_no):
    with ext4(tmp_path) as image, mounted(tmp_path, "-o", "loop", str(image)) as disk:
        hub = RealHub(disk)
        code = hub.code()
        with running(hub.command, stdout=subprocess.PIPE) as process:
            url = hub.url_of(process)
            hub.enrol(url, code)
            for _ in range(1 + 10 * round_no):
                hub.upload(url)
            cut_power(disk)
            with pytest.raises(TillstreamError):
                hub.upload(url)
    with mounted(tmp_path, "-o", "loop", str(image)) as disk:
        with running(hub.command, stdout=subprocess.PIPE) as process:
            hub.send_all(hub.url_of(process))
        check_hub(disk, set(hub.acknowledged))


@pytest.mark.slow
def test_a_read_only_disk_of_a_hub_refuses_and_everything_arrives_afterwards(tmp_path):
    with ext4(tmp_path) as image, mounted(tmp_path, "-o", "loop", str(image)) as disk:
        hub = RealHub(disk)
        code = hub.code()
        with running(hub.command, stdout=subprocess.PIPE) as process:
            url = hub.url_of(process)
            hub.enrol(url, code)
            hub.upload(url)
            turned = subprocess.run(["mount", "-o", "remount,abort", str(disk)], check=False, capture_output=True)
            if turned.returncode != 0:
                pytest.skip(f"remounting is not possible here: {turned.stderr.decode().strip()}")
            with pytest.raises(TillstreamError) as refused:
                hub.upload(url)
            assert refused.value.code == "database_away"
            assert process.poll() is None
    with mounted(tmp_path, "-o", "loop", str(image)) as disk:
        with running(hub.command, stdout=subprocess.PIPE) as process:
            hub.send_all(hub.url_of(process))
        check_hub(disk, set(hub.acknowledged))


def cut_power(disk: Path) -> None:
    """Shut the file system down as a power cut does; skips where the kernel does not know how."""
    handle = os.open(disk, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, EXT4_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    except OSError as error:
        pytest.skip(f"this kernel has no EXT4 shutdown: {error}")
    finally:
        os.close(handle)


@needs_strace
def test_a_core_whose_syncs_fail_acknowledges_nothing_until_they_work(tmp_path):
    """fdatasync and fsync answer EIO for a while. What was refused may be there or not; what was acknowledged is."""
    (tmp_path / "disk").mkdir()
    core = RealCore(tmp_path, tmp_path / "disk")
    calls = "fsync,fdatasync"
    failing = (
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:error=EIO:when=18..24",
    )
    with running([*failing, *core.command]) as process:
        assert core.until_up(process)
        for number in range(40):
            core.append(str(number))
    assert core.refused
    assert set(core.refused) <= {"disk_error", "journal_broken"}
    assert core.acknowledged
    check_core(tmp_path / "disk", set(core.acknowledged))


@pytest.mark.slow
@needs_strace
def test_a_hub_whose_syncs_fail_acknowledges_nothing_until_they_work(tmp_path):
    (tmp_path / "disk").mkdir()
    hub = RealHub(tmp_path / "disk")
    code = hub.code()
    calls = "fsync,fdatasync"
    hub.before = (
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:error=EIO:when=12..14",
    )
    refused = []
    with running(hub.command, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        hub.enrol(url, code)
        for _ in range(10):
            try:
                hub.upload(url)
            except TillstreamError as error:
                refused.append(error.code)
                with contextlib.suppress(TillstreamError):
                    hub.send_all(url)
        wait_until("all is uploaded", lambda: _goes_through(hub, url), timeout_s=60)  # each thread has three bad syncs
    check_hub(tmp_path / "disk", set(hub.acknowledged))


def _goes_through(hub: RealHub, url: str) -> bool:
    try:
        hub.send_all(url)
    except TillstreamError:
        return False
    return True

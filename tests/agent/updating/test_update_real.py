"""The real supervisor and core under a launcher that something keeps up: an update that holds, one that dies, a full disk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.updating.applying import apply
from agent.updating.slots import Slots
from retail.errors import TillstreamError
from tests.agent.updating.update_house import ROOT, Chain, Shop, program

pytestmark = pytest.mark.real

PATIENCE_S = 120.0  # only a failing test waits so long
PROGRAM = f'exec "{sys.executable}" -m agent "$@"'
CONFIG = """
[store]
business_unit_id = "7781"
timezone = "Europe/Berlin"
currency = "EUR"
[agent]
state_dir = "state"
[desk]
listen = "127.0.0.1:0"
[update]
url = "{url}"
ready_within_s = 120
"""


def real_program(version: str, start: str = PROGRAM) -> bytes:
    return program(version, body=f'if [ "$1" != version ]; then {start}; fi')


class Store:
    """A store whose service manager is a loop: what ends is started again, by the package's launcher."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = Chain(folder / "chain")
        self.chain.repository.init()
        self.environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        base = folder / "base"
        base.mkdir()
        (base / "tillstream").write_text(f"#!/bin/sh\n{PROGRAM}\n")
        (base / "tillstream").chmod(0o755)
        text = (ROOT / "installer/debian/launcher").read_text("utf-8")
        text = text.replace("/usr/lib/tillstream/base", str(base))
        (folder / "launcher").write_text(text.replace("/var/lib/tillstream/slots", str(self.slots.root)))
        (folder / "agent.toml").write_text(CONFIG.format(url=self.chain.releases.as_uri()), "utf-8")
        (folder / "update-root.json").write_bytes(self.chain.repository.first_root.read_bytes())

    @property
    def slots(self) -> Slots:
        return Slots(self.folder / "state" / "slots")

    @contextmanager
    def running(self) -> Iterator[None]:
        loop = f"until [ -e stop ]; do sh launcher agent run --config agent.toml || :; done 2>>{self.folder}/log"
        manager = subprocess.Popen(["sh", "-c", loop], cwd=self.folder, env=self.environment)
        try:
            self.until_up()
            yield
        finally:
            (self.folder / "stop").touch()
            while manager.poll() is None:
                self.end_agent()
                try:
                    manager.wait(1)
                except subprocess.TimeoutExpired:
                    continue

    def until_up(self) -> None:
        """Wait until core answers: its socket is there and takes a connection."""
        address = str(self.folder / "state" / "control.sock")
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                if link.connect_ex(address) == 0:
                    return
            subprocess.run(["true"], check=True)  # the time a process takes
        raise AssertionError((self.folder / "log").read_text())

    def end_agent(self) -> None:
        try:
            os.kill(json.loads((self.folder / "state" / "supervisor.json").read_text())["pid"], 15)
        except (OSError, ValueError, KeyError):
            return

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agent", *words, "--config", "agent.toml"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=self.environment
        )

    def update(self, *words: str) -> dict[str, str]:
        done = self.command("update", *words, "--json")
        assert done.stdout, done.stderr
        told: dict[str, str] = json.loads(done.stdout)
        return told


def test_a_real_agent_confirms_a_good_update_and_is_put_back_from_one_that_dies(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.running():
        store.chain.release("7.0.0", archive=real_program("7.0.0"))
        done = store.update("--apply", "--now")
        assert (done["state"], done["version"]) == ("applied", "7.0.0")
        assert (store.slots.current, store.slots.trial) == ("a", None)
        store.chain.release("8.0.0", archive=real_program("8.0.0", "exit 1"))
        done = store.update("--apply", "--now")
        assert (done["state"], done["version"]) == ("taken_back", "7.0.0")
        store.until_up()
        assert store.slots.refused[-1]["version"] == "8.0.0"
        assert store.update("--rollback")["state"] == "rolled_back"
        assert store.slots.current == "base"


def test_a_disk_that_is_full_or_fills_in_the_middle_costs_the_update_and_nothing_else(tmp_path: Path) -> None:
    chain = Chain(tmp_path / "chain")
    chain.repository.init()
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(disk)], check=False, capture_output=True
    ).returncode:
        pytest.skip("mounting needs root")
    try:
        shop = Shop(disk, chain)
        chain.release("0.2.0")
        apply(shop.house)
        chain.release("0.3.0", size=40_000_000)
        with pytest.raises(TillstreamError) as refused:
            apply(shop.house)
        assert (refused.value.code, "free" in refused.value.fix) == ("update_disk", True)
        liar = chain.repository
        targets = liar._newest("targets")
        name = next(each for each in targets.signed.targets if each.startswith("channels/"))
        told = json.loads((chain.releases / "targets" / "channels").joinpath(
            f"{targets.signed.targets[name].hashes['sha256']}.{name.rpartition('/')[2]}").read_bytes())  # fmt: skip
        # The room was looked at and somebody else took it since: what the release says is as if it fitted.
        liar._put(targets.signed, name, json.dumps({**told, "unpacked_bytes": 1000}).encode())
        liar._publish(targets)
        filler = disk / "filler"
        filler.write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - 20_000_000))
        with pytest.raises(TillstreamError) as refused:
            apply(shop.house)
        assert refused.value.code in {"update_disk", "bad"}
        assert list((disk / "updates" / "download").iterdir()) == []
        assert shop.boot() == "0.2.0"
        filler.unlink()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)

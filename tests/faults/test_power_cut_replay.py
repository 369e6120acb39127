"""The power fails at any moment: the real processes' own writes, replayed to every state a bad disk could be left in."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.control.call import ask_core
from agent.demo.processes import wait_until
from tests.faults.programs import WITHIN_S, RealCore, RealHub, check_core, check_hub, running
from tests.faults.write_log import Cut, Disk, Step, What, build, environment, read, steps_in, write_image

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not here: apt-get install gcc libc6-dev"),
]
STEPS_QUICK = 9  # of several hundred, three states each; the long tier takes all of them, with many draws each
SEED = int(os.environ.get("TILLSTREAM_SEED", "7"))


@dataclass
class Story:
    """What a process did, and after how many steps each thing was acknowledged."""

    steps: list[Step] = field(default_factory=list)
    acknowledged: list[tuple[int, str]] = field(default_factory=list)

    def owed(self, after: int) -> set[str]:
        """Return what had been acknowledged when so many steps were done."""
        return {name for at, name in self.acknowledged if at <= after}

    def note(self, log: Path, names: list[str]) -> None:
        """Note what has been acknowledged by now."""
        known = {name for _, name in self.acknowledged}
        now = steps_in(log)
        self.acknowledged += [(now, name) for name in names if name not in known]


def core_story(folder: Path) -> Story:
    """Run a real core twice: commits, a backup, a clean end; then commits into a log made longer, and a kill."""
    root, log, story = folder / "disk", folder / "log", Story()
    root.mkdir()
    core = RealCore(folder, root)
    variables = environment(build(folder), root=root, log=log)
    for round_no, end in enumerate((signal.SIGTERM, signal.SIGKILL)):
        with running(core.command, variables) as process:
            assert core.until_up(process)
            if round_no == 1:
                wait_until("the log is longer", core.has_long_log, timeout_s=WITHIN_S)
            for number in range(8):
                assert core.append(f"{round_no}-{number}")
                story.note(log, core.acknowledged)
            if round_no == 0:
                ask_core(core.state.control_socket, "backup")
            process.send_signal(end)
            process.wait(WITHIN_S)
    story.steps = read(log)
    return story


def hub_story(folder: Path) -> Story:
    """Run a real hub on SQLite: an enrolment and uploads, a clean end; then more uploads and a kill."""
    root, log, story = folder / "disk", folder / "log", Story()
    root.mkdir()
    hub = RealHub(root)
    variables = environment(build(folder), root=root, log=log)
    code = hub.code(variables)
    for round_no, end in enumerate((signal.SIGTERM, signal.SIGKILL)):
        with running(hub.command, variables, stdout=subprocess.PIPE) as process:
            url = hub.url(process)
            if round_no == 0:
                hub.enrol(url, code)
                story.note(log, hub.acknowledged)
            for _ in range(4):
                hub.upload(url)
                story.note(log, hub.acknowledged)
            process.send_signal(end)
            process.wait(WITHIN_S)
    story.steps = read(log)
    return story


def states(story: Story, *, count: int | None, draws: int) -> Iterator[tuple[int, Cut, dict[str, bytes | None]]]:
    """Yield (steps done, cut, image), what comes again only with more acknowledged; `count` None yields every step."""
    chance = random.Random(SEED)
    total = len(story.steps)
    wanted = set(range(1, total + 1)) if count is None else set(chance.sample(range(1, total + 1), min(count, total)))
    disk = Disk()
    tried: set[bytes] = set()
    for done, step in enumerate(story.steps, 1):
        disk.carry_out(step)
        if done not in wanted:
            continue
        owed = len(story.owed(done))
        for cut in (Cut.EVERYTHING, Cut.NOTHING, *[Cut.TORN] * draws):
            image = disk.image(cut, chance)
            state = fingerprint(image, owed)
            if state not in tried:
                tried.add(state)
                yield done, cut, image


def fingerprint(image: dict[str, bytes | None], owed: int) -> bytes:
    """Return what tells one state from another: between two syncs many are the same."""
    found = hashlib.blake2b(str(owed).encode(), digest_size=16)
    for path, data in sorted(image.items()):
        size = "folder" if data is None else str(len(data))
        found.update(f"{path}\0{size}\0".encode() + (data or b""))
    return found.digest()


@pytest.fixture(scope="module")
def stories(tmp_path_factory) -> Callable[[str], Story]:
    made: dict[str, Story] = {}

    def story_of(name: str) -> Story:
        if name not in made:
            made[name] = {"core": core_story, "hub": hub_story}[name](tmp_path_factory.mktemp(name))
        return made[name]

    return story_of


CHECKS = {"core": check_core, "hub": check_hub}


@pytest.mark.parametrize("program", ["core", "hub"])
def test_a_power_cut_at_any_moment_loses_nothing_acknowledged(stories, tmp_path, program):
    replay(stories(program), CHECKS[program], tmp_path, count=STEPS_QUICK, draws=1)


@pytest.mark.slow
@pytest.mark.parametrize("program", ["core", "hub"])
def test_a_power_cut_at_every_moment_loses_nothing_acknowledged(stories, tmp_path, program):
    replay(stories(program), CHECKS[program], tmp_path, count=None, draws=8)


def test_the_replay_has_teeth(stories, tmp_path):
    """With syncs taken out of the log, the same check must find losses."""
    story = stories("core")
    lying = Story([step for step in story.steps if step.what not in (What.SYNC, What.SYNC_FOLDER)], [])
    last = len(lying.steps)
    lying.acknowledged = [(last, name) for _, name in story.acknowledged]
    disk = Disk()
    for step in lying.steps:
        disk.carry_out(step)
    write_image(disk.image(Cut.NOTHING, random.Random(SEED)), tmp_path / "disk")
    with pytest.raises(AssertionError, match="lost"):
        check_core(tmp_path / "disk", lying.owed(last))


def replay(
    story: Story, check: Callable[[Path, set[str]], None], folder: Path, *, count: int | None, draws: int
) -> None:
    assert len(story.acknowledged) > 8
    tried = 0
    for done, cut, image in states(story, count=count, draws=draws):
        write_image(image, folder / "disk")
        try:
            check(folder / "disk", story.owed(done))
        except Exception as error:
            step = story.steps[done - 1]
            raise AssertionError(
                f"after step {done} of {len(story.steps)} ({step.what.name} {step.path}), {cut}, seed {SEED}: {error!r}"
            ) from error
        tried += 1
    assert tried

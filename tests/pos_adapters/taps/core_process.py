"""A core in a process of its own, which can be stopped and killed at the instant a cut is asked.

`python -m tests.pos_adapters.taps.core_process SOCKET` reads one JSON list of behaviours a line from standard input;
the n-th cut after that meets the n-th behaviour, the last one for all the rest:
block, none, late (after 40 ms), slip, late slip, silent, garbage, hang up, stop (SIGSTOP to itself), kill (SIGKILL to itself),
lend (before it, behind every piece of the job), lend and take back (1 ms later).
It prints `connected` for every connection and `ready` for every list, and says when a block was printed that had been
taken back.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.pos_adapters.taps.fake_core import PATIENCE_S, Condition, CoreJob, FakeCore
from tests.pos_adapters.taps.rig import ROOT

LATE_S = 0.04
TAKEN_BACK_AFTER_S = 0.001
LENDING = ("lend", "lend and take back")
TRIES = 100


class CoreProcess:
    """Starts such a process, and a new one after each death."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = Condition()
        self._ready = self._connected = self.has_broken_its_word = False
        self._behaviours = ["none"]
        self._start()

    def behave(self, behaviours: list[str]) -> None:
        """Set what the next cuts meet; wakes or restarts the process, and waits for the tap to be connected."""
        self._behaviours = behaviours
        if self._process.poll() is None:
            self._tell()
        for _ in range(TRIES):
            if self._process.poll() is not None:
                self._start()
            # A stop of the last job's cut may come after the wake-up for this one: wake it until it answers.
            self._process.send_signal(signal.SIGCONT)
            if self._seen.happens(lambda: self._connected and self._ready, PATIENCE_S / TRIES):
                return
        raise AssertionError("the core process does not answer")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._close_pipes()

    def _start(self) -> None:
        if hasattr(self, "_process"):
            self._close_pipes()
        self._ready = self._connected = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.pos_adapters.taps.core_process", str(self._path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        self._tell()

    def _tell(self) -> None:
        assert self._process.stdin is not None
        self._ready = False
        with contextlib.suppress(OSError):  # it has just been killed: the next one is told
            self._process.stdin.write(json.dumps(self._behaviours).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._seen.change():
                self.has_broken_its_word = self.has_broken_its_word or line == b"printed and taken back\n"
                self._ready = self._ready or line == b"ready\n"
                self._connected = self._connected or line == b"connected\n"
                self._seen.change().notify_all()

    def _close_pipes(self) -> None:
        self._reader.join(PATIENCE_S)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


class Mind:
    """What the process does at each cut."""

    def __init__(self) -> None:
        self.behaviours = ["none"]
        self.core: FakeCore | None = None

    def answer(self, job: CoreJob, cut_no: int, offset: int) -> Any:
        del offset
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        block = b"\n<<block %s %d>>\n" % (job.job_id.hex.encode(), cut_no)
        assert self.core is not None
        if behaviour == "block":
            return block
        if behaviour == "late":
            threading.Timer(LATE_S, self.core.block, (job, cut_no, block)).start()
        elif behaviour == "slip":
            self.core.slip(job, block)
        elif behaviour == "late slip":
            threading.Timer(LATE_S, self.core.slip, (job, block)).start()
        elif behaviour == "garbage":
            self.core.send(b"HTTP/1.1 500 Internal Server Error\r\n\r\n")
        elif behaviour == "hang up":
            self.core.hang_up()
        elif behaviour == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif behaviour == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif behaviour in LENDING:
            return block
        return None if behaviour == "none" else ...

    def lend(self, job: CoreJob, cut_no: int) -> bytes | None:
        """Return a block for a cut right here; where it is to be taken back, that is soon."""
        assert self.core is not None
        if self.behaviours[0] not in LENDING:
            return None
        if self.behaviours[0] == "lend and take back":
            threading.Timer(TAKEN_BACK_AFTER_S, self.core.take_back).start()
        return b"\n<<block %s %d>>\n" % (job.job_id.hex.encode(), cut_no)


def main() -> None:
    mind = Mind()
    mind.core = FakeCore(Path(sys.argv[1]), mind.answer, on_hello=lambda: say("connected"))
    mind.core.lends = mind.lend
    for line in sys.stdin:
        if any((job.job_id, *cut) in mind.core.taken_back for job in mind.core.order for cut in job.used):
            say("printed and taken back")
        mind.behaviours = json.loads(line)
        say("ready")


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

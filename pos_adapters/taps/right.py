"""The right to print a block that core has lent: a number in a pipe that tap and core both hold.

    tap    makes the pipe and names it in HELLO; reads the number out at the cut it was lent for, and prints
    core   puts the number in; reads it out before it lets anything change that the block rests on

The kernel gives a byte to one reader only. Whoever finds the pipe empty knows that the other was first: use and change
have one order, which both see, and neither waits for the other. A process that dies takes nothing out.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import datetime
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108 - memory: taking a right must not wait for a disk; names are random, modes 0600
PREFIX = "tillstream-"
LEFT_BEHIND_AFTER_S = 60.0  # core opens a pipe when its tap says HELLO, and takes its name away, or never
PIPE_BYTES = 65536  # all that it holds
NUMBER_BYTES = 8  # far below PIPE_BUF: a number is written and read whole or not at all


class Right:
    """One end. Never waits."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self.path = path

    def __repr__(self) -> str:
        return f"<Right {self.path}>"

    @classmethod
    def made(cls, folder: Path = FOLDER) -> Right | None:
        """Make a pipe; None where there is no folder in memory, or it takes none: then nothing is lent."""
        path = folder / f"{PREFIX}{os.urandom(8).hex()}"
        try:
            os.mkfifo(path, 0o600)
        except (OSError, AttributeError):  # Windows has no such pipes
            return None
        try:
            return cls(_opened(str(path)), str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return None

    @classmethod
    def named(cls, path: str) -> Right | None:
        """Open the pipe that the other has made, and take its name away; None where it cannot be had."""
        if Path(path).parent != FOLDER or not Path(path).name.startswith(PREFIX):
            return None
        try:
            descriptor = _opened(path)
        except OSError:
            return None
        told = os.fstat(descriptor)
        if not stat.S_ISFIFO(told.st_mode) or told.st_uid != os.getuid():
            os.close(descriptor)
            return None
        right = cls(descriptor, path)
        right.forget_name()
        return right

    def give(self, number: int) -> bool:
        """Put a number in, in the place of whatever a tap has left; whether it is there."""
        try:
            with suppress(BlockingIOError):
                os.read(self._descriptor, PIPE_BYTES)
            return os.write(self._descriptor, number.to_bytes(NUMBER_BYTES)) == NUMBER_BYTES
        except OSError:
            return False

    def take(self) -> int | None:
        """Take the number out; None where the other has."""
        try:
            return int.from_bytes(os.read(self._descriptor, NUMBER_BYTES)) or None
        except OSError:
            return None

    def forget_name(self) -> None:
        """Remove the pipe's name; who has it open keeps it."""
        with suppress(OSError):
            Path(self.path).unlink()

    def close(self) -> None:
        """Let go of it. Once."""
        self.forget_name()
        os.close(self._descriptor)


def forget_left_behind(now: datetime, folder: Path = FOLDER) -> None:
    """Remove the names of pipes whose tap was killed before core had opened them."""
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or gone meanwhile
            told = path.lstat()
            if stat.S_ISFIFO(told.st_mode) and now.timestamp() - told.st_mtime > LEFT_BEHIND_AFTER_S:
                path.unlink()


def _opened(path: str) -> int:
    """Open a pipe for reading and writing, so that neither end ever sees it closed. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)

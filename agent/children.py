"""One program that the supervisor keeps running: how it is started, and what it is before its own code runs.

    await begin(child)              start it; it dies with us, and has its socket under the agreed number
    branch_off(child, line=number)  let a part of us be it, with all that we have imported, and with a line to wait at

The line is `agent.starting_line`: who waits there touches nothing before the word.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.listeners import FIRST_INHERITED_DESCRIPTOR
from agent.promptness import be_patient, be_prompt
from agent.starting_line import LINE_VARIABLE

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15  # linux/prctl.h

M_ARENA_MAX = -8  # malloc.h of glibc
ARENAS = 2
"""Threads of ours make few objects: more of glibc's arenas are waste."""

DESCRIPTORS_MAX = 256
"""More than the service manager hands over: a socket for each of a store's taps."""


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """One program that is to run always."""

    name: str
    command: Sequence[str]
    listener: socket.socket | None = None
    niceness: int = 0
    is_waited_for: bool = True
    process: asyncio.subprocess.Process | Branch | None = None
    starts: int = 0
    started_at_s: float = 0.0
    quick_ends: int = 0
    last_code: int | None = None

    def report(self) -> dict[str, object]:
        """Return what status shows of it."""
        running = self.process is not None and self.process.returncode is None
        return {
            "name": self.name,
            "pid": self.process.pid if self.process is not None and running else None,
            "starts": self.starts,
            "last_code": self.last_code,
        }


class Branch:
    """A part of this process that became one of its own, kept as asyncio keeps those that it starts."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ending: asyncio.Future[tuple[int, int]] | None = None

    async def wait(self) -> int:
        """Wait until it has ended; return its code, as of `asyncio.subprocess.Process`."""
        if self._ending is None:
            self._ending = asyncio.ensure_future(asyncio.to_thread(os.waitpid, self.pid, 0))
        _, status = await asyncio.shield(self._ending)
        self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end. Raises ProcessLookupError."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it. Raises ProcessLookupError."""
        os.kill(self.pid, signal.SIGKILL)


async def begin(child: Child) -> None:
    """Start a child. Raises OSError where the system will not."""
    child.process = await asyncio.create_subprocess_exec(
        *child.command,
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=(FIRST_INHERITED_DESCRIPTOR,) if child.listener else (),
        preexec_fn=_preparation(child),
    )


def branch_off(child: Child, *, line: int) -> bool:
    """Split this process, which has neither a loop nor threads yet; return whether we are the child.

    Where the system will not, the child has no process: whoever keeps it begins it, and tells why that fails, too.
    """
    prepare = _preparation(child)
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where whoever started us ignores it, nobody learns of an end
        pid = os.fork()
    except (OSError, AttributeError):  # Windows has none
        return False
    if pid:
        child.process = Branch(pid)
        return False
    prepare()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.closerange(FIRST_INHERITED_DESCRIPTOR, line)
    os.closerange(line + 1, line + DESCRIPTORS_MAX)
    os.environ[LINE_VARIABLE] = str(line)
    return True


def program_start(module: str) -> list[str]:
    """Return how a module of ours is started: by this interpreter, or by the frozen program itself."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", module]


def own_command(program: str, config_path: Path) -> list[str]:
    """Return how one of the agent's programs is started."""
    return [*program_start("agent"), "agent", program, "--config", str(config_path.resolve())]


def reserve_descriptors() -> None:
    """Occupy the number that children inherit sockets under, so that nothing of the supervisor's own gets it."""
    while True:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        if descriptor > FIRST_INHERITED_DESCRIPTOR:
            os.close(descriptor)
            return


def _preparation(child: Child) -> Callable[[], None]:
    """Return what the child does before it is itself: die with us, take its place and its socket's agreed number."""
    listener, niceness, title = child.listener, child.niceness, f"tillstream-{child.name}".encode()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def prepare() -> None:
        os.environ.setdefault("MALLOC_ARENA_MAX", str(ARENAS))
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them takes 3 MB and 30 ms
        os.environ.pop("NOTIFY_SOCKET", None)  # the service manager is told by the supervisor, and by nobody else
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)
            libc.prctl(PR_SET_NAME, title)
            libc.mallopt(M_ARENA_MAX, ARENAS)  # a branch reads no environment
        os.nice(niceness)
        if child.is_waited_for:
            be_prompt()
        else:
            be_patient()
        if listener is not None:
            os.dup2(listener.fileno(), FIRST_INHERITED_DESCRIPTOR)
            os.environ["LISTEN_FDS"] = "1"
            os.environ["LISTEN_PID"] = str(os.getpid())

    return prepare

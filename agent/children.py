"""One program that the supervisor keeps running: how it is started, and what it is before its own code runs.

    begin(child)                start it; it dies with us, and has its socket under the agreed number
    begin(child, line=number)   the same, and it waits at the line (`agent.starting_line`) before it does anything

Imports little: core is begun with this before the supervisor has read its own configuration.
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

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """One program that is to run always."""

    name: str
    command: Sequence[str]
    listener: socket.socket | None = None
    niceness: int = 0
    is_waited_for: bool = True
    process: asyncio.subprocess.Process | None = None
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


async def begin(child: Child, *, line: int | None = None) -> None:
    """Start a child. Raises OSError where the system will not."""
    inherited = (FIRST_INHERITED_DESCRIPTOR,) if child.listener else ()
    child.process = await asyncio.create_subprocess_exec(
        *child.command,
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=inherited if line is None else (*inherited, line),
        preexec_fn=_preparation(child, line),
    )


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


def _preparation(child: Child, line: int | None) -> Callable[[], None]:
    """Return what the child does between fork and exec: die with us, take its place and its socket's agreed number."""
    listener, niceness = child.listener, child.niceness
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def prepare() -> None:
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")  # threads of ours make few objects: more arenas are waste
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them takes 3 MB and 30 ms
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)
        if line is not None:
            os.environ[LINE_VARIABLE] = str(line)
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

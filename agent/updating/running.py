"""The agent that runs while it is updated: is a receipt in flight, and start again, please.

It is asked to end by SIGTERM: taps finish the receipt in flight, registers that connect meanwhile wait in the service
manager's socket, and the service manager starts the launcher, which takes the slot in use.
"""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from agent.control.call import ask_core
from agent.state_dir import StateDir
from retail.errors import TillstreamError


class Running(Protocol):
    """What an update asks of the agent that runs."""

    def is_running(self) -> bool:
        """Say whether a supervisor is alive."""

    def is_printing(self) -> bool:
        """Say whether a job is in flight at any lane; False where nobody can say: then nothing is read, either."""

    def restart(self) -> None:
        """Ask it to end, so that its service manager starts it again; nothing happens where none runs."""


class RunningAgent:
    """The agent of a state folder."""

    def __init__(self, state: StateDir) -> None:
        self._state = state

    def is_running(self) -> bool:
        """See Running."""
        return self._pid() is not None

    def is_printing(self) -> bool:
        """See Running."""
        try:
            taps = ask_core(self._state.control_socket, "status").get("taps", [])
        except TillstreamError:
            return False
        return any(tap.get("jobs_open") for tap in taps)

    def restart(self) -> None:
        """See Running."""
        pid = self._pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _pid(self) -> int | None:
        """Return the supervisor's process, None when it has ended: numbers are given again, so its words are read."""
        try:
            pid = int(json.loads(self._state.supervisor_state.read_text("utf-8"))["pid"])
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if b"agent" in b" ".join(words) and b"run" in words else None

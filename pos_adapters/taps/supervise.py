"""`tillstream-tap --supervised`: a parent that holds the listening sockets and starts the tap again when it dies.

Registers that connect while the tap is dead wait in those sockets; the job that was in flight is lost, as with a
printer that is switched off, and said so. The parent imports no event loop and touches no connection, so that there
is next to nothing in it that can fail. systemd does the same with a socket unit (`docs/print-path.md`); then this is
not needed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Sequence
from types import FrameType

from pos_adapters.taps.clock import utc_now
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.listeners import FIRST_INHERITED_DESCRIPTOR
from pos_adapters.taps.own_program import own_program

STDERR = 2

# A register's user waits; a tap that dies at once, again and again, must still leave the processor to the till.
RESTART_AFTER_S = (0.0, 0.1, 0.3, 0.5)
LIVED_S = 10.0  # a tap that lived so long died of something new

EXIT_USAGE = 2
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def supervise(arguments: Sequence[str], listeners: Sequence[socket.socket], *, as_json: bool) -> int:
    """Run the tap with `arguments` until SIGTERM or SIGINT; returns its exit code then, or 2 when it refuses to run."""
    log = EventLog(STDERR, now=utc_now, as_json=as_json)
    return _Parent(arguments, listeners, log).run()


class _Parent:
    """Keeps one child alive."""

    def __init__(self, arguments: Sequence[str], listeners: Sequence[socket.socket], log: EventLog) -> None:
        self._command = [*own_program(), *arguments]
        self._listeners = listeners
        self._log = log
        self._child = 0
        self._stopping = False

    def run(self) -> int:
        for number in SIGNALS:
            signal.signal(number, self._stop)
        deaths = 0
        while True:
            began_s = time.monotonic()
            child = self._start()
            if child is None:
                return 0
            _, status = os.waitpid(child, 0)
            self._child = 0
            code = os.waitstatus_to_exitcode(status)
            if self._stopping or code == EXIT_USAGE:
                return max(code, 0)
            deaths = 0 if time.monotonic() - began_s > LIVED_S else deaths + 1
            delay_s = RESTART_AFTER_S[min(deaths, len(RESTART_AFTER_S) - 1)]
            self._log.event("tap_died", code=code, restart_after_s=delay_s, lost="the job in flight, if there was one")
            time.sleep(delay_s)

    def _start(self) -> int | None:
        """Start a tap, unless we have been told to stop; a signal that comes meanwhile waits, and reaches the tap."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        if self._stopping:
            return None
        pid = os.fork()
        if pid:
            self._child = pid
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            return pid
        try:
            self._become_tap()
        finally:
            os._exit(1)  # only reached when exec failed

    def _become_tap(self) -> None:
        """Replace this process: the sockets become descriptors 3, 4, ... as systemd would hand them over."""
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        # First far above the target range, so that no socket is overwritten before it has been moved.
        above = max(listener.fileno() for listener in self._listeners) + len(self._listeners) + 1
        for number, listener in enumerate(self._listeners):
            os.dup2(listener.fileno(), above + number)
        for number in range(len(self._listeners)):
            os.dup2(above + number, FIRST_INHERITED_DESCRIPTOR + number, inheritable=True)
            os.close(above + number)
        environment = {**os.environ, "LISTEN_FDS": str(len(self._listeners)), "LISTEN_PID": str(os.getpid())}
        os.execve(self._command[0], self._command, environment)  # noqa: S606 - our own program

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._stopping = True
        if self._child:
            with contextlib.suppress(ProcessLookupError):  # it has just died by itself
                os.kill(self._child, number)

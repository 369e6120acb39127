"""Why a lane's printer does not print, told once when it changes: to the log, and to core for the cashier's page.

It outlives connections: what one register's connection has seen (paper end) is still so when the next one comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from pos_adapters.taps.core_link import CoreLink
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import NO_JOB, FrameType
from pos_adapters.taps.printer_answers import Trouble

# What a person in the store can do about it.
_FIX = {
    Trouble.UNREACHABLE: "switch the printer on, look at its cable",
    Trouble.OFFLINE: "press the printer's feed button, look at its lights",
    Trouble.COVER_OPEN: "close the printer's cover",
    Trouble.PAPER_END: "put in paper",
    Trouble.ERROR: "switch the printer off and on; is something stuck in the cutter?",
}


class PrinterHealth:
    """One printer. `trouble` is what is wrong now."""

    def __init__(self, printer: str, *, link: CoreLink, now: Callable[[], datetime], log: EventLog) -> None:
        self.printer = printer
        self._link = link
        self._now = now
        self._log = log
        self._since = now()
        self.trouble = Trouble(0)
        link.trouble = lambda: names_of(self.trouble)

    def tell(self, trouble: Trouble) -> None:
        """Note what is wrong; says so only when that has changed."""
        if trouble == self.trouble:
            return
        self.trouble = trouble
        self._since = self._now()
        causes = names_of(trouble)
        if trouble:
            fix = "; ".join(_FIX[each] for each in trouble)
            self._log.event("printer_trouble", printer=self.printer, cause=",".join(causes), fix=fix)
        else:
            self._log.event("printer_well", printer=self.printer)
        self._send()

    def reachable(self, *, yes: bool) -> None:
        """Note whether a connection could be made."""
        if yes and not self.trouble:  # said at every connection
            return
        self.tell(self.trouble & ~Trouble.UNREACHABLE if yes else self.trouble | Trouble.UNREACHABLE)

    def core_is_ready(self) -> None:
        """Tell core, which has just come, what is wrong."""
        if self.trouble:
            self._send()

    def _send(self) -> None:
        told = {"printer": self.printer, "trouble": names_of(self.trouble), "since": self._since.isoformat()}
        self._link.send(FrameType.PRINTER, NO_JOB, json.dumps(told).encode())


def names_of(trouble: Trouble) -> list[str]:
    """Return the words for what is wrong, as they travel and are logged."""
    return [str(each.name).lower() for each in trouble]

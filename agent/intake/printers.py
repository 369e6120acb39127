"""What taps say about their printers: kept a workstation, journalled when it changes, told to the cashier until mended.

A printer that stands still is the one trouble that a cashier can mend in ten seconds, so they get one line: which
printer, why, what to do. Several causes at once (a cover that is open reads as offline, too) are told by the one that a
hand can do something about first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from agent.control.standing import Standing
from agent.intake.payloads import Content
from agent.intake.recording import RecordMaker
from agent.journal.batch import Batch, Committed, Haste
from agent.journal.records import JournalKind
from agent.ports import Journalling
from retail.errors import OnSiteError, TillstreamError

CAUSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cover_open": ("the cover is open", "close the cover"),
        "paper_end": ("no paper", "put in a new roll"),
        "error": ("the printer reports an error", "switch it off and on; is something stuck in the cutter?"),
        "unreachable": ("the printer does not answer", "switch it on and look at its cable"),
        "offline": ("the printer is offline", "press its feed button and look at its lights"),
    }
)
"""Cause (as the tap's frame spells it) -> what it is, what to do; in the order in which one hides the other."""

NAME_CHARS_MAX = 100  # a printer's address; a longer one is not ours


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterState:
    """How a printer is. `causes` is empty for one that prints, as far as its tap has seen."""

    printer: str
    causes: tuple[str, ...] = ()
    since: str = ""

    def as_json(self) -> dict[str, object]:
        """Return it as status shows it."""
        return {"name": self.printer, "trouble": list(self.causes), "since": self.since or None}


class Printers:
    """Used by core's loop only."""

    def __init__(
        self,
        *,
        journal: Journalling,
        maker: RecordMaker,
        standing: Standing,
    ) -> None:
        self._journal = journal
        self._maker = maker
        self._standing = standing
        self._states: dict[str, PrinterState] = {}

    def state(self, workstation_id: str) -> PrinterState | None:
        """Return how a workstation's printer is; None when no tap has said."""
        return self._states.get(workstation_id)

    def told(self, workstation_id: str, content: Mapping[str, object]) -> None:
        """Take what a tap says of its printer (`frames`: HELLO and PRINTER). The same said again changes nothing."""
        state = _state_of(content)
        before = self._states.get(workstation_id)
        self._states[workstation_id] = state
        if (before.causes if before is not None else ()) == state.causes:
            return
        self._write_down(workstation_id, state)
        self._tell(workstation_id, state)

    def _write_down(self, workstation_id: str, state: PrinterState) -> None:
        content: Content = {
            "device": "printer",
            "code": ",".join(state.causes) or "well",
            "message": f"{state.printer}: {_message(state)}",
        }
        record = self._maker.of_now(JournalKind.DEVICE_FAULT, content, workstation_id)
        self._journal.hand_over(Batch(records=(record,)), haste=Haste.LATER).add_done_callback(self._noted)

    def _noted(self, future: asyncio.Future[Committed]) -> None:
        """Tell of a commit that nobody waits for and that failed: the cashier's line stands all the same."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, TillstreamError):
            self._standing.trouble(error)

    def _tell(self, workstation_id: str, state: PrinterState) -> None:
        codes = [f"printer_{cause}" for cause in CAUSES]
        self._standing.resolved(*codes, workstation_id=workstation_id)
        if not state.causes:
            return
        cause = state.causes[0]
        self._standing.trouble(
            OnSiteError(
                f"Printer {state.printer}, till {workstation_id}: {CAUSES[cause][0]}",
                fix=CAUSES[cause][1],
                code=f"printer_{cause}",
            ),
            workstation_id=workstation_id,
            about={"printer": state.printer},
        )


def _state_of(content: Mapping[str, object]) -> PrinterState:
    """Return what a tap told, known causes only, each once, the one to mend first in front."""
    found = content.get("trouble")
    causes = set(found) if isinstance(found, Iterable) and not isinstance(found, str) else set()
    return PrinterState(
        printer=_printable(content.get("printer")),
        causes=tuple(cause for cause in CAUSES if cause in causes),
        since=_time(content.get("since")),
    )


def _printable(name: object) -> str:
    text = str(name or "")[:NAME_CHARS_MAX]
    return "".join(letter for letter in text if letter.isprintable()).removeprefix("tcp://").removeprefix("serial://")


def _time(told: object) -> str:
    """Return a time as it was told; nothing for what is none."""
    try:
        return datetime.fromisoformat(str(told)).isoformat()
    except ValueError:
        return ""


def _message(state: PrinterState) -> str:
    return ", ".join(CAUSES[cause][0] for cause in state.causes) or "it prints again"

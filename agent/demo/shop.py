"""Selling in the demo's shop: cards are scanned, sales rung up, and what the printer got is written down."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agent.demo.catalogue import Basket, Language, Tender
from agent.demo.paper_trail import blocks_in
from agent.demo.processes import wait_until
from agent.demo.sale import RegisterJob, Sale, receipt_of
from agent.demo.stage import Stage
from pos_adapters.taps.policy import BUDGET_S

PRINT_TIMEOUT_S = 15.0  # a receipt takes milliseconds; a machine that is busy with other things takes seconds
STOP_TIMEOUT_S = 5.0  # until the kernel says that a stopped process is stopped
FIRST_NUMBER = 1001  # registers count on from yesterday


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One job that went the whole way: what was sent, what arrived, and when (seconds, monotonic clock)."""

    workstation_id: str
    sent: RegisterJob
    arrived: bytes
    pictures: Path
    cut_sent_at_s: float
    cut_printed_at_s: float | None
    kill_began_at_s: float | None
    killed_at_s: float | None
    status_answer: str

    @property
    def block(self) -> bytes | None:
        """What was inserted before the cuts; None when the till's own bytes were changed."""
        blocks = blocks_in(self.sent, self.arrived)
        return None if blocks is None else b"".join(blocks)

    @property
    def was_killed_in_hold(self) -> bool:
        """Tell whether core died while the cut was held.

        Core stood still when the cut was sent and could not answer. A cut that came out before the budget was over was
        therefore let go by core's death alone; a later one must have come out after core was dead for certain.
        """
        began_at_s, killed_at_s, printed_at_s = self.kill_began_at_s, self.killed_at_s, self.cut_printed_at_s
        if began_at_s is None or killed_at_s is None or printed_at_s is None:
            return False
        by_death = printed_at_s - self.cut_sent_at_s < BUDGET_S
        return self.cut_sent_at_s < began_at_s < printed_at_s and (by_death or killed_at_s < printed_at_s)

    @property
    def hold_s(self) -> float | None:
        """From the register sending its cut to the printer having it: the hold, and two ways through loopback."""
        return None if self.cut_printed_at_s is None else self.cut_printed_at_s - self.cut_sent_at_s


@dataclass(slots=True, kw_only=True)
class Shop:
    """The shop on a stage. `now` is the shop's clock, aware; `columns` how wide its paper is."""

    stage: Stage
    now: Callable[[], datetime]
    columns: int
    _numbers: dict[str, int] = field(default_factory=dict)
    _jobs: int = 0

    def next_sale(
        self, workstation_id: str, basket: Basket, *, language: Language, tender: Tender, card: str | None = None
    ) -> Sale:
        """Return the next sale of a register, numbered and dated."""
        number = self._numbers.get(workstation_id, FIRST_NUMBER)
        self._numbers[workstation_id] = number + 1
        return Sale(
            number=number,
            workstation_id=workstation_id,
            language=language,
            basket=basket,
            tender=tender,
            printed_at=self.now(),
            card_code=card,
        )

    def ring_up(self, sale: Sale, *, kill_core: bool = False) -> Printed:
        """Print a sale's receipt; with `kill_core`, core dies by `kill -9` while the cut is held."""
        return self.send(sale.workstation_id, receipt_of(sale, columns=self.columns), kill_core=kill_core)

    def send(self, workstation_id: str, job: RegisterJob, *, kill_core: bool = False) -> Printed:
        """Send a job through the register and wait until the printer has closed it. Raises OnSiteError in vain."""
        self._jobs += 1
        path = self.stage.folder / "jobs" / f"{self._jobs:04}.bin"
        path.write_bytes(job.data)
        register = self.stage.registers[workstation_id]
        register.tell({"job": str(path), "cut_offset": job.last_part, "hold": kill_core})
        if kill_core:
            register.hear(timeout_s=PRINT_TIMEOUT_S)
            register.tell({"kill": self._stop_core()})
        sent = register.hear(timeout_s=PRINT_TIMEOUT_S)
        arrived = self.stage.printers.hear(timeout_s=PRINT_TIMEOUT_S)
        data = Path(arrived["path"]).read_bytes()
        return Printed(
            workstation_id=workstation_id,
            sent=job,
            arrived=data,
            pictures=Path(arrived["path"]).parent,
            cut_sent_at_s=sent["cut_sent_at_s"],
            cut_printed_at_s=arrived["cuts_at_s"][-1] if arrived["cuts_at_s"] else None,
            kill_began_at_s=sent["kill_began_at_s"],
            killed_at_s=sent["killed_at_s"],
            status_answer=sent["status"],
        )

    def _stop_core(self) -> int:
        """Stop core in its tracks, so that it cannot answer the cut that comes next; return its process."""
        pid = self.stage.core_pid()
        os.kill(pid, signal.SIGSTOP)
        wait_until("core stands still", lambda: is_stopped(pid), timeout_s=STOP_TIMEOUT_S)
        return pid


def is_stopped(pid: int) -> bool:
    """Tell whether the kernel has stopped a process (proc(5): state T)."""
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return status.rpartition(")")[2].split()[0] == "T"

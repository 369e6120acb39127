"""Prints a slip on a connection of its own: the register has closed before core had the slip ready.

Nothing of a register's is touched: the errand is run while no register is connected, and given up when one comes
before the printer has been reached. Once bytes are on their way it takes as long as a receipt does, and a register
that connects in that moment waits in the listening socket, as behind another register.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pos_adapters.taps.ends import End
from pos_adapters.taps.printer_line import GiveUp, PrinterLine
from pos_adapters.taps.side import Side

# A printer that does not take the slip within this time is busy with something that matters more.
REACH_WITHIN_S = 0.5
PRINT_WITHIN_S = 2.0


class SlipErrand:
    """One slip. `on_done(handed)` is called once: whether the kernel has taken all of it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        printer: PrinterLine,
        *,
        slip: bytes,
        on_done: Callable[[bool], None],
    ) -> None:
        self._loop = loop
        self._slip = slip
        self._on_done = on_done
        self._done = False
        self._handed = False
        self._side: Side | None = None
        self._give_up: GiveUp = _nothing_to_give_up  # until `connect` returns, which may be after `_reached`
        self._timer = loop.call_later(REACH_WITHIN_S, self._leave)
        self._give_up = printer.connect(self._reached, self._refused)

    def register_comes(self) -> None:
        """Give up unless bytes are already on their way."""
        if self._side is None:
            self._leave()

    def _refused(self, cause: str) -> None:
        del cause
        self._loop.call_soon(self._leave)  # the caller does not know us yet

    def _reached(self, end: End) -> None:
        self._timer.cancel()
        self._timer = self._loop.call_later(PRINT_WITHIN_S, self._leave)
        self._side = Side(self._loop, end)
        self._side.on_drained = self._all_handed
        self._side.on_end = self._leave
        self._side.on_deaf = self._leave_soon
        self._side.listen(on=True)
        self._side.write(self._slip)
        if not self._side.waiting_bytes and not self._side.deaf:
            self._all_handed()

    def _all_handed(self) -> None:
        assert self._side is not None
        self._handed = True
        self._side.finish()

    def _leave_soon(self) -> None:
        """Leave when the caller is sure to know us."""
        self._loop.call_soon(self._leave)

    def _leave(self) -> None:
        """End once: what the kernel has been handed is still delivered."""
        if self._done:
            return
        self._done = True
        self._timer.cancel()
        self._give_up()
        if self._side is not None:
            self._side.close()
        self._on_done(self._handed)


def _nothing_to_give_up() -> None:
    return

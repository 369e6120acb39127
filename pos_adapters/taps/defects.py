"""What the event loop reports: a callback of ours that raised, a descriptor that could not be had.

asyncio writes a traceback to standard error and waits for whoever reads it; a tap says one line, and waits for nobody.
The error's own text stays out of it unless the system wrote it: it may quote a receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb
from typing import Any

from pos_adapters.taps.events import EventLog


def teller(log: EventLog) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Return what a loop is given as its exception handler."""

    def tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        del loop
        error = context.get("exception")
        log.event("defect", what=str(context.get("message", "")), cause=_cause(error), where=_where(error))

    return tell


def _cause(error: BaseException | None) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"
    return type(error).__name__ if error is not None else ""


def _where(error: BaseException | None) -> str:
    """Return file and line of the innermost call."""
    calls = extract_tb(error.__traceback__) if error is not None else []
    return f"{Path(calls[-1].filename).name}:{calls[-1].lineno}" if calls else ""

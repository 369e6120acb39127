"""A line where programs wait that were started early: they import meanwhile, and touch nothing before the signal.

    with StartingLine() as line:        the one who starts it
        begin(core, line=line.descriptor)
        ...                             make what it will find
        line.go()
    wait_for_go(os.environ)             the one who waits; it ends where the other gave up, or died

A pipe: a byte for each means go, its end means that nobody will ever say so.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

LINE_VARIABLE = "TILLSTREAM_STARTING_LINE"
GO = b"."


class StartingLine:
    """See the module's contract; leaving the block without `go` gives up."""

    def __init__(self) -> None:
        self.descriptor, self._far_end = os.pipe()

    def __enter__(self) -> Self:
        """Return the line."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close both ends: who was not told to go ends."""
        os.close(self._far_end)
        os.close(self.descriptor)

    def go(self, *, waiting: int = 1) -> None:
        """Let all `waiting` programs begin: each takes its own byte."""
        with suppress(BrokenPipeError):  # they have ended already; whoever keeps them sees so
            os.write(self._far_end, GO * waiting)


def wait_for_go(environment: Mapping[str, str]) -> None:
    """Wait where a starting line is named; return at once where none is. Ends the program where it is given up."""
    told = environment.get(LINE_VARIABLE)
    if told is None:
        return
    descriptor = int(told)
    said = os.read(descriptor, len(GO))
    os.close(descriptor)
    if said != GO:
        sys.exit(1)

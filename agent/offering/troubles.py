"""Where troubles of deciding and speaking go: to whoever tells them, or nowhere while something is only foreseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from retail.errors import TillstreamError


class Troubles:
    """Called with an error; used by core's loop only."""

    def __init__(self, tell: Callable[[TillstreamError], None]) -> None:
        self._tell = tell
        self._kept: list[TillstreamError] | None = None

    def __call__(self, error: TillstreamError) -> None:
        """Tell of a trouble."""
        if self._kept is None:
            self._tell(error)
        else:
            self._kept.append(error)

    @contextmanager
    def kept_back(self) -> Iterator[list[TillstreamError]]:
        """Tell nobody of what goes wrong within; it is in the list."""
        self._kept, before = [], self._kept
        try:
            yield self._kept
        finally:
            self._kept = before

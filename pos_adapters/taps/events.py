"""What a tap says about itself: one line an event on standard error, never a byte of a receipt.

A line is `event=NAME key=value ...`, or a JSON object with `--json`. Fields are ids, addresses, counts and causes.
Saying something never holds the print path: a line that standard error would not take at once is dropped and counted,
and the next line that gets through carries the count.
"""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable, Mapping
from datetime import datetime

# PIPE_BUF: the kernel takes a line up to this size whole or not at all, so a ready pipe never blocks us on one.
LINE_BYTES_MAX = 4096

Field = str | int | float | bool | None


class EventLog:
    """Writes events to a file descriptor. `now` is the clock, `bound` the fields that every line carries."""

    def __init__(
        self, descriptor: int, *, now: Callable[[], datetime], as_json: bool, bound: Mapping[str, Field] | None = None
    ) -> None:
        self._descriptor = descriptor
        self._now = now
        self._as_json = as_json
        self._bound = dict(bound or {})
        self._dropped = 0

    def bind(self, **fields: Field) -> EventLog:
        """Return a log whose lines carry `fields` as well."""
        return EventLog(self._descriptor, now=self._now, as_json=self._as_json, bound={**self._bound, **fields})

    def event(self, name: str, **fields: Field) -> None:
        """Say that `name` happened; drops the line rather than wait for whoever reads standard error."""
        whole = {"event": name, "at": self._now().isoformat(timespec="milliseconds"), **self._bound, **fields}
        if self._dropped:
            whole["lines_dropped"] = self._dropped
        line = json.dumps(whole, ensure_ascii=False) if self._as_json else _as_words(whole)
        if self._write(line.encode("utf-8", "replace")[: LINE_BYTES_MAX - 1] + b"\n"):
            self._dropped = 0
        else:
            self._dropped += 1

    def _write(self, line: bytes) -> bool:
        try:
            _, ready, _ = select.select([], [self._descriptor], [], 0)
            return bool(ready) and os.write(self._descriptor, line) == len(line)
        except (OSError, ValueError):  # closed, or a reader that has gone: nobody is left to tell
            return False


def _as_words(fields: Mapping[str, Field]) -> str:
    return " ".join(f"{key}={_word(value)}" for key, value in fields.items())


def _word(value: Field) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if text == "" or any(c in text for c in ' "=\n\r\t') else text

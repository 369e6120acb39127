"""Log lines are events with fields: a fixed name and ids, never a member's number or name. JSON, one a line, stderr."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TextIO

FIELD_CHARS_MAX = 500  # of one value; an exception's text may carry what it choked on, at any length


class EventLog:
    """Writes events; a stream that is gone (a closed terminal) costs log lines and nothing else."""

    def __init__(self, program: str, *, stream: TextIO, now: Callable[[], datetime]) -> None:
        self._program = program
        self._stream = stream
        self._now = now

    def __call__(self, event: str, **fields: object) -> None:
        """Write one event."""
        line: dict[str, Any] = {"at": self._now().isoformat(), "program": self._program, "event": event}
        for name, value in fields.items():
            line[name] = value if isinstance(value, int | float | bool) or value is None else _text(value)
        try:
            self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return


def _text(value: object) -> str:
    text = str(value)
    return text if len(text) <= FIELD_CHARS_MAX else f"{text[:FIELD_CHARS_MAX]}..."

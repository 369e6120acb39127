"""Listens at the desk as a page does: server-sent events, resumed when the line breaks."""

from __future__ import annotations

import contextlib
import json
import threading
from time import sleep
from typing import Any

import httpx

READ_TIMEOUT_S = 30.0  # the desk sends a heartbeat every 10 s; three missed ones are a dead desk
RETRY_S = 0.2


class PageListener:
    """One page's ear. `events` grows as they come: each the event's `data` with its name as `event`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._last_id = ""
        self._stopped = threading.Event()
        self.events: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._listen, name="page", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more events; a read that hangs is left to the process's end."""
        self._stopped.set()

    def heard(self, name: str) -> list[dict[str, Any]]:
        """Return the events of one name so far."""
        return [event for event in list(self.events) if event["event"] == name]

    def _listen(self) -> None:
        timeout = httpx.Timeout(READ_TIMEOUT_S)
        while not self._stopped.is_set():
            headers = {"last-event-id": self._last_id} if self._last_id else {}
            with (
                contextlib.suppress(httpx.HTTPError),
                httpx.stream("GET", self._url, headers=headers, timeout=timeout, trust_env=False) as answer,
            ):
                self._take(answer)
            sleep(RETRY_S)

    def _take(self, answer: httpx.Response) -> None:
        """Read events until the stream ends (HTML Living Standard, 9.2.6; our data stands on one line)."""
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if self._stopped.is_set():
                return
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
            elif "data" in fields:
                self._last_id = fields.get("id", self._last_id)
                self.events.append({**json.loads(fields["data"]), "event": fields.get("event", "message")})
                fields = {}

"""Talks to core over `control.sock`, for ever: asks, and hears what core pushes.

Newline-delimited JSON. A request is `{"id", "op", ...}`, its answer `{"id", "ok": true, ...}` or `{"id", "ok": false,
"code", "message", "fix"}`; after `{"op": "subscribe"}` core pushes `{"event", "data", "workstation" | "kiosk",
"event_id"}`. A connection that breaks is made again; what was asked over it ends with TryAgainError, since nobody
knows what became of it. Core's ops may therefore be asked again, and say what a repeat does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from retail.errors import OnSiteError, RefusedError, TillstreamError, TryAgainError

LINE_BYTES_MAX = 1_000_000
"""A status with a thousand parked records is 200 KB."""

ANSWER_S = 3.0
"""Core answers in under a millisecond of its loop's time; a commit on a slow disk takes tens. After this it hangs."""

RECONNECT_S = 0.05
"""Core is back within a second of a kill, and at a start it is there as soon as desk; to ask costs a tenth of a
millisecond."""

ASKED_MAX = 256
"""More questions at once than there are lanes, kiosks and tills: somebody asks in a circle."""

ERRORS: dict[str, type[TillstreamError]] = {
    "try_again": TryAgainError,
    "busy": TryAgainError,
    "starting": TryAgainError,
    "on_site": OnSiteError,
}
"""Which of core's answers are no refusals, by their code; whatever is not listed is one."""

PushHandler = Callable[[dict[str, Any]], None]
LinkHandler = Callable[[bool], None]


class ControlClient:
    """One connection to core, made again whenever it breaks; used by one event loop."""

    def __init__(self, path: Path, *, on_push: PushHandler, on_link: LinkHandler) -> None:
        self._path = path
        self._on_push = on_push
        self._on_link = on_link
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._last_id = 0
        self._writer: asyncio.StreamWriter | None = None

    def __repr__(self) -> str:
        """Show whether core is there."""
        return f"ControlClient({self._path}, {'connected' if self._writer else 'away'}, {len(self._asked)} asked)"

    @property
    def is_connected(self) -> bool:
        """Whether core is there now, as far as anybody knows."""
        return self._writer is not None

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        while True:
            with suppress(OSError, asyncio.IncompleteReadError, ValueError):
                await self._serve_one_connection()
            await asyncio.sleep(RECONNECT_S)

    async def ask(self, op: str, *, answer_s: float = ANSWER_S, **values: Any) -> dict[str, Any]:
        """Ask core and return its answer.

        Raises TryAgainError (code `core_away`) when core is not there or does not answer in `answer_s`, and what core
        says no with: RefusedError, or OnSiteError and TryAgainError for the codes of ERRORS.
        """
        if self._writer is None or len(self._asked) >= ASKED_MAX:
            raise _core_away()
        self._last_id += 1
        request_id = self._last_id
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answer
        try:
            self._writer.write(_line({"id": request_id, "op": op, **values}))
            return _checked(await asyncio.wait_for(answer, answer_s))
        except (TimeoutError, OSError) as error:
            raise _core_away() from error
        finally:
            self._asked.pop(request_id, None)

    async def _serve_one_connection(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._path), limit=LINE_BYTES_MAX)
        self._writer = writer
        try:
            subscribed = asyncio.create_task(self.ask("subscribe"))
            subscribed.add_done_callback(lambda task: self._subscribed(task, writer))
            while line := await reader.readline():
                self._take(line)
        finally:
            self._writer = None
            writer.close()
            self._give_up()
            self._on_link(False)  # noqa: FBT003 - the handler's only parameter

    def _subscribed(self, task: asyncio.Task[dict[str, Any]], writer: asyncio.StreamWriter) -> None:
        """From the answer on, every push is heard; a core that refuses is tried again on a new connection."""
        if not task.cancelled() and task.exception() is None:
            self._on_link(True)  # noqa: FBT003 - the handler's only parameter
        else:
            writer.close()

    def _take(self, line: bytes) -> None:
        """Hand one line to whoever waits for it. Raises ValueError for what is no message: the connection is over."""
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError("no object")  # noqa: TRY004 - as bad as a line that is no JSON
        if "event" in message:
            self._on_push(message)
            return
        answer = self._asked.get(message.get("id", 0))
        if answer is not None and not answer.done():
            answer.set_result(message)

    def _give_up(self) -> None:
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(_core_away())


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("ok"):
        return answer
    code = str(answer.get("code", "refused"))
    kind = ERRORS.get(code, RefusedError)
    raise kind(str(answer.get("message", "core refused")), fix=str(answer.get("fix", "")), code=code)


def _core_away() -> TryAgainError:
    return TryAgainError(
        "the agent's core does not answer",
        fix="wait a second: it is restarted by itself; if it stays away, run `tillstream doctor`",
        code="core_away",
        retry_after_s=1.0,
    )

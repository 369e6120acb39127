"""`control.sock`: how desk and command line ask core, and hear what happens. Newline-delimited JSON.

A request is `{"id", "op", ...}`; its answer `{"id", "ok": true, ...}` or `{"id", "ok": false, "code", "message",
"fix"}`. After `subscribe` every push is sent as `{"event", "data", "workstation" | "kiosk", "event_id"}`. Every op may
be asked again: see `OPERATIONS` in `agent.control.operations` for what a repeat does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from agent.identity.floor import Push
from retail.errors import DefectError, RefusedError, TillstreamError

LINE_BYTES_MAX = 1_000_000  # an erasure of 10,000 people is 400 KB
UNREAD_BYTES_MAX = 8_000_000  # pushes a subscriber has not read; more is a desk that hangs, and it starts afresh
ASKED_MAX = 256  # requests of one connection that are being worked on

Operation = Callable[..., Awaitable[Mapping[str, Any]]]


class ControlServer:
    """All connections to the control socket; used by core's loop only."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations
        self._subscribers: set[ControlConnection] = set()
        self._event_id = 0

    def connection(self) -> ControlConnection:
        """Return the protocol of a new connection."""
        return ControlConnection(self)

    def publish(self, push: Push) -> None:
        """Send a push to every subscriber; one that does not read is dropped."""
        self._event_id += 1
        message: dict[str, Any] = {"event": push.event, "data": push.data, "event_id": self._event_id}
        if push.place_id:
            message[push.place_kind] = push.place_id
        line = _line(message)
        for subscriber in list(self._subscribers):
            subscriber.send(line)

    async def answer(self, connection: ControlConnection, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one request; every failure is an answer."""
        arguments = {name: value for name, value in request.items() if name not in {"id", "op"}}
        head = {"id": request.get("id")}
        try:
            name = request.get("op")
            if name == "subscribe":
                self._subscribers.add(connection)
                return {**head, "ok": True}
            operation = self._operations.get(name) if isinstance(name, str) else None
            if operation is None:
                raise RefusedError(f"core knows no {name!r}", fix="update the agent", code="unknown_op")
            return {**head, "ok": True, **await operation(**arguments)}
        except TillstreamError as error:
            return {**head, "ok": False, "code": error.code, "message": error.message, "fix": error.fix}
        except (TypeError, ValueError, KeyError) as error:
            refused = RefusedError(f"the request cannot be understood: {error}", fix="update the agent", code="invalid")
            return {**head, "ok": False, "code": refused.code, "message": refused.message, "fix": refused.fix}

    def gone(self, connection: ControlConnection) -> None:
        """Forget a connection."""
        self._subscribers.discard(connection)


class ControlConnection(asyncio.Protocol):
    """One connection; lines in, lines out."""

    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the connection."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes; start work on each whole line."""
        self._buffer += data
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer[:] = rest
        if len(rest) > LINE_BYTES_MAX:
            self._close()
            return
        for line in lines:
            self._take(line)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; what was begun is finished, its answers go nowhere."""
        del exc
        self._transport = None
        self._server.gone(self)

    def send(self, line: bytes) -> None:
        """Send a line, or drop a peer that has stopped reading."""
        if self._transport is None:
            return
        self._transport.write(line)
        if self._transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
            self._close()

    def _take(self, line: bytes) -> None:
        try:
            request = json.loads(line)
        except ValueError:
            request = None
        if not isinstance(request, dict) or len(self._tasks) >= ASKED_MAX:
            self._close()
            return
        task = asyncio.get_running_loop().create_task(self._work(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, request: Mapping[str, Any]) -> None:
        try:
            answer = await self._server.answer(self, request)
        except Exception as error:  # noqa: BLE001 - one request's defect must not leave its asker waiting
            defect = DefectError(f"core failed at {request.get('op')!r}: {error!r}", fix="send the log to support")
            answer = {
                "id": request.get("id"), "ok": False, "code": defect.code, "message": defect.message, "fix": defect.fix,
            }  # fmt: skip
        self.send(_line(answer))

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"

"""Serves the hub over HTTP until SIGTERM or SIGINT; what was begun by then is answered, and the program ends with 0."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.protocol.messages import MEDIA_TYPE, Refusal

KEEP_ALIVE_S = 75
"""Longer than two polls of an agent: it keeps one connection, and its TLS is paid for once."""

DRAIN_S = 20
"""What was begun is answered within this time after a signal: less than the 30 s in which most supervisors wait before
they kill, more than a batch of 1 MiB takes on a loaded database. An agent sends again what nobody answered."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


NO_HTTP = Refusal(
    code="bad_http",
    message="this is no HTTP request: its first line, a header or its length cannot be read",
    fix="look for a proxy or a program that is no agent",
)
"""What is told to whoever does not speak HTTP: nothing was signed, so neither is the answer."""


_NO_HTTP_BODY = NO_HTTP.model_dump_json(exclude_none=True).encode()
_NO_HTTP_ANSWER = (
    f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(_NO_HTTP_BODY)}\r\n"
    "connection: close\r\n\r\n"
).encode() + _NO_HTTP_BODY


class HubServer(uvicorn.Server):
    """Uvicorn that ends in good order: it would raise the signal again and end with -15.

    `refused` hears the code of a refusal that no route has seen.
    """

    def __init__(self, app: FastAPI, *, refused: Callable[[str], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_answering(refused),
                log_level="error",  # below it, uvicorn tells every request that is none: those are counted
                access_log=False,  # paths and addresses of stores are nobody's reading
                lifespan="off",
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=DRAIN_S,
                server_header=False,
            )
        )

    def serve_until_stopped(self, listener: socket.socket) -> None:
        """Serve; returns after SIGTERM or SIGINT, when everything was answered. A second SIGINT does not wait."""
        self.run(sockets=[listener])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, and leave it at that."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._stop) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.should_exit and number == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def _answering(refused: Callable[[str], None]) -> type[H11Protocol]:
    """Return uvicorn's HTTP whose refusal of what is no request has the form of all others."""

    class Answering(H11Protocol):
        def send_400_response(self, msg: str) -> None:
            del msg
            refused(NO_HTTP.code)
            self.transport.write(_NO_HTTP_ANSWER)
            self.transport.close()

    return Answering

"""A mail server and a gateway for text messages, on loopback: they keep what they are given."""

from __future__ import annotations

import asyncio
import email
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP

PATIENCE_S = 60.0
LINK = re.compile(r"\S+/c/confirm/\S+")


class Catcher:
    """What came, newest last; `port` is where it listens."""

    def __init__(self) -> None:
        self.port = 0
        self._came: list[tuple[str, str]] = []
        self._news = threading.Condition()

    def take(self, to: str, text: str) -> None:
        """Keep a message."""
        with self._news:
            self._came.append((to, text))
            self._news.notify_all()

    def link_to(self, address: str) -> str:
        """Return the confirming link of the newest message to somebody, once there is one."""
        with self._news:
            assert self._news.wait_for(lambda: address in dict(self._came), PATIENCE_S), f"nothing came to {address}"
            found = LINK.search(dict(self._came)[address])
        assert found is not None
        return found[0]


@contextmanager
def catching_mail() -> Iterator[Catcher]:
    """Run a mail server at a free port until left."""
    catcher, ready, loop = Catcher(), threading.Event(), asyncio.new_event_loop()

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
            mail = email.message_from_bytes(envelope.content)
            catcher.take(str(mail["To"]), mail.get_payload(decode=True).decode())
            return "250 OK"

    async def listen() -> asyncio.Server:
        server = await loop.create_server(lambda: SMTP(Handler(), loop=loop), "127.0.0.1", 0)
        catcher.port = server.sockets[0].getsockname()[1]
        ready.set()
        return server

    def run() -> None:
        server = loop.run_until_complete(listen())
        loop.run_forever()
        server.close()
        loop.run_until_complete(server.wait_closed())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield catcher
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def catching_texts() -> Iterator[Catcher]:
    """Run a gateway for text messages at a free port until left."""
    catcher = Catcher()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            catcher.take(body["to"], body["text"])
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    catcher.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield catcher
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A page that shows the rolls of the demo's printers, newest paper on top; it looks again by itself."""

from __future__ import annotations

import html
import threading
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agent.demo.roll import Roll

REFRESH_S = 2
KINDS = {".png": "image/png", ".txt": "text/plain; charset=utf-8"}
POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
STYLE = """
body { margin: 0; background: #d8d8d4; font: 16px/1.4 system-ui, sans-serif; color: #222; }
h1 { font-size: 1.2rem; margin: 0; padding: 1rem 2rem; background: #222; color: #fff; }
main { display: flex; flex-wrap: wrap; gap: 2rem; padding: 2rem; align-items: flex-start; }
section { flex: 1 1 22rem; max-width: 40rem; }
h2 { font-size: 1rem; }
img { display: block; max-width: 100%; margin: 0 0 1.5rem; background: #fff; box-shadow: 0 2px 8px #0005; }
"""


def serve_rolls(rolls: Mapping[str, Roll], *, listen: str) -> int:
    """Serve the page from a thread of its own; return its port."""
    host, _, port = listen.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), partial(RollHandler, rolls))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="roll page", daemon=True).start()
    return int(server.server_address[1])


def page_of(rolls: Mapping[str, Roll]) -> str:
    """Return the page."""
    sections = "".join(_section(name, roll) for name, roll in rolls.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{REFRESH_S}">'
        f'<link rel="icon" href="data:,"><title>The paper</title><style>{STYLE}</style></head>'
        f"<body><h1>The paper, newest on top</h1><main>{sections}</main></body></html>"
    )


def _section(name: str, roll: Roll) -> str:
    shown = html.escape(name)
    papers = "".join(
        f'<a href="/{shown}/{job}.txt"><img src="/{shown}/{job}.png" alt="paper {job} of printer {shown}"></a>'
        for job in roll.newest()
    )
    return f"<section><h2>Printer {shown}</h2>{papers or '<p>Nothing printed yet.</p>'}</section>"


class RollHandler(BaseHTTPRequestHandler):
    """Answers `/` with the page and `/PRINTER/FILE` with a picture or text of a roll."""

    def __init__(self, rolls: Mapping[str, Roll], *arguments: object) -> None:
        self._rolls = rolls
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path == "/":
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page_of(self._rolls).encode())
            return
        printer, _, name = self.path.removeprefix("/").partition("/")
        roll = self._rolls.get(printer)
        kind = KINDS.get(name[-4:])
        path = roll.file(name) if roll and kind else None
        if path is None or kind is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"no such paper\n")
            return
        self._answer(HTTPStatus.OK, kind, path.read_bytes())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: whoever looks at a roll every two seconds is no event."""

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

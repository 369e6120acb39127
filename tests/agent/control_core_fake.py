"""A core that speaks `control.sock` and nothing else: answers from a table, pushes what it is told to."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Answerer = Callable[[dict[str, Any]], dict[str, Any] | None]


def polite(request: dict[str, Any]) -> dict[str, Any] | None:
    """Answer every op as core would when all is well."""
    answers = {
        "scan": {"scan_id": "s1"},
        "status": {"core": "running", "journal": {"head_seq": 7}},
        "append": {"seq": 8},
    }
    return {"ok": True, **answers.get(request["op"], {})}


@dataclass
class ControlCore:
    """One listening fake; `asked` is every request in order."""

    answer: Answerer = polite
    asked: list[dict[str, Any]] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def heard(self, op: str) -> None:
        """Return when an op was asked for."""
        while op not in [each["op"] for each in self.asked]:
            self._heard.clear()
            await self._heard.wait()

    def push(self, name: str, data: dict[str, Any], **place: str) -> None:
        self.send_raw(json.dumps({"event": name, "data": data, "event_id": 1, **place}).encode() + b"\n")

    def send_raw(self, line: bytes) -> None:
        for writer in self.writers:
            writer.write(line)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        while line := await reader.readline():
            request = json.loads(line)
            self.asked.append(request)
            self._heard.set()
            answer = self.answer(request)
            if answer is not None:
                writer.write(json.dumps({"id": request["id"], **answer}).encode() + b"\n")
            if request["op"] == "subscribe":
                self.subscribed.set()
        self.writers.remove(writer)
        writer.close()


@asynccontextmanager
async def control_core(path: Path, core: ControlCore | None = None):
    """Listen on `path` until the block ends, then break every connection, as a kill does."""
    core = core or ControlCore()
    server = await asyncio.start_unix_server(core.serve, str(path))
    try:
        yield core
    finally:
        server.close()
        for writer in core.writers:
            writer.transport.abort()
        path.unlink(missing_ok=True)  # noqa: ASYNC240 - one unlink in a test

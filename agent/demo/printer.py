"""The receipt printers of the demo, one process: TCP like a printer's port 9100, status answers, a roll to look at.

`tillstream demo-printer --folder DIR --model NAME ID...` opens a port for each named printer and a page that shows
their rolls, then says on standard output, one JSON object a line:

    {"event": "ready", "printers": {id: port}, "page": port}
    {"event": "job", "printer": id, "job": n, "path": file of its bytes,
     "opened_at_s", "cuts_at_s": [...], "closed_at_s"}

A printer takes one session at a time, as the real ones do: the next connection waits. Times are of the machine's
monotonic clock.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.demo.printer_answers import answer_to
from agent.demo.roll import Roll
from agent.demo.roll_page import serve_rolls
from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Token, Tokenizer

READ_BYTES = 4096
SILENCE_S = 30.0  # a network printer drops a silent session after a while; a stuck register must not hold the demo


@dataclass(slots=True)
class _Session:
    """One connection while it lasts."""

    tokens: Tokenizer = field(default_factory=Tokenizer)
    data: bytearray = field(default_factory=bytearray)
    opened_at_s: float = field(default_factory=time.monotonic)
    cuts_at_s: list[float] = field(default_factory=list)

    def feed(self, chunk: bytes) -> bytes:
        """Print `chunk`; return what the printer says to it."""
        self.data += chunk
        return self._take(self.tokens.feed(chunk))

    def close(self) -> None:
        """Print what was left incomplete."""
        self._take(self.tokens.close())

    def _take(self, tokens: list[Token]) -> bytes:
        now_s = time.monotonic()
        self.cuts_at_s += [now_s for token in tokens if token.kind is TokenKind.CUT]
        return b"".join(answer_to(token.data) for token in tokens)


class VirtualPrinter:
    """One printer: prints every job onto its roll and reports it."""

    def __init__(self, printer_id: str, roll: Roll) -> None:
        self.printer_id = printer_id
        self._roll = roll
        self._one_session = asyncio.Lock()
        self._jobs = 0

    async def listen(self) -> int:
        """Open a free port on loopback and return it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._one_session:
            session = _Session()
            with contextlib.suppress(TimeoutError, ConnectionError):
                await self._print(session, reader, writer)
            with contextlib.suppress(ConnectionError):
                writer.close()
                await writer.wait_closed()
            session.close()
            if session.data:
                await self._report(session)

    async def _print(self, session: _Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await asyncio.wait_for(reader.read(READ_BYTES), SILENCE_S):
            if said := session.feed(chunk):
                writer.write(said)
                await writer.drain()

    async def _report(self, session: _Session) -> None:
        self._jobs += 1
        data = bytes(session.data)
        path = await asyncio.to_thread(self._roll.print_job, self._jobs, data)
        _say(
            {
                "event": "job",
                "printer": self.printer_id,
                "job": self._jobs,
                "path": str(path),
                "opened_at_s": session.opened_at_s,
                "cuts_at_s": session.cuts_at_s,
                "closed_at_s": time.monotonic(),
            }
        )


async def run(printer_ids: list[str], *, folder: Path, model: str, page: str) -> None:
    """Open the ports, say which, and print until cancelled."""
    rolls = {printer_id: Roll(folder / printer_id, model=model) for printer_id in printer_ids}
    ports = {printer_id: await VirtualPrinter(printer_id, roll).listen() for printer_id, roll in rolls.items()}
    _say({"event": "ready", "printers": ports, "page": serve_rolls(rolls, listen=page)})
    await asyncio.Event().wait()


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Parse the command line and print until killed; return the exit code."""
    parser = argparse.ArgumentParser(description="Simulated receipt printers.")
    parser.add_argument("--folder", type=Path, required=True, help="where jobs and pictures go")
    parser.add_argument("--model", default="TM-T20III", help="printer model to draw as")
    parser.add_argument("--page", default="127.0.0.1:0", help="where the page with the rolls listens")
    parser.add_argument("printers", nargs="+", help="ids of the printers")
    wanted = parser.parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            run(wanted.printers, folder=wanted.folder, model=wanted.model, page=wanted.page),
        )
    return 0

"""A printer that is found to be gone by the very write: the register's line breaks, and no job stays open behind it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from pos_adapters.taps.addresses import UnixAddress
from pos_adapters.taps.book import JobBook
from pos_adapters.taps.clock import utc_now
from pos_adapters.taps.core_link import CoreLink
from pos_adapters.taps.ends import SocketEnd
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.job import Job
from pos_adapters.taps.passage import Passage
from pos_adapters.taps.policy import Policy, Profile
from pos_adapters.taps.printer_health import PrinterHealth
from pos_adapters.taps.prompt_loop import new_loop
from pos_adapters.taps.side import Side

PATIENCE_S = 60.0
RECEIPT = b"\x1b@Milk  1.20\n\x1dV\x00"


class GoneEnd(SocketEnd):
    """A printer's line of which only sending finds out that nobody is there."""

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Find out."""
        raise BrokenPipeError(len(data), "gone")


class Shelf:
    """A spool that remembers."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def save(self, job: Job) -> None:
        self.jobs.append(job)

    def forget(self, job_id: UUID) -> None:
        del job_id


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = new_loop()
    yield loop
    loop.close()


@pytest.mark.parametrize("profile", list(Profile))
def test_no_job_stays_open_behind_a_printer_that_a_write_found_gone(
    loop: asyncio.AbstractEventLoop, tmp_path: Path, profile: Profile
) -> None:
    defects: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: defects.append(context))
    log = EventLog(2, now=utc_now, as_json=False)
    link = CoreLink(loop, UnixAddress(str(tmp_path / "core.sock")), hello={}, budget_s=1.0, log=log)
    book = JobBook(loop, link=link, spool=Shelf(), now=utc_now, log=log)
    (register, ours), (printer, theirs) = socket.socketpair(), socket.socketpair()
    passage = Passage(
        loop,
        register=Side(loop, SocketEnd(ours)),
        printer=Side(loop, GoneEnd(theirs)),
        book=book,
        policy=Policy(profile=profile),
        health=PrinterHealth("printer", link=link, now=utc_now, log=log),
        log=log,
        on_done=loop.stop,
    )
    passage.start()
    register.send(RECEIPT)
    ran_out: list[None] = []
    loop.call_later(PATIENCE_S, ran_out.append, None)
    loop.call_later(PATIENCE_S, loop.stop)
    loop.run_forever()
    loop.call_soon(partial(loop.call_soon, loop.stop))
    loop.run_forever()
    register.settimeout(PATIENCE_S)
    assert register.recv(1) == b""
    assert (ran_out, defects, book.open_jobs) == ([], [], 0)
    register.close()
    printer.close()

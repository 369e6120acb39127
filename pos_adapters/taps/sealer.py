"""Seals jobs to disk in a child process; the tap's own process only queues, and never waits.

The child is started when there is something to seal and ends when there has been nothing for a while, so that a tap
whose agent is well stays small. What the disk does not take is kept in memory up to a bound and tried again.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pos_adapters.taps.events import EventLog
from pos_adapters.taps.job import Job
from pos_adapters.taps.seal import LENGTH

# What may wait in memory for a disk that does not take it; then the oldest jobs are given up, and said so.
UNSEALED_BYTES_MAX = 8 * 1024 * 1024

RETRY_AFTER_S = 30.0  # a full or read-only disk is looked at again this often
CHILD_IDLE_S = 30.0
ANSWER_BYTES_MAX = 64 * 1024  # the child's line lists what it gave up; a longer one is not our child's

Header = dict[str, Any]


class Sealer:
    """Queues ended jobs for the child. `on_sealed(job_id, path)` comes once a job is durable."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        command: Sequence[str],
        workstation_id: str,
        printer: str,
        log: EventLog,
        retry_after_s: float = RETRY_AFTER_S,
    ) -> None:
        self._loop = loop
        self._command = command
        self._about = {"workstation": workstation_id, "printer": printer}
        self._log = log
        self._retry_after_s = retry_after_s
        self._queue: OrderedDict[UUID, Job] = OrderedDict()
        self._child: _Child | None = None
        self._starting: asyncio.Task[None] | None = None
        self._sent: UUID | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._disk_refuses = False
        self.on_sealed: Callable[[UUID, str], None] = _ignore_sealed

    @property
    def idle(self) -> bool:
        """Whether every job given is on disk, or the disk has just said that it takes none."""
        return not self._queue or self._disk_refuses

    def save(self, job: Job) -> None:
        """Queue a job; a repeat changes nothing."""
        self._queue[job.job_id] = job
        if self._disk_refuses:
            self._queue.move_to_end(job.job_id, last=False)  # those behind it have had their try
        self._give_up_oldest()
        self._next()

    def drop(self, job_id: UUID) -> bool:
        """Forget a job that need not be sealed any more; False when it is with the child or not here."""
        return job_id != self._sent and self._queue.pop(job_id, None) is not None

    def stop(self) -> None:
        """End the child; what it has been given it still writes, what it has not is given up."""
        if self._timer is not None:
            self._timer.cancel()
        for job_id in self._queue:
            self._log.event("job_given_up", job=str(job_id), cause="the disk did not take it before the tap stopped")
        self._end_child()

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()

    def _give_up_oldest(self) -> None:
        total = sum(len(job.captured) for job in self._queue.values())
        while total > UNSEALED_BYTES_MAX and len(self._queue) > 1:
            oldest = min((job for job in self._queue.values() if job.job_id != self._sent), key=_age).job_id
            total -= len(self._queue.pop(oldest).captured)
            self._log.event("job_given_up", job=str(oldest), cause="the disk does not take jobs")

    def _next(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sent is not None or self._starting is not None:
            return
        if not self._queue:
            self._timer = self._loop.call_later(CHILD_IDLE_S, self._end_child)
        elif self._child is None:
            self._starting = self._loop.create_task(self._start())
        else:
            job = next(iter(self._queue.values()))
            self._sent = job.job_id
            self._disk_refuses = False
            self._child.send(self._header(job), job.captured)

    def _header(self, job: Job) -> Header:
        return {
            **self._about,
            "job_id": str(job.job_id),
            "received_at": job.received_at.isoformat(),
            "reason": job.ended_by.value if job.ended_by else "close",
            "truncated": job.truncated,
            "outcomes": {str(cut_no): int(outcome) for cut_no, outcome in job.outcomes.items()},
        }

    async def _start(self) -> None:
        try:
            ours, childs = socket.socketpair()
        except OSError as error:
            self._starting = None
            self._refused(error)
            return
        try:
            process = subprocess.Popen(self._command, stdin=childs.fileno(), stdout=childs.fileno())  # noqa: S603, ASYNC220
            child = _Child(process, self._answered, self._child_ended)
            await self._loop.create_unix_connection(lambda: child, sock=ours)
            self._child = child
        except OSError as error:
            ours.close()
            self._refused(error)
            return
        finally:
            childs.close()
            self._starting = None
        self._next()

    def _refused(self, error: OSError) -> None:
        """Note that this machine starts no child just now (no memory, no descriptors); it is asked again."""
        self._disk_refuses = True
        self._log.event("sealing_failed", cause=str(error))
        self._try_later()

    def _answered(self, answer: Header) -> None:
        job_id, self._sent = self._sent, None
        if job_id is None or answer.get("job_id") != str(job_id):
            return
        if "path" not in answer:
            self._disk_refuses = True
            self._log.event("spool_failed", job=str(job_id), cause=str(answer.get("problem")), fix="free the disk")
            if job_id in self._queue:
                self._queue.move_to_end(job_id)  # a large one that does not fit must not stop small ones that do
            self._try_later()
            return
        self._queue.pop(job_id, None)
        self._disk_refuses = False
        for given_up, report_only in answer["given_up"].items():
            cause = "the spool's quota is full"
            self._log.event("job_given_up", job=str(given_up), cause=cause, report_only=bool(report_only))
        self._log.event("job_spooled", job=str(job_id))
        self.on_sealed(job_id, str(answer["path"]))
        self._next()

    def _child_ended(self) -> None:
        self._child = None
        if self._sent is not None:
            self._sent = None
            self._disk_refuses = True
            self._log.event("sealing_failed", cause="the sealing process ended")
            self._try_later()
        else:
            self._next()

    def _try_later(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._retry_after_s, self._try_again)

    def _try_again(self) -> None:
        self._timer = None
        self._next()


class _Child(asyncio.Protocol):
    """The child's standard input and output, one socket."""

    def __init__(
        self, process: subprocess.Popen[bytes], answered: Callable[[Header], None], ended: Callable[[], None]
    ) -> None:
        self._process = process
        self._answered = answered
        self._ended = ended
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()

    def send(self, header: Header, data: bytearray) -> None:
        """Give a job to the child."""
        assert self._transport is not None
        encoded = json.dumps(header).encode()
        self._transport.write(LENGTH.pack(len(encoded)) + encoded + LENGTH.pack(len(data)))
        self._transport.write(bytes(data))

    def end(self) -> None:
        """Say that no more will come; the child ends when it has done what it was given."""
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\n" in self._received:
            line, _, rest = bytes(self._received).partition(b"\n")
            self._received = bytearray(rest)
            self._answered(json.loads(line))
        if len(self._received) > ANSWER_BYTES_MAX and self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        # The socket closes when the child exits, so this reaps it without waiting; one that lives on is ended.
        if self._process.poll() is None:
            self._process.terminate()
            asyncio.get_running_loop().call_later(1.0, self._process.poll)
        self._ended()


def _age(job: Job) -> datetime:
    return job.received_at


def _ignore_sealed(job_id: UUID, path: str) -> None:
    del job_id, path

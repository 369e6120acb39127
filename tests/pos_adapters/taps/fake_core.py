"""Core's side of the frames, which says what a test tells it to say: in time, late, wrong, or nothing."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from pos_adapters.taps.frames import (
    ANSWER_BODY,
    CUT_BODY,
    JOB_BYTES,
    LEND_BODY,
    OUTCOME_BODY,
    FrameReader,
    FrameType,
    Outcome,
    encode,
)
from pos_adapters.taps.right import Right

PATIENCE_S = 60.0  # only a failing test waits this long


class Condition:
    """A value that threads change and tests wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def change(self) -> threading.Condition:
        return self._changed

    def until(self, holds: Callable[[], Any], what: str | Callable[[], str], within_s: float = PATIENCE_S) -> Any:
        with self._changed:
            assert self._changed.wait_for(holds, within_s), (
                f"never happened: {what if isinstance(what, str) else what()}"
            )
            return holds()

    def happens(self, holds: Callable[[], Any], within_s: float) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(holds, within_s))


@dataclass
class CoreJob:
    """A job as core got it."""

    job_id: UUID
    data: bytearray = field(default_factory=bytearray)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)
    used: list[tuple[int, int]] = field(default_factory=list)  # cuts (number, offset) printed at without asking
    end: dict[str, Any] | None = None
    bytes_before_cut: list[int] = field(default_factory=list)


Answer = bytes | None | type(...)  # a block, NONE, or silence


class FakeCore:
    """Core's side of the frames. `answer(job, cut_no, offset)` returns a block, None (NONE) or ... (say nothing)."""

    def __init__(
        self,
        path: Path,
        answer: Callable[[CoreJob, int, int], Any] | None = None,
        *,
        on_hello: Callable[[], None] = lambda: None,
    ) -> None:
        self.path = path
        self.on_hello = on_hello
        self.answer = answer or (lambda job, cut_no, offset: None)
        self.acks = True
        self.lends: Callable[[CoreJob, int], bytes | None] = lambda job, cut_no: None
        self.taken_back: set[tuple[UUID, int, int]] = set()
        self._right: Right | None = None
        self._lent: tuple[UUID, int, int] | None = None
        self._lent_number = 0
        self._printed: tuple[UUID, int] | None = None
        self.jobs: dict[UUID, CoreJob] = {}
        self.order: list[CoreJob] = []
        self.sealed: dict[UUID, bytes] = {}
        self.troubles: list[dict[str, Any]] = []
        self.hellos: list[dict[str, Any]] = []
        self.seen = Condition()
        self._connections: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen(16)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._connections.clear()

    def send(self, data: bytes) -> None:
        self._connections[-1].sendall(data)

    def block(self, job: CoreJob, cut_no: int, block: bytes | None) -> None:
        body = job.job_id.bytes + ANSWER_BODY.pack(cut_no)
        self.send(encode(FrameType.NONE, body) if block is None else encode(FrameType.BLOCK, body + block))

    def slip(self, job: CoreJob, slip: bytes) -> None:
        self.send(encode(FrameType.SLIP, job.job_id.bytes + slip))

    def wait_connected(self, count: int = 1) -> None:
        self.seen.until(lambda: len(self.hellos) >= count, f"{count} connections of the tap")

    def wait_job(self, number: int, *, ended: bool = True) -> CoreJob:
        def there() -> Any:
            return len(self.order) > number and (not ended or self.order[number].end is not None)

        self.seen.until(there, f"job {number} {'ended ' if ended else ''}at core")
        return self.order[number]

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        reader, greeted = FrameReader(), False
        with contextlib.suppress(OSError):
            while data := connection.recv(65536):
                for frame in reader.feed(data):
                    if frame.type is FrameType.HELLO and greeted:
                        continue  # the tap says that nothing older will come
                    greeted = True
                    with self.seen.change():
                        answer = self._take(frame.type, frame.payload)
                        self.seen.change().notify_all()
                    if answer:
                        connection.sendall(answer)

    def _take(self, kind: FrameType, payload: bytes) -> bytes:
        if kind is FrameType.HELLO:
            self.hellos.append(json.loads(payload))
            self._open_right(self.hellos[-1].get("right", ""))
            self.on_hello()
            return b""
        job_id, body = UUID(bytes=payload[:JOB_BYTES]), payload[JOB_BYTES:]
        if kind is FrameType.PRINTER:
            self.troubles.append(json.loads(body))
            return b""
        if kind is FrameType.SEALED:
            self.sealed[job_id] = body
            return encode(FrameType.ACK, job_id.bytes) if self.acks else b""
        if kind is FrameType.JOB:
            self.jobs[job_id] = CoreJob(job_id)
            self.order.append(self.jobs[job_id])
        job, said = self.jobs.setdefault(job_id, CoreJob(job_id)), b""
        if kind is FrameType.BYTES:
            job.data += body
            said = self._lend(job)
        elif kind is FrameType.USED:
            job.used.append(CUT_BODY.unpack(body))
        elif kind is FrameType.OUTCOME:
            cut_no, outcome = OUTCOME_BODY.unpack(body)
            job.outcomes.append((cut_no, Outcome(outcome)))
        elif kind is FrameType.JOB_END:
            job.end = json.loads(body)
            said = encode(FrameType.ACK, job_id.bytes) if self.acks else b""
        elif kind is FrameType.CUT:
            said = self._cut(job, *CUT_BODY.unpack(body))
        return said

    def take_back(self) -> None:
        """Take back what is lent, if its tap has not been faster."""
        with self.seen.change():
            if self._lent is not None and self._right is not None:
                if self._right.take() == self._lent_number:
                    self.taken_back.add(self._lent)
                else:
                    self._printed = self._lent[:2]
            self._lent = None

    def _open_right(self, path: str) -> None:
        """Open the pipe that a HELLO names; the same tap may say it twice."""
        right = Right.named(path)
        if right is not None:
            if self._right is not None:
                self._right.close()
            self._right = right

    def _lend(self, job: CoreJob) -> bytes:
        """Lend a block for a cut that comes right here, where the test wants that."""
        self.take_back()
        cut_no = 1 + len(job.cuts) + len(job.used)
        is_printed = self._printed == (job.job_id, cut_no)  # behind feeds; its tap is about to tell
        block = None if self._right is None or is_printed else self.lends(job, cut_no)
        if block is None or self._right is None:
            return b""
        self._lent, self._lent_number = (job.job_id, cut_no, len(job.data)), self._lent_number + 1
        self._right.give(self._lent_number)
        lent = LEND_BODY.pack(cut_no, len(job.data), self._lent_number)
        return encode(FrameType.AHEAD, job.job_id.bytes + block) + encode(FrameType.LEND, job.job_id.bytes + lent)

    def _cut(self, job: CoreJob, cut_no: int, offset: int) -> bytes:
        job.cuts.append((cut_no, offset))
        job.bytes_before_cut.append(len(job.data))
        block = self.answer(job, cut_no, offset)
        if block is ...:
            return b""
        body = job.job_id.bytes + ANSWER_BODY.pack(cut_no)
        return encode(FrameType.NONE, body) if block is None else encode(FrameType.BLOCK, body + block)

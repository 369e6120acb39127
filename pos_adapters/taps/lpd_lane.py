"""The LPD edge (RFC 1179): takes each data file whole, puts our block in, and tells the printer the new length.

A data file's length stands in front of it, so the printer cannot be told before core has been asked: the tap says yes
to the till's announcement, takes the file, asks, announces it to the printer, and passes on the printer's own yes or
no as the answer to the file. Everything else (queue, control files, questions about the queue, their answers) is copied
as it comes, in its order, as many jobs a connection as the till likes.

In profile `off`, and for files of unknown or more than usual length, nothing is taken whole: bytes pass as they come.
"""

from __future__ import annotations

import asyncio
import re

from pos_adapters.taps.document import DOCUMENT_BYTES_MAX, CapturedJob, DocumentDesk, Fate
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.policy import Profile
from pos_adapters.taps.stream_lane import ConversationError, Stream, unless_gone

COMMAND_BYTES_MAX = 1024  # RFC 1179 has queue names of some letters; Windows adds a user's name
PIECE_BYTES = 64 * 1024
YES = b"\0"

_FILE = re.compile(rb"([\x02\x03])(\d{1,20}) +(\S+)[^\n]*\n")
_DATA = b"\x03"
_RECEIVE_JOB, _ABORT = b"\x02", b"\x01"
_QUEUE = b"lp"
_SLIP_NAME = b"A900tillstream"  # job 900: tills count from 1
_CONTROL_FILE = b"Htillstream\nPtillstream\nldf%s\nUdf%s\nNslip\n" % (_SLIP_NAME, _SLIP_NAME)


class LpdConversations:
    """The conversations of one lane (`stream_lane.Conversation`)."""

    def __init__(self, parts: LaneParts) -> None:
        self._parts = parts
        self.desk = DocumentDesk(parts)
        self._open = 0
        self._queue = _QUEUE  # the till's last, which is the printer's own name for what it prints on

    @property
    def busy(self) -> bool:
        """Whether a till is connected: LPD connects for a job."""
        return self._open > 0 or self.desk.busy

    async def converse(self, till: Stream, printer: Stream) -> None:
        """Pass commands until the till has closed."""
        self._open += 1
        try:
            line = _Line(self._parts, self.desk, till, printer)
            await line.serve()
            self._queue = line.queue or self._queue
        finally:
            self._open -= 1

    async def deliver(self, printer: Stream, slip: bytes) -> Fate:
        """Print a slip as a job of its own (see `late_slips.Deliver`)."""
        said = (
            b"%s%s\n" % (_RECEIVE_JOB, self._queue),
            b"\x02%d %s\n" % (len(_CONTROL_FILE), b"cf" + _SLIP_NAME),
            _CONTROL_FILE + YES,
            b"\x03%d %s\n" % (len(slip), b"df" + _SLIP_NAME),
            slip + YES,
        )
        for each in said:
            await printer.send(each)
            if await printer.reader.read(1) != YES:
                return Fate.LOST
        return Fate.HANDED


class _Line:
    """One till's connection and the printer's."""

    def __init__(self, parts: LaneParts, desk: DocumentDesk, till: Stream, printer: Stream) -> None:
        self._parts = parts
        self._desk = desk
        self._till = till
        self._printer = printer
        self.queue = b""

    async def serve(self) -> None:
        """Pass commands until the till has closed."""
        while command := await self._command():
            if _FILE.fullmatch(command):
                await self._file(command)
            elif command[:1] in {_RECEIVE_JOB, _ABORT} and len(command) > 1:
                self.queue = command[1:].strip()
                await self._pass(command)
                await self._answer()
            else:  # print what waits, tell of the queue, remove: the answer is text up to the printer's close
                await self._pass(command)
                await self._copy_rest()
                return
        self._printer.writer.write_eof()

    async def _command(self) -> bytes:
        try:
            command = await self._till.reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                await self._pass(error.partial)
            return b""
        except asyncio.LimitOverrunError as error:
            raise ConversationError("a command without an end") from error
        if len(command) > COMMAND_BYTES_MAX:
            raise ConversationError("a command without an end")
        return command

    async def _file(self, command: bytes) -> None:
        announced = _FILE.fullmatch(command)
        assert announced is not None
        is_data, size = announced[1] == _DATA, int(announced[2])
        in_bounds = 0 < size <= DOCUMENT_BYTES_MAX
        if is_data and in_bounds and self._parts.policy.profile is not Profile.OFF:
            await self._edited_file(command, announced, size)
            return
        await self._pass(command)
        if await self._answer() == YES:
            await self._passed_file(size, captured=is_data)
            await self._answer()

    async def _edited_file(self, command: bytes, announced: re.Match[bytes], size: int) -> None:
        """Take the file, ask, announce it anew, and let the printer answer for it."""
        await self._till.send(YES)
        data = await self._whole(command, size)
        document = await self._desk.take(data)
        fate = Fate.LOST
        try:
            edited = document.applied_to(data)
            start, end = announced.span(2)
            await self._pass(command[:start] + b"%d" % len(edited) + command[end:])
            if (answer := await self._heard()) != YES:  # no room for it: said where the till can still hear it
                await self._till.send(answer)
                return
            await self._pass(edited + YES)
            fate = Fate.HANDED if await self._answer() == YES else Fate.LOST
        finally:
            document.settle(fate)

    async def _whole(self, command: bytes, size: int) -> bytes:
        """Return a file without the zero behind it; one that breaks off goes to the printer as far as it came."""
        data = b""
        try:
            data = await self._till.reader.readexactly(size)
            end = await self._till.reader.readexactly(1)
        except asyncio.IncompleteReadError as error:
            begun = data or error.partial
            await self._pass(command)
            if await self._printer.reader.read(1) == YES:
                await self._pass(begun)
            self._desk.capture(begun)
            raise ConversationError("the till closed inside a file") from error
        if end != YES:
            raise ConversationError("a file longer than announced")
        return data

    async def _passed_file(self, size: int, *, captured: bool) -> None:
        """Copy a file and the zero behind it; a length of 0, or beyond all paper, lasts until the till closes."""
        job = CapturedJob(self._parts) if captured else None
        left = size + 1 if size else -1
        try:
            while left and (piece := await self._till.reader.read(PIECE_BYTES if left < 0 else min(PIECE_BYTES, left))):
                left -= len(piece) if left > 0 else 0
                await self._pass(piece)
                if job is not None:
                    job.take(piece[:-1] if left == 0 else piece)
        finally:
            if job is not None:
                job.end()
        if left:
            self._printer.writer.write_eof()

    async def _pass(self, data: bytes) -> None:
        await self._printer.send(data)

    async def _answer(self) -> bytes:
        """Pass on the printer's answer, one byte; raises when it has closed."""
        answer = await self._heard()
        await self._till.send(answer)
        return answer

    async def _heard(self) -> bytes:
        answer = await unless_gone(self._printer.reader.read(1), self._till)
        if not answer:
            raise ConversationError("the printer closed without an answer")
        return answer

    async def _copy_rest(self) -> None:
        while piece := await self._printer.reader.read(PIECE_BYTES):
            await self._till.send(piece)

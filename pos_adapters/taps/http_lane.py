"""A reverse proxy for printers that speak HTTP: copies everything, and hands what may be edited to an `Editor`.

One connection to the other end for each that comes in, kept as long as that one. What the editor does not want is
copied byte for byte as it comes, answers above all.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from pos_adapters.taps.addresses import Edge, ServiceAddress
from pos_adapters.taps.document import DOCUMENT_BYTES_MAX
from pos_adapters.taps.http_wire import (
    PIECE_BYTES,
    Framing,
    Head,
    copy_body,
    framing_of_request,
    framing_of_response,
    read_body,
    read_head,
)
from pos_adapters.taps.stream_lane import ConversationError, Stream, unless_gone

ANSWER_BYTES_KEPT = 64 * 1024  # a printer's answer is 300 bytes

_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
_SWITCHED = b"101"


class Editor(Protocol):
    """What one protocol changes of the messages that pass."""

    @property
    def busy(self) -> bool:
        """Whether a job is on its way."""

    def wants_request(self, request: Head) -> bool:
        """Whether `edit_request` is to have the body whole."""

    async def edit_request(self, request: Head, body: bytes) -> bytes:
        """Return the body to send on. Never raises."""

    def wants_response(self, request: Head, response: Head) -> bool:
        """Whether `edit_response` is to have the body whole."""

    async def edit_response(self, request: Head, response: Head, body: bytes) -> bytes:
        """Return the body to send on. Never raises."""

    def own_answer(self, request: Head) -> bytes | None:
        """Return the whole response to a request that concerns a job of ours; None: it is the other end's."""

    def answered(self, request: Head, response: Head | None, body: bytes) -> None:
        """Learn how an exchange ended: what was answered (its beginning), or None: nothing was."""


class HttpConversations:
    """The conversations of one lane (`stream_lane.Conversation`)."""

    def __init__(self, other_end: ServiceAddress, editor: Editor) -> None:
        self._other_end = other_end
        self._editor = editor
        self._exchanges = 0

    @property
    def busy(self) -> bool:
        """Whether a request has begun that is not answered, or a job is on its way to a printer that fetched it."""
        return self._exchanges > 0 or self._editor.busy

    async def converse(self, till: Stream, other_end: Stream) -> None:
        """Pass requests and responses until one of the two closes."""
        while (request := await read_head(till.reader)) is not None:
            self._exchanges += 1
            try:
                goes_on = await self._exchange(request, till, other_end)
            finally:
                self._exchanges -= 1
            if not goes_on:
                return

    async def _exchange(self, request: Head, till: Stream, other_end: Stream) -> bool:
        """Pass one request and its response; return whether another may follow."""
        own = self._editor.own_answer(request)
        if own is not None:
            await read_body(till.reader, framing_of_request(request), size_max=DOCUMENT_BYTES_MAX)
            await till.send(own)
            return request.keeps_open
        response, told = None, b""
        try:
            await self._pass_request(request, till, other_end)
            response = await self._final_response(till, other_end)
            if response.words[1] == _SWITCHED:
                await till.send(response.raw)
                await _tunnel(till, other_end)
                return False
            told = await self._pass_response(request, response, till, other_end)
        finally:
            self._editor.answered(request, response, told)
        ends = framing_of_response(request, response)[0] is Framing.UNTIL_CLOSE
        return request.keeps_open and response.keeps_open and not ends

    async def _final_response(self, till: Stream, other_end: Stream) -> Head:
        """Return the response's head, after passing on those that only announce it (100 Continue)."""
        while True:
            response = await unless_gone(read_head(other_end.reader), till)
            if response is None:
                raise ConversationError("closed without an answer")
            if not response.words[1].startswith(b"1") or response.words[1] == _SWITCHED:
                return response
            await till.send(response.raw)

    async def _pass_request(self, request: Head, till: Stream, other_end: Stream) -> None:
        framing = framing_of_request(request)
        head = self._head_for_other_end(request)
        small = framing[0] is Framing.LENGTH and framing[1] <= DOCUMENT_BYTES_MAX
        if not (small and self._editor.wants_request(request)):
            other_end.writer.write(head.raw)
            await copy_body(till.reader, other_end.writer, framing)
            await other_end.writer.drain()
            return
        expects = bool(request.header(b"expect"))
        if expects:
            till.writer.write(_GO_ON)
        body = await read_body(till.reader, framing, size_max=DOCUMENT_BYTES_MAX)
        edited = await self._editor.edit_request(request, body)
        unchanged = edited is body and not expects
        await other_end.send((head.raw if unchanged else head.with_length(len(edited))) + edited)

    def _head_for_other_end(self, request: Head) -> Head:
        """Name a server as it is called; a printer has no name, and keeps what the till calls us."""
        if self._other_end.edge is not Edge.CLOUDPRNT:
            return request
        return request.with_header(b"Host", self._other_end.netloc.encode())

    async def _pass_response(self, request: Head, response: Head, till: Stream, other_end: Stream) -> bytes:
        framing = framing_of_response(request, response)
        small = framing[0] in {Framing.LENGTH, Framing.CHUNKED} and framing[1] <= DOCUMENT_BYTES_MAX
        if not (small and self._editor.wants_response(request, response)):
            till.writer.write(response.raw)
            told = await copy_body(other_end.reader, till.writer, framing, keep_max=ANSWER_BYTES_KEPT)
            await till.writer.drain()
            return told
        body = await read_body(other_end.reader, framing, size_max=DOCUMENT_BYTES_MAX)
        edited = await self._editor.edit_response(request, response, body)
        unchanged = edited is body and framing[0] is Framing.LENGTH
        await till.send((response.raw if unchanged else response.with_length(len(edited))) + edited)
        return b""


async def _tunnel(till: Stream, other_end: Stream) -> None:
    """Copy both ways until both have closed: what follows is no HTTP."""
    await asyncio.gather(_copy(till, other_end), _copy(other_end, till))


async def _copy(source: Stream, target: Stream) -> None:
    while piece := await source.reader.read(PIECE_BYTES):
        await target.send(piece)
    if not target.writer.can_write_eof():  # TLS knows no half of a close
        return
    with contextlib.suppress(OSError):
        target.writer.write_eof()

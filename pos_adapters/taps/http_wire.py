"""HTTP/1.1 as far as a reverse proxy for printers needs it: heads, the length of bodies, copying.

A message that is not edited is copied byte for byte, its chunk sizes and trailers with it. Raises `ConversationError`
for what is no HTTP message (the proxy then closes, as a server would), OSError when a line breaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from enum import Enum, auto
from typing import NamedTuple

from pos_adapters.taps.stream_lane import ConversationError

HEAD_BYTES_MAX = 32 * 1024  # Apache's limit is 8 KB a line; printers and till browsers send 1 KB
PIECE_BYTES = 64 * 1024
CHUNK_LINE_BYTES_MAX = 1024

_NO_BODY_STATUS = (b"204", b"304")


class Framing(Enum):
    """How the end of a body is found."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()


class Head(NamedTuple):
    """Start line and headers as they came; `raw` is all of it with its empty line."""

    start: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    raw: bytes

    def header(self, name: bytes) -> bytes:
        """Return a header's value, b"" when there is none."""
        return next((value for key, value in self.headers if key.lower() == name), b"")

    @property
    def words(self) -> list[bytes]:
        """Return method, target and version of a request; version, status and reason of a response."""
        return [*self.start.split(b" ", 2), b"", b"", b""][:3]

    @property
    def keeps_open(self) -> bool:
        """Whether another message may follow on this line."""
        wish = self.header(b"connection").lower()
        return b"keep-alive" in wish if b"HTTP/1.0" in self.start else b"close" not in wish

    def with_header(self, name: bytes, value: bytes) -> Head:
        """Return the head with one header's value replaced."""
        headers = tuple((key, value if key.lower() == name.lower() else old) for key, old in self.headers)
        raw = b"\r\n".join((self.start, *(b"%s: %s" % each for each in headers), b"", b""))
        return Head(self.start, headers, raw)

    def with_length(self, size: int) -> bytes:
        """Return the head's bytes for a body of another size, sent whole."""
        kept = (
            b"%s: %s" % header
            for header in self.headers
            if header[0].lower() not in {b"content-length", b"transfer-encoding", b"expect"}
        )
        return b"\r\n".join((self.start, *kept, b"Content-Length: %d" % size, b"", b""))


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Return the next head; None when the other side has closed between messages."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial.strip():
            return None
        raise ConversationError("closed inside a head") from error
    except asyncio.LimitOverrunError as error:
        raise ConversationError("no end of the head") from error
    return parse_head(raw)


def parse_head(raw: bytes) -> Head:
    """Split a head into its lines. Raises ConversationError."""
    start, *lines = raw.lstrip(b"\r\n")[:-4].split(b"\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name.strip():
            raise ConversationError("a header without a colon")
        headers.append((name, value.strip()))
    if b"HTTP/1." not in start:
        raise ConversationError("no HTTP/1 message")
    return Head(start, tuple(headers), raw)


def framing_of_request(head: Head) -> tuple[Framing, int]:
    """Return how the body's end is found, and its length where it is told."""
    return _framing(head, otherwise=Framing.NONE)


def framing_of_response(request: Head, response: Head) -> tuple[Framing, int]:
    """Return the same for a response; a HEAD's has no body."""
    status = response.words[1]
    if request.words[0] == b"HEAD" or status in _NO_BODY_STATUS or status.startswith(b"1"):
        return Framing.NONE, 0
    return _framing(response, otherwise=Framing.UNTIL_CLOSE)


def _framing(head: Head, *, otherwise: Framing) -> tuple[Framing, int]:
    coding, length = head.header(b"transfer-encoding").lower(), head.header(b"content-length")
    if coding and length:
        raise ConversationError("a length told twice")  # request smuggling begins like this
    if coding:
        if coding != b"chunked":
            raise ConversationError("an unknown transfer coding")
        return Framing.CHUNKED, 0
    if not length:
        return otherwise, 0
    if not length.isdigit() or any(
        value != length for name, value in head.headers if name.lower() == b"content-length"
    ):
        raise ConversationError("a length that is no number")
    return Framing.LENGTH, int(length)


async def read_body(reader: asyncio.StreamReader, framing: tuple[Framing, int], *, size_max: int) -> bytes:
    """Return a body without its chunks. Raises ConversationError when it is larger than `size_max`, or breaks off."""
    kind, length = framing
    body = bytearray()
    try:
        if kind is Framing.LENGTH:
            if length > size_max:
                raise ConversationError("a body too large to be taken whole")
            return await reader.readexactly(length)
        if kind is Framing.CHUNKED:
            async for chunk in _chunks(reader):
                body += chunk.data
                if len(body) > size_max:
                    raise ConversationError("a body too large to be taken whole")
        elif kind is Framing.UNTIL_CLOSE:
            while piece := await reader.read(PIECE_BYTES):
                body += piece
                if len(body) > size_max:
                    raise ConversationError("a body too large to be taken whole")
    except asyncio.IncompleteReadError as error:
        raise ConversationError("closed inside a body") from error
    return bytes(body)


async def copy_body(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, framing: tuple[Framing, int], *, keep_max: int = 0
) -> bytes:
    """Copy a body byte for byte; return up to `keep_max` bytes of its content. Raises ConversationError, OSError."""
    kind, left = framing
    kept = bytearray()
    if kind is Framing.CHUNKED:
        try:
            async for chunk in _chunks(reader):
                writer.write(chunk.raw)
                await writer.drain()
                kept += chunk.data[: keep_max - len(kept)]
        except asyncio.IncompleteReadError as error:
            raise ConversationError("closed inside a body") from error
        return bytes(kept)
    while kind is Framing.UNTIL_CLOSE or (kind is Framing.LENGTH and left):
        piece = await reader.read(PIECE_BYTES if kind is Framing.UNTIL_CLOSE else min(PIECE_BYTES, left))
        if not piece and kind is Framing.UNTIL_CLOSE:
            break
        if not piece:
            raise ConversationError("closed inside a body")
        left -= len(piece)
        writer.write(piece)
        await writer.drain()
        kept += piece[: keep_max - len(kept)]
    return bytes(kept)


class _Chunk(NamedTuple):
    raw: bytes
    data: bytes


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[_Chunk]:
    """Yield the pieces of a chunked body up to its last trailer."""
    while True:
        line = await _line(reader)
        digits = line.split(b";", 1)[0].strip()
        try:
            size = int(digits, 16)
        except ValueError as error:
            raise ConversationError("a chunk without a size") from error
        if size == 0:
            trailer = line
            while (more := await _line(reader)) != b"\r\n":
                trailer += more
                if len(trailer) > HEAD_BYTES_MAX:
                    raise ConversationError("trailers without an end")
            yield _Chunk(trailer + b"\r\n", b"")
            return
        yield _Chunk(line, b"")
        while size:
            piece = await reader.read(min(PIECE_BYTES, size))
            if not piece:
                raise ConversationError("closed inside a chunk")
            size -= len(piece)
            yield _Chunk(piece, piece)
        end = await reader.readexactly(2)
        yield _Chunk(end, b"")


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        line = await reader.readuntil(b"\r\n")
    except asyncio.LimitOverrunError as error:
        raise ConversationError("a line without an end") from error
    if len(line) > CHUNK_LINE_BYTES_MAX:
        raise ConversationError("a line without an end")
    return line

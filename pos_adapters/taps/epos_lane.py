"""The ePOS-Print edge: a till's browser posts XML to the printer; our block goes in front of its `<cut/>`.

POST /cgi-bin/epos/service.cgi, SOAP (ePOS-Print XML User's Manual). All else on the line (pages, preflights, status
requests, answers) is copied byte for byte. The printer's `<response success="true">` comes when it has printed: then
the block is `printed`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pos_adapters.taps.document import DOCUMENT_BYTES_MAX, DocumentDesk, Fate, Insertion, OpenDocument
from pos_adapters.taps.epos_reading import Reading, UnreadableError, read
from pos_adapters.taps.epos_writing import UntranslatableError, elements
from pos_adapters.taps.http_wire import Head, framing_of_response, parse_head, read_body, read_head
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.printer_answers import Trouble
from pos_adapters.taps.stream_lane import ConversationError, Stream

SERVICE = b"/cgi-bin/epos/service.cgi"

_TARGET = SERVICE + b"?devid=local_printer&timeout=10000"
_REQUEST = (
    b'POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: ""\r\n'
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%s"
)
_DOCUMENT = (
    b'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<epos-print xmlns="http://www.epson-pos.com/schemas/2011/03/epos-print">%s</epos-print></s:Body></s:Envelope>'
)

_ANSWER = re.compile(rb"<(?:\w+:)?response\b([^>]*)>")
_SUCCESS = re.compile(rb"""\bsuccess\s*=\s*["'](true|1)["']""")
_STATUS = re.compile(rb"""\bstatus\s*=\s*["'](\d{1,10})["']""")

# Bits of `status` (ePOS-Print XML User's Manual, ASB_*).
_NO_RESPONSE = 0x1
_TROUBLES = (
    (0x8, Trouble.OFFLINE),
    (0x20, Trouble.COVER_OPEN),
    (0x400 | 0x800 | 0x2000 | 0x4000, Trouble.ERROR),
    (0x80000, Trouble.PAPER_END),
)


class EposEditor:
    """Edits the requests of one lane (see `http_lane.Editor`)."""

    def __init__(self, parts: LaneParts, pages: Mapping[int, str], *, host: str = "") -> None:
        self._parts = parts
        self._pages = pages
        self._host = host.encode()
        self._target = _TARGET  # the till's last: it names the printer behind the service
        self.desk = DocumentDesk(parts)
        self._open: dict[int, OpenDocument] = {}

    @property
    def busy(self) -> bool:
        """Whether a job is on its way."""
        return self.desk.busy

    def wants_request(self, request: Head) -> bool:
        """Want what is printed."""
        method, target, _ = request.words
        encoded = request.header(b"content-encoding").lower() not in {b"", b"identity"}
        return method == b"POST" and target.split(b"?", 1)[0] == SERVICE and not encoded

    async def edit_request(self, request: Head, body: bytes) -> bytes:
        """Return the XML with our elements; as it came, when anything about it is doubtful."""
        reading = self._read(body)
        if reading is None:
            return body
        self._target = request.words[1]
        document = await self.desk.take(reading.stream)
        self._open[id(request)] = document
        if not document.insertions:
            return body
        try:
            return _with(body, self._translated(reading, document.insertions))
        except Exception as error:  # noqa: BLE001 - whatever a block or a defect of ours is, the receipt goes on
            refused = isinstance(error, UntranslatableError)
            self._parts.log.event("block_refused" if refused else "defect", cause=f"{type(error).__name__}: {error}")
            document.settle(Fate.LOST)
            return body

    def _read(self, body: bytes) -> Reading | None:
        try:
            return read(body)
        except Exception as error:  # noqa: BLE001 - the same for what a till sends
            refused = isinstance(error, UnreadableError)
            self._parts.log.event("passed_unread" if refused else "defect", cause=f"{type(error).__name__}: {error}")
            return None

    def _translated(self, reading: Reading, insertions: tuple[Insertion, ...]) -> list[Insertion]:
        where = {**dict(reading.cuts), len(reading.stream): reading.end}
        if any(at not in where for at, _ in insertions):
            raise UntranslatableError("a cut inside a <command>, where the printer's service keeps no account")
        return [Insertion(where[at], elements(data, self._pages, prefix=reading.prefix)) for at, data in insertions]

    def wants_response(self, request: Head, response: Head) -> bool:
        """Want none: answers pass untouched."""
        del request, response
        return False

    async def edit_response(self, request: Head, response: Head, body: bytes) -> bytes:
        """Return it as it is."""
        del request, response
        return body

    def own_answer(self, request: Head) -> bytes | None:
        """Answer nothing: all requests are the printer's."""
        del request
        return None

    async def deliver(self, printer: Stream, slip: bytes) -> Fate:
        """Print a slip as a document of its own (see `late_slips.Deliver`)."""
        body = _DOCUMENT % elements(slip, self._pages)
        await printer.send(_REQUEST % (self._target, self._host, len(body), body))
        response = await read_head(printer.reader)
        if response is None:
            raise ConversationError("closed without an answer")
        framing = framing_of_response(parse_head(_REQUEST % (self._target, b"", 0, b"")), response)
        told = _ANSWER.search(await read_body(printer.reader, framing, size_max=DOCUMENT_BYTES_MAX))
        if told is None:
            return Fate.HANDED
        return Fate.PRINTED if _SUCCESS.search(told[1]) else Fate.LOST

    def answered(self, request: Head, response: Head | None, body: bytes) -> None:
        """Learn from the printer's answer what it printed, and how it is."""
        if self.wants_request(request) and (told := _ANSWER.search(body)):
            self._tell(int(status[1]) if (status := _STATUS.search(told[1])) else 0)
        document = self._open.pop(id(request), None)
        if document is None:
            return
        if response is None:
            document.settle(Fate.LOST)
        elif (told := _ANSWER.search(body)) is None:
            document.settle(Fate.HANDED)
        else:
            document.settle(Fate.PRINTED if _SUCCESS.search(told[1]) else Fate.LOST)

    def _tell(self, status: int) -> None:
        trouble = Trouble.UNREACHABLE if status & _NO_RESPONSE else Trouble(0)
        for bits, what in _TROUBLES:
            trouble |= what if status & bits else Trouble(0)
        self._parts.health.tell(trouble)


def _with(body: bytes, insertions: list[Insertion]) -> bytes:
    pieces, start = [], 0
    for at, data in insertions:
        pieces += [body[start:at], data]
        start = at
    return b"".join((*pieces, body[start:]))

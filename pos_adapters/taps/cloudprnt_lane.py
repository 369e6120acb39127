"""The Star CloudPRNT edge: the printer asks a server for jobs; we stand between the two and edit the job it fetches.

The printer polls by POST, fetches by GET, and confirms by DELETE with a code (or by GET with `delete`, where the server
wishes so). A fetch may be repeated and gets the same bytes. The code says whether it printed: 2xx is `printed`. Star's
own commands (`application/vnd.star.starprnt`, `...line`) are edited; plain text is captured only, because it has no
place for a code; pictures pass.
"""

from __future__ import annotations

import contextlib
import json
from urllib.parse import parse_qsl, unquote

from pos_adapters.taps.cloudprnt_slip import CloudSlip, says_printed
from pos_adapters.taps.document import DocumentDesk, Fate, OpenDocument
from pos_adapters.taps.http_wire import Head
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.printer_answers import Trouble

# A receipt prints in seconds; a printer that has lost power never confirms, and core waits for the job's end.
CONFIRM_WITHIN_S = 120.0

_COMMANDS = frozenset(
    (b"application/vnd.star.starprnt", b"application/vnd.star.line", b"application/vnd.star.linemode")
)
_TEXT = b"text/plain"

# Status codes that printers send in polls and confirmations (Star CloudPRNT protocol reference).
_TROUBLES = (
    ("410", Trouble.PAPER_END),
    ("411", Trouble.PAPER_END),
    ("420", Trouble.COVER_OPEN),
    ("5", Trouble.ERROR),
)


class CloudPrntEditor:
    """Edits the jobs of one printer (see `http_lane.Editor`)."""

    def __init__(self, parts: LaneParts) -> None:
        self._parts = parts
        self._desk = DocumentDesk(parts)
        self._document: OpenDocument | None = None
        self._fetched: tuple[bytes, bytes] | None = None  # the last job as it came, and as it went
        self._slip = CloudSlip(parts)

    @property
    def busy(self) -> bool:
        """Whether a job has been fetched and not been confirmed."""
        return self._desk.busy

    def wants_request(self, request: Head) -> bool:
        """Want polls, for what they tell of the printer."""
        return request.words[0] == b"POST"

    async def edit_request(self, request: Head, body: bytes) -> bytes:
        """Learn how the printer is; change nothing."""
        del request
        with contextlib.suppress(ValueError):
            told = json.loads(body)
            if isinstance(told, dict) and isinstance(code := told.get("statusCode"), str):
                self._parts.health.tell(trouble_of(unquote(code)))
        return body

    def wants_response(self, request: Head, response: Head) -> bool:
        """Want a fetched job whose bytes we can read; a poll's answer while a slip of ours waits."""
        encoded = response.header(b"content-encoding").lower() not in {b"", b"identity"}
        fetched = request.words[0] == b"GET" and "delete" not in _query(request)
        kind = _media_type(response)
        if request.words[0] == b"POST":
            return self._slip.waits and not encoded and response.words[1] == b"200"
        return fetched and not encoded and response.words[1] == b"200" and (kind in _COMMANDS or kind == _TEXT)

    async def edit_response(self, request: Head, response: Head, body: bytes) -> bytes:
        """Return the job with our blocks; a repeated fetch gets what the first one got."""
        if request.words[0] == b"POST":
            return self._slip.offered_in(body)
        if self._fetched is not None and self._fetched[0] == body and self._document is not None:
            return self._fetched[1]
        self._settle(Fate.HANDED)
        self._slip.receipt_comes()
        if not body:
            return body
        if _media_type(response) == _TEXT:
            self._desk.capture(body)
            self._document, edited = OpenDocument((), _no_fate), body
        else:
            self._slip.media = _media_type(response)
            self._document = await self._desk.take(body)
            edited = self._document.applied_to(body) if self._document.insertions else body
            self._parts.loop.call_later(CONFIRM_WITHIN_S, self._document.settle, Fate.HANDED)
        self._fetched = (body, edited)
        return edited

    def own_answer(self, request: Head) -> bytes | None:
        """Answer what the printer asks about a slip of ours."""
        return self._slip.answer(request)

    def answered(self, request: Head, response: Head | None, body: bytes) -> None:
        """Take the printer's confirmation: what it says, not whether the server heard it."""
        del response, body
        given = _query(request)
        if request.words[0] == b"DELETE" or (request.words[0] == b"GET" and "delete" in given):
            code = given.get("code", "")
            self._settle(Fate.PRINTED if says_printed(code) else Fate.LOST)
            self._fetched = None

    def _settle(self, fate: Fate) -> None:
        document, self._document = self._document, None
        if document is not None:
            document.settle(fate)


def trouble_of(code: str) -> Trouble:
    """Return what a status code such as `410 Out of Paper` says is wrong."""
    return next((trouble for start, trouble in _TROUBLES if code.startswith(start)), Trouble(0))


def _media_type(response: Head) -> bytes:
    return response.header(b"content-type").split(b";", 1)[0].strip().lower()


def _query(request: Head) -> dict[str, str]:
    _, _, query = request.words[1].partition(b"?")
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))


def _no_fate(fate: Fate) -> None:
    del fate

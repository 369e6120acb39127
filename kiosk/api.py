"""The local API under `/v1`: scans, their undo, what pages show, and the events they live on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from kiosk.bodies import PROBLEMS, Body, Identifier, Source
from kiosk.broadcast import Channel, Switchboard
from kiosk.events import Place, PlaceKind
from kiosk.gate import require_source
from kiosk.ports import Clock, ContentPort, CorePort
from kiosk.views import require_place
from retail.errors import TryAgainError

CODE_CHARACTERS_MAX = 512
"""A signed coupon in a QR code is 230 characters; version 40 of QR would hold 4,296 that nobody of ours prints."""

HEARTBEAT_S = 10.0
"""A page calls the agent away after two and a half missed beats (25 s), before a cashier begins to wonder."""

RETRY_MS = 1000
"""How long a browser waits before it reconnects: an agent is back within a second of a kill."""

STREAMS_MAX = 400
"""200 screens are promised; twice that many means that something opens streams and forgets them."""


class ScanRequest(Body):
    """A code was presented at a workstation or kiosk."""

    workstation_id: Identifier
    code: str = Field(min_length=1, max_length=CODE_CHARACTERS_MAX)
    symbology: str = Field(default="unknown", pattern=r"^[a-z0-9_-]{1,32}$")
    source: Source = Source.API


class ScanAnswer(BaseModel):
    """The scan was taken; who it is follows as an event."""

    scan_id: str


def api_routes(*, core: CorePort, content: ContentPort, switchboard: Switchboard, clock: Clock) -> APIRouter:
    """Return the routes of the local API."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS)
    streams = _Streams(clock=clock)

    @router.post("/scans", status_code=202, tags=["scans"])
    async def scan(request: ScanRequest, asker: Request) -> ScanAnswer:
        """Present a code. The answer only says that it was taken; `customer` and `offers` follow as events."""
        require_source(asker, request.source)
        require_place(content, request.source.place(request.workstation_id))
        scan_id = await core.scan(
            workstation_id=request.workstation_id,
            code=request.code,
            symbology=request.symbology,
            source=request.source.value,
        )
        return ScanAnswer(scan_id=scan_id)

    @router.delete("/scans/{scan_id}", status_code=204, tags=["scans"])
    async def undo(scan_id: Identifier, asker: Request) -> Response:
        """Take a scan back (a wrong card); the one before it counts again. Twice is as good as once."""
        require_source(asker, Source.CASHIER)
        await core.undo(scan_id)
        return Response(status_code=204)

    @router.post("/workstations/{workstation_id}/paper", status_code=202, tags=["scans"])
    async def paper(workstation_id: Identifier, asker: Request) -> Response:
        """Say that the customer of the open sale wants our paper, where paper is printed on request only."""
        require_source(asker, Source.CASHIER)
        require_place(content, Place(kind=PlaceKind.WORKSTATION, place_id=workstation_id))
        await core.paper(workstation_id)
        return Response(status_code=202)

    @router.get("/content", tags=["pages"])
    async def page_content() -> Response:
        """Return what pages show to everybody: the store, its places, posters, consent texts, survey."""
        return JSONResponse(content_json(content), headers={"cache-control": "no-store"})

    @router.get("/status", tags=["pages"])
    async def status() -> Response:
        """Return how the agent is, in the shape of `tillstream status --json`."""
        return JSONResponse(dict(await core.status()), headers={"cache-control": "no-store"})

    def events(kind: PlaceKind, place_id: str, last_event_id: str) -> Response:
        place = Place(kind=kind, place_id=place_id)
        require_place(content, place)
        channel = switchboard.find(place)
        if channel is None:
            raise TryAgainError(f"{place_id!r} is not served yet", fix="wait a moment and reload", code="starting")
        return streams.respond(channel, last_event_id)

    @router.get("/workstations/{workstation_id}/events", tags=["events"], response_class=StreamingResponse)
    async def workstation_events(
        workstation_id: Identifier,
        last_event_id: Annotated[str, Header(max_length=64)] = "",
        after: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        """Follow a workstation: server-sent events, resumed by `Last-Event-ID` (or `?after=` of the same value)."""
        return events(PlaceKind.WORKSTATION, workstation_id, last_event_id or after)

    @router.get("/kiosks/{kiosk_id}/events", tags=["events"], response_class=StreamingResponse)
    async def kiosk_events(
        kiosk_id: Identifier,
        last_event_id: Annotated[str, Header(max_length=64)] = "",
        after: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        """Follow a kiosk: server-sent events, resumed by `Last-Event-ID` (or `?after=` of the same value)."""
        return events(PlaceKind.KIOSK, kiosk_id, last_event_id or after)

    return router


class _Streams:
    """The open event streams: their number is bounded, each ends when its page goes away."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._open = 0

    def respond(self, channel: Channel, last_event_id: str) -> Response:
        if self._open >= STREAMS_MAX:
            raise TryAgainError(
                f"{STREAMS_MAX} pages are open already", fix="close pages that nobody looks at", code="too_many_pages"
            )
        return StreamingResponse(
            self._follow(channel, last_event_id),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _follow(self, channel: Channel, last_event_id: str) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            position = channel.position
            for event in channel.opening(last_event_id):
                yield event.wire()
            yield self._heartbeat(channel.event_id(position))
            while not channel.is_closed:
                await channel.wait_after(position, timeout_s=HEARTBEAT_S)
                reached = channel.position
                for event in channel.news(position):
                    yield event.wire()
                if reached == position:
                    yield self._heartbeat(channel.event_id(position))
                position = reached
        finally:
            self._open -= 1

    def _heartbeat(self, event_id: str) -> bytes:
        """Return an event that says that the agent lives, and how far this page is.

        So even a page that was told nothing yet resumes here, and misses nothing that is said while its line is down.
        """
        as_of = self._clock.now().isoformat(timespec="milliseconds")
        return f'id: {event_id}\nevent: heartbeat\ndata: {{"as_of":"{as_of}"}}\n\n'.encode()


def content_json(content: ContentPort) -> dict[str, Any]:
    """Return the pages' content as JSON; names are those of `PageContent`."""
    now = content.current()
    return {
        "store_name": now.store_name,
        "currency": now.currency,
        "languages": list(now.languages),
        "language": now.language,
        "timezone": now.timezone,
        "country": now.country,
        "workstations": list(now.workstations),
        "kiosks": list(now.kiosks),
        "paper_on_request": now.paper_on_request,
        "posters": [
            {"title": dict(each.title), "text": dict(each.text), "picture": each.picture} for each in now.posters
        ],
        "consents": [
            {
                "purpose": each.purpose,
                "channel": each.channel,
                "version": each.version,
                "text": dict(each.text),
            }
            for each in now.consents
        ],
        "survey": [
            {
                "question_id": each.question_id,
                "text": dict(each.text),
                "answers": {answer: dict(words) for answer, words in each.answers.items()},
            }
            for each in now.survey
        ],
        "theme": dict(now.theme),
        "pictures": sorted(now.pictures),
        "hands_over": now.hands_over,
        "prints_coupons": now.prints_coupons,
    }

"""The local API's part that hands something over: a code for the telephone, coupons on paper, pictures of codes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from kiosk.bodies import PROBLEMS, Body, Identifier
from kiosk.events import Place, PlaceKind
from kiosk.ports import ContentPort, CorePort, PaperOutcome, PrinterPort
from kiosk.views import require_place
from receipt.qr_svg import qr_svg

QR_CHARACTERS_MAX = 512
"""The longest address of ours is 250 characters; a code of more is not read from a screen at arm's length."""


class HandingRequest(Body):
    """Somebody who is known at a kiosk by this scan wants to take something along."""

    workstation_id: Identifier
    scan_id: Identifier


class HandoverAnswer(BaseModel):
    """The address that the code on the screen carries, good once and until then."""

    url: str
    ends_at: str


class PrintAnswer(BaseModel):
    """What became of the paper, as far as the printer says."""

    outcome: PaperOutcome


def handing_routes(*, core: CorePort, content: ContentPort, printer: PrinterPort) -> APIRouter:
    """Return the routes of taking something along."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["handing"])

    @router.post("/handovers", status_code=201)
    async def hand_over(request: HandingRequest) -> HandoverAnswer:
        """Return a code for the customer's telephone: signed, expiring, good once. Each request makes another."""
        require_place(content, Place(kind=PlaceKind.KIOSK, place_id=request.workstation_id))
        answer = await core.hand_over(scan_id=request.scan_id, kiosk_id=request.workstation_id)
        return HandoverAnswer(url=str(answer["url"]), ends_at=str(answer["ends_at"]))

    @router.post("/prints", status_code=201)
    async def print_coupons(request: HandingRequest) -> PrintAnswer:
        """Print the customer's coupons at the kiosk's printer and say what became of it."""
        require_place(content, Place(kind=PlaceKind.KIOSK, place_id=request.workstation_id))
        outcome = await printer.print_coupons(scan_id=request.scan_id, kiosk_id=request.workstation_id)
        return PrintAnswer(outcome=outcome)

    @router.get("/qr.svg")
    async def qr(text: Annotated[str, Query(min_length=1, max_length=QR_CHARACTERS_MAX)]) -> Response:
        """Return the picture of a QR code, quiet zone included."""
        return Response(qr_svg(text.encode()), media_type="image/svg+xml", headers={"cache-control": "no-store"})

    return router

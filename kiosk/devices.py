"""The local API's part for pairing: a device begins and claims, the store's own machine confirms and revokes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from kiosk.bodies import PROBLEMS, Body, Identifier
from kiosk.pairing import CODE_FOR_S, COOKIE, COOKIE_FOR_S, Pairings, Right
from kiosk.ports import PrinterPort


class PairingAnswer(BaseModel):
    """The code to show, and the id to claim with."""

    pairing_id: str
    code: str
    expires_s: float


class ConfirmRequest(Body):
    """Somebody at the store's machine has read a code from a device's screen."""

    code: Annotated[str, Field(min_length=1, max_length=32)]
    right: Right
    name: Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f\x7f<>]*$")] = ""


class DeviceAnswer(BaseModel):
    """A paired device."""

    device_id: str
    name: str
    right: Right
    paired_at: str


def device_routes(pairings: Pairings, printer: PrinterPort) -> APIRouter:
    """Return the routes of pairing."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["devices"])

    @router.post("/pairings", status_code=201)
    async def begin(behind: BackgroundTasks) -> PairingAnswer:
        """Give a device a code to show on its screen; the kiosk's printer prints it for who walks to the office."""
        pending = pairings.begin()
        behind.add_task(printer.print_pairing, pending.code)
        return PairingAnswer(pairing_id=pending.pairing_id, code=pending.code, expires_s=CODE_FOR_S)

    @router.post("/pairings/{pairing_id}/claim")
    async def claim(pairing_id: Annotated[str, Field(max_length=64)]) -> Response:
        """Fetch the device's token, as a cookie and once; `paired` is false until somebody has confirmed the code."""
        token = pairings.claim(pairing_id)
        answer = JSONResponse({"paired": token is not None}, headers={"cache-control": "no-store"})
        if token is not None:
            answer.set_cookie(COOKIE, token, max_age=COOKIE_FOR_S, httponly=True, samesite="strict", path="/")
        return answer

    @router.post("/devices", status_code=201)
    async def confirm(request: ConfirmRequest) -> Response:
        """Confirm the code that a device shows and say what the device is. Only at the store's own machine."""
        pairings.confirm(request.code, right=request.right, name=request.name)
        return Response(status_code=201)

    @router.get("/devices")
    async def devices() -> list[DeviceAnswer]:
        """List the paired devices. Only at the store's own machine."""
        return [
            DeviceAnswer(device_id=each.device_id, name=each.name, right=each.right, paired_at=each.paired_at)
            for each in pairings.devices
        ]

    @router.delete("/devices/{device_id}", status_code=204)
    async def revoke(device_id: Identifier) -> Response:
        """Forget a device; it must be paired again. Only at the store's own machine."""
        pairings.revoke(device_id)
        return Response(status_code=204)

    return router

"""The desk's web application: pages and local API behind the guard, made from ports and nothing else.

`create_app` opens no file but the pages' own, starts no task and connects to nothing; the same application runs in the
agent over `control.sock` and in tests over a fake.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from kiosk.api import api_routes
from kiosk.assets import load_assets
from kiosk.broadcast import Switchboard
from kiosk.devices import device_routes
from kiosk.gate import Gate
from kiosk.guard import Guard
from kiosk.handing import handing_routes
from kiosk.members import member_routes
from kiosk.pairing import Pairings
from kiosk.ports import Clock, ContentPort, CorePort, NoPrinter, PrinterPort, SealPort
from kiosk.till import till_routes
from kiosk.views import page_routes
from retail.errors import (
    ConfigurationError,
    DefectError,
    OnSiteError,
    RefusedError,
    TillstreamError,
    TryAgainError,
)

API_VERSION = "1"
BAD_REQUEST = 400
VALIDATION_PROBLEMS_MAX = 3  # the first mistakes explain the rest


def create_app(
    *,
    core: CorePort,
    content: ContentPort,
    switchboard: Switchboard,
    seal: SealPort,
    clock: Clock,
    pairings: Pairings,
    hosts: Iterable[str],
    printer: PrinterPort | None = None,
) -> FastAPI:
    """Return the application. `hosts` are the exact `Host` values it answers to, port included."""
    app = FastAPI(
        title="Tillstream local API",
        version=API_VERSION,
        description="What pages, tills and scripts in the store may ask of the agent.",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
    )
    app.add_middleware(Gate, pairings=pairings)
    app.add_middleware(Guard, hosts=frozenset(hosts))  # the outer door: added last, asked first
    app.include_router(api_routes(core=core, content=content, switchboard=switchboard, clock=clock))
    app.include_router(member_routes(core=core, content=content, seal=seal, clock=clock))
    app.include_router(till_routes(core=core, content=content))
    beside = printer or NoPrinter()
    app.include_router(handing_routes(core=core, content=content, printer=beside))
    app.include_router(device_routes(pairings, beside))
    app.include_router(page_routes(assets=load_assets(), content=content))
    app.add_exception_handler(TillstreamError, _tillstream_problem)
    app.add_exception_handler(RequestValidationError, _validation_problem)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _defect)
    return app


def status_of(error: TillstreamError) -> int:
    """Return the HTTP status by who must act."""
    match error:
        case RefusedError():
            return {"not_found": 404, "not_allowed": 403}.get(error.code, 409)
        case TryAgainError() | OnSiteError():
            return 503
        case ConfigurationError():
            return 409
        case DefectError() | TillstreamError():
            return 500
        case _:
            assert_never(error)


def problem(status: int, *, code: str, message: str, fix: str) -> JSONResponse:
    """Return an error in the one shape that every error of this API has."""
    return JSONResponse(
        {"code": code, "message": message, "fix": fix}, status_code=status, headers={"cache-control": "no-store"}
    )


async def _tillstream_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TillstreamError)
    answer = problem(status_of(error), code=error.code, message=error.message, fix=error.fix)
    if isinstance(error, TryAgainError):
        answer.headers["retry-after"] = str(max(1, round(error.retry_after_s or 1)))
    return answer


async def _validation_problem(_request: Request, error: Exception) -> Response:
    """Say which field and why, never what stood in it: it may be somebody's phone number."""
    assert isinstance(error, RequestValidationError)
    places = [
        f"{'.'.join(str(step) for step in each['loc'])}: {each['msg']}"
        for each in error.errors()[:VALIDATION_PROBLEMS_MAX]
    ]
    return problem(422, code="invalid", message="; ".join(places), fix="see /openapi.json for the shape")


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    # A body that is no text at all is refused like one that is no JSON: the API declares one status for both.
    status = 422 if error.status_code == BAD_REQUEST else error.status_code
    answer = problem(
        status,
        code=codes.get(error.status_code, "http"),
        message=str(error.detail),
        fix="see /openapi.json for what there is",
    )
    answer.headers.update(error.headers or {})  # `Allow`, for a method that is not there
    return answer


async def _defect(_request: Request, _error: Exception) -> Response:
    return problem(500, code="internal", message="the desk made a mistake", fix="reload; if it stays, tell support")

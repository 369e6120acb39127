"""The hub's ASGI application: the agents' API, the pages, health and metrics."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.api import agent_routes
from hub.bootstrap import Hub
from hub.claims.handover import HandoverService, handover_routes
from hub.claims.pages import claim_routes
from hub.gate import Refusals
from hub.users.directory import directory_of
from hub.web.fleet_pages import fleet_routes
from hub.web.pages import page_routes
from hub.web.rendering import Pages
from hub.web.sign_in_pages import directory_routes, sign_in_routes
from retail.errors import TryAgainError

_CODES = {404: "not_found", 405: "method_not_allowed"}


def create_app(hub: Hub) -> FastAPI:
    """Return the application of one hub; whoever made the hub closes it."""
    app = FastAPI(
        title="Tillstream hub",
        version="1",
        description="What stores' agents call. Every field is described in docs/wire-protocol.md.",
        docs_url=None,  # the page would load scripts from elsewhere; /openapi.json is the document
        redoc_url=None,
    )
    app.include_router(agent_routes(hub))
    pages = Pages(hub.config.chain_name or hub.config.tenant)
    app.include_router(page_routes(hub, pages))
    app.include_router(sign_in_routes(hub, pages))
    if directory := directory_of(hub.config):
        app.include_router(directory_routes(hub, pages, directory))
    app.include_router(fleet_routes(hub, pages))
    chain = hub.config.chain_name or hub.config.tenant
    handovers = HandoverService(database=hub.database, tenant_id=hub.config.tenant)
    app.include_router(handover_routes(handovers, chain=chain, clock=hub.clock))
    if hub.claims is not None:
        app.include_router(claim_routes(hub.claims, chain=chain, clock=hub.clock))

    @app.get("/healthz", summary="Whether this hub can read its database")
    def healthz() -> JSONResponse:
        with hub.database.reading() as session:
            session.rows("tenants")
        return JSONResponse({"ok": True})

    app.add_exception_handler(HTTPException, partial(_no_such_thing, hub.refusals))
    app.add_exception_handler(TryAgainError, _not_now)
    app.add_exception_handler(Exception, partial(_defect, hub.refusals))
    return app


async def _no_such_thing(refusals: Refusals, _request: Request, error: Exception) -> Response:
    """Answer for what no route answers for, in the shape of every refusal."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "http")
    refusals.add(code)
    told = {"code": code, "message": str(error.detail), "fix": "see /openapi.json for what there is"}
    return JSONResponse(told, status_code=error.status_code, headers=error.headers)


async def _not_now(_request: Request, error: Exception) -> Response:
    """Answer for a page or a health check that the database does not serve now."""
    assert isinstance(error, TryAgainError)
    told = {"code": error.code, "message": error.message, "fix": error.fix}
    return JSONResponse(told, status_code=503, headers={"retry-after": "15"})


async def _defect(refusals: Refusals, _request: Request, error: Exception) -> Response:
    """Answer for a mistake of ours: the caller keeps what it has and tries again; the log has where it was."""
    refusals.add("defect")
    told = {
        "code": "defect",
        "message": f"the hub failed over this ({type(error).__name__}); nothing of it was kept",
        "fix": "it is tried again; the hub's log says where it failed",
    }
    return JSONResponse(told, status_code=500)

"""The hub's ASGI application: the agents' API, the pages, health and metrics."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import JSONResponse

from hub.api import agent_routes
from hub.bootstrap import Hub
from hub.claims.pages import claim_routes
from hub.web.pages import page_routes


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
    app.include_router(page_routes(hub))
    if hub.claims is not None:
        app.include_router(claim_routes(hub.claims, chain=hub.config.chain_name or hub.config.tenant, clock=hub.clock))

    @app.get("/healthz", summary="Whether this hub can read its database")
    def healthz() -> JSONResponse:
        with hub.database.reading() as session:
            session.rows("tenants")
        return JSONResponse({"ok": True})

    return app

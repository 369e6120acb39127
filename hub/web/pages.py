"""Pages and reports for people of the chain, rendered here: no script, no address but this one.

They show a whole chain; `door` says to whom.
"""

from __future__ import annotations

from datetime import timedelta
from importlib import resources

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from hub.bootstrap import Hub
from hub.completeness import completeness
from hub.web.door import Door
from hub.web.rendering import SECURITY_HEADERS, Pages, age_text

REFRESH_S = 10
"""`/?live=1` shows a new sale within ten seconds, for one small query; without, nothing moves under a reader's eyes."""

DAYS_MAX = 400  # of one answer: a year, and the month that an auditor asks for too

COLUMNS = ("sales", "offers_printed", "offers_withheld", "coupons_redeemed", "forks", "parked")


def page_routes(hub: Hub, pages: Pages) -> APIRouter:
    """Return the pages and their data."""
    routes = APIRouter()
    door = Door(hub)
    stylesheet = resources.files("hub.web").joinpath("hub.css").read_text("utf-8")

    @routes.get("/", include_in_schema=False)
    def page(request: Request, live: int = 0) -> Response:
        if refused := door.refuse_reader(request):
            return refused
        stores = hub.reports.stores(hub.config.tenant)
        text = pages.text(request)
        return pages.html(
            request,
            "stores.html",
            person=door.person(request),
            refresh_s=REFRESH_S if live else 0,
            columns=COLUMNS,
            stores=stores,
            ages={line.store_id: age_text(line.last_contact_at, hub.clock(), text) for line in stores},
            sums={column: sum(getattr(line, column) for line in stores) for column in COLUMNS},
            forks=hub.reports.forks(hub.config.tenant),
            refusals=hub.refusals.counts(),
        )

    @routes.get("/hub.css", include_in_schema=False)
    def css() -> Response:
        return Response(stylesheet, media_type="text/css", headers=dict(SECURITY_HEADERS))

    @routes.get("/v1/stores", summary="Every store with its counts, as the page shows them")
    def stores(request: Request) -> Response:
        if refused := door.refuse(request):
            return refused
        lines = [line.to_json() for line in hub.reports.stores(hub.config.tenant)]
        return JSONResponse({"stores": lines}, headers=dict(SECURITY_HEADERS))

    @routes.get("/v1/completeness", summary="Captured against Z reports, per lane and business day")
    def days(request: Request, days: int = 7) -> Response:
        if refused := door.refuse(request):
            return refused
        last_day = hub.clock().date() + timedelta(days=1)  # somewhere it is tomorrow already
        first_day = last_day - timedelta(days=max(1, min(days, DAYS_MAX)))
        lines = completeness(hub.database, hub.config.tenant, first_day=first_day, last_day=last_day)
        return JSONResponse({"days": [line.to_json() for line in lines]}, headers=dict(SECURITY_HEADERS))

    @routes.get("/v1/status", summary="What this process has refused, and how many stores it knows")
    def status(request: Request) -> Response:
        if refused := door.refuse(request):
            return refused
        told = {"stores": len(hub.reports.stores(hub.config.tenant)), "refused": hub.refusals.counts()}
        return JSONResponse(told, headers=dict(SECURITY_HEADERS))

    return routes

"""Pages and reports for people of the chain, rendered here: no script, no address but this one.

They show a whole chain, and people cannot sign in yet, so only this machine is answered unless the hub's settings say
otherwise; a reverse proxy that asks for a password stands in front of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import resources
from ipaddress import ip_address

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, JSONResponse, Response

from hub.bootstrap import Hub
from hub.completeness import completeness
from hub.web.texts import LANGUAGES, language_of, load_texts

REFRESH_S = 10
"""A page that stays open shows a new sale within ten seconds, for one small query."""

DAYS_MAX = 400  # of one answer: a year, and the month that an auditor asks for too

COLUMNS = ("sales", "offers_printed", "offers_withheld", "coupons_redeemed", "forks", "parked")

SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

_AGES = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def page_routes(hub: Hub) -> APIRouter:
    """Return the pages and their data."""
    routes = APIRouter()
    templates = Environment(
        loader=PackageLoader("hub.web"), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
    )
    texts = load_texts()
    stylesheet = resources.files("hub.web").joinpath("hub.css").read_text("utf-8")

    @routes.get("/", include_in_schema=False)
    def page(request: Request, lang: str = "") -> Response:
        if refused := _refuse_strangers(hub, request):
            return refused
        language = language_of(lang, request.headers.get("accept-language", ""))
        stores = hub.reports.stores(hub.config.tenant)
        html = templates.get_template("stores.html").render(
            language=language,
            languages=LANGUAGES,
            text=texts[language],
            chain=hub.config.chain_name or hub.config.tenant,
            base=request.scope.get("root_path", ""),
            refresh_s=REFRESH_S,
            columns=COLUMNS,
            stores=stores,
            ages={line.store_id: _age(line.last_contact_at, hub.clock(), texts[language]) for line in stores},
            sums={column: sum(getattr(line, column) for line in stores) for column in COLUMNS},
            forks=hub.reports.forks(hub.config.tenant),
            refusals=hub.refusals.counts(),
        )
        return HTMLResponse(html, headers=dict(SECURITY_HEADERS))

    @routes.get("/hub.css", include_in_schema=False)
    def css() -> Response:
        return Response(stylesheet, media_type="text/css", headers=dict(SECURITY_HEADERS))

    @routes.get("/v1/stores", summary="Every store with its counts, as the page shows them")
    def stores(request: Request) -> Response:
        lines = [line.to_json() for line in hub.reports.stores(hub.config.tenant)]
        return _refuse_strangers(hub, request) or JSONResponse({"stores": lines}, headers=dict(SECURITY_HEADERS))

    @routes.get("/v1/completeness", summary="Captured against Z reports, per lane and business day")
    def days(request: Request, days: int = 7) -> Response:
        if refused := _refuse_strangers(hub, request):
            return refused
        last_day = hub.clock().date() + timedelta(days=1)  # somewhere it is tomorrow already
        first_day = last_day - timedelta(days=max(1, min(days, DAYS_MAX)))
        lines = completeness(hub.database, hub.config.tenant, first_day=first_day, last_day=last_day)
        return JSONResponse({"days": [line.to_json() for line in lines]}, headers=dict(SECURITY_HEADERS))

    @routes.get("/v1/status", summary="What this process has refused, and how many stores it knows")
    def status(request: Request) -> Response:
        told = {"stores": len(hub.reports.stores(hub.config.tenant)), "refused": hub.refusals.counts()}
        return _refuse_strangers(hub, request) or JSONResponse(told, headers=dict(SECURITY_HEADERS))

    return routes


def _refuse_strangers(hub: Hub, request: Request) -> Response | None:
    """Return a refusal unless the caller is this machine, or pages are open to all by the hub's settings."""
    host = request.client.host if request.client else ""
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        here = False
    if here or hub.config.pages_for_all:
        return None
    refusal = {
        "code": "pages_closed",
        "message": "the hub's pages are for its own machine",
        "fix": 'put a proxy with sign-in before it, or set [hub] pages = "all"',
    }
    return JSONResponse(refusal, status_code=403, headers=dict(SECURITY_HEADERS))


def _age(told: str | None, now: datetime, text: Mapping[str, str]) -> str:
    if told is None:
        return ""
    age_s = max(0, int((now - datetime.fromisoformat(told)).total_seconds()))
    name, unit_s = next(((name, unit_s) for name, unit_s in _AGES if age_s >= unit_s), _AGES[-1])
    return text[name].replace("{n}", str(age_s // unit_s))

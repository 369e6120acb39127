"""Signing in and out."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from hub.bootstrap import Hub
from hub.users.directory import Directory
from hub.users.groups import group_roles
from hub.web.door import COOKIE, WAY_COOKIE, Door
from hub.web.forms import place_of, read_form
from hub.web.rendering import Pages
from retail.errors import TillstreamError, TryAgainError


def sign_in_routes(hub: Hub, pages: Pages) -> APIRouter:
    """Return the routes of signing in and out."""
    routes = APIRouter(include_in_schema=False)
    door = Door(hub)

    @routes.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        return _form(hub, pages, request)

    @routes.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        typed: Mapping[str, str] = {}
        try:
            typed = await read_form(request)
            name, password = typed.get("name", "").strip().lower(), typed.get("password", "")
            cookie = await run_in_threadpool(hub.users.sign_in, name, password)
        except TillstreamError as error:
            status = 429 if isinstance(error, TryAgainError) else 403
            name = typed.get("name", "")
            return _form(hub, pages, request, status=status, problem=error.code, typed_name=name)
        return door.let_in(RedirectResponse(place_of(request, "/fleet"), status_code=303), request, cookie)

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        hub.users.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(place_of(request, "/sign-in"), status_code=303)
        response.delete_cookie(COOKIE, path=request.scope.get("root_path", "") or "/")
        return response

    return routes


def directory_routes(hub: Hub, pages: Pages, directory: Directory) -> APIRouter:
    """Return the routes of signing in by the chain's own directory."""
    routes = APIRouter(include_in_schema=False)
    door, groups = Door(hub), group_roles(hub.config)

    @routes.get("/sign-in/directory")
    def to_directory(request: Request) -> Response:
        try:
            way = directory.begin(now=hub.clock())
        except TillstreamError as error:
            return _form(hub, pages, request, status=503, problem=error.code)
        return door.send_off(RedirectResponse(way.to, status_code=303), request, way.to_text())

    @routes.get("/sign-in/returned")
    def returned(request: Request) -> Response:
        try:
            who = directory.named(request.query_params, request.cookies.get(WAY_COOKIE, ""), now=hub.clock())
            if groups is None:
                cookie = hub.users.sign_in_elsewhere(who.name)
            else:
                cookie = hub.users.sign_in_by_groups(who.name, groups.role_of(who.groups))
        except TillstreamError as error:
            return _form(hub, pages, request, status=403, problem=error.code)
        # A cookie for this place alone does not travel along a way that began elsewhere: the page goes on by itself.
        return door.let_in(pages.html(request, "signed_in.html"), request, cookie)

    return routes


def _form(hub: Hub, pages: Pages, request: Request, *, status: int = 200, **shown: str) -> Response:
    has_directory = bool(hub.config.oidc_issuer)
    values = {"problem": None, "typed_name": "", "has_directory": has_directory} | shown
    return pages.html(request, "sign_in.html", status=status, **values)

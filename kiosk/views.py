"""The routes of the pages themselves: four documents, their files and the service worker. Nothing here knows a person.

Every page is a plain file; which workstation or kiosk it stands at it reads from its own address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response

from kiosk.assets import WORKER, Asset
from kiosk.events import Place, PlaceKind
from kiosk.ports import ContentPort
from retail.errors import RefusedError

CACHE_STATIC = "no-cache"
"""Asked for again each time and answered 304: on loopback that is cheap, and a new release is never missed."""


CACHE_PICTURE = "max-age=3600"
"""A picture that changes gets another name, or an hour."""

PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


def picture_type(picture: bytes) -> str | None:
    """Return the media type of a picture by its first bytes; None for what is no PNG, JPEG or WebP (an SVG may run)."""
    if picture.startswith(b"RIFF") and picture[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for head, media_type in PICTURES if picture.startswith(head)), None)


def page_routes(*, assets: Mapping[str, Asset], content: ContentPort) -> APIRouter:
    """Return the routes of kiosk, cashier, display and their files."""
    router = APIRouter(include_in_schema=False)

    def page(name: str) -> Callable[[Request], Response]:
        def serve(request: Request) -> Response:
            return respond(request, assets[name])

        return serve

    def page_at_workstation(name: str) -> Callable[[Request, str], Response]:
        def serve(request: Request, workstation_id: str) -> Response:
            require_place(content, Place(kind=PlaceKind.WORKSTATION, place_id=workstation_id))
            return respond(request, assets[name])

        return serve

    def kiosk_page(request: Request, kiosk_id: str) -> Response:
        require_place(content, Place(kind=PlaceKind.KIOSK, place_id=kiosk_id))
        return respond(request, assets["kiosk.html"])

    def static(request: Request, name: str) -> Response:
        if name not in assets:
            raise RefusedError(f"there is no file {name[:100]!r}", fix="reload the page", code="not_found")
        return respond(request, assets[name])

    def picture(name: str) -> Response:
        body = content.current().pictures.get(name)
        media_type = picture_type(body) if body is not None else None
        if body is None or media_type is None:
            raise RefusedError(f"there is no picture {name[:100]!r}", fix="reload the page", code="not_found")
        return Response(body, media_type=media_type, headers={"cache-control": CACHE_PICTURE})

    router.add_api_route("/content/{name}", picture, methods=["GET"])
    router.add_api_route("/", page("places.html"), methods=["GET", "HEAD"])
    router.add_api_route("/cashier", page("places.html"), methods=["GET", "HEAD"])
    router.add_api_route("/display", page("places.html"), methods=["GET", "HEAD"])
    router.add_api_route("/pair", page("pair.html"), methods=["GET", "HEAD"])
    router.add_api_route("/kiosk", page("kiosk.html"), methods=["GET", "HEAD"])
    router.add_api_route("/kiosk/{kiosk_id}", kiosk_page, methods=["GET", "HEAD"])
    router.add_api_route("/cashier/{workstation_id}", page_at_workstation("cashier.html"), methods=["GET", "HEAD"])
    router.add_api_route("/display/{workstation_id}", page_at_workstation("display.html"), methods=["GET", "HEAD"])
    router.add_api_route("/static/{name:path}", static, methods=["GET", "HEAD"])
    router.add_api_route("/sw.js", page(WORKER), methods=["GET", "HEAD"])
    return router


def require_place(content: ContentPort, place: Place) -> None:
    """Raise RefusedError `not_found` for a workstation or kiosk that this store does not have."""
    now = content.current()
    known = now.workstations if place.kind is PlaceKind.WORKSTATION else now.kiosks
    if place.place_id not in known:
        raise RefusedError(
            f"this store has no {place.kind.value} {place.place_id[:64]!r}",
            fix=f"known here: {', '.join(known) or 'none'}; others go into agent.toml",
            code="not_found",
        )


def respond(request: Request, asset: Asset) -> Response:
    """Return a file, compressed where the browser can, or 304 where it has it already."""
    headers = {"etag": asset.etag, "cache-control": CACHE_STATIC, "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    body = asset.body
    if asset.body_gzip and "gzip" in request.headers.get("accept-encoding", ""):
        body = asset.body_gzip
        headers["content-encoding"] = "gzip"
    return Response(body, media_type=asset.media_type, headers=headers)

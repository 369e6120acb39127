"""What a request needs to be allowed, and whether it is: the second door, behind the guard.

The table is by path, most special first; whatever it does not name needs to be at the store's own machine. Routes
whose body says which page speaks (`source`) ask `require_source` too, so that a kiosk cannot speak as a cashier.
"""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie

from fastapi import Request

from kiosk.bodies import Source
from kiosk.guard import AsgiApp, Receive, Refusal, Scope, Send, refuse
from kiosk.pairing import COOKIE, EVERYTHING, NOTHING, Pairings, Right
from retail.errors import RefusedError

OPEN = frozenset(Right) | {None}
ANY_DEVICE = frozenset({Right.KIOSK, Right.CASHIER, Right.DISPLAY})
LANE = frozenset({Right.CASHIER, Right.DISPLAY})

RULES: tuple[tuple[str, frozenset[Right | None]], ...] = (
    ("/static/", OPEN),
    ("/sw.js", OPEN),
    ("/content/", OPEN),
    ("/pair", OPEN),
    ("/v1/pairings", OPEN),
    ("/v1/content", OPEN),
    ("/v1/devices", frozenset({Right.ADMIN})),
    ("/v1/workstations/", LANE),
    ("/v1/kiosks/", frozenset({Right.KIOSK})),
    ("/v1/visits", frozenset({Right.KIOSK})),
    ("/v1/interests", frozenset({Right.KIOSK})),
    ("/v1/handovers", frozenset({Right.KIOSK})),
    ("/v1/prints", frozenset({Right.KIOSK})),
    ("/v1/qr.svg", ANY_DEVICE),
    ("/v1/scans", frozenset({Right.KIOSK, Right.CASHIER})),
    ("/v1/members", frozenset({Right.KIOSK, Right.CASHIER})),
    ("/v1/consents", frozenset({Right.KIOSK, Right.CASHIER})),
    ("/v1/withdrawals", frozenset({Right.KIOSK, Right.CASHIER})),
    ("/v1/status", ANY_DEVICE),
    ("/kiosk", frozenset({Right.KIOSK})),
    ("/cashier", frozenset({Right.CASHIER})),
    ("/display", LANE),
)
"""Prefix -> who may; ADMIN may everything. OPEN holds nothing of a person and nothing that changes a sale."""

SOURCES = {
    Source.KIOSK: Right.KIOSK,
    Source.CASHIER: Right.CASHIER,
    Source.DISPLAY: Right.DISPLAY,
    Source.API: Right.ADMIN,
}
"""Who speaks as whom; a program on the store's machine speaks as `api`."""

PAIR_PAGE = "/pair"


class Gate:
    """ASGI middleware: finds out what a connection may do, and lets in what may; pages lead others to pairing."""

    def __init__(self, app: AsgiApp, *, pairings: Pairings) -> None:
        self._app = app
        self._pairings = pairings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rights = self._rights(scope)
        if may(rights, scope["path"]):
            scope.setdefault("state", {})["rights"] = rights
            await self._app(scope, receive, send)
        elif scope["method"] == "GET" and not scope["path"].startswith("/v1/"):
            location = f"{PAIR_PAGE}?to={scope['path']}".encode("latin-1", "replace")
            await send({"type": "http.response.start", "status": 302, "headers": [(b"location", location)]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await refuse(_refusal(rights), send)

    def _rights(self, scope: Scope) -> frozenset[Right]:
        if _is_this_machine(scope):
            return EVERYTHING
        return self._pairings.rights_of(_token(scope))


def may(rights: frozenset[Right], path: str) -> bool:
    """Return whether somebody with these rights may ask for `path`."""
    if Right.ADMIN in rights:
        return True
    for prefix, allowed in RULES:
        if path == prefix.rstrip("/") or path.startswith(prefix if prefix.endswith("/") else f"{prefix}/"):
            return None in allowed or bool(rights & allowed)
    return False


def require_source(request: Request, source: Source) -> None:
    """Raise RefusedError when the device that asks may not speak as `source`."""
    rights: frozenset[Right] = getattr(request.state, "rights", NOTHING)
    if Right.ADMIN not in rights and SOURCES[source] not in rights:
        raise RefusedError(
            f"this device may not speak as {source.value}", fix="pair it as what it is", code="not_allowed"
        )


def _is_this_machine(scope: Scope) -> bool:
    client = scope.get("client")
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _token(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookie = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            except CookieError:
                return ""
            return cookie.value if cookie is not None else ""
    return ""


def _refusal(rights: frozenset[Right]) -> Refusal:
    if not rights:
        return Refusal(
            status=401,
            code="not_paired",
            message="this device is not paired with the agent",
            fix=f"open {PAIR_PAGE} on it and confirm the code at the store's own machine",
        )
    return Refusal(
        status=403,
        code="not_allowed",
        message="this device is paired as something else",
        fix="pair it as what it is",
    )

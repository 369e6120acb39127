"""Who may talk to the desk: the guard in front of every request.

A page in a stranger's tab can reach 127.0.0.1 and any name that resolves to it (DNS rebinding), so nothing is trusted
for coming from near. The `Host` must be one of ours, port included; whatever changes state must say by `Origin` that
it comes from one of our own pages, and must not say otherwise by `Sec-Fetch-Site`; bodies are JSON and bounded; data
is not readable across sites. There is no CORS: no answer ever allows another origin anything.

A program that is no browser (the till's software, a script) names our own origin itself; a browser cannot be made to.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 65_536
"""A sign-up with every consent text is 6 KB; a till API basket of 300 lines is 40 KB."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
OWN_SITES = frozenset({"same-origin", "none"})
"""`none` is a person who typed the address. `same-site` is another port of this host, and a stranger."""

SECURITY_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not let in, in the shape of every error of this API."""

    status: int
    code: str
    message: str
    fix: str

    def body(self) -> bytes:
        """Return the JSON object that is sent."""
        return json.dumps({"code": self.code, "message": self.message, "fix": self.fix}, ensure_ascii=False).encode()


class Guard:
    """ASGI middleware: lets in what is ours, refuses the rest, puts the security headers on every answer."""

    def __init__(self, app: AsgiApp, *, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(f"{scheme}://{host}" for host in self._hosts for scheme in ("http", "https"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; lifespan passes through, websockets are not spoken here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self.refusal(scope["method"], scope["path"], _headers(scope))
        if refusal is not None:
            await refuse(refusal, send)
            return
        await self._app(scope, _Bounded(receive), _with_security_headers(send))

    def refusal(self, method: str, path: str, headers: dict[str, list[str]]) -> Refusal | None:
        """Decide on a request by its head alone; None lets it in. `headers` has lower-case names."""
        host = headers.get("host", [])
        if len(host) != 1 or host[0].lower() not in self._hosts:
            return Refusal(
                status=403,
                code="wrong_host",
                message="this agent does not answer to that host name",
                fix=f"use http://{min(self._hosts)} or add the name to [desk] hosts in agent.toml",
            )
        if method in SAFE_METHODS:
            return self._refusal_of_reader(path, headers)
        return self._refusal_of_writer(method, headers)

    def _refusal_of_reader(self, path: str, headers: dict[str, list[str]]) -> Refusal | None:
        """Another site may link to a page but not load its data, not even as a script or an image."""
        sites = set(headers.get("sec-fetch-site", []))
        navigates = headers.get("sec-fetch-mode") == ["navigate"] and not path.startswith("/v1/")
        if sites <= OWN_SITES or navigates:
            return None
        return _cross_site()

    def _refusal_of_writer(self, method: str, headers: dict[str, list[str]]) -> Refusal | None:
        origins = headers.get("origin", [])
        if len(origins) != 1 or origins[0].lower() not in self._origins:
            return Refusal(
                status=403,
                code="wrong_origin",
                message="a change must come from one of this agent's own pages",
                fix=f"send `Origin: http://{headers['host'][0]}` (a browser does so by itself on our pages)",
            )
        if not set(headers.get("sec-fetch-site", [])) <= {"same-origin"}:
            return _cross_site()
        if method in METHODS_WITH_BODY and not _is_json(headers.get("content-type", [])):
            return Refusal(
                status=415,
                code="not_json",
                message="a body must be JSON",
                fix="send `Content-Type: application/json`",
            )
        return _refusal_of_length(headers.get("content-length", []))


class _Bounded:
    """Passes a request's body on up to BODY_BYTES_MAX, then lets the sender seem to have hung up.

    A declared length was refused before; this holds for chunked bodies, which declare none.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            if self._bytes > BODY_BYTES_MAX:
                return {"type": "http.disconnect"}
        return message


def _headers(scope: Scope) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return headers


def _is_json(content_types: list[str]) -> bool:
    return len(content_types) == 1 and content_types[0].split(";")[0].strip().lower() == "application/json"


def _refusal_of_length(lengths: list[str]) -> Refusal | None:
    if not lengths or (lengths[0].isdigit() and int(lengths[0]) <= BODY_BYTES_MAX):
        return None
    return Refusal(
        status=413,
        code="body_too_large",
        message=f"a body may have {BODY_BYTES_MAX} bytes at most",
        fix="send less at once",
    )


def _cross_site() -> Refusal:
    return Refusal(
        status=403,
        code="cross_site",
        message="another site's page asked for this",
        fix="open the agent's own page",
    )


async def refuse(refusal: Refusal, send: Send) -> None:
    """Send a refusal, with the headers of every answer, and close the connection."""
    body = refusal.body()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        *SECURITY_HEADERS,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_security_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message.get("headers", [])}
            missing = [each for each in SECURITY_HEADERS if each[0] not in present]
            message["headers"] = [*message.get("headers", []), *missing]
        await send(message)

    return send_with_headers

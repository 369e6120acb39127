"""Who may see the hub's pages, and who is signed in.

Until somebody has an account only this machine is answered, unless the hub's settings say otherwise (a proxy that asks
for a password stands in front). From the first account on nobody sees anything without signing in, and nothing is done
by a request that another site's page has sent: the cookie stays here (`SameSite=Strict`), and a form's `Origin` has to
be this very address.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.bootstrap import Hub
from hub.users.accounts import SESSION_MAX, User
from hub.users.directory import WAY_LIFE
from hub.web.rendering import SECURITY_HEADERS
from retail.errors import RefusedError

COOKIE = "tillstream_hub"
WAY_COOKIE = "tillstream_way"  # while somebody is at the chain's directory


class NotSignedInError(RefusedError):
    """Nobody is signed in with this browser."""

    code = "sign_in_needed"


@dataclass(frozen=True, slots=True)
class Door:
    """Lets readers in, and tells who they are."""

    hub: Hub

    def person(self, request: Request) -> User | None:
        """Return who is signed in; None for nobody."""
        return self.hub.users.whose(request.cookies.get(COOKIE, ""))

    def refuse(self, request: Request) -> Response | None:
        """Return a refusal for a reader who may not see anything; None lets them in."""
        # With a directory there are always people: that nobody has come yet, or the last one left, opens nothing.
        if self.hub.config.oidc_issuer or self.hub.users.any_here():
            return None if self.person(request) else _refusal(401, "sign_in_needed", "sign in first", "open /sign-in")
        if self.hub.config.pages_for_all or _is_this_machine(request):
            return None
        fix = 'make an account (tillstream hub people add), put a proxy with sign-in before it, or set pages = "all"'
        return _refusal(403, "pages_closed", "the hub's pages are for its own machine", fix)

    def refuse_reader(self, request: Request) -> Response | None:
        """Do so for a page: who is not signed in is shown where to."""
        refused = self.refuse(request)
        if refused is not None and refused.status_code == 401:  # noqa: PLR2004 - Unauthorized
            return RedirectResponse(f"{request.scope.get('root_path', '')}/sign-in", status_code=303)
        return refused

    def actor(self, request: Request) -> User:
        """Return who does something. Raises RefusedError: nobody is signed in, or another site has sent the form."""
        origin = urlsplit(request.headers.get("origin", ""))
        if origin.netloc != request.headers.get("host", ""):
            raise RefusedError("this form was sent from another place", fix="open the page again", code="other_origin")
        person = self.person(request)
        if person is None:
            raise NotSignedInError("sign in first", fix="open /sign-in")
        return person

    def let_in(self, response: Response, request: Request, cookie: str) -> Response:
        """Give a browser its cookie."""
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=int(SESSION_MAX.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path=request.scope.get("root_path", "") or "/",
        )
        return response

    def send_off(self, response: Response, request: Request, way: str) -> Response:
        """Have a browser remember its way to the directory; it comes back from another site."""
        response.set_cookie(
            WAY_COOKIE,
            way,
            max_age=int(WAY_LIFE.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
            path=f"{request.scope.get('root_path', '')}/sign-in",
        )
        return response


def _is_this_machine(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal(status: int, code: str, message: str, fix: str) -> Response:
    told = {"code": code, "message": message, "fix": fix}
    return JSONResponse(told, status_code=status, headers=dict(SECURITY_HEADERS))

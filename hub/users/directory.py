"""Signing in by the chain's own directory: OpenID Connect, authorization code with PKCE.

The directory says who somebody is; what they may do is said here (`tillstream hub people add NAME --elsewhere --role`)
or follows from the groups that it names them in (`[groups]`, `hub.users.groups`). Whom it does not name by a verified
e-mail address, or who has neither account nor group, is not let in.

    /sign-in/directory --state, nonce, verifier kept in a cookie--> the directory
    the directory --code, state--> /sign-in/returned --code, verifier, our secret--> its token end point --> id token

Sources: OpenID Connect Core 1.0 (3.1), Discovery 1.0, RFC 7636 (PKCE), RFC 9700 (2.1).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlencode

import httpx

from hub.addresses import is_safe_address
from hub.config import HubConfig
from hub.users.accounts import WrongPasswordError
from retail.errors import ConfigurationError, RefusedError, TryAgainError

ANSWER_S = 10.0  # somebody waits before a white page
WAY_LIFE = timedelta(minutes=10)  # a second factor takes its time
ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA")  # signed by the directory's own key; "none" and HS256 are nobody's
GROUPS_MAX = 1000  # a directory that names more tells a link instead
SKEW_S = 60  # between the directory's clock and ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What is remembered while somebody is at the directory. `to` is where they are sent."""

    to: str
    state: str
    nonce: str
    verifier: str
    began_at: str

    def to_text(self) -> str:
        """Return what the cookie holds."""
        kept = {name: getattr(self, name) for name in ("state", "nonce", "verifier", "began_at")}
        return base64.urlsafe_b64encode(json.dumps(kept).encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom the directory has named: a verified e-mail address in small letters, and their groups as they are there."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The chain's directory. `returned_to` is our own address that it sends people back to."""

    issuer: str
    client_id: str
    client_secret: str
    returned_to: str
    scope: str = "openid email"
    groups_claim: str = "groups"

    def begin(self, *, now: datetime) -> Way:
        """Return where to send somebody. Raises TryAgainError when the directory is away."""
        found = self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.returned_to,
            "scope": self.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        to = f"{found['authorization_endpoint']}?{urlencode(asked)}"
        return Way(to=to, state=state, nonce=nonce, verifier=verifier, began_at=now.isoformat())

    def named(self, told: Mapping[str, str], kept: str, *, now: datetime) -> Named:
        """Return who came back.

        `told` is what their browser brings, `kept` the cookie of their way. Raises RefusedError, TryAgainError.
        """
        way = _way(kept, now)
        if not secrets.compare_digest(told.get("state", ""), way.state):
            raise _lost()
        if "error" in told:
            raise WrongPasswordError("the directory did not let you in", fix="try again, or ask who looks after it")
        claims = self._claims(told.get("code", ""), way)
        name = str(claims.get("email", "")).lower()
        if not name or claims.get("email_verified") is not True:
            raise WrongPasswordError("the directory names no verified address", fix="ask who looks after it")
        return Named(name=name, groups=_groups(claims.get(self.groups_claim)))

    def _claims(self, code: str, way: Way) -> Mapping[str, Any]:
        import jwt  # noqa: PLC0415 - installed where a directory is wanted: tillstream[oidc]

        found = self._discovered()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.returned_to,
            "code_verifier": way.verifier,
        }
        answer = _asked("POST", found["token_endpoint"], data=form, auth=(self.client_id, self.client_secret))
        keys = _asked("GET", found["jwks_uri"])
        try:
            token = str(answer["id_token"])
            key_id = jwt.get_unverified_header(token).get("kid")
            known = [key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if key_id in (None, key.key_id)]
            claims: Mapping[str, Any] = jwt.decode(
                token,
                known[0],
                algorithms=ALGORITHMS,
                audience=self.client_id,
                issuer=self.issuer,
                leeway=SKEW_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
        except (jwt.PyJWTError, KeyError, IndexError) as error:
            raise RefusedError(
                f"the directory's answer is not to be believed: {error}", fix="look at [oidc]", code="directory"
            ) from error
        if not secrets.compare_digest(str(claims["nonce"]), way.nonce):
            raise _lost()
        return claims

    def _discovered(self) -> Mapping[str, Any]:
        found = _asked("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise ConfigurationError(
                f"oidc.issuer: the directory calls itself {found.get('issuer')!r}", fix="write it just so"
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not is_safe_address(str(found.get(name, ""))):
                raise ConfigurationError(f"the directory's {name} is no https address", fix="look at [oidc] issuer")
        return found


def directory_of(config: HubConfig) -> Directory | None:
    """Return the directory of a hub's settings, None where people sign in with passwords alone."""
    if not config.oidc_issuer:
        return None
    if find_spec("jwt") is None:
        raise ConfigurationError(
            "[oidc] is configured, but its library is not there", fix="pip install 'tillstream[oidc]'"
        )
    return Directory(
        issuer=config.oidc_issuer,
        client_id=config.oidc_client_id,
        client_secret=config.oidc_client_secret,
        returned_to=f"{config.oidc_public_url.rstrip('/')}/sign-in/returned",
        scope=config.oidc_scope,
        groups_claim=config.oidc_groups_claim,
    )


def _groups(told: object) -> tuple[str, ...]:
    """Return the groups of a claim: a list of names, or one name (Keycloak, Entra and Okta all tell lists)."""
    listed = told if isinstance(told, list) else [told]
    return tuple(each for each in listed if isinstance(each, str))[:GROUPS_MAX]


def _way(kept: str, now: datetime) -> Way:
    try:
        told = json.loads(base64.urlsafe_b64decode(kept.encode()))
        way = Way(to="", **{name: str(told[name]) for name in ("state", "nonce", "verifier", "began_at")})
        began = datetime.fromisoformat(way.began_at)
    except (ValueError, KeyError, TypeError) as error:
        raise _lost() from error
    if not timedelta(0) <= now - began <= WAY_LIFE:
        raise _lost()
    return way


def _lost() -> RefusedError:
    return RefusedError("this way of signing in has been lost", fix="begin again at /sign-in", code="way_lost")


def _asked(method: str, url: str, **more: Any) -> Mapping[str, Any]:
    try:
        answer = httpx.request(method, url, timeout=ANSWER_S, follow_redirects=False, **more)
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise TryAgainError(f"the directory does not answer: {error}", fix="try again", code="directory") from error
    if not answer.is_success or not isinstance(told, dict):
        raise RefusedError(f"the directory answered {answer.status_code}", fix="look at [oidc]", code="directory")
    return told

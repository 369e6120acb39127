"""The page that a kiosk's code opens on a telephone: `/p/TOKEN`. What the kiosk has shown, taken along; shown once.

Looking shows nothing and uses nothing up: previews of messengers look, and only the button opens. What is shown is what
the store's journal tells under the code's number; while that is on its way the code stays good. Nothing of a person is
in the address, and the page is kept nowhere.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.claims.pages import HEADERS, LOOKS_PER_MINUTE_MAX, Pace, Pages, language_asked
from hub.ingest.contents import content_of
from hub.storage.ports import Database, TakenAlreadyError
from receipt.qr_svg import qr_svg
from retail.errors import RefusedError, TillstreamError, TryAgainError
from sync.protocol.handover import verify_handover

RECORDS_BACK = 5_000
"""A code is ten minutes old at most; a store's busiest ten minutes make a tenth of it."""

TOKEN_CHARS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverService:
    """Codes of one chain."""

    database: Database
    tenant_id: str

    def look(self, token: str, *, now: datetime) -> None:
        """Raise RefusedError `handover_unreadable`, `handover_forged`, `handover_over`, `handover_used`."""
        number, _agent_id = self._verified(token, now=now)
        with self.database.reading() as session:
            if session.row("handover_used", tenant_id=self.tenant_id, claim_id=_mark(number)) is not None:
                raise _used()

    def open(self, token: str, *, now: datetime) -> Mapping[str, Any]:
        """Return what the kiosk has shown, once. Raises as `look`; TryAgainError `handover_on_its_way`."""
        number, agent_id = self._verified(token, now=now)
        try:
            with self.database.writing() as session:
                self._use_up(session, number, now)
                found = self._told(session, agent_id, number)
                if found is None:  # leaves the transaction, and the code as good as it was
                    raise TryAgainError(
                        "what the kiosk has shown is on its way",
                        fix="press again in a moment",
                        code="handover_on_its_way",
                    )
        except TakenAlreadyError as error:
            raise _used() from error
        return found

    def _verified(self, token: str, *, now: datetime) -> tuple[str, str]:
        if len(token) > TOKEN_CHARS_MAX:
            raise RefusedError("this is no code of a kiosk", fix="scan it again", code="handover_unreadable")
        with self.database.reading() as session:
            keys = {bytes(row[0]): str(row[1]) for row in session.rows("keys_of_agents", tenant_id=self.tenant_id)}
        handover, key = verify_handover(token, keys, now=now)
        return handover.number, keys[key]

    def _use_up(self, session: Any, number: str, now: datetime) -> None:
        """Note that a code was opened; the row says nothing of whom it was for."""
        session.run(
            "put_claim",
            tenant_id=self.tenant_id,
            claim_id=_mark(number),
            transaction_id=_mark(number),
            total_e4=0,
            currency="",
            contact_index=b"",
            contact_kind="",
            contact_sealed=b"",
            first_name="",
            language="",
            survey="{}",
            consents="[]",
            now=now.isoformat(timespec="milliseconds"),
            confirm_digest=os.urandom(32),  # a link that nobody was ever sent
        )

    def _told(self, session: Any, agent_id: str, number: str) -> Mapping[str, Any] | None:
        for (payload,) in session.rows("newest_shown", agent_id=agent_id, records_back=RECORDS_BACK):
            content = content_of(payload)
            if content is not None and content.get("handover") == number:
                return content
        return None


def handover_routes(service: HandoverService, *, chain: str, clock: Callable[[], datetime]) -> APIRouter:
    """Return the routes of the page."""
    routes = APIRouter(include_in_schema=False)
    pages, pace = Pages(chain), Pace(LOOKS_PER_MINUTE_MAX)

    @routes.get("/p/{token}")
    def look(request: Request, token: str, lang: str = "") -> Response:
        language = language_asked(request, lang)
        try:
            pace.take(clock())
            service.look(token, now=clock())
        except TillstreamError as error:
            return pages.refusal(error, language)
        return pages.html("handover.html", language, waits=False)

    @routes.post("/p/{token}")
    def take(request: Request, token: str, lang: str = "") -> Response:
        language = language_asked(request, lang)
        try:
            pace.take(clock())
            found = service.open(token, now=clock())
        except TryAgainError as error:
            if error.code != "handover_on_its_way":
                return pages.refusal(error, language)
            return pages.html("handover.html", language, waits=True)
        except TillstreamError as error:
            return pages.refusal(error, language)
        answer = pages.html("taken_along.html", language, **_shown(found))
        answer.headers["content-security-policy"] = HEADERS["content-security-policy"] + "; img-src data:"
        return answer

    return routes


def _shown(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows, whatever a store may have written."""
    offers = [each for each in _objects(content.get("offers")) if each.get("text")]
    coupons = [each for each in _objects(content.get("coupons")) if each.get("title")]
    return {
        "first_name": str(content.get("first_name") or ""),
        "points": content["points"] if type(content.get("points")) is int else None,
        "offers": offers,
        "coupons": [{**each, "qr": _picture(str(each["token"]))} for each in coupons if each.get("token")],
    }


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _picture(token: str) -> str:
    """Return a QR code as an address that holds its picture: the page loads nothing."""
    return "data:image/svg+xml;base64," + b64encode(qr_svg(token.encode())).decode("ascii")


def _mark(number: str) -> str:
    return f"handover:{hashlib.sha256(number.encode()).hexdigest()[:32]}"


def _used() -> RefusedError:
    return RefusedError("this code was opened already", fix="show your card at the kiosk again", code="handover_used")

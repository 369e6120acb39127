"""The page behind a stranger's QR code: `/c/TOKEN`, and `/c/confirm/LINK` from the message. Open to everybody.

Plain forms without a script, so that every phone shows it; nothing is loaded from elsewhere; a mail scanner that
follows the link confirms nothing, because only the button does. Requests are counted in process memory: a guesser is
slowed down, and a guess would have to hit a signature anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from importlib import resources
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from hub.claims.consents import sentences
from hub.claims.service import ClaimService, Shown, Wish
from hub.claims.wording import day_text, load_texts
from hub.web.texts import LANGUAGES, language_of
from retail.errors import RefusedError, TillstreamError, TryAgainError

FORM_BYTES_MAX = 16_384
NAME_CHARS_MAX = 60
CONTACT_CHARS_MAX = 120
LOOKS_PER_MINUTE_MAX = 600  # a whole chain's receipts of a busy hour; verification costs 0.1 ms
QUESTIONS: Mapping[str, Sequence[str]] = {"household": ("one", "two", "more"), "shops_for": ("me", "family", "work")}

HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # the token is in the address
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
STATUS: Mapping[str, int] = {"claim_too_often": 429, "claim_limit": 429, "message_not_sent": 503, "too_many": 429}
EXPONENTS: Mapping[str, int] = {"JPY": 0, "KRW": 0}  # ISO 4217: currencies without a minor unit; others have two digits


class Pace:
    """At most so many requests a minute, over all askers; refills evenly."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute, self._left, self._lock = per_minute, float(per_minute), threading.Lock()
        self._at: datetime | None = None

    def take(self, now: datetime) -> None:
        """Let one through. Raises TryAgainError `too_many`."""
        with self._lock:
            passed_s = max(0.0, (now - self._at).total_seconds()) if self._at else 0.0
            self._at = now
            self._left = min(float(self._per_minute), self._left + passed_s * self._per_minute / 60)
            if self._left < 1:
                raise TryAgainError("too many people at once", fix="wait a minute", code="too_many")
            self._left -= 1


def claim_routes(service: ClaimService, *, chain: str, clock: Callable[[], datetime]) -> APIRouter:
    """Return the routes of the claim page."""
    routes = APIRouter(include_in_schema=False)
    pages = Pages(chain)
    stylesheet = resources.files("hub.claims").joinpath("claim.css").read_text("utf-8")
    pace = Pace(LOOKS_PER_MINUTE_MAX)

    @routes.get("/claim.css")
    def css() -> Response:
        return Response(stylesheet, media_type="text/css", headers=dict(HEADERS) | {"cache-control": "max-age=3600"})

    @routes.get("/c/confirm/{link}")
    def ask_again(request: Request, link: str, lang: str = "") -> Response:
        del link  # looked up only when the button is pressed: a mail scanner learns and changes nothing
        return pages.html("confirm.html", language_asked(request, lang), joins=_joins(request))

    @routes.post("/c/confirm/{link}")
    def confirm(request: Request, link: str, lang: str = "") -> Response:
        language = language_asked(request, lang)
        try:
            pace.take(clock())
            points = service.points_of(service.confirm(link, now=clock()))
        except TillstreamError as error:
            return pages.refusal(error, language)
        return pages.html("done.html", language, points=points, joins=_joins(request))

    @routes.get("/c/{token}")
    def look(request: Request, token: str, lang: str = "") -> Response:
        language = language_asked(request, lang)
        try:
            pace.take(clock())
            shown = service.look(token, now=clock())
        except TillstreamError as error:
            return pages.refusal(error, language)
        return pages.form(shown, language, points=service.points)

    @routes.post("/c/{token}")
    async def ask(request: Request, token: str, lang: str = "") -> Response:
        language = language_asked(request, lang)
        shown: Shown | None = None
        typed: dict[str, str] = {}
        try:
            pace.take(clock())
            typed = await _form(request)
            shown = await run_in_threadpool(service.look, token, now=clock())
            kind = await run_in_threadpool(service.ask, token, _wish(typed, language), now=clock())
        except TillstreamError as error:
            if shown is None or shown.is_claimed:
                return pages.refusal(error, language)
            return pages.form(shown, language, points=service.points, problem=error, typed=typed)
        return pages.html("sent.html", language, kind=kind)

    return routes


class Pages:
    """Renders the templates in a language."""

    def __init__(self, chain: str) -> None:
        self._chain, self._texts = chain, load_texts()
        self._templates = Environment(
            loader=PackageLoader("hub.claims"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._templates.filters["day"] = _day

    def html(self, name: str, language: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page of these values, never kept by anybody."""
        text = self._texts[language]
        page = self._templates.get_template(name).render(
            language=language, languages=LANGUAGES, text=text, chain=self._chain, **values
        )
        return HTMLResponse(page, status_code=status, headers=dict(HEADERS))

    def form(
        self,
        shown: Shown,
        language: str,
        *,
        points: int,
        problem: TillstreamError | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the claim's form, with what was typed and what is wrong with it."""
        if shown.is_claimed:
            return self.refusal(RefusedError("", fix="", code="claim_taken"), language)
        receipt, text = shown.receipt or {}, self._texts[language]
        transaction = receipt.get("transaction", receipt)
        return self.html(
            "claim.html",
            language,
            status=STATUS.get(problem.code, 422) if problem else 200,
            total=_money(shown.claim.total_e4, shown.claim.currency),
            lines=[each for each in transaction.get("line_items", ()) if each.get("type") in {"sale", "return"}],
            arrived=shown.receipt is not None,
            occurred_at=_moment(str(transaction.get("occurred_at") or ""), text),
            last_day=day_text(shown.claim.last_day, text),
            sentences=sentences(language),
            questions=QUESTIONS,
            points=points,
            problem=text.get(problem.code, problem.message) if problem else "",
            typed=typed or {},
        )

    def refusal(self, error: TillstreamError, language: str) -> Response:
        """Return why not, in the reader's language."""
        said = self._texts[language].get(error.code, error.message)
        return self.html("refused.html", language, status=STATUS.get(error.code, 410), said=said)


async def _form(request: Request) -> dict[str, str]:
    """Return the last value of each field. Raises RefusedError for a form that no page of ours sends."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise RefusedError("that is more than the form holds", fix="shorten it", code="claim_unreadable")
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=64)
    except ValueError as error:
        raise RefusedError("that is no form of ours", fix="open the page again", code="claim_unreadable") from error
    return {name: values[-1] for name, values in fields.items()}


def _wish(typed: Mapping[str, str], language: str) -> Wish:
    name = "".join(each for each in typed.get("first_name", "") if each.isprintable() and each not in "<>").strip()
    return Wish(
        first_name=name[:NAME_CHARS_MAX],
        contact=typed.get("contact", "").strip()[:CONTACT_CHARS_MAX],
        language=language,
        consents=[each for each in sentences(language) if typed.get(f"consent_{each.purpose}") == each.version],
        survey={name: typed[name] for name, known in QUESTIONS.items() if typed.get(name) in known},
    )


def _joins(request: Request) -> bool:
    """Return whether a link says of itself that it is about joining: only the page's words go by it."""
    return request.query_params.get("for") == "joining"


def language_asked(request: Request, asked: str) -> str:
    """Return the language that the address names, else one that the browser reads."""
    return language_of(asked, request.headers.get("accept-language", ""))


def _day(day: str, text: Mapping[str, str]) -> str:
    """Return a day that a store wrote, as people write it; as it came where it is none."""
    try:
        return day_text(date.fromisoformat(day), text)
    except ValueError:
        return day


def _moment(occurred_at: str, text: Mapping[str, str]) -> str:
    """Return the store's own day and minute of a sale; empty where its record has none."""
    try:
        moment = datetime.fromisoformat(occurred_at)
    except ValueError:
        return ""
    return f"{day_text(moment.date(), text)}, {moment:%H:%M}"


def _money(amount_e4: int, currency: str) -> str:
    digits = EXPONENTS.get(currency, 2)
    return f"{amount_e4 / 10_000:.{digits}f} {currency}"

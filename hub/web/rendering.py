"""Renders the hub's pages: one frame, one language a page, no script, no address but this one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from hub.web.texts import LANGUAGES, language_of, load_texts

SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

_AGES = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


class Pages:
    """The templates and texts of one hub's pages."""

    def __init__(self, chain: str) -> None:
        self._chain = chain
        self._texts = load_texts()
        self._templates = Environment(
            loader=PackageLoader("hub.web"), autoescape=select_autoescape(), undefined=StrictUndefined, trim_blocks=True
        )

    def text(self, request: Request) -> Mapping[str, str]:
        """Return the texts in the reader's language."""
        return self._texts[_language(request)]

    def html(self, request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page in the reader's language; `person` among the values is who reads it, or None."""
        language = _language(request)
        page = self._templates.get_template(name).render(
            language=language,
            languages=LANGUAGES,
            text=self._texts[language],
            chain=self._chain,
            base=request.scope.get("root_path", ""),
            **{"person": None} | values,
        )
        return HTMLResponse(page, status_code=status, headers=dict(SECURITY_HEADERS))


def age_text(told: str | None, now: datetime, text: Mapping[str, str]) -> str:
    """Return how long ago an ISO 8601 time was, in words; nothing for None."""
    if told is None:
        return ""
    return span_text(max(0, int((now - datetime.fromisoformat(told)).total_seconds())), text)


def span_text(age_s: int, text: Mapping[str, str]) -> str:
    """Return a span of time in words, by its largest unit."""
    name, unit_s = next(((name, unit_s) for name, unit_s in _AGES if age_s >= unit_s), _AGES[-1])
    return text[name].replace("{n}", str(age_s // unit_s))


def _language(request: Request) -> str:
    return language_of(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))

"""Telling somebody that it does not add up: the report is posted to an address of the chain's own choosing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from retail.errors import ConfigurationError, TryAgainError

ANSWER_S = 15.0
"""A chat's or a pager's web hook answers within a second; a timer that runs at night can wait."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def raise_alarm(url: str, report: dict[str, Any]) -> None:
    """Post the report as JSON; on return somebody has taken it.

    `text` is one line for a chat, the rest is the report of `tillstream hub reconcile --json`. Raises
    ConfigurationError for an address that would carry it in clear, TryAgainError when nobody takes it.
    """
    where = urlsplit(url)
    if where.scheme != "https" and not (where.scheme == "http" and where.hostname in LOOPBACK):
        raise ConfigurationError("an alarm goes to https only", fix="name an address that begins with https://")
    findings = report["findings"]
    text = (
        f"value does not add up: {len(findings)} findings, first {findings[0]['finding']} of {findings[0]['subject']}"
    )
    try:
        answer = httpx.post(url, json={"text": text, **report}, timeout=ANSWER_S, follow_redirects=False)
    except httpx.HTTPError as error:
        raise TryAgainError(f"nobody takes the alarm: {error}", fix="run it again, and look at the address") from error
    if not answer.is_success:
        raise TryAgainError(f"the alarm was answered with {answer.status_code}", fix="look at the address")

"""Telling somebody of the chain that something is wrong: posted as JSON to an address of the chain's own choosing."""

from __future__ import annotations

from typing import Any

import httpx

from hub.addresses import is_safe_address
from retail.errors import ConfigurationError, TryAgainError

ANSWER_S = 15.0
"""A chat's or a pager's web hook answers within a second; a timer that runs at night can wait."""


def check_address(url: str) -> None:
    """Raise ConfigurationError for an address that would carry an alarm in clear, or is none."""
    if not is_safe_address(url):
        raise ConfigurationError("an alarm goes to https only", fix="name an address that begins with https://")


def raise_alarm(url: str, told: dict[str, Any]) -> None:
    """Post an alarm; on return somebody has taken it. `text` in it is one line for a chat.

    Raises ConfigurationError for an address that would carry it in clear, TryAgainError when nobody takes it.
    """
    check_address(url)
    try:
        answer = httpx.post(url, json=told, timeout=ANSWER_S, follow_redirects=False)
    except httpx.HTTPError as error:
        raise TryAgainError(f"nobody takes the alarm: {error}", fix="run it again, and look at the address") from error
    if not answer.is_success:
        raise TryAgainError(f"the alarm was answered with {answer.status_code}", fix="look at the address")

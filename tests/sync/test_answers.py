"""What stands in an answer that nobody signed: it may shorten or lengthen a wait, and harm nothing else."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from retail.errors import ConfigurationError, TryAgainError
from sync.answers import retry_after_s
from sync.http_transport import HubConnection
from sync.protocol.messages import Mark, PositionAnswer, PositionQuestion
from sync.protocol.signatures import SigningKey

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"
HEADERS = ("retry-after", "signature", "signature-input", "content-digest", "content-type", "content-length", "date")
PIECES = (
    b"\xb2",
    b"hub=",
    b"(",
    b")",
    b";created=",
    b"99999999999999999999",
    b":",
    b"====",
    b'"',
    b",",
    b"\xff",
    b"-1",
    b"nan",
)


class SystemClock:
    """The clock of this machine, as the courier's pace tells it."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def pause(self, seconds: float) -> None:
        raise AssertionError(seconds)


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("9" * 400, float("inf")),
        ("Sun, 22 Nov 2026 12:02:00 GMT", 120.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:02:00", None),
        ("Sun, 99 Nov 99999 12:02:00 GMT", None),
        ("Sun, 22 Nov 99999999999999999999 12:02:00 GMT", None),
        ("Sun, 22 Nov 2026 12:02:00 +9999999999", None),
        ("\u00b2", None),
        ("\u2460", None),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_anything_else_is_nothing(told: str, wait_s: float | None):
    assert retry_after_s({"retry-after": told, "date": NOON}) == wait_s


def test_a_date_counts_from_the_answers_own_and_is_nothing_without_it():
    assert retry_after_s({"retry-after": NOON}) is None
    assert retry_after_s({"retry-after": NOON, "date": "tomorrow"}) is None


@pytest.mark.parametrize("seed", range(20))
def test_whatever_somebody_on_the_way_answers_is_tried_again(seed: int):
    drawn = random.Random(seed)

    def garbled(request: httpx.Request) -> httpx.Response:
        names = drawn.sample(HEADERS, drawn.randint(0, len(HEADERS)))
        headers = [(name.encode(), b"".join(drawn.choices(PIECES, k=drawn.randint(0, 6)))) for name in names]
        status = drawn.choice((200, 204, 206, 302, 304, 400, 409, 429, 500, 503, 999))
        return httpx.Response(status, headers=headers, content=drawn.randbytes(drawn.randint(0, 40)))

    async def scenario() -> None:
        connection = HubConnection(
            "https://hub.example",
            SigningKey(Ed25519PrivateKey.generate()),
            hub_key=Ed25519PrivateKey.generate().public_key(),
            pace=SystemClock(),
            wire=httpx.MockTransport(garbled),
        )
        question = PositionQuestion(epoch=1, marks=[Mark(seq=1, hash="00" * 32)])
        for _ in range(25):
            with pytest.raises(TryAgainError):
                await connection.ask("/v1/journal/position", question, PositionAnswer)
        await connection.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("url", ["https://[", "http://hub.example", "ftp://hub.example", "https://", "", "hub.example"])
def test_what_is_no_address_of_a_hub_is_the_configurations_fault(url: str):
    with pytest.raises(ConfigurationError):
        HubConnection(url, SigningKey(Ed25519PrivateKey.generate()), hub_key=None, pace=SystemClock())

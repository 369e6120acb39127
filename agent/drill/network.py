"""A store's way to the hub, and what may happen on it. Fulfils httpx's transport; above it is the real program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import httpx

from agent.drill.faults import FaultKind
from agent.drill.loop import StoryLoop
from agent.drill.ports import HubSide
from sync.protocol.signatures import Answer, Request

WAY_S = 0.02  # there, or back
TIMEOUT_S = 30.0  # a client that hears nothing gives up; within what http_transport waits
RETRY_AFTER_S = "900"  # of a hub that is overloaded: no less obeyed than a minute, and less often
LATE_S = 45.0  # a question that was held up arrives when the client has long given up

PORTAL_PAGE = b"<html><body>Welcome to our WiFi! Please accept the terms.</body></html>"


@dataclass(slots=True, kw_only=True, eq=False)
class Trouble:
    """A time of trouble on one store's way."""

    kind: FaultKind
    until_s: float
    chance: float
    random: Random


@dataclass(kw_only=True, eq=False)
class StoreWire(httpx.AsyncBaseTransport):
    """See the module's contract. `answered` is told of every valid exchange; `now_s` and hub are the story's."""

    loop: StoryLoop
    hub: HubSide
    answered: Callable[[Request], None] = field(default=lambda _request: None)
    troubles: list[Trouble] = field(default_factory=list)
    befell: dict[str, int] = field(default_factory=dict)
    questions: int = 0
    _before: Answer | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one question there and its answer back, as far as the trouble of the moment lets them."""
        self.questions += 1
        told = _told(request)
        trouble = self._trouble()
        if trouble is not None:
            self.befell[trouble.kind] = self.befell.get(trouble.kind, 0) + 1
        answer = await self._carried(told, trouble)
        await asyncio.sleep(WAY_S)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body))

    def _trouble(self) -> Trouble | None:
        now_s = self.loop.time()
        self.troubles = [each for each in self.troubles if each.until_s > now_s]
        return next((each for each in self.troubles if each.random.random() < each.chance), None)

    async def _carried(self, request: Request, trouble: Trouble | None) -> Answer:
        await asyncio.sleep(WAY_S)
        match trouble.kind if trouble else None:
            case FaultKind.PARTITION:
                await asyncio.sleep(TIMEOUT_S)
                raise httpx.ConnectTimeout("the link is down")
            case FaultKind.ANSWER_LOST:
                self._asked(request)
                await asyncio.sleep(TIMEOUT_S)
                raise httpx.ReadTimeout("no answer")
            case FaultKind.DUPLICATED:
                first, second = self._asked(request), self._asked(request)
                assert trouble is not None
                return first if trouble.random.random() < 0.5 else second  # noqa: PLR2004 - a coin
            case FaultKind.REORDERED:
                self.loop.call_later(LATE_S, self._arrive_late, request)
                await asyncio.sleep(TIMEOUT_S)
                raise httpx.ReadTimeout("no answer")
            case FaultKind.STALE_ANSWER if self._before is not None:
                return self._before
            case FaultKind.TRUNCATED:
                answer = self._asked(request)
                return Answer(status=answer.status, headers=answer.headers, body=answer.body[: len(answer.body) // 2])
            case FaultKind.SERVER_ERROR:
                return Answer(status=503, headers={"retry-after": RETRY_AFTER_S}, body=b"Service Unavailable")
            case FaultKind.CAPTIVE_PORTAL:
                return Answer(status=200, headers={"content-type": "text/html"}, body=PORTAL_PAGE)
            case _:
                answer = self._asked(request)
                self._before = answer
                self.answered(request)
                return answer

    def _asked(self, request: Request) -> Answer:
        try:
            return self.hub.answer(request)
        except ConnectionError as error:
            raise httpx.ConnectError("the hub is down") from error

    def _arrive_late(self, request: Request) -> None:
        try:
            self.hub.answer(request)
        except ConnectionError:
            return


def _told(request: httpx.Request) -> Request:
    return Request(
        method=request.method,
        path=request.url.raw_path.partition(b"?")[0].decode("latin-1"),
        query=request.url.query.decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.content,
    )

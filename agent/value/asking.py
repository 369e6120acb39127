"""Core's questions to the hub about coupons: published to the desk, which has the link; answered by its `coupon_told`.

Core has no network. It asks only while the desk says that the hub is there (`hub_here`, renewed each minute), waits no
longer than a customer does, and after one silence asks no more until the desk has said so again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from agent.clock import Clock
from agent.identity.floor import Push

ANSWER_S = 2.0
"""The desk gives the hub 1.5 s; then the store decides by what it knows."""

HERE_S = 150.0
"""How long the desk's word holds that the hub is there: it says so each minute, and may miss one."""

EVENT = "coupon_question"


class HubQuestions:
    """Used by core's loop only."""

    def __init__(self, *, publish: Callable[[Push], None], clock: Clock) -> None:
        self._publish = publish
        self._clock = clock
        self._here_until_s = float("-inf")
        self._asked: dict[int, asyncio.Future[Mapping[str, Any] | None]] = {}
        self._last_id = 0

    @property
    def is_hub_here(self) -> bool:
        """Whether it makes sense to ask."""
        return self._clock.monotonic_s() < self._here_until_s

    def hub_here(self) -> None:
        """Learn that the hub was reached. A repeat renews it."""
        self._here_until_s = self._clock.monotonic_s() + HERE_S

    async def ask(self, question: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the hub's answer; None without a link, or in time."""
        if not self.is_hub_here:
            return None
        self._last_id += 1
        ask_id, answer = self._last_id, asyncio.get_running_loop().create_future()
        self._asked[ask_id] = answer
        self._publish(Push(event=EVENT, data={**question, "ask_id": ask_id}, place_kind=""))
        try:
            return await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            self._here_until_s = float("-inf")
            return None
        finally:
            del self._asked[ask_id]

    def told(self, ask_id: int, answer: Mapping[str, Any] | None) -> None:
        """Take the hub's answer, None: it could not be reached. One that nobody waits for is dropped."""
        if answer is None:
            self._here_until_s = float("-inf")
        waiting = self._asked.get(ask_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

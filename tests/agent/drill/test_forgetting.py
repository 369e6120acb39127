"""People who are erased in a drill stay erased: by restored hubs, cloned disks and records that come late."""

import pytest

from agent.drill.faults import DAY_S, Fault, FaultKind
from agent.drill.run import tell
from agent.drill.settings import Story
from hub.drill import DrillHub
from hub.feed.order_book import BOOK
from sync.protocol.signatures import Answer, Request

HOUR_S = 3600.0
STORY = Story(seed=5, days=3, stores=2, lanes=1, sales=12)


def fault(number: int, kind: FaultKind, at_s: float, *, lasts_s: float = 20.0, store: int = 0) -> Fault:
    return Fault(number=number, kind=kind, at_s=at_s, store=store, lasts_s=lasts_s)


ERASED_THEN_RESTORED = (
    fault(0, FaultKind.ERASURE, DAY_S + 10 * HOUR_S),
    fault(1, FaultKind.HUB_RESTORED, DAY_S + 13 * HOUR_S),
    fault(2, FaultKind.ERASURE, DAY_S + 16 * HOUR_S),
)


class HubOfAnotherDay(DrillHub):
    """A hub whose whole folder is put back from a copy: nothing beside the database tells whom it had forgotten."""

    def restore(self) -> bool:
        for book in self._config.state_dir.rglob(BOOK):
            book.unlink()
        return super().restore()


class HubThatListensToNoStore(HubOfAnotherDay):
    """The same, and what stores can prove is not taken."""

    def answer(self, request: Request) -> Answer:
        if request.path == "/v1/feed/erasures":
            raise ConnectionError("it is not heard")
        return super().answer(request)


def broken(told) -> set[str]:
    return {each.invariant for each in told.violations}


def test_who_was_erased_is_not_brought_back_by_a_hub_of_yesterday():
    told = tell(STORY, ERASED_THEN_RESTORED)
    assert told.violations == []
    assert told.faults == {"erasure": 2, "hub_restored": 1}


def test_a_hub_whose_whole_folder_is_of_yesterday_is_told_by_its_stores_whom_it_had_forgotten():
    assert tell(STORY, ERASED_THEN_RESTORED, hub=HubOfAnotherDay).violations == []


def test_a_hub_that_forgets_its_orders_is_found():
    found = broken(tell(STORY, ERASED_THEN_RESTORED, hub=HubThatListensToNoStore))
    assert "nothing_is_left_of_who_was_forgotten" in found


@pytest.mark.parametrize(
    "more",
    [
        (fault(3, FaultKind.PARTITION, 8 * HOUR_S, lasts_s=30 * HOUR_S), fault(4, FaultKind.CLONE, DAY_S + 9 * HOUR_S)),
        (fault(3, FaultKind.POWER_CUT, DAY_S + 10.1 * HOUR_S), fault(4, FaultKind.CORE_KILLED, DAY_S + 11 * HOUR_S)),
        (fault(3, FaultKind.HUB_KILLED, DAY_S + 9.9 * HOUR_S, lasts_s=1800.0),),
    ],
    ids=["what a store and its clone had not told yet", "a store that dies over it", "a hub that dies over it"],
)
def test_whatever_goes_wrong_nothing_of_who_was_erased_is_left(more):
    erased = (fault(0, FaultKind.ERASURE, DAY_S + 10 * HOUR_S), *more)
    assert tell(STORY, erased).violations == []

"""Planted mistakes of a hub, each of which the drill must find: whatever it cannot find, it proves nothing about."""

import pytest

from agent.drill.faults import Fault, FaultKind
from agent.drill.run import tell
from agent.drill.settings import Story
from hub.drill import DrillHub
from hub.ingest.service import _SALE_COLUMNS
from sync.protocol.signatures import Answer, Request

HOUR_S = 3600.0
STORY = Story(seed=7, days=1, stores=2, lanes=1, sales=12)
UPLOAD = "/v1/journal"


class HubThatAnswersBeforeItHasWritten(DrillHub):
    """What it acknowledged last is gone when it is killed."""

    _before = b""

    def answer(self, request: Request) -> Answer:
        if request.path == UPLOAD:
            self._close()
            self._before = self._path.read_bytes()
            self.start()
        return super().answer(request)

    def kill(self, random) -> None:
        super().kill(random)
        for path in (self._path, self._log):
            path.unlink(missing_ok=True)
        self._path.write_bytes(self._before)


class HubThatCountsAgain(DrillHub):
    """A sale whose answer was lost is counted once more when it is told again."""

    _counted: frozenset[bytes] = frozenset()

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if request.path == UPLOAD and request.body in self._counted:
            sale = self.sales()[-1]
            row = ("main", "again", 0, sale.store_id, "", 1, 0, 0, "transaction.completed", sale.workstation_id)
            rest = (sale.business_day, "", sale.sequence_number, "EUR", 100, 0, 1, b"")
            with self._up().database.writing() as session:
                session.bulk("sale", columns=_SALE_COLUMNS, rows=[row + rest])
        self._counted |= {request.body}
        return answer


def fault(number: int, kind: FaultKind, at_s: float, *, lasts_s: float = 20.0, store: int = 0) -> Fault:
    return Fault(number=number, kind=kind, at_s=at_s, store=store, lasts_s=lasts_s)


KILLED = (fault(0, FaultKind.HUB_KILLED, 15 * HOUR_S), fault(1, FaultKind.CORE_KILLED, 15 * HOUR_S + 40.0))
REPEATED = (fault(0, FaultKind.ANSWER_LOST, 12 * HOUR_S, lasts_s=2 * HOUR_S),)


@pytest.mark.parametrize(
    ("hub", "faults", "found"),
    [
        (HubThatAnswersBeforeItHasWritten, KILLED, "hub_holds_what_it_acknowledged"),
        (HubThatCountsAgain, REPEATED, "every_sale_is_applied_once"),
    ],
)
def test_a_planted_mistake_of_the_hub_is_found(hub, faults, found):
    assert tell(STORY, faults).violations == []
    assert found in {each.invariant for each in tell(STORY, faults, hub=hub).violations}

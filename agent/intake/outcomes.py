"""What became of papers that were given to taps: printed, unconfirmed, late, not sent. Each exactly once.

A paper is awaited from the commit that holds its decision until its outcome is journalled; what is left over when core
ends is awaited again by the next one, and is unconfirmed when no tap tells its end in time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from agent.intake.payloads import Content
from agent.intake.recording import RecordMaker
from agent.intake.shown_sales import ShownSales
from agent.journal.batch import Batch, Haste, SettleOutcome
from agent.journal.records import JournalKind
from agent.offering.memory import StoreMemory
from agent.ports import Journalling
from agent.value.book import Entry
from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.sealed_job import SealedJob
from retail.errors import TillstreamError

AWAITED_MAX = 10_000
"""Papers whose outcome has not come; a day of the busiest store."""


class Outcomes:
    """Used by core's loop only."""

    def __init__(
        self,
        *,
        journal: Journalling,
        maker: RecordMaker,
        memory: StoreMemory,
        shown: ShownSales,
        trouble: Callable[..., None],
        value_told: Callable[[Content, str], Entry],
    ) -> None:
        self._journal = journal
        self._maker = maker
        self._memory = memory
        self._shown = shown
        self._trouble = trouble
        self._value_told = value_told
        self._awaited: OrderedDict[tuple[str, int], Content] = OrderedDict()

    def expect(self, content: Content) -> None:
        """Await the outcome of a decision that is on disk and whose bytes go to a tap now."""
        self._awaited[content["job_id"], content["cut_no"]] = content
        if len(self._awaited) > AWAITED_MAX:
            self._awaited.popitem(last=False)

    def expect_again(self, rows: Mapping[tuple[str, int], Content]) -> None:
        """Take over what was awaited when the last core ended."""
        self._awaited.update(rows)

    def settle(self, workstation_id: str, paper: tuple[str, int], outcome: Outcome) -> None:
        """Journal what became of a paper (its job and cut number); one that nobody awaits is nothing new."""
        content = self._awaited.pop(paper, None)
        if content is None:
            return
        batch = self._batch(workstation_id, content, outcome)
        self._journal.hand_over(batch, haste=Haste.LATER).add_done_callback(self._noted)
        if not _reached_the_printer(outcome):
            self._memory.not_printed(content)
        papers = [{"campaign_id": each["campaign_id"], "outcome": outcome.name.lower()} for each in content["offers"]]
        self._shown.paper_told(content["transaction_id"], papers, workstation_id)

    def settle_spooled(self, sealed: SealedJob) -> None:
        """Take what a spooled job's tap knows: a block it tells no outcome of never reached it."""
        job_id = str(sealed.job_id)
        for paper in [key for key in self._awaited if key[0] == job_id]:
            told = sealed.outcomes.get(paper[1], Outcome.NOT_SENT)
            self.settle(sealed.workstation_id, paper, Outcome(told))

    def give_up(self, workstation_by_paper: Mapping[tuple[str, int], str]) -> None:
        """Journal as unconfirmed what no tap has told the end of."""
        for paper, workstation_id in workstation_by_paper.items():
            self.settle(workstation_id, paper, Outcome.UNCONFIRMED)

    def _batch(self, workstation_id: str, content: Content, outcome: Outcome) -> Batch:
        """Return the later commit: what became of the paper; coupons that no paper carries are void."""
        reached = _reached_the_printer(outcome)
        kind = JournalKind.OFFER_PRINTED if reached else JournalKind.OFFER_NOT_PRINTED
        end = {name: content[name] for name in ("transaction_id", "job_id", "cut_no", "offers")}
        contents = [(kind, {**end, "outcome": outcome.name.lower()})]
        if not reached:
            contents += [
                (JournalKind.COUPON_VOIDED, _voided(content, offer)) for offer in content["offers"] if offer["serial"]
            ]
        records = tuple(self._maker.of_now(each_kind, each, workstation_id) for each_kind, each in contents)
        value = self._value_told(content, outcome.name.lower())
        settled = SettleOutcome(job_id=content["job_id"], cut_no=content["cut_no"])
        return Batch(records=records, changes=(settled, *value.changes))

    def _noted(self, future: asyncio.Future[Any]) -> None:
        """Tell of a commit that nobody waits for and that failed; it is settled again after the next start."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, TillstreamError):
            self._trouble(error)


def _reached_the_printer(outcome: Outcome) -> bool:
    return outcome in (Outcome.PRINTED, Outcome.UNCONFIRMED)


def _voided(content: Content, offer: Content) -> Content:
    return {
        "transaction_id": content["transaction_id"],
        "campaign_id": offer["campaign_id"],
        "serial": offer["serial"],
        "why": "not_printed",
    }

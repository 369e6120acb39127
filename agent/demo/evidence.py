"""What the story left behind, gathered where it lies: on paper, in the journal, at the hub, on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from agent.demo.acts import Act
from agent.demo.listener import PageListener
from agent.demo.paper_trail import codes_on, papers_of, text_of
from agent.demo.sale import Sale
from agent.demo.shop import Printed
from agent.demo.stage import KIOSK, STORE_ID, WORKSTATIONS, Stage
from agent.journal.reader import JournalReader
from agent.journal.records import StoredRecord
from agent.keys import AgentKeys, FileSecrets, load_or_create_keys
from receipt.paper import Paper
from retail.identifiers import BusinessUnitId
from sync.protocol.coupons import StoreKey

RECORDS_MAX = 1000  # twelve sales make about a hundred
JOURNAL_BYTES_MAX = 10_000_000
ANSWER_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleSeen:
    """One sale: what was to happen, what was rung up, what came out of the printer."""

    act: Act
    sale: Sale
    scans: tuple[str, ...]
    printed: Printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that the checks judge."""

    model: str
    store_key: StoreKey
    sales: tuple[SaleSeen, ...]
    records: tuple[StoredRecord, ...]
    hub_store: dict[str, Any]
    hub_sales: dict[str, int]
    link_cuts: int
    spooled_jobs: frozenset[str]
    handed_over_jobs: frozenset[str]
    cashier_events: dict[str, tuple[dict[str, Any], ...]]
    kiosk_events: tuple[dict[str, Any], ...]
    page_statuses: dict[str, int]

    def papers(self, seen: SaleSeen) -> list[Paper]:
        """Return the papers of one sale as the printer made them."""
        return papers_of(seen.printed.arrived, model=self.model)

    def lines(self, seen: SaleSeen) -> list[str]:
        """Return the lines of one sale's paper."""
        return text_of(self.papers(seen))

    def codes(self, seen: SaleSeen) -> list[str]:
        """Return the data of the codes on one sale's paper."""
        return codes_on(self.papers(seen), model=self.model)

    def of_kind(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what the journal's records of these kinds say, oldest first."""
        return [record.content() for record in self.records if record.kind in kinds]

    def transaction_of(self, seen: SaleSeen) -> dict[str, Any] | None:
        """Return the journal's transaction of a sale; None when it has none or more than one."""
        found = [
            content["transaction"]
            for content in self.of_kind("transaction.completed")
            if content["transaction"]["workstation_id"] == seen.sale.workstation_id
            and content["transaction"]["sequence_number"] == str(seen.sale.number)
        ]
        return found[0] if len(found) == 1 else None

    def about(self, seen: SaleSeen, *kinds: str) -> list[dict[str, Any]]:
        """Return what records of these kinds say about one sale."""
        transaction = self.transaction_of(seen)
        if transaction is None:
            return []
        wanted = transaction["transaction_id"]
        return [content for content in self.of_kind(*kinds) if content.get("transaction_id") == wanted]


def gather(
    stage: Stage,
    sales: list[SaleSeen],
    *,
    hub_sales: dict[str, int],
    cashiers: dict[str, PageListener],
    kiosk: PageListener,
) -> Evidence:
    """Collect everything while the stage still stands."""
    keys = load_or_create_keys(FileSecrets.of(stage.state / "keys", {}))
    return Evidence(
        model=stage.model,
        store_key=StoreKey(
            business_unit_id=BusinessUnitId(STORE_ID), public_key=keys.sign.public_key().public_bytes_raw()
        ),
        sales=tuple(sales),
        records=_journal(stage, keys),
        hub_store=stage.hub_store(),
        hub_sales=hub_sales,
        link_cuts=stage.link.cuts,
        spooled_jobs=_jobs(stage, "job_spooled"),
        handed_over_jobs=_jobs(stage, "job_handed_over"),
        cashier_events={place: tuple(page.events) for place, page in cashiers.items()},
        kiosk_events=tuple(kiosk.events),
        page_statuses=_pages(stage),
    )


def _journal(stage: Stage, keys: AgentKeys) -> tuple[StoredRecord, ...]:
    reader = JournalReader(stage.state / "journal.db", keys.journal)
    try:
        return tuple(reader.records_after(0, limit_rows=RECORDS_MAX, limit_bytes=JOURNAL_BYTES_MAX))
    finally:
        reader.close()


def _jobs(stage: Stage, event: str) -> frozenset[str]:
    return frozenset(str(each["job"]) for place in WORKSTATIONS for each in stage.tap_events(place, event))


def _pages(stage: Stage) -> dict[str, int]:
    """Return the HTTP status of everything that people look at."""
    places = {f"/cashier/{place}": stage.desk_url for place in WORKSTATIONS}
    places |= {f"/kiosk/{KIOSK}": stage.desk_url, "/kiosk": stage.desk_url}
    statuses = {}
    for path, base in places.items():
        statuses[path] = httpx.get(
            base + path, timeout=ANSWER_TIMEOUT_S, trust_env=False, follow_redirects=True
        ).status_code
    for name, url in (("hub", stage.hub_url), ("roll", stage.roll_url)):
        statuses[name] = httpx.get(url, timeout=ANSWER_TIMEOUT_S, trust_env=False, follow_redirects=True).status_code
    return statuses

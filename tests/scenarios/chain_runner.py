"""Tells a story of a store and its chain: the real agent core, a real hub, and the nights between them.

`tests/scenarios/chain/*.toml`: the steps of `sale_runner` and `story_runner`, the chain's `rules` as its value.toml
says them, and:

    [[step]]
    night = 1                                      # so many days go by; then the store tells and the next mirror comes
    [[step]]
    lent = 400                                     # the hub lends the store points, to be spent without a link
    account = "h-1"
    [[step]]
    kiosk = "Anna"                                 # a card at the kiosk
    shows = { points = 100, tier = "silver" }      # what the page is sent; `cashier` at a lane: `hears`, `hears_not`
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.journal.reader import JournalReader
from agent.value.book import What
from hub.bootstrap import Hub, open_hub
from hub.config import HubConfig
from hub.value.published import published_value
from hub.value.service import ValueService
from sync.mirror import MirrorVersion, read_current, write_current
from tests.agent.core_house import enrol
from tests.scenarios.sale_runner import SaleStory
from tests.scenarios.story_runner import CAMPAIGN, ITEMS

CHAIN, STORE = "chain", "7781"
CUSTOMER = ("customer_id", "first_name", "language", "birthday", "tier", "points", "household_id", "employee")
RECORD = (
    *("agent_id", "epoch", "branch", "seq", "kind", "workstation_id", "occurred_at", "clock_quality"),
    *("business_day", "payload", "payload_hash", "hash", "received_at"),
)


class ChainStory(SaleStory):
    """A story whose people, points and tiers are the hub's to say."""

    def __init__(self, folder: Path, story: Mapping[str, Any]) -> None:
        super().__init__(folder, story)
        self.hub: Hub = open_hub(
            HubConfig(state_dir=folder.with_name("hub"), tenant=CHAIN, country="DE"), clock=self.clock.now
        )
        self.value = ValueService(self.hub.database, self.hub.files)
        self.told = 0
        self.heard: list[tuple[str, Mapping[str, Any]]] = []
        self._found()

    def _found(self) -> None:
        """Let the chain be as it was before the story: its store, its people, its rules."""
        now = self.clock.now().isoformat()
        with self.hub.database.writing() as session:
            session.run("put_store", tenant_id=CHAIN, store_id=STORE, name="", now=now)
            session.run("put_agent", agent_id="a-1", tenant_id=CHAIN, store_id=STORE, epoch=1, now=now)
            session.row("next_change", tenant_id=CHAIN, what="customers")
            people = [
                (
                    *(CHAIN, said["id"], said.get("first_name", name), said.get("language", "en"), ""),
                    *(said.get("tier", ""), said.get("points", 0), said.get("household", ""), said.get("employee", 0)),
                )
                for name, said in self.people.items()
            ]
            session.bulk("customer", columns=("tenant_id", *CUSTOMER), rows=people)
            codes = [
                (CHAIN, token, "card", self.people[name]["id"], token)
                for name in self.people
                for token in self._tokens(name)
            ]
            columns = ("tenant_id", "code_index", "kind", "customer_id", "token")
            session.bulk("customer_code", columns=columns, rows=codes)
        rules = self.folder.with_name("value.toml")
        rules.write_text(self.story.get("rules", ""), "utf-8")
        self.value.publish(CHAIN, rules, now=self.clock.now(), accepted=self.story.get("accepted"))

    async def open(self) -> None:
        await super().open()
        core = self.the_core
        reader = JournalReader(core.state.journal, core.keys.journal)
        core.value.room.book.load(reader.value_rows())
        reader.close()
        to = core.scanning._publish.to  # type: ignore[attr-defined]

        def hear(push: Any) -> None:
            self.heard.append((push.event, push.data))
            to(push)

        core.scanning._publish.to = hear  # type: ignore[attr-defined]

    async def close(self) -> None:
        await super().close()

    def _write_feed(self) -> None:
        """Bring the store what its feed brings: mirror, campaigns, items, rules."""
        core = self.the_core
        enrol(core)
        if read_current(core.state.mirror) is None:
            self._mirror()
        campaigns = [{**CAMPAIGN, **each} for each in self.story.get("campaign", [])]
        value = published_value(self.hub.files, CHAIN)
        for name, content in (("campaigns", campaigns), ("items", ITEMS), ("value", value)):
            (core.state.mirror / f"{name}.json").write_text(json.dumps(content, default=str), "utf-8")

    def _mirror(self) -> None:
        made = self.hub.publisher.mirror(CHAIN, now=self.clock.now(), whole=True)
        assert made is not None
        folder = self.the_core.state.mirror
        shutil.copyfile(self.hub.files.open(CHAIN, made.sha256).path, folder / made.sha256)
        write_current(folder, MirrorVersion(version=made.version, as_of=self.clock.now(), snapshot=made.sha256))

    # Steps

    async def do_night(self, days: int, _: Mapping[str, Any]) -> None:
        await self.do_clock({"days": days}, {})
        self._upload()
        self._mirror()
        self.the_core.swap()
        await self.ask("contact", hub_time=self.clock.now().isoformat())

    def _upload(self) -> None:
        """Put what the store has journalled where uploads put it."""
        core = self.the_core
        reader = JournalReader(core.state.journal, core.keys.journal)
        rows = reader.all_records_after(self.told, limit_rows=10_000)
        reader.close()
        now = self.clock.now().isoformat()
        records = [
            (
                *("a-1", 1, 0, row.seq, row.kind, row.workstation_id, row.occurred_at, "synchronised"),
                *(row.business_day, json.dumps(row.content()), bytes(32), bytes(32), now),
            )
            for row in rows
        ]
        with self.hub.database.writing() as session:
            session.bulk("journal_record", columns=RECORD, rows=records)
        self.told = rows[-1].seq if rows else self.told

    async def do_lent(self, points: int, step: Mapping[str, Any]) -> None:
        granted = self.value.lend(
            CHAIN, account=step["account"], store_id=STORE, points=points, days=7, now=self.clock.now()
        )
        assert granted["points"] == step.get("granted", points), granted
        await self.ask("lease", lease={**granted, "for_request": False})

    async def do_kiosk(self, who: str, step: Mapping[str, Any]) -> None:
        self.heard.clear()
        code = self.people[who]["card"]
        await self.ask("scan", workstation_id="1", code=code, symbology="ean13", source="kiosk")
        await self.the_core.scanning.settle()
        self._heard(step)

    async def do_cashier(self, who: str, step: Mapping[str, Any]) -> None:
        self.heard.clear()
        await self.do_scan(who, {"symbology": "ean13"})
        self._heard(step)

    def _heard(self, step: Mapping[str, Any]) -> None:
        """Look at what the page was sent: of the customer, and what is to be said."""
        customer = [data for event, data in self.heard if event == "customer"][-1]
        for name, wanted in step.get("shows", {}).items():
            shown = customer.get(name, "")
            shown = {key: str(value) for key, value in shown.items()} if isinstance(shown, dict) else shown
            assert shown == wanted, f"{name} is {shown!r}: {customer}"
        said = " / ".join(each for event, data in self.heard if event == "offers" for each in data["sentences"])
        for words in step.get("hears", ()):
            assert words in said, f"{words!r} is not said: {said!r}"
        for words in step.get("hears_not", ()):
            assert words not in said, f"{words!r} is said: {said!r}"

    async def do_expect(self, wanted: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        wanted = dict(wanted)
        for account, members in wanted.pop("account", {}).items():
            told = self.value.account(CHAIN, account, now=self.clock.now())
            assert {name: told[name] for name in members} == members, told
        for name, points in wanted.pop("liability", {}).items():
            told = self.value.liability(CHAIN, now=self.clock.now())
            assert told[name]["points"] == points, told
        if "here" in wanted:
            leases = [row["points"] - row["spent"] for _id, row in self.the_core.value.room.book.each(What.LEASE)]
            assert sum(leases) == wanted.pop("here"), leases
        await super().do_expect(wanted, step)

    def at_last(self) -> None:
        """Whatever was told, it adds up."""
        self._upload()
        found = self.value.reconcile(CHAIN, now=self.clock.now()).to_json()["findings"]
        assert found == [], found


def tell(path: Path, folder: Path) -> None:
    """Tell one story; AssertionError says which step was not as told, or what does not add up in the end."""
    story = tomllib.loads(path.read_text("utf-8"))

    async def run() -> None:
        told = ChainStory(folder, story)
        try:
            await told.open()
            try:
                for number, step in enumerate(story["step"], start=1):
                    try:
                        await told.step(step)
                    except AssertionError as error:
                        raise AssertionError(f"step {number} {dict(step)}: {error}") from error
                told.at_last()
            finally:
                await told.close()
        finally:
            told.hub.close()

    asyncio.run(run())

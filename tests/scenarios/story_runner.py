"""Tells a story of a store to the real agent core: TOML in the trade's words, one table a step, in order.

    title = "A coupon is good once"
    [[step]]
    scan = "Anna"                                   # a card at lane 1 (lane = "2" for another)
    [[step]]
    print = { number = 1, goods = [["Coffee beans", "10.00"]] }
    remember = "first"                              # the coupon that this receipt carries
    [[step]]
    hold_out = "first"
    answer = "accepted"                             # or the code of the refusal

A step does one thing: `scan`, `product`, `undo`, `print`, `hold_out`, `in_line`, `till`, `clock`, `hub`, `mirror`, `elsewhere`,
`restart`, `expect`. Core is the real one, without its sockets: frames go to a real `TapSession`, questions to the real
operations, records to a real journal on disk. `restart` is a kill: nothing is finished, everything is read again.
"""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.bootstrap import Core, build, use_enrolment
from agent.config import parse_config
from agent.control.operations import Operation
from agent.intake.session import TapSession
from agent.journal.reader import JournalReader
from agent.offering.coupons import CouponIssuer
from agent.value.book import What
from agent.value.rows import coupon_of
from pos_adapters.taps.frames import CUT_BODY, OUTCOME_BODY, Frame, FrameType, Outcome
from retail.coupons import CouponScope
from retail.errors import RefusedError
from retail.identifiers import CustomerId, TransactionId
from retail.money import Money
from retail.offers.decision import Reward
from retail.stops import Stop, StopKind, Stops
from sync.mirror import MirrorVersion, write_current
from tests.agent.core_house import ANNA, BORIS, CAMPAIGNS, CONFIG, STAFF, Log, enrol, write_mirror
from tests.scenarios.story_parts import StoryClock, paper

CARDS = {"Anna": ANNA, "Boris": BORIS, "Stan": STAFF}
CUSTOMERS = {"Anna": "c-1", "Boris": "c-2", "Stan": "c-3"}
ITEMS = [
    {"item_id": "4711", "receipt_text": "Coffee beans", "category": "coffee"},
    {"item_id": "18", "receipt_text": "Cigarettes", "category": "tobacco", "restricted": "tobacco"},
]
OUTCOMES = {"printed": Outcome.PRINTED, "unconfirmed": Outcome.UNCONFIRMED, "late": Outcome.LATE}
PATIENCE_S = 120  # of a story with core: with neighbours, one sync of a disk may take seconds
CAMPAIGN = {**CAMPAIGNS[0], "coupon": {"valid_days": 14, "till_barcode": "ean13:2099{serial:8}"}}


@dataclass
class Story:
    """One story while it is told."""

    folder: Path
    story: Mapping[str, Any]
    clock: StoryClock = field(default_factory=StoryClock)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    last_scan: str = ""
    foreign: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    revoked: bool = False
    as_of: datetime | None = None
    held: dict[str, str] = field(default_factory=dict)
    core: Core | None = None

    # The store opens and closes

    async def open(self) -> None:
        config = parse_config(CONFIG.format(state_dir=self.folder, profile="appendix"))
        self.core = build(config, log=Log(), clock=self.clock, look_up_within_s=10.0)
        self._write_feed()
        core = self.core
        core.writer.start()
        await core.writer.run(lambda store: store.open())
        await use_enrolment(core)
        reader = JournalReader(core.state.journal, core.keys.journal)
        core.value.room.book.load(reader.value_rows())
        for transaction_id, total in reader.sales_since("2026-01-01"):
            core.known.add(transaction_id, total)
        reader.close()
        core.swap()
        core.memory.complete = True
        if self.story.get("hub_reached", True):
            await self.ask("contact", hub_time=self.clock.now().isoformat())

    async def close(self) -> None:
        assert self.core is not None
        self.core.people.close()
        await asyncio.to_thread(self.core.writer.close)

    def _write_feed(self) -> None:
        core = self.the_core
        write_mirror(core)
        enrol(core)
        if self.as_of is None:
            self.as_of = self.clock.now()
        current = MirrorVersion(version=1, as_of=self.as_of, snapshot="snapshot-1")
        write_current(core.state.mirror, current)
        campaign = {**CAMPAIGN, **self.story.get("campaign", {})}
        keys = [{"store": "7782", "key": self.foreign.public_key().public_bytes_raw().hex(), "revoked": self.revoked}]
        for name, content in (
            ("campaigns", [campaign, *self.story.get("campaigns", [])]),
            ("items", ITEMS),
            ("value", {"policy": self.story.get("policy", {}), "keys": keys}),
        ):
            (core.state.mirror / f"{name}.json").write_text(json.dumps(content, default=str), "utf-8")

    @property
    def the_core(self) -> Core:
        assert self.core is not None
        return self.core

    # Steps

    async def step(self, step: Mapping[str, Any]) -> None:
        """Do what one step says."""
        verbs = [name for name in step if hasattr(self, f"do_{name}")]
        assert len(verbs) == 1, f"a step does one thing: {step}"
        await getattr(self, f"do_{verbs[0]}")(step[verbs[0]], step)

    async def do_scan(self, who: str, step: Mapping[str, Any]) -> None:
        answer = await self.ask(
            "scan", workstation_id=step.get("lane", "1"), code=CARDS[who], symbology="ean13", source="scanner"
        )
        self.last_scan = str(answer["scan_id"])
        await self.the_core.scanning.settle()

    async def do_product(self, code: str, step: Mapping[str, Any]) -> None:
        await self.ask("begun", workstation_id=step.get("lane", code if code in ("1", "2") else "1"))

    async def do_undo(self, _: object, step: Mapping[str, Any]) -> None:
        await self.ask("undo", scan_id=self.held.get(step["undo"], self.last_scan))

    async def do_print(self, receipt: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        sent: list[bytes] = []
        session = TapSession(self.the_core.counter, send=sent.append, drop=_fail)
        lane, job = str(step.get("lane", "1")), uuid4()
        hello = {"protocol": 1, "workstation": lane, "model": "generic-80mm", "tap": f"tap-{lane}"}
        session.workstation_id, session.model_name = lane, hello["model"]
        data = paper(receipt, at=self.clock.now(), till_code_of=lambda name: self.names[name]["till"])
        began = {"received_at": self.clock.now().isoformat()}
        session.take(
            [
                Frame(FrameType.JOB, job.bytes + json.dumps(began).encode()),
                Frame(FrameType.BYTES, job.bytes + data),
                Frame(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(data))),
            ]
        )
        await self._until(lambda: bool(sent))
        if sent[0][4] == FrameType.BLOCK:
            outcome = OUTCOMES[step.get("outcome", "unconfirmed")]
            session.take([Frame(FrameType.OUTCOME, job.bytes + OUTCOME_BODY.pack(1, outcome))])
        session.take([Frame(FrameType.JOB_END, job.bytes + json.dumps({"reason": "close"}).encode())])
        await self._until(lambda: sent[-1][4] == FrameType.ACK)
        session.lost()
        await self.the_core.value.flush()
        if "remember" in step:
            issued = [each for each in self.records() if each["kind"] == "coupon.issued"]
            assert issued, f"no coupon was printed: {[each['kind'] for each in self.records()]}"
            self.remember(step["remember"], issued[-1]["serial"])

    def remember(self, name: str, serial: str, token: str = "") -> None:
        row = self.the_core.value.room.book.get(What.COUPON, serial)
        self.names[name] = {"serial": serial, "code": token or serial, "till": row["till_code"] if row else ""}
        if row:
            terms = self.the_core.value.room.rules.campaign_named(row["campaign_id"])
            issuer = CouponIssuer(self.the_core.keys.sign)
            self.names[name]["qr"] = issuer.again(coupon_of(row), terms.coupon if terms else None)

    async def do_hold_out(self, name: str, step: Mapping[str, Any]) -> None:
        code = self.names[name]["code"] if name in self.names else name
        before = len(self.records())
        answer = (
            await self.ask(
                "scan",
                workstation_id=step.get("lane", "1"),
                code=code,
                symbology="qr",
                source=step.get("source", "scanner"),
            )
            if code.startswith("tsc1")
            else await self._typed(code, step)
        )
        self.last_scan = str(answer["scan_id"])
        self.held[name] = self.last_scan
        told = self.records()[before:]
        got = "accepted" if any(each["kind"] == "coupon.redeemed" for each in told) else ""
        got = got or next((each["why"] for each in told if each["kind"] == "coupon.refused"), "nothing")
        assert got == step.get("answer", "accepted"), f"{name} was {got}: {told}"

    async def do_in_line(self, name: str, step: Mapping[str, Any]) -> None:
        """A scanner in line asks what its till is to get, and then tells the scan."""
        presented = {"workstation_id": step.get("lane", "1"), "code": self.names[name][step.get("by", "code")]}
        judged = await self.ask("judge", **presented, symbology="qr")
        replaced = self.names[name]["till"] if judged["action"] == "replace" else ""
        assert (judged["action"], judged["code"]) == (step["till_gets"], replaced), judged
        if step.get("by", "code") in ("code", "qr"):
            answer = await self.ask("scan", **presented, symbology="qr", source="scanner")
            self.held[name] = self.last_scan = str(answer["scan_id"])

    async def _typed(self, code: str, step: Mapping[str, Any]) -> dict[str, Any]:
        """Hold out a coupon by its number, as a cashier types it."""
        lane, scan_id = str(step.get("lane", "1")), uuid4().hex
        customer = self.the_core.scanning.customer_at(lane)
        await self.the_core.value.hold_out(code, scan_id=scan_id, workstation_id=lane, customer_id=customer)
        return {"scan_id": scan_id}

    async def do_till(self, op: str, step: Mapping[str, Any]) -> None:
        values: dict[str, Any] = {}
        if op in ("quote", "reserve"):
            coupons = [self.names[name]["code"] for name in step.get("coupons", [])]
            lines = [{"description": name, "amount": amount} for name, amount in step.get("goods", [])]
            body = {"lines": lines, "coupons": coupons, "points": step.get("points", 0)}
            values = {"workstation_id": step.get("lane", "1"), "body": body}
        else:
            values = {"reservation_id": self.held[step["of"]]}
        if op != "quote":
            values["key"] = step.get("key", uuid4().hex)
        answer = await self.try_to(f"till_{op}", **values)
        got = answer.get("code", "ok") if "answer" not in answer else "ok"
        assert got == step.get("answer", "ok"), answer
        told = answer.get("answer", {})
        if op == "reserve" and got == "ok":
            self.held[step.get("as", "sale")] = told["reservation_id"]
            assert self.held[step.get("same_as", step.get("as", "sale"))] == told["reservation_id"], self.held
        for name, wanted in step.get("told", {}).items():
            assert told[name] == wanted, told

    async def do_clock(self, change: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        wrong = timedelta(days=change.pop("wrong_days", 0)) if isinstance(change, dict) else timedelta()
        self.clock.wrong_by += wrong
        self.clock.passed += timedelta(**change)
        self.the_core.floor.expire(self.clock.now())
        self.the_core.value.tick()
        await self.the_core.value.flush()

    async def do_hub(self, said: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        rules = self.the_core.value.room.rules
        if "lease" in said:
            ends = self.clock.now() + timedelta(hours=said.get("hours", 12))
            lease = {"lease_id": said.get("id", "l-1"), "account": CUSTOMERS[said["account"]], "store": "7781"}
            told = {**lease, "points": said["lease"], "expires_at": ends.isoformat()}
            await self.ask("lease", lease={**told, "for_request": said.get("for_request", False)})
        if "coupon" in said:
            ends = self.clock.now() + timedelta(hours=said.get("hours", 12))
            serial = self.names[said["coupon"]]["serial"]
            lease = {"lease_id": said.get("id", "k-1"), "serial": serial, "expires_at": ends.isoformat()}
            await self.ask("coupon_lease", lease=lease)
        if "stop" in said:
            now = self.clock.now()
            until = now + timedelta(hours=said["hours"]) if "hours" in said else None
            rules.stops = Stops(
                stops=(Stop(stop_no=1, kind=StopKind(said["stop"]), since=now, until=until),), heard_at=now
            )
        if said.get("resume"):
            rules.stops = Stops(heard_at=self.clock.now())
        if said.get("revoke"):
            self.revoked = True
            self._write_feed()
            self.the_core.swap()

    async def do_mirror(self, said: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        self.as_of = self.clock.now() - timedelta(hours=said.get("age_hours", 0))
        self.the_core.value.room.rules.mirror_as_of = self.as_of.isoformat()

    async def do_elsewhere(self, said: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        """Another store of the chain (or of another chain) has issued a coupon."""
        today = self.clock.now().date()
        key = Ed25519PrivateKey.generate() if said.get("chain") == "another" else self.foreign
        reward = Reward(
            campaign=self.the_core.offers.bundle.index.entries[0].campaign,
            value=self.the_core.offers.bundle.index.entries[0].campaign.benefit.value,
            cost=Money.of("0", "EUR"),
            valid_until=today + timedelta(days=said.get("days", 14)),
            why=(),
        )
        who = said.get("holder")
        coupon = CouponIssuer(key).issue(
            reward,
            transaction_id=TransactionId(f"elsewhere-{step['remember']}"),
            today=today + timedelta(days=said.get("from_days", 0)),
            holder=CustomerId(CUSTOMERS[who]) if who else None,
            scope=CouponScope.ANY_STORE if said.get("anywhere") else CouponScope.ISSUING_STORE,
        )
        token = coupon.token
        if said.get("forged"):
            token = token[:100] + ("A" if token[100] != "A" else "B") + token[101:]
        till = coupon.till_code[1] if coupon.till_code else ""
        self.names[step["remember"]] = {"serial": coupon.serial, "code": token, "till": till}

    async def do_restart(self, _: object, __: Mapping[str, Any]) -> None:
        await self.close()
        await self.open()

    async def do_expect(self, wanted: Mapping[str, Any], _: Mapping[str, Any]) -> None:
        records = self.records()
        kinds = [each["kind"] for each in records]
        for kind, count in wanted.get("journal", {}).items():
            assert kinds.count(kind) == count, f"{kind}: {kinds.count(kind)}, not {count}: {kinds}"
        for name, state in wanted.get("coupon", {}).items():
            row = self.the_core.value.room.book.get(What.COUPON, self.names[name]["serial"])
            assert (row or {"state": "unknown"})["state"] == state, row
        for who, points in wanted.get("points", {}).items():
            assert self.earned(records, CUSTOMERS[who]) == points, records
        if "flags" in wanted:
            flags = [each["pattern"] for each in records if each["kind"] == "fraud.flagged"]
            assert sorted(flags) == sorted(wanted["flags"]), flags
        for kind, members in wanted.get("last", {}).items():
            last = [each for each in records if each["kind"] == kind][-1]
            assert {name: last.get(name) for name in members} == members, last
        for lease_id, spent in wanted.get("lease_spent", {}).items():
            row = self.the_core.value.room.book.get(What.LEASE, lease_id)
            assert (row or {}).get("spent") == spent, row

    # Plumbing

    def earned(self, records: list[dict[str, Any]], customer_id: str) -> int:
        """Return what a member earned less what was taken back, as the journal says it."""
        mine = [each for each in records if each.get("customer_id") == customer_id]
        earned = sum(each["points"] for each in mine if each["kind"] == "points.earned")
        back = sum(each["points"] for each in mine if each["kind"] == "points.reversed" and each["of"] == "earned")
        return earned - back

    def records(self) -> list[dict[str, Any]]:
        """Return every record of the journal as one object each."""
        core = self.the_core
        reader = JournalReader(core.state.journal, core.keys.journal)
        try:
            rows = reader.all_records_after(0, limit_rows=10_000)
        finally:
            reader.close()
        return [{**row.content(), "kind": row.kind} for row in rows]

    async def ask(self, op: str, **values: Any) -> dict[str, Any]:
        """Ask core; a refusal is a failure of the story."""
        answer = await self.try_to(op, **values)
        assert answer.get("ok", True), answer
        return answer

    async def try_to(self, op: str, **values: Any) -> dict[str, Any]:
        operations: Mapping[str, Operation] = self.the_core.control._operations
        try:
            return dict(await operations[op](**values))
        except RefusedError as error:
            return {"ok": False, "code": error.code, "message": error.message}

    async def _until(self, holds: Any) -> None:
        patience_ends = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < patience_ends, "core does not answer"
            await asyncio.sleep(0.0005)


def _fail(why: str) -> None:
    raise AssertionError(f"core dropped the tap: {why}")


def tell(path: Path, folder: Path) -> None:
    """Tell one story; AssertionError says which step was not as told."""
    story = tomllib.loads(path.read_text("utf-8"))

    async def run() -> None:
        told = Story(folder=folder, story=story)
        await told.open()
        try:
            for number, step in enumerate(story["step"], start=1):
                try:
                    await told.step(step)
                except AssertionError as error:
                    raise AssertionError(f"step {number} {dict(step)}: {error}") from error
        finally:
            await told.close()

    asyncio.run(run())

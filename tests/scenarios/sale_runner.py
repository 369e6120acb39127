"""Tells a story of who it is and what to offer: `tests/scenarios/*.toml`, in the words of the trade, to the real core.

Beside the steps of `story_runner` (`scan`, `product`, `undo`, `clock`, `restart`, `expect`, …) a story may `say` who its
people, campaigns and goods are, and has these steps:

    [[step]]
    print = { number = 1, goods = [["Coffee beans", "4.99"]] }   # kind = "gift", "prebill", "training", "void", …
    for = "Anna"                                   # whose offers the paper carries; without it: nobody's, by name
    says = ["15 % off"]                            # and what else stands on it; says_not, nothing = true
    [[step]]
    type = "0151 23456789"                         # the cashier types a phone number
    [[step]]
    expect = { sales = { "1" = "Anna", "2" = "nobody" } }

No story has to say that a stranger's name is on nobody's paper: after every print the runner looks for the first names
of everybody who is not named by `for`.
"""

from __future__ import annotations

import asyncio
import io
import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import zxingcpp
from escpos.printer import Dummy
from PIL import Image

from agent.bootstrap import build, use_enrolment
from agent.config import parse_config
from agent.intake.session import TapSession
from agent.journal.reader import JournalReader
from pos_adapters.taps.frames import ANSWER_BODY, CUT_BODY, OUTCOME_BODY, Frame, FrameType
from receipt.render.picture import Format, render_job
from retail.claims import CLAIM_DAYS
from sync.mirror import MirrorVersion, write_current
from sync.protocol.claims import verify_claim
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot
from sync.protocol.rotating import digits_at, secret_of
from sync.protocol.tokens import CodeKind, locator_of, normalise, token_of
from tests.agent.core_house import CAMPAIGNS, CONFIG, PEPPER, Log, _token, enrol
from tests.scenarios.story_runner import ITEMS, OUTCOMES, Story, _fail

PEOPLE: dict[str, dict[str, Any]] = {
    "Anna": {"id": "c-1", "card": "2900000000018", "segments": {"best": ""}},
    "Boris": {"id": "c-2", "card": "2900000000025"},
    "Stan": {"id": "c-3", "card": "2900000000032", "employee": True, "segments": {"best": ""}},
}
HEADS = {
    "sale": (),
    "gift": ("GIFT RECEIPT",),
    "prebill": ("PRE BILL", "Not an invoice"),
    "training": ("TRAINING MODE",),
    "kitchen": ("KITCHEN ORDER", "Table 7"),
    "void": ("TRANSACTION VOIDED",),
    "suspended": ("SALE SUSPENDED",),
    "return": ("REFUND RECEIPT",),
    "copy": ("DUPLICATE RECEIPT",),
    "card slip": ("CARD PAYMENT", "MERCHANT COPY"),
    "layaway": ("LAYAWAY DEPOSIT",),
}
QR_CAPTIONS = (
    "Show this code at",
    "Scan the code, join",
    "Scan the code to keep",
)  # what stands below a QR code of ours
WITHOUT_PAYMENT = frozenset({"gift", "prebill", "suspended", "kitchen", "void"})


class SaleStory(Story):
    """A story whose people, campaigns and goods are its own."""

    def __init__(self, folder: Path, story: Mapping[str, Any]) -> None:
        super().__init__(folder=folder, story=story)
        self.people = PEOPLE | story.get("people", {})
        self.papers: list[str] = []
        self.numbers: dict[str, str] = {}
        self.erased = 0
        self.version = 1

    async def open(self) -> None:
        said = self.story.get("store", {})
        text = CONFIG.format(state_dir=self.folder, profile=said.get("print_profile", "appendix"))
        text = text.replace(
            "[[workstation]]", f"claim_url = {json.dumps(said.get('claim_url', ''))}\n[[workstation]]", 1
        )
        codes = self.story.get("codes")
        if codes is not None:
            text = text.replace('member = ["ean13:29"]\nproduct = ["ean13"]', "")
            text = text.replace("[codes]", "[codes]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in codes.items()))
        self.core = core = build(parse_config(text), log=Log(), clock=self.clock, look_up_within_s=10.0)
        self._write_feed()
        core.writer.start()
        await core.writer.run(lambda store: store.open())
        await use_enrolment(core)
        reader = JournalReader(core.state.journal, core.keys.journal)
        core.memory.replay(
            (
                (row.kind, core.offers.today(datetime.fromisoformat(row.occurred_at)), row.content())
                for row in reader.all_records_after(0, limit_rows=1000)
            ),
            core.offers.bundle.items,
        )
        for transaction_id, total in reader.sales_since("2026-01-01"):
            core.known.add(transaction_id, total)
        reader.close()
        core.swap()
        core.memory.complete = True
        await self.ask("contact", hub_time=self.clock.now().isoformat())

    def _write_feed(self) -> None:
        core = self.the_core
        enrol(core)
        if self.as_of is None:
            self.as_of = self.clock.now()
        entries = sorted((token, self._record(name)) for name in self.people for token in self._tokens(name))
        name = f"snapshot-{self.version}"
        write_snapshot(core.state.mirror / name, entries, count=len(entries), chain="chain", version=self.version)
        is_slice = bool(self.story.get("store", {}).get("slice"))
        current = MirrorVersion(version=self.version, as_of=self.as_of, snapshot=name, is_slice=is_slice)
        write_current(core.state.mirror, current)
        campaigns = self.story.get("campaign", CAMPAIGNS)
        usual = {name: value for name, value in CAMPAIGNS[0].items() if name != "coupon"}
        campaigns = [{**usual, **each} for each in campaigns]
        rules = {"policy": self.story.get("policy", {}), "keys": []}
        for name, content in (("campaigns", campaigns), ("items", self.story.get("item", ITEMS)), ("value", rules)):
            (core.state.mirror / f"{name}.json").write_text(json.dumps(content, default=str), "utf-8")

    def _tokens(self, name: str) -> list[bytes]:
        person = self.people[name]
        cards = [person["card"], *person.get("more_cards", ())] if "card" in person else []
        found = [_token(card) for card in cards]
        kinds = [CodeKind(kind) for kind in ("phone", "wallet", "email") if kind in person]
        return found + [token_of(normalise(person[kind], kind, country="DE"), PEPPER) for kind in kinds]

    def _record(self, name: str) -> MirrorRecord:
        said = self.people[name]
        days = {key: _day(said[key]) for key in ("last_visit", "member_since") if key in said}
        birthday = tuple(said["birthday"]) if "birthday" in said else None
        return MirrorRecord(
            customer_id=said["id"],
            first_name=said.get("first_name", name),
            language=said.get("language", "en"),
            employee=said.get("employee", False),
            household_id=said.get("household", ""),
            birthday=birthday,  # type: ignore[arg-type]
            tier=said.get("tier", ""),
            points=said.get("points", 0),
            purchases=said.get("purchases"),
            rfm_cell=said.get("rfm", ""),
            no_paper_offers=said.get("no_paper", False),
            segments={segment: _day(until) if until else None for segment, until in said.get("segments", {}).items()},
            entered={segment: _day(since) for segment, since in said.get("entered", {}).items()},
            last_bought={key: _day(day) for key, day in said.get("bought", {}).items()},
            contacts=said.get("contacts", {}),
            **days,
        )

    # Steps

    async def do_scan(self, who: str, step: Mapping[str, Any]) -> None:
        code = self.people[who]["card"] if who in self.people else self.numbers.get(who, who)
        values = {"symbology": step.get("symbology", ""), "source": step.get("source", "scanner")}
        answer = await self.try_to("scan", workstation_id=step.get("lane", "1"), code=code, **values)
        got = answer.get("code", "ok") if "scan_id" not in answer else "ok"
        assert got == step.get("answer", "ok"), answer
        if got == "ok":
            self.last_scan = str(answer["scan_id"])
            self.held[who] = self.last_scan
            await self.the_core.scanning.settle()

    async def do_type(self, what: str, step: Mapping[str, Any]) -> None:
        symbology = "phone" if what.startswith(("+", "0")) else ""
        await self.do_scan(what, {"symbology": symbology, "source": "cashier", **step})

    async def do_wallet(self, who: str, step: Mapping[str, Any]) -> None:
        """Open the wallet `seconds_ago` and hold out the code that it showed then."""
        wallet = self.people[who]["wallet"]
        at = self.clock.now().timestamp() - step.get("seconds_ago", 0)
        secret = secret_of(token_of(normalise(wallet, CodeKind.WALLET), PEPPER))
        await self.do_scan(f"{wallet}:{digits_at(secret, at)}", {"symbology": "qr", **step})

    async def do_burst(self, who: list[str], step: Mapping[str, Any]) -> None:
        """Scan all of these in the same second, at lanes 1 and 2 in turn."""
        core = self.the_core
        await asyncio.gather(
            *(
                self.ask(
                    "scan",
                    workstation_id=str(1 + at % 2),
                    code=self.people[each]["card"],
                    symbology="",
                    source="scanner",
                )
                for at, each in enumerate(who)
            )
        )
        await core.scanning.settle()

    async def do_noise(self, count: int, step: Mapping[str, Any]) -> None:
        """A scanner that has gone mad: nothing that it says is a code of ours."""
        for at in range(count):
            noise = ("\x00\x07" * 9, "", "A" * 5000, f"%&/{at}", f"{at:05d}", "2900000000")[at % 6]
            await self.try_to("scan", workstation_id=step.get("lane", "1"), code=noise, symbology="", source="scanner")
        await self.the_core.scanning.settle()

    async def do_erase(self, who: str, step: Mapping[str, Any]) -> None:
        self.erased += 1
        locators = [locator_of(token).hex() for token in self._tokens(who)]
        order = {"erasure_no": self.erased, "customer_id": self.people[who]["id"], "locators": locators}
        await self.ask("erase", erasures=[order])

    async def do_feed(self, people: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        """The hub's next mirror: people as they are now (`{}`: nobody changed), `damaged = true` for half a file."""
        self.version += 1
        for name, changes in people.items():
            self.people = {**self.people, name: {**self.people.get(name, {}), **changes}}
        self.as_of = None
        self._write_feed()
        if step.get("damaged"):
            path = self.the_core.state.mirror / f"snapshot-{self.version}"
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        self.the_core.swap()

    async def do_print(self, receipt: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        lane, job, sent = str(step.get("lane", "1")), uuid4(), list[bytes]()
        session = TapSession(self.the_core.counter, send=sent.append, drop=_fail)
        session.workstation_id, session.model_name = lane, "tm-t20ii"
        data = sale_paper(self, receipt)
        began = {"received_at": self.clock.now().isoformat()}
        session.take(
            [
                Frame(FrameType.JOB, job.bytes + json.dumps(began).encode()),
                Frame(FrameType.BYTES, job.bytes + data),
                Frame(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(data))),
            ]
        )
        await self._until(lambda: bool(sent))
        block = b""
        if sent[0][4] == FrameType.BLOCK:
            block = sent[0].split(job.bytes, 1)[1][ANSWER_BODY.size :]
            outcome = OUTCOMES[step.get("outcome", "printed")]
            session.take([Frame(FrameType.OUTCOME, job.bytes + OUTCOME_BODY.pack(1, outcome))])
        session.take([Frame(FrameType.JOB_END, job.bytes + json.dumps({"reason": "close"}).encode())])
        await self._until(lambda: sent[-1][4] == FrameType.ACK)
        session.lost()
        await self.the_core.value.flush()
        self._look_at(block, step)

    def _look_at(self, block: bytes, step: Mapping[str, Any]) -> None:
        said = block.decode("cp437")
        names = {name: person.get("first_name", name) for name, person in self.people.items()}
        for name, first_name in names.items():
            is_named = bool(first_name) and first_name in said
            assert is_named == (step.get("for") == name), f"{name} is {'' if is_named else 'not '}named: {said!r}"
        for words in step.get("says", ()):
            assert words in said, f"{words!r} is not said: {said!r}"
        for words in step.get("says_not", ()):
            assert words not in said, f"{words!r} is said: {said!r}"
        if "offers" in step:
            decided = [each for each in self.records() if each["kind"] == "offer.decided"]
            last = [offer["campaign_id"] for offer in decided[-1]["offers"]] if block and decided else []
            assert last == step["offers"], last
        if "claims" in step:
            self._look_at_claim(block, step["claims"])
        if step.get("nothing"):
            assert not block, said
        assert sum(map(said.count, QR_CAPTIONS)) <= 1, "one QR code stands on a paper"

    def _look_at_claim(self, block: bytes, total_e4: int) -> None:
        """The code on the paper is this store's word, for this sale and no other, for seven days."""
        picture = Image.open(io.BytesIO(render_job(block, Format.PNG, model="generic-80mm")))
        codes = [code.text for code in zxingcpp.read_barcodes(picture.convert("L"), zxingcpp.BarcodeFormat.QRCode)]
        assert len(codes) == 1, codes
        public = self.the_core.keys.sign.public_key().public_bytes_raw()
        claim = verify_claim(codes[0].removeprefix("https://c.example/"), [public])
        sale = [each for each in self.records() if each["kind"] == "transaction.completed"][-1]["transaction"]
        assert (claim.transaction_id, claim.total_e4) == (sale["transaction_id"], total_e4)
        assert claim.last_day == _day(sale["business_day"]) + timedelta(days=CLAIM_DAYS)

    async def do_expect(self, wanted: Mapping[str, Any], step: Mapping[str, Any]) -> None:
        wanted = dict(wanted)
        records = self.records()
        for number, who in wanted.pop("sales", {}).items():
            sale = self._sale(records, number)
            owner = who if who == "nobody" else self.people[who]["id"]
            assert self._owner(records, sale) == owner, f"sale {number} is {self._owner(records, sale)}'s"
        for campaign, outcome in wanted.pop("withheld", {}).items():
            withheld = [
                o["campaign_id"] for each in records if each["kind"] == "offer.withheld" for o in each["offers"]
            ]
            assert (campaign in withheld) == outcome, withheld
        for campaign, cost in wanted.pop("cost", {}).items():
            decided = [each for each in records if each["kind"] == "offer.decided"][-1]["offers"]
            assert {each["campaign_id"]: each["cost"] for each in decided}[campaign] == cost, decided
        if "flagged" in wanted:
            flags = [each["flagged"] for each in records if each["kind"] == "customer.identified"]
            assert flags == wanted.pop("flagged"), flags
        if "carries" in wanted:
            kind, name = wanted.pop("carries")
            assert all(each.get(name) is not None for each in records if each["kind"] == kind), records
        if wanted.pop("unknown_code_is_sealed", False):
            assert [each for each in records if each["kind"] == "customer.identified"][-1]["sealed_code"], records
        await super().do_expect(wanted, step)

    def _sale(self, records: list[dict[str, Any]], number: str) -> str:
        sales = [each["transaction"] for each in records if each["kind"].startswith("transaction.")]
        return next(each["transaction_id"] for each in sales if each["sequence_number"] == number)

    def _owner(self, records: list[dict[str, Any]], transaction_id: str) -> str:
        owner = "nobody"
        for each in records:
            if each.get("transaction_id") == transaction_id and each["kind"] == "customer.identified":
                owner = each["customer_id"] or "nobody"
            if each.get("transaction_id") == transaction_id and each["kind"] == "customer.released":
                owner = "nobody"
        return owner


def _day(text: str) -> date:
    return date.fromisoformat(text)


def sale_paper(story: SaleStory, receipt: Mapping[str, Any]) -> bytes:
    """Return a paper as a till prints it."""
    kind = receipt.get("kind", "sale")
    if kind == "card slip":
        return card_slip(story, receipt)
    goods = [(str(name), str(amount)) for name, amount in receipt.get("goods", [["Coffee beans", "4.99"]])]
    sign = -1 if kind == "return" else 1
    total = sign * sum(int(amount.replace(".", "")) for _, amount in goods)
    printer = Dummy()
    printer.text("CORNER SHOP\n")
    for line in (*HEADS[kind], *receipt.get("head", ())):
        printer.text(f"{line}\n")
    printer.text(f"{story.clock.now().astimezone():%d.%m.%Y %H:%M}\nReceipt No {receipt['number']}\n" + "-" * 40 + "\n")
    for name, amount in goods:
        price = "" if kind in ("gift", "kitchen") else f"{sign * float(amount):.2f}"
        printer.text(f"{name:<30}{price:>10}\n")
    if kind not in ("gift", "kitchen"):
        printer.text("-" * 40 + "\n" + f"{'TOTAL EUR':<30}{total / 100:>10.2f}\n")
    if kind not in WITHOUT_PAYMENT:
        tenders = receipt.get("tenders", [[receipt.get("tender", "CASH"), f"{total / 100:.2f}"]])
        for name, amount in tenders:
            printer.text(f"{name:<30}{amount:>10}\n")
    for line in receipt.get("remarks", ()):
        printer.text(f"{line}\n")
    if kind in ("sale", "return", "copy", "training"):
        printer.text("Thank you for your purchase\n")
    if "barcode" in receipt:
        printer.barcode(receipt["barcode"], "EAN13")
    return bytes(printer.output)


def card_slip(story: SaleStory, receipt: Mapping[str, Any]) -> bytes:
    """Return what the card terminal prints: no goods, an amount, the card's last digits."""
    printer = Dummy()
    for line in ("CORNER SHOP", "CARD PAYMENT", "MERCHANT COPY", f"{story.clock.now().astimezone():%d.%m.%Y %H:%M}"):
        printer.text(f"{line}\n")
    amount = receipt.get("amount", "4.99")
    for line in ("Terminal-ID 54321987", "VISA ************4242", f"{'AMOUNT EUR':<30}{amount:>10}", "APPROVED"):
        printer.text(f"{line}\n")
    return bytes(printer.output)


def tell(path: Path, folder: Path) -> None:
    """Tell one story; AssertionError says which step was not as told."""
    story = tomllib.loads(path.read_text("utf-8"))

    async def run() -> None:
        told = SaleStory(folder, story)
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

"""What a kiosk asks of core: a code for the customer's telephone, their coupons on paper, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.bootstrap import Core, build
from agent.config import parse_config
from pos_adapters.taps.frames import Outcome
from receipt.document import PaperReader
from receipt.printers import printer_model
from retail.errors import RefusedError
from sync.protocol.coupons import CouponVerifier, StoreKey
from sync.protocol.handover import GOOD_FOR, new_handover, verify_handover
from tests.agent.core_house import ANNA, BORIS, CONFIG, Log, Running, Tap, enrol, journal, receipt, write_mirror

CLAIM_URL = 'claim_url = "https://hub.example/c/{token}"\n[[workstation]]'


def store(folder: Path, *, phone: bool = True) -> Core:
    text = CONFIG.format(state_dir=folder, profile="appendix")
    core = build(parse_config(text.replace("[[workstation]]", CLAIM_URL, 1) if phone else text), log=Log())
    write_mirror(core)
    enrol(core)
    return core


def told(core: Core, story: Callable[[Running], Awaitable[None]]) -> list[tuple[str, dict[str, Any]]]:
    """Let Anna get a coupon at the till; run a story; return what the journal holds behind her receipt."""

    async def run() -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core)
            await running.scan(ANNA)
            await tap.print(receipt(number=1), outcome=Outcome.PRINTED)
            tap.close()
            await story(running)

    asyncio.run(run())
    found = [(each.kind, each.content()) for each in journal(core)]
    return found[1 + [kind for kind, _ in found].index("offer.printed") :]


def test_a_code_leads_the_telephone_to_what_the_kiosk_has_shown(tmp_path: Path) -> None:
    core, answers = store(tmp_path), []

    async def story(running: Running) -> None:
        scan_id = await running.scan(ANNA, "1", "kiosk")
        answers.append(await running.ask("hand_over", scan_id=scan_id, kiosk_id="1"))

    [(kind, content)] = told(core, story)
    token = answers[0]["url"].removeprefix("https://hub.example/p/")
    key = core.keys.sign.public_key().public_bytes_raw()
    handover, _ = verify_handover(token, [key], now=datetime.now(UTC))
    assert kind == "offer.shown"
    assert content["handover"] == handover.number
    assert (content["channel"], content["customer_id"], content["first_name"]) == ("phone", "c-1", "Anna")
    assert content["offers"][0]["campaign_id"] == "coffee-back"
    [coupon] = content["coupons"]
    verified = CouponVerifier([StoreKey(business_unit_id=core.config.business_unit_id, public_key=key)])
    assert verified.verify(coupon["token"]).claims.serial == coupon["serial"], "the coupon is the one on the paper"


def test_coupons_are_printed_again_as_they_were_and_what_became_of_it_is_journalled(tmp_path: Path) -> None:
    core, papers = store(tmp_path), []

    async def story(running: Running) -> None:
        scan_id = await running.scan(ANNA, "1", "kiosk")
        paper = await running.ask("coupon_slip", scan_id=scan_id, model="generic-80mm")
        papers.append(paper)
        for outcome in ("printed", "not_sent"):
            values = {"scan_id": scan_id, "kiosk_id": "1", "serials": paper["serials"], "outcome": outcome}
            await running.ask("coupon_printed", **values)

    (printed, content), (fault, why) = told(core, story)
    assert (printed, content["outcome"], content["channel"]) == ("offer.printed", "printed", "kiosk")
    assert [each["serial"] for each in content["offers"]] == papers[0]["serials"]
    assert (fault, why["code"]) == ("device.fault", "not_sent")
    reader = PaperReader(printer_model("generic-80mm"))
    [paper] = [*reader.feed(bytes.fromhex(papers[0]["slip"])), *reader.close()]
    words = " ".join(line.text for line in paper.lines)
    assert "NOT A RECEIPT" in words
    assert "15" in words


@pytest.mark.parametrize(("code", "op"), [("nobody", "hand_over"), ("nobody", "coupon_slip")])
def test_nobody_is_handed_over_or_printed_for_whom_no_card_named(tmp_path: Path, code: str, op: str) -> None:
    more = {"kiosk_id": "1"} if op == "hand_over" else {"model": "generic-80mm"}

    async def story(running: Running) -> None:
        answer = await running.ask(op, scan_id="never", **more)
        assert (answer["ok"], answer["code"]) == (False, code)

    assert told(store(tmp_path), story) == []


def test_who_holds_no_coupon_gets_no_empty_paper_and_without_a_page_there_is_no_code(tmp_path: Path) -> None:
    async def story(running: Running) -> None:
        scan_id = await running.scan(BORIS, "1", "kiosk")
        assert (await running.ask("coupon_slip", scan_id=scan_id, model="generic-80mm"))["code"] == "no_coupons"
        assert (await running.ask("hand_over", scan_id=scan_id, kiosk_id="1"))["code"] == "no_phone_page"

    assert told(store(tmp_path, phone=False), story) == []


def test_a_code_is_good_for_ten_minutes_and_for_the_chain_that_signed_it(tmp_path: Path) -> None:
    key, now = store(tmp_path).keys.sign, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    public = key.public_key().public_bytes_raw()
    handover, token = new_handover(key, now=now)
    assert verify_handover(token.lower(), [bytes(32), public], now=now) == (handover, public)
    for moment, keys, why in (
        (now + GOOD_FOR + timedelta(seconds=1), [public], "handover_over"),
        (now - timedelta(days=1), [public], "handover_over"),
        (now, [bytes(32)], "handover_forged"),
        (now, [], "handover_forged"),
    ):
        with pytest.raises(RefusedError) as refused:
            verify_handover(token, keys, now=moment)
        assert refused.value.code == why
    for garbage in ("", "x", token[:-1], token + "A", "A" * len(token), "1" * 200, "\u00e4"):
        with pytest.raises(RefusedError):
            verify_handover(garbage, [public], now=now)

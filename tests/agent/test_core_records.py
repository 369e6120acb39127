"""What desk asks of core: records of pages, cursors, erasure, and what a core that starts again remembers."""

from __future__ import annotations

from pathlib import Path

from tests.agent.core_house import (
    ANNA,
    BORIS,
    Running,
    Tap,
    journal,
    kinds,
    receipt,
    story,
)


def test_scans_of_noise_and_of_unknown_places_are_refused(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        for place, code, expected in (("9", ANNA, "not_found"), ("1", "", "no_code"), ("1", "\x07\x08", "no_code")):
            answer = await running.ask("scan", workstation_id=place, code=code, symbology="", source="scanner")
            assert (answer["ok"], answer["code"]) == (False, expected)
        assert (await running.ask("fly"))["code"] == "unknown_op"
        assert (await running.ask("scan", workstation_id=1))["code"] == "invalid"

    story(tmp_path, tell)


def test_what_is_born_on_a_page_is_journalled_once(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        visit = {"request_id": "r-1", "kiosk": "1"}
        first = await running.ask("append", kind="visit", workstation_id="1", payload=visit)
        again = await running.ask("append", kind="visit", workstation_id="1", payload=visit)
        assert (first["seq"], again["seq"]) == (1, None)
        refused = await running.ask("append", kind="points.burned", workstation_id="1", payload={})
        assert refused["code"] == "kind"

    assert kinds(story(tmp_path, tell)) == ["visit"]


def test_cursors_parks_and_status_are_kept_and_told(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=1))
        await running.ask("cursor_move", destination="hub", epoch=1, seq=1, head_hash="ab")
        await running.ask("park", destination="hub", seq=1, reason="refused", detail="why")
        assert (await running.ask("park", destination="hub", seq=1, reason="mood"))["ok"] is False
        await running.ask("unpark", destination="hub", seq=1)
        status = await running.ask("status")
        assert status["journal"]["head_seq"] == 1
        assert status["mirror"]["customers"] == 3
        assert status["taps"] == []

    story(tmp_path, tell)


def test_an_erased_person_is_gone_and_the_chain_still_verifies(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        await tap.print(receipt(number=1))
        await running.scan(BORIS)
        await tap.print(receipt(number=2))
        erasure = {"erasure_no": 1, "customer_id": "c-1", "locators": []}
        assert (await running.ask("erase", erasures=[erasure]))["records"] == 3
        assert (await running.ask("erase", erasures=[erasure]))["records"] == 0

    core = story(tmp_path, tell)
    said = b"".join(record.payload or b"" for record in journal(core))
    assert b'"c-1"' not in said
    assert b'"c-2"' in said
    assert kinds(core).count("erasure.applied") == 1
    assert kinds(core).count("transaction.completed") == 2
    assert all(record.payload for record in journal(core) if record.kind == "transaction.completed")


def test_a_core_that_starts_again_remembers_caps_and_settles_what_was_left(tmp_path: Path):
    async def first(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        data = receipt(number=1, cut=False)
        await tap.cut(tap.begin(data), data)

    story(tmp_path, first)

    async def second(running: Running, tap: Tap) -> None:
        ledger = running.core.memory.ledger(None, running.core.offers.today(running.core.clock.now()))
        assert ledger.store["coffee-back"] == 1
        await tap.print(receipt(number=1))

    core = story(tmp_path, second)
    assert kinds(core).count("transaction.completed") == 1, "the same number and total is a copy after a restart too"

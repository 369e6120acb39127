"""What pages are told of a sale and of its paper, in whichever order the two come."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.identity.floor import Push
from agent.intake.shown_sales import ShownSales
from retail.identifiers import TransactionId
from retail.money import Money
from retail.transaction import RetailTransaction
from tests.agent.core_house import ANNA, Running, Tap, receipt
from tests.agent.value.value_house import TillHttp, till_story, value_store

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
NUMBER = TransactionId("t-1")
SALE = RetailTransaction(line_items=(), total=Money.of("7.48", "EUR"), transaction_id=NUMBER)
PAPER = [{"campaign_id": "coffee", "outcome": "printed"}]


def shown_and_heard() -> tuple[ShownSales, list[Push]]:
    heard: list[Push] = []
    return ShownSales(publish=heard.append, now=lambda: NOW), heard


def told(heard: list[Push]) -> list[tuple[Any, ...]]:
    return [(each.place_id, each.data["paper"], each.data.get("again", False)) for each in heard]


def test_a_sale_is_told_whole_again_with_what_became_of_its_paper():
    shown, heard = shown_and_heard()
    shown.sold(SALE, "completed", "1", qr="https://chain.example/c/1")
    shown.paper_told(NUMBER, PAPER, "1")
    assert told(heard) == [("1", [], False), ("1", PAPER, True)]
    assert heard[1].data == {**heard[0].data, "paper": PAPER, "again": True}


def test_a_paper_that_is_told_of_first_comes_with_its_sale():
    shown, heard = shown_and_heard()
    shown.paper_told(NUMBER, PAPER, "1")
    shown.sold(SALE, "completed", "1")
    assert told(heard) == [("1", PAPER, False)]


def test_the_paper_of_a_sale_before_is_told_to_nobody():
    shown, heard = shown_and_heard()
    shown.sold(SALE, "completed", "1")
    shown.paper_told("another", PAPER, "1")
    shown.paper_told(NUMBER, PAPER, "2")
    assert told(heard) == [("1", [], False)]


def test_points_that_a_sale_earned_here_are_told_with_it(tmp_path: Path):
    async def tell(running: Running, _: TillHttp) -> None:
        await running.scan(ANNA)
        tap = await Tap.connect(running.core)
        await tap.print(receipt(number=1))
        tap.close()
        assert (await running.hear("sale"))["data"]["points_earned"] == 74

    till_story(value_store(tmp_path / "state"), tell)

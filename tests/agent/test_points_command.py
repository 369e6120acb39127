"""`tillstream points exposure`: the worst case in money, and nothing while it is off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.bootstrap import Core
from agent.commands.points import app
from agent.journal.records import JournalKind
from agent.value.book import Entry
from agent.value.points import Member
from retail.errors import ConfigurationError
from retail.identifiers import TransactionId, WorkstationId
from retail.line_items import SaleLineItem
from retail.money import Money
from retail.transaction import RetailTransaction
from tests.agent.core_house import ANNA, CONFIG, Running
from tests.agent.value.value_house import lease, till_story, value_store


def bought(core: Core, *, number: int) -> Entry:
    """Return what it means that a member bought something for ten."""
    amount = Money.of("10.00", "EUR")
    sale = RetailTransaction(
        line_items=(SaleLineItem(description="Tea", amount=amount),),
        total=amount,
        transaction_id=TransactionId(f"t-{number}"),
        workstation_id=WorkstationId("1"),
    )
    member = Member(customer_id="c-1", account="c-1")
    kind = JournalKind.TRANSACTION_COMPLETED
    return core.value.receipt(core.value.told(sale, kind, basket=core.offers.basket(sale), member=member))


def told(tmp_path: Path, policy: str, *options: str):
    file = tmp_path / "burn.toml"
    file.write_text(policy)
    arguments = ["exposure", "--policy", str(file), "--stores", "300", "--currency", "EUR", *options]
    return CliRunner().invoke(app, arguments)


def test_the_worst_case_is_said_in_money(tmp_path: Path) -> None:
    policy = '[burn]\noffline = true\nper_store_and_day = 5000\npoint_value = "0.01"\n'
    answer = told(tmp_path, policy, "--json", "--lease-days", "2")
    assert answer.exit_code == 0, answer.output
    assert [case["money"] for case in json.loads(answer.stdout)][:3] == ["100.00", "30000.00", "30000.00"]
    assert "30000.00 EUR" in told(tmp_path, policy, "--lease-days", "2").stdout


def test_switched_off_it_is_nothing(tmp_path: Path) -> None:
    assert [case["points"] for case in json.loads(told(tmp_path, "[burn]\n", "--json").stdout)] == [0, 0]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no table \[burn\]"):
        raise told(tmp_path, "[born]\n").exception


@pytest.mark.parametrize("currency", ["XXXX", "eur", "E1R", "", "ЕВР"])
def test_what_is_no_currency_is_refused(tmp_path: Path, currency: str) -> None:
    with pytest.raises(ConfigurationError, match="no currency"):
        raise told(tmp_path, "[burn]\n", "--currency", currency).exception


def test_coupons_have_their_worst_case_too_and_leases_have_none(tmp_path: Path) -> None:
    told_by = {}
    for offline in ("issuing_store", "any_store", "leases", "nowhere"):
        policy = f'[burn]\n[coupons]\noffline = "{offline}"\nfloor_limit = "3.00"\n'
        answer = told(tmp_path, policy, "--json", "--coupons", "1000", "--coupon-worth", "5.00")
        told_by[offline] = json.loads(answer.stdout)[-1]["money"]
    assert told_by == {"issuing_store": "5000.00", "any_store": "897000.00", "leases": "0.00", "nowhere": "0.00"}


def test_a_store_says_what_its_own_sales_promised_and_what_was_lent_to_it(tmp_path: Path) -> None:
    core = value_store(tmp_path / "state")

    async def sold(running: Running, _till: object) -> None:
        await lease(running, 300)
        await running.scan(ANNA)
        core.value.hand_over(bought(core, number=1))
        await core.value.flush()

    till_story(core, sold)
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state_dir=tmp_path / "state", profile="appendix"), "utf-8")
    answer = CliRunner().invoke(app, ["liability", "--config", str(config), "--json"])
    assert answer.exit_code == 0, answer.output
    stands = json.loads(answer.stdout)
    assert stands["pending"] == {"points": 100, "money": "1.00"}
    assert stands["leased"] == {"points": 300, "money": "3.00"}
    assert (stands["store"], stands["accounts"], stands["breakage"]["points"]) == ("7781", 1, 0)
    assert "tillstream hub liability" in CliRunner().invoke(app, ["liability", "--config", str(config)]).stdout

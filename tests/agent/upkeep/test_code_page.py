"""A till whose page numbers mean something else on the configured printer is found, and the fix as written mends it."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from agent.commands.doctor import app
from agent.journal.batch import Batch, Capture
from agent.upkeep.checks import pages
from agent.upkeep.health import Check
from tests.agent.upkeep.shop_at_rest import NOW, Shop, open_journal

RUSSIAN = """ООО "Берёзка"
Кассовый чек № 118
Молоко питьевое 3,2 %         89.90
Хлеб ржаной нарезной          54.00
Сметана деревенская          112.50
ИТОГО                        256.40
Спасибо за покупку, приходите ещё!
"""
GERMAN = """Bäckerei Müller
Brötchen süß               1,20
Käsekuchen Stück           3,40
Apfelschorle groß          2,90
Summe                      7,50
Vielen Dank für Ihren Einkauf, schönen Tag!
"""


def configured(shop: Shop, model: str) -> None:
    """Name the lane's model in agent.toml."""
    shop.text += f'model = "{model}"\n'


def printed(shop: Shop, text: str, *, codec: str, choose: bytes, receipts: int = 5) -> None:
    """Put receipts into the journal as a register sent them."""
    body = b"\x1b@" + choose + text.encode(codec).replace(b"\n", b"\r\n") + b"\x1dV\x00"
    store = open_journal(shop)
    for number in range(receipts):
        capture = Capture(
            job_id=f"{codec}/{choose.hex()}/{number}", document_no=0, workstation_id="1", received_at=NOW, body=body
        )
        store.append([Batch(capture=capture)])
    store.close()


def check(shop: Shop) -> Check:
    return shop.checks()["code_page_1"]


def page(number: int) -> bytes:
    return b"\x1bt" + bytes((number,))


def test_a_number_that_means_another_page_on_the_configured_model_is_named_and_the_fix_as_written_mends(
    shop: Shop,
) -> None:
    configured(shop, "RP326")
    printed(shop, RUSSIAN, codec="cp866", choose=page(17))
    found = check(shop)
    assert not found.ok
    assert str(found.what) == (
        "workstation 1: 5 recent receipts choose page 17, which is cp1253 on RP326, and are written in cp866"
    )
    assert str(found.fix).startswith(
        f"in {shop.folder / 'agent.toml'}, in [workstation.tap] of workstation 1, set model = "
    )
    line = re.search(r'model = "[^"]+"', str(found.fix))
    assert line is not None
    shop.text = shop.text.replace('model = "RP326"', line[0])
    assert check(shop).ok
    assert str(check(shop).what).startswith("workstation 1: in 5 recent receipts the code pages chosen by number are")


def test_it_is_said_in_russian_and_as_json(shop: Shop) -> None:
    configured(shop, "RP326")
    printed(shop, RUSSIAN, codec="cp866", choose=page(17))
    shop.patient()
    told = CliRunner().invoke(app, ["doctor", "--config", str(shop.folder / "agent.toml"), "--json", "--speak", "ru"])
    (found,) = (each for each in json.loads(told.stdout)["checks"] if each["id"] == "code_page_1")
    assert found["ok"] is False
    assert found["what"] == ("касса 1: последние чеки (5) выбирают страницу 17 (cp1253 у RP326), а написаны в cp866")
    assert "поставьте model = " in found["fix"]


def test_a_number_that_the_model_does_not_know_is_told_too(shop: Shop) -> None:
    printed(shop, RUSSIAN, codec="cp866", choose=page(7))
    found = check(shop)
    assert not found.ok
    assert "choose page 7, which is no page that generic-80mm knows, and are written in cp866" in str(found.what)


def test_where_no_printer_has_such_a_table_the_till_is_to_choose_the_models_own_number(shop: Shop) -> None:
    printed(shop, RUSSIAN, codec="cp866", choose=page(16))
    found = check(shop)
    assert str(found.fix) == "in the till, choose page 17 for its printer: that is cp866 on generic-80mm"
    printed(shop, RUSSIAN, codec="cp866", choose=page(17), receipts=pages.RECEIPTS_READ)
    assert check(shop).ok


@pytest.mark.parametrize(
    ("text", "codec", "choose"),
    [
        (RUSSIAN, "cp866", page(17)),  # as the model has it
        (RUSSIAN, "cp1251", b""),  # chosen by no number: says nothing about the table
        (GERMAN, "cp1252", page(16)),
        (GERMAN, "cp858", page(19)),
        ("Milk 1.20\nTOTAL 1.20\n", "ascii", page(7)),  # no letter that could be another
    ],
)
def test_a_till_that_prints_what_its_printer_has_is_left_alone(
    shop: Shop, text: str, codec: str, choose: bytes
) -> None:
    printed(shop, text, codec=codec, choose=choose)
    assert check(shop).ok


def test_a_single_odd_receipt_among_good_ones_is_no_fault(shop: Shop) -> None:
    printed(shop, RUSSIAN, codec="cp866", choose=page(17), receipts=10)
    printed(shop, RUSSIAN, codec="cp1251", choose=page(17), receipts=pages.OTHERWISE_MIN - 1)
    assert check(shop).ok


def test_a_journal_that_cannot_be_read_is_the_journals_fault_alone(shop: Shop) -> None:
    printed(shop, RUSSIAN, codec="cp866", choose=page(7))
    shop.state.journal.write_bytes(b"no database at all" * 1000)
    checks = shop.checks()
    assert checks["code_page_1"].ok
    assert not checks["journal"].ok

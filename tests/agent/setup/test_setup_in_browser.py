"""`tillstream setup --browser` in Chromium: the same questions, a technician who mistypes, one code, one session."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.config import load_config
from tests.agent.setup.technician import RECEIPTS, ROOT, Printer, free_port, printing
from tests.agent.setup.test_setup_terminal import prints_when_it_listens
from tests.kiosk.page_browser import chromium, page_of, shoot, small_targets, violations

pytestmark = [pytest.mark.real, pytest.mark.browser]


BELOW_THE_FOLD = """() => {
  const log = document.querySelector(".lines");
  return log.scrollHeight - log.clientHeight - log.scrollTop;
}"""
"""What somebody would have to scroll for to read how it ended, in pixels."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@contextmanager
def setup_in(folder: Path, *words: str, port: int | None = 0) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run setup for a page; yields (process, address without code, code)."""
    command = [sys.executable, "-m", "agent", "setup", "--browser", "--config", "agent.toml"]
    command += ["--browser-port", str(port)] if port is not None else []
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [*command, "--no-find", *words], stdout=subprocess.PIPE, text=True, cwd=folder, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"(http://127\.0\.0\.1:\d+)/#(\S+)", process.stdout.readline())
            assert found is not None
            yield process, found[1], found[2]
        finally:
            process.kill()


def asks(page: Page, question: str) -> None:
    expect(page.locator("form, main [role=status]").filter(has_text=re.compile(question)).first).to_be_visible()


def answers(page: Page, question: str, text: str | None = None) -> None:
    """Answer a question that takes text; None leaves what stands there."""
    asks(page, question)
    if text is not None:
        page.locator("#answer").fill(text)
    page.get_by_role("button", name="Next").click()


def says_wrong(page: Page, words: str) -> None:
    expect(page.get_by_role("alert")).to_contain_text(words)


def agrees(page: Page, question: str, answer: str) -> None:
    asks(page, question)
    page.get_by_role("button", name=answer, exact=True).click()


def is_well(page: Page) -> None:
    assert violations(page) == []
    assert small_targets(page) == []


def test_a_technician_who_mistypes_sets_a_shop_up_on_the_page(tmp_path: Path, browser: Browser) -> None:
    listen = free_port()
    with printing(Printer()) as printer, setup_in(tmp_path) as (process, address, code), page_of(browser) as page:
        page.goto(f"{address}/")
        opens(page, code)
        assert page.evaluate("location.hash") == ""
        tells_who_and_where(page)
        tells_of_the_lane(page, listen, printer)
        looks_at_paper(page, listen)
        expect(page.locator("main")).to_contain_text("Setup is through")
        expect(page.get_by_role("log")).to_contain_text("The sheet is printed")
        assert page.evaluate(BELOW_THE_FOLD) <= 1
        is_well(page)
        assert process.wait(60) == 0
    config = load_config(tmp_path / "agent.toml")
    assert (config.store.business_unit_id, config.store.country, config.store.currency) == ("7781", "DE", "GBP")
    tap = config.workstation[0].tap
    assert tap is not None
    assert (tap.printer, tap.model) == (printer.address, "generic-80mm-42")
    paper = b"".join(printer.printed)
    assert paper.count(b"PROOF SLIP") == 2
    assert all(receipt in paper for receipt in RECEIPTS)
    assert b"SETUP SHEET" in paper


def opens(page: Page, code: str) -> None:
    page.get_by_label("Code").fill("2222-2222-2222")
    page.get_by_role("button", name="Begin").click()
    says_wrong(page, "not the code")
    is_well(page)
    page.get_by_label("Code").fill(code.lower().replace("-", " "))
    page.get_by_role("button", name="Begin").click()


def tells_who_and_where(page: Page) -> None:
    answers(page, "Store number", "")
    says_wrong(page, "needed")
    answers(page, "Store number", "shop 7781!")
    says_wrong(page, "letters, digits")
    expect(page.locator("#answer")).to_have_value("shop 7781!")
    is_well(page)
    page.reload()
    answers(page, "Store number", "7781")
    answers(page, "call the store", "Corner shop")
    answers(page, "Country", "Grmany")
    says_wrong(page, "DE (Germany)?")
    answers(page, "Country", "de")
    answers(page, "Language of")
    answers(page, "Time zone", "Europe/Brelin")
    says_wrong(page, "Europe/Berlin?")
    answers(page, "Time zone", "Europe/Berlin")
    answers(page, "Currency", "GBP")
    asks(page, "What may be printed")
    expect(page.get_by_role("radio", checked=True)).to_have_attribute("value", "separate_slip")
    expect(page.get_by_role("log")).to_contain_text("KassenSichV")
    is_well(page)
    shoot(page, "setup-choice-en-small")
    page.get_by_role("button", name="Next").click()
    answers(page, "hub's address", "hub.example")
    says_wrong(page, "https://hub.example?")
    answers(page, "hub's address", "-")


def tells_of_the_lane(page: Page, listen: int, printer: Printer) -> None:
    answers(page, "member codes look", "ean99:29")
    says_wrong(page, "does not fit")
    answers(page, "member codes look", "ean13:29, qr:tillstream")
    answers(page, "Number of this checkout")
    answers(page, "Where the till will print", f"127.0.0.1:{listen}")
    answers(page, "printer's address", "127.0.0.1:banana")
    says_wrong(page, "does not fit")
    answers(page, "printer's address", f"127.0.0.1:{printer.port}")
    asks(page, "Printer model")
    expect(page.locator("#answer")).to_have_value("TM-T20III")
    answers(page, "Printer model")
    asks(page, "Waiting for a scan")
    is_well(page)
    page.get_by_role("button", name="There is no scanner").click()
    asks(page, "Write it")
    shoot(page, "setup-write-en-small")
    expect(page.get_by_role("log")).to_contain_text('+business_unit_id = "7781"')
    is_well(page)
    agrees(page, "Write it", "yes")


def looks_at_paper(page: Page, listen: int) -> None:
    agrees(page, "Print the proof slip", "yes")
    answers(page, "Which line of the ruler", "47")
    says_wrong(page, "32, 42, 48")
    answers(page, "Which line of the ruler", "42")
    expect(page.get_by_role("log")).to_contain_text("generic-80mm-42 now")
    answers(page, "Which line of the ruler")
    agrees(page, "Can you read", "yes")
    agrees(page, "phone read", "yes")
    agrees(page, "three real receipts", "yes")
    asks(page, "Waiting for receipts")
    for number, receipt in enumerate(RECEIPTS, start=1):
        prints_when_it_listens(listen, receipt)
        expect(page.get_by_role("log")).to_contain_text(f"receipt {number} has come")
    expect(page.get_by_role("log")).to_contain_text("3 of 3 were understood")


def test_the_page_speaks_russian_and_opens_once_and_ctrl_c_leaves_nothing(tmp_path: Path, browser: Browser) -> None:
    with setup_in(tmp_path) as (process, address, code), page_of(browser) as page:
        page.goto(f"{address}/#{code}")
        page.get_by_role("button", name="Русский").click()
        expect(page.get_by_label("Код")).to_have_value(code)
        page.get_by_role("button", name="Начать").click()
        asks(page, "Номер магазина")
        page.locator("#answer").fill("77 81")
        page.get_by_role("button", name="Дальше").click()
        says_wrong(page, "не подходит")
        assert page.locator("html").get_attribute("lang") == "ru"
        is_well(page)
        with page_of(browser) as other:
            other.goto(f"{address}/#{code}")
            other.get_by_role("button", name="Begin").click()
            says_wrong(other, "opened a page already")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert [path.name for path in tmp_path.iterdir()] == []


def asked_over(address: str, path: str, body: object | None = None, **headers: str) -> int:
    """Return the status that a program gets which is no page of ours."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}{path}", data=data, headers={name: headers[name] for name in headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_whoever_has_no_code_or_comes_from_elsewhere_gets_nothing(tmp_path: Path) -> None:
    json_type = {"Content-Type": "application/json"}
    with setup_in(tmp_path) as (_, address, code):
        opening = {"code": code, "language": "en"}
        assert asked_over(address, "/v1/setup/talk") == 401
        assert asked_over(address, "/", Host="shop.example") == 403
        assert asked_over(address, "/v1/setup/open", opening, Origin="http://evil.example", **json_type) == 403
        assert asked_over(address, "/v1/setup/open", opening, **json_type) == 403
        assert asked_over(address, "/v1/setup/answer", {"number": 1, "text": "x"}, Origin=address, **json_type) == 401
        assert asked_over(address, "/static/js/kiosk.js") == 404
        with urllib.request.urlopen(f"{address}/", timeout=60) as page:
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        for _ in range(10):
            assert asked_over(address, "/v1/setup/open", opening | {"code": "x"}, Origin=address, **json_type) == 403
        assert asked_over(address, "/v1/setup/open", opening, Origin=address, **json_type) == 403


def test_a_second_page_takes_another_port_and_pages_that_nobody_opened_go_once_a_file_is_there(tmp_path: Path) -> None:
    first, second = setup_in(tmp_path, port=None), setup_in(tmp_path, port=None)
    with first as (process, one, _), second as (other_process, other, _):
        assert one != other
        assert urllib.request.urlopen(f"{one}/", timeout=60).status == 200
        (tmp_path / "agent.toml").write_text("[store]\n", "utf-8")
        assert (process.wait(60), other_process.wait(60)) == (130, 130)

"""Pole displays: two lines of twenty, in bytes that no name can turn into a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.events import EventName
from kiosk.pole import COLUMNS, Pole, PoleLanguage, PoleWords, encode, initialise, pole_after, welcome

WORDS = PoleWords(welcome="Corner shop", hello="Hello, {name}", total="Total", thanks="Thank you!")
EMPTY = welcome(WORDS)
HELLO = Pole(upper="Hello, Anna", lower="")


def after(shown: Pole, name: EventName, **data) -> Pole:
    return pole_after(shown, name, data, words=WORDS)


def test_a_pole_greets_follows_the_basket_and_thanks():
    shown = after(EMPTY, EventName.CUSTOMER, known=True, first_name="Anna")
    assert shown == HELLO
    lines = [{"description": "Ethiopia Sidamo whole beans", "amount": "6.90"}]
    shown = after(shown, EventName.SALE, state="open", lines=lines, total="6.90")
    assert (shown.upper, shown.lower) == ("Ethiopia Sidamo 6.90", "Total           6.90")
    shown = after(shown, EventName.SALE, state="completed", total="6.90")
    assert (shown.upper, shown.lower) == ("Thank you!", "Total           6.90")


def test_a_stranger_is_not_greeted():
    assert after(EMPTY, EventName.CUSTOMER, known=False) == EMPTY


def test_whoever_is_gone_is_gone_from_the_pole_but_thanks_stay():
    assert after(HELLO, EventName.CLEAR) == EMPTY
    thanks = after(HELLO, EventName.SALE, state="completed", total="1.00")
    assert after(thanks, EventName.CLEAR) == thanks
    assert after(HELLO, EventName.SALE, state="voided") == EMPTY


def test_a_sale_told_again_takes_nothing_from_the_next_customer():
    sold = {"state": "completed", "total": "6.90"}
    thanks = after(HELLO, EventName.SALE, **sold)
    assert after(thanks, EventName.SALE, **sold, again=True) == thanks
    assert after(HELLO, EventName.SALE, **sold, again=True) == HELLO


def test_cd5220_writes_each_line_whole():
    data = encode(HELLO, commands=PoleLanguage.CD5220, language="en")
    assert data == b"\x1bQAHello, Anna         \r\x1bQB                    \r"


def test_escpos_moves_and_writes():
    data = encode(HELLO, commands=PoleLanguage.ESCPOS, language="en")
    assert data == b"\x1f$\x01\x01Hello, Anna         \x1f$\x01\x02                    "


def test_cyrillic_goes_in_the_code_page_that_was_chosen():
    assert initialise(language="ru") == b"\x1b@\x1bt\x11\x0c"
    assert "Спасибо!".encode("cp866") in encode(
        Pole(upper="Спасибо!", lower=""), commands=PoleLanguage.CD5220, language="ru"
    )


@pytest.mark.parametrize("commands", list(PoleLanguage))
@given(name=st.text(max_size=60), total=st.text(max_size=60), language=st.sampled_from(["en", "ru", "de", "xx"]))
def test_no_text_becomes_a_command(commands, name, total, language):
    shown = after(EMPTY, EventName.SALE, state="open", lines=[{"description": name, "amount": total}], total=total)
    data = encode(shown, commands=commands, language=language)
    frames = {PoleLanguage.CD5220: (b"\x1bQA", b"\r"), PoleLanguage.ESCPOS: (b"\x1f$\x01\x01", b"")}
    head, end = frames[commands]
    upper = data[len(head) : len(head) + COLUMNS]
    assert data.startswith(head)
    assert len(data) == 2 * (len(head) + COLUMNS + len(end))
    assert all(byte >= 0x20 and byte != 0x7F for byte in upper)


@given(name=st.text(max_size=40))
def test_a_greeting_fits_its_line(name):
    assert len(after(EMPTY, EventName.CUSTOMER, known=True, first_name=name).upper) <= COLUMNS

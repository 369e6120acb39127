"""Hebrew and Arabic read in the order of reading, whichever order the till sent them in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipt.document import PaperReader
from receipt.right_to_left import as_drawn, joined

HEBREW = (
    "סופר מרקט (חיפה)",
    "חלב 3% שומן        5.90",
    "לחם אחיד           7.10",
    'סה"כ לתשלום       13.00',
    "מזומן             13.00",
    "תודה ושלום",
)


def text_of(job: bytes) -> tuple[str, ...]:
    reader = PaperReader()
    (paper,) = (*reader.feed(job), *reader.close())
    return paper.text


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("codec", "number"), [("cp862", 36), ("cp1255", 47)])
def test_hebrew_reads_alike_whether_the_till_or_the_printer_turns_it_round(
    codec: str, number: int, turned: bool
) -> None:
    sent = [as_drawn(line) if turned else line for line in HEBREW]
    job = b"\x1b@\x1bt" + bytes([number]) + b"".join(line.encode(codec) + b"\n" for line in sent)
    assert text_of(job) == HEBREW


def test_numbers_and_latin_words_in_a_turned_line_keep_their_order() -> None:
    assert as_drawn("מחיר: 12.50 אגב") == "בגא 12.50 :ריחמ"
    assert as_drawn("תודה TEVA רבה") == "הבר TEVA הדות"
    assert as_drawn("(שלום)") == "(םולש)"


def test_columns_keep_their_places() -> None:
    assert as_drawn("חלב        5.90") == "בלח        5.90"


@given(st.text(alphabet='אבגםןלשלום 0129.,:%()"AZab', max_size=40))
def test_no_line_loses_a_letter_when_it_is_turned(line: str) -> None:
    assert sorted(as_drawn(line).translate({40: 41})) == sorted(line.translate({40: 41}))


@given(st.lists(st.text(alphabet="אבגםןלשם", min_size=1, max_size=8), min_size=1, max_size=6))
def test_words_turned_twice_are_what_they_were(words: list[str]) -> None:
    line = " ".join(words)
    assert as_drawn(as_drawn(line)) == line


def test_arabic_letters_take_the_form_that_their_neighbours_give_them() -> None:
    assert joined("شكر") == "\ufeb7\ufedc\ufeae"
    assert joined("دار") == "\ufea9\ufe8d\ufead"
    assert joined("Total 5") == "Total 5"

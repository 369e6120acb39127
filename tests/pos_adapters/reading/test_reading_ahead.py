"""Read ahead or read whole: one reading, wherever the stream is parted and whatever its lines say."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_adapters.reading.ahead import ReadingAhead
from pos_adapters.reading.reader import read_paper
from pos_adapters.reading.values import StoreFacts
from receipt.document import PaperReader
from receipt.paper import Paper, PaperLine, PrintedCode, Symbology

STORE = StoreFacts(business_unit_id="1", workstation_id="1", timezone="Europe/Berlin", currency="EUR", language="de")
FISCAL = "t=20240312T1430&s=4.30&fn=9999078900001234&i=1234&fp=1234567890&n=1"
HEAD = ["CORNER SHOP", "Milk  1.20", "Bread  3.10", "TOTAL  4.30", "CASH  5.00", "CHANGE  0.70"]
# What tills print below a payment: of no say, of some, and of much.
BELOW = [
    "", "----------", "12.03.2024 14:30", "Receipt No 0012", "Receipt No 0013", "Till 3", "Cashier: Ann", "Thank you",
    "Thank you for your purchase", "COPY", "REFUND", "Returns within 30 days with this receipt", "TRAINING", "VOID",
    "VISA", "VISA 4.30", "Paid by card", "DECLINED", "EXCHANGE", "Items 2", "Items 5", "Items sold: 3", "VAT 20% 0.72",
    "TOTAL 4.30", "TOTAL", "4.30", "SUBTOTAL  9.99", "Rounding -0.01", "Points earned 43", "You saved 0.50", "Discount -1.00",
    "Member no 1234567890", "1234567890", "Qty Price Amount", "Balance 12.00", "EUR", "€ 3.00", "USD 4.00", "7", "1,500",
    "Gracias por su compra", "Danke für Ihren Einkauf", "Спасибо за покупку", "ありがとうございました", "領収書", "合計 430",
    "Open every day 8-20", "Quux", "COMTE AOP 12 MOIS", "The one and only number 1634895981094", "www.example.com", "Nothing to sign  3.00", "Bag  0.10", "Tip 1.00", "Approved", "Z 12", "KOPIE", "Copy for Jim",
]  # fmt: skip


GOODS = ["CORNER SHOP", "Milk  1.20", "Bread  3.10"]
# What stands around a payment that comes late: of one and of several tenders, in other money, not at all.
PAYING = [
    "TOTAL  4.30", "TOTAL  4.30", "CASH  5.00", "CASH  4.30", "CHANGE  0.70", "CHANGE  0.00", "VISA  4.30", "VISA 4.00", "CASH 0.30",
    "RECEIVED 5.00", "USD 4.30", "CASH € 5.00", "VISA ****1234", "CARD 4.30", "DEBIT 4.30", "MASTERCARD", "Gift card 1.00",
    "TOTAL EUR 4.30", "Discount -1.00", "Tea 1.00", "TOTAL 3.30", "CASH -5.00", "CASH", "5.00", "Blah blah blah", "Quux frob",
]  # fmt: skip


def paper_of(lines, codes=()):
    while lines and not lines[-1]:
        lines = lines[:-1]
    printed = tuple(PrintedCode(symbology=Symbology.QR, data=data, line=0) for data in codes)
    return Paper(lines=tuple(PaperLine(line) for line in lines), codes=printed)


def read_in_pieces(lines, cuts, *, store=None, codes=()):
    """Read lines ahead, parted at `cuts`; what stands behind the last one comes with the end."""
    paper = paper_of(lines, codes)
    ahead, before = ReadingAhead(store=store), 0
    for cut in sorted(cuts):
        ahead.note(1, [PaperLine(line) for line in lines[before:cut]])
        before = cut
    return ahead.read(paper), read_paper(paper, store=store)


LINES = st.lists(st.sampled_from(BELOW), max_size=8)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(BELOW), max_size=3),
    LINES,
    st.lists(st.integers(0, 17), max_size=5),
    st.sampled_from(((), (FISCAL,), (FISCAL.replace("n=1", "n=2"),), (FISCAL.replace("4.30", "9.30"),), ("hello",))),
    st.sampled_from((None, STORE)),
)
def test_a_document_read_ahead_is_read_as_it_is_read_whole(above, below, cuts, codes, store):
    ahead, whole = read_in_pieces([*above, *HEAD, *below], cuts, store=store, codes=codes)
    assert ahead == whole


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([*PAYING, *BELOW]), max_size=6),
    st.lists(st.sampled_from(PAYING), max_size=6),
    LINES,
    st.lists(st.integers(3, 25), max_size=5),
    st.sampled_from((None, STORE)),
)
def test_a_payment_that_comes_late_is_read_as_it_is_read_whole(total, paying, below, cuts, store):
    ahead, whole = read_in_pieces([*GOODS, *total, *paying, *below], cuts, store=store)
    assert ahead == whole


def test_goldens_read_ahead_in_any_pieces_are_read_as_they_are_whole(goldens):
    rng = random.Random(11)
    for golden in goldens:
        for _ in range(3):
            cuts = [rng.randrange(len(golden.lines) + 1) for _ in range(rng.randrange(1, 6))]
            codes = tuple(data for _, data in golden.codes)
            ahead, whole = read_in_pieces(list(golden.lines), cuts, codes=codes)
            assert ahead == whole, (golden.name, cuts)


def test_real_jobs_read_ahead_are_read_as_they_are_whole(corpus):
    rng = random.Random(12)
    for file in sorted((corpus / "print_jobs").rglob("*.bin")):
        data = file.read_bytes()
        reader, ahead = PaperReader(), ReadingAhead()
        at = 0
        while at < len(data):
            size = rng.choice((1, 7, 64, 256, 4096))
            for paper in reader.feed(data[at : at + size]):
                assert ahead.read(paper) == read_paper(paper), file.name
            ahead.note(reader.begun, reader.finished_lines())
            at += size
        paper = reader.finish_here()
        if paper is not None:
            assert ahead.read(paper) == read_paper(paper), file.name


@pytest.mark.parametrize("below", [[], ["12.03.2024 14:30", "Receipt No 0012", "Thank you for your purchase"]])
def test_a_receipt_whose_payment_was_seen_is_not_worked_out_again_at_its_end(below):
    """What is told below the payment is taken in without reading the document from its beginning."""
    head = [line.replace("Milk", "Milk".ljust(30)) for line in HEAD]  # no line below shows a wider paper
    ahead = ReadingAhead()
    ahead.note(1, [PaperLine(line) for line in head])
    draft = ahead.draft
    assert draft is not None
    ahead.note(1, [PaperLine(line) for line in below])
    assert ahead.draft is draft
    reading = ahead.read(paper_of([*head, *below]))
    assert reading.transaction is not None
    assert reading.transaction.sequence_number == ("0012" if below else None)


def test_a_payment_that_comes_with_the_cut_is_all_that_is_left_to_prove():
    ahead = ReadingAhead()
    ahead.note(1, [PaperLine(line) for line in [*GOODS, "TOTAL  4.30"]])
    assert ahead.owed is not None
    assert ahead.draft is None
    ahead.note(1, [PaperLine("CASH  5.00")])
    assert ahead.draft is None
    reading = ahead.read(paper_of([*HEAD, "12.03.2024 14:30", "Till 3"]))
    assert reading.transaction is not None
    assert reading == read_paper(paper_of([*HEAD, "12.03.2024 14:30", "Till 3"]))


@pytest.mark.parametrize("above", ["Tea  3.20", "TRAINING", "VISA  4.30", "Tip 0.00"])
def test_nothing_is_owed_before_its_payment_where_a_question_is_open(above):
    ahead = ReadingAhead()
    lines = [*GOODS, above, "TOTAL  4.30"]
    ahead.note(1, [PaperLine(line) for line in lines])
    assert ahead.owed is None


@pytest.mark.parametrize("below", [[], ["The one and only number 1634895981094"]])
def test_a_line_that_shows_a_wider_paper_ends_what_was_proved_on_a_narrower_one(below):
    """Words that nobody explains go on with the line above where it fills the paper, and are a doubt where it does not."""
    lines = [*GOODS, "TOTAL  4.30", "COMTE AOP 12 MOIS", "QUUX", "CASH  4.30", *below]
    ahead, whole = read_in_pieces(lines, [4, 7])
    assert ahead == whole
    assert (whole.parked is None) == (not below)


def test_lines_of_another_document_are_not_taken_for_this_ones():
    ahead = ReadingAhead()
    ahead.note(1, [PaperLine(line) for line in HEAD])
    ahead.note(2, [PaperLine("NEXT SHOP")])
    paper = paper_of(["NEXT SHOP", "Tea  1.00", "TOTAL  1.00", "CASH  1.00"])
    assert ahead.read(paper) == read_paper(paper)


def test_a_till_that_pays_line_after_line_is_not_worked_out_for_each():
    ahead = ReadingAhead()
    lines = [*HEAD, *["CASH  5.00", "TOTAL  4.30"] * 50]
    for line in lines:
        ahead.note(1, [PaperLine(line)])
    assert ahead.read(paper_of(lines)) == read_paper(paper_of(lines))

"""A job has a bounded number of documents; a stream of cuts costs no memory, and a till's day is read whole."""

import pytest

from receipt.document import DOCUMENT_BYTES, DOCUMENTS_FREE, PaperReader
from receipt.paper import PaperEnd

SLIP = b"A\n\x1dV\x00"
STAR_SLIP = b"\x1b\x1dt\x01A\n\x1bd\x02"
RECEIPT = b"SHOP\n" + b"Milk            1.00\n" * 25 + b"\x1dV\x00"


@pytest.mark.parametrize(("slip", "language"), [(SLIP, "escpos"), (STAR_SLIP, "star")])
def test_a_stream_of_cuts_has_a_bounded_number_of_documents_and_the_last_says_so(slip, language):
    job = slip * (2 * DOCUMENTS_FREE)
    reader = PaperReader(language=language)
    papers = [*reader.feed(job), *reader.close()]
    assert DOCUMENTS_FREE <= len(papers) <= DOCUMENTS_FREE + len(job) // DOCUMENT_BYTES
    assert not papers[0].transparent
    assert papers[-1].transparent


def test_the_pieces_a_stream_of_cuts_comes_in_do_not_matter():
    job = SLIP * (DOCUMENTS_FREE + 400)
    whole, pieces = PaperReader(), PaperReader()
    expected = [*whole.feed(job), *whole.close()]
    seen = [paper for at in range(0, len(job), 97) for paper in pieces.feed(job[at : at + 97])]
    assert [*seen, *pieces.close()] == expected


def test_receipts_of_usual_length_are_never_too_many():
    reader = PaperReader()
    papers = [paper for _ in range(DOCUMENTS_FREE + 100) for paper in reader.feed(RECEIPT)]
    assert len(papers) == DOCUMENTS_FREE + 100
    assert not any(paper.transparent for paper in papers)


def test_whoever_reads_on_after_a_held_cut_reads_every_document():
    reader = PaperReader()
    reader.feed(SLIP * (DOCUMENTS_FREE + 200))
    reader.feed(b"A\n")
    reader.finish_here(PaperEnd.SILENCE)
    assert len(reader.feed(SLIP * 10)) == 10


def test_carriage_returns_alone_print_nothing_and_one_after_text_prints_over_it():
    reader = PaperReader()
    papers = [*reader.feed(b"\r\r\r\nAB\r\r\r__\r\n\r\rCD\r\r\n"), *reader.close()]
    assert [paper.text for paper in papers] == [("", "__", "CD")]

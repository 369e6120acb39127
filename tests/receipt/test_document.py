"""Print jobs become paper: every way of feeding gives the same documents, and documents end where paper does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receipt.document import PaperReader
from receipt.paper import Language, Paper, PaperEnd, Symbology


def papers_of(
    data: bytes, *, pieces: list[int] | None = None, model: str = "generic-80mm", language: str = "auto"
) -> list[Paper]:
    """Feed a job whole or in pieces of the lengths given, and close it."""
    reader = PaperReader(model, language)
    papers: list[Paper] = []
    at = turn = 0
    lengths = pieces or [max(1, len(data))]
    while at < len(data):
        step = lengths[turn % len(lengths)]
        papers += reader.feed(data[at : at + step])
        at, turn = at + step, turn + 1
    return papers + reader.close()


def text_of(data: bytes, **how: str) -> list[str]:
    return [line for paper in papers_of(data, **how) for line in paper.text]


RECEIPT = b"\x1b@\x1ba\x01\x1b!\x30SHOP\n\x1b!\x00\x1ba\x00Milk      1.20\nBread     2.30\n\x1bE\x01TOTAL     3.50\x1bE\x00\n\x1bd\x03\x1dV\x41\x00"


def expected_lines(corpus: Path, job: Path) -> list[str]:
    name = job.name.split(".")[0]
    text = (corpus / "print_jobs" / "receiptline" / f"{name}.expected.txt").read_text(encoding="utf-8")
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def test_every_job_of_eleven_command_languages_reads_as_it_must_be_seen(corpus: Path) -> None:
    jobs = sorted((corpus / "print_jobs" / "receiptline").glob("*.bin"))
    assert len(jobs) > 200
    wrong = []
    for job in jobs:
        papers = papers_of(job.read_bytes())
        if [line for paper in papers for line in paper.text if line] != expected_lines(corpus, job):
            wrong.append(job.name)
        star = "star" in job.name.split(".")[1]
        assert {paper.language for paper in papers} == {Language.STAR if star else Language.ESCPOS}, job.name
    assert not wrong


@pytest.mark.parametrize("pieces", [[1], [100, 1, 3]])
def test_captured_jobs_read_alike_however_they_come(corpus: Path, pieces: list[int]) -> None:
    for job in sorted((corpus / "print_jobs").rglob("*.bin"))[::9]:
        data = job.read_bytes()
        if len(data) < 4_000:
            assert papers_of(data, pieces=pieces) == papers_of(data), job.name


FRAGMENTS = [
    b"\x1b@", b"\x1ba\x01", b"\x1ba\x02", b"\x1b!\x38", b"\x1b!\x01", b"\x1d!\x11", b"\x1bt\x11", b"\x1bt\x06", b"\x1c&", b"\x1c.", b"\x1b$\x20\x01",
    b"\x1b\\\xf0\xff", b"\t", b"\r", b"\n", b"\x1bd\x03", b"\x1bJ\x40", b"\x1dV\x00", b"\x1dVA", b"\x1bL", b"\x0c", b"\x1bS", b"\x1d$\x30\x00", b"\x1bT\x01",
    b"\x1d:", b"\x1d^\x02\x01\x00", b"\x1b=\x02", b"\x1b=\x01", b"\x10\x04\x01", b"\x1dk\x04123\x00", b"\x1d(k\x06\x001P0abc", b"\x1d(k\x03\x001Q0",
    b"\x1dv0\x00\x01\x00\x02\x00\xf0\x0f", b"\x1b*\x21\x02\x00abcdef", b"\x1dL\x30\x00", b"\x1dW\x00\x01", b"\x1bD\x10\x20\x00", b"\x1b \x05", b"\x1bR\x08",
    b"TOTAL 12.50", "\u0418\u0442\u043e\u0433\u043e 12,50".encode("cp866"), "Gr\u00f6\u00dfe".encode(), b"\xb0\xa1\xb3\xaa", b"\x1b\x1da\x01", b"\x1bi\x01\x01", b"\x1b\x1e",
    b"\x1b\x1dyD1\x00\x03\x00abc", b"\x1b\x1dyP", b"\x1bb\x36\x31\x31\x50ABC\x1e", b"\x1b*rA", b"b\x02\x00\xff\xff", b"\x1b*rB", b"\x1bk\x01\x00" + bytes(24), b"\x1bd3",
]  # fmt: skip
JOBS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=10)), max_size=30).map(b"".join)


@given(
    data=JOBS,
    pieces=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    language=st.sampled_from(["auto", "escpos", "star"]),
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_read_alike_however_they_come(data: bytes, pieces: list[int], language: str) -> None:
    whole = papers_of(data, language=language)
    assert papers_of(data, pieces=pieces, language=language) == whole


@given(data=JOBS)
@settings(max_examples=80, deadline=None)
def test_documents_follow_each_other_and_lie_inside_the_job(data: bytes) -> None:
    at = 0
    for paper in papers_of(data):
        assert at <= paper.start <= paper.end <= len(data)
        at = paper.end
        for line in paper.lines:
            assert line.text == line.text.rstrip()
            assert 0 <= line.offset <= len(data)
        for code in paper.codes:
            assert 0 <= code.offset <= len(data)


def test_a_receipt_is_read_with_its_columns_and_styles() -> None:
    (paper,) = papers_of(RECEIPT)
    assert paper.text == ("                    S H O P", "Milk      1.20", "Bread     2.30", "TOTAL     3.50")
    assert paper.lines[0].plain.strip() == "SHOP"
    assert paper.lines[0].height == 2
    assert paper.lines[3].bold
    assert not paper.lines[1].bold
    assert (paper.start, paper.end, paper.ended_by) == (0, len(RECEIPT), PaperEnd.CUT)
    assert paper.insertable


def test_a_document_ends_at_a_cut_without_its_argument() -> None:
    job = b"One  1.00\n\n\n\x1dVA" + b"\x1b@Two  2.00\n\x1dV"
    assert [(paper.text, paper.ended_by) for paper in papers_of(job)] == [
        (("One  1.00",), PaperEnd.CUT),
        (("Two  2.00",), PaperEnd.CUT),
    ]


def test_a_reset_ends_a_document_only_after_the_paper_was_fed() -> None:
    torn = papers_of(b"\x1b@One  1.00\n\x1bd\x05\x1b@Two  2.00\n\n\n\n")
    assert [(paper.text, paper.ended_by) for paper in torn] == [
        (("One  1.00",), PaperEnd.RESET),
        (("Two  2.00",), PaperEnd.CLOSE),
    ]
    (styled,) = papers_of(b"\x1b@\x1b!\x30SHOP\n\x1b@Milk  1.00\n")
    assert len(styled.lines) == 2


SHOP = b"\x1b@CORNER SHOP\nMilk  1.00\n\x1b@Bread  2.00\nTOTAL  3.00\n"


def test_a_reset_that_the_shops_name_follows_begins_the_next_receipt() -> None:
    first, second, third = papers_of(SHOP + SHOP + SHOP)
    assert first.text == second.text == third.text == ("CORNER SHOP", "Milk  1.00", "Bread  2.00", "TOTAL  3.00")
    assert (first.end, second.start, second.end) == (len(SHOP), len(SHOP), 2 * len(SHOP))
    assert [each.ended_by for each in (first, second, third)] == [PaperEnd.RESET, PaperEnd.RESET, PaperEnd.CLOSE]


def test_codes_and_pictures_stay_with_the_receipt_that_a_reset_parts() -> None:
    code = b"\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0"
    papers = papers_of((SHOP + code + b"\n") * 2)
    assert [[(code.data, code.line) for code in paper.codes] for paper in papers] == [[("abc", 4)]] * 2


def test_what_a_reset_parted_from_a_held_document_is_returned_next() -> None:
    reader = PaperReader()
    assert reader.feed(SHOP + SHOP) == []
    held = reader.finish_here()
    assert held is not None
    assert held.start == len(SHOP)
    assert [paper.start for paper in reader.close()] == [0]


def test_finished_lines_are_told_once_while_the_document_is_printed() -> None:
    reader = PaperReader()
    reader.feed(b"\x1b@SHOP\nMilk  1.00\nBre")
    assert [line.text for line in reader.finished_lines()] == ["SHOP", "Milk  1.00"]
    reader.feed(b"ad  2.00\n")
    assert [line.text for line in reader.finished_lines()] == ["Bread  2.00"]
    assert reader.finished_lines() == []
    reader.feed(b"\x1dV\x00NEXT\n")
    assert [line.text for line in reader.finished_lines()] == ["NEXT"]


def test_core_can_end_a_document_at_a_held_cut() -> None:
    reader = PaperReader()
    assert reader.feed(RECEIPT[:-4]) == []
    paper = reader.finish_here()
    assert paper is not None
    assert paper.text[-1] == "TOTAL     3.50"
    assert paper.ended_by is PaperEnd.CUT
    assert reader.feed(RECEIPT[-4:]) == []
    assert reader.close() == []


def test_the_next_receipts_header_after_the_cut_is_a_document_of_its_own() -> None:
    first, header = papers_of(RECEIPT + b"\x1ba\x01SHOP\nHigh Street 1\n")
    assert first.ended_by is PaperEnd.CUT
    assert [line.strip() for line in header.text] == ["SHOP", "High Street 1"]
    assert header.ended_by is PaperEnd.CLOSE
    assert header.start == first.end


def test_a_job_that_only_opens_the_drawer_is_one_empty_document() -> None:
    (paper,) = papers_of(b"\x1b@\x1bp\x00\x19\xfa")
    assert paper.drawer_opened
    assert paper.blank
    assert papers_of(b"\x1b@\x10\x04\x01") == []
    assert len(papers_of(RECEIPT + b"\x1bp\x00\x19\xfa")) == 1


@pytest.mark.parametrize(
    ("job", "insertable"),
    [
        (b"Total 1.00\n", True),
        (b"Total 1.00", False),
        (b"\x1bLTotal 1.00\n", False),
        (b"\x1bLTotal 1.00\n\x0c", True),
        (b"\x1d:Total 1.00\n", False),
        (b"Total 1.00\n\x1b\x7f", False),
        (b"Total 1.00\n\x1dv0\x00\x48\x00\xff\x00abc", False),
        (b"Total 1.00\n\x1b", False),
        (b"\n\n\n", False),
    ],
)
def test_a_block_may_be_inserted_only_where_nothing_can_catch_it(job: bytes, *, insertable: bool) -> None:
    reader = PaperReader()
    reader.feed(job)
    paper = reader.finish_here()
    assert (paper is not None and paper.insertable) is insertable


def test_an_order_without_any_command_is_text() -> None:
    (paper,) = papers_of(b"2 x Soup\r\n1 x Bread\r\n")
    assert paper.language is Language.TEXT
    assert paper.text == ("2 x Soup", "1 x Bread")


def test_text_is_placed_as_printed() -> None:
    assert text_of(b"\x1ba\x02right\n") == [" " * 43 + "right"]
    assert text_of(b"A\tB\tC\n") == ["A       B       C"]
    assert text_of(b"\x1bD\x0a\x14\x00A\tB\tC\tD\n") == ["A         B         CD"]
    assert text_of(b"Item\x1b$\xb0\x01  9.99\n") == ["Item" + " " * 34 + "9.99"]
    assert text_of(b"ab\x1b\\\x18\x00cd\n") == ["ab  cd"]
    assert text_of(b"\x1dL\x30\x00margin\n") == ["    margin"]
    assert text_of(b"\x1dW\x78\x00\x1ba\x010123456789ABCDE\n") == ["0123456789", "   ABCDE"]
    assert text_of(b"\x1b \x0cAB\n") == ["A B"]
    assert text_of(b"Red\rRed\n") == ["Red"]
    assert text_of(b"    Red\rBlk\n") == ["Blk Red"]
    assert text_of(b"One\rTwo\rThree\n") == ["One", "Two", "Three"]
    assert text_of(b"x" * 50 + b"\n") == ["x" * 48, "xx"]
    assert text_of(b"x" * 40 + b"\n", model="generic-58mm") == ["x" * 32, "x" * 8]
    assert text_of(b"\x1bM\x01" + b"x" * 64 + b"\n") == ["x" * 64]


def test_a_printer_wider_than_assumed_is_known_by_lines_that_end_alike() -> None:
    job = b"".join(b"%-50s%6.2f\n" % (name, 1.5) for name in (b"Milk", b"Bread", b"TOTAL"))
    assert [len(line) for line in text_of(job)] == [56, 56, 56]
    assert len(text_of(job, model="TM-T20II")) == 6


def test_page_mode_is_read_from_the_top() -> None:
    job = b"\x1bL\x1bW\x00\x00\x00\x00\x40\x02\x00\x02\x1d$\x60\x00second\x1d$\x30\x00first\x1b$\x20\x01right\x0c"
    assert text_of(job) == ["      first             right", "second"]


def test_macros_print_what_they_keep() -> None:
    assert text_of(b"\x1d:Hello\n\x1d:\x1d^\x02\x01\x00") == ["Hello", "Hello", "Hello"]


def test_what_goes_to_the_display_is_not_on_paper() -> None:
    assert text_of(b"\x1b=\x02TOTAL 5.00\x0c\x1b=\x01Receipt\n") == ["Receipt"]


def test_codes_are_read_as_a_scanner_would() -> None:
    (paper,) = papers_of(
        b"\x1dk\x02400638133393\x00\x1dkI\x08{BAB{C\x0c\x22\x1d(k\x07\x001P0t=1z\x1d(k\x03\x001Q0\x1bZ\x01M\x08\x03\x00xyz"
    )
    assert [(code.symbology, code.data) for code in paper.codes] == [
        (Symbology.EAN13, "4006381333931"),
        (Symbology.CODE128, "AB1234"),
        (Symbology.QR, "t=1z"),
        (Symbology.QR, "xyz"),
    ]


def test_strips_of_an_image_are_one_picture(corpus: Path) -> None:
    (paper,) = papers_of((corpus / "print_jobs" / "small" / "receipt-with-qrcode.bin").read_bytes())
    (picture,) = paper.pictures
    assert (picture.width_dots, picture.height_dots) == (360, 360)
    assert picture.line == 0
    assert paper.images


def test_a_hostile_stream_is_bounded_and_says_so() -> None:
    reader = PaperReader()
    papers = reader.feed(b"\n" * 200_000 + b"x" * 300_000)
    papers += reader.close()
    (paper,) = papers
    assert len(paper.lines) <= 30_000
    assert paper.transparent


def test_lines_beyond_the_limit_are_fed_as_their_commands_would_feed_them() -> None:
    whole, by_bytes = PaperReader(), PaperReader()
    job = b"Milk 1.20\n" + b"\n" * 6_000 + b"Tea 1.10\nBread\r\n\n\n"
    whole.feed(job)
    for at in range(len(job)):
        by_bytes.feed(job[at : at + 1])
    assert whole.finish_here() == by_bytes.finish_here()


def test_lines_beyond_the_limit_are_not_read_again() -> None:
    reader = PaperReader()
    reader.feed(b"\n" * 6_000)
    reader.feed("\u0418\u0442\u043e\u0433\u043e 1.00\n".encode("cp1251") * 50)
    (paper,) = reader.close()
    assert paper.transparent


def test_a_line_of_words_that_the_edge_would_break_within_a_word_shows_a_wider_printer() -> None:
    long = "Exchange, return of any goods within 14 full days with receipt"
    assert text_of(long.encode() + b"\nMilk\n") == [long, "Milk"]
    assert text_of(b"\x1dW\x78\x00Exchange goods\n") == ["Exchange g", "oods"]

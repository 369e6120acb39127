"""Documents that no cut parts: what a fiscal printer frames is one of its own, and what begins with the shop's name."""

import pytest

from receipt.document import PaperReader

FISCAL = "SKLEP ABC\nPARAGON FISKALNY\nChleb  4,00C\nSUMA PLN  4,00\nGOTOWKA  4,00\n(PL) ABC 1234567890\n"
FRAMED = "N I E F I S K A L N Y\nBon rabatowy 10 PLN\nN I E F I S K A L N Y\n"


def first_lines(job: str) -> list[str]:
    reader = PaperReader()
    papers = [*reader.feed(b"\x1b@" + job.encode("ascii")), *reader.close()]
    assert [paper.start for paper in papers] == [0, *(paper.end for paper in papers[:-1])]
    return [next(filter(None, paper.text)) for paper in papers]


def test_a_slip_behind_a_fiscal_receipt_is_a_document_of_its_own() -> None:
    assert first_lines(FISCAL + FRAMED + "\x1dV\x00") == ["SKLEP ABC", "N I E F I S K A L N Y"]


def test_a_frame_without_a_fiscal_receipt_that_ended_parts_nothing() -> None:
    assert first_lines(FRAMED) == ["N I E F I S K A L N Y"]
    assert first_lines(FISCAL.replace("(PL) ABC 1234567890\n", "") + FRAMED) == ["SKLEP ABC"]


SALE = "CORNER SHOP\nMilk  1.20\nTOTAL  1.20\nCASH  1.20\n"


@pytest.mark.parametrize(
    "between",
    ["\f", "\n\n\n", "\n\n\n\n\f", "\f\n\n\n\n", "\n\x1b@\n\n", "\n\f\x1b@", "\x1bd\x05", "\n\n\n\x1b@\n\n\n"],
)
def test_a_receipt_begins_where_the_name_of_the_shop_stands_again_below_a_gap(between: str) -> None:
    assert first_lines(SALE + between + SALE + "\n\n\n\n") == ["CORNER SHOP", "CORNER SHOP"]


@pytest.mark.parametrize("between", ["\n\n\n\nCORNER SHOP CLUB\n", "\n\nCORNER SHOP\n", "\fThank you\n\n\n\nGoodbye\n"])
def test_other_words_below_a_gap_and_a_name_without_one_part_nothing(between: str) -> None:
    assert first_lines(SALE + between) == ["CORNER SHOP"]

"""Documents that no cut parts: what a fiscal printer frames is one of its own."""

from receipt.document import PaperReader

FISCAL = "SKLEP ABC\nPARAGON FISKALNY\nChleb  4,00C\nSUMA PLN  4,00\nGOTOWKA  4,00\n(PL) ABC 1234567890\n"
FRAMED = "N I E F I S K A L N Y\nBon rabatowy 10 PLN\nN I E F I S K A L N Y\n"


def first_lines(job: str) -> list[str]:
    reader = PaperReader()
    papers = [*reader.feed(b"\x1b@" + job.encode("ascii")), *reader.close()]
    assert [paper.start for paper in papers] == [0, *(paper.end for paper in papers[:-1])]
    return [paper.text[0] for paper in papers]


def test_a_slip_behind_a_fiscal_receipt_is_a_document_of_its_own() -> None:
    assert first_lines(FISCAL + FRAMED + "\x1dV\x00") == ["SKLEP ABC", "N I E F I S K A L N Y"]


def test_a_frame_without_a_fiscal_receipt_that_ended_parts_nothing() -> None:
    assert first_lines(FRAMED) == ["N I E F I S K A L N Y"]
    assert first_lines(FISCAL.replace("(PL) ABC 1234567890\n", "") + FRAMED) == ["SKLEP ABC"]

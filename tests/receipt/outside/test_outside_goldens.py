"""Receipts of 42 layouts in sixteen languages, encoded by three print libraries that are not ours."""

from collections import Counter, defaultdict

from pos_adapters.reading.reader import Reading, read_paper
from receipt.document import PaperReader
from receipt.paper import Paper
from retail.line_items import TenderLineItem
from retail.transaction import DocumentKind
from tests.receipt.outside.encoders import EncodedGolden

LANGUAGES = {"en", "ru", "uk", "kk", "de", "fr", "es", "it", "pt", "pl", "tr", "nl", "cs", "ja", "zh", "ko"}
RECALL_MIN = 0.90
ERROR_MAX = 0.01  # of characters


def papers_of(job: bytes) -> list[Paper]:
    reader = PaperReader()
    return [*reader.feed(job), *reader.close()]


def readings_of(job: bytes) -> list[Reading]:
    return [read_paper(paper) for paper in papers_of(job)]


def tenders_of(reading: Reading) -> dict[str, object]:
    net: Counter[str] = Counter()
    assert reading.transaction is not None
    for line in reading.transaction.line_items:
        if isinstance(line, TenderLineItem):
            net[line.tender_type.value] += line.amount.amount
    return dict(net)


def is_right(encoded: EncodedGolden, reading: Reading) -> bool:
    golden, sale = encoded.golden, reading.transaction
    return (
        sale is not None
        and reading.kind is DocumentKind.SALE
        and (sale.total.amount, sale.item_count) == (golden.total, golden.items)
        and tenders_of(reading) == dict(golden.tenders)
    )


def assert_precise_with_recall(jobs: list[EncodedGolden]) -> None:
    """No accepted transaction is wrong; of each library's sales nine in ten are read."""
    wrong, read, all_of = [], Counter(), Counter()
    for encoded in jobs:
        all_of[encoded.encoder] += 1
        sales = [reading for reading in readings_of(encoded.job) if reading.transaction is not None]
        if len(sales) > 1 or not all(is_right(encoded, sale) for sale in sales):
            wrong.append(encoded.name)
        read[encoded.encoder] += len(sales) == 1
    assert wrong == []
    assert {
        encoder: f"{read[encoder]} of {count}"
        for encoder, count in all_of.items()
        if read[encoder] < RECALL_MIN * count
    } == {}


def assert_seen_as_printed(jobs: list[EncodedGolden]) -> None:
    """Of each library and language, at most one character in a hundred is another than the till printed."""
    errors: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for encoded in jobs:
        if encoded.lines is None:
            continue
        seen = [line.text.strip() for paper in papers_of(encoded.job) for line in paper.lines]
        wanted = [line.strip() for line in encoded.lines]
        count = errors[encoded.encoder, encoded.golden.language]
        count[0] += distance("\n".join(seen), "\n".join(wanted))
        count[1] += sum(map(len, wanted))
    assert {where: count for where, count in errors.items() if count[0] > ERROR_MAX * count[1]} == {}


def distance(seen: str, wanted: str) -> int:
    """Return how many characters must be changed, added or taken away."""
    if seen == wanted:
        return 0
    row = list(range(len(wanted) + 1))
    for place, one in enumerate(seen, 1):
        above, row = row, [place]
        for at, other in enumerate(wanted, 1):
            row.append(min(above[at] + 1, row[-1] + 1, above[at - 1] + (one != other)))
    return row[-1]


def test_python_escpos_receipts_are_read_as_their_till_meant_them(python_escpos_jobs):
    assert_precise_with_recall(python_escpos_jobs)


def test_python_escpos_receipts_are_seen_as_printed(python_escpos_jobs):
    assert_seen_as_printed(python_escpos_jobs)


def test_receipts_of_the_npm_libraries_are_read_as_their_till_meant_them(npm_jobs):
    assert_precise_with_recall(npm_jobs)


def test_receipts_of_the_npm_libraries_are_seen_as_printed(npm_jobs):
    assert_seen_as_printed(npm_jobs)


def test_a_receipt_whose_letters_the_library_lacks_is_never_read_wrongly(gapped_jobs):
    assert {encoded.golden.language for encoded in gapped_jobs} >= {"kk", "tr"}
    wrong = [
        (encoded.name, reading.proof)
        for encoded in gapped_jobs
        for reading in readings_of(encoded.job)
        if reading.transaction is not None and not is_right(encoded, reading)
    ]
    assert wrong == []


def test_the_command_language_is_found_from_evidence(npm_jobs):
    wrong = [
        encoded.name
        for encoded in npm_jobs
        if {paper.language.value for paper in papers_of(encoded.job)} != {encoded.language}
    ]
    assert wrong == []


def test_the_encoded_goldens_are_as_many_and_as_various_as_promised(npm_jobs, python_escpos_jobs):
    jobs = npm_jobs + python_escpos_jobs
    for language in ("escpos", "star"):
        spoken = [encoded for encoded in jobs if encoded.language == language]
        assert len(spoken) >= 120
        assert {encoded.golden.language for encoded in spoken} == LANGUAGES
        assert len({encoded.golden.layout for encoded in spoken}) >= 30
        assert 2 * sum(encoded.golden.chain for encoded in spoken) >= len(spoken)


def test_fiscal_codes_printed_by_the_library_are_read(python_escpos_jobs):
    coded = [encoded for encoded in python_escpos_jobs if encoded.golden.codes]
    assert coded
    for encoded in coded:
        codes = [(code.symbology.value, code.data) for paper in papers_of(encoded.job) for code in paper.codes]
        assert codes == list(encoded.golden.codes), encoded.name

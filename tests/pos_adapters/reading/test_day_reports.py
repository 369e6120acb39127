from decimal import Decimal

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText
from retail.line_items import TenderType
from retail.transaction import DocumentKind
from tests.pos_adapters.reading.layouts.documents import REPORTS


def test_a_z_report_tells_how_many_sales_and_how_they_were_paid_in_every_language():
    wrong = []
    for language, lines in REPORTS.items():
        reading = read_text(ReceiptText(lines=tuple(lines)))
        report = reading.report
        assert reading.kind is DocumentKind.REPORT, language
        assert report is not None, language
        cash = dict(report.tenders).get(TenderType.CASH)
        assert report.closes_day, language
        if report.transaction_count != 128 or cash not in (Decimal("1204.50"), Decimal(120450)):
            wrong.append((language, report))
    assert wrong == []


def test_an_x_report_closes_no_day():
    x = read_text(ReceiptText.of("X-BERICHT\nBAR    120,00\nSUMME  120,00")).report
    z = read_text(ReceiptText.of("Z-BERICHT NR. 0042\nBAR    120,00\nSUMME  120,00")).report
    assert x is not None
    assert z is not None
    assert (x.closes_day, z.closes_day, z.number) == (False, True, "0042")


def test_a_shift_that_opens_closes_no_day():
    report = read_text(ReceiptText.of("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ\nСМЕНА 113\nКАССИР ИВАНОВА")).report
    assert report is not None
    assert not report.closes_day

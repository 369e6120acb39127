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


def test_a_count_before_an_amount_is_no_thousands_where_the_total_tells():
    text = "CLOTURE DE CAISSE\nZ N° 12\nESPECES 12 700,00\nCB 8 500,00\nTOTAL 1200,00\nNombre de tickets 20"
    report = read_text(ReceiptText.of(text)).report
    assert [str(amount) for _, amount in report.tenders] == ["700.00", "500.00"]
    assert (report.number, report.transaction_count, report.closes_day) == ("12", 20, True)


def test_a_shift_has_a_number_and_yen_have_no_decimals():
    text = "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ\nСМЕНА 45\nЧЕКОВ ЗА СМЕНУ 20\nНАЛИЧНЫМИ =700.00\nИТОГО =700.00"
    assert read_text(ReceiptText.of(text)).report.number == "45"
    yen = read_text(ReceiptText.of("精算レポート Z 0012\n現金 ¥70,000\n合計 ¥70,000\n客数 45")).report
    assert (yen.number, str(yen.total)) == ("0012", "70000")

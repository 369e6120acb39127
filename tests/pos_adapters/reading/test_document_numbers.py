"""Which of a receipt's numbers is its own."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

TOTALS = {"Чек": "ИТОГО", "ЧЕК": "СУМА", "EKÜ": "TOPLAM", "Fiş": "TOPLAM"}  # a document's words tell its language


def number_of(*lines: str) -> str | None:
    total = next((word for mark, word in TOTALS.items() if mark in lines[0]), "TOTAL")
    text = ["SHOP ANNA", "Ticket stalls   1   11.50", "Milk   1.20", f"{total}   12.70", "CASH   12.70", *lines]
    sale = read_text(ReceiptText.of("\n".join(text))).transaction
    assert sale is not None
    return sale.sequence_number


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Receipt No: 0012-34", "0012-34"), ("RECEIPT #4711   12/03/2026 10:22", "4711"), ("12/03/2026 10:22 #0088", "0088"),
        ("Bon 118-4418   Tafel 4", "118-4418"), ("ST# 05483 OP# 009044 TE# 44 TR# 01301", "01301"),
        ("Beleg-Nr.          4418", "4418"), ("Чек № 22110", "22110"), ("Fiş No: 0066", "0066"), ("伝票番号: 50", "50"),
        ("DOC.N. 0881-0033   18/11/26", "0881-0033"), ("Scontrino per cambio valido 365 gg", None),
        ("12/03/2026 10:22 T4 S118 #2204", "2204"), ("AID: A0000000031010", None), ("Store 12   12/03/2026", None),
        ("Receipt 12/03/2026 10:22", None), ("ЧЕК № 0044120 ФН 3000661122", "0044120"),
    ],
)  # fmt: skip
def test_a_number_beside_words_for_a_receipt_or_a_date(line: str, number: str | None) -> None:
    assert number_of(line) == number


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (("Order # 52", "Receipt 1652"), "1652"),
        (("Order # 52",), "52"),
        (("Receipt 1652", "Orig. Receipt 1188"), "1652"),
        (("TSE-Transaktion: 55120", "Rechnung Nr. 11872"), "11872"),
        (
            ("Beleg-Nr. 4711", "Trace-Nr. 812233", "Terminal-ID 61001122", "", "", "", "Markt 0512", "Bon-Nr.:1234"),
            "1234",
        ),
        (("EKÜ NO:0001 Z NO:0731", "FİŞ NO : 0042"), "0042"),
        (("取餐号 A117", "单号 0117-20261120"), "0117-20261120"),
        (("原单号 SM-0771",), None),
    ],
)
def test_of_several_numbers_the_receipt_s_own(lines: tuple[str, ...], number: str | None) -> None:
    assert number_of(*lines) == number

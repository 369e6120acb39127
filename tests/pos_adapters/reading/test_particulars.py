"""What a receipt tells beside its amounts: points, the number of a suspended sale, fiscal identities."""

from decimal import Decimal

import pytest

from pos_adapters.reading.fiscal import parse_fiscal_code
from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText
from retail.line_items import RewardLineItem

SALE = "SHOP\nMilk  1.20\nBread 2.00\nTOTAL 3.20\nCASH 5.00\nCHANGE 1.80\n"


def rewards(text):
    transaction = read_text(ReceiptText.of(text)).transaction
    return [line.amount.amount for line in transaction.line_items if isinstance(line, RewardLineItem)]


def test_points_earned_and_spent_are_lines_of_the_transaction_and_a_balance_is_not():
    assert rewards(SALE + "Points earned 32\nPoints redeemed 1,200\nPoints balance 500") == [32, -1200]
    assert rewards(SALE + "Points earned 0\nYour points 300") == []


def test_points_are_told_in_other_languages():
    assert rewards("ЛАВКА\nХлеб 40.00\nИТОГ 40.00\nНАЛИЧНЫМИ 40.00\nНачислено баллов: 12\nСписано баллов: 5") == [
        12,
        -5,
    ]
    assert rewards("LADEN\nBrot 4,00\nSUMME 4,00\nBAR 4,00\nPunkte gesammelt 8\nPunktestand 400") == [8]


@pytest.mark.parametrize(
    ("text", "codes", "number"),
    [
        ("SHOP\nSALE SUSPENDED\nReceipt no 4711\nMilk 1.20\nTOTAL 1.20", (), "4711"),
        ("SHOP\nSALE SUSPENDED\nReceipt no 4711\nMilk 1.20\nTOTAL 1.20", (("code128", "2990012345"),), "2990012345"),
        ("LADEN\nBON GEPARKT\nBon-Nr. 12\nMilch 1,20\nSUMME 1,20", (), "12"),
    ],
)
def test_a_suspended_sale_tells_the_number_it_is_called_up_by(text, codes, number):
    reading = read_text(ReceiptText.of(text, codes))
    assert (reading.kind.value, reading.transaction, reading.suspension_number) == ("suspended", None, number)


GERMAN = "V0;till-1;{kind};{process};7;21;2024-03-12T10:00:00.000Z;2024-03-12T10:00:05.000Z;ecdsa;unixTime;sig;key"


@pytest.mark.parametrize(
    ("signed", "process", "kind"),
    [
        ("Kassenbeleg-V1", "Beleg^3.20_0.00_0.00_0.00_0.00^3.20:Bar", "sale"),
        ("Bestellung-V1", '2;"Milch";1.20', "quote"),
        ("Kassenbeleg-V1", "AVTraining^3.20_0.00_0.00_0.00_0.00^3.20:Bar", "training"),
        ("Kassenbeleg-V1", "AVBelegabbruch^0.00_0.00_0.00_0.00_0.00^", "void"),
    ],
)
def test_a_german_code_proves_a_sale_only_when_it_signs_one(signed, process, kind):
    code = GERMAN.format(kind=signed, process=process.replace(";", "%"))
    text = "LADEN\nMilch  1,20\nBrot  2,00\nSUMME 3,20"
    assert read_text(ReceiptText.of(text, [("qr", code)])).kind.value == kind


def test_a_fiscal_code_is_the_identity_of_its_transaction():
    code = "t=20240312T1015&s=3.20&fn=9960440300123456&i=12345&fp=1234567890&n=1"
    reading = read_text(ReceiptText.of("МАГАЗИН\nМолоко 1.20\nХлеб 2.00\nИТОГ 3.20", [("qr", code)]))
    assert reading.transaction.sequence_number == parse_fiscal_code(code).key
    assert reading.transaction.total.amount == Decimal("3.20")
    for operation, kind in ((2, "return"), (3, "other"), (4, "other")):
        other = ("qr", code.replace("n=1", f"n={operation}"))
        assert read_text(ReceiptText.of("МАГАЗИН\nМолоко 1.20\nХлеб 2.00\nИТОГ 3.20", [other])).kind.value == kind


def test_the_code_of_a_taiwanese_invoice_is_its_number_and_tells_its_total():
    code = "AB123456781130312123400000089000000910000000023060248Ydxqa" + "x" * 24
    text = "\u5168\u5bb6\n\u8336\u8449\u86cb  80\n\u9bae\u5976\u8336  65\n\u5408\u8a08  145\n"
    reading = read_text(ReceiptText.of(text, codes=[("qr", code)]))
    assert reading.transaction.sequence_number == "AB12345678"
    assert parse_fiscal_code(code).total == 145
    other = read_text(ReceiptText.of(text.replace("145", "144").replace("65", "64"), codes=[("qr", code)]))
    assert other.parked.reason.value == "conflict"

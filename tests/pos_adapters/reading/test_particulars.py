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


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        ("Date:22-11-26  18:02", "2026-11-22T18:02:00"),
        ("Fecha:14/11/2026 15:02  Mesa:T4", "2026-11-14T15:02:00"),
        ("20/11/2026 NO:0411 TIME:10:31", "2026-11-20T10:31:00"),
        ("dn.2026-10-03  nr 18\nKASIA   15:22", "2026-10-03T15:22:00"),
        ("Staff 44   21-Nov-2026 10:02", "2026-11-21T10:02:00"),
        ("2026. 11. 15. 14:33", "2026-11-15T14:33:00"),
        ("20.11. 2026 06:12", "2026-11-20T06:12:00"),
        ("令和8年11月14日 15:31", "2026-11-14T15:31:00"),
        ("115-11-20 16:31", "2026-11-20T16:31:00"),
        ("民國115年11月20日 16:31", "2026-11-20T16:31:00"),
        ("22-ҚАР-2026 10:41", "2026-11-22T10:41:00"),
        ("2026-11-20  W4418\nVAT A  0.30\nThank you\nTill 2 Ann   10:41", "2026-11-20T10:41:00"),
        ("2026-11-20  W4418\nThank you\nVAT A  0.30\n08:00 - 20:00", None),
        ("Return until 01/12/2026\n21/11/2026 17:12", "2026-11-21T17:12:00"),
        ("NOV21'26  9:04PM", "2026-11-21T21:04:00"),
        ("Bread of March 2.00", None),
        ("Order 11-20 18:02", None),
    ],
)
def test_when_it_was_in_the_forms_that_tills_print(lines: str, at: str | None) -> None:
    text = "SHOP\nMilk  1.20\nBread 2.00\nTOTAL 3.20\nCASH 3.20\n" + lines
    sale = read_text(ReceiptText.of(text)).transaction
    assert sale is not None
    assert (sale.occurred_at and sale.occurred_at.isoformat()) == at


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("Member 111890442761", "111890442761"),
        ("CLUBCARD NUMBER ************4417", "************4417"),
        ("Member: 2990012****81", "2990012****81"),
        ("MEMBER NO: 1188 2233 4455", "118822334455"),
        ("Member no ****1188 points 27", "****1188"),
        ("Member: 627598 **** 1183", None),
        ("Members save more\n16/11/2026 17:12", None),
        ("CARD NO 622588******3317", None),
        ("Member 18", None),
        ("Member: ANNA 12/03/2026", None),
    ],
)
def test_a_member_s_number_is_neither_a_bank_card_s_nor_a_date_and_keeps_its_mask(lines: str, code: str | None) -> None:
    text = "SHOP\nMilk  1.20\nBread 2.00\nTOTAL 3.20\nVISA 3.20\n" + lines
    sale = read_text(ReceiptText.of(text)).transaction
    assert sale is not None
    assert sale.loyalty_code_printed == code

from decimal import Decimal

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ParkReason, ReceiptText
from retail.line_items import TenderLineItem, TenderType
from retail.transaction import DocumentKind

ENGLISH = """
            THE CORNER SHOP
          12 High Street, Leeds
VAT No: GB 123 4567 89
--------------------------------
Semi-skimmed milk 2L        1.45
Bread                       1.10
  2 x 0.55
Cheddar 350g                3.25
--------------------------------
TOTAL                 GBP   5.80
CASH                       10.00
CHANGE                      4.20
12/03/2024 14:31  Till 3  Receipt 004711
Thank you for shopping
"""

RUSSIAN = """
      ООО "ПРОДУКТЫ"
   КАССОВЫЙ ЧЕК / ПРИХОД
Молоко 3,2% 1л
 2 x 89.90              =179.80
Хлеб Бородинский
 1.000 x 45.00           =45.00
Сыр Российский вес.
 0.354 кг x 699.00      =247.45
СКИДКА                   =12.25
ИТОГ                    =460.00
НАЛИЧНЫМИ               =460.00
ПОЛУЧЕНО               =1000.00
СДАЧА                   =540.00
В Т.Ч. НДС 10%           =41.82
КАССИР: Иванова А.
05.04.2024 18:21  ЧЕК 123
СПАСИБО ЗА ПОКУПКУ
"""

GERMAN = """
        REWE Markt GmbH
       UID Nr.: DE812706034
                              EUR
BIO BANANEN                  2,54 B
   0,850 kg x 2,99 EUR/kg
MILCH 3,5%                   2,18 B
   2 Stk x   1,09
PFAND 0,25                   0,50 A*
Rabatt                      -0,20 B
--------------------------------------
SUMME              EUR       5,02
======================================
Geg. BAR           EUR      10,00
Rückgeld BAR       EUR       4,98

Steuer  %    Netto   Steuer   Brutto
A= 19,0%      0,42     0,08     0,50
B=  7,0%      4,22     0,30     4,52
Gesamtbetrag  4,64     0,38     5,02

12.03.2024   14:31   Bon-Nr.:4711
Vielen Dank für Ihren Einkauf
"""


@pytest.mark.parametrize(
    ("text", "total", "items", "cash"),
    [
        (ENGLISH, "5.80", 3, ["10.00", "-4.20"]),
        (RUSSIAN, "460.00", 3, ["1000.00", "-540.00"]),
        (GERMAN, "5.02", 3, ["10.00", "-4.98"]),
    ],
    ids=["english", "russian", "german"],
)
def test_a_plain_receipt_becomes_a_sale_whose_sums_are_its_proof(text, total, items, cash):
    reading = read_text(ReceiptText.of(text))
    assert reading.kind is DocumentKind.SALE
    sale = reading.transaction
    assert sale is not None
    assert sale.total.amount == Decimal(total)
    assert sale.item_count == items
    assert sale.adds_up()
    tenders = [line for line in sale.line_items if isinstance(line, TenderLineItem)]
    assert [(line.tender_type, str(line.amount)) for line in tenders] == [(TenderType.CASH, amount) for amount in cash]
    assert all(total in equation for equation in reading.proof)


def test_a_receipt_whose_items_do_not_make_its_total_is_parked_with_both_sums():
    reading = read_text(ReceiptText.of(ENGLISH.replace("3.25", "3.35")))
    assert reading.transaction is None
    assert reading.parked is not None
    assert reading.parked.reason is ParkReason.DOES_NOT_ADD_UP
    assert "5.90" in reading.parked.detail
    assert "5.80" in reading.parked.detail


def test_a_training_slip_that_adds_up_is_no_sale():
    reading = read_text(ReceiptText.of("*** TRAINING MODE ***\n" + ENGLISH))
    assert (reading.kind, reading.transaction) == (DocumentKind.TRAINING, None)


def test_adding_up_alone_is_no_sale():
    reading = read_text(ReceiptText.of("Item 1      $100.00\nItem 2      $150.00\nTotal       $250.00"))
    assert reading.transaction is None
    assert reading.parked is not None
    assert reading.parked.reason is ParkReason.INCOMPLETE

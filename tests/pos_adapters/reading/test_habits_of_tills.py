"""Short receipts by hand, one a habit of tills: (kind, total, items) as a person reads them."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

RECEIPTS = [
    (
        ("sale", "23.97", 3),
        """Joe's Pizza
123 Main St
Order: 4521
03/15/2024 6:42 PM

1 Large Pepperoni    $14.99
2 Garlic Knots        $5.98
1 Coke 2L             $3.00

Subtotal             $23.97
Tax                   $0.00
Total                $23.97

Paid by Visa ending 4242
Thank you!""",
    ),
    (
        ("sale", "12.50", 2),
        """COFFEE HOUSE
Latte              4.50
Sandwich           8.00
Total            $12.50
Cash Tendered    $20.00
Change Due        $7.50""",
    ),
    (
        ("sale", "45.20", 3),
        """SUPERMERCADO EL SOL
CIF: B12345678
Fecha: 12/05/2024 18:33
--------------------------------
PAN          1 x 1,20      1,20
LECHE        2 x 0,95      1,90
JAMON        1 x 42,10    42,10
--------------------------------
BASE IMP.                 41,09
IVA 10%                    4,11
TOTAL EUR                 45,20
EFECTIVO                  50,00
CAMBIO                     4,80
GRACIAS POR SU COMPRA""",
    ),
    (
        ("sale", "15.60", 2),
        """LE PETIT CAFE
Menu du jour        12,50 EUR
Café expresso        3,10 EUR
TOTAL TTC           15,60 EUR
Dont TVA 10%         1,42 EUR
CARTE BANCAIRE      15,60 EUR
MERCI DE VOTRE VISITE""",
    ),
    (
        ("sale", "1234.56", 2),
        """ELEKTRO MARKT
Fernseher 55"      1.199,00
Kabel HDMI            35,56
SUMME              1.234,56
EC-Karte           1.234,56
Vielen Dank""",
    ),
    (
        ("return", "-19.99", 1),
        """FASHION STORE
REFUND
T-Shirt            -19.99
TOTAL              -19.99
CARD REFUND        -19.99""",
    ),
    (
        ("return", "-19.99", 1),
        """FASHION STORE
** RETURN **
Orig. receipt 4711
T-Shirt             19.99
REFUND TOTAL        19.99
VISA                19.99""",
    ),
    (
        ("sale", "8.00", 2),
        """BAKERY
Bread   3.00
Cake    5.00
--------
TOTAL   8.00
Items: 2
You saved 1.00
CASH    8.00""",
    ),
    (
        ("sale", "1080", 2),
        """ラーメン太郎
2024/06/01 12:30
醤油ラーメン      ¥780
餃子              ¥300
小計            ¥1,080
合計            ¥1,080
(内税          ¥98)
現金            ¥2,000
お釣り            ¥920""",
    ),
    (
        ("sale", "35.00", 3),
        """便利店
可乐      2   3.00   6.00
面包      1   9.00   9.00
香烟      1  20.00  20.00
合计:            35.00
微信支付:        35.00
谢谢惠顾""",
    ),
    (
        ("sale", "13500", 2),
        """스타 커피
아메리카노   2   4,500   9,000
케이크       1   4,500   4,500
합계금액            13,500
부가세               1,227
신용카드            13,500
감사합니다""",
    ),
    (
        ("sale", "560.00", 2),
        """ООО Ромашка
Кассовый чек. Приход
1. Кофе        250.00 x 2 = 500.00
2. Пирожок      60.00 x 1 = 60.00
ИТОГО: 560.00
Наличные: 1000.00
Сдача: 440.00""",
    ),
    (
        ("sale", "99.90", 2),
        """SKLEP
Kawa              49,95 A
Herbata           49,95 A
SUMA PLN          99,90
GOTÓWKA          100,00
RESZTA             0,10""",
    ),
    (
        ("sale", "47.50", 2),
        """KAVÁRNA
Espresso         35.00
Espresso lungo   35.00
Sleva           -22.50
Celkem           47.50
Hotovost         50.00
Vráceno           2.50""",
    ),
    (
        ("sale", "185.00", 2),
        """MARKET
EKMEK      *10,00
PEYNİR    *175,00
TOPLAM    *185,00
NAKİT     *200,00
PARA ÜSTÜ  *15,00""",
    ),
    (
        ("sale", "7.25", 2),
        """JUMBO
Melk 1L          1,25
Kaas             6,00
Totaal           7,25
PIN              7,25
Bedankt en tot ziens""",
    ),
    (
        ("sale", "27.80", 2),
        """PASTELARIA
2 Cafe           1,40
1 Bolo          26,40
Total           27,80 EUR
Numerario       30,00
Troco            2,20""",
    ),
    (
        ("sale", "120.00", 2),
        """Кав'ярня
Капучино       65,00
Круасан        55,00
СУМА          120,00
ГОТІВКА       200,00
ЗДАЧА          80,00""",
    ),
    (
        ("sale", "2300", 2),
        """Дүкен
Нан 300
Сүт 2 000
Барлығы: 2 300 тг
Қолма-қол: 5 000 тг
Қайтарым: 2 700 тг
Рахмет!""",
    ),
    (
        ("sale", "21.60", 2),
        """TRATTORIA
2 COPERTO            4,00
PIZZA MARGHERITA    17,60
TOTALE              21,60
CONTANTI            22,00
RESTO                0,40
ARRIVEDERCI E GRAZIE""",
    ),
    (
        ("sale", "10.50", 2),
        """SHOP
ITEM            QTY  PRICE  AMOUNT
Pen               3   1.50    4.50
Book              1   6.00    6.00
TOTAL                        10.50
PAYMENT METHOD: CREDIT CARD
THANK YOU""",
    ),
    (
        ("sale", "10.00", 2),
        """STORE
A             4.00
B             6.00
TOTAL        10.00
MASTERCARD   10.00
----- CARD SLIP -----
TID 1234 MID 99887766
SALE
AMOUNT   GBP 10.00
APPROVED
CUSTOMER COPY""",
    ),
    (
        ("sale", "9.00", 2),
        """STORE
A             4.00
B             6.00
VOID B       -6.00
C             5.00
TOTAL         9.00
CASH          9.00""",
    ),
    (
        ("sale", "48.30", 2),
        """STEAKHOUSE
Steak                 30.00
Wine                  12.00
Subtotal              42.00
Service Charge 15%     6.30
Total                 48.30
AMEX                  48.30""",
    ),
    (
        ("sale", "100.00", 1),
        """STORE
Gift Card            100.00
TOTAL                100.00
CASH                 100.00
CHANGE                 0.00""",
    ),
    (
        ("sale", "5.99", 1),
        """STORE
4006381333931
Marker set
1 x 5.99              5.99
TOTAL                 5.99
DEBIT                 5.99""",
    ),
    (
        ("sale", "75.94", 2),
        """PUMP 4  UNLEADED
  12.345 GAL @ 3.499/GAL   43.20
WIPER BLADES               32.74
SUBTOTAL                   75.94
TAX                         0.00
TOTAL                      75.94
CREDIT                     75.94""",
    ),
    (
        ("other", None, None),
        """WELCOME
PLEASE WAIT
""",
    ),
    (
        ("quote", None, None),
        """THE GRILL
GUEST CHECK
Table 12  Server Anna
Steak              30.00
Wine               12.00
Subtotal           42.00
Tax                 3.36
Total              45.36
Thank you""",
    ),
    (
        ("sale", None, None),
        """THE GRILL
Table 12  Server Anna  Guests 2
Steak              30.00
Wine               12.00
Subtotal           42.00
Tax                 3.36
Total              45.36
Suggested Tip 18%: 7.56
20%: 8.40""",
    ),
    (
        ("report", None, None),
        """X REPORT
Gross sales      500.00
Cash             300.00
Card             200.00
TOTAL            500.00""",
    ),
    (
        ("pay_out", None, None),
        """SHOP
PAID OUT
Window cleaner    20.00
TOTAL             20.00
CASH              20.00""",
    ),
    (
        ("pay_in", None, None),
        """SHOP
CASH IN
Float            100.00
TOTAL            100.00""",
    ),
    (
        ("gift_receipt", None, None),
        """SHOP
GIFT RECEIPT
Sweater
Receipt 4711
Thank you""",
    ),
    (
        ("account_payment", None, None),
        """SHOP
PAYMENT ON ACCOUNT
Customer 123
Amount           100.00
Cash             100.00""",
    ),
    (
        ("drawer", None, None),
        """SHOP
NO SALE
12/03/2024 10:00""",
    ),
    (
        ("kitchen", None, None),
        """KITCHEN
Table 5
2 x Burger
  no onions
1 x Fries""",
    ),
    (
        ("card_slip", None, None),
        """BANK OF X
MERCHANT 998877
TID 1234
VISA ************1234
SALE
AMOUNT  USD 24.00
TIP          4.00
TOTAL       28.00
APPROVED 123456
CUSTOMER COPY""",
    ),
    (
        ("sale", "12.00", 2),
        """SHOP
Copy paper A4       5.00
Test tubes          7.00
TOTAL              12.00
CASH               12.00
Returns accepted within 30 days with receipt
No refunds on sale items""",
    ),
    (
        ("sale", "12.00", 2),
        """SHOP
Training shoes      5.00
Return of the King DVD 7.00
TOTAL              12.00
CASH               12.00""",
    ),
    (
        ("sale", "11.00", 2),
        """SHOP
Milk                5.00
Bread               7.00
Discount            1.00
TOTAL              11.00
CASH               11.00""",
    ),
    (
        ("sale", "10.00", 2),
        """SHOP
Milk                4.00
  Reg price         5.00
Bread               6.00
TOTAL              10.00
CASH               10.00""",
    ),
    (
        ("sale", "10.00", 3),
        """SHOP
Milk                5.00
Bread               7.00
Bottle return      -2.00
TOTAL              10.00
CASH               10.00""",
    ),
    (
        ("suspended", None, None),
        """SHOP
Milk                5.00
TOTAL               5.00
*** SALE ON HOLD ***
Recall no 12""",
    ),
    (
        ("training", None, None),
        """Mein Laden
Milch               5,00
SUMME               5,00
BAR                 5,00
Vielen Dank
+++ Übungskasse - kein Bon +++""",
    ),
    (
        ("sale", "5.00", 1),
        """Mein Laden
Milch               5,00
SUMME               5,00
BAR                 5,00
Umtausch nur mit Kassenbon""",
    ),
    (
        ("void", "5.00", 1),
        """Mein Laden
Milch               5,00
SUMME               5,00
*** BON ABGEBROCHEN ***""",
    ),
    (
        ("sale", "6.50", 2),
        """Shop
MwSt-Nr 123
Brot                2,50 A
Käse                4,00 A
MwSt A 7%           0,43
Netto               6,07
Gesamt              6,50
gegeben            10,00
zurück              3,50""",
    ),
    (
        ("sale", "15.00", 3),
        """ACME
3 @ 2.00
Apples              6.00
1 Melon             4.00
Bag  5 @1.00        5.00
TOTAL DUE          15.00
AMT TENDERED       20.00
CHANGE              5.00""",
    ),
    (
        ("sale", "30.00", 2),
        """ACME LTD
Description     Unit Price  Qty  Disc  Amount
Shirt              20.00     1    5.00  15.00
Tie                15.00     1    0.00  15.00
TOTAL                                   30.00
VISA                                    30.00""",
    ),
    (
        ("sale", "1250", 2),
        """Магазин
Хлеб            250
Сыр            1000
ИТОГО          1250
НАЛИЧНЫЕ       1500
СДАЧА           250
Спасибо""",
    ),
    (
        ("sale", "10.00", 2),
        """SHOP
Milk $5
Bread $5.00
TOTAL $10.00
CASH $20
CHANGE $10.00""",
    ),
    (
        ("sale", "12.40", 2),
        """SHOP
Milk      4.40
Bread     8.00
TOTAL    12.40
CASH     20
CHANGE    7.60""",
    ),
    (
        ("sale", "9.00", 2),
        """SHOP
TOTAL ITEMS 2
Milk      4.00
Bread     5.00
AMOUNT DUE 9.00
Points earned 9
DEBIT     9.00""",
    ),
    (
        ("sale", "19.98", 1),
        """SHOP
Widget
  2 @ 9.99         19.98
SUB TOTAL          19.98
GST 10% INCL        1.82
TOTAL              19.98
EFTPOS             19.98""",
    ),
]


@pytest.mark.parametrize(("wanted", "text"), RECEIPTS)
def test_a_habit_of_tills_is_read_as_a_person_reads_it(wanted, text):
    reading = read_text(ReceiptText.of(text))
    sale = reading.transaction
    assert (reading.kind.value, str(sale.total) if sale else None, sale.item_count if sale else None) == wanted

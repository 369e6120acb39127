from decimal import Decimal

from tests.pos_adapters.reading.layouts.base import Golden, Page, Shop, cents, golden, layout, total_of
from tests.pos_adapters.reading.layouts.catalogues import EN


def _page(width: int = 40) -> Page:
    return Page(width=width, decimal=".", thousands=",")


@layout
def british_supermarket(seed: int) -> Golden:
    """After the look of Tesco: pounds signs, a loyalty price as a negative line, savings, points."""
    shop, page = Shop(seed, EN), _page(36)
    goods = shop.basket(3, 9, many=0)
    page.center("T EXPRESS")
    page.center("www.example.com/store-locator")
    page.center("VAT NO: GB 220 4302 31")
    page.text()
    total, off = Decimal(0), Decimal(0)
    for index, one in enumerate(goods):
        page.row(one.name, f"£{page.money(one.amount)}")
        total += one.amount
        if index in (0, 2):
            cut = cents(one.amount * Decimal("0.2"))
            page.row("  Cc £1.00 or less", f"-£{page.money(cut)}")
            off += cut
    page.rule()
    page.row("Subtotal:", f"£{page.money(total)}")
    page.row("Savings:", f"-£{page.money(off)}")
    page.rule()
    total -= off
    page.row("TOTAL", f"£{page.money(total)}")
    page.row("Visa Debit", f"£{page.money(total)}")
    page.text("AID : A0000000031010")
    page.text("NUMBER : ************1234   ICC")
    page.text("PAN SEQ NO : 01")
    page.text("AUTH CODE : 030321")
    page.text("MERCHANT : 52541234")
    page.row("CHANGE DUE", "£0.00")
    page.text("CLUBCARD NUMBER: ************9981")
    page.row("POINTS THIS VISIT", str(int(total)))
    page.row("TOTAL UP TO 12/02/24", "1,204")
    page.text("14/02/24 18:33  5134 062 1021 9981")
    page.center("Thank you for shopping with us")
    return golden(
        "british_supermarket",
        seed,
        page,
        language="en",
        chain=True,
        total=total,
        items=len(goods),
        currency="GBP",
        tenders=(("debit", total),),
    )


@layout
def american_hypermarket(seed: int) -> Golden:
    """After the look of Walmart: long codes and tax letters, tax on top, items sold, tendered cash."""
    shop, page = Shop(seed, EN), _page(40)
    goods = shop.basket(3, 9, many=0)
    page.center("SUPERCENTER")
    page.center("479-555-0134 Mgr:JANE DOE")
    page.center("2110 W MAIN ST")
    page.text("ST# 05260 OP# 009043 TE# 43 TR# 06657")
    for one in goods:
        page.text(
            f"{one.name[:14]:<15}{shop.digits(12)} {shop.rng.choice('FTX ')}{page.money(one.amount):>8} {shop.rng.choice('NXTO')}"
        )
    net = total_of(goods)
    rate = Decimal("7.000")
    tax = cents(net * rate / 100)
    total = net + tax
    page.row(" " * 15 + "SUBTOTAL", page.money(net), width=38)
    page.row(f"     TAX 1   {rate} %", page.money(tax), width=38)
    page.row(" " * 18 + "TOTAL", page.money(total), width=38)
    if seed % 2:
        handed = shop.handed(total)
        page.row(" " * 14 + "CASH TEND", page.money(handed), width=38)
        page.row(" " * 13 + "CHANGE DUE", page.money(handed - total), width=38)
        tenders = (("cash", total),)
    else:
        page.row(" " * 14 + "DEBIT TEND", page.money(total), width=38)
        page.row(" " * 13 + "CHANGE DUE", "0.00", width=38)
        page.text("EFT DEBIT     PAY FROM PRIMARY")
        page.row(f"      {page.money(total)}  TOTAL PURCHASE", "")
        page.text("US DEBIT- 1234 I 1 APPR#558843")
        page.text("REF # 400100234567")
        tenders = (("debit", total),)
    page.center(f"# ITEMS SOLD {len(goods)}")
    page.center("TC# 7783 6080 4330 6080 4330")
    page.center("02/21/24     14:08:55")
    page.center("Low prices. Every day.")
    return golden(
        "american_hypermarket",
        seed,
        page,
        language="en",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=tenders,
    )


@layout
def american_grocer_card_savings(seed: int) -> Golden:
    """After the look of Kroger: savings act as trailing-minus lines, BALANCE is the total."""
    shop, page = Shop(seed, EN), _page(36)
    goods = shop.basket(3, 7, many=0)
    page.center("K GROCERY")
    page.center("YOUR CASHIER WAS SELF CHECKOUT")
    net, saved = Decimal(0), Decimal(0)
    for index, one in enumerate(goods):
        page.row("   " + one.name[:20], f"{page.money(one.amount)} F")
        net += one.amount
        if index == 0:
            cut = Decimal("0.50")
            page.row("SC  KROGER SAVINGS", f"{page.money(cut)}-")
            saved += cut
    tax = cents((net - saved) * Decimal("0.0825"))
    page.row("   TAX", page.money(tax))
    total = net - saved + tax
    page.row("   **** BALANCE", page.money(total))
    page.text("MASTERCARD Purchase")
    page.text("************6677 - C")
    page.text("REF#: 021332  TOTAL: " + page.money(total))
    page.row("   MASTERCARD", page.money(total))
    page.row("   CHANGE", "0.00")
    page.row("   TOTAL NUMBER OF ITEMS SOLD =", str(len(goods)))
    page.row("   YOU SAVED", page.money(saved))
    page.text("03/15/24 09:21am 512 8 91 888888")
    page.text("Fuel Points Earned Today: 23")
    page.center("Thank You for shopping K")
    return golden(
        "american_grocer_card_savings",
        seed,
        page,
        language="en",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=(("credit", total),),
    )


@layout
def american_diner_tip(seed: int) -> Golden:
    """A diner: tax on top, tip, grand total, card; the bill's number looks like a price."""
    shop = Shop(
        seed,
        [
            ("Cheeseburger", "11.95"),
            ("Caesar Salad", "9.50"),
            ("Iced Tea", "2.95"),
            ("Fries Large", "4.25"),
            ("Apple Pie", "6.00"),
            ("Draft Beer", "5.50"),
        ],
    )
    page = _page(32)
    goods = shop.basket(2, 5, many=0.4)
    page.center("MAIN STREET DINER")
    page.text("Check #: 12.45   Table: 7")
    page.text("Server: Dana   Guests: 2")
    page.text("Date: Mar 16, 2024 7:45 PM")
    page.rule()
    for one in goods:
        page.row(f"{one.count} {one.name}", f"${page.money(one.amount)}")
    net = total_of(goods)
    tax = cents(net * Decimal("0.06"))
    tip = cents(net * Decimal("0.18"))
    total = net + tax + tip
    page.rule()
    page.row("Subtotal", f"${page.money(net)}")
    page.row("Sales Tax 6%", f"${page.money(tax)}")
    page.row("Tip", f"${page.money(tip)}")
    page.row("TOTAL", f"${page.money(total)}")
    page.row("AMEX ***********1005", f"${page.money(total)}")
    page.text("Approval: 512204")
    page.center("Thank you! Please come again")
    return golden(
        "american_diner_tip",
        seed,
        page,
        language="en",
        chain=False,
        total=total,
        items=len(goods),
        currency="USD",
        tenders=(("credit", total),),
    )


@layout
def australian_tax_invoice(seed: int) -> Golden:
    """After the look of Woolworths: quantity @ price under the name, GST inside, rounding of cash, EFT slip."""
    shop = Shop(seed, [(name, str(Decimal(price) + Decimal("0.03"))) for name, price in EN])
    page = _page(40)
    goods = shop.basket(3, 8, weighed=True)
    page.center("TAX INVOICE - ABN 88 000 014 675")
    page.row("POS 012  TRANS 3456", "18:20 14/05/2024")
    for one in goods:
        if one.weighed:
            page.text(one.name.title())
            page.row(f"   {one.quantity:.3f} kg NET @ ${page.money(one.unit)}/kg", page.money(one.amount))
        elif one.count > 1:
            page.text(one.name.title())
            page.row(f"   Qty {one.count} @ ${page.money(one.unit)} each", page.money(one.amount))
        else:
            page.row(one.name.title(), page.money(one.amount))
    before = total_of(goods)
    if seed % 2:
        total = cents((before * 20).quantize(Decimal(1)) / 20)
        page.row(f"{len(goods)} SUBTOTAL", f"${page.money(before)}")
        if total != before:
            page.row("Rounding", f"${page.money(total - before)}")
        page.row("TOTAL", f"${page.money(total)}")
        handed = shop.handed(total)
        page.row("Cash", f"${page.money(handed)}")
        page.row("Change", f"${page.money(handed - total)}")
        tenders = (("cash", total),)
    else:
        total = before
        page.row(f"{len(goods)} SUBTOTAL", f"${page.money(total)}")
        page.row("TOTAL", f"${page.money(total)}")
        page.row("EFT", f"${page.money(total)}")
        page.text("CARD NO:  XXXXXXXXXXXX1234 (t)")
        page.row("PUR  AUD", page.money(total))
        page.text("APPROVED 00")
        tenders = (("credit", total),)
    page.row("TOTAL includes GST", f"${page.money(cents(total / 11))}")
    page.text("Thank you for shopping with us")
    return golden(
        "australian_tax_invoice",
        seed,
        page,
        language="en",
        chain=True,
        total=total,
        items=len(goods),
        currency="AUD",
        tenders=tenders,
    )


@layout
def british_cafe_two_columns(seed: int) -> Golden:
    """A cafe: price and amount columns, a voided pair, two tenders of which one is a voucher."""
    shop = Shop(
        seed,
        [("Flat White", "3.20"), ("Latte", "3.40"), ("Scone", "2.60"), ("Toastie", "6.75"), ("Cake slice", "4.10")],
    )
    page = _page(38)
    goods = shop.basket(2, 4, many=0.5)
    page.center("THE COPPER KETTLE")
    page.text("Qty Item              Price    Amount")
    for index, one in enumerate(goods):
        page.columns((f"{one.count}", 4), (one.name, 16), (page.money(one.unit), -8), (page.money(one.amount), -9))
        if index == 0:
            page.columns(("1", 4), ("Millionaire bar", 16), ("3.95", -8), ("3.95", -9))
            page.columns(("-1", 4), ("Millionaire bar", 16), ("3.95", -8), ("-3.95", -9))
    total = total_of(goods)
    page.rule("=")
    page.row("Total GBP", page.money(total))
    part = Decimal("2.00")
    page.row("Gift voucher", page.money(part))
    page.row("Contactless", page.money(total - part))
    page.row("VAT @ 20% included", page.money(cents(total / 6)))
    page.text("22 Aug 2024 10:12  Bill 00812")
    page.center("See you again soon!")
    return golden(
        "british_cafe_two_columns",
        seed,
        page,
        language="en",
        chain=False,
        total=total,
        items=len(goods),
        currency="GBP",
        tenders=(("credit", total - part), ("voucher", part)),
    )

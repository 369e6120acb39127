from decimal import Decimal

from tests.pos_adapters.reading.layouts.base import Golden, Page, Shop, cents, golden, layout, total_of
from tests.pos_adapters.reading.layouts.catalogues import CS, PL


@layout
def polish_fiscal(seed: int) -> Golden:
    """A Polish fiscal receipt: quantity x price and amount with its tax letter, PTU table, SUMA PLN."""
    shop, page = Shop(seed, PL), Page(width=40)
    goods = shop.basket(2, 8, weighed=True)
    page.center("SKLEP SPOŻYWCZY ŻABKA-PLUS")
    page.center("NIP 5223071241")
    page.row("2024-03-08", "nr wydr. 012345")
    page.center("PARAGON FISKALNY")
    for one in goods:
        quantity = page.kilos(one.quantity) if one.weighed else str(one.count)
        right = f"{quantity} x{page.money(one.unit)} {page.money(one.amount)}A"
        if len(one.name) + len(right) + 1 > 40:
            page.text(one.name)
            page.row("", right)
        else:
            page.row(one.name, right)
    total = total_of(goods)
    if seed % 3 == 0:
        page.row("  OPUST Rabat 0,50", "-0,50A")
        total -= Decimal("0.50")
    page.row("SPRZEDAŻ OPODATKOWANA A", page.money(total))
    tax = total - cents(total / Decimal("1.23"))
    page.row("PTU A 23,00 %", page.money(tax))
    page.row("SUMA PTU", page.money(tax))
    page.row("SUMA PLN", page.money(total))
    page.row("00123 #Kasa 2  Kasjer nr 5", "12:15")
    page.row("GOTÓWKA" if seed % 2 else "Karta", f"{page.money(total if not seed % 2 else shop.handed(total))} PLN")
    if seed % 2:
        page.row("RESZTA", f"{page.money(shop.handed(total) - total)} PLN")
    page.text("Nr transakcji 12345")
    page.center("BHA 1401234567")
    return golden(
        "polish_fiscal",
        seed,
        page,
        language="pl",
        chain=True,
        total=total,
        items=len(goods),
        currency="PLN",
        tenders=((("cash" if seed % 2 else "credit"), total),),
    )


@layout
def polish_discounter(seed: int) -> Golden:
    """After the look of Biedronka: discount lines under goods with the price after them, savings, BLIK."""
    shop, page = Shop(seed, PL), Page(width=42)
    goods = shop.basket(3, 7, many=0.4)
    page.center("Codziennie niskie ceny  Kropka")
    page.text("Nazwa            PTU  Ilość x Cena  Wartość")
    total = Decimal(0)
    for index, one in enumerate(goods):
        page.columns(
            (one.name, 17),
            ("C", 3),
            (f"{page.kilos(one.quantity)} x{page.money(one.unit):>7}", -14),
            (page.money(one.amount), -8),
        )
        total += one.amount
        if index == 0:
            page.row("   Rabat", page.money(Decimal("-1.00")))
            total -= 1
    page.rule()
    page.row("Do zapłaty PLN", page.money(total))
    page.row("BLIK", page.money(total))
    page.text("Zaoszczędziłeś 1,00 zł")
    page.text("Niefiskalne numery: 8812 24 03")
    page.text("2024-09-12 17:40 Kasa 4")
    page.center("Dziękujemy, zapraszamy ponownie")
    return golden(
        "polish_discounter",
        seed,
        page,
        language="pl",
        chain=True,
        total=total,
        items=len(goods),
        currency="PLN",
        tenders=(("mobile", total),),
    )


@layout
def czech_supermarket(seed: int) -> Golden:
    """A Czech supermarket: pieces x price, rounding of the total to whole crowns, VAT recapitulation."""
    shop, page = Shop(seed, CS), Page(width=40, thousands=" ")
    goods = shop.basket(3, 8, weighed=True)
    page.center("ALBERTOV, prodejna Brno")
    page.text("DIČ: CZ44012373")
    page.row("", "Kč")
    for one in goods:
        page.row(one.name, f"{page.money(one.amount)} B")
        if one.weighed:
            page.text(f"   {page.kilos(one.quantity)} kg x {page.money(one.unit)} Kč/kg")
        elif one.count > 1:
            page.text(f"   {one.count} ks x {page.money(one.unit)} Kč")
    before = total_of(goods)
    total = cents(before.quantize(Decimal(1)))
    page.rule()
    page.row("Mezisoučet", page.money(before))
    if total != before:
        page.row("Zaokrouhlení", page.money(total - before))
    page.row("CELKEM K ÚHRADĚ", f"{page.money(total)} Kč")
    handed = shop.handed(total, (100, 200, 500, 1000, 2000))
    page.row("Hotovost", page.money(handed))
    page.row("Vráceno", page.money(handed - total))
    page.text("Rekapitulace DPH:  základ     DPH")
    base = cents(before / Decimal("1.12"))
    page.text(f"B 12 %        {page.money(base)}    {page.money(before - base)}")
    page.text("14.11.2024 16:48  Pokladna 3  Účtenka 1045")
    page.center("Děkujeme za nákup")
    return golden(
        "czech_supermarket",
        seed,
        page,
        language="cs",
        chain=True,
        total=total,
        items=len(goods),
        currency="CZK",
        tenders=(("cash", total),),
    )


@layout
def czech_pub(seed: int) -> Golden:
    """A Czech pub: count x in front, whole crowns with ",-" left out, tip before the card."""
    shop = Shop(
        seed,
        [("Pilsner 0,5", "62"), ("Guláš", "189"), ("Svíčková", "215"), ("Limonáda", "49"), ("Polévka", "65")],
        decimals=2,
    )
    page = Page(width=34, thousands=" ")
    goods = shop.basket(2, 4, many=0.7)
    page.center("Hospoda U Lípy")
    page.text("Stůl č. 4     Obsluha: Jan")
    for one in goods:
        page.row(f"{one.count} x {one.name}", page.money(one.amount))
    before = total_of(goods)
    tip = Decimal(20)
    page.row("Celkem", f"{page.money(before)} Kč")
    page.row("Spropitné", f"{page.money(tip)} Kč")
    page.row("K úhradě", f"{page.money(before + tip)} Kč")
    page.row("Platební karta", f"{page.money(before + tip)} Kč")
    page.text("Účtenka č. 2024-1-3345 1.12.2024 21:40")
    page.center("Těšíme se na shledanou")
    total = before + tip
    return golden(
        "czech_pub",
        seed,
        page,
        language="cs",
        chain=False,
        total=total,
        items=len(goods),
        currency="CZK",
        tenders=(("credit", total),),
    )

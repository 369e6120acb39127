from decimal import Decimal

from tests.pos_adapters.reading.layouts.base import Golden, Page, Shop, cents, golden, layout, total_of
from tests.pos_adapters.reading.layouts.catalogues import DE


def _page(width: int = 40) -> Page:
    return Page(width=width)


@layout
def german_supermarket_red(seed: int) -> Golden:
    """After the look of REWE: weights and counts under the goods, tax letters, deposit, TSE block, savings."""
    shop, page = Shop(seed, DE), _page(42)
    goods = shop.basket(3, 9, weighed=True)
    page.center("R-Markt GmbH")
    page.center("Domstr. 20")
    page.center("50668 Köln")
    page.center("UID Nr.: DE812706034")
    page.row("", "EUR")
    for one in goods:
        page.row(one.name.upper(), page.money(one.amount) + (" B" if one.weighed else " A"), width=42)
        if one.weighed:
            page.text(f"    {page.kilos(one.quantity)} kg x   {page.money(one.unit)} EUR/kg")
        elif one.count > 1:
            page.text(f"     {one.count} Stk x    {page.money(one.unit)}")
    total = total_of(goods)
    items = len(goods)
    if shop.rng.random() < 0.6:
        page.row("PFAND 0,25 EURO", "0,25 A*")
        total, items = total + Decimal("0.25"), items + 1
    page.rule()
    page.row("SUMME", f"EUR {page.money(total):>9}")
    page.rule("=")
    card = shop.rng.random() < 0.5
    if card:
        page.row("Geg. EC-Cash", f"EUR {page.money(total):>9}")
        page.text()
        page.center("* * Kundenbeleg * *")
        page.text("Datum:            14.03.2024")
        page.text("Beleg-Nr. 8341   Trace-Nr. 028341")
        page.center("Bezahlung Contactless girocard")
        page.text("Nr. ###############4711 0001")
        page.text("Terminal-ID       56008341")
        page.row("Betrag EUR", page.money(total))
        page.center("Zahlung erfolgt")
        tenders = (("debit", total),)
    else:
        handed = shop.handed(total)
        page.row("Geg. BAR", f"EUR {page.money(handed):>9}")
        page.row("Rückgeld BAR", f"EUR {page.money(handed - total):>9}")
        tenders = (("cash", total),)
    net = cents(total / Decimal("1.07"))
    page.text()
    page.text("Steuer  %      Netto   Steuer   Brutto")
    page.columns(("B=  7,0%", 10), (page.money(net), -10), (page.money(total - net), -9), (page.money(total), -9))
    page.columns(("Gesamtbetrag", 12), (page.money(net), -8), (page.money(total - net), -9), (page.money(total), -9))
    page.lines += [
        "TSE-Signatur:    W4bP0ZlHz3S6aZ==",
        "TSE-Signaturzähler: 1029384",
        "Seriennnummer Kasse: REWE:12:34",
    ]
    page.rule("*")
    page.text("Sie haben 0,85 EUR gespart!")
    page.text("14.03.2024   18:42   Bon-Nr.:1234")
    page.text("Markt:0715   Kasse:3   Bed.:121212")
    page.center("Vielen Dank für Ihren Einkauf")
    return golden(
        "german_supermarket_red",
        seed,
        page,
        language="de",
        chain=True,
        total=total,
        items=items,
        currency="EUR",
        tenders=tenders,
    )


@layout
def german_discounter_blue(seed: int) -> Golden:
    """After the look of Lidl and Aldi: count times price on the line, loyalty discounts below the goods."""
    shop, page = Shop(seed, DE), _page(38)
    goods = shop.basket(3, 8)
    page.center("DISCOUNT BLAU")
    page.center("Hauptstr. 1 10115 Berlin")
    page.row("", "EUR")
    total = Decimal(0)
    for index, one in enumerate(goods):
        left = f"{one.name[:16]:<17}"
        if one.count > 1:
            left += f"{page.money(one.unit)} x {one.count}"
        page.row(left, page.money(one.amount) + " A")
        total += one.amount
        if index == 1:
            off = Decimal("0.20")
            page.row("  Plus Rabatt", page.money(-off))
            total -= off
    page.rule()
    page.row("zu zahlen", page.money(total))
    page.rule()
    page.row("Karte" if seed % 2 else "Bar", page.money(total if seed % 2 else shop.handed(total)))
    tenders = (("credit", total),) if seed % 2 else (("cash", total),)
    if not seed % 2:
        page.row("Rückgeld", page.money(shop.handed(total) - total))
    page.rule()
    page.text("MWST%     MWST   +   Netto  =   Brutto")
    net = cents(total / Decimal("1.07"))
    page.text(f"A  7 %   {page.money(total - net)}     {page.money(net)}     {page.money(total)}")
    page.text("Summe    " + f"{page.money(total - net)}     {page.money(net)}     {page.money(total)}")
    page.rule("-")
    page.text("Mit Plus-Coupons 0,20 EUR gespart")
    page.text("1123   287561/02   16.05.24   17:38")
    page.text("UST-ID-NR:DE814501234")
    page.center("Danke und auf Wiedersehen")
    return golden(
        "german_discounter_blue",
        seed,
        page,
        language="de",
        chain=True,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=tenders,
    )


@layout
def german_drugstore_digit_codes(seed: int) -> Golden:
    """After the look of dm: a digit as tax code, article ids that look like prices."""
    shop, page = Shop(seed, DE), _page(36)
    goods = shop.basket(2, 6, many=0)
    page.text("Drogerie & mehr")
    page.text("Tel. 0721/55 92-0")
    page.text("17.10.2024 09:41 2317/1 400012/7 8126")
    page.text()
    for one in goods:
        page.row(one.name, f"{page.money(one.amount)} 1")
        if shop.rng.random() < 0.3:
            page.text(f"  Art. {shop.digits(4)},{shop.digits(2)}")
    total = total_of(goods)
    page.rule("=")
    page.row("SUMME EUR", page.money(total))
    page.rule("=")
    page.row("VISA EUR", page.money(total))
    page.text("MwSt-Satz  Brutto    Netto    MwSt")
    net = cents(total / Decimal("1.19"))
    page.text(f"1=19,00%  {page.money(total)}  {page.money(net)}  {page.money(total - net)}")
    page.text("Für diesen Einkauf hätten Sie")
    page.text(f"{int(total)} PAYBACK Punkte erhalten.")
    page.text("Danke für Ihren Besuch")
    return golden(
        "german_drugstore_digit_codes",
        seed,
        page,
        language="de",
        chain=True,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=(("credit", total),),
    )


@layout
def german_fuel(seed: int) -> Golden:
    """A filling station: litres with two or three decimals, price in tenths of a cent, rounded amount."""
    shop, page = Shop(seed, DE), _page(36)
    litres = Decimal(shop.rng.randint(15000, 55000)).scaleb(-3)
    price = Decimal(shop.rng.randint(1599, 1899)).scaleb(-3)
    amount = cents(litres * price)
    page.center("TANKSTELLE NORD")
    page.center("Inh. Petra Beispiel")
    page.text("Beleg-Nr. 4512/008/00002")
    page.rule("-")
    page.text("* Super E10     Säule 4")
    page.row(
        f"  {page.kilos(litres)} l x {page.money(price)[:-2]}{str(price)[-3:]}"[:0]
        + f"  {str(litres).replace('.', ',')} L x {str(price).replace('.', ',')} EUR/L",
        f"{page.money(amount)} A",
    )
    extra = shop.rng.random() < 0.5
    items, total = 1, amount
    if extra:
        page.row("Kaffee Crema", "2,49 A")
        items, total = 2, total + Decimal("2.49")
    page.rule("-")
    page.row("Gesamtbetrag", f"{page.money(total)} EUR")
    page.row("Girocard", f"{page.money(total)} EUR")
    net = cents(total / Decimal("1.19"))
    page.row("A: 19,00% MwSt", page.money(total - net))
    page.row("Nettoumsatz", page.money(net))
    page.text("04.06.2024 07:55 Kasse 1")
    page.text("TSE-Transaktion 99123")
    page.center("Gute Fahrt!")
    return golden(
        "german_fuel",
        seed,
        page,
        language="de",
        chain=False,
        total=total,
        items=items,
        currency="EUR",
        tenders=(("debit", total),),
    )


@layout
def german_restaurant(seed: int) -> Golden:
    """A restaurant: count before the dish, table, tip on top of the total, card slip appended."""
    shop = Shop(
        seed,
        [
            ("Schnitzel Wiener Art", "14.90"),
            ("Pils 0,5l", "4.60"),
            ("Apfelschorle", "3.90"),
            ("Espresso", "2.60"),
            ("Kaiserschmarrn", "8.50"),
            ("Tagessuppe", "5.20"),
            ("Gemischter Salat", "4.80"),
        ],
    )
    page = _page(40)
    goods = shop.basket(2, 5, many=0.6)
    page.center("Gasthaus zum Löwen")
    page.text("Rechnung Nr. 10234       Tisch 12")
    page.text("Es bediente Sie: Herr Huber")
    page.rule("-")
    for one in goods:
        page.row(f"{one.count}x {one.name}", page.money(one.amount))
    total = total_of(goods)
    page.rule("-")
    page.row("Summe", f"{page.money(total)} €")
    tip = Decimal(shop.rng.randint(1, 4))
    page.row("Trinkgeld", f"{page.money(tip)} €")
    page.row("Gesamtbetrag", f"{page.money(total + tip)} €")
    page.row("Kreditkarte VISA", f"{page.money(total + tip)} €")
    net = cents(total / Decimal("1.19"))
    page.row("19% MwSt aus " + page.money(total), page.money(total - net))
    page.text("12.07.2024  21:15")
    page.center("Wir danken für Ihren Besuch!")
    return golden(
        "german_restaurant",
        seed,
        page,
        language="de",
        chain=False,
        total=total + tip,
        items=len(goods),
        currency="EUR",
        tenders=(("credit", total + tip),),
    )


@layout
def swiss_grocer_rounded(seed: int) -> Golden:
    """A Swiss grocer: apostrophe thousands, quantity, price and amount columns, rounding to five centimes."""
    shop = Shop(
        seed,
        [
            ("Gruyère AOP", "8.47"),
            ("Milch UHT", "1.58"),
            ("Ruchbrot", "2.93"),
            ("Rivella rot", "2.21"),
            ("Cervelat 2er", "3.76"),
            ("Kaffeemaschine", "1249.90"),
        ],
    )
    page = Page(width=42, decimal=".", thousands="'")
    goods = shop.basket(2, 5)
    page.center("Genossenschaft M Zürich")
    page.text("Artikel            Menge   Preis    Total")
    for one in goods:
        page.columns((one.name, 18), (str(one.count), -5), (page.money(one.unit), -9), (page.money(one.amount), -10))
    before = total_of(goods)
    total = (before * 20).quantize(Decimal(1)) / 20
    total = cents(total)
    page.rule("-")
    page.row("Zwischensumme CHF", page.money(before))
    if total != before:
        page.row("Rundung", page.money(total - before))
    page.row("Total CHF", page.money(total))
    handed = shop.handed(total, (10, 20, 50, 100, 200))
    page.row("Bar CHF", page.money(handed))
    page.row("Rückgeld CHF", page.money(handed - total))
    page.text("MWST-Nr. CHE-116.281.710")
    page.text("Cumulus-Nr. 2099 123 456 789")
    page.text("08.02.2024 12:03:55")
    page.center("Merci für Ihren Einkauf")
    return golden(
        "swiss_grocer_rounded",
        seed,
        page,
        language="de",
        chain=True,
        total=total,
        items=len(goods),
        currency="CHF",
        tenders=(("cash", total),),
    )

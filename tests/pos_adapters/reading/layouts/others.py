from decimal import Decimal

from tests.pos_adapters.reading.layouts.base import Golden, Page, Shop, cents, golden, layout, total_of
from tests.pos_adapters.reading.layouts.catalogues import NL, TR


@layout
def turkish_market(seed: int) -> Golden:
    """After the look of a Turkish chain: starred amounts, VAT rate per line, TOPKDV before TOPLAM."""
    shop, page = Shop(seed, TR), Page(width=36)
    goods = shop.basket(2, 7, weighed=True)
    page.center("ŞOK-MAR MARKETÇİLİK A.Ş.")
    page.text("TARİH : 15.06.2024   SAAT : 19:22")
    page.text("FİŞ NO : 0042")
    for one in goods:
        if one.weighed:
            page.text(f"{page.kilos(one.quantity)} KG x {page.money(one.unit)}")
        elif one.count > 1:
            page.text(f"{one.count} AD x {page.money(one.unit)}")
        page.row(f"{one.name:<20}%01", f"*{page.money(one.amount)}")
    total = total_of(goods)
    page.rule()
    page.row("TOPKDV", f"*{page.money(cents(total / 101))}")
    page.row("TOPLAM", f"*{page.money(total)}")
    page.rule()
    if seed % 2:
        handed = shop.handed(total, (50, 100, 200, 500))
        page.row("NAKİT", f"*{page.money(handed)}")
        page.row("PARA ÜSTÜ", f"*{page.money(handed - total)}")
        tenders = (("cash", total),)
    else:
        page.row("KREDİ KARTI", f"*{page.money(total)}")
        tenders = (("credit", total),)
    page.text("KASİYER : AYŞE   KASA NO : 3")
    page.text("Z NO : 1204      EKÜ NO : 0002")
    page.center("MF YAB 12345678")
    page.center("YİNE BEKLERİZ")
    return golden(
        "turkish_market",
        seed,
        page,
        language="tr",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=tenders,
    )


@layout
def turkish_restaurant(seed: int) -> Golden:
    """A Turkish restaurant: count in front, subtotal, discount, TL sign."""
    shop = Shop(
        seed,
        [("ADANA KEBAP", "280.00"), ("AYRAN", "35.00"), ("KÜNEFE", "145.00"), ("MERCİMEK", "80.00"), ("ÇAY", "20.00")],
    )
    page = Page(width=32)
    goods = shop.basket(2, 4, many=0.5)
    page.center("KEBAPÇI HALİL USTA")
    page.text("MASA: 12   GARSON: MEHMET")
    for one in goods:
        page.row(f"{one.count} {one.name}", f"{page.money(one.amount)} ₺")
    before = total_of(goods)
    off = cents(before / 10)
    page.row("ARA TOPLAM", f"{page.money(before)} ₺")
    page.row("İNDİRİM %10", f"-{page.money(off)} ₺")
    total = before - off
    page.row("GENEL TOPLAM", f"{page.money(total)} ₺")
    page.row("Banka Kartı", f"{page.money(total)} ₺")
    page.row("KDV %10 dahil", f"{page.money(cents(total / 11))} ₺")
    page.text("21.07.2024 20:45")
    page.center("AFİYET OLSUN")
    return golden(
        "turkish_restaurant",
        seed,
        page,
        language="tr",
        chain=False,
        total=total,
        items=len(goods),
        currency="TRY",
        tenders=(("debit", total),),
    )


@layout
def dutch_supermarket(seed: int) -> Golden:
    """After the look of Albert Heijn: count column first, BONUS lines, stamps, PIN slip, VAT table."""
    shop, page = Shop(seed, NL), Page(width=38)
    goods = shop.basket(3, 8)
    page.center("A-HEIN 1234")
    page.text("AANTAL OMSCHRIJVING    PRIJS  BEDRAG")
    page.text("      BONUSKAART          xx1234")
    before = Decimal(0)
    for one in goods:
        if one.count > 1:
            page.columns((str(one.count), 6), (one.name, 17), (page.money(one.unit), -6), (page.money(one.amount), -8))
        else:
            page.columns(("1", 6), (one.name, 17), ("", -6), (page.money(one.amount), -8))
        before += one.amount
    page.row(f"{sum(one.count for one in goods)}     SUBTOTAAL", page.money(before), width=37)
    off = cents(before / 8)
    page.row("BONUS AHVOORDEEL", f"-{page.money(off)}", width=37)
    page.row("      UW VOORDEEL", page.money(off), width=37)
    total = before - off
    page.row("      TOTAAL", page.money(total), width=37)
    page.text("BETAALD MET:")
    page.row("PINNEN", page.money(total), width=37)
    page.text("POI: 50012345   KLANTTICKET")
    page.text("Terminal 5F2B11   Merchant 1315641")
    page.row("Totaal", f"{page.money(total)} EUR")
    page.text("Leesmethode NFC CHIP")
    page.text("BTW      OVER      EUR")
    base = cents(total / Decimal("1.09"))
    page.text(f"9%     {page.money(base)}    {page.money(total - base)}")
    page.text(f"TOTAAL {page.money(base)}    {page.money(total - base)}")
    page.text("1234  17:42  35  14-6-2024")
    page.center("Vragen? Onze medewerkers helpen u graag")
    return golden(
        "dutch_supermarket",
        seed,
        page,
        language="nl",
        chain=True,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=(("debit", total),),
    )


@layout
def belgian_shop(seed: int) -> Golden:
    """A Belgian shop: euro sign in front, rounding to five cents, cash back."""
    shop, page = Shop(seed, [(n, str(Decimal(p) + Decimal("0.02"))) for n, p in NL]), Page(width=36)
    goods = shop.basket(2, 6, many=0.3)
    page.center("BUURTWINKEL DE KROON")
    page.text("BTW BE 0123.456.789")
    page.text("Ticket 4471   Kassa 2   05/09/2024 11:06")
    for one in goods:
        if one.count > 1:
            page.text(f"{one.count} x € {page.money(one.unit)}")
        page.row(one.name, f"€ {page.money(one.amount)}")
    before = total_of(goods)
    total = cents((before * 20).quantize(Decimal(1)) / 20)
    page.row("Totaal", f"€ {page.money(before)}")
    if total != before:
        page.row("Afronding", f"€ {page.money(total - before)}")
    page.row("Te betalen", f"€ {page.money(total)}")
    handed = shop.handed(total)
    page.row("Contant", f"€ {page.money(handed)}")
    page.row("Terug", f"€ {page.money(handed - total)}")
    page.center("Bedankt en tot ziens!")
    return golden(
        "belgian_shop",
        seed,
        page,
        language="nl",
        chain=False,
        total=total,
        items=len(goods),
        currency="EUR",
        tenders=(("cash", total),),
    )

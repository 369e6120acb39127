from decimal import Decimal

from tests.pos_adapters.reading.layouts.base import Golden, Page, Shop, cents, golden, layout, total_of
from tests.pos_adapters.reading.layouts.catalogues import KK, RU, UK


@layout
def russian_fiscal_receipt(seed: int) -> Golden:
    """A Russian fiscal receipt of FFD 1.05: quantity times price with `=`, VAT per item, marks and QR string."""
    shop, page = Shop(seed, RU), Page(width=42, decimal=".", thousands="")
    goods = shop.basket(2, 8, weighed=True)
    page.center('ООО "ТОРГОВЫЙ ДОМ"')
    page.center("420111, Казань, ул. Баумана, 12")
    page.row("КАССОВЫЙ ЧЕК", "ПРИХОД")
    for number, one in enumerate(goods, 1):
        page.text(f"{number}. {one.name}")
        quantity = page.kilos(one.quantity) if one.weighed else str(one.count)
        page.row(f"   {quantity} x {page.money(one.unit)}", f"={page.money(one.amount)}")
        page.row("   НДС 10%", f"={page.money(cents(one.amount / 11))}")
    total = total_of(goods)
    page.row("ИТОГ", f"={page.money(total)}")
    if seed % 2:
        handed = shop.handed(total, (100, 500, 1000, 5000))
        page.row("НАЛИЧНЫМИ", f"={page.money(total)}")
        page.row("ПОЛУЧЕНО", f"={page.money(handed)}")
        page.row("СДАЧА", f"={page.money(handed - total)}")
        tenders = (("cash", total),)
    else:
        page.row("БЕЗНАЛИЧНЫМИ", f"={page.money(total)}")
        tenders = (("credit", total),)
    page.row("СУММА НДС 10%", f"={page.money(cents(total / 11))}")
    page.text("КАССИР: Иванова А.П.   СМЕНА N 112")
    page.text("ЗН ККТ 00106300123456  СНО: ОСН")
    page.text("РН ККТ 0001234567012345 ИНН 1655123456")
    page.text("14.03.24 18:21  ФН N 9280440300200295")
    page.text("ФД N 14378  ФП 3796110719")
    page.text("САЙТ ФНС: www.nalog.gov.ru")
    amount = f"{total:.2f}"
    codes = (("qr", f"t=20240314T1821&s={amount}&fn=9280440300200295&i=14378&fp=3796110719&n=1"),)
    return golden(
        "russian_fiscal_receipt",
        seed,
        page,
        language="ru",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=tenders,
        codes=codes,
    )


@layout
def russian_supermarket_discounts(seed: int) -> Golden:
    """After the look of Pyaterochka: catalogue number, price with and without card, bonus lines, savings."""
    shop, page = Shop(seed, RU), Page(width=40, decimal=".", thousands=" ")
    goods = shop.basket(3, 8, many=0.2)
    page.center("5 ШАГОВ")
    page.text("Чек №: 4821  Касса: 3  Смена: 210")
    page.text("Кассир: Петрова Мария")
    total = Decimal(0)
    for index, one in enumerate(goods):
        page.text(f"{shop.digits(7)} {one.name}")
        page.row(f"  {page.money(one.unit)} *{one.count}", f"={page.money(one.amount)}")
        total += one.amount
        if index == 0:
            cut = cents(one.amount * Decimal("0.15"))
            page.row("  Скидка по карте", f"-{page.money(cut)}")
            total -= cut
    page.rule()
    page.row("ИТОГО К ОПЛАТЕ", f"{page.money(total)}")
    page.row("Карта банковская", f"{page.money(total)}")
    page.text("Карта: 7789********4521")
    page.text("Начислено баллов: 23")
    page.text("Баланс баллов: 1 204")
    page.row("Ваша скидка составила", page.money(Decimal("13.49")))
    page.text("12.05.2024 20:14")
    page.center("СПАСИБО ЗА ПОКУПКУ!")
    return golden(
        "russian_supermarket_discounts",
        seed,
        page,
        language="ru",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=(("credit", total),),
    )


@layout
def russian_cafe_total_discount(seed: int) -> Golden:
    """A cafe: amounts without kopecks, subtotal, a discount in per cent on the whole, card."""
    shop = Shop(
        seed,
        [
            ("Капучино", "220"),
            ("Эспрессо", "150"),
            ("Круассан", "180"),
            ("Салат Цезарь", "450"),
            ("Морс", "120"),
            ("Чизкейк", "320"),
        ],
    )
    page = Page(width=36, decimals=0, thousands=" ")
    goods = shop.basket(2, 5, many=0.4)
    page.center("Кафе «Булочная»")
    page.text("Стол 7    Официант: Олег")
    page.text("Наименование     Кол  Цена  Сумма")
    for one in goods:
        page.columns((one.name, 17), (str(one.count), -3), (page.money(one.unit), -6), (page.money(one.amount), -8))
    before = total_of(goods)
    off = (before / 10).quantize(Decimal(1))
    page.row("Сумма без скидки", page.money(before), width=34)
    page.row("Скидка 10%", page.money(-off), width=34)
    total = before - off
    page.row("Итого", f"{page.money(total)}", width=34)
    page.row("Оплата картой", f"{page.money(total)}", width=34)
    page.text("02.06.2024 13:45")
    page.center("Благодарим за визит!")
    return golden(
        "russian_cafe_total_discount",
        seed,
        page,
        language="ru",
        chain=False,
        total=total,
        items=len(goods),
        currency=None,
        tenders=(("credit", total),),
    )


@layout
def ukrainian_fiscal(seed: int) -> Golden:
    """A Ukrainian fiscal receipt: multiplication line above the name, VAT letter, acquirer block, rounding."""
    shop, page = Shop(seed, UK), Page(width=40, thousands="")
    goods = shop.basket(3, 7, weighed=True)
    page.center("ТОВ «СІЛЬВЕР»")
    page.center("м. Київ, вул. Хрещатик, 1")
    page.text("ПН 407201926538")
    page.text("Касир Олена   Чек № 000123456")
    for one in goods:
        if one.weighed or one.count > 1:
            page.text(f"{page.kilos(one.quantity)} X {page.money(one.unit)}")
        page.row(one.name, f"{page.money(one.amount)} А")
    before = total_of(goods)
    total = before
    page.rule()
    if seed % 2:
        total = before.quantize(Decimal("0.1"))
        total = cents(total)
        page.row("СУМА", page.money(before))
        if total != before:
            page.row("ЗАОКРУГЛЕННЯ", page.money(total - before))
        page.row("ДО СПЛАТИ", page.money(total))
        handed = shop.handed(total, (50, 100, 200, 500))
        page.row("ГОТІВКА", f"{page.money(handed)} ГРН")
        page.row("РЕШТА", f"{page.money(handed - total)} ГРН")
        tenders = (("cash", total),)
    else:
        page.row("СУМА", page.money(total))
        page.row("БЕЗГОТІВКОВА КАРТКА", f"{page.money(total)} ГРН")
        page.text("ЕКВАЙР ПРИВАТБАНК  ТЕРМІНАЛ S1A2B3")
        page.text("ЕПЗ XXXXXXXXXXXX1234 КОД АВТ. 123456")
        tenders = (("credit", total),)
    page.row("ПДВ А 20,00%", page.money(cents(before / 6)))
    page.text("ЧЕК 0012345  27.06.2024 15:02:11")
    page.text("ФН 3000123456   ЗН ПБ4101234567")
    page.center("ДЯКУЄМО ЗА ПОКУПКУ!")
    page.center("ФІСКАЛЬНИЙ ЧЕК")
    return golden(
        "ukrainian_fiscal",
        seed,
        page,
        language="uk",
        chain=True,
        total=total,
        items=len(goods),
        currency="UAH",
        tenders=tenders,
    )


@layout
def ukrainian_pharmacy(seed: int) -> Golden:
    """A pharmacy: discount in words under each line, bonus balance, card."""
    shop, page = Shop(seed, UK), Page(width=36)
    goods = shop.basket(2, 5, many=0.4)
    page.center("АПТЕКА ДОБРОГО ДНЯ")
    total = Decimal(0)
    for one in goods:
        page.text(one.name)
        page.row(f"  {one.count} шт x {page.money(one.unit)}", page.money(one.amount))
        cut = cents(one.amount * Decimal("0.05"))
        page.row("  Знижка 5%", page.money(-cut))
        total += one.amount - cut
    page.row("ВСЬОГО ДО СПЛАТИ", page.money(total))
    page.row("Готівка", page.money(total))
    page.text("Нараховано бонусів: 4,20")
    page.text("Баланс бонусів: 112,00")
    page.text("03.03.2024 09:15 Каса 2 Чек 8841")
    page.center("Дякуємо!")
    return golden(
        "ukrainian_pharmacy",
        seed,
        page,
        language="uk",
        chain=False,
        total=total,
        items=len(goods),
        currency=None,
        tenders=(("cash", total),),
    )


@layout
def kazakh_fiscal(seed: int) -> Golden:
    """A bilingual Kazakh receipt with tiyn, KKM marks and the operator's QR."""
    shop, page = Shop(seed, KK), Page(width=42, thousands=" ")
    goods = shop.basket(2, 6)
    page.center("ЖК «АЛМА»  БСН 010203040506")
    page.text("Касса: 1   Кассир: Айгүл")
    page.text("Чек № 123   Ауысым № 45")
    for number, one in enumerate(goods, 1):
        page.text(f"{number}. {one.name}")
        page.row(f"   {one.count} дана x {page.money(one.unit)}", f"{page.money(one.amount)}")
    total = total_of(goods)
    page.rule()
    page.row("БАРЛЫҒЫ/ИТОГО:", page.money(total))
    if seed % 2:
        handed = shop.handed(total, (1000, 2000, 5000, 10000, 20000))
        page.row("Қолма-қол/Наличные:", page.money(handed))
        page.row("Қайтарым/Сдача:", page.money(handed - total))
        tenders = (("cash", total),)
    else:
        page.row("Банк картасы/Карта:", page.money(total))
        tenders = (("credit", total),)
    page.row("Оның ішінде ҚҚС 12%:", page.money(cents(total * 12 / 112)))
    page.text("Фискалды белгі: 3718502959")
    page.text("БКМ ЗН: SWK00034567  05.07.2024 02:51")
    page.text("ФДО: «Казахтелеком» АҚ")
    codes = (("qr", f"http://consumer.oofd.kz?i=3718502959&f=010103560410&s={total:.2f}&t=20240705T025100"),)
    return golden(
        "kazakh_fiscal",
        seed,
        page,
        language="kk",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=tenders,
        codes=codes,
    )


@layout
def kazakh_cafe(seed: int) -> Golden:
    """A cafe without tiyn: whole tenge with a sign, QR payment."""
    shop, page = Shop(seed, KK, decimals=0), Page(width=36, decimals=0, thousands=" ")
    goods = shop.basket(2, 5, many=0.4)
    page.center("«Дастархан» кафесі")
    page.text("Атауы           Саны  Бағасы  Сомасы")
    for one in goods:
        page.columns((one.name, 16), (str(one.count), -4), (page.money(one.unit), -8), (page.money(one.amount), -8))
    total = total_of(goods)
    page.row("Барлығы төлеуге:", f"{page.money(total)} ₸")
    page.row("Kaspi QR", f"{page.money(total)} ₸")
    page.text("11.02.2024 12:00")
    page.center("Сатып алғаныңызға рахмет!")
    return golden(
        "kazakh_cafe",
        seed,
        page,
        language="kk",
        chain=False,
        total=total,
        items=len(goods),
        currency="KZT",
        tenders=(("mobile", total),),
    )

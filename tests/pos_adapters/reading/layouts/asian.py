from decimal import Decimal

from tests.pos_adapters.reading.layouts.base import Golden, Page, Shop, cents, golden, layout, total_of
from tests.pos_adapters.reading.layouts.catalogues import JA, KO, ZH


@layout
def japanese_convenience(seed: int) -> Golden:
    """After the look of Seven-Eleven: starred reduced rate, tax included told, electronic money or cash."""
    shop, page = Shop(seed, JA, decimals=0), Page(width=32, decimals=0, thousands=",")
    goods = shop.basket(2, 6, many=0)
    page.center("セブンス 千代田店")
    page.text("東京都千代田区二番町８－８")
    page.text("電話：03-6238-3711  レジ #2")
    page.text("2024年03月12日(火) 12:34  責 123")
    page.center("領 収 書")
    for one in goods:
        page.row(one.name, f"*{page.money(one.amount)}")
    total = total_of(goods)
    tax = (total * 8 / 108).quantize(Decimal(1))
    page.row("小計(税抜 8%)", f"¥{page.money(total)}")
    page.row("合 計", f"¥{page.money(total)}")
    page.row("(税率 8%対象", f"¥{page.money(total)})")
    page.row("(内消費税等 8%", f"¥{page.money(tax)})")
    if seed % 2:
        handed = shop.handed(total, (500, 1000, 2000, 5000))
        page.row("お 預 り", f"¥{page.money(handed)}")
        page.row("お 釣", f"¥{page.money(handed - total)}")
        tenders = (("cash", total),)
    else:
        page.row("nanaco支払", f"¥{page.money(total)}")
        page.text("nanaco番号       *********1234")
        page.row("nanaco残高", "¥3,210")
        tenders = (("stored_value", total),)
    page.text("お買上明細は上記のとおりです。")
    page.text("[*]マークは軽減税率対象です。")
    return golden(
        "japanese_convenience",
        seed,
        page,
        language="ja",
        chain=True,
        total=total,
        items=len(goods),
        currency="JPY",
        tenders=tenders,
    )


@layout
def japanese_supermarket_outer_tax(seed: int) -> Golden:
    """A supermarket: unit price x count below the name, discount, tax on top, points."""
    shop, page = Shop(seed, JA, decimals=0), Page(width=36, decimals=0, thousands=",")
    goods = shop.basket(3, 7, many=0.4)
    page.center("スーパー丸山 本店")
    page.text("TEL 03-1234-5678")
    page.text("2024/05/02(木) 18:09 レジ:0003 担当:山田")
    net = Decimal(0)
    for index, one in enumerate(goods):
        page.row(one.name, f"¥{page.money(one.amount)}※")
        if one.count > 1:
            page.text(f"    (@{page.money(one.unit)} × {one.count}コ)")
        net += one.amount
        if index == 0:
            page.row("  割引 20%", f"-{page.money((one.amount / 5).quantize(Decimal(1)))}")
            net -= (one.amount / 5).quantize(Decimal(1))
    page.rule("-")
    page.row(f"小計   {sum(one.count for one in goods)}点", f"¥{page.money(net)}")
    tax = (net * 8 / 100).quantize(Decimal(1))
    page.row("外税8%対象額", f"¥{page.money(net)}")
    page.row("外税8%", f"¥{page.money(tax)}")
    total = net + tax
    page.row("合計", f"¥{page.money(total)}")
    page.row("クレジット", f"¥{page.money(total)}")
    page.row("お釣り", "¥0")
    page.text("会員番号 2900123456789")
    page.row("今回ポイント", "12P")
    page.row("累計ポイント", "1,234P")
    page.text("毎度ありがとうございます")
    return golden(
        "japanese_supermarket_outer_tax",
        seed,
        page,
        language="ja",
        chain=True,
        total=total,
        items=len(goods),
        currency="JPY",
        tenders=(("credit", total),),
    )


@layout
def japanese_cafe(seed: int) -> Golden:
    """A cafe: count column, amounts with 円, two labels on one line."""
    shop = Shop(
        seed, [("ブレンド", "450"), ("カフェラテ", "520"), ("モーニングセット", "780"), ("ケーキ", "600")], decimals=0
    )
    page = Page(width=32, decimals=0, thousands=",")
    goods = shop.basket(2, 4, many=0.5)
    page.center("喫茶みどり")
    page.text("伝票番号 0012  テーブル 5")
    page.text("2024-11-30 09:15")
    for one in goods:
        page.columns((one.name, 18), (str(one.count), -4), (f"{page.money(one.amount)}円", -10))
    total = total_of(goods)
    handed = shop.handed(total, (1000, 2000, 5000, 10000))
    page.rule("-")
    page.row("合計", f"{page.money(total)}円")
    page.text(f"現金 {page.money(handed)}円   お釣り {page.money(handed - total)}円")
    page.text("ありがとうございました")
    return golden(
        "japanese_cafe",
        seed,
        page,
        language="ja",
        chain=False,
        total=total,
        items=len(goods),
        currency="JPY",
        tenders=(("cash", total),),
    )


@layout
def chinese_supermarket(seed: int) -> Golden:
    """A Chinese supermarket: four columns, counts, tendered and change on one line, points."""
    shop, page = Shop(seed, ZH), Page(width=36, decimal=".", thousands="")
    goods = shop.basket(2, 8, weighed=True)
    page.center("永惠超市 人民路店")
    page.text("收银员:1024  机号:03")
    page.text("单号:20240612000123")
    page.text("时间:2024-06-12 18:30:22")
    page.columns(("品名", 14), ("数量", -6), ("单价", -7), ("金额", -9))
    for one in goods:
        quantity = page.kilos(one.quantity) if one.weighed else str(one.count)
        page.columns((one.name, 14), (quantity, -6), (page.money(one.unit), -7), (page.money(one.amount), -9))
    total = total_of(goods)
    page.rule("-")
    page.text(f"合计件数:{sum(one.count if not one.weighed else 1 for one in goods)}")
    page.row("应收:", page.money(total))
    if seed % 2:
        handed = shop.handed(total)
        page.text(f"现金:{page.money(handed)}   找零:{page.money(handed - total)}")
        tenders = (("cash", total),)
    else:
        page.row("微信支付:", page.money(total))
        page.row("找零:", "0.00")
        tenders = (("mobile", total),)
    page.text("会员卡号:6688****1234")
    page.text("本次积分:12  累计积分:3456")
    page.text("电话:021-55667788")
    page.center("谢谢惠顾 欢迎再次光临")
    return golden(
        "chinese_supermarket",
        seed,
        page,
        language="zh",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=tenders,
    )


@layout
def chinese_restaurant(seed: int) -> Golden:
    """A restaurant: name above, price x count below, service fee, discount, sign of yuan."""
    shop = Shop(
        seed, [("宫保鸡丁", "38.00"), ("米饭", "3.00"), ("青岛啤酒", "12.00"), ("水煮鱼", "88.00"), ("拍黄瓜", "16.00")]
    )
    page = Page(width=32, decimal=".", thousands=",")
    goods = shop.basket(2, 5, many=0.5)
    page.center("老四川饭店")
    page.text("桌号:A08   人数:4")
    page.text("结账时间:2024-08-18 20:11")
    page.rule("-")
    for one in goods:
        page.row(f"{one.name} x{one.count}", f"¥{page.money(one.amount)}")
    before = total_of(goods)
    fee = Decimal("4.00")
    off = cents(before / 10)
    page.rule("-")
    page.row("小计", f"¥{page.money(before)}")
    page.row("餐位费", f"¥{page.money(fee)}")
    page.row("优惠金额", f"-¥{page.money(off)}")
    total = before + fee - off
    page.row("实付金额", f"¥{page.money(total)}")
    page.row("支付宝", f"¥{page.money(total)}")
    page.text("扫码开具电子发票")
    page.center("欢迎下次光临")
    return golden(
        "chinese_restaurant",
        seed,
        page,
        language="zh",
        chain=False,
        total=total,
        items=len(goods),
        currency="CNY",
        tenders=(("mobile", total),),
    )


@layout
def korean_convenience(seed: int) -> Golden:
    """After the look of a Korean convenience chain: columns, taxable base and VAT told, card slip, points."""
    shop, page = Shop(seed, KO, decimals=0), Page(width=40, decimals=0, thousands=",")
    goods = shop.basket(2, 7)
    page.center("씨유마트 역삼점")
    page.text("사업자번호 123-45-67890  TEL 02-555-1234")
    page.text("2024-06-20(목) 21:33:05   POS-02")
    page.columns(("상품명", 18), ("단가", -8), ("수량", -5), ("금액", -9))
    page.rule("-")
    for one in goods:
        page.columns((one.name, 18), (page.money(one.unit), -8), (str(one.count), -5), (page.money(one.amount), -9))
    total = total_of(goods)
    base = (total / Decimal("1.1")).quantize(Decimal(1))
    page.rule("-")
    page.row("총 구매액", f"{sum(one.count for one in goods)}      {page.money(total)}")
    page.row("과세물품가액", page.money(base))
    page.row("부가세", page.money(total - base))
    page.row("결제금액", page.money(total))
    if seed % 2:
        handed = shop.handed(total, (1000, 5000, 10000, 50000))
        page.row("현금", page.money(handed))
        page.row("거스름돈", page.money(handed - total))
        tenders = (("cash", total),)
    else:
        page.row("신용카드", page.money(total))
        page.text("카드번호 1234-56**-****-7890")
        page.text("승인번호 30012345  일시불")
        tenders = (("credit", total),)
    page.text("*표시 상품은 부가세 면세품목입니다")
    page.text("교환/환불은 30일이내 영수증 지참시 가능")
    page.center("감사합니다")
    return golden(
        "korean_convenience",
        seed,
        page,
        language="ko",
        chain=True,
        total=total,
        items=len(goods),
        currency=None,
        tenders=tenders,
    )


@layout
def korean_cafe(seed: int) -> Golden:
    """A cafe: won word behind, discount, simple payment."""
    shop = Shop(
        seed,
        [("아메리카노", "4500"), ("카페라떼", "5000"), ("치즈케이크", "6800"), ("유자차", "5500"), ("베이글", "3900")],
        decimals=0,
    )
    page = Page(width=32, decimals=0, thousands=",")
    goods = shop.basket(2, 4, many=0.5)
    page.center("커피하우스 강남")
    page.text("주문번호: 087   2024/01/15 08:44")
    page.rule("=")
    for one in goods:
        page.text(one.name)
        page.row(f"   {page.money(one.unit)}원 x {one.count}", f"{page.money(one.amount)}원")
    before = total_of(goods)
    off = Decimal(500)
    page.rule("=")
    page.row("소계", f"{page.money(before)}원")
    page.row("쿠폰할인", f"-{page.money(off)}원")
    total = before - off
    page.row("합계", f"{page.money(total)}원")
    page.row("카카오페이", f"{page.money(total)}원")
    page.text("스탬프 적립: 2개")
    page.center("이용해 주셔서 감사합니다")
    return golden(
        "korean_cafe",
        seed,
        page,
        language="ko",
        chain=False,
        total=total,
        items=len(goods),
        currency="KRW",
        tenders=(("mobile", total),),
    )

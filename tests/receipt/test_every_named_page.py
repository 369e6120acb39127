"""Every code page that the issue of reading names: declared rightly, not at all, or by another page's number."""

import pytest

from receipt.document import PaperReader
from receipt.printers import DEFAULT_MODEL, printer_model

RECEIPTS = {
    "cp866": "ООО Ромашка\nКассовый чек №12\nМолоко 3,2% 1л   89.90\nХлеб             45.50\nИТОГО           135.40\nНаличные        200.00\nСдача            64.60",
    "cp1251": "Магазин Продукты\nПельмени 1 уп    189.90\nЁлка     45.50\nИтого           135.40\nСпасибо за покупку",
    "koi8_r": "Магазин Продукты\nПельмени 1 уп    189.90\nИтого           135.40\nСпасибо за покупку",
    "cp852": "SKLEP SPOŻYWCZY\nMąka pszenna 3,49\nŻółty ser 12,99\nSuma PLN 16,48\nGotówka 20,00\nReszta 3,52\nDziękujemy",
    "cp1250": "Večerka u Nováků\nChléb žitný 39,90\nMléko polotučné 24,90\nCelkem k úhradě 64,80 Kč\nDěkujeme za nákup",
    "cp857": "MARKET A.Ş.\nSüt 1 lt  %1 *32,50\nEKMEK  *10,00\nTOPLAM *42,50\nNAKİT *50,00\nPARA ÜSTÜ *7,50\nTEŞEKKÜR EDERİZ",
    "cp1254": "MARKET A.Ş.\nSüt 1 lt  %1 *32,50\nTOPLAM *42,50\nNAKİT *50,00\nPara üstü *7,50\nTeşekkür ederiz, iyi günler",
    "cp737": "ΠΑΝΤΟΠΩΛΕΙΟ\nΓάλα 1λ 1,45\nΨωμί 0,90\nΣΥΝΟΛΟ 2,35\nΜΕΤΡΗΤΑ 5,00\nΡέστα 2,65\nΕυχαριστούμε",
    "cp1253": "ΠΑΝΤΟΠΩΛΕΙΟ\nΓάλα 1λ 1,45\nΨωμί 0,90\nΣΥΝΟΛΟ 2,35\nΕυχαριστούμε πολύ",
    "cp862": 'חנות מכולת\nחלב 3% 6.20\nלחם אחיד 7.11\nסה"כ לתשלום 13.31\nמזומן 20.00\nעודף 6.69\nתודה רבה',
    "cp1255": 'חנות מכולת\nחלב 3% 6.20\nלחם אחיד 7.11\nסה"כ לתשלום 13.31\nמזומן 20.00\nתודה רבה',
    "cp1256": "متجر الأمل\nحليب طازج 5.50\nخبز 2.00\nالمجموع 7.50\nنقدا 10.00\nالباقي 2.50\nشكرا لزيارتكم",
    "cp874": "ร้านสะดวกซื้อ\nนมสด 25.00\nขนมปัง 18.00\nรวมทั้งสิ้น 43.00\nเงินสด 50.00\nเงินทอน 7.00\nขอบคุณค่ะ",
    "cp932": "コンビニ東京店\nおにぎり 130\nお茶 150\n合計 280円\nお預り 500円\nお釣り 220円\nありがとうございました",
    "gb18030": "便民超市\n矿泉水 2.00\n面包 5.50\n合计 7.50\n现金 10.00\n找零 2.50\n谢谢惠顾",
    "cp949": "편의점 역삼점\n삼각김밥 1,200\n우유 2,500\n합계 3,700\n받은돈 5,000\n거스름돈 1,300\n감사합니다",
    "big5": "便利商店\n礦泉水 20\n麵包 35\n合計 55\n現金 100\n找零 45\n謝謝光臨",
}
WRONG_NUMBERS = (0, 2, 7, 16, 17, 46, 255)
NUMBERS = {codec: number for number, codec in printer_model(DEFAULT_MODEL).code_pages.items()}


def text_of(job: bytes) -> list[str]:
    reader = PaperReader()
    return [line.text for paper in (*reader.feed(job), *reader.close()) for line in paper.lines]


def declarations(codec: str) -> dict[str, bytes]:
    """Return what a till may say before the text: nothing, the right page, or any other."""
    said = {f"ESC t {number}": b"\x1bt" + bytes((number,)) for number in WRONG_NUMBERS if number != NUMBERS.get(codec)}
    right = b"\x1bt" + bytes((NUMBERS[codec],)) if codec in NUMBERS else b"\x1c&"
    return {"nothing": b"", "the right page": right, **said}


@pytest.mark.parametrize("codec", RECEIPTS)
def test_a_receipt_is_read_whatever_its_till_says_of_its_page(codec: str) -> None:
    lines = RECEIPTS[codec].split("\n")
    body = b"".join(line.encode(codec) + b"\n" for line in lines)
    wrong = {}
    for what, declared in declarations(codec).items():
        seen = text_of(b"\x1b@" + declared + body + b"\x1dV\x00")
        if seen != lines:
            wrong[what] = [pair for pair in zip(seen, lines, strict=False) if pair[0] != pair[1]]
    assert wrong == {}

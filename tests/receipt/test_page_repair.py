"""The page that a till declared wrongly or not at all is found again from the text, in every language we read."""

from __future__ import annotations

import warnings

import pytest
from escpos.printer import Dummy

from receipt.code_pages import Encoding, single_byte
from receipt.document import PaperReader
from receipt.page_evidence import plausibility

# What a small receipt says in each language, and the encodings that tills there print it in.
RECEIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ru": (
        (
            "ООО «Ромашка»\n"
            "Кассовый чек\n"
            "Молоко 3,2% 1 л      89.90\n"
            "Хлеб ржаной          45.50\n"
            "Сыр Российский 0,354 кг 212.40\n"
            "ИТОГО               347.80\n"
            "Наличными           500.00\n"
            "Сдача               152.20\n"
            "Спасибо за покупку!\n"
        ),
        ("cp866", "cp1251", "koi8_r", "iso8859_5", "cp855", "utf-8", "cp3021"),
    ),
    "ruCAPS": (
        "МАГАЗИН 12\nХЛЕБ 45.50\nИТОГО 45.50\nНАЛИЧНЫЕ 50.00\nСДАЧА 4.50\n",
        ("cp866", "cp1251", "koi8_r", "utf-8"),
    ),
    "uk": (
        (
            "Молоко 2,5%     34.50\n"
            "Хліб житній     28.00\n"
            "До сплати       62.50\n"
            "Готівка         100.00\n"
            "Решта           37.50\n"
            "Дякуємо за покупку! Їжа, ґудзик, Європа\n"
        ),
        ("cp1251", "cp1125", "koi8_u", "utf-8"),
    ),
    "kk": (
        "Нан 150\nСүт 450\nЖиыны 600\nҚолма-қол ақша 1000\nҚайтарым 400\nСатып алғаныңызға рахмет!\n",
        ("kz1048", "utf-8"),
    ),
    "ruKiosk": (
        "ИП ГАДЖИЕВ Р.М.\nИНН 054412345678\nПРОДАЖА\nСИГАРЕТЫ   =225.49\nЗАЖИГАЛКА\nМОРОЖЕНОЕ\nИТОГ        =1069.82\nНАЛИЧНЫМИ   =2000.00\nСДАЧА        =930.18\n",
        ("cp866", "cp1251", "koi8_r", "utf-8"),
    ),
    "ukShop": (
        "   Супермаркет м.Київ вул.Лаврська 12\nКаса 03  Зміна 118\nСУМА   669.63 ГРН\nГОТІВКА 700.00 ГРН\nРЕШТА    30.37 ГРН\nЧЕК 00041822  ФН ПРРО\n",
        ("cp1251", "cp1125", "utf-8"),
    ),
    "ukCafe": (
        (
            'КАФЕ "ПУЗАТА ХАТА"\n'
            "ФОП Шевченко І.П.\n"
            "Стіл 7   Гостей 2\n"
            "Деруни зі сметаною   303,09\n"
            "Борщ домашній        120,00\n"
            "СУМА                 423,09\n"
            "ГОТІВКА              500,00\n"
            "РЕШТА                 76,91\n"
        ),
        ("cp1251", "cp1125", "koi8_u", "utf-8"),
    ),
    "kkCafe": (
        (
            '"АЛАША" мейрамханасы\n'
            "Үстел 7   Қонақ 4\n"
            "Даяшы/Официант: Нұрлан\n"
            "Көк шай               1 200,00\n"
            "Шашлык из баранины    4 500,00\n"
            "Барлығы/Итого         5 700,00\n"
            "Қолма-қол/Наличными   6 000,00\n"
            "Қайтарым/Сдача          300,00\n"
        ),
        ("kz1048", "ptcp154", "utf-8"),
    ),
    "deEuro": (
        "Kaffee   3,50 €\nKuchen   4,20 €\nSumme    7,70 €\nBar     10,00 €\nzur\u00fcck  2,30 €\n",
        ("cp858", "cp1252", "utf-8"),
    ),
    "itEuro": (
        "CAFFE      1,10€\nPANINO     4,50€\nTOTALE     5,60€\nCONTANTI  10,00€\n",
        ("cp858", "cp1252", "utf-8"),
    ),
    "de": (
        (
            "Käse Gouda jung 2,49 A\n"
            "Brötchen 0,85\n"
            "Süßigkeiten groß 3,20\n"
            "SUMME EUR 6,54\n"
            "Rückgeld 3,46\n"
            "Vielen Dank für Ihren Einkauf\n"
        ),
        ("cp437", "cp850", "cp858", "cp1252", "iso8859_15", "utf-8"),
    ),
    "fr": (
        (
            "Café crème 2,80\n"
            "Pâté en croûte 5,60 €\n"
            "Total à payer 8,40 €\n"
            "Espèces 10,00\n"
            "Monnaie rendue 1,60\n"
            "Merci de votre visite, à bientôt\n"
        ),
        ("cp850", "cp858", "cp1252", "utf-8"),
    ),
    "es": (
        "Jamón serrano 4,50\nPiña 2,30\nTOTAL 6,80 €\nEfectivo 10,00\nDevolución 3,20\n¡Gracias por su compra!\n",
        ("cp850", "cp858", "cp1252", "utf-8"),
    ),
    "it": (
        (
            "Caffè 1,10\n"
            "Panino più grande 4,50\n"
            "TOTALE € 5,60\n"
            "Contanti 10,00\n"
            "Resto 4,40\n"
            "Arrivederci, è stato un piacere\n"
        ),
        ("cp858", "cp1252", "utf-8"),
    ),
    "pt": (
        "Pão francês 1,20\nAçúcar 2,30\nMaçã 3,10\nTOTAL R$ 6,60\nTroco 3,40\nObrigado! Não é documento fiscal\n",
        ("cp850", "cp860", "cp1252", "utf-8"),
    ),
    "pl": (
        (
            "Chleb żytni 4,50\n"
            "Masło 82% 6,99\n"
            "Żurek śląski 8,20\n"
            "RAZEM PLN 19,69\n"
            "Gotówka 20,00\n"
            "Reszta 0,31\n"
            "Dziękujemy, zapraszamy ponownie. Sprzedaż\n"
        ),
        ("cp852", "cp1250", "cp3843", "iso8859_2", "utf-8"),
    ),
    "cs": (
        (
            "Rohlík tukový 2,90\n"
            "Máslo čerstvé 45,90\n"
            "Žitný chléb 39,00\n"
            "CELKEM Kč 87,80\n"
            "Hotovost 100,00\n"
            "Vráceno 12,20\n"
            "Děkujeme za nákup\n"
        ),
        ("cp852", "cp1250", "cp3844", "iso8859_2", "utf-8"),
    ),
    "hu": (
        (
            "Kenyér fehér 450\n"
            "Túró Rudi 190\n"
            "Őszibarack 780\n"
            "ÖSSZESEN 1420 Ft\n"
            "Készpénz 2000\n"
            "Visszajáró 580\n"
            "Köszönjük a vásárlást\n"
        ),
        ("cp852", "cp1250", "utf-8"),
    ),
    "tr": (
        (
            "Ekmek 10,00\n"
            "Süt yarım yağlı 32,50\n"
            "Şeker 45,00\n"
            "TOPLAM 87,50\n"
            "NAKİT 100,00\n"
            "Para üstü 12,50\n"
            "Teşekkür ederiz, yine bekleriz. Çağrı Iğdır\n"
        ),
        ("cp857", "cp1254", "utf-8"),
    ),
    "el": (
        "Ψωμί 1,20\nΓάλα φρέσκο 1,85\nΣΥΝΟΛΟ 3,05\nΜΕΤΡΗΤΑ 5,00\nΡΕΣΤΑ 1,95\nΕυχαριστούμε για την προτίμηση\n",
        ("cp737", "cp1253", "iso8859_7", "cp869", "utf-8"),
    ),
    "he": (
        'לחם 7.50\nחלב 6.20\nסה"כ 13.70\nמזומן 20.00\nעודף 6.30\nתודה ולהתראות\n',
        ("cp862", "cp1255", "iso8859_8", "utf-8"),
    ),
    "ar": (
        "خبز 2.50\nحليب 5.00\nالمجموع 7.50\nنقدا 10.00\nالباقي 2.50\nشكرا لزيارتكم\n",
        ("cp1256", "iso8859_6", "cp720", "utf-8"),
    ),
    "th": (
        "ข้าวผัด 50.00\nน้ำเปล่า 10.00\nรวมทั้งสิ้น 60.00\nเงินสด 100.00\nเงินทอน 40.00\nขอบคุณที่ใช้บริการ\n",
        ("cp874", "utf-8"),
    ),
    "ja": (
        "レシート\nコーヒー ¥350\nサンドイッチ ¥480\n合計 ¥830\nお預り ¥1,000\nお釣り ¥170\nありがとうございました\n",
        ("cp932", "utf-8"),
    ),
    "zh": (
        "超市收银小票\n牛奶 12.00\n面包 8.50\n合计: 20.50\n现金 50.00\n找零 29.50\n谢谢惠顾\n",
        ("gb18030", "utf-8"),
    ),
    "tw": (
        "統一超商\n鮮奶 35\n麵包 45\n合計 80\n現金 100\n找零 20\n謝謝光臨\n",
        ("big5", "utf-8"),
    ),
    "ko": (
        "영수증\n아메리카노 4,500\n카페라떼 5,000\n합계 9,500\n받을금액 9,500\n현금 10,000\n거스름돈 500\n감사합니다\n",
        ("cp949", "utf-8"),
    ),
    "lt": (
        (
            "Duona 1,20\n"
            "Pienas 1,35\n"
            "Šokoladas ąžuolinis 2,10\n"
            "IŠ VISO 4,65\n"
            "Grynieji 5,00\n"
            "Grąža 0,35\n"
            "Ačiū, kad pirkote\n"
        ),
        ("cp1257", "cp775", "cp774", "utf-8"),
    ),
    "ro": (
        (
            "Pâine 4,50\n"
            "Lapte 7,20\n"
            "Brânză telemea 22,00\n"
            "TOTAL LEI 33,70\n"
            "NUMERAR 50,00\n"
            "Rest 16,30\n"
            "Vă mulţumim şi vă aşteptăm\n"
        ),
        ("cp852", "cp1250", "utf-8"),
    ),
}
DECLARATIONS = {
    "nothing declared": b"",
    "page 0": b"\x1b@\x1bt\x00",
    "CP866 by Epson's number": b"\x1b@\x1bt\x11",
    "CP1252 by Epson's number": b"\x1b@\x1bt\x10",
    "CP850 by Epson's number": b"\x1b@\x1bt\x02",
    "a number only another printer knows": b"\x1b@\x1bt\x49",
    "Katakana": b"\x1b@\x1bt\x01",
}


def encoded(text: str, codec: str) -> bytes:
    table = single_byte(codec)
    if table is None:
        return text.encode(codec, "replace")
    return bytes(table.index(character) if character in table else ord("?") for character in text)


def read(job: bytes, model: str = "generic-80mm") -> list[str]:
    reader = PaperReader(model)
    return [line for paper in reader.feed(job) + reader.close() for line in paper.text if line]


def wrong_characters(read_lines: list[str], text: str, codec: str) -> int:
    table = single_byte(codec)
    raw = encoded(text, codec)
    meant = raw.decode(codec) if table is None else "".join(table[byte] for byte in raw)
    lines = [line.rstrip() for line in meant.split("\n") if line.strip()]
    read_text, meant_text = "\n".join(read_lines), "\n".join(lines)
    return sum(a != b for a, b in zip(read_text, meant_text, strict=False)) + abs(len(read_text) - len(meant_text))


@pytest.mark.parametrize("language", RECEIPTS)
def test_the_page_is_found_whatever_the_till_declared(language: str) -> None:
    text, codecs = RECEIPTS[language]
    wrong = {
        (codec, name): errors
        for codec in codecs
        for name, declaration in DECLARATIONS.items()
        if (errors := wrong_characters(read(declaration + encoded(text, codec)), text, codec))
    }
    # a few letters that neighbouring pages share the places of may be mistaken; words never are
    assert all(errors <= 4 for errors in wrong.values()), wrong
    assert sum(wrong.values()) <= 0.01 * len(text) * len(codecs) * len(DECLARATIONS), wrong


@pytest.mark.parametrize("model", ["TM-T20II", "RP326", "NT-5890K", "TM-T88III"])
@pytest.mark.parametrize(
    "language", [each for each in RECEIPTS if each not in ("ja", "zh", "tw", "ko", "ar", "th", "he")]
)
def test_what_python_escpos_prints_on_a_model_is_read_by_that_model_and_by_none(language: str, model: str) -> None:
    text, _ = RECEIPTS[language]
    printer = Dummy(profile=model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        printer.set(align="left")
        printer.text(text)
        printer.cut()
    cannot = printer.output.count(b"?") - text.count("?")
    for reading_model in (model, "generic-80mm"):
        lines = "".join(read(printer.output, reading_model)).replace(" ", "")
        meant = text.replace("\n", "").replace(" ", "")
        assert sum(a != b for a, b in zip(lines, meant, strict=False)) + abs(len(lines) - len(meant)) <= cannot


def test_text_encoded_twice_is_read() -> None:
    text = "\ud569\uacc4 9,700\n\ubc1b\uc740\ub3c8 10,000\n\uac70\uc2a4\ub984 300\n"
    assert "\n".join(read(text.encode("cp949").decode("latin-1").encode())) + "\n" == text


@pytest.mark.parametrize("taken_for", ["latin-1", "cp437", "cp850"])
@pytest.mark.parametrize("language", ["de", "fr", "ru", "uk", "kkCafe", "ja", "zh", "ko", "itEuro"])
def test_utf8_that_was_encoded_as_utf8_once_more_is_read(language: str, taken_for: str) -> None:
    text, _ = RECEIPTS[language]
    assert wrong_characters(read(text.encode().decode(taken_for).encode()), text, "utf-8") == 0


@pytest.mark.parametrize(("codec", "taken_for"), [("cp866", "cp437"), ("cp1251", "cp1252"), ("cp866", "cp850")])
def test_cyrillic_that_a_program_took_for_a_western_page_is_read(codec: str, taken_for: str) -> None:
    text, _ = RECEIPTS["ru"]
    text = text.replace("«", '"').replace("»", '"')
    assert wrong_characters(read(text.encode(codec).decode(taken_for).encode()), text, codec) == 0


@pytest.mark.parametrize("codec", ["cp437", "cp850", "cp1252"])
@pytest.mark.parametrize("declaration", [b"", b"\x1b@\x1bt\x11", b"\x1b@\x1bt\x02", b"\x1b@\x1bt\x10"])
def test_a_sign_of_money_that_is_all_beyond_ascii_tells_the_page(codec: str, declaration: bytes) -> None:
    text = "MILK          1.10\nTOTAL \u00a3       1.10\nCASH          2.00"
    assert read(declaration + text.encode(codec)) == text.split("\n")


def test_a_backslash_in_shift_jis_is_the_yen_sign() -> None:
    text = "ベーカリー麦\nカレーパン\n  3 点 ×       \\1,680\n合計  \\2,010\n\\2,010\n"
    assert read(b"\x1b@" + text.encode("cp932") + b"\n") == text.replace("\\", "\u00a5").rstrip("\n").split("\n")


def test_lines_wider_than_the_paper_are_read_by_the_page_that_was_found_too() -> None:
    text = "ТОВ Папір\n" + "".join(
        f"{name:<44}{price:>8}\n" for name, price in (("Зошит", "31.00"), ("РАЗОМ", "31.00"))
    )
    assert read(b"\x1b@" + text.encode("cp1251") + b"\n\x1dV\x00") == text.splitlines()


def test_figures_in_full_width_speak_for_shift_jis() -> None:
    text = "売店\n２０２６年１１月１２日　１０：４４\nパン                ￥１１０\n合計１点            ￥１１０\nお預り        ￥１，０００\n"
    assert read(b"\x1b@" + text.encode("cp932") + b"\n\x1dV\x00") == text.splitlines()


def test_the_second_half_of_a_character_is_no_gap() -> None:
    text = "焼鳥盛合せ\n    1 点 × 980      980\n生ビール中\n    1 点 × 580      580\n枝豆\n    1 点 × 380      380\n"
    assert read(b"\x1b@" + text.encode("cp932")) == text.rstrip("\n").split("\n")


def test_a_table_of_all_characters_is_left_as_declared() -> None:
    job = b"".join(bytes(range(start, start + 0x20)) + b"\n" for start in range(0x80, 0x100, 0x20))
    assert "".join(read(job)).startswith(Encoding("cp437").decode(bytes(range(0x80, 0xA0))))


def test_borders_are_left_as_declared() -> None:
    job = b"\x1bt\x01\x9c" + b"\x95" * 20 + b"\x9d\n\x96" + b" " * 20 + b"\x96\n\x9e" + b"\x95" * 20 + b"\x9f\n"
    assert read(job) == ["+" + "-" * 20 + "+", "|" + " " * 20 + "|", "+" + "-" * 20 + "+"]


@pytest.mark.parametrize("language", RECEIPTS)
def test_real_text_is_plausible_and_text_read_by_a_wrong_page_is_less_so(language: str) -> None:
    text, codecs = RECEIPTS[language]
    right = plausibility(text)
    assert right > 1.7
    for codec in codecs:
        if codec != "utf-8":
            other = "cp437" if codec != "cp437" else "cp1251"
            misread = Encoding(other).decode(encoded(text, codec))
            if misread != Encoding(codec, double_byte=None).decode(encoded(text, codec)):
                assert plausibility(misread) < right + 0.01

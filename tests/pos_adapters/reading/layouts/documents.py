"""Documents that add up and are no sales: the same tills print them, with the words of each language."""

from dataclasses import replace
from decimal import Decimal

from tests.pos_adapters.reading.layouts import asian, english, german, others, polish_and_czech, romance, slavic
from tests.pos_adapters.reading.layouts.base import Golden, LayoutFunction

SALES: dict[str, LayoutFunction] = {
    "de": german.german_discounter_blue, "en": english.american_diner_tip, "fr": romance.french_bakery,
    "es": romance.mexican_convenience, "it": romance.italian_bar, "pt": romance.brazilian_nfce,
    "ru": slavic.russian_cafe_total_discount, "uk": slavic.ukrainian_pharmacy, "kk": slavic.kazakh_cafe,
    "pl": polish_and_czech.polish_discounter, "cs": polish_and_czech.czech_supermarket, "tr": others.turkish_market,
    "nl": others.belgian_shop, "ja": asian.japanese_cafe, "zh": asian.chinese_supermarket, "ko": asian.korean_cafe,
}  # fmt: skip

# Headline words as tills print them: above the header, unless the kind stands at the foot.
WORDS: dict[str, dict[str, list[str]]] = {
    "training": {
        "de": ["*** SCHULUNG ***", "T R A I N I N G", "Trainingsmodus - kein gültiger Beleg"],
        "en": ["*** TRAINING MODE ***", "* * * T R A I N I N G * * *", "TRAINING RECEIPT - NOT VALID"],
        "fr": ["*** MODE ECOLE ***", "FORMATION", "TICKET FACTICE"],
        "es": ["*** MODO FORMACIÓN ***", "TICKET DE PRUEBA", "MODO ENTRENAMIENTO"],
        "it": ["*** ADDESTRAMENTO ***", "SCONTRINO DI PROVA", "MODALITA' TRAINING"],
        "pt": ["*** TREINAMENTO ***", "MODO FORMAÇÃO", "SEM VALOR FISCAL"],
        "ru": ["*** ТРЕНИРОВКА ***", "УЧЕБНЫЙ РЕЖИМ", "ТРЕНИРОВОЧНЫЙ ЧЕК"],
        "uk": ["*** НАВЧАННЯ ***", "НАВЧАЛЬНИЙ РЕЖИМ", "ТЕСТОВИЙ ЧЕК"],
        "kk": ["*** ОҚУ РЕЖИМІ ***", "СЫНАҚ", "ТЕСТ РЕЖИМІ"],
        "pl": ["*** SZKOLENIE ***", "TRYB SZKOLENIOWY", "# NIEFISKALNY #"],
        "cs": ["*** ŠKOLENÍ ***", "CVIČNÝ REŽIM", "NEPLATNÁ ÚČTENKA"],
        "tr": ["*** EĞİTİM MODU ***", "DENEME", "GEÇERSİZ FİŞ"],
        "nl": ["*** TRAINING ***", "OEFENMODUS", "PROEFBON - NIET GELDIG"],
        "ja": ["*** トレーニング ***", "練習モード", "訓練"],
        "zh": ["*** 培训模式 ***", "练习", "测试单"],
        "ko": ["*** 연습모드 ***", "교육용", "테스트"],
    },
    "copy": {
        "de": ["KOPIE", "--- ZWEITSCHRIFT ---", "Belegkopie Nr. 1"],
        "en": ["*** COPY ***", "DUPLICATE RECEIPT", "REPRINT 14/05/2024"],
        "fr": ["DUPLICATA", "*** COPIE ***", "REIMPRESSION"],
        "es": ["*** COPIA ***", "DUPLICADO", "REIMPRESIÓN DE TICKET"],
        "it": ["*** COPIA ***", "DUPLICATO", "RISTAMPA"],
        "pt": ["2.ª VIA", "DUPLICADO", "*** REIMPRESSÃO ***"],
        "ru": ["*** КОПИЯ ***", "ДУБЛИКАТ ЧЕКА", "КОПИЯ ЧЕКА"],
        "uk": ["*** КОПІЯ ***", "ДУБЛІКАТ", "КОПІЯ ЧЕКА"],
        "kk": ["КӨШІРМЕ", "ТЕЛНҰСҚА", "*** ДУБЛИКАТ ***"],
        "pl": ["*** KOPIA ***", "DUPLIKAT", "WYDRUK PONOWNY"],
        "cs": ["*** KOPIE ***", "OPIS ÚČTENKY", "DUPLIKÁT"],
        "tr": ["*** KOPYA ***", "FİŞ KOPYASI", "SURET"],
        "nl": ["*** KOPIE ***", "DUPLICAAT", "HERDRUK"],
        "ja": ["再発行", "＊＊レシート再発行＊＊", "控え"],
        "zh": ["重打小票", "*** 补打 ***", "副本"],
        "ko": ["재발행", "*** 영수증 재출력 ***", "사본"],
    },
    "quote": {
        "de": ["ZWISCHENRECHNUNG", "Angebot Nr. 123", "*** Proforma ***"],
        "en": ["GUEST CHECK - NOT A RECEIPT OF PAYMENT", "*** QUOTATION ***", "PRO FORMA INVOICE"],
        "fr": ["NOTE PROVISOIRE", "*** DEVIS ***", "Addition non acquittée"],
        "es": ["*** PRECUENTA ***", "PRESUPUESTO", "NO ES UNA FACTURA"],
        "it": ["*** PRECONTO ***", "PREVENTIVO", "CONTO NON FISCALE"],
        "pt": ["CONSULTA DE MESA", "*** ORÇAMENTO ***", "NAO E DOCUMENTO FISCAL"],
        "ru": ["*** ПРЕДЧЕК ***", "ПРЕДВАРИТЕЛЬНЫЙ СЧЕТ", "ГОСТЕВОЙ СЧЕТ"],
        "uk": ["*** ПЕРЕДЧЕК ***", "ПОПЕРЕДНІЙ РАХУНОК", "РАХУНОК НА ОПЛАТУ"],
        "kk": ["АЛДЫН АЛА ШОТ", "*** ПРЕДЧЕК ***", "ТӨЛЕНБЕГЕН"],
        "pl": ["RACHUNEK WSTĘPNY", "*** PROFORMA ***", "RACHUNEK KELNERSKI"],
        "cs": ["PŘEDBĚŽNÝ ÚČET", "*** NABÍDKA ***", "INFORMATIVNÍ ÚČET"],
        "tr": ["*** HESAP DÖKÜMÜ ***", "TEKLİF", "ÖN HESAP"],
        "nl": ["VOORLOPIGE REKENING", "*** OFFERTE ***", "PROFORMA"],
        "ja": ["お見積書", "会計伝票", "*** 仮レシート ***"],
        "zh": ["预结单", "*** 报价单 ***", "账单预览"],
        "ko": ["견적서", "*** 가영수증 ***", "주문내역서"],
    },
    "suspended": {
        "de": ["BON GEPARKT", "*** zurückgestellt ***"],
        "en": ["TRANSACTION SUSPENDED", "*** SALE ON HOLD ***"],
        "fr": ["TICKET EN ATTENTE", "*** SUSPENDU ***"],
        "es": ["TICKET APARCADO", "*** VENTA SUSPENDIDA ***"],
        "it": ["SCONTRINO SOSPESO", "*** CONTO SOSPESO ***"],
        "pt": ["VENDA SUSPENSA", "*** EM ESPERA ***"],
        "ru": ["ОТЛОЖЕННЫЙ ЧЕК", "*** ЧЕК ОТЛОЖЕН ***"],
        "uk": ["ВІДКЛАДЕНИЙ ЧЕК", "*** ЧЕК ВІДКЛАДЕНО ***"],
        "kk": ["КЕЙІНГЕ ҚАЛДЫРЫЛҒАН ЧЕК"],
        "pl": ["PARAGON ZAWIESZONY", "*** ODŁOŻONY ***"],
        "cs": ["ÚČTENKA ODLOŽENA", "*** POZASTAVENO ***"],
        "tr": ["ASKIYA ALINDI", "*** BEKLETİLEN FİŞ ***"],
        "nl": ["BON GEPARKEERD", "*** IN DE WACHT ***"],
        "ja": ["保留レシート", "*** 取引保留 ***"],
        "zh": ["挂单", "*** 挂起单 ***"],
        "ko": ["보류영수증", "*** 거래보류 ***"],
    },
    "deposit": {
        "de": ["ANZAHLUNG"], "en": ["LAYAWAY DEPOSIT"], "fr": ["ACOMPTE"], "es": ["APARTADO"], "it": ["ACCONTO"],
        "pt": ["SINAL"], "ru": ["ПРЕДОПЛАТА ЗА ЗАКАЗ"], "uk": ["ЗАВДАТОК"], "kk": ["АВАНС ТӨЛЕМІ"], "pl": ["ZALICZKA"],
        "cs": ["ZÁLOHA"], "tr": ["KAPORA"], "nl": ["AANBETALING"], "ja": ["内金"], "zh": ["定金单"], "ko": ["예약금"],
    },
    "void": {
        "de": ["BON STORNIERT", "*** STORNO ***"],
        "en": ["TRANSACTION VOIDED", "*** VOID ***"],
        "fr": ["TICKET ANNULE", "*** ANNULATION ***"],
        "es": ["TICKET ANULADO", "*** CANCELADO ***"],
        "it": ["SCONTRINO ANNULLATO", "*** ANNULLO ***"],
        "pt": ["VENDA ANULADA", "*** CANCELADO ***"],
        "ru": ["ЧЕК АННУЛИРОВАН", "*** ОТМЕНА ***"],
        "uk": ["ЧЕК АНУЛЬОВАНО", "*** СКАСОВАНО ***"],
        "kk": ["ЧЕК ЖОЙЫЛДЫ"],
        "pl": ["PARAGON ANULOWANY", "*** ANULOWANO ***"],
        "cs": ["ÚČTENKA STORNOVÁNA", "*** STORNO ***"],
        "tr": ["FİŞ İPTAL", "*** İPTAL ***"],
        "nl": ["BON GEANNULEERD", "*** GEANNULEERD ***"],
        "ja": ["取引取消", "*** 取引中止 ***"],
        "zh": ["交易取消", "*** 整单作废 ***"],
        "ko": ["거래취소", "*** 전체취소 ***"],
    },
}  # fmt: skip

RETURNS: dict[str, list[str]] = {
    "de": ["RETOURE", "Warenrücknahme"], "en": ["REFUND", "RETURN RECEIPT"], "fr": ["REMBOURSEMENT"],
    "es": ["DEVOLUCIÓN"], "it": ["RESO MERCE"], "pt": ["NOTA DE CRÉDITO"], "ru": ["ВОЗВРАТ ПРИХОДА"],
    "uk": ["ПОВЕРНЕННЯ"], "kk": ["ҚАЙТАРУ"], "pl": ["ZWROT"], "cs": ["VRATKA"], "tr": ["İADE FİŞİ"],
    "nl": ["RETOUR"], "ja": ["返品"], "zh": ["退货单"], "ko": ["반품영수증"],
}  # fmt: skip

REPORTS: dict[str, list[str]] = {
    "de": ["Z-BERICHT NR. 0042", "Datum 14.03.2024 20:05", "Kunden             128", "Bar          1.204,50", "EC-Karte       812,30", "Gesamtumsatz 2.016,80", "MwSt 19%       322,01", "Storno           3", "Vielen Dank"],
    "en": ["Z REPORT 0042", "Till 3  14/03/2024", "Transactions       128", "Food           1,204.50", "Drinks           812.30", "TOTAL          2,016.80", "Cash           1,204.50", "Card             812.30"],
    "fr": ["TICKET Z N° 42", "14/03/2024 20:05", "Nombre de tickets 128", "Espèces      1 204,50", "CB             812,30", "TOTAL        2 016,80"],
    "es": ["CIERRE Z 0042", "14/03/2024", "Nº tickets      128", "EFECTIVO   1.204,50", "TARJETA      812,30", "TOTAL      2.016,80"],
    "it": ["CHIUSURA GIORNALIERA", "Z N. 42", "SCONTRINI 128", "CONTANTI   1.204,50", "ELETTRONICO  812,30", "TOTALE     2.016,80"],
    "pt": ["FECHO DE CAIXA", "Leitura Z 42", "Documentos 128", "Numerário  1.204,50", "Multibanco   812,30", "TOTAL      2.016,80"],
    "ru": ["ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ", "СМЕНА 112", "ЧЕКОВ 128", "НАЛИЧНЫМИ   =1204.50", "БЕЗНАЛИЧНЫМИ =812.30", "ИТОГО       =2016.80"],
    "uk": ["Z-ЗВІТ № 42", "ЧЕКІВ 128", "ГОТІВКА     1204,50", "КАРТКА       812,30", "СУМА        2016,80"],
    "kk": ["Z-ЕСЕП № 42", "Чектер саны 128", "Қолма-қол  1 204,50", "Карта        812,30", "Барлығы    2 016,80"],
    "pl": ["RAPORT DOBOWY", "Nr 42", "Liczba paragonów 128", "GOTÓWKA    1 204,50", "KARTA        812,30", "SUMA PLN   2 016,80"],
    "cs": ["DENNÍ UZÁVĚRKA Z", "č. 42", "Účtenek 128", "Hotovost   1 204,50", "Karty        812,30", "Celkem     2 016,80"],
    "tr": ["Z RAPORU", "Z NO: 42", "FİŞ SAYISI 128", "NAKİT     *1.204,50", "KREDİ       *812,30", "TOPLAM    *2.016,80"],
    "nl": ["Z-RAPPORT 42", "Dagafsluiting 14-03-2024", "Klanten 128", "Contant    1.204,50", "PIN          812,30", "Totaal     2.016,80"],
    "ja": ["精算レポート", "2024年3月14日 20:05", "客数  128", "現金     ¥120,450", "クレジット ¥81,230", "合計     ¥201,680"],
    "zh": ["日结单", "2024-03-14", "交易笔数 128", "现金      1204.50", "微信       812.30", "合计      2016.80"],
    "ko": ["정산지", "2024-03-14 20:05", "객수 128", "현금       120,450", "신용카드    81,230", "합계       201,680"],
}  # fmt: skip


def _net(lines: tuple[str, ...]) -> tuple[str, ...]:
    """A till in training prints neither fiscal marks nor codes; the rest stays."""
    return lines


def refused(seed: int = 3) -> list[Golden]:
    """Return every document that must not become a sale, in all languages."""
    found = []
    for kind, by_language in WORDS.items():
        for language, texts in by_language.items():
            for number, text in enumerate(texts):
                sale = SALES[language](seed + number)
                place = (0, 1, len(sale.lines))[number % 3]
                if kind == "void" and text.startswith("***"):
                    place = len(sale.lines)
                lines = (*sale.lines[:place], "      " + text, *sale.lines[place:])
                found.append(
                    replace(
                        sale,
                        name=f"{kind}-{language}-{number}",
                        layout=f"{kind}",
                        lines=_net(lines),
                        kind=kind,
                        codes=(),
                    )
                )
    for language, lines in REPORTS.items():
        found.append(
            Golden(
                name=f"report-{language}",
                layout="report",
                language=language,
                chain=False,
                lines=tuple(lines),
                kind="report",
            )
        )
    return found


def returned(seed: int = 5) -> list[Golden]:
    """Return refunds that print their amounts positive under a headline: the truth turns their signs."""
    found = []
    for language, texts in RETURNS.items():
        for number, text in enumerate(texts):
            sale = SALES[language](seed + number)
            assert sale.total is not None
            lines = (sale.lines[0], text, *sale.lines[1:])
            found.append(
                replace(
                    sale,
                    name=f"return-{language}-{number}",
                    layout="return",
                    lines=lines,
                    kind="return",
                    total=-sale.total,
                    tenders=tuple((tender, Decimal(-amount)) for tender, amount in sale.tenders),
                )
            )
    return found

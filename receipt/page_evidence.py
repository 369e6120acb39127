"""How much a decoded text looks like something a till would print: the judge of code pages.

Contract: `plausibility(text)` is a number per non-ASCII character, about 2 for real text read by the right page and
below 1 for text read by a wrong one. Letters weigh by how common they are in their alphabet, so that a page which turns
them into rarer ones loses; neighbours count too: a small letter before a capital, two alphabets in one word, a
symbol inside a word. Pure, no language is assumed.
"""

# ruff: noqa: RUF001 - alphabets that look alike are the subject

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

_WEIGHTS: Final[dict[str, float]] = {}
_RARE: Final = 0.4
_SYMBOL: Final = -1.0
_BORDER: Final = 1.0
_RULE: Final = 2.2  # a drawing character many times: a line across the paper
_REPEATED_LETTER: Final = -1.0
_BROKEN: Final = -5.0  # undefined in the page, or a control character


def _weigh(letters: str, weight: float) -> None:
    """Give letters and their capitals a weight; a letter of several alphabets keeps the highest."""
    for letter in letters:
        for form in (letter, letter.upper()):
            if len(form) == 1 and weight > _WEIGHTS.get(form, -9.0):
                _WEIGHTS[form] = weight


_weigh("оеаинтсрвлк", 2.7)  # Russian and its neighbours
_weigh("мдпуяы", 2.2)
_weigh("ьгзбч", 1.8)
_weigh("йхжшюі", 1.4)
_weigh("цщэфъёїєґ", 0.9)
_weigh("әғқңөұүһў", 0.7)
_weigh("ђљњћџѓќјѕ", 0.2)
_weigh("éèàçêäöüßñóíáúãåøæ", 1.8)  # Western Europe
_weigh("õôûîïëùâìò", 1.4)
_weigh("ąęłśżčšžřěýůőűşıăğ", 1.7)  # Central Europe, Turkey
_weigh("ćńźťďňľĺŕșțţđūėįų", 1.2)
_weigh("āēīōķļņģœÿðþ", 0.6)
_weigh("αοιετσνηυρπκμλς", 2.4)  # Greek
_weigh("ωάίόέήύώδγθχφβξζψ", 1.6)
_weigh("יוהלארתבשמ", 2.2)  # Hebrew
_weigh("נסדקחפעצגטכזםןףךץ", 1.5)
_weigh("اليمنرتبهودسعفك", 2.1)  # Arabic
_weigh("ةأإقجحشصطخزغضىءئؤذظثآ", 1.4)
_weigh("ﺍﺎﻝﻟﻠﻢﻡﻣﻤﻥﻧﻨﻱﻳﻴﺕﺗﺘﺏﺑﺒﻩﻫﻮﻭﺮﺭﺪﺩ", 1.4)  # their printed forms (CP864)
_weigh("านรกอเงมยลวดทสตะคปบห", 2.0)  # Thai
_weigh("แชพไใขจผถซโธณฉญฟศษ", 1.4)
_weigh("ัีิ่้์็ำุูืึ๊๋ๆฯ฿", 1.4)
_weigh("のにはをたがでとしれさいるなまですせりうん税込合計品レジトスクルインドリコメアカサフタ", 2.6)  # Japanese
_weigh("的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面", 2.6)
_weigh(
    "单数量金额合计收银找零现付款谢光临欢迎店号日期时间商品名称价折扣会员卡电话地址小票优惠积分微信支宝应实总共订桌",
    2.9,
)
_weigh("單數額計收銀找現付款謝光臨歡迎號期時間商品稱價會員電話統編發票總共訂桌應實", 2.7)
_weigh("이다의는을에가를고은로하지한도사기리인대시어서그자정주수일부전해나보제상여스장적조성위만동공계", 2.6)
_weigh("합계금액받을돈거스름카드현매출영증단품명세과면가격할인포트총결제승번호점장님감니주차개원표길", 2.8)
for _symbols, _value in (
    ("€°£№", 1.6),
    ("¥«»–—“”’„…•¡¿·§", 1.0),
    ("‘²³½¼®©™×´`", 0.4),
    ("\u00a0、。・：（）「」【】，！", 1.0),
):
    _WEIGHTS.update(dict.fromkeys(_symbols, _value))

# What a character is to its neighbours: a, A Latin; e, E Latin with an accent; k, K another alphabet with capitals;
# h without capitals; c ideographs; v upright border, b other drawing; s symbol; d digit; x broken.
_CLASSES: dict[int, str] = {}
_LOWER_BEFORE_UPPER: Final = re.compile("[aek](?=[AEK])")
_MIXED: Final = re.compile("[aAeE](?=[kKh])|[kKh](?=[aAeE])|[kK](?=h)|h(?=[kK])")
_ACCENTS_IN_A_ROW: Final = re.compile("[eE](?=[eE])")
_DRAWN_IN_WORD: Final = re.compile("[aAeEkKhc](?=b)|b(?=[aAeEkKhc])")
_SYMBOL_IN_WORD: Final = re.compile("[aAeEkK]s(?=[aAeEkK])")
_DIGIT_AND_ACCENT: Final = re.compile("d(?=[eE])|[eE](?=d)")
_ALONE: Final = re.compile("(?<![aAeE])[eE](?![aAeE])")
_REPEATED: Final = re.compile("([^\\x00-\\x7f\u00a0\u3000])\\1{3,}")
_PENALTIES: Final = (
    (_ALONE, 0.8),
    (_LOWER_BEFORE_UPPER, 2.0),
    (_MIXED, 2.0),
    (_ACCENTS_IN_A_ROW, 1.0),
    (_DRAWN_IN_WORD, 1.6),
    (_SYMBOL_IN_WORD, 1.6),
    (_DIGIT_AND_ACCENT, 0.6),
)


def plausibility(text: str) -> float:
    """Return how plausible a text is, per non-ASCII character; 0 where there is none."""
    foreign = [character for character in text if character > "\x7f"]
    if not foreign:
        return 0.0
    total = 0.0
    for repeated in _REPEATED.finditer(text):
        length = repeated.end() - repeated.start()
        total += length * (_RULE if _class(repeated[1]) in "bv" else _REPEATED_LETTER)
    text = _REPEATED.sub(" ", text)
    total += sum(_weight(character) for character in text if character > "\x7f")
    shape = "".join(map(_class, text))
    for pattern, penalty in _PENALTIES:
        total -= penalty * len(pattern.findall(shape))
    return total / len(foreign)


@cache
def _weight(character: str) -> float:
    known = _WEIGHTS.get(character)
    if known is not None:
        return known
    code = ord(character)
    if 0x2500 <= code < 0x25A0:  # noqa: PLR2004 - drawing characters
        return _BORDER
    category = unicodedata.category(character)
    if category in ("Cc", "Co", "Cn", "Cs") or character == "\ufffd":
        return _BROKEN
    if 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4 or 0x3040 <= code < 0x3100:  # noqa: PLR2004
        return _ideograph(character)
    if 0xFF61 <= code < 0xFFA0:  # noqa: PLR2004 - half-width Katakana
        return 1.3
    return _RARE if category[0] in "LM" else _SYMBOL


def _ideograph(character: str) -> float:
    """Ideographs and syllables in everyday use lie in the first level of their national set."""
    for codec, first, last in (("gb2312", 0xB0, 0xD7), ("euc_kr", 0xB0, 0xC8), ("cp932", 0x81, 0x97)):
        try:
            lead = character.encode(codec)[0]
        except UnicodeEncodeError:
            continue
        if first <= lead <= last:
            return 1.3
    return 0.5


@cache
def _class(character: str) -> str:
    code = ord(character)
    if code < 0x80:  # noqa: PLR2004
        return "a" if character.islower() else "A" if character.isupper() else "d" if character.isdigit() else " "
    if 0x2500 <= code < 0x25A0:  # noqa: PLR2004
        return "v" if character in "│║┃" else "b"
    return " " if character == "\u00a0" else _foreign_class(code, unicodedata.category(character))


def _foreign_class(code: int, category: str) -> str:
    if category[0] not in "LM":
        return "x" if category[0] == "C" else "s"
    latin = code < 0x250 or 0x1E00 <= code < 0x1F00  # noqa: PLR2004
    if category == "Ll":
        return "e" if latin else "k"
    if category == "Lu":
        return "E" if latin else "K"
    return "c" if code >= 0x1100 and not 0xFB00 <= code < 0xFEFF else "h"  # noqa: PLR2004

"""How much a decoded text looks like something a till would print: the judge of code pages.

Contract: `plausibility(text)` is a number per non-ASCII character, about 2 for real text read by the right page and
below 1 for text read by a wrong one. Letters weigh by how common they are in one language of their alphabet (the one
that fits the whole text best), so that a page which turns them into rarer ones, or mixes languages, loses. Neighbours
count too: a small letter before a capital, two alphabets in one word, a symbol inside a word. Pure.
"""

# ruff: noqa: RUF001 - alphabets that look alike are the subject

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from typing import Final

_BILINGUAL: Final = "оеаинтсрвлк мдпуяыьгзбч йхжшюцщэфъёәғқңөұүһі"  # receipts of Kazakhstan say all in Russian, too

# Each language's letters beyond ASCII in three groups, from the commonest to the rarest; small letters only.
_LANGUAGES: Final[dict[str, tuple[str, ...]]] = {
    "latin": (
        "üäöß . é",
        "éèàêç ôîûùâ ëïœæÿü",
        "óíáéñú ü .",
        "èàòùéì . .",
        "ãçáéíõóê úâàô ü",
        "łęążśó ćńź .",
        "íáéěřčšžý ůúňťď ó",
        "áíčéýžšú ľťňôď ĺŕóä",
        "éáöóőí üűú .",
        "ăîâşţșț . .",
        "ıüşğçöİ . .",
        "ėšųžįąčęū . .",
        "āīēšū ģķļņčž .",
        "äõöü šž .",
        "äåö é .",
        "øåæ é ö",
        "áíðéóúýþæö . .",
        "čšžćđ . .",
        "ëéïè öü .",
        "đươạảấầẩậắằặẹẻếềểễệỉịọỏốồổỗộớờởỡợụủứừửữự ăĩũẫẳẵẽỳỵỷỹ àáâãèéêìíòóôõùúý",  # which others have
    ),
    "cyrillic": (
        "оеаинтсрвлк мдпуяыьгзбч йхжшюцщэфъё",
        "оаинвтерсік удлмпязьгбчхй жїшюєцщфґ",
        "аінрыстоелк ўдпмувьязг бчшхжйцюёэф",
        "аеынітрлдқс бмкжпшүұөғоу яңәгзйчһицюэфхвёщъь",
        "аиоентрсвлк дпмязбугчъ йшжцхщюфь",
        "аоиенрстјув кдмплзбг њљчцшжћђхфџѓќѕ",
    ),
    "greek": ("αοιετσνηυρπκμλς ωάίόέήύώδγθχφβ ξζψϊΐϋΰ",),
    "hebrew": ("יוהלארתבשמ נסדקחפעצגט כזםןףךץ",),
    "arabic": ("اليمنرتبهو دسعفكةأقجحﺍﺎﻝﻟﻠﻢﻡﻣﻤﻥﻧﻨﻱﻳﻴﺕﺗﺘﺏﺑﺒﻩﻫﻮﻭﺮﺭﺪﺩ إشصطخزغضىءئؤذظثآًٌٍَُِّْـﻉﻊﻋﻌﺱﺳﺴﻓﻔﻛﻜﻗﻘﺟﺠﺣﺤﺷﺸﺻﺼﻃﻄﺧﺨﺯﺰﻏﻐﺿﻀ",),
    "thai": ("านรกอเงมยลวดทสตะคปบห แชพไใขจผถซัีิ่้์็ำุู โธณฉญฟศษืึ๊๋ๆฯ฿",),
}
_GROUP_WEIGHTS: Final = (2.6, 2.0, 1.2)
_OTHER_LANGUAGE: Final = -0.8
_VOWELS: Final = frozenset("аеёиоуыэюяіїєўәөүұαεηιουωάίόέήύώϊϋΐΰ")
_ACCENTED: Final = frozenset("άίόέήύώΐΰ")

_IDEOGRAPHS: Final = (
    "のにはをたがでとしれさいるなまですせりうん税込合計品レジトスクルインドリコメアカサフタ",
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面",
    "单数量金额合计收银找零现付款谢光临欢迎店号日期时间商品名称价折扣会员卡电话地址小票优惠积分微信支宝应实总共订桌",
    "單數額計收銀找現付款謝光臨歡迎號期時間商品稱價會員電話統編發票總共訂桌應實",
    "이다의는을에가를고은로하지한도사기리인대시어서그자정주수일부전해나보제상여스장적조성위만동공계",
    "합계금액받을돈거스름카드현매출영증단품명세과면가격할인포트총결제승번호점장님감니주차개원표길",
)
_USUAL_IDEOGRAPHS: Final = frozenset("".join(_IDEOGRAPHS))
_SYMBOLS: Final = (
    dict.fromkeys("€", 2.2)
    | dict.fromkeys("«»", 2.0)
    | dict.fromkeys("ºª", 1.6)
    | dict.fromkeys("°£№¡¿“”„₺₴₸₽₩\u3000", 1.5)
    | dict.fromkeys("０１２３４５６７８９￥", 1.5)  # in full width
    | dict.fromkeys("¥–—’…•·§\u00a0、。・：（）「」【】，！％＊", 1.0)
    | dict.fromkeys("‘²³½¼®©™×´`", 0.4)
)
_RARE_LETTER: Final = 0.4
_RARE_SYMBOL: Final = -1.0
_BORDER: Final = 1.0
_RULE: Final = 2.2  # a drawing character many times: a line across the paper
_REPEATED_LETTER: Final = -1.0
_BROKEN: Final = -5.0  # undefined in the page, or a control character

# What a character is to its neighbours: a, A Latin; e, E Latin with an accent; k, K another alphabet with capitals;
# h without capitals; c ideographs; v upright border, b other drawing; s symbol; d digit; x broken.
_REPEATED: Final = re.compile("([^\\x00-\\x7f\u00a0\u3000])\\1{3,}")
# The classes without which a pattern cannot match, the pattern, and what each match takes away.
_PENALTIES: Final = (
    ("AEK", re.compile("[aek](?=[AEK])"), 2.0),  # a capital after a small letter
    ("K", re.compile("K{3}(?=k)"), 2.0),  # and a small one after several capitals
    ("aAeE", re.compile("[aAeE](?=[kKh])|[kKh](?=[aAeE])|[kK](?=h)|h(?=[kK])"), 2.0),  # two alphabets in a word
    ("eE", re.compile("[eE](?=[eE])"), 0.8),  # two accents in a row
    ("eE", re.compile("(?<![aAeE])[eE](?![aAeE])"), 0.8),  # an accented letter alone
    ("eE", re.compile("d(?=[eE])|[eE](?=d)"), 0.6),  # an accent beside a digit
    ("h", re.compile("(?<!h)h(?!h)"), 0.8),  # letters of other alphabets alone
    ("kK", re.compile("(?<![kK])[kK](?![kK])"), 0.3),
    ("kK", re.compile("(?<![kKaA])[kK](?=d)"), 0.8),  # a letter alone before a number: it was a currency's sign
    ("b", re.compile("[aAeEkKhc](?=b)|b(?=[aAeEkKhc])"), 1.6),  # drawing in a word
    ("b", re.compile("(?<![bv])b(?![bv])"), 1.5),  # a piece of drawing alone
    ("s", re.compile("[aAeEkK]s(?=[aAeEkK])"), 1.6),  # a symbol in a word
)
_ORDINALS: Final = frozenset("ºª")  # which Unicode counts among the letters
_OPENING: Final = re.compile(r"(?<!\w)[¡¿](?=[^\W\d_])")  # opens a sentence in Spanish
_OPENING_BONUS: Final = 1.5
_PRICED_LETTER: Final = re.compile("[^\\W\\d_]\u20ac")  # a currency sign after a letter: it was a letter, too
_PRICED_LETTER_PENALTY: Final = 3.5
_PRICED_SIGN: Final = re.compile("[£¥€] ?(?=[0-9])|(?<=[0-9]) ?[£¥€]")
_PRICED_SIGN_BONUS: Final = 1.0
_DOTTED_I: Final = "İ"  # whose small letter is two characters
_WORD: Final = re.compile("[^\\W\\d_]{3,}")
_WORDS_KEPT: Final = 1024  # receipts of a shop say the same few hundred words
_NO_VOWEL: Final = 1.6  # taken from each letter of a word of three letters and more that nobody could say


def plausibility(text: str, *, bilingual: bool = False) -> float:
    """Return how plausible a text is, per non-ASCII character; 0 where there is none.

    `bilingual`: it may be Kazakh and Russian in one, which little text of other languages must not be taken for.
    """
    count = len(text) - len(text.encode("ascii", "ignore"))
    if not count:
        return 0.0
    total = 0.0
    if _REPEATED.search(text):
        total = sum(map(_repeated_weight, _REPEATED.finditer(text)))
        text = _REPEATED.sub(" ", text)
    letters: dict[str, Counter[str]] = {}
    for character, times in Counter(text).items():
        if character > "\x7f":
            script, weight = _what(character)
            if script:
                small = character if character == _DOTTED_I else character.lower()
                letters.setdefault(script, Counter())[small] += times
            else:
                total += weight * times
    total += sum(_best_language(script, found, bilingual=bilingual) for script, found in letters.items())
    total += _by_neighbours(text)
    if "cyrillic" in letters or "greek" in letters:
        total -= _NO_VOWEL * sum(len(word) for word in _WORD.findall(text) if _unspeakable(word))
    return total / count


def _by_neighbours(text: str) -> float:
    """Return what characters lose, or a currency's sign gains, by what they stand beside."""
    total = 0.0
    shape = "".join(map(_class, text))
    present = set(shape)
    for needed, pattern, penalty in _PENALTIES:
        if not present.isdisjoint(needed):
            total -= penalty * len(pattern.findall(shape))
    if "\u20ac" in text:
        total -= _PRICED_LETTER_PENALTY * len(_PRICED_LETTER.findall(text))
    if "\u00a3" in text or "\u00a5" in text or "\u20ac" in text:
        total += _PRICED_SIGN_BONUS * len(_PRICED_SIGN.findall(text))
    if "¡" in text or "¿" in text:
        total += _OPENING_BONUS * len(_OPENING.findall(text))
    return total


def is_usual(character: str) -> bool:
    """Whether a character is a letter, a border, or a symbol that receipts print."""
    script, weight = _what(character)
    return bool(script) or weight > 0


def _repeated_weight(repeated: re.Match[str]) -> float:
    length = repeated.end() - repeated.start()
    return length * (_RULE if _class(repeated[1]) in "bv" else _REPEATED_LETTER)


def _best_language(script: str, found: Counter[str], *, bilingual: bool) -> float:
    languages = _weights(script)
    return max(
        sum(weights.get(letter, _OTHER_LANGUAGE) * times for letter, times in found.items())
        for weights in (languages if bilingual or script != "cyrillic" else languages[:-1])
    )


def of_one_language(text: str) -> bool:
    """Whether one language that is spoken alone on receipts has all the Cyrillic letters of a text."""
    letters = {letter for letter in text.lower() if "\u0400" <= letter < "\u0530"}
    return any(letters.issubset(alone) for alone in _alone())


@cache
def _alone() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(language) for language in _LANGUAGES["cyrillic"])


@cache
def _weights(script: str) -> tuple[dict[str, float], ...]:
    return tuple(
        {
            letter: weight
            for group, weight in zip(language.split(" "), _GROUP_WEIGHTS, strict=True)
            for letter in group
            if letter != "."
        }
        for language in (*_LANGUAGES[script], *((_BILINGUAL,) if script == "cyrillic" else ()))
    )


@lru_cache(maxsize=_WORDS_KEPT)
def _unspeakable(word: str) -> bool:
    """Whether a Cyrillic or Greek word has no vowel, or a small Greek one no accent."""
    if _class(word[0]) not in "kK":
        return False
    if not _VOWELS.intersection(word.lower()) or word[0] in "ъьЪЬ":
        return True
    return word.islower() and "\u0370" <= word[0] <= "\u03ff" and not _ACCENTED.intersection(word)


@cache
def _what(character: str) -> tuple[str, float]:
    """Return the alphabet of a letter that languages weigh, else an empty name and the character's own weight."""
    code = ord(character)
    category = unicodedata.category(character)
    if category[0] not in "LM" or character in _ORDINALS:
        drawing = 0x2500 <= code < 0x25A0  # noqa: PLR2004
        broken = category[0] == "C" or character == "\ufffd"
        usual = _BORDER if drawing else _BROKEN if broken else _RARE_SYMBOL
        return "", _SYMBOLS.get(character, usual)
    for script, first, last in _SCRIPTS:
        if first <= code <= last:
            return script, 0.0
    return "", _ideograph(character, code)


_SCRIPTS: Final = (
    ("latin", 0xC0, 0x24F),
    ("latin", 0x1E00, 0x1EFF),
    ("latin", 0x300, 0x36F),
    ("greek", 0x370, 0x3FF),
    ("cyrillic", 0x400, 0x52F),
    ("hebrew", 0x5D0, 0x5EA),
    ("arabic", 0x620, 0x6FF),
    ("arabic", 0xFB50, 0xFEFC),
    ("thai", 0xE00, 0xE5B),
)


def _ideograph(character: str, code: int) -> float:
    """Ideographs and syllables in everyday use lie in the first level of their national set."""
    if character in _USUAL_IDEOGRAPHS:
        return 2.8
    if 0xFF61 <= code < 0xFFA0:  # noqa: PLR2004 - half-width Katakana
        return 1.2
    if not (0x3040 <= code < 0x3100 or 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4):  # noqa: PLR2004
        return _RARE_LETTER
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
    if character in _ORDINALS:
        return "s"
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

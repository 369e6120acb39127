"""Text made comparable: width, case and accents folded, so that "GOTÓWKA", "gotowka" and full-width digits meet.

`clean` keeps the words as printed (they become descriptions) and only repairs what printing did to them: full-width
forms, box drawing, leader dots, letters spread by double width. `fold` makes keys for look-up; it is never shown.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

# Han, kana and Hangul: scripts written without spaces, and twice as wide on paper.
WIDE = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]")

_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3]")  # or a Korean syllable: "BC카드"
_LATIN_WORD = re.compile("[a-z]{2,}")
_CARD_END = r"\d{3,5}(?![\d.,])"  # behind four stars, what is left of a card's number: no amount
_CARD_BEGIN = r"(?<=\d{4})(?<![\d.,]\d{4})\*{4}(?:\*{4,}|\))"  # "4902************", "(VISA 4902****)"
_MIDDLE = r"(?<=\d)\*{3,}+\d"  # a member's number without its middle: "2990012****81"
_LEADERS = re.compile(
    rf"[.·…_]{{3,}}|[-=~]{{3,}}|(?:\. ){{2,}}\.?"
    rf"|(?<![-*])(?!{_CARD_BEGIN})(?!{_MIDDLE})\*{{3,}}+(?!-\d)(?!(?<=\*\*\*\*){_CARD_END})"
)
_STARRED = re.compile(rf"\*{{2,}}(?:[ -]\*{{2,}})+[ -](?={_CARD_END})")  # its groups
_MASKED = re.compile(
    r"(?<![^\W\d_])([xX])\1{3,}(?:[ -]?\1{2,})*+(?:[ -](?=\d)|(?=\d))"
)  # digits of a card, crossed out
_CENTS = re.compile(r"(?<![^\s$\xa3\u20ac-])\.\d\d(?=-?(?: ?[A-Z]{1,2})?$)")  # ".99 T": no unit before the point
_SPREAD_CHUNK = re.compile(r"\S(?: \S)+")
_WIDE_LETTER = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_SPREAD_WIDE = re.compile(rf"(?<![^\s(\[:]){_WIDE_LETTER}(?: +{_WIDE_LETTER})+(?=[\s:)\]]|$)")
_SPREAD_SHARE_MIN = 0.8
_SPREAD_LETTERS_MIN = 4
_NEIGHBOUR_LETTERS = re.compile(r"(?<!\S)[^\W\d_] +[^\W\d_](?!\S)")
# "390,-", "12.-- CHF": not one cent
_NO_CENTS = re.compile(r"(?<=\d)(?:[.,]--?(?= *(?:[^\W\d_]{1,4}\.?)?$)|,--?(?=  ))")

# Letters that Unicode does not decompose, those that tills without their glyphs replace, and two forms of one sign.
_LOOKALIKES = {
    "ı": "i", "İ": "i", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O", "ß": "ss", "ẞ": "SS",
    "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ё": "е", "Ё": "Е", "й": "и", "Й": "И", "ґ": "г", "Ґ": "Г",
    "і": "i", "І": "I", "ї": "i", "Ї": "I", "ә": "а", "Ә": "А", "ғ": "г", "Ғ": "Г", "қ": "к", "Қ": "К",
    "咭": "卡", "劵": "券", "臺": "台", "檯": "台", "枱": "台",  # as shops of Hong Kong and Taiwan write them
    "ң": "н", "Ң": "Н", "ө": "о", "Ө": "О", "ұ": "у", "Ұ": "У", "ү": "у", "Ү": "У", "һ": "х", "Һ": "Х",
}  # fmt: skip


@functools.cache
def _fold_table() -> dict[int, str]:
    table = {ord(letter): plain for letter, plain in _LOOKALIKES.items()}
    table[0xFFFD] = "?"  # a byte that means no letter is a gap like the `?` of a library that lacks one
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        decomposed = unicodedata.normalize("NFD", chr(code))
        if code not in table and len(decomposed) > 1:
            table[code] = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return table


@functools.cache
def _clean_table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table.update(dict.fromkeys(range(9472, 9632), " "))  # box drawing and blocks
    table.update(dict.fromkeys((0xA0, 0x2000, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000), " "))
    table.update(dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE63), "-"))
    table.update(dict.fromkeys((0x2018, 0x2019, 0x60, 0xB4), "'"))
    table.update(dict.fromkeys((0xD7, 0x2715, 0x2716), "x"))
    table.update({0xFFE5: "¥", 0xFFE6: "₩", 0xFFE1: "£", 0x2261: "=", 0x200B: "", 0xFEFF: "", 0x20: " "})
    return table


def fold(text: str) -> str:
    """Return `text` in lower case without accents, for look-up; its length may differ."""
    if text.isascii():
        return text.lower()
    return text.translate(_fold_table()).lower().translate(_fold_table())


def clean(text: str) -> str:
    """Return `text` as it was meant before printing: plain widths, no borders or leaders, no spread letters."""
    if not text.isascii():
        text = text.translate(_clean_table())
        text = _MINUS.sub("-", text)
        if _HALF_WIDTH_KANA.search(text):
            text = unicodedata.normalize("NFKC", text)
    if "|" in text:
        text = text.replace("|", " ")
    if "** *" in text or "**-*" in text:
        text = _STARRED.sub(lambda run: "*" * len(run.group()), text)
    if _LEADERS.search(text):
        text = _LEADERS.sub(lambda run: " " * len(run.group()), text)
    if "XXXX" in text or "xxxx" in text:
        text = _MASKED.sub(lambda run: "*" * len(run.group()), text)
    text = text.rstrip()
    if "." in text or ",-" in text:
        text = _in_full(text)
    if _is_spread(text):
        text = _SPREAD_CHUNK.sub(lambda chunk: chunk.group().replace(" ", ""), text)
    if not text.isascii() and WIDE.search(text):
        text = _SPREAD_WIDE.sub(lambda run: run.group().replace(" ", ""), text)
    return text


def _in_full(text: str) -> str:
    """Return the line with the noughts that some tills leave out of amounts: ".99", "390,-"."""
    cents = _CENTS.search(text)
    if cents is not None:
        begin = cents.start() - (text[: cents.start()].endswith("  "))
        text = f"{text[:begin]}0{text[cents.start() :]}"
    if ",-" in text or ".-" in text:
        text = _NO_CENTS.sub(lambda run: f"{run.group()[0]}00", text)
    return text


_MINUS = re.compile(r"[▲△](?=[¥\\]?\d)")  # as Japanese books print what is taken off: "▲59"
_HALF_WIDTH_KANA = re.compile(r"[\uff61-\uff9f]")


def _is_spread(text: str) -> bool:
    """Double-width characters copied from paper come as "T O T A L": single letters between single spaces.

    Of "2 x 1 400,00 €" most words are of one character, too, but no letter stands beside another.
    """
    words = text.split()
    if len(words) < _SPREAD_LETTERS_MIN:
        return False
    single = sum(len(word) == 1 for word in words)
    return single == len(words) or (
        single >= _SPREAD_SHARE_MIN * len(words) and _NEIGHBOUR_LETTERS.search(text) is not None
    )


def column_of(text: str, index: int) -> int:
    """Return the paper column of `text[index]`: wide characters take two."""
    return index if text.isascii() else index + len(WIDE.findall(text, 0, index))


def latin_within(folded: str, spans: Iterable[tuple[int, int, int, object]]) -> int:
    """Return how many letters of Latin words stand within phrases (start, end, ...) of ideographs or syllables, too."""
    phrases = [folded[span[0] : span[1]] for span in spans]
    return sum(len(word) for phrase in phrases if _IDEOGRAPH.search(phrase) for word in _LATIN_WORD.findall(phrase))

"""Hebrew and Arabic: lines in the order in which they are read, from lines in the order in which they were printed.

Contract: pure. Printers without letters that join print bytes from left to right, so tills turn Hebrew round before
they send it; others leave it to the printer. Which of the two a job did is told by its letters: Hebrew's final forms,
Arabic's forms of the beginning, the middle and the end stand at one end of a word only. `in_reading_order` gives the
paper whose lines read; `as_drawn` gives a piece of such a line as it is seen, letter by letter from the left. Without
evidence a line is taken for one that reads already. What stands apart by two blanks or more is a column, and columns
keep their places.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Final

from receipt.paper import Paper, PaperLine

_LETTER: Final = "\u0590-\u05ff\u0600-\u065f\u066a-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_ANY: Final = re.compile(f"[{_LETTER}]")
_ARABIC: Final = re.compile("[\u0621-\u064a]")
_WORD: Final = re.compile(f"[{_LETTER}]+")
_EDGE: Final = "[()\\[\\]\"':!?.,]*"  # what belongs to the word beside it
_NUMBER: Final = "[#\u20aa$]?[0-9][0-9.,:/%-]*"
_STRETCH: Final = re.compile(  # letters, what stands between them, and a number beside them that no Latin word precedes
    f"(?:(?<![^ ])(?<![A-Za-z] )(?:{_NUMBER} )+)?"
    f"{_EDGE}(?:[{_LETTER}](?:[^ ]| (?! ))*[{_LETTER}]|[{_LETTER}]){_EDGE}"
    f"(?:(?: {_NUMBER})+(?![^ ])(?! [A-Za-z]))?"
)
_LEFT_TO_RIGHT: Final = re.compile(
    "[0-9A-Za-z\u00c0-\u024f\u0370-\u052f\u0660-\u0669\u06f0-\u06f9]"
    "(?:[0-9A-Za-z\u00c0-\u024f\u0370-\u052f\u0660-\u0669\u06f0-\u06f9.,:/%'&+@-]*"
    "[0-9A-Za-z\u00c0-\u024f\u0370-\u052f\u0660-\u0669\u06f0-\u06f9%])?"
)
_FINALS: Final = frozenset("\u05da\u05dd\u05df\u05e3\u05e5\u0629\u0649")  # Hebrew's five; teh marbuta, alef maksura
_MIRRORED: Final = str.maketrans("()[]{}<>\u00ab\u00bb", ")(][}{><\u00bb\u00ab")


def in_reading_order(paper: Paper) -> Paper:
    """Return a paper whose Hebrew and Arabic reads from each line's beginning; any other paper as it is."""
    if "".join([line.text for line in paper.lines]).isascii():
        return paper
    places = [at for at, line in enumerate(paper.lines) if not line.text.isascii() and _ANY.search(line.text)]
    if not places or not _turned(paper.lines[at].text for at in places):
        return paper
    lines = list(paper.lines)
    for at in places:
        lines[at] = _read(lines[at])
    return replace(paper, lines=tuple(lines))


def as_drawn(text: str) -> str:
    """Return a text that reads as it stands on paper from the left; a turn of a turned text is the text."""
    return text if text.isascii() or not _ANY.search(text) else _STRETCH.sub(_reversed, text)


def _read(line: PaperLine) -> PaperLine:
    spans = tuple(span._replace(text=as_drawn(span.text)) for span in line.spans)
    return line._replace(text=as_drawn(line.text), spans=spans)


def _reversed(match: re.Match[str]) -> str:
    """Turn a stretch round, marks behind their letters; numbers and Latin words in it keep their order."""
    kept = _LEFT_TO_RIGHT.sub(lambda number: number[0][::-1], match[0])
    turned = kept[::-1].translate(_MIRRORED)
    return re.sub("([\u0591-\u05c7\u064b-\u065f]+)(.)", r"\2\1", turned)


def _turned(lines: Iterable[str]) -> bool:
    """Whether the letters say that the lines were turned round before they were sent."""
    words = (word for line in lines for word in _WORD.findall(line) if len(word) > 1)
    return sum(_ends_words(word[0]) - _ends_words(word[-1]) for word in words) > 0


def _ends_words(letter: str) -> int:
    """Return 1 for a letter that stands at the end of words only, -1 for one of their beginning, else 0."""
    if letter in _FINALS:
        return 1
    return {"<final>": 1, "<initial>": -1}.get(_form(letter), 0)


@cache
def _form(letter: str) -> str:
    return unicodedata.decomposition(letter).split(" ")[0]


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Return the forms of each Arabic letter, by their names in the character database."""
    forms: dict[str, dict[str, str]] = {}
    for letter in map(chr, range(0xFE80, 0xFEF5)):
        form, *letters = unicodedata.decomposition(letter).split(" ")
        if len(letters) == 1:
            forms.setdefault(chr(int(letters[0], 16)), {})[form] = letter
    return forms


def joined(text: str) -> str:
    """Return a text that reads with each Arabic letter in the form that its neighbours give it."""
    if text.isascii() or not _ARABIC.search(text):
        return text
    forms = _forms()
    letters = []
    for at, letter in enumerate(text):
        known = forms.get(letter)
        if known is None:
            letters.append(letter)
            continue
        before = at > 0 and "<initial>" in forms.get(text[at - 1], {})
        after = at + 1 < len(text) and "<final>" in forms.get(text[at + 1], {}) and "<initial>" in known
        form = "<medial>" if before and after else "<final>" if before else "<initial>" if after else "<isolated>"
        letters.append(known.get(form, letter))
    return "".join(letters)

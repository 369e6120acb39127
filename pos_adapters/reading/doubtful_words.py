"""What the words of one line say that nobody explained: that it may speak of a document that is no sale.

Whoever prints that a document is no sale must speak of it - that something is practised, offered, held, repeated,
undone, refused or not yet paid - and such words have few beginnings; or denies what a sale is made of; or calls the
paper by a name that begins or ends as such names do. Shops' terms, offers and facts have words of their own, which make
a line harmless. All are data (`pos_adapters/profiles/doubts.toml`). What else stands on the paper is asked in `doubts`.
Contract: pure but for bounded memos and the data, which are read once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.goods_groups import group_words
from pos_adapters.reading.lexicon import Lexicon, Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sentences import has_address
from pos_adapters.reading.spoken_chinese import asks_to_pay, notes_for_shop, speaks_to_customer
from retail.shipped import read_shipped

MEMO_LINES_MAX: Final = 8192  # the headers and footers of a busy store's day
MEMO_WORDS_MAX: Final = 20_000  # a store prints a few thousand different words
NAME_WORDS_MAX: Final = 3  # of a paper: a slogan says more
TITLE_WORDS_MAX: Final = 4  # "HOUSE ACCOUNT TOP UP": more are a sentence
PAPER_WORDS_MAX: Final = 5  # beside what the document is called: more are a sentence about it
NAME_LETTERS_MAX: Final = 8  # of a paper, in scripts without spaces
TITLE_LETTERS_MAX: Final = 12  # of a title, in scripts without spaces
_STRANGE_LETTERS_MIN: Final = 4  # that no phrase explains: fewer are initials and units
_WIDE_STRANGE_LETTERS_MIN: Final = 3  # elsewhere: two may be a dining room or a table
_WIDE_LETTERS_MIN: Final = 2  # beside the name of a paper, in scripts without spaces: a word
_WORD: Final = re.compile(r"[^\W\d_]+")
_WIDE_PAPER: Final = re.compile("^\\W*\\w{2,6}(?:单|單|凭证|憑證|登记|登記|存根|联|聯)\\W*$")  # "会员升级单"
_LATIN: Final = re.compile("[a-z]{2}")
_FIGURE: Final = re.compile(r"\d")
_ENDED: Final = re.compile(r"[!?]|(?<=[^\W\d_]{3})\. ")  # between two words: a sentence, no abbreviation
_NUMBERED: Final = re.compile(r"\b(?:no|nr)s?\b[.:# ]*(?=[\d:#.]|$)")  # "Bill No: 12" denies nothing
_QUEUED: Final = re.compile(r"\W*[^\W\d_]+\W+(?:[Nn][or]s?\W*)?\d{1,4}\W*")  # "Bestelling nr 47" is called out
_HOURS: Final = re.compile(
    r"\b\d{1,2}[:.h]\d{2} ?h? ?(?:-|\u2013|/|a|as|alle|bis|to|tot|do) ?\d{1,2}(?:[:.h]\d{2})?\b"
)  # "8:30-14"
_FACT: Final = re.compile(r"\s*[^:]{2,24}:.*\S")  # "PRODUCT: UNLEADED"
_TYPE: Final = re.compile(r"\s*[^:]{2,24}: *([^\W\d_]+(?: [^\W\d_]+)?)\s*")
_TOLD: Final = re.compile(r"\.? ?: ?[^\W\d_]")
_CODE: Final = re.compile(r"[:#\u2116] ?(?=[A-Z]*[a-z]+[A-Z]|[A-Za-z-]*_)[A-Za-z_-]{3,16}$")  # "Receipt: FeBD"
_BRANCH_WORDS: Final = (
    "店 점 門市 门市 超市 支店 営業所 商場 商场 食堂 식당 마트 券売所 直売所 案内所 売場 売り場 窓口 "
    "カウンター ラウンジ 会館 公園 博物館 美術館 動物園 水族館 遊園地 神社 温泉 ホテル 旅館 カフェ 酒場 "
    "市場 薬局 医院 病院 歯科 クリニック ガーデン サロン スタジオ センター プラザ ショップ マーケット "
    "ターミナル 農園 牧場 工房 倶楽部 屋 亭 庵 堂 園 荘 楼 苑 매표소 카페 약국 병원 의원 호텔 서점 문고 "
    "상회 공원 박물관 미술관 농원 공방 휴게소 시장 빵집"
)
_BRANCHES: Final = tuple(_BRANCH_WORDS.split())
_BRANCH_LETTERS_MAX: Final = 14
_STARS: Final = "\n*"  # no line holds it
_FIGURES: Final = str.maketrans("123456789", "000000000")  # a line is the same whatever its figures

_ALONE, _HARMLESS, _SLOGAN, _PAPER, _BEGINS, _ENDS, _ASIDE = range(7)
_GROUPS: Final = (
    ("alone", _ALONE), ("harmless", _HARMLESS), ("slogans", _SLOGAN), ("papers", _PAPER),
    ("begins", _BEGINS), ("ends", _ENDS), ("asides", _ASIDE),
)  # fmt: skip


class Found(NamedTuple):
    """What the words of one line say."""

    doubtful: bool  # it speaks of the document, or stands among stars, in words that nobody explained
    strange: bool  # it has words that nobody explained, and none that make them harmless
    short: bool  # it has words that nobody explained, and no more than the name of a paper has
    told: bool = False  # it says so as a sentence: by several of its words, or of a paper
    alone: bool = False  # one of its words says so
    harmless: bool = False  # it speaks of a shop's terms or facts


_HARMLESS_LINE: Final = Found(doubtful=False, strange=False, short=False, harmless=True)


class _Told(NamedTuple):
    """What words say before any sentence is made of them."""

    marks: frozenset[int]
    alone: bool  # a word outside every phrase speaks of the document
    title: bool  # the line begins or ends as papers are called


class _Word(NamedTuple):
    """A beginning, a piece or a whole of a word, and what it is part of."""

    text: str
    begins: bool
    inside: bool
    mark: int


class Doubts:
    """The doubtful words of some languages, as a look-up; `lexicon` is the one that lines were read with."""

    def __init__(self, languages: Iterable[str], active: int) -> None:
        self._active = active
        languages = tuple(languages)
        self._chinese = "zh" in languages and "ja" not in languages
        words: list[_Word] = []
        self._together: list[frozenset[int]] = []
        denials: set[int] = set()
        mark = len(_GROUPS)
        for table in filter(None, map(_tables().get, languages)):
            for group, number in _GROUPS:
                words += (_word_of(text, number) for text in table.get(group, ()))
            words += (_word_of(text, mark) for text in table.get("denials", ()))
            words += (_word_of(text, mark + 1) for text in table.get("denied", ()))
            self._together.append(frozenset((mark, mark + 1)))
            denials.add(mark)
            mark += 2
            for phrase in table.get("together", ()):
                parts = [_word_of(text, mark + at) for at, text in enumerate(phrase.split())]
                words += parts
                self._together.append(frozenset(part.mark for part in parts))
                mark += len(parts)
        self._denials = frozenset(denials)
        self._whole: dict[str, set[int]] = {}
        self._begins: dict[str, set[int]] = {}
        for word in words:
            if not word.inside:
                (self._begins if word.begins else self._whole).setdefault(word.text, set()).add(word.mark)
        self._lengths = sorted({len(text) for text in self._begins})
        inside = [word for word in words if word.inside and not WIDE.match(word.text)]
        self._inside = tuple((word.text, word.mark) for word in inside if word.mark != _ENDS)
        self._tails = tuple((word.text, word.mark) for word in inside if word.mark == _ENDS)
        self._wide = tuple(
            (word.text.replace(" ", ""), word.mark) for word in words if word.inside and WIDE.match(word.text)
        )
        self._words: dict[str, frozenset[int]] = {}
        self._lines: dict[str, Found] = {}

    def find(self, facts: LineFacts) -> Found:
        """Return what the line's words say."""
        key = facts.text
        found = None if facts.starred else self._lines.get(key)  # as most lines: without figures, and seen before
        if found is not None:
            return found
        key = key.translate(_FIGURES)
        if facts.starred:
            key += _STARS
        found = self._lines.get(key)
        if found is None:
            if len(self._lines) >= MEMO_LINES_MAX:
                self._lines.clear()
            found = self._lines[key] = self._read(facts)
        return found

    def _read(self, facts: LineFacts) -> Found:
        text = _NUMBERED.sub(lambda run: "#" * len(run.group()), fold(facts.text))
        explained = _explained(facts, self._active)
        if explained is None or has_address(text) or _HOURS.search(text) is not None:
            return _HARMLESS_LINE
        words = list(_WORD.finditer(text))
        told = self._told_by_words(facts, text, words, explained=explained)
        spoken = False
        if self._wide and WIDE.search(text):
            spoken = speaks_to_customer(text)
            told = self._told_without_spaces(facts, text, told, explained=explained, spoken=spoken)
        if _HARMLESS in told.marks and not (told.title and _WIDE_PAPER.search(text.rstrip())):
            return _HARMLESS_LINE
        unexplained = _is_unexplained(facts, text, words, of_paper=_PAPER in told.marks, chinese=self._chinese)
        strange = unexplained and _SLOGAN not in told.marks and not spoken
        of_paper = _PAPER in told.marks and _may_call_paper(facts, text, words) and not self._tells_type(text)
        of_paper = of_paper or facts.starred
        together = any(parts <= said for said in self._sentences(text, words, told.marks) for parts in self._together)
        fact = _FIGURE.search(text) is not None or _FACT.fullmatch(text) is not None
        return Found(
            doubtful=told.alone or told.title or together or (strange and of_paper),
            strange=strange and not fact,
            short=unexplained and not fact and _is_short(text, words),
            told=together or (told.alone and _PAPER in told.marks),
            alone=told.alone,
        )

    def _told_by_words(
        self, facts: LineFacts, text: str, words: Sequence[re.Match[str]], *, explained: Sequence[tuple[int, int]]
    ) -> _Told:
        said = [self._words.get(word.group()) or self._look_up(word.group()) for word in words]
        said = [
            marks - self._denials if marks & self._denials and _is_within(word, explained) else marks
            for word, marks in zip(words, said, strict=True)
        ]
        apart = [not any(a <= word.start() < b for a, b in explained) for word in words]
        ends = ((0, _BEGINS), (-1, _ENDS)) if words and self._may_be_title(facts, text, words) else ()
        return _Told(
            marks=frozenset[int]().union(*said),
            alone=any(_ALONE in marks and free for marks, free in zip(said, apart, strict=True)),
            title=any(mark in said[at] and apart[at] for at, mark in ends),
        )

    def _told_without_spaces(
        self, facts: LineFacts, text: str, told: _Told, *, explained: Sequence[tuple[int, int]], spoken: bool
    ) -> _Told:
        """Return what is told by words and by pieces of a text in a script that prints no spaces between words.

        Who is `spoken` to reads no title, and of some words only that something may happen, no more.
        """
        dense = text.replace(" ", "")
        phrases = [text[start:end].replace(" ", "") for start, end in explained]
        found = [(piece, mark) for piece, mark in self._wide if piece in dense]
        tails = [piece for piece, mark in found if mark == _ENDS] if not spoken and _FIGURE.search(text) is None else []
        alone = frozenset((_ALONE,)) if spoken or _names_cashier(facts) else frozenset((_ALONE, _ASIDE))
        return _Told(
            marks=told.marks | {mark for piece, mark in found if mark != _PAPER or not _within(piece, dense, phrases)},
            alone=told.alone
            or asks_to_pay(dense)
            or notes_for_shop(dense)
            or any(mark in alone and _beside(piece, dense, phrases) for piece, mark in found),
            title=told.title or _ends_as_paper(text, tails, self._known(facts)),
        )

    def _tells_type(self, text: str) -> bool:
        """Whether a line says of what type the paper is, and that it is a sale's: "Type of document: receipt"."""
        fact = _TYPE.fullmatch(text)
        return fact is not None and all(_PAPER in self._look_up(word) for word in fact[1].split())

    def _may_be_title(self, facts: LineFacts, text: str, words: Sequence[re.Match[str]]) -> bool:
        """Whether a line is as short as the names of papers: with a number only behind "No.", and no queue's."""
        if len(words) > TITLE_WORDS_MAX or not (_FIGURE.search(text) is None or "#" in text):
            return False
        queued = len(words) == 1 and _QUEUED.fullmatch(facts.text) is not None
        return not (queued and _is_numbered(facts, self._active))

    def _sentences(self, text: str, words: Sequence[re.Match[str]], marks: frozenset[int]) -> list[frozenset[int]]:
        """Return the marks of each sentence: "Don't throw away! This receipt wins" denies no receipt."""
        if not _ENDED.search(text) or WIDE.search(text):
            return [marks]
        sentences = [frozenset[int]()]
        ended = 0
        for word in words:
            if ended and _ENDED.search(text, ended, word.start()):
                sentences.append(frozenset())
            ended = word.end()
            sentences[-1] |= self._words.get(word.group(), frozenset())
        return sentences

    def _known(self, facts: LineFacts) -> list[tuple[int, int]]:
        """Return where phrases stand that may mean anything else than a kind of document."""
        return [
            (hit.start, hit.end)
            for hit in facts.hits
            if any(sense.kind is None and sense.languages & self._active for sense in hit.senses)
        ]

    def _look_up(self, word: str) -> frozenset[int]:
        found = set(self._whole.get(word, ()))
        for length in self._lengths:
            if length > len(word):
                break
            found |= self._begins.get(word[:length], set())
        found.update(mark for piece, mark in self._inside if piece in word)
        found.update(mark for tail, mark in self._tails if word.endswith(tail))
        if len(self._words) >= MEMO_WORDS_MAX:
            self._words.clear()
        self._words[word] = frozenset(found)
        return self._words[word]


@functools.lru_cache(maxsize=32)  # sets of languages that receipts of a store seem to speak
def doubts_of(lexicon: Lexicon, active: int) -> Doubts:
    """Return the doubtful words of the `active` languages, for lines read with this lexicon."""
    return Doubts((name for bit, name in enumerate(lexicon.languages) if active >> bit & 1), active)


def _is_within(word: re.Match[str], phrases: Iterable[tuple[int, int]]) -> bool:
    """Whether a word is part of a longer phrase: "sans contact" denies no payment."""
    return any(a <= word.start() and word.end() <= b and b - a > len(word.group()) for a, b in phrases)


def _explained(facts: LineFacts, active: int) -> Sequence[tuple[int, int]] | None:
    """Return where phrases stand that name no kind of document; None where one says that the line means nothing."""
    found = []
    for hit in facts.hits:
        senses = [sense for sense in hit.senses if sense.languages & active]
        if any(sense.role is Role.NEUTRAL for sense in senses):
            return None
        roles = {sense.role for sense in senses}
        numbered = {Role.KIND, Role.DOCUMENT_NUMBER} <= roles and _FIGURE.search(facts.text)  # "Work order no 41", paid
        if senses and (numbered or Role.RECEIVED in roles or not any(sense.kind is not None for sense in senses)):
            found.append((hit.start, hit.end))
    return found


def _is_unexplained(
    facts: LineFacts, text: str, words: Sequence[re.Match[str]], *, of_paper: bool, chinese: bool
) -> bool:
    """Whether a line has words that no phrase explains, and names no group of goods and no branch."""
    wide = chinese and WIDE.search(text) is not None and _LATIN.search(text) is None
    least = _STRANGE_LETTERS_MIN
    if wide:
        least = _WIDE_LETTERS_MIN if of_paper else _WIDE_STRANGE_LETTERS_MIN
    if facts.unknown < least or _names_branch(text):
        return False
    groups = group_words()
    return not all(word.group() in groups for word in words)


def _may_call_paper(facts: LineFacts, text: str, words: Sequence[re.Match[str]]) -> bool:
    """Whether a line that names a paper is its heading: short, and without the paper's number."""
    short = len(words) <= PAPER_WORDS_MAX and _FIGURE.search(text) is None and _CODE.search(facts.text) is None
    return short and not _names_cashier(facts)


def _names_cashier(facts: LineFacts) -> bool:
    """Whether a line begins with what who serves is called, and tells the name: "Sales adv.: Mary P."."""
    first = facts.hits[0] if facts.hits else None
    return (
        first is not None
        and not facts.text[: first.start].strip()
        and any(sense.role is Role.CASHIER for sense in first.senses)
        and _TOLD.match(facts.text, first.end) is not None
    )


def _is_short(text: str, words: Sequence[re.Match[str]]) -> bool:
    """Whether a line is no longer than the name of a paper."""
    return len(text.replace(" ", "")) <= NAME_LETTERS_MAX if WIDE.search(text) else len(words) <= NAME_WORDS_MAX


def _is_numbered(facts: LineFacts, active: int) -> bool:
    """Whether a word of the line may be what a receipt calls its number."""
    return any(
        sense.role is Role.DOCUMENT_NUMBER and sense.languages & active for hit in facts.hits for sense in hit.senses
    )


def _names_branch(text: str) -> bool:
    """Whether a line is what a branch is called in scripts without spaces, by its last letter: "渋谷店", "강남점"."""
    letters = "".join(filter(str.isalpha, text))
    return letters.endswith(_BRANCHES) and len(letters) <= _BRANCH_LETTERS_MAX


def _beside(piece: str, text: str, phrases: Iterable[str]) -> bool:
    """Whether `piece` stands in the text elsewhere than inside phrases: "またのご来店をお待ち" waits for nothing."""
    return text.count(piece) > sum(phrase.count(piece) for phrase in phrases)


def _within(piece: str, text: str, phrases: Iterable[str]) -> bool:
    """Whether `piece` stands in longer phrases only: the tax office's "현금영수증" is no "영수증" of another kind."""
    return not _beside(piece, text, [phrase for phrase in phrases if len(phrase) > len(piece)])


def _ends_as_paper(text: str, tails: Iterable[str], known: Iterable[tuple[int, int]]) -> bool:
    """Whether a line that is short in a script without spaces ends as papers are called, in no phrase: "修理受付票"."""
    letters = "".join(filter(str.isalpha, text))
    explained = max((end for _, end in known), default=0)
    return (
        len(letters) <= TITLE_LETTERS_MAX and letters.endswith(tuple(tails)) and any(map(str.isalpha, text[explained:]))
    )


def _word_of(text: str, mark: int) -> _Word:
    plain = fold(text.strip("*"))
    begins = text.endswith("*")
    return _Word(plain, begins, text.startswith("*") or (WIDE.match(plain) is not None and not begins), mark)


@functools.cache
def _tables() -> dict[str, dict[str, list[str]]]:
    table: dict[str, dict[str, list[str]]] = read_shipped(Path(__file__).parent.parent / "profiles" / "doubts.toml")
    return table

"""Lines in words that nobody explained and that may say that a document is no sale: it is parked, not taken.

Phrases that name a training slip, a quote or a copy are known in many wordings, never in all. But whoever prints that a
document is no sale must speak of it - that something is practised, offered, held, repeated, undone, refused or not yet
paid - and such words have few beginnings; or denies what a sale is made of; or puts it where no slogan stands: among
stars, between the receipt's date or number and its goods, between its goods and their payment. Shops' terms, offers and
facts are left out by words of their own, and of a sentence only what several words say together counts: no paper is
called by one. The words are data (`pos_adapters/profiles/doubts.toml`).
Contract: pure but for bounded memos and the data, which are read once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.goods_groups import group_words
from pos_adapters.reading.honest_places import (
    details_goods,
    goes_on,
    heads_columns,
    name_above,
    named_above,
    names_journey_or_show,
    names_shop,
    names_value,
)
from pos_adapters.reading.labels import Label
from pos_adapters.reading.lexicon import Lexicon, Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sentences import has_address, is_of_sentence, lines_of_sentence
from pos_adapters.reading.sheet import Part
from retail.shipped import read_shipped
from retail.transaction import DocumentKind

MEMO_LINES_MAX: Final = 8192  # the headers and footers of a busy store's day
MEMO_WORDS_MAX: Final = 20_000  # a store prints a few thousand different words
_WORD: Final = re.compile(r"[^\W\d_]+")
_ENDED: Final = re.compile(r"[!?]|(?<=[^\W\d_]{3})\. ")  # between two words: a sentence, no abbreviation
_NUMBERED: Final = re.compile(r"\b(?:no|nr)s?\b[.:# ]*(?=[\d:#.]|$)")  # "Bill No: 12" denies nothing
_QUEUED: Final = re.compile(r"\W*[^\W\d_]+\W+(?:[Nn][or]s?\W*)?\d{1,4}\W*")  # "Bestelling nr 47" is called out
_FACT: Final = re.compile(r"\s*[^:]{2,24}:.*\S")  # "PRODUCT: UNLEADED"
_CODE: Final = re.compile(r"[:#] ?(?=[A-Z]*[a-z]+[A-Z])[A-Za-z]{3,8}$")  # "Receipt: FeBD": its number
_BRANCHES: Final = ("店", "점", "門市", "门市", "超市", "支店", "営業所", "商場", "商场", "食堂", "식당", "마트")
_BRANCH_LETTERS_MAX: Final = 14
_STARS: Final = "\n*"  # no line holds it
_FIGURE: Final = re.compile(r"\d")
_FIGURES: Final = str.maketrans("123456789", "000000000")  # a line is the same whatever its figures
_LETTERS_MIN: Final = 3  # of a line: shorter ones are codes, but in scripts without spaces words
_STRANGE_LETTERS_MIN: Final = 4  # that no phrase explains: fewer are initials and units
SENTENCE_WORDS_MIN: Final = 5  # of a slogan or a term; "Your card was declined." is shorter
NAME_WORDS_MAX: Final = 3  # of a paper: a slogan says more
TITLE_WORDS_EVER: Final = 5  # what stands where titles do and says more is a sentence
PAPER_WORDS_MAX: Final = 5  # beside what the document is called: more are a sentence about it
NAME_LETTERS_MAX: Final = 8  # of a paper, in scripts without spaces
_FACT_ROLES: Final = frozenset((Role.DATE, Role.CASHIER, Role.WORKSTATION, Role.DOCUMENT_NUMBER))
_TAXES: Final = frozenset((Role.TAX, Role.TAX_BASE))
_TAKEN_OFF: Final = frozenset((Role.VOID_LINE, Role.RETURN_LINE))  # "VOID MILK 2.99" speaks of one line

TITLE_LETTERS_MAX: Final = 12  # of a title, in scripts without spaces
_TITLE_WORDS_MAX: Final = 4  # "HOUSE ACCOUNT TOP UP": more are a sentence

_WITH_GOODS: Final = re.compile(r" *[-+>] ?[^\W\d_].*[^\s\-=*+>]")

_ALONE, _HARMLESS, _SLOGAN, _PAPER, _BEGINS, _ENDS = range(6)
_GROUPS: Final = (
    ("alone", _ALONE), ("harmless", _HARMLESS), ("slogans", _SLOGAN), ("papers", _PAPER),
    ("begins", _BEGINS), ("ends", _ENDS),
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
        words: list[_Word] = []
        self._together: list[frozenset[int]] = []
        mark = len(_GROUPS)
        for table in filter(None, map(_tables().get, languages)):
            for group, number in _GROUPS:
                words += (_word_of(text, number) for text in table.get(group, ()))
            words += (_word_of(text, mark) for text in table.get("denials", ()))
            words += (_word_of(text, mark + 1) for text in table.get("denied", ()))
            self._together.append(frozenset((mark, mark + 1)))
            mark += 2
            for phrase in table.get("together", ()):
                parts = [_word_of(text, mark + at) for at, text in enumerate(phrase.split())]
                words += parts
                self._together.append(frozenset(part.mark for part in parts))
                mark += len(parts)
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
        if explained is None or has_address(text):
            return _HARMLESS_LINE
        marks: set[int] = set()
        alone = title = False
        names = group_words()
        printed = list(_WORD.finditer(text))
        last = len(printed) - 1
        titled = last < _TITLE_WORDS_MAX and (_FIGURE.search(text) is None or ("#" in text and not facts.dated))
        titled = titled and not (last == 0 and _QUEUED.fullmatch(facts.text) and _is_numbered(facts, self._active))
        for at, match in enumerate(printed):
            found = self._words.get(match.group())
            if found is None:
                found = self._look_up(match.group())
            if not found:
                continue
            marks |= found
            names_paper = titled and ((_BEGINS in found and at == 0) or (_ENDS in found and at == last))
            if (names_paper or _ALONE in found) and not any(a <= match.start() < b for a, b in explained):
                alone = alone or _ALONE in found
                title = title or names_paper
        dense = text.replace(" ", "")
        if self._wide and WIDE.search(text):
            found_wide = [(piece, mark) for piece, mark in self._wide if piece in dense]
            phrases = [text[start:end].replace(" ", "") for start, end in explained]
            marks.update(mark for piece, mark in found_wide if mark != _PAPER or not _within(piece, dense, phrases))
            if not alone and _ALONE in marks:
                alone = any(mark == _ALONE and _beside(piece, dense, phrases) for piece, mark in found_wide)
            if _ENDS in marks and (_FIGURE.search(text) is None or "#" in text):
                tails = [piece for piece, mark in found_wide if mark == _ENDS]
                title = title or _ends_as_paper(text, tails, self._known(facts))
        if _HARMLESS in marks:
            return _HARMLESS_LINE
        words = _WORD.findall(text)
        unexplained = (
            facts.unknown >= _STRANGE_LETTERS_MIN and "%" not in text and not all(map(names.__contains__, words))
        )
        unexplained = unexplained and not _names_branch(text)
        strange = unexplained and _SLOGAN not in marks
        of_paper = (
            _PAPER in marks
            and len(words) <= PAPER_WORDS_MAX
            and _FIGURE.search(text) is None
            and _CODE.search(facts.text) is None
        )
        together = any(parts <= said for said in self._sentences(text, printed, marks) for parts in self._together)
        doubtful = alone or title or together or (strange and (facts.starred or of_paper))
        fact = _FIGURE.search(text) is not None or _FACT.fullmatch(text) is not None
        short = unexplained and (len(dense) <= NAME_LETTERS_MAX if WIDE.search(text) else len(words) <= NAME_WORDS_MAX)
        told = together or (alone and _PAPER in marks)
        return Found(doubtful, strange and not fact, short=short and not fact, told=told, alone=alone)

    def _sentences(self, text: str, words: Sequence[re.Match[str]], marks: set[int]) -> list[set[int]]:
        """Return the marks of each sentence: "Don't throw away! This receipt wins" denies no receipt."""
        if not _ENDED.search(text) or WIDE.search(text):
            return [marks]
        sentences: list[set[int]] = [set()]
        ended = 0
        for word in words:
            if ended and _ENDED.search(text, ended, word.start()):
                sentences.append(set())
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


def doubted_line(
    lines: Sequence[LineFacts],
    labels: Sequence[Label | None],
    *,
    doubts: Doubts,
    solution: Solution,
    declined: Container[int],
) -> str | None:
    """Return the first line, none of goods, that raises a doubt about the sale; None without any."""
    first = solution.owed[0][0]
    last = max([entry.line for entry, part, _ in solution.owed if part is not Part.TAX])
    goods = min((first.line, *first.described))
    named = named_above(lines, labels, [entry.line for entry, _, _ in solution.owed])
    if named and all(entry.described in ((), (entry.line,)) for entry, _, _ in solution.owed):
        goods -= named
    facts_end, name = goods, name_above(lines, labels, first)
    for line in range(goods - 1, -1, -1):
        if _is_fact(lines[line], labels[line]):
            facts_end = line
            break
    tenders = solution.settlement.tenders if solution.settlement is not None else ()
    payment = min([paid.line for paid in tenders if paid.line > last], default=solution.total.line)
    for line in chain(range(goods), range(last + 1, len(lines))):
        facts = lines[line]
        if facts.letters < _LETTERS_MIN and not WIDE.search(facts.text):
            continue
        doubtful, strange = _found_in(
            lines, line, doubts, starred=facts.starred and not names_shop(lines, labels, line)
        )
        if not (doubtful or strange) or (line > last and _heads_tax_table(facts, lines[line + 1 : line + 2])):
            continue
        label = labels[line]
        takes_off = label is not None and label.role in _TAKEN_OFF
        if line == solution.total.line and tenders and _says_total(facts, label):
            continue  # "TOTAL A REGLER 31,77": it was paid
        if takes_off and (facts.right or _is_negative(lines[line + 1 : line + 2])):
            continue
        width = max([len(each.text) for each in lines])
        odd = strange and label is None and not facts.decimals and facts_end < line < payment and line != name
        odd = (
            odd
            and not (heads_columns(facts) or names_journey_or_show(facts))
            and not (line and goes_on(lines[line - 1], facts, width))
        )
        odd = (
            odd and not names_value(lines, line) and not (line == last + 1 and details_goods(facts, lines[last], width))
        )
        doubted = odd or (doubtful and line not in declined)
        if doubted and not (_is_of_terms(lines, line, doubts) or _adds_to(lines[last + 1 : line + 1])):
            return facts.text.strip()
    return None


def _adds_to(below: Sequence[LineFacts]) -> bool:
    """Whether all that stands below the last goods up to a line is "- no onions"."""
    return bool(below) and all(_WITH_GOODS.fullmatch(facts.text) for facts in below)


def _says_total(facts: LineFacts, label: Label | None) -> bool:
    return label is not None and label.role is Role.TOTAL and not facts.unknown


def _heads_tax_table(facts: LineFacts, below: Sequence[LineFacts]) -> bool:
    """Whether a line is "Summary" and the next one speaks of taxes."""
    if facts.unknown or facts.numbers or len(facts.hits) != 1:
        return False
    heads = any(sense.kind is DocumentKind.REPORT and sense.role is Role.HEADLINE for sense in facts.hits[0].senses)
    return heads and any(sense.role in _TAXES for each in below for hit in each.hits for sense in hit.senses)


def _is_of_terms(lines: Sequence[LineFacts], line: int, doubts: Doubts) -> bool:
    """Whether the line is part of a sentence over several, and others of it speak of a shop's terms."""
    return any(doubts.find(lines[at]).harmless for at in lines_of_sentence(lines, line))


def _found_in(lines: Sequence[LineFacts], line: int, doubts: Doubts, *, starred: bool) -> tuple[bool, bool]:
    """Return whether the line's words are doubtful, and whether strange; of a sentence, several of them together."""
    facts = lines[line]
    found = doubts.find(facts if facts.starred is starred else facts._replace(starred=starred))
    if (found.doubtful or found.strange) and is_of_sentence(lines, line):
        sentence = lines_of_sentence(lines, line) or range(line, line + 1)
        words = sum(len(_WORD.findall(lines[at].text)) for at in sentence)
        return found.told or (found.alone and words < SENTENCE_WORDS_MIN), False
    return found.doubtful, found.strange


def _is_negative(below: Sequence[LineFacts]) -> bool:
    """Whether the line below has a negative amount: "* VOID *" above it speaks of that line."""
    return any(facts.right and facts.numbers[facts.right[0]].value < 0 for facts in below)


def _is_fact(facts: LineFacts, label: Label | None) -> bool:
    """Whether the line tells the receipt's date, number, till or cashier: no slogan of the shop stands below."""
    return facts.dated or (label is not None and label.role in _FACT_ROLES)


def _explained(facts: LineFacts, active: int) -> Sequence[tuple[int, int]] | None:
    """Return where phrases stand that name no kind of document; None where one says that the line means nothing."""
    found = []
    for hit in facts.hits:
        senses = [sense for sense in hit.senses if sense.languages & active]
        if any(sense.role is Role.NEUTRAL for sense in senses):
            return None
        if senses and not any(sense.kind is not None for sense in senses):
            found.append((hit.start, hit.end))
    return found


def _is_numbered(facts: LineFacts, active: int) -> bool:
    """Whether a word of the line may be what a receipt calls its number."""
    return any(
        sense.role is Role.DOCUMENT_NUMBER and sense.languages & active for hit in facts.hits for sense in hit.senses
    )


def _beside(piece: str, text: str, phrases: Iterable[str]) -> bool:
    """Whether `piece` stands in the text elsewhere than inside phrases: "またのご来店をお待ち" waits for nothing."""
    return text.count(piece) > sum(phrase.count(piece) for phrase in phrases)


def _names_branch(text: str) -> bool:
    """Whether a line is what a branch is called in scripts without spaces, by its last letter: "渋谷店", "강남점"."""
    letters = "".join(filter(str.isalpha, text))
    return letters.endswith(_BRANCHES) and len(letters) <= _BRANCH_LETTERS_MAX


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


@functools.lru_cache(maxsize=32)  # sets of languages that receipts of a store seem to speak
def doubts_of(lexicon: Lexicon, active: int) -> Doubts:
    """Return the doubtful words of the `active` languages, for lines read with this lexicon."""
    return Doubts((name for bit, name in enumerate(lexicon.languages) if active >> bit & 1), active)

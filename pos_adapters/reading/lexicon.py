"""The words of receipts, by language, as a look-up: which roles the words of a line may have.

The words are data (`word_files.py` reads them). Words of scripts without spaces are found anywhere in a run of letters;
all others as whole words, the longest phrase first.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from pos_adapters.reading.folding import WIDE, fold, latin_within
from pos_adapters.reading.gaps import GAP, GAPPED_WORD, GapIndex, is_legible, may_be
from pos_adapters.reading.glued_words import is_torn, runs_on
from retail.transaction import DocumentKind


class Role(StrEnum):
    """What a word says about its line. The first group labels amounts, the second facts, the third the document."""

    __hash__ = str.__hash__  # as the text it is; Enum's own hash is a call of Python for every look-up

    TOTAL = "total"
    TOTAL_WEAK = "total_weak"  # also the heading of a column or a figure of something else
    SUBTOTAL = "subtotal"
    TAX = "tax"
    TAX_BASE = "tax_base"
    DISCOUNT = "discount"
    SAVINGS = "savings"
    SURCHARGE = "surcharge"
    TIP = "tip"
    ROUNDING = "rounding"
    CHANGE = "change"
    RECEIVED = "received"
    CASH = "cash"
    CREDIT = "credit"
    DEBIT = "debit"
    CHEQUE = "cheque"
    STORED_VALUE = "stored_value"
    COUPON = "coupon"
    VOUCHER = "voucher"
    ACCOUNT = "account"
    MOBILE = "mobile"
    POINTS_TENDER = "points_tender"
    TENDER_OTHER = "tender_other"
    POINTS = "points"
    BALANCE = "balance"
    COUNT = "count"
    VOID_LINE = "void_line"
    RETURN_LINE = "return_line"
    PRICE_INFO = "price_info"

    DATE = "date"
    CASHIER = "cashier"
    WORKSTATION = "workstation"
    DOCUMENT_NUMBER = "document_number"
    ID = "id"
    PHONE = "phone"
    TAX_ID = "tax_id"
    MEMBER = "member"
    PAYMENT_CARD = "payment_card"
    TERMINAL = "terminal"
    FISCAL = "fiscal"
    THANKS = "thanks"  # an unpaid bill thanks too
    POINTS_EARNED = "points_earned"  # beside `points`: this transaction's, no balance
    POINTS_SPENT = "points_spent"
    PAID_BY = "paid_by"  # beside the name of a tender: with it the sale was paid, "paid by card"
    COMPLETED = "completed"  # only a finished sale prints it: "thank you for your purchase", "paid in full"
    SALES_COUNT = "sales_count"  # of a report
    DECLINED = "declined"  # of the tender above it; as `kind.other` it refuses what was not paid otherwise
    EXCHANGE = "exchange"  # a sale or a return, as its sum says
    SHOP_COPY = "shop_copy"  # which part of a card's slip the shop keeps: above the goods it heads the whole paper
    HEADING = "heading"
    UNIT = "unit"

    KIND = "kind"  # refuses a sale wherever it stands
    HEADLINE = "headline"  # refuses a sale where the line consists of it
    NEUTRAL = "neutral"
    FILLER = "filler"


class Sense(NamedTuple):
    """One meaning of a phrase, and the languages (bits, see `Lexicon.languages`) in which it has it."""

    role: Role
    kind: DocumentKind | None
    languages: int


class Phrase(NamedTuple):
    """Words that mean something together; a word ending in `*` stands for any ending."""

    words: tuple[str, ...]
    senses: tuple[Sense, ...]


class Hit(NamedTuple):
    """A phrase found in a line: at character `start` up to `end`, covering `letters` letters."""

    start: int
    end: int
    letters: int
    senses: tuple[Sense, ...]


_WORD = re.compile(r"[^\W\d_]+")
_AMOUNT = re.compile(r"\d[.,]\d\d(?![\d.,]| ?%)")
_NARROW_WORD = re.compile(r"[^\W\d_\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff]+")
_GLUED = frozenset((Role.POINTS, Role.MEMBER, Role.FILLER, Role.NEUTRAL))
HEAD_LETTERS = 4  # by which most words that are in no dictionary are told at once
_SPOKEN = re.compile(r"[^\W\d_]+\*?")  # a word of the data files, with the `*` of a stem
_MEMO_WORDS_MAX = 20_000  # a store prints a few thousand different words; past this the memo starts anew


PhraseSource = Callable[[], Iterable[tuple[str, Sense]]]
"""Gives phrases as they are written, the same each time it is called."""


class Tables(NamedTuple):
    """The phrases of a lexicon, merged and folded.

    Those with the same first word are one text, a line each with the number of its meaning and its further words, until
    a receipt prints that word: forty thousand objects would be 5 MB more of every core's memory.
    """

    meanings: list[tuple[Sense, ...]]  # 40,000 phrases have some 3,000 different ones
    first: dict[str, str]
    later: frozenset[str]  # words that begin no phrase but go on with one
    wide: dict[str, int]  # scripts without spaces: whole phrases, with the numbers of their meanings


def tables_of(phrases: Iterable[tuple[str, Sense]]) -> Tables:
    """Return phrases as they are written, folded and merged."""
    meanings: list[tuple[Sense, ...]] = []
    first: dict[str, str] = {}
    later: set[str] = set()
    wide: dict[str, int] = {}
    for text, number in _merged(phrases, meanings).items():
        if not text.isascii() and WIDE.search(text):
            wide[text] = number
            continue
        word, _, further = text.partition(" ")
        word = sys.intern(word)
        first[word] = f"{first.get(word, '')}{number} {further}\n"
        if further:
            later.update(map(sys.intern, further.split()))
    return Tables(meanings, first, frozenset(later), wide)


def _merged(phrases: Iterable[tuple[str, Sense]], meanings: list[tuple[Sense, ...]]) -> dict[str, int]:
    """Return every phrase once, folded, with the number of what it means; what numbers mean goes into `meanings`."""
    merged: dict[str, int] = {}
    numbers: dict[tuple[Sense, ...], int] = {}
    for text, sense in phrases:
        folded = fold(text)
        wide = not folded.isascii() and WIDE.search(folded)
        key = folded.replace(" ", "") if wide else " ".join(_words_of(folded))
        if key:
            known = merged.get(key)
            senses = (sense,) if known is None else _with_sense(meanings[known], sense)
            number = merged[key] = numbers.setdefault(senses, len(numbers))
            if number == len(meanings):
                meanings.append(senses)
    return merged


class Lexicon:
    """All phrases of all languages. Immutable but for a bounded memo of words already looked up.

    Phrases as written are asked for when somebody teaches it more, and where their `tables` are not there yet.
    """

    def __init__(self, phrases: PhraseSource, languages: tuple[str, ...], tables: Tables | None = None) -> None:
        self.languages = languages
        self._phrases = phrases
        self._meanings, self._first, self._later, self._wide = tables_of(phrases()) if tables is None else tables
        self._later_stems = tuple(word[:-1] for word in self._later if word.endswith("*"))
        self._stems = frozenset(first[:-1] for first in self._first if first.endswith("*"))
        self._stem_lengths = sorted({len(stem) for stem in self._stems}, reverse=True)
        lengths: dict[str, set[int]] = {}
        for text in self._wide:
            lengths.setdefault(text[0], set()).add(len(text))
        self._wide_lengths = {letter: tuple(sorted(found, reverse=True)) for letter, found in lengths.items()}
        self._memo: dict[str, tuple[Phrase, ...]] = {}
        self._gap_index: GapIndex | None = None

    def _beginning_with(self, first: str) -> Iterator[Phrase]:
        """Yield the phrases whose first word this is, as it stands in the files: a stem with its `*`."""
        for line in self._first.get(first, "").splitlines():
            number, _, further = line.partition(" ")
            yield Phrase((first, *further.split()), self._meanings[int(number)])

    def taught(self, phrases: Iterable[tuple[str, Role, DocumentKind | None]]) -> Lexicon:
        """Return a lexicon that knows more phrases, in every language; what it is taught wins over what it knew."""
        everywhere = (1 << len(self.languages)) - 1
        taught = [(text, Sense(role, kind, everywhere)) for text, role, kind in phrases]
        keys = {tuple(_words_of(fold(text))) for text, _ in taught}
        known = self._phrases

        def phrases_now() -> Iterator[tuple[str, Sense]]:
            yield from taught
            yield from (each for each in known() if tuple(_words_of(fold(each[0]))) not in keys)

        return Lexicon(phrases_now, self.languages)

    def without(self, printed: Iterable[str]) -> Lexicon:
        """Return a lexicon that lacks the phrases which these printed words are."""
        gone = {_key_of(text) for text in printed}
        known = self._phrases

        def phrases_now() -> Iterator[tuple[str, Sense]]:
            for each in known():
                key = _key_of(each[0])
                if not any(_is_printed(key, other) for other in gone):
                    yield each

        return Lexicon(phrases_now, self.languages)

    def mask(self, language: str) -> int:
        """Return the bit of `language` (ISO 639-1), 0 when it is not known."""
        return 1 << self.languages.index(language) if language in self.languages else 0

    def heads(self) -> tuple[frozenset[str], tuple[str, ...]]:
        """Return how the words of all phrases begin: their first `HEAD_LETTERS` letters, and the stems of fewer."""
        words = (*self._first, *self._later)
        heads = frozenset(word[:HEAD_LETTERS] for word in words)
        return heads, tuple({word[:-1] for word in words if word[-1] == "*" and len(word) <= HEAD_LETTERS})

    def is_stranger(self, word: str) -> bool:
        """Whether a folded word of a script with spaces is part of no phrase at all."""
        phrases = self._memo.get(word)
        if phrases is None:
            phrases = self._look_up(word)
        return not (phrases or word in self._later or word.startswith(self._later_stems))

    def find(self, folded: str, active: int = -1) -> tuple[list[Hit], int, int]:
        """Return the phrases in `folded` text, how many letters it has, and how many no phrase explains.

        The longest phrase that any of the `active` languages (bits) has hides those within it.
        """
        if not folded.isascii() and WIDE.search(folded):
            return self._find_wide(folded, active)
        pattern = GAPPED_WORD if GAP in folded else _WORD
        return self._find_words(folded, [(word.start(), word.group()) for word in pattern.finditer(folded)], active)

    def _find_words(self, folded: str, words: list[tuple[int, str]], active: int) -> tuple[list[Hit], int, int]:
        hits: list[Hit] = []
        letters = unknown = index = 0
        count = len(words)
        while index < count:
            start, word = words[index]
            phrases = self._memo.get(word)
            if phrases is None:
                phrases = self._look_up(word)
            if GAP in word:
                phrases = _likely(phrases, words, index)
            for phrase in phrases:
                size = len(phrase.words)
                if (size == 1 or (size <= count - index and _follows(phrase.words, words, index))) and (
                    active < 0 or _is_spoken(phrase.senses, active)
                ):
                    covered = sum(len(words[at][1]) for at in range(index, index + size))
                    last_start, last = words[index + size - 1]
                    if size > 1 and _AMOUNT.search(folded, start, last_start):
                        continue  # "CASH 20.00  CHANGE 3.00" has two labels, no "cash change"
                    hits.append(Hit(start, last_start + len(last), covered, phrase.senses))
                    letters += covered
                    index += size
                    break
            else:
                letters += len(word)
                if len(word) > 1:
                    unknown += len(word)
                index += 1
        return hits, letters, unknown

    def _find_wide(self, folded: str, active: int) -> tuple[list[Hit], int, int]:
        hits, letters, unknown = self._find_words(
            folded, [(word.start(), word.group()) for word in _NARROW_WORD.finditer(folded)], active
        )
        narrow = len(hits)
        places = [at for at, letter in enumerate(folded) if letter != " "]
        dense = folded.replace(" ", "")
        index, size = 0, len(dense)
        while index < size:
            letter = dense[index]
            for length in self._wide_lengths.get(letter, ()):
                text = dense[index : index + length]
                number = self._wide.get(text)
                if number is not None and (len(text) > 1 or _stands_alone(dense, index)):
                    senses = self._meanings[number]
                    if active >= 0 and not _is_spoken(senses, active):
                        continue
                    if is_torn(dense, places, start=index, end=index + len(text)) or (
                        runs_on(text, dense, places, end=index + len(text), phrases=self._wide)
                        and not any(sense.kind is not None or sense.role in _GLUED for sense in senses)
                    ):
                        continue
                    index += len(text)
                    hits.append(Hit(places[index - len(text)], places[index - 1] + 1, len(text), senses))
                    letters += len(text)
                    break
            else:
                if WIDE.match(letter) and letter.isalpha():
                    letters += 1
                    unknown += 1
                index += 1
        within = [hit for hit in hits[:narrow] if any(o.start < hit.start and hit.end <= o.end for o in hits[narrow:])]
        told = latin_within(folded, hits) if narrow == 0 else 0  # the "app" of "app微信" is explained
        hits = sorted(hit for hit in hits if hit not in within)  # the "ID" of "取引ID" is no card
        return hits, letters - told - sum(hit.letters for hit in within), unknown - told

    def _look_up(self, word: str) -> tuple[Phrase, ...]:
        found = list(self._beginning_with(word))
        for length in self._stem_lengths:
            if len(word) >= length and word[:length] in self._stems:
                found += self._beginning_with(word[:length] + "*")
        if GAP in word:
            found = [phrase for known in self._gaps().matching(word) for phrase in self._beginning_with(known)]
        phrases = tuple(sorted(found, key=lambda phrase: -len(phrase.words)))
        if len(self._memo) >= _MEMO_WORDS_MAX:
            self._memo.clear()
        self._memo[word] = phrases
        return phrases

    def _gaps(self) -> GapIndex:
        """Return the index of words with gaps; few receipts need it."""
        if self._gap_index is None:
            self._gap_index = GapIndex(self._first)
        return self._gap_index


def _is_spoken(senses: Iterable[Sense], active: int) -> bool:
    """Whether any of these languages has the phrase."""
    return any(sense.languages & active for sense in senses)


def _stands_alone(dense: str, index: int) -> bool:
    """A single letter ("計", "계") is a word only between letters of other scripts, figures or the ends."""
    before = dense[index - 1] if index else " "
    after = dense[index + 1] if index + 1 < len(dense) else " "
    return not (WIDE.match(before) or WIDE.match(after))


def _words_of(folded: str) -> list[str]:
    """Split a phrase of the data files into words, keeping the `*` of a stem."""
    if folded.replace(" ", "").isalpha():  # nearly all, and all are asked at start
        return folded.split()
    return _SPOKEN.findall(folded)


def _key_of(text: str) -> tuple[str, ...]:
    """Return what makes a phrase the same: its folded words, or its letters in scripts without spaces."""
    folded = fold(text)
    return (folded.replace(" ", ""),) if WIDE.search(folded) else tuple(_words_of(folded))


def _is_printed(phrase: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    return len(phrase) == len(printed) and all(
        seen == word or (word[-1] == "*" and seen.startswith(word[:-1]))
        for word, seen in zip(phrase, printed, strict=True)
    )


def _with_sense(senses: tuple[Sense, ...], sense: Sense) -> tuple[Sense, ...]:
    """Return the senses and one more, or one of them in more languages."""
    for index, known in enumerate(senses):
        if known.role is sense.role and known.kind is sense.kind:
            merged = Sense(sense.role, sense.kind, known.languages | sense.languages)
            return (*senses[:index], merged, *senses[index + 1 :])
    return (*senses, sense)


def _likely(phrases: Iterable[Phrase], words: list[tuple[int, str]], index: int) -> tuple[Phrase, ...]:
    """Return the longest phrase that words with gaps may be: where several may, with the senses of all."""
    size = 0
    senses: tuple[Sense, ...] = ()
    for phrase in phrases:
        length = len(phrase.words)
        if length < size or length > len(words) - index or not _follows(phrase.words, words, index):
            continue
        if is_legible("".join(word for _, word in words[index : index + length])):
            size = length
            for sense in phrase.senses:
                senses = _with_sense(senses, sense)
    return (Phrase(tuple(word for _, word in words[index : index + size]), senses),) if size else ()


def _follows(phrase: tuple[str, ...], words: list[tuple[int, str]], index: int) -> bool:
    for offset in range(1, len(phrase)):
        expected, seen = phrase[offset], words[index + offset][1]
        if GAP in seen:
            if not may_be(expected, seen):
                return False
        elif seen != expected and not (expected[-1] == "*" and seen.startswith(expected[:-1])):
            return False
    return True

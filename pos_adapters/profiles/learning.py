"""Learn a profile from samples of one till: what stays the same names it, what the sums need is its words.

An answer - what a person knows of a sample: kind, total, tenders - turns a line with that amount into a lesson: its
words are this till's word for the total. Without answers only the arithmetic teaches: a label that the lexicon does
not know and whose amount is the sum of the goods above it, in every sample that has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pos_adapters.profiles.profile import Profile
from pos_adapters.reading.amounts import in_fashion
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts, LineReader
from pos_adapters.reading.reader import read_text, sheets_of
from pos_adapters.reading.sheet import Part, Sheet
from pos_adapters.reading.values import Reading, ReceiptText
from retail.errors import ConfigurationError
from retail.transaction import DocumentKind

IDENTIFYING_LINES_MAX = 3
IDENTIFYING_LETTERS_MIN = 5
WORDS_MAX = 6  # a label of more words is a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person knows of a sample; None where they did not say."""

    kind: DocumentKind | None = None
    total: Decimal | None = None
    tenders: Mapping[Role, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One document of the till, and what is known of it."""

    name: str
    text: ReceiptText
    answer: Answer = Answer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was learnt: the profile, how many samples are read with it, how many were without."""

    profile: Profile
    read_before: int
    read_after: int
    unread: tuple[str, ...]


def learn(name: str, samples: Sequence[Sample], reader: LineReader) -> Lesson:
    """Return what the samples teach. Raises ConfigurationError for no samples or for ones with nothing in common."""
    if not samples:
        raise ConfigurationError("no samples", fix="name some captured jobs of one till")
    identify = _identifying(samples)
    words: dict[Role, Counter[str]] = {}
    kinds: dict[DocumentKind, Counter[str]] = {}
    before = 0
    for sample in samples:
        reading = read_text(sample.text, reader=reader)
        before += _is_read(sample.answer, reading)
        if sample.answer.kind not in (None, DocumentKind.SALE, DocumentKind.RETURN):
            _teach_kind(sample, samples, kinds)
        else:
            _teach_words(sample, reader, words)
    profile = Profile(
        name=name,
        identify=tuple(re.compile(expression) for expression in identify),
        words={role: tuple(texts) for role, texts in words.items()},
        kinds={kind: tuple(texts) for kind, texts in kinds.items()},
    )
    taught = profile.reader(reader.lexicon)
    unread = []
    for sample in samples:
        reading = profile.read(sample.text, taught)
        if not _is_read(sample.answer, reading):
            unread.append(sample.name)
    return Lesson(profile=profile, read_before=before, read_after=len(samples) - len(unread), unread=tuple(unread))


def _is_read(answer: Answer, reading: Reading) -> bool:
    """Whether a sample gave its transaction, or is the kind that a person said it is."""
    if answer.kind not in (None, DocumentKind.SALE, DocumentKind.RETURN):
        return reading.kind is answer.kind
    if reading.transaction is None:
        return False
    return answer.total is None or abs(reading.transaction.total.amount) == abs(answer.total)


def _identifying(samples: Sequence[Sample]) -> list[str]:
    """Return expressions for lines that stand in every sample and are words: the head of the receipt first."""
    common = [line.strip() for line in samples[0].text.lines]
    for sample in samples[1:]:
        there = {line.strip() for line in sample.text.lines}
        common = [line for line in common if line in there]
    telling = [line for line in common if sum(letter.isalpha() for letter in line) >= IDENTIFYING_LETTERS_MIN]
    telling.sort(key=lambda line: any(letter.isdigit() for letter in line))  # goods at a price name no shop
    if telling and not any(letter.isdigit() for letter in telling[0]):
        telling = [line for line in telling if not any(letter.isdigit() for letter in line)]
    if not telling:
        raise ConfigurationError(
            "the samples have no line in common", fix="give samples of one till and one store", code="nothing_in_common"
        )
    return [f"^\\s*{re.escape(line)}\\s*$" for line in telling[:IDENTIFYING_LINES_MAX]]


def _teach_kind(sample: Sample, samples: Sequence[Sample], kinds: dict[DocumentKind, Counter[str]]) -> None:
    """Take the first words that only documents of this kind carry: they refuse a sale."""
    assert sample.answer.kind is not None
    others = {
        line.strip() for other in samples if other.answer.kind is not sample.answer.kind for line in other.text.lines
    }
    for line in sample.text.lines:
        label = _label_text(line)
        if label and line.strip() not in others and not any(letter.isdigit() for letter in line):
            kinds.setdefault(sample.answer.kind, Counter())[label] += 1
            return


def _teach_words(sample: Sample, reader: LineReader, words: dict[Role, Counter[str]]) -> None:
    for sheet in sheets_of(sample.text, reader):
        total = _total_of(sample, sheet)
        if total is None:
            continue
        wanted = [(Role.TOTAL, total), *((role, _milli(amount)) for role, amount in sample.answer.tenders.items())]
        for role, amount in wanted:
            label = _label_with(sheet, amount, after=role is not Role.TOTAL, words=words)
            if label is not None:
                words.setdefault(role, Counter())[label] += 1
        return


def _total_of(sample: Sample, sheet: Sheet) -> int | None:
    """Return the told total, else the first amount that is the sum of all goods above it."""
    if sample.answer.total is not None:
        return _milli(sample.answer.total)
    running = 0
    for number, entry in enumerate(sheet.entries):
        if number > 1 and entry.amount == running:
            return running
        if entry.part in (Part.ITEM, Part.MODIFICATION, Part.STRAY):
            running += entry.amount
    return None


def _milli(amount: Decimal) -> int:
    return int(amount * 1000)


def _label_with(sheet: Sheet, amount: int, *, after: bool, words: Mapping[Role, Counter[str]]) -> str | None:
    """Return the unknown label of the first line with this amount (`after`: of the last one)."""
    known = {text for texts in words.values() for text in texts}
    lines = list(enumerate(sheet.facts))
    for line, facts in reversed(lines) if after else lines:
        if sheet.labels[line] is None and facts.right and _amount(facts, sheet.decimals) == amount:
            label = _label_text(facts.text)
            if label and label not in known:
                return label
    return None


def _amount(facts: LineFacts, decimals: int) -> int | None:
    return next((v for i in facts.right if (v := in_fashion(facts.numbers[i], decimals)) is not None), None)


def _label_text(line: str) -> str:
    """Return the words of a line, lower case, up to its first figure."""
    words = re.findall(r"[^\W\d_]+", re.split(r"\d", line, maxsplit=1)[0])
    return " ".join(words[:WORDS_MAX]).lower()

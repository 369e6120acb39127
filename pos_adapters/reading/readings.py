"""The readings of a sheet for one total: what the words leave open, tried for whole classes of lines at once.

Whether a positive discount acts or only tells, whether taxes come on top, whether "x2 10.00" is a price or an amount:
a document is printed by one program, so each question has one answer for all its lines. Few questions with few
answers leave few coincidences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from pos_adapters.reading.settlement import Paid, Settlement
from pos_adapters.reading.sheet import Entry, Part, Sheet

CHOICES_MAX = 128  # combinations of answers per total, under a millisecond; with more the document is parked

TAXED_TIMES_MIN = 3  # what is taxed is more than three times its tax

_PAYMENT = (Part.RECEIVED, Part.CHANGE)

Acting = tuple[tuple[Entry, Part, int], ...]


class Candidate(NamedTuple):
    """An amount that may be the total; what is owed stands above line `until`."""

    amount: int
    entry: Entry | None
    until: int
    adjusted: bool
    rounding: Entry | None = None  # what adjusted it, where that is printed below the payment

    @property
    def line(self) -> int:
        """Where it is printed."""
        return self.entry.line if self.entry is not None else self.until


class Answer(NamedTuple):
    """One answer to an open question: what acts, and how far it is from the usual."""

    acting: Acting
    flips: int = 0
    stray: bool = False


class Solution(NamedTuple):
    """A reading whose sums hold. `owed`: entry, what it is, the amount as it acts."""

    total: Candidate
    owed: Acting
    flips: int
    stray: bool
    open_choice: bool  # another answer would have made another sum
    beside: Acting = ()  # those of `owed` that are no goods at the price on their line: mostly none
    settlement: Settlement | None = None

    @property
    def tenders(self) -> tuple[Paid, ...]:
        """What was paid with; amounts below nothing were given as change."""
        return self.settlement.tenders if self.settlement is not None else ()

    @property
    def is_paid(self) -> bool:
        """Whether printed tenders make the total."""
        return self.settlement is not None and self.settlement.proven

    @property
    def gives_change(self) -> bool:
        """Whether change was given."""
        return any(paid.amount < 0 for paid in self.tenders)

    @property
    def gives_back(self) -> bool:
        """Whether the words say that the money went to the customer."""
        return self.settlement is not None and self.settlement.given_back


class Holding(NamedTuple):
    """A choice of answers whose sums hold, before its lines are put in order: of many that hold, few are looked at."""

    total: Candidate
    goods: Acting  # in printed order
    others: Acting
    chosen: tuple[Answer, ...]
    open_choice: bool

    def solution(self) -> Solution:
        """Return the reading with its lines in printed order."""
        beside = self.others
        flips, stray = 0, False
        for answer in self.chosen:
            beside += answer.acting
            flips += answer.flips
            stray = stray or answer.stray
        owed = tuple(sorted([*self.goods, *beside], key=_by_line)) if beside else self.goods
        return Solution(self.total, owed, flips, stray, self.open_choice, beside)


class Verdict(NamedTuple):
    """What the arithmetic says: a solution, or why none was taken (a `ParkReason`), in words with both sums."""

    solution: Solution | None
    reason: str
    detail: str


def readings_of(sheet: Sheet, total: Candidate) -> list[Holding]:
    """Return every reading of what stands above the total that makes it, with some goods in it."""
    above = _above(sheet, total)
    if above is None:
        return []
    goods, others, asked = above
    missing = total.amount - sum([amount for _, _, amount in goods])
    if others:
        missing -= sum([amount for _, _, amount in others])
    has_goods = bool(goods) or _has_goods(others)
    questions = _questions(asked, sheet) if asked else []
    if not questions:
        return [] if missing or not has_goods else [Holding(total, goods, tuple(others), (), open_choice=False)]
    choices = 1
    for answers in questions:
        choices *= len(answers)
    if choices > CHOICES_MAX:
        return []
    sums = [[sum(amount for _, _, amount in answer.acting) for answer in answers] for answers in questions]
    open_choice = any(len(set(each)) > 1 for each in sums)
    certain = tuple(others)
    return [
        Holding(total, goods, certain, chosen, open_choice)
        for chosen, made in zip(product(*questions), map(sum, product(*sums)), strict=True)
        if made == missing and (has_goods or any(_has_goods(answer.acting) for answer in chosen))
    ]


def _has_goods(acting: Iterable[tuple[Entry, Part, int]]) -> bool:
    return any(part is Part.ITEM or part is Part.RETURN for _, part, _ in acting)


def _above(sheet: Sheet, total: Candidate) -> tuple[Acting, list[tuple[Entry, Part, int]], list[Entry]] | None:
    """Return the goods above a total, what else is certain there, and what is open.

    None where payment stands there: it is none of goods.
    """
    refund, line, until = total.amount < 0, total.line, total.until
    item = Part.ITEM
    goods = tuple(
        [
            (entry, item, entry.amount)
            for entry in sheet.entries
            if entry.part is item and entry.line < until and not entry.voided and entry.line != line
        ]
    )
    others: list[tuple[Entry, Part, int]] = []
    asked: list[Entry] = []
    for entry in sheet.opened:
        if (entry.line >= until and entry is not total.rounding) or entry.line == line:
            continue
        if entry.part is item or entry.voided:
            continue
        part = _fixed_part(entry, refund=refund)
        if part is not None:
            others.append((entry, part, entry.amount))
        elif entry.part in _PAYMENT and entry.amount:
            return None
        else:
            asked.append(entry)
    return goods, others, asked


def _by_line(acting: tuple[Entry, Part, int]) -> int:
    return acting[0].line


def _fixed_part(entry: Entry, *, refund: bool) -> Part | None:
    """Return what an entry other than goods is where nothing is open about it."""
    if entry.part is Part.RETURN and entry.amount <= 0:
        return Part.RETURN
    if entry.part is Part.MODIFICATION and entry.amount < 0:
        return Part.RETURN if refund and entry.role is None else Part.MODIFICATION
    if entry.part is Part.VOID and entry.amount <= 0:  # also "VOIDED 0.00", a till's count of none
        return Part.MODIFICATION
    return None


def _questions(entries: Sequence[Entry], sheet: Sheet) -> list[list[Answer]]:
    """Return the open questions about these entries, each with its answers, the usual one first."""
    by_part: dict[Part, list[Entry]] = {}
    for entry in entries:
        by_part.setdefault(entry.part, []).append(entry)
    questions = []
    for part, some in by_part.items():
        answers = _answers(part, some, sheet)
        if answers:
            questions.append(answers)
    return questions


def _answers(  # noqa: C901, PLR0911 - the table of questions
    part: Part, some: list[Entry], sheet: Sheet
) -> list[Answer]:
    if part is Part.IMPLICIT:
        return _implicit_answers(some)
    if part is Part.TAX:
        return _tax_answers(some, sheet)
    if part is Part.ROUNDING:
        return _rounding_answers(some)
    if part in (Part.FACT, Part.INFO):
        told = [e for e in some if part is Part.FACT or e.facts.unknown > 0]
        return [Answer(()), Answer(_told_as_goods(told, sheet), 1)] if told and sheet.first_total > told[0].line else []
    if part is Part.MODIFICATION:
        answers = [Answer(_as(some, part, -1)), Answer(())]
        return [*answers, Answer(_as(some, Part.ITEM), 2)] if all(e.facts.unknown > 0 for e in some) else answers
    if part is Part.SAVING:
        return [Answer(()), Answer(tuple((e, Part.MODIFICATION, -abs(e.amount)) for e in some), 1)]
    if part in (Part.SURCHARGE, Part.TIP):
        return [Answer(_as(some, Part.MODIFICATION)), Answer((), 1)]
    if part is Part.STRAY:
        return [Answer(_as(some, Part.ITEM), 0, stray=True)]
    if part is Part.RETURN:
        return [Answer(_as(some, part)), Answer(_as(some, part, -1))]
    if part is Part.VOID:
        return [Answer(_as(some, Part.ITEM)), Answer(_as(some, Part.MODIFICATION, -1))]
    if part is Part.TENDER:  # goods ("gift card 50.00"), or what was paid, printed before the total
        goods = tuple((e, Part.ITEM if e.amount > 0 else Part.MODIFICATION, e.amount) for e in some if e.amount)
        between = any(e.line > sheet.first_total for e in some)  # "Debit fee 1.14" below a subtotal may be a charge
        return [Answer(goods, stray=between), Answer((), 1)] if goods else []
    return []


def _told_as_goods(told: Sequence[Entry], sheet: Sheet) -> Acting:
    """Return figures beside words for facts as goods; where something is paid, "points -20.80" takes off that."""
    sold = any(entry.part is Part.TOTAL and entry.amount > 0 for entry in sheet.entries)
    off = Part.MODIFICATION if sold else Part.ITEM
    return tuple((entry, off if entry.amount < 0 else Part.ITEM, entry.amount) for entry in told)


def _as(entries: Sequence[Entry], part: Part, sign: int = 1) -> Acting:
    return tuple((entry, part, sign * entry.amount) for entry in entries)


def _implicit_answers(some: list[Entry]) -> list[Answer]:
    """A name with "2 x 1.50": the product, or - where only one figure is a price - the amount itself."""
    multiplied = _as(some, Part.ITEM)
    printed = tuple((e, Part.ITEM, e.other if e.other is not None else e.amount) for e in some)
    return [Answer(multiplied)] if printed == multiplied else [Answer(multiplied), Answer(printed)]


def _tax_answers(some: list[Entry], sheet: Sheet) -> list[Answer]:
    """Taxes are told (contained in the amounts) or come on top; a line that adds up the others counts once.

    Two equal ones may be a tax and its sum, or two taxes at one rate (India's CGST and SGST).
    """
    answers = [Answer(()), Answer(_as(some, Part.TAX))]
    if len(some) > 1 and some[-1].amount == sum(entry.amount for entry in some[:-1]):
        answers.insert(1, Answer(_as(some[:-1], Part.TAX)))
    answers = answers if len(some) <= 2 else [*answers[:2]]
    acting = _acting_taxes(some, sheet)
    return [*answers, Answer(_as(acting, Part.TAX), 1)] if 0 < len(acting) < len(some) else answers


def _acting_taxes(some: Sequence[Entry], sheet: Sheet) -> Sequence[Entry]:
    """Return the taxes below the subtotal, where others tell of an item above it, or those below what they are of."""
    gross = max((entry.line for entry in sheet.opened if entry.part is Part.CHECK), default=-1)
    below = [entry for entry in some if entry.line > gross]
    taxed, taxes = below[: len(below) // 2], below[len(below) // 2 :]  # "TAX1 AMT 30.49", "TAX1 3.13"
    pairs = zip(taxed, taxes, strict=False)
    told = len(taxed) == len(taxes) and all(base.amount > TAXED_TIMES_MIN * tax.amount > 0 for base, tax in pairs)
    return taxes if told else below


def _rounding_answers(some: list[Entry]) -> list[Answer]:
    answers = [Answer(_as(some, Part.MODIFICATION)), Answer((), 1)]
    if any(entry.amount > 0 for entry in some):
        answers.append(Answer(tuple((e, Part.MODIFICATION, -abs(e.amount)) for e in some)))
    return answers

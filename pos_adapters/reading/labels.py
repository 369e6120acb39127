"""The role of one line, from its words and the languages of its document.

The first phrase of a line decides, with exceptions that receipts of all languages share: "total" yields to what
it is a total of ("total savings"), "paid" to how ("paid by card"), a tender to "change" and "discount".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.lexicon import Hit, Lexicon, Role
from pos_adapters.reading.lines import LineFacts

TENDERS = frozenset(
    (
        Role.CASH, Role.CREDIT, Role.DEBIT, Role.CHEQUE, Role.STORED_VALUE, Role.COUPON, Role.VOUCHER, Role.ACCOUNT,
        Role.MOBILE, Role.POINTS_TENDER, Role.TENDER_OTHER,
    )
)  # fmt: skip
MONEY = TENDERS | {
    Role.TOTAL, Role.TOTAL_WEAK, Role.SUBTOTAL, Role.TAX, Role.TAX_BASE, Role.DISCOUNT, Role.SAVINGS, Role.SURCHARGE,
    Role.TIP, Role.ROUNDING, Role.CHANGE, Role.RECEIVED, Role.POINTS, Role.BALANCE, Role.COUNT, Role.VOID_LINE,
    Role.RETURN_LINE, Role.PRICE_INFO,
}  # fmt: skip
FACTS = frozenset(
    (
        Role.DATE, Role.CASHIER, Role.WORKSTATION, Role.DOCUMENT_NUMBER, Role.ID, Role.PHONE, Role.TAX_ID, Role.MEMBER,
        Role.PAYMENT_CARD, Role.TERMINAL, Role.FISCAL, Role.THANKS,
    )
)  # fmt: skip
_SILENT = frozenset(
    (
        Role.FILLER,
        Role.UNIT,
        Role.HEADING,
        Role.KIND,
        Role.HEADLINE,
        Role.NEUTRAL,
        Role.SALES_COUNT,
        Role.PAID_BY,
        Role.COMPLETED,
        Role.POINTS_EARNED,
        Role.POINTS_SPENT,
        Role.DECLINED,
        Role.EXCHANGE,
        Role.SHOP_COPY,
    )
)
_TOTALS = frozenset((Role.TOTAL, Role.TOTAL_WEAK, Role.SUBTOTAL))
_TOTAL_YIELDS_TO = frozenset(
    (Role.SAVINGS, Role.DISCOUNT, Role.POINTS, Role.COUNT, Role.CHANGE, Role.TIP, Role.ROUNDING)
)
_NOT_LEADING = frozenset(
    (Role.DISCOUNT, Role.SAVINGS, Role.VOID_LINE, Role.RETURN_LINE, Role.TAX, Role.CHANGE, Role.POINTS, Role.ROUNDING)
)
MEMO_LINES_MAX = 8192  # some megabytes: the lines of a busy store's day
_NUMBERED = frozenset((Role.DOCUMENT_NUMBER, Role.WORKSTATION, Role.ID, Role.MEMBER))
_BASE_AND_TAX: Final = 2
_TAX_PARTS: Final = (8, 25)  # what is taxed is 8 to 25 times its tax
_COUNT_AND_AMOUNT = 2
_BESIDE_CHARACTERS_MAX = 2  # between a number's words and its figures: further off stands an amount
_NUMBER_LETTERS_MIN = 3  # "no" may be part of goods' names
_OTHER_LANGUAGE_SHARE = 0.6
VOTES_MAX = 4096  # remembered with what they elect: most receipts of a store say the same words


_CURRENCY: Final = re.compile(" ?(?:RMB|rmb|人民[币幣]|港[币幣]|[新台臺]+[币幣])[ :：]?")
_SAYS_CREDIT: Final = re.compile("信用卡|[聯联]名卡")
_PHRASE = re.compile(rf"[^\W\d_][\W\d_]+[^\W\d_]|{WIDE.pattern}")  # of several words, maybe around a figure


class Label(NamedTuple):
    """The role of a line; `leads` when the words before it are known too."""

    role: Role
    leads: bool
    start: int
    end: int


Mark = tuple[int, Label]
"""A label, and the line on which it stands."""


def count_votes(lines: Iterable[LineFacts], votes: dict[int, int]) -> None:
    """Add to `votes` how many letters of these lines speak for which languages (bits)."""
    for facts in lines:
        for languages, letters in facts.votes:
            votes[languages] = votes.get(languages, 0) + letters


_BESIDE: Final = {"kk": "ru"}  # a till of Kazakhstan prints some lines in both languages, and some in either


def languages_of(votes: Mapping[int, int], lexicon: Lexicon, told: str | None) -> int:
    """Return the languages (bits) that the document speaks: the best, those near it, the told one, and English.

    English words stand on receipts of every country ("TOTAL", "VISA"). A phrase of few languages says more.
    """
    spoken = _spoken(tuple(votes.items()))
    for language, other in _BESIDE.items():
        spoken |= lexicon.mask(other) if spoken & lexicon.mask(language) else 0
    return lexicon.mask("en") | (lexicon.mask(told) if told else 0) | spoken


@functools.lru_cache(maxsize=VOTES_MAX)
def _spoken(votes: tuple[tuple[int, int], ...]) -> int:
    """Return the languages (bits) that get the most votes, and those near."""
    weights = _weights(votes)
    enough = max(weights, default=0.0) * _OTHER_LANGUAGE_SHARE
    return sum(1 << index for index, weight in enumerate(weights) if weight >= enough) if enough else 0


def _weights(votes: tuple[tuple[int, int], ...]) -> list[float]:
    """Return how much speaks for each language."""
    weights = [0.0] * max((languages.bit_length() for languages, _ in votes), default=0)
    for languages, letters in votes:
        among = _each_of(languages)
        share = letters / len(among)
        for index in among:
            weights[index] += share
    return weights


def main_language(lines: Iterable[LineFacts], lexicon: Lexicon) -> str | None:
    """Return the language that most of a document's words speak (ISO 639-1), None where they speak none."""
    votes: dict[int, int] = {}
    count_votes(lines, votes)
    weights = _weights(tuple(votes.items()))
    if not any(weights):
        return None
    likeliest = [index for index, weight in enumerate(weights) if weight == max(weights)]
    names = [lexicon.languages[index] for index in likeliest]
    return next((name for name in names if name not in _BESIDE), names[0])


@functools.lru_cache(maxsize=1024)  # sets of languages that share a word: some 400
def _each_of(languages: int) -> tuple[int, ...]:
    """Return the places of the bits of a set of languages."""
    return tuple(index for index in range(languages.bit_length()) if languages >> index & 1)


Labels = tuple[Label | None, list[Label]]
"""Of a line: the label that decides what it is, and all its labels."""
UNLABELLED: Labels = (None, [])


class Labeller:
    """Labels lines, and remembers those that return: the shape and the languages decide. Its memo is bounded."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._memo: dict[tuple[str, int], tuple[tuple[tuple[Hit, ...], int] | None, Labels]] = {}

    def label(self, facts: LineFacts, active: int) -> tuple[LineFacts, Labels]:
        """Return a line with words as the document's languages know it, and its labels.

        A word of other languages only is unknown, and a name.
        """
        key = (facts.shape, active)
        found = self._memo.get(key)
        if found is None:
            local = _localised(facts, active, self._lexicon)
            known = _as_known(facts, local)
            labels = labels_of(known, active)
            if len(self._memo) >= MEMO_LINES_MAX:
                self._memo.clear()
            found = self._memo[key] = local, (primary(labels, known), labels) if known.hits else UNLABELLED
        local, labelled = found
        return _as_known(facts, local), labelled


def _as_known(facts: LineFacts, local: tuple[tuple[Hit, ...], int] | None) -> LineFacts:
    """Return a line with the words that its document's languages know; letters that become unknown may name goods."""
    if local is None:
        return facts
    return facts._replace(hits=local[0], unknown=local[1], named=facts.named or local[1] > facts.unknown)


def _localised(facts: LineFacts, active: int, lexicon: Lexicon) -> tuple[tuple[Hit, ...], int] | None:
    """Return the words that these languages know, and the letters that are unknown; None where they know all.

    A longer phrase of another language hides one of theirs: "total a pagar eur" is Portuguese, "total a pagar" both.
    """
    foreign = [hit for hit in facts.hits if not any(sense.languages & active for sense in hit.senses)]
    if not foreign:
        return None
    hits = tuple(hit for hit in facts.hits if hit not in foreign)
    if any(_PHRASE.search(facts.text, hit.start, hit.end) for hit in foreign):
        hits = tuple(lexicon.find(fold(facts.text), active)[0])
    letters = _of_words(facts.hits) - _of_words(hits)
    return hits, max(0, facts.unknown + letters)


def _of_words(hits: Iterable[Hit]) -> int:
    """Return how many letters they have in words; a letter alone is a tax's or a unit."""
    return sum(hit.letters for hit in hits if hit.letters > 1)


def labels_of(facts: LineFacts, active: int) -> list[Label]:
    """Return every role that the words of a line may give it in the active languages, in printed order."""
    found: list[Label] = []
    leads = True
    for hit in facts.hits:
        role = _role_of(hit, active)
        if role is None or (role in FACTS and _measures(hit, facts, active)):
            continue
        if leads and found == [] and _unknown_before(facts, hit):
            leads = False
        if role not in _SILENT:
            found.append(Label(role, leads, hit.start, hit.end))
    return found


def _role_of(hit: Hit, active: int) -> Role | None:
    """Money roles before facts before the rest; a neutral phrase stays neutral."""
    best: Role | None = None
    for sense in hit.senses:
        if not sense.languages & active:
            continue
        if sense.role in MONEY:
            if best is None or best not in MONEY:
                best = sense.role
        elif sense.role is Role.NEUTRAL:
            return Role.NEUTRAL
        elif best is None or (best in _SILENT and sense.role in FACTS):
            best = sense.role
    return best


def _measures(hit: Hit, facts: LineFacts, active: int) -> bool:
    """Whether a word is a unit behind how many, whatever it numbers elsewhere: "2 ST  4,49", no store."""
    if not facts.text[: hit.start].strip().isdigit():
        return False
    return any(sense.role is Role.UNIT and sense.languages & active for sense in hit.senses)


def _unknown_before(facts: LineFacts, hit: Hit) -> bool:
    """Whether words that no phrase explains stand before `hit`."""
    before = hit.start
    known = sum(other.end - other.start for other in facts.hits if other.start < before)
    letters = sum(letter.isalpha() for letter in facts.text[:before])
    return letters - known > 1


def primary(  # noqa: PLR0911 - the table of which label yields to which
    labels: Sequence[Label], facts: LineFacts
) -> Label | None:
    """Return the label that decides what the line is."""
    if not labels:
        return None
    first = labels[0]
    if not first.leads:
        return _first_of(labels, _NOT_LEADING) or _numbered(labels, facts)
    rest = labels[1:]
    if first.role in _TOTALS:
        counted = _counts_before_amount(first, facts) or _counts_behind_amount(first, rest, facts)
        yields_to = _TOTAL_YIELDS_TO - {Role.COUNT} if counted else _TOTAL_YIELDS_TO
        return _first_of(rest, yields_to) or _adjacent_tax(first, rest) or _tender_behind(rest, facts) or first
    if first.role is Role.RECEIVED:
        return _first_of(rest, {Role.CHANGE}) or tender_of(rest) or first
    if first.role in TENDERS:
        other = _first_of(rest, {Role.CHANGE, Role.DISCOUNT, Role.SAVINGS, Role.BALANCE, Role.POINTS})
        return other or _number_of(labels, facts) or _card_of_purse(labels, facts) or tender_of(labels)
    if first.role is Role.TAX and WIDE.match(facts.text, first.start):
        base = _first_of(rest, {Role.TAX_BASE})
        return first if base is None or _is_tax_of_base(base, facts) else base
    if first.role is Role.COUNT:
        return _count_or_total(labels, facts)
    if first.role in FACTS and facts.unknown == 0:
        money = _first_of(rest, MONEY)
        if money is not None and not any(map(str.isdigit, facts.text[first.end : money.start])):
            return money
    return first


def _is_tax_of_base(base: Label, facts: LineFacts) -> bool:
    """`外税8% 対象 807   64`: of two amounts behind what is taxed the second is the tax, where it may be one of it."""
    behind = [number.value for number in facts.numbers if number.start >= base.end]
    return len(behind) == _BASE_AND_TAX and behind[1] * _TAX_PARTS[0] <= behind[0] <= behind[1] * _TAX_PARTS[1]


def _numbered(labels: Sequence[Label], facts: LineFacts) -> Label | None:
    """`[TAKE AWAY] Order no. 47`: the line's only figures belong to the words directly before them, whatever else."""
    number, label = (facts.numbers[0] if len(facts.numbers) == 1 else None), labels[-1]
    if number is None or number.decimals or number.currency or label.role not in _NUMBERED:
        return None
    beside = 0 <= number.start - label.end <= _BESIDE_CHARACTERS_MAX
    return label if beside and label.end - label.start >= _NUMBER_LETTERS_MIN else None


def _count_or_total(labels: Sequence[Label], facts: LineFacts) -> Label:
    total = _first_of(labels[1:], _TOTALS)
    if total is not None and len(facts.numbers) == _COUNT_AND_AMOUNT and facts.numbers[0].start >= total.end:
        return total  # "QUANTITY / TOTAL   2   31,800"
    if _counts_inside(labels[0], facts):
        return labels[0]._replace(role=Role.TOTAL)
    return labels[0]._replace(role=Role.TOTAL_WEAK) if _sums_up(labels, facts) else labels[0]


def _counts_inside(label: Label, facts: LineFacts) -> bool:
    """`TOTAL 4 ARTICLES 21,47`: the words count inside themselves, so that the amount behind them is the total."""
    whole = [number for number in facts.numbers if label.start < number.start < label.end and not number.decimals]
    behind = [number for number in facts.numbers if number.start >= label.end]
    return bool(whole and facts.right) and len(behind) == 1 and facts.right[0] == len(facts.numbers) - 1


def _sums_up(labels: Sequence[Label], facts: LineFacts) -> bool:
    """`Items: 4  Qty: 6  377.00`: behind all that is counted stands what it comes to."""
    if facts.unknown or any(label.role is not Role.COUNT for label in labels):
        return False
    return _counts_before_amount(labels[-1], facts) and facts.right[0] == len(facts.numbers) - 1


def _counts_before_amount(label: Label, facts: LineFacts) -> bool:
    """`TOTAL (6 items)  27.36`: what was counted stands in words, before an amount with cents."""
    if not facts.right or not facts.numbers[facts.right[0]].decimals:
        return False
    return any(label.end <= number.start and not number.decimals for number in facts.numbers[: facts.right[0]])


def _counts_behind_amount(total: Label, rest: Sequence[Label], facts: LineFacts) -> bool:
    """`应付金额:128.36  件数:5`: the amount with cents stands before the words of what was counted."""
    count = _first_of(rest, (Role.COUNT,))
    return count is not None and any(
        number.decimals and total.end <= number.start < count.start for number in facts.numbers
    )


def _number_of(labels: Sequence[Label], facts: LineFacts) -> Label | None:
    """`Card no. 1234`: the figures belong to the number, not to the card."""
    fact = _first_of(labels, FACTS)
    if fact is None or not facts.numbers or facts.numbers[0].start < fact.end or facts.numbers[-1].decimals:
        return None
    return fact


def _first_of(labels: Iterable[Label], roles: Iterable[Role]) -> Label | None:
    return next((label for label in labels if label.role in roles), None)


def _tender_behind(rest: Sequence[Label], facts: LineFacts) -> Label | None:
    """Return the tender that a total is told for; in "金额: RMB 447.00" stands the money's name, no cash."""
    tender = _first_of(rest, TENDERS)
    return None if tender and _CURRENCY.fullmatch(facts.text, tender.start, tender.end) else tender


def _adjacent_tax(first: Label, rest: Sequence[Label]) -> Label | None:
    """`TOTAL VAT` is a tax, "TOTAL (incl. VAT)" is a total."""
    if rest and rest[0].role is Role.TAX and rest[0].start - first.end <= 1:
        return rest[0]
    return None


def _card_of_purse(labels: Sequence[Label], facts: LineFacts) -> Label | None:
    """`八達通信用卡`: where words are glued, the last says what a card is; the purse before it is its brand."""
    for purse, card in pairwise(labels):
        glued = purse.role is Role.STORED_VALUE and card.role is Role.CREDIT and purse.end == card.start
        if glued and _SAYS_CREDIT.match(facts.text, card.start):
            return card
    return None


def tender_of(labels: Sequence[Label]) -> Label | None:
    """Return the most specific tender: "card" and "contactless" yield to "debit"; None without any."""
    tenders = [label for label in labels if label.role in TENDERS]
    for label in tenders:
        if label.role is not Role.CREDIT:
            return label
    return tenders[0] if tenders else None

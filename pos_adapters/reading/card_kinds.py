"""What a card is that paid: its line may say no more than "card", and the slip or the line beside it whose.

Contract: pure.
"""

from __future__ import annotations

import re
from typing import Final

from pos_adapters.reading.branded_tenders import MASKED_CARD
from pos_adapters.reading.folding import fold
from pos_adapters.reading.labels import TENDERS
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.named_tenders import CARD_SLIP_LINES
from pos_adapters.reading.sheet import Entry, Sheet
from pos_adapters.reading.word_parts import credit_part

_SCHEME: Final = re.compile(r"visa|master ?card|amex|american express|diners|jcb|union ?pay|discover|rupay|мир\b")
_BY_CARD: Final = frozenset((Role.DEBIT, Role.STORED_VALUE, Role.VOUCHER))
_QR: Final = re.compile(r"\bqr\b", re.IGNORECASE)
_BESIDE_LETTERS_MAX: Final = 5  # "App: Visa Debit"


def card_role(entry: Entry, sheet: Sheet, otherwise: Role) -> Role:
    """Return what paid an entry: a card is what its slip below calls it, debit where that says so."""
    role = entry.role if entry.role in TENDERS and entry.role is not None else otherwise
    if role is not Role.CREDIT:
        return role
    if _names_any_card(entry.facts) and (beside := _way_beside(sheet, entry)):
        return beside
    if named_role(sheet, entry.line, role, brief=False) is Role.DEBIT:
        return Role.DEBIT
    if not _names_any_card(entry.facts):
        return role
    for line in _slip_below(sheet, entry.line):
        label, facts = sheet.labels[line], sheet.facts[line]
        if label is None or label.role not in (Role.DEBIT, Role.CREDIT) or not label.leads or facts.unknown:
            continue
        if not _names_any_card(facts):  # as the bank does that heads the slip
            return label.role
    return role


def named_role(sheet: Sheet, line: int, role: Role, *, brief: bool = True) -> Role:
    """Return `role`, which a line names; a debit card where the slip below says so, in few words if to be `brief`.

    Below a line without an amount, "We accept: Visa Debit" is as near as the slip.
    """
    if role is not Role.CREDIT:
        return role
    slip = [sheet.facts[below] for below in _slip_below(sheet, line)]
    told = [facts for facts in slip if not brief or facts.unknown <= _BESIDE_LETTERS_MAX]
    return Role.DEBIT if any(_is_debit_card(facts, sheet.facts[line]) for facts in told) else role


def _slip_below(sheet: Sheet, line: int) -> range:
    return range(line + 1, min(len(sheet.facts), line + 1 + CARD_SLIP_LINES))


def _way_beside(sheet: Sheet, card: Entry) -> Role | None:
    """Return the way of payment named right above a bare "Card ****4418  21.47", or below with the same amount."""
    for near in (card.line - 1, card.line + 1):
        label = sheet.labels[near] if 0 <= near < len(sheet.labels) else None
        if near > card.line and label is not None and label.role is Role.MOBILE and _is_name(sheet.facts[near]):
            return label.role  # a phone's way of payment below a till's button for all that is not cash
        if label is None or label.role not in _BY_CARD or not label.leads:
            continue
        amounts = [entry.amount for entry in sheet.entries if entry.line == near]
        if amounts == [card.amount] or (near < card.line and not amounts and not sheet.facts[near].unknown):
            return label.role
    return None


def _is_name(facts: LineFacts) -> bool:
    """Whether the line is one known name and nothing else; "QR CODE" may say what is printed there."""
    alone = len(facts.hits) == 1 and not facts.unknown and not facts.numbers
    return alone and _QR.search(facts.text) is None


def _names_any_card(facts: LineFacts) -> bool:
    """Whether the words of a line that name a card are those of any: "card", "POS"."""
    named = [hit for hit in facts.hits if any(sense.role is Role.CREDIT for sense in hit.senses)]
    return bool(named) and all(any(sense.role is Role.FILLER for sense in hit.senses) for hit in named)


def _lists_ways(facts: LineFacts) -> bool:
    """Whether a line tells what a shop takes: "We accept: Visa Debit, girocard"."""
    ways = [hit for hit in facts.hits if any(sense.role in TENDERS for sense in hit.senses)]
    return len(ways) > 1 and (facts.unknown > _BESIDE_LETTERS_MAX or "," in facts.text)


def _is_debit_card(facts: LineFacts, paid: LineFacts) -> bool:
    """Whether a line of a slip names the debit card that `paid`: "VISA DEBIT" or "US DEBIT" below "VISA 14.20".

    A bare "DEBIT" does not, which French slips print of any card that is charged, nor does an amount.
    """
    named = [hit for hit in facts.hits if any(sense.role is Role.DEBIT for sense in hit.senses)]
    shown = MASKED_CARD.search(facts.text) is not None  # "************4418 (Debit)"
    said = [hit.start for hit in named if shown or " " in facts.text[hit.start : hit.end].strip()]
    if not said or facts.decimals or _lists_ways(facts):
        return False
    if facts.unknown > _BESIDE_LETTERS_MAX and not facts.text[: said[0]].rstrip().endswith(":"):
        return False  # "we take Visa debit and cheques"
    own, below = fold(paid.text), fold(facts.text)
    schemes, slip = set(_SCHEME.findall(own)), set(_SCHEME.findall(below))
    says_credit = credit_part().search(own) or credit_part().search(below)
    return not says_credit and len(slip) <= 1 and (not schemes or not slip or bool(schemes & slip))

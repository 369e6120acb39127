"""Ways of payment that are named without an amount: "VISA **** 1234", "paid by card", "Paid by: PayPay".

Contract: pure predicates over a sheet's lines; what they answer for proves that the total was paid.
"""

from __future__ import annotations

import re

from pos_adapters.reading.branded_tenders import MASKED_CARD
from pos_adapters.reading.labels import TENDERS, Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import Part, Sheet

PAID_REACH_LINES = 3  # what was paid and how stand together
CARD_SLIP_LINES = 20  # a card slip has a dozen lines below the tax table
_BESIDE_PAID_LETTERS_MAX = 8  # "paid by Visa ending 4242"
CARD_FIGURES_SHOWN_MAX = 10  # the first six and the last four; whatever shows more, a top-up's PIN, is no card
_CARD_FIGURES = re.compile(r"\d{3,}")
_BOX = re.compile(r"[\[\]\u2610\u25a1]")  # to be ticked
_OF_CARD_SLIPS = frozenset((Role.TERMINAL, Role.PAYMENT_CARD))


def says_paid(facts: LineFacts) -> bool:
    """Whether the line says that it was paid with something, and no other word: "to be paid by card" does not."""
    if facts.unknown or _is_amount(facts) or _BOX.search(facts.text):
        return False
    said = [{sense.role for sense in hit.senses} for hit in facts.hits]
    paid = [Role.PAID_BY in roles for roles in said]
    return any(paid) and all(by or roles & TENDERS for by, roles in zip(paid, said, strict=True))


def says_how(sheet: Sheet, line: int, total: int) -> bool:
    """Whether a line "Paid by: ..." without an amount stands below one that says that the total was paid."""
    if not _says_received(sheet.facts[line]) or _is_amount(sheet.facts[line]):
        return False
    paid = [entry.line for entry in sheet.entries if entry.amount == total and entry.part in (Part.TOTAL, Part.CHECK)]
    return len(paid) > 1 and any(0 < line - at <= PAID_REACH_LINES and _says_received(sheet.facts[at]) for at in paid)


def _says_received(facts: LineFacts) -> bool:
    return bool(facts.hits) and any(sense.role is Role.RECEIVED for sense in facts.hits[0].senses)


def _is_amount(facts: LineFacts) -> bool:
    return any(number.value == 0 or number.decimals or number.currency for number in facts.numbers)


def shows_card(sheet: Sheet, line: int) -> bool:
    """Whether the line has figures of a card and no amount, or a card slip stands around it."""
    facts = sheet.facts[line]
    if _is_amount(facts) or sum(map(str.isdigit, facts.text)) > CARD_FIGURES_SHOWN_MAX:
        return False
    around = sheet.labels[max(0, line - CARD_SLIP_LINES) : line + CARD_SLIP_LINES]
    below = sheet.facts[line : line + PAID_REACH_LINES + 1]
    return (
        _CARD_FIGURES.search(facts.text) is not None
        or any(label is not None and label.role in _OF_CARD_SLIPS for label in around)
        or any(MASKED_CARD.search(each.text) is not None for each in below)
    )


def names_one_tender(facts: LineFacts, label: Label) -> bool:
    """Whether the line names one way of payment and says little else."""
    if label.role not in TENDERS:
        return False
    said_paid = any(sense.role is Role.RECEIVED for sense in facts.hits[0].senses)
    if facts.unknown > (_BESIDE_PAID_LETTERS_MAX if said_paid and facts.numbers else 0):
        return False
    tenders = [hit for hit in facts.hits if any(sense.role in TENDERS for sense in hit.senses)]
    ways = [{sense.role for sense in hit.senses if sense.role in TENDERS} for hit in tenders]
    one = all(label.role in roles for roles in ways)  # "SumUp" is any card, "SumUp girocard" is that one
    once = len(tenders) == 1 or said_paid or any(letter.isdigit() for letter in facts.text)
    return one and (once or says_paid(facts))

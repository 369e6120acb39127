"""Ways of payment that are named without an amount: "VISA **** 1234", "paid by card", "Paid by: PayPay".

Contract: pure predicates over a sheet's lines; what they answer for proves that the total was paid.
"""

from __future__ import annotations

import re

from pos_adapters.reading.branded_tenders import MASKED_CARD
from pos_adapters.reading.labels import TENDERS, Label
from pos_adapters.reading.lexicon import Hit, Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Part, Sheet
from retail.transaction import DocumentKind

PAID_REACH_LINES = 3  # what was paid and how stand together
CARD_SLIP_LINES = 20  # a card slip has a dozen lines below the tax table
_BESIDE_PAID_LETTERS_MAX = 8  # "paid by Visa ending 4242"
CARD_FIGURES_SHOWN_MAX = 10  # the first six and the last four; whatever shows more, a top-up's PIN, is no card
_CARD_FIGURES = re.compile(r"\d{3,}")
_PAID_IN_TRUTH = re.compile(r"\s*(?:[本顾顧客户戶]*[实實已](?:际|際)?[付收缴繳支])")
_HANDED_OVER = re.compile(r"\s*(?:[お御]?預|投入|받은|オアズカリ)")
_BOX = re.compile(r"[\[\]\u2610\u25a1]")  # to be ticked
_FRAMED = re.compile(r"\s*\[[^\[\]]+\]\s*")
_OF_CARD_SLIPS = frozenset((Role.TERMINAL, Role.PAYMENT_CARD))


def says_paid(facts: LineFacts) -> bool:
    """Whether the line says that it was paid with something, and no other word: "to be paid by card" does not."""
    framed = _FRAMED.fullmatch(facts.text) is not None  # the whole line, and no box to tick
    if facts.unknown or _is_amount(facts) or (_BOX.search(facts.text) and not framed):
        return False
    said = [{sense.role for sense in hit.senses} for hit in facts.hits]
    paid = [Role.PAID_BY in roles for roles in said]
    return any(paid) and all(by or roles & TENDERS for by, roles in zip(paid, said, strict=True))


def _hands_back_nothing(sheet: Sheet, near: int) -> bool:
    """Whether "change 0" stands directly below what was handed over, and nothing on the paper speaks of a card."""
    if sheet.facts[near].unknown or not _HANDED_OVER.match(sheet.facts[near].text):
        return False  # a purse, whose tills print that nothing is given back, too
    below = [entry for entry in sheet.entries if entry.line == near + 1 and entry.part is Part.CHANGE]
    if not below or below[0].amount:
        return False
    of_card = any(label is not None and label.role in _OF_CARD_SLIPS for label in sheet.labels)
    return not of_card and not any(MASKED_CARD.search(facts.text) for facts in sheet.facts)


def says_how(sheet: Sheet, line: int, total: int) -> bool:
    """Whether a line "Paid by: ..." without an amount stands below one that says that the total was paid.

    An amount is either told twice, as owed and as paid, or named as what was paid in truth ("实付", no "付款金额").
    It may also stand directly below: "支付方式: 微信支付", "实付 39.80".
    """
    if _is_amount(sheet.facts[line]):
        return False
    reach = PAID_REACH_LINES if _says_received(sheet.facts[line]) else 1  # "实付金额 38.42" and, bare, "支付宝"
    paid = [entry.line for entry in sheet.entries if entry.amount == total and entry.part in (Part.TOTAL, Part.CHECK)]
    near = [at for at in paid if (0 < line - at <= reach or at == line + 1) and _says_received(sheet.facts[at])]
    return bool(near) and (
        (len(paid) > 1 and reach > 1 and near[0] < line)
        or any(_PAID_IN_TRUTH.match(sheet.facts[at].text) for at in near)
    )


def says_charged(sheet: Sheet, line: int, total: int, *, card: int) -> bool:
    """Whether a bare "DEBIT" only says what was done, as French slips do of any card: below its amount and figures."""
    label = sheet.labels[line]
    if label is None or label.role is not Role.DEBIT or len(sheet.facts[line].hits) != 1 or not 0 <= card < line:
        return False
    masked = any(MASKED_CARD.search(facts.text) is not None for facts in sheet.facts[card:line])
    return masked and any(entry.line == line - 1 and entry.amount == total for entry in sheet.entries)


def paid_by_all_lines(sheet: Sheet) -> list[tuple[int, Label]]:
    """Return the lines anywhere that say with what it was paid, "已在线支付" at the head of what is taken away."""
    return [
        (line, label)
        for line, label in enumerate(sheet.labels)
        if label is not None and label.role in TENDERS and says_paid(sheet.facts[line])
    ]


def role_named(sheet: Sheet, near: int) -> Role:
    """How a bare "PAID 12.00" was paid: the tender named without an amount nearby, else unknown."""
    for line in range(max(0, near - 2), len(sheet.facts)):
        label = sheet.labels[line]
        if label is not None and label.role in TENDERS and label.leads and not sheet.facts[line].right:
            return label.role
    said = {label.role for facts, label in zip(sheet.facts, sheet.labels, strict=True) if label and says_paid(facts)}
    if len(said) == 1 and said <= TENDERS:
        return said.pop()  # "paid online", at the head
    if not said:
        said = {label.role for _, label in told_at_end(sheet, near)}
        if len(said) == 1:
            return said.pop()
    return Role.CASH if _hands_back_nothing(sheet, near) else Role.TENDER_OTHER


def told_at_end(sheet: Sheet, near: int) -> list[tuple[int, Label]]:
    """Return the lines around what was paid that end with a way of payment: "Method: VISA", "via VISA"."""
    told = []
    for line in range(max(0, near - PAID_REACH_LINES), min(len(sheet.facts), near + PAID_REACH_LINES + 1)):
        facts = sheet.facts[line]
        hit = facts.hits[-1] if facts.hits and not _is_amount(facts) else None
        if hit is None or hit.end < len(facts.text.rstrip()):
            continue
        if facts.unknown > STRAY_LETTERS_MAX and not facts.text[: hit.start].rstrip().endswith(":"):
            continue
        roles = [sense.role for sense in hit.senses if sense.role in TENDERS]
        told += [(line, Label(role, leads=False, start=hit.start, end=hit.end)) for role in roles[:1]]
    return told


def _says_received(facts: LineFacts) -> bool:
    return bool(facts.hits) and any(sense.role is Role.RECEIVED for sense in facts.hits[0].senses)


def _is_amount(facts: LineFacts) -> bool:
    return any(number.value == 0 or number.decimals or number.currency for number in facts.numbers)


def shows_card(sheet: Sheet, line: int) -> bool:
    """Whether the line has figures of a card and no amount, or a card slip stands around it."""
    facts = sheet.facts[line]
    if _is_amount(facts) or sum(map(str.isdigit, _before_approval(facts))) > CARD_FIGURES_SHOWN_MAX:
        return False
    around = sheet.labels[max(0, line - CARD_SLIP_LINES) : line + CARD_SLIP_LINES]
    below = sheet.facts[line : line + PAID_REACH_LINES + 1]
    return (
        _CARD_FIGURES.search(facts.text) is not None
        or any(label is not None and label.role in _OF_CARD_SLIPS for label in around)
        or any(MASKED_CARD.search(each.text) is not None for each in below)
    )


def _is_of_slip(sheet: Sheet, line: int) -> bool:
    """Whether a line without an amount names a card, beside its figures below or above."""
    facts, label = sheet.facts[line], sheet.labels[line]
    if facts.decimals:
        return False
    return MASKED_CARD.search(facts.text) is not None or (label is not None and label.role in (Role.CREDIT, Role.DEBIT))


def top_of_slip(sheet: Sheet, total: int) -> int:
    """Return the first of the lines right above a `total` that tell its card: "Payment: VISA", "**** 1234"."""
    while total and _is_of_slip(sheet, total - 1):
        total -= 1
    return total


def _before_approval(facts: LineFacts) -> str:
    """Return the text before the number of the approval, which no masked card's figures are: "VISA ***1234 AUTH 88"."""
    ends = [hit.start for hit in facts.hits if any(sense.role is Role.TERMINAL for sense in hit.senses)]
    return facts.text[: min(ends)] if ends and "*" in facts.text[: min(ends)] else facts.text


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


def heads_tender(facts: LineFacts, hit: Hit) -> bool:
    """`Tahsilat: Nakit 500,00`: what was received, named before its tender and amount, is no paper of its own.

    Nor is a paper for exchanging goods that is paid with: "Vale troca 50,00".
    """
    if not facts.right or facts.numbers[facts.right[0]].decimals <= 0:
        return False
    if any(sense.kind is DocumentKind.GIFT_RECEIPT for sense in hit.senses):
        return any(sense.role in TENDERS for sense in hit.senses)
    return any(sense.role is Role.RECEIVED for sense in hit.senses) and any(
        sense.role in TENDERS for other in facts.hits if other.start >= hit.end for sense in other.senses
    )


def gives_back(facts: LineFacts, hit: Hit) -> bool:
    """`VISA APPROVAL CANCELLED -45.00`: a refund's own payment, by a tender and an amount below nothing."""
    below = bool(facts.right) and facts.numbers[facts.right[0]].value < 0
    return below and any(sense.role in TENDERS for other in facts.hits if other is not hit for sense in other.senses)

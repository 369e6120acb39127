"""Amounts below the total that pay it though their words name no tender, or name it behind a brand.

Contract: pure but for the role that an entry gets. They count only where the sums ask for them (`settlement`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pos_adapters.reading.amounts import MILLI
from pos_adapters.reading.labels import TENDERS
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part
from retail.transaction import DocumentKind

MASKED_CARD: Final = re.compile(r"[*xX\u2022#]{4,}[ -]?\d{4}(?!\d)")
EXCHANGED_SLACK: Final = 50  # thousandths: what a rate makes is rounded to a coin
_BALANCE_REACH_LINES: Final = 3  # the card's number and what was on it stand between
_NAME_LETTERS_MIN: Final = 2
_MAY_PAY: Final = frozenset((Part.STRAY, Part.ITEM, Part.INFO, Part.RETURN, Part.MODIFICATION))


def with_brands(later: Sequence[Entry], lines: Sequence[LineFacts]) -> list[Entry]:
    """Return amounts below the total whose tender has another name before it: "IKEA gift card 50.00".

    They count where the sums ask for them, and so do points beside another tender ("POINTS 5.00") and, beside a tender
    or change, money of another country with its rate. Cash has no brand.
    """
    if _MAY_PAY.isdisjoint([entry.part for entry in later]):
        return []
    found = []
    tendered = any(entry.part is Part.TENDER for entry in later)
    given_back = any(entry.part is Part.CHANGE and entry.amount for entry in later)
    for entry in later:
        role = None
        if entry.part in (Part.STRAY, Part.ITEM) and entry.amount > 0:
            role = _own_card(entry, lines, _tender_beside(entry)) or (
                Role.CREDIT if _below_masked_card(entry, lines) else None
            )
            if role is None and (tendered or given_back) and _is_exchanged(entry):
                role = Role.CASH
            if role is None and _leaves_own_balance(entry, lines):
                role = Role.STORED_VALUE
        if (
            entry.role is Role.POINTS
            and entry.part is Part.INFO
            and ((tendered and entry.facts.decimals) or _beside_tender(entry, later))
        ):
            role = Role.POINTS_TENDER
        if tendered and entry.part is Part.RETURN and entry.amount > 0 and names_bottle_slip(entry.facts):
            role = Role.VOUCHER
        if tendered and entry.part is Part.MODIFICATION and entry.amount > 0:
            role = _coupon_in(entry)
        if role is not None:
            entry.role = role
            found.append(entry)
    return found


def _coupon_in(entry: Entry) -> Role | None:
    """Return what a discount's words pay with, beside another tender: "BUONO SCONTO 3.00" may be a coupon handed in."""
    senses = [sense.role for hit in entry.facts.hits for sense in hit.senses]
    return next((role for role in (Role.COUPON, Role.VOUCHER) if role in senses), None)


def _beside_tender(entry: Entry, later: Sequence[Entry]) -> bool:
    """Whether a tender stands on the line above or below."""
    return any(other.part is Part.TENDER and abs(other.line - entry.line) == 1 for other in later)


def balanced_by_change(later: Sequence[Entry], total: int) -> Entry | None:
    """Return the amount in words that nobody knows which change directly below makes the payment: "YPF APP 40.00".

    Only where something was handed over does a till count change, also "CHANGE 0.00".
    """
    for paid, below in pairwise(later):
        if below.part is not Part.CHANGE or not paid.facts.named:
            continue
        if paid.part is Part.TOTAL and 0 < abs(below.amount) == paid.amount - total:
            paid.role = Role.CASH  # "ACTUALLY PAID 50.00, CHANGE 4.60", where that may also be what was to pay
            return paid
        if paid.part is Part.STRAY:
            return paid if paid.amount == total + abs(below.amount) else None
    return None


def names_bottle_slip(facts: LineFacts) -> bool:
    """Whether the line consists of the slip for returned bottles, or of any other that is a paper and pays."""
    return not facts.unknown and any(
        any(sense.kind is DocumentKind.OTHER for sense in hit.senses)
        and any(sense.role in TENDERS or sense.role is Role.RETURN_LINE for sense in hit.senses)
        for hit in facts.hits
    )


def _tender_beside(entry: Entry) -> Role | None:
    """Return the tender that stands directly before an amount."""
    facts = entry.facts
    named = [(hit.end, sense.role) for hit in facts.hits for sense in hit.senses if sense.role in TENDERS]
    if not named or not facts.right:
        return None
    end, role = named[-1]
    between = facts.text[end : facts.numbers[facts.right[0]].start]
    return role if role is not Role.CASH and sum(map(str.isalpha, between)) <= STRAY_LETTERS_MAX else None


def _own_card(entry: Entry, lines: Sequence[LineFacts], role: Role | None) -> Role | None:
    """Return the tender: a card of a name that nobody knows is stored value where what is left on it stands below."""
    below = lines[entry.line + 1 : entry.line + 1 + _BALANCE_REACH_LINES]
    left = any(facts.right and tells_balance(facts) for facts in below)
    return Role.STORED_VALUE if role is Role.CREDIT and left and MASKED_CARD.search(entry.facts.text) is None else role


def _leaves_own_balance(entry: Entry, lines: Sequence[LineFacts]) -> bool:
    """Whether what is left on a card of the same name stands below: "Aoca支払 1,500", "Aoca残高 3,500"."""
    text = entry.facts.text.lstrip()
    for facts in lines[entry.line + 1 : entry.line + 1 + _BALANCE_REACH_LINES]:
        if facts.right and tells_balance(facts):
            name = facts.text[: facts.hits[0].start].strip()
            return len(name) >= _NAME_LETTERS_MIN and name[0].isalpha() and text.startswith(name)
    return False


def tells_balance(facts: LineFacts) -> bool:
    """Whether a line begins with a word for what is left on a card."""
    return any(sense.role is Role.BALANCE for hit in facts.hits[:1] for sense in hit.senses)


def _is_exchanged(entry: Entry) -> bool:
    """Whether the line says what money of another country comes to: "EUR 35,00 x 24,00   840,00"."""
    quantity, rate = entry.quantity, entry.price
    if quantity is None or rate is None or not quantity.currency or rate.currency or not quantity.decimals:
        return False
    own = entry.facts.numbers[entry.facts.right[0]].currency
    made = quantity.value * rate.value // MILLI
    return quantity.currency != own and abs(made - entry.amount) <= EXCHANGED_SLACK


def _below_masked_card(entry: Entry, lines: Sequence[LineFacts]) -> bool:
    """Whether a nameless amount stands below the masked number of a card, or any beside it: "XXXXXXXX7712 DEPOT"."""
    shown = entry.facts if entry.facts.named else lines[entry.line - 1]
    return MASKED_CARD.search(entry.facts.text) is not None or MASKED_CARD.search(shown.text) is not None

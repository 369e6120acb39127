"""How it was paid: tenders less change must make the total.

Receipts say the same payment more than once - "CASH 10.00, TENDERED 20.00, CHANGE 10.00", a card slip under the
sale - so a payment is a selection of the printed tenders that makes the total, and what is left over must be an
echo of it. Nothing printed about payment proves nothing; something printed that does not fit disproves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pos_adapters.reading.branded_tenders import balanced_by_change, tells_balance, with_brands
from pos_adapters.reading.card_kinds import card_role, named_role
from pos_adapters.reading.labels import TENDERS, Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.named_tenders import (
    names_one_tender,
    paid_by_all_lines,
    role_named,
    says_charged,
    says_how,
    says_paid,
    shows_card,
    told_at_end,
    top_of_slip,
)
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part, Sheet


class Paid(NamedTuple):
    """One tender as it acts: change is negative. `line` is where it was printed."""

    line: int
    role: Role
    amount: int
    described: str


class Settlement(NamedTuple):
    """The tenders of a sale; `proven` when printed tenders make the total, else nothing was printed of payment.

    `given_back`: the words say that this money was handed to the customer, so that it is no sale.
    """

    tenders: tuple[Paid, ...]
    proven: bool
    given_back: bool = False


NAMED_TENDER_REACH_LINES = 8  # further down, "VISA" is an advertisement of what the shop accepts
_CASH_OR_CARD = frozenset((Role.CASH, Role.CREDIT))  # each for the whole total: one of them paid, and none says which
_GENERIC = frozenset((Role.CREDIT, Role.RECEIVED))
_CARDS = _GENERIC | {Role.DEBIT, Role.MOBILE}
_CARDS_BESIDE = _CARDS | {Role.VOUCHER, Role.STORED_VALUE}


def settle(
    sheet: Sheet, total: int, *, after: int, show: Callable[[int], str], above: Sequence[Entry] = ()
) -> tuple[Settlement | None, str]:
    """Return the settlement of `total` from the lines after line `after`, or None and what does not fit.

    `above`: tenders that are printed before the total; they are the whole payment, or none of it.
    """
    if above:
        return _paid_before(sheet, above, total, after=after, show=show)
    later = [entry for entry in sheet.opened if entry.line >= after]
    tenders = [entry for entry in later if entry.part is Part.TENDER and entry.amount]
    received = [entry for entry in later if entry.part is Part.RECEIVED and entry.amount]
    change = [entry for entry in later if entry.part is Part.CHANGE and entry.amount] or _unnamed_change(later, total)
    if total < 0:
        handed_out = [_handed_out(entry) for entry in change]
        tenders = [_signed(entry) for entry in (*tenders, *handed_out)]
        received, change = [_signed(entry) for entry in received], []
    elif change and not tenders and not received and sum(abs(entry.amount) for entry in change) == total:
        paid_out = [_handed_out(entry) for entry in change]
        return Settlement(_as_paid(paid_out, [], sheet), proven=True, given_back=True), ""
    hidden = with_brands(later, sheet.facts) if total > 0 else []
    for offered in _offers(tenders, hidden, sheet):
        found = _counted(offered, received, change, total=total)
        if found is not None:
            return Settlement(_as_paid(*found, sheet), proven=True), ""
    if total > 0 and not tenders and not received:
        unnamed = balanced_by_change(later, total)
        if unnamed is not None and unnamed.amount == total + sum(abs(entry.amount) for entry in change):
            return Settlement(_as_paid([unnamed], change, sheet), proven=True), ""
    if not tenders and not received and not change:
        return _named_only(sheet, total, after), ""
    paid = sum(entry.amount for entry in tenders or received) - sum(abs(entry.amount) for entry in change)
    return None, f"tenders less change make {show(paid)}, total is {show(total)}"


def _offers(tenders: list[Entry], hidden: list[Entry], sheet: Sheet) -> Iterator[list[Entry]]:
    """Yield the tenders that may have paid, the likeliest first."""
    yield tenders
    if hidden:
        yield [*tenders, *hidden]
    if len(hidden) > 1:
        yield from ([*tenders, one] for one in hidden)  # the others tell what points are left
    above = _above_thanks(sheet, tenders)
    yet = [entry for entry in tenders if not tells_balance(entry.facts)]  # "余额" pays, or tells what a card has left
    money = [entry for entry in tenders if entry.role is not Role.POINTS_TENDER]  # "MAXIPUAN 4,20": what it has earned
    exact = [entry for entry in tenders if entry.facts.decimals]  # "Pièces : 5" counts goods, no coins
    off = _without_slip(tenders)
    yield from (some for some in (above, yet, money, exact, off) if some and len(some) < len(tenders))
    plain = [entry for entry in tenders if entry.facts.unknown <= STRAY_LETTERS_MAX]
    if plain and plain[0] is tenders[0] and len(plain) < len(tenders):
        yield plain  # "CT MONEY COLLECTED 0.41" below the payment


def _above_thanks(sheet: Sheet, tenders: list[Entry]) -> list[Entry]:
    """Return the tenders above the first thanks, where some stand below: "win a cheque of 100.00" pays nothing."""
    first = tenders[0].line if tenders else 0
    thanks = [line for line, label in enumerate(sheet.labels) if label is not None and label.role is Role.THANKS]
    end = min([line for line in thanks if line > first], default=len(sheet.labels))
    above = [entry for entry in tenders if entry.line < end]
    again = any(entry.part is Part.TOTAL and entry.line > end for entry in sheet.opened)  # another receipt begins there
    return above if len(above) < len(tenders) and not again else []


def _without_slip(tenders: list[Entry]) -> list[Entry]:
    """Return the cards taken off the total without their slip's amounts, which are bare: "VISA -9,90", "EUR 9,90"."""
    off = [entry for entry in tenders if entry.amount < 0]
    told = {-entry.amount: entry.line for entry in off if entry.role in _CARDS}
    slip = [entry for entry in tenders if entry.amount > 0 and entry.role in _CARDS]
    bare = [entry for entry in slip if entry.facts.letters <= STRAY_LETTERS_MAX]
    below = all(entry.line > told.get(entry.amount, entry.line) for entry in bare)
    return off if below and len(off) + len(bare) == len(tenders) else []


def _counted(
    tenders: list[Entry], received: list[Entry], change: list[Entry], *, total: int
) -> tuple[list[Entry], list[Entry]] | None:
    """Return what was handed over and what was given back of it, where the two make the total."""
    handed_over = total + sum([abs(entry.amount) for entry in change])
    for chosen in _selections(tenders, received, total):
        if sum([entry.amount for entry in chosen]) == handed_over:
            return chosen, change
    gross = [entry for entry in tenders if entry.amount == handed_over]  # "CASH 4.60, CASH RECEIVED 10.00"
    in_cash = len(tenders) == len(gross) + 1 == 2 and all(entry.role is Role.CASH for entry in tenders)
    if in_cash and change and total in [entry.amount for entry in tenders]:
        return gross, change
    if total > 0 and not received and _brought_to_nought([*tenders, *change], total):
        return [_handed_over(entry) for entry in tenders], change
    exact = _exact(tenders, received, total)
    if exact is not None and _explains_change(tenders, received, change, total):
        return exact, []
    again = len({abs(entry.amount) for entry in change}) == 1 < len(change)  # a card's slip repeats it as cash back
    return _counted(tenders, received, change[:1], total=total) if again else None


def _unnamed_change(later: Sequence[Entry], total: int) -> list[Entry]:
    """Return the amount directly below the cash that is what was handed over beyond `total`; nothing where none is."""
    for cash, below in pairwise(later):
        handed = cash.part is Part.RECEIVED or (cash.part is Part.TENDER and cash.role is Role.CASH)
        # "REMISE 5,00": handed back in Quebec; "BALANCE 85.75": in India; "TERUGGAVE 5,00" is a refund, too
        said_otherwise = below.part in (Part.STRAY, Part.TOTAL, Part.WEAK_TOTAL) or below.role is Role.DISCOUNT
        if handed and said_otherwise and 0 < below.amount == cash.amount - total:
            return [below]
    return []


def _paid_before(
    sheet: Sheet, above: Sequence[Entry], total: int, *, after: int, show: Callable[[int], str]
) -> tuple[Settlement | None, str]:
    """Return the settlement by tenders above the total: they make it, and nothing below pays or gives back."""
    paid = sum(entry.amount for entry in above)
    below = [entry for entry in sheet.entries if entry.line >= after and entry.amount]
    if paid == total and not any(entry.part in (Part.TENDER, Part.RECEIVED, Part.CHANGE) for entry in below):
        return Settlement(_as_paid(above, [], sheet), proven=True), ""
    change = [entry for entry in below if entry.part is Part.CHANGE]
    in_cash = len(change) == 1 and all(entry.role is Role.CASH for entry in above)
    if in_cash and paid - abs(change[0].amount) == total > 0:
        return Settlement(_as_paid(above, change, sheet), proven=True), ""
    return None, f"tenders above the total make {show(paid)}, total is {show(total)}"


DECLINED_REACH_LINES = 4  # "VISA 12.50", two lines of the card, "DECLINED"


def strike_declined(sheet: Sheet, declined: Sequence[int]) -> None:
    """Take out the tender that a line "DECLINED" stands on or below: it was offered, not taken."""
    for line in declined:
        above = [
            entry
            for entry in sheet.entries
            if entry.part is Part.TENDER
            and sheet.first_total <= entry.line
            and 0 <= line - entry.line <= DECLINED_REACH_LINES
        ]
        if above:
            above[-1].part = Part.INFO


def paid_after(sheet: Sheet, settlement: Settlement | None, declined: Sequence[int]) -> bool:
    """Whether what was declined was tendered (below the total), and all that settles the sale is printed below it."""
    if not declined or settlement is None:
        return False
    priced = {entry.line for entry in sheet.entries if entry.part in (Part.TENDER, Part.RECEIVED, Part.CHANGE)}
    lines = {paid.line for paid in settlement.tenders}
    return bool(lines) and sheet.first_total < declined[0] <= declined[-1] < min(lines) and lines <= priced


def refused_below(settlement: Settlement | None, declined: Sequence[int]) -> bool:
    """Whether the last word on payment is a refusal: it may speak of what settles the sale."""
    if settlement is None or not declined:
        return False
    return declined[-1] > max([paid.line for paid in settlement.tenders], default=-1)


def charged_to_account(sheet: Sheet, settlement: Settlement | None) -> bool:
    """Whether a line consists of "CHARGE TO ACCOUNT", though something else pays: either may be what happened."""
    if settlement is None or any(paid.role is Role.ACCOUNT for paid in settlement.tenders):
        return False
    told = zip(sheet.facts, sheet.labels, strict=True)
    return any(
        label is not None and label.role is Role.ACCOUNT and label.leads and not facts.unknown and _is_bare(facts.text)
        for facts, label in told
    )


def _is_bare(text: str) -> bool:
    return not any(map(str.isdigit, text)) and not text.rstrip().endswith(":")


def refused_above(sheet: Sheet, settlement: Settlement | None, declined: Sequence[int]) -> bool:
    """Whether "DECLINED" may speak of the card below it: it stands below the total, and no tender between the two."""
    below = [line for line in declined if line > sheet.first_total]
    if not below or settlement is None:
        return False
    named = [label.role for label in sheet.labels[sheet.first_total : below[0] + 1] if label is not None]
    offered = any(role in TENDERS and role is not Role.TENDER_OTHER for role in named)  # no "PAYMENT DECLINED" alone
    return not offered and any(paid.role is not Role.CASH and paid.line > below[0] for paid in settlement.tenders)


def _signed(entry: Entry) -> Entry:
    """A refund's tenders may be printed positive: they act against the customer's payment all the same."""
    if entry.amount > 0:
        entry.amount = -entry.amount
    return entry


def _brought_to_nought(payment: Sequence[Entry], total: int) -> bool:
    """Whether every tender is taken off a positive total, "MASTERCARD -2,57", and change is what that leaves."""
    tenders = [entry.amount for entry in payment if entry.part is Part.TENDER]
    left = sum([abs(entry.amount) for entry in payment if entry.part is Part.CHANGE])
    return bool(tenders) and max(tenders) < 0 and total + sum(tenders) + left == 0


def _handed_over(entry: Entry) -> Entry:
    entry.amount = abs(entry.amount)
    return entry


def _handed_out(entry: Entry) -> Entry:
    """What a refund gives back is its tender: cash, where the line does not say "to the card"."""
    entry.role = entry.tender or Role.CASH
    entry.amount = abs(entry.amount)
    return entry


def _selections(tenders: list[Entry], received: list[Entry], total: int) -> Iterator[list[Entry]]:
    """Yield the ways to count what was handed over, the fullest first.

    "Received" stands for the cash among the tenders, and only where those tenders say the same in another way: net
    ("CASH 4.60, RECEIVED 10.00") or gross ("CASH 10.00, RECEIVED 10.00") - or for the cash beside a card, where no cash
    is named and it repeats no tender ("CARD 3.00, RECEIVED 10.00, CHANGE 2.00").
    """
    unique: list[Entry] = []
    if tenders:
        yield tenders
        unique = _without_echoes(tenders)
        yield unique
        if unique[1:] and unique[0].amount == total and all(entry.role is Role.CASH for entry in unique):
            yield unique[1:]  # "CASH SALE 4.60" heads "CASH TENDERED 10.00, CHANGE 5.40"
    if received:
        last = _last_of(received)
        other = [entry for entry in unique if entry.role is not Role.CASH]
        cash = [entry for entry in unique if entry.role is Role.CASH]
        net = sum(entry.amount for entry in unique) == total
        gross = sum(entry.amount for entry in cash) == sum(entry.amount for entry in last)
        if not tenders or net or gross:
            if cash or not tenders:
                yield [*other, *last]
            yield last
        elif not cash and not {entry.amount for entry in unique} & {entry.amount for entry in last}:
            yield [*unique, *last]


def _last_of(received: list[Entry]) -> list[Entry]:
    """Of several "received" lines with one amount, one counts."""
    amounts = {entry.amount for entry in received}
    return received[:1] if len(amounts) == 1 else received


def _without_echoes(tenders: list[Entry]) -> list[Entry]:
    """A card slip under the sale repeats its tender: equal amounts, of which at least one is named generically."""
    kept: list[Entry] = []
    for entry in tenders:
        twin = next((one for one in kept if one.amount == entry.amount and _same_tender(one, entry)), None)
        if twin is None:
            kept.append(entry)
        elif twin.role in _GENERIC and entry.role not in _GENERIC:
            kept[kept.index(twin)] = entry
    return kept


def _same_tender(one: Entry, other: Entry) -> bool:
    cards = _CARDS if abs(one.line - other.line) > 1 else _CARDS_BESIDE  # "EBT 21.47" below "Card ****4418 21.47"
    return one.role is other.role or (one.role in cards and other.role in cards)


def _exact(tenders: list[Entry], received: list[Entry], total: int) -> list[Entry] | None:
    """Return tenders that make the total without any change: all, all but echoes, or one that equals it."""
    for way in (tenders, _without_echoes(tenders)):
        if way and sum(entry.amount for entry in way) == total:
            return way
    equal = [entry for entry in tenders if entry.amount == total]
    if equal and all(entry.amount == total for entry in tenders):
        if {entry.role for entry in equal} >= _CASH_OR_CARD:
            return None
        return [next((entry for entry in equal if entry.role not in _GENERIC), equal[0])]
    if received and sum(entry.amount for entry in _last_of(received)) == total and not tenders:
        return _last_of(received)
    return None


def _explains_change(tenders: list[Entry], received: list[Entry], change: list[Entry], total: int) -> bool:
    """Change beside tenders that make the total exactly must come from what was received."""
    if not change:
        return True
    given_back = sum(abs(entry.amount) for entry in change)
    cash = sum(entry.amount for entry in tenders if entry.role is Role.CASH)
    return any(entry.amount - given_back in (total, cash) for entry in received)


def _as_paid(chosen: Sequence[Entry], change: Sequence[Entry], sheet: Sheet) -> tuple[Paid, ...]:
    role = Role.CASH if change else role_named(sheet, chosen[0].line if chosen else 0)
    paid = [Paid(entry.line, card_role(entry, sheet, role), entry.amount, _described(entry)) for entry in chosen]
    paid += [Paid(entry.line, Role.CASH, -abs(entry.amount), _described(entry)) for entry in change]
    return tuple(paid)


def _described(entry: Entry) -> str:
    return entry.facts.name or entry.facts.text.strip()


def _named_only(sheet: Sheet, total: int, after: int) -> Settlement:
    """No tender with an amount: "VISA **** 1234" just below the total, or "VISA" above a card slip, still says how.

    So does "paid by card". A list of what the shop takes says nothing, on one line or on several; nor does a bare
    "CASH" or "CASH 0.00": an order that is paid at the door prints it, too.
    """
    named = [
        (line, label)
        for line, label in _naming_one(sheet, total, after)
        if total == 0 or shows_card(sheet, line) or says_paid(sheet.facts[line]) or says_how(sheet, line, total)
    ]
    if {label.role for _, label in named} == {Role.CREDIT, Role.DEBIT}:
        named = [(line, label) for line, label in named if not says_charged(sheet, line, total, card=named[0][0])]
    return _paid_as_named(sheet, total, named, proven=True)


def named_beside(sheet: Sheet, total: int, after: int) -> Settlement:
    """Return how a sale was paid whose words say that it was completed: there a bare "Payment: cash" tells it."""
    named = _naming_one(sheet, total, after) or paid_by_all_lines(sheet) or told_at_end(sheet, after)
    return _paid_as_named(sheet, total, named, proven=False)


def _naming_one(sheet: Sheet, total: int, after: int) -> list[tuple[int, Label]]:
    """Return the lines near the total that name one way of payment, and no amount."""
    printed = [entry.line for entry in sheet.entries if entry.part is Part.TOTAL and entry.amount == total]
    begins = top_of_slip(sheet, min([after, *printed]))  # a card slip below the sale repeats its total
    until = min(len(sheet.facts), after + NAMED_TENDER_REACH_LINES)
    declined = {entry.line for entry in sheet.entries if entry.part is Part.INFO and entry.role in TENDERS}
    return [
        (line, label)
        for line in range(begins, until)
        if line not in declined
        and (label := sheet.labels[line]) is not None
        and label.leads
        and names_one_tender(sheet.facts[line], label)
        and label.role is not Role.TENDER_OTHER  # "bank transfer" without an amount says how to pay an invoice
    ]


def _paid_as_named(sheet: Sheet, total: int, named: Sequence[tuple[int, Label]], *, proven: bool) -> Settlement:
    """Return the settlement of a total by the one way that lines name; by none where they name several."""
    ways = {named_role(sheet, line, label.role) for line, label in named}
    if len(ways) != 1:
        return Settlement((), proven=False)
    line, _ = named[0]
    facts = sheet.facts[line]
    return Settlement((Paid(line, ways.pop(), total, facts.name or facts.text.strip()),), proven=proven)

"""The judge: which reading of the entries satisfies the document's own sums.

Items, modifications and taxes on top make a total; tenders less change make the same total. `readings` tries what
the words leave open; here it is decided which total was owed, whether it was paid, and whether what holds means one
thing only. A document whose readings differ in total or goods is ambiguous: it is parked, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from pos_adapters.reading.amounts import MILLI
from pos_adapters.reading.echoes import echoed_totals, paid_totals
from pos_adapters.reading.gaps import has_gaps
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.readings import Candidate, Holding, Solution, Verdict, readings_of
from pos_adapters.reading.settlement import Settlement, settle
from pos_adapters.reading.sheet import GOODS, Entry, Part, Sheet, is_label
from retail.transaction import DocumentKind

TOTALS_MAX = 16  # amounts tried as the total; a receipt prints its total a few times, a report more often
_COUNT = (Role.COUNT,)
_PRICED_NUMBERS_MIN = 3  # "Quantity 2  Price 3.00  Amount 6.00" counts pieces of one kind of goods
_COUNTED: Final = re.compile(r" *([1-9]\d?) ?(x|\u00d7|@|ea\b|pcs?\b)? ", re.IGNORECASE)
_ADJUSTING: Final = frozenset((Part.ROUNDING, Part.TIP, Part.SURCHARGE))
Show = Callable[[int], str]


def judge(sheet: Sheet, show: Show) -> Verdict:
    """Find the one reading of `sheet` that holds; `show` prints an amount for the detail."""
    if not any(entry.part in GOODS or _may_be_goods(sheet, entry) for entry in sheet.entries):
        return Verdict(None, "no_amounts", "no line could be read as goods with an amount")
    held: list[Holding] = []
    nearest = ""
    for total in islice(_totals(sheet), TOTALS_MAX):
        found = readings_of(sheet, total)
        held += found
        if not found and not nearest:
            nearest = _both_sums(sheet, total, show)
    if not held:
        unnamed = islice(chain(echoed_totals(sheet), paid_totals(sheet)), TOTALS_MAX)
        held = [one for total in unnamed for one in readings_of(sheet, total)]
    if not held:
        return Verdict(None, "does_not_add_up", nearest or "no total was found for the items")
    return _settled(sheet, [one.solution() for one in _owed_last(sheet, held)], show)


def _may_be_goods(sheet: Sheet, entry: Entry) -> bool:
    """A gift card that is sold stands above the total like any goods; goods given back are negative like a discount."""
    if entry.part is Part.MODIFICATION and entry.role is None and entry.amount < 0:
        return all(other.amount < 0 for other in sheet.entries if other.part is Part.TOTAL)  # goods given back
    return entry.part is Part.TENDER and entry.line < sheet.first_total


def _totals(sheet: Sheet) -> Iterator[Candidate]:
    """Yield every amount that may be the total: printed ones, and those that a rounding or tip below them adjusts."""
    strong = [entry for entry in sheet.opened if entry.part is Part.TOTAL]
    candidates = strong or [entry for entry in sheet.opened if entry.part in (Part.CHECK, Part.WEAK_TOTAL)]
    adjusting = [entry for entry in sheet.opened if entry.part in _ADJUSTING and entry.amount]
    for entry in candidates:
        yield Candidate(entry.amount, entry, _until(sheet, entry), adjusted=False)
        for after in adjusting:
            if after.line <= entry.line or (after.part is Part.SURCHARGE and not _is_paid_with(sheet, entry, after)):
                continue
            until, rounding = after.line + 1, None
            if after.part is Part.ROUNDING and _paid_between(sheet, entry, after):
                until, rounding = entry.line, after
            yield Candidate(entry.amount + after.amount, entry, until, adjusted=True, rounding=rounding)
            if after.part is Part.ROUNDING:  # told below the total that it made
                yield Candidate(entry.amount, entry, entry.line, adjusted=True, rounding=after)
            if after.part is Part.ROUNDING and after.amount > 0:
                yield Candidate(entry.amount - after.amount, entry, until, adjusted=True, rounding=rounding)
    if not strong:
        yield from _total_from_tenders(sheet)


def _is_paid_with(sheet: Sheet, total: Entry, surcharge: Entry) -> bool:
    """Whether what a card costs more, told below the total, is in the payment below: "21.50", "0.32", "VISA 21.82"."""
    paid = total.amount + surcharge.amount
    return any(
        entry.amount == paid and entry.line > surcharge.line and entry.part in _PAYMENT for entry in sheet.opened
    )


def _until(sheet: Sheet, total: Entry) -> int:
    """Return the line where what is owed ends: the total, or cash and change that stand above it, below all goods."""
    above = [entry for entry in sheet.opened if entry.line < total.line and entry.amount and entry.part in _PAYMENT]
    if not any(entry.part is Part.CHANGE for entry in above):
        return total.line
    first = min(entry.line for entry in above)
    goods = (Part.ITEM, Part.IMPLICIT, Part.MODIFICATION)
    apart = all(entry.line < first or entry.line > total.line for entry in sheet.entries if entry.part in goods)
    return first if apart else total.line


def _paid_between(sheet: Sheet, total: Entry, rounding: Entry) -> bool:
    """Whether the payment is printed before what it was rounded by."""
    return any(entry.part in _PAYMENT and total.line < entry.line < rounding.line for entry in sheet.opened)


def _total_from_tenders(sheet: Sheet) -> Iterator[Candidate]:
    """No total is printed: what was paid less the change is what was owed.

    Where letters are missing, the total may be a line that nobody can read, and would be taken for goods.
    """
    if any(has_gaps(facts.text) for facts in sheet.facts):
        return
    tenders = [entry for entry in sheet.opened if entry.part in (Part.TENDER, Part.RECEIVED)]
    if tenders:
        paid = sum(entry.amount for entry in tenders)
        change = sum(abs(entry.amount) for entry in sheet.opened if entry.part is Part.CHANGE)
        yield Candidate(paid - change, None, tenders[0].line, adjusted=False)
        first, *others = tenders
        if first.part is Part.RECEIVED and others and 2 * first.amount == paid - change:
            yield Candidate(first.amount, first, first.line, adjusted=False)  # "paid in all", and with what


def _owed_last(sheet: Sheet, held: Sequence[Holding]) -> list[Holding]:
    """Of printed totals that hold, the last before any payment is what was owed; those above it are subtotals."""
    if len(held) == 1:
        return [*held]
    first_total = min([solution.total.line for solution in held])
    payments = [entry.line for entry in sheet.opened if entry.part in _PAYMENT and entry.line > first_total]
    first_payment = min(payments, default=len(sheet.facts))
    before = [solution for solution in held if solution.total.line <= first_payment]
    last = max([solution.total.line for solution in before or held])
    return [solution for solution in held if solution.total.line == last]


_PAYMENT = frozenset((Part.TENDER, Part.RECEIVED, Part.CHANGE))


def _settled(sheet: Sheet, held: Sequence[Solution], show: Show) -> Verdict:
    solutions: list[Solution] = []
    problem = ""
    settled: dict[tuple[int, int, bool], tuple[Settlement | None, str]] = {}  # readings of one total are paid alike
    for solution in held:
        amount, until = solution.total.amount, solution.total.until
        above = _paid_above(sheet, solution)
        key = (amount, until, bool(above))
        if key not in settled:
            settled[key] = settle(sheet, amount, after=until, show=show, above=above)
        settlement, unsettled = settled[key]
        problem = problem or unsettled
        if settlement is not None:
            solutions.append(solution._replace(settlement=settlement))
    if not solutions:
        return Verdict(None, "does_not_add_up", problem)
    paid = [one for one in solutions if one.is_paid]
    return _single(sheet, paid or [one for one in solutions if not one.total.adjusted] or solutions, show)


def _paid_above(sheet: Sheet, solution: Solution) -> list[Entry]:
    """Return the tenders printed above the total that this reading does not take for goods."""
    above = [entry for entry in sheet.opened if entry.part is Part.TENDER and entry.line < solution.total.line]
    if not above:
        return above
    owed = {id(entry) for entry, _, _ in solution.owed}
    return [entry for entry in above if id(entry) not in owed and entry.amount]


def _single(sheet: Sheet, pool: Sequence[Solution], show: Show) -> Verdict:
    """Return the one meaning of `pool`, the usual reading first; ambiguous when it has two."""
    best = pool[0]
    if len(pool) > 1:
        meanings = [_meaning(solution) for solution in pool]
        fewest = min(solution.flips for solution in pool)
        usual = {meaning for solution, meaning in zip(pool, meanings, strict=True) if solution.flips == fewest}
        if len({(total, count) for total, count, _ in meanings}) > 1 or len(usual) > 1:
            return Verdict(None, "ambiguous", _two_meanings(meanings, show))
        best = next(solution for solution in pool if solution.flips == fewest)
    paid = best.is_paid
    if not paid and any(entry.part is Part.TENDER for entry, _, _ in best.owed):
        return Verdict(None, "ambiguous", "a tender above the total may be goods, and nothing says how those were paid")
    if best.stray:
        return Verdict(None, "ambiguous", "an amount between subtotal and total may be goods or a charge")
    if best.open_choice and not _count_agrees(sheet, best):
        return Verdict(None, "ambiguous", "the sums hold in one reading, but the printed number of items differs")
    return Verdict(best, "", "")


_Meaning = tuple[int, int, tuple[int, ...]]  # total, number of goods, their amounts


def _meaning(solution: Solution) -> _Meaning:
    goods = sorted([amount for _, part, amount in solution.owed if part is Part.ITEM or part is Part.RETURN])
    return solution.total.amount, len(goods), tuple(goods)


def _two_meanings(meanings: Sequence[_Meaning], show: Show) -> str:
    different = sorted({(total, count) for total, count, _ in meanings})
    told = " or ".join(f"{show(total)} for {count} items" for total, count in different[:3])
    return f"more than one reading adds up: {told}"


def _count_agrees(sheet: Sheet, solution: Solution) -> bool:
    """Whether the printed number of items, if any, is the number of lines or of pieces."""
    printed = {
        abs(number.value) // MILLI  # goods brought back are counted below nothing
        for line, label in enumerate(sheet.labels)
        if label is not None and label.role is Role.COUNT and is_label(sheet.facts[line], label, _COUNT)
        if len(sheet.facts[line].numbers) < _PRICED_NUMBERS_MIN
        for number in sheet.facts[line].numbers
        if number.decimals == 0 and number.use in ("", "u")
    }
    if not printed:
        return True
    sold = [entry for entry, part, _ in solution.owed if part in (Part.ITEM, Part.RETURN)]
    goods = [entry for entry in sold if not _is_deposit(entry)]  # some tills count the bottle and not its deposit
    return bool(printed & (_counts(sold) | _counts(goods)))


def _is_deposit(entry: Entry) -> bool:
    return any(sense.kind is DocumentKind.DEPOSIT for hit in entry.facts.hits for sense in hit.senses)


def _counts(sold: Sequence[Entry]) -> set[int]:
    """Return the numbers that a till may print of these: of lines, of pieces, of packs."""
    pieces = packs = 0  # "SPONGES X3  1.49" without a price of one may be one pack
    for entry in sold:
        counted = entry.quantity.value // MILLI if entry.quantity and not entry.quantity.decimals else 1
        pieces += counted
        packs += counted if entry.price is not None else 1
    heads = [_COUNTED.match(entry.facts.text) for entry in sold]  # "2 x SOAP  5.00" among others that begin so
    begun = sum(int(head[1]) for head in heads if head) if all(heads) else pieces
    marked = sum(int(head[1]) if head and head[2] else 1 for head in heads)  # "4 EA @ 0.78  3.12" below a name
    return {len(sold), pieces, packs, begun, marked}


def _both_sums(sheet: Sheet, total: Candidate, show: Show) -> str:
    owed = [
        entry.amount
        for entry in sheet.entries
        if entry.line < total.until
        and not entry.voided
        and entry.part in (Part.ITEM, Part.IMPLICIT, Part.RETURN, Part.MODIFICATION, Part.STRAY)
    ]
    return f"items make {show(sum(owed))}, total is {show(total.amount)}"

"""The judge: which reading of the entries satisfies the document's own sums.

Items, modifications and taxes on top make a total; tenders less change make the same total. What the words leave
open - whether a positive discount acts or only tells, whether taxes come on top, whether "x2 10.00" is a price or an
amount - is tried for whole classes of lines at once, never line by line: a document is printed by one program, and
few choices leave few coincidences. If what holds means two different things, the document is ambiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from pos_adapters.reading.entries import Entry, Part, Sheet
from pos_adapters.reading.settlement import Settlement, settle

CHOICES_MAX = 4096  # combinations of class choices per document; past this the document is parked


class Choice(NamedTuple):
    """One way to count a class of entries: what it adds to the items' sum, and what it does to the entries."""

    name: str
    delta: int
    default: bool


class Solution(NamedTuple):
    """A reading whose sums hold."""

    total: int
    total_entry: Entry | None
    owed: tuple[tuple[Entry, Part, int], ...]  # what makes the total: entry, part, amount as it acts
    choices: tuple[str, ...]
    flips: int
    settlement: Settlement | None


class Verdict(NamedTuple):
    """What the arithmetic says: a solution, or why none was taken, in words with both sums."""

    solution: Solution | None
    reason: str  # "", "no_amounts", "does_not_add_up", "ambiguous"
    detail: str


def judge(sheet: Sheet, show: Callable[[int], str]) -> Verdict:
    """Find the one reading of `sheet` that holds; `show` prints an amount for the detail."""
    entries = sheet.entries
    if not any(entry.part in (Part.ITEM, Part.IMPLICIT, Part.RETURN, Part.FACT) for entry in entries):
        return Verdict(None, "no_amounts", "no line could be read as goods with an amount")
    _pair_voids(sheet)
    solutions: list[Solution] = []
    nearest = ""
    for total, entry, owed_until in _totals(sheet):
        found = list(_readings(sheet, total, entry, owed_until))
        if not found:
            nearest = nearest or _both_sums(sheet, total, owed_until, show)
            continue
        settlement, problem = settle(sheet, total, entry.line if entry is not None else owed_until, show)
        if settlement is None:
            nearest = problem
            continue
        solutions += [solution._replace(settlement=settlement) for solution in found]
    return _choose(solutions, nearest)


def _choose(solutions: list[Solution], nearest: str) -> Verdict:
    if not solutions:
        return Verdict(None, "does_not_add_up", nearest or "no total was found for the items")
    paid = [solution for solution in solutions if solution.settlement and solution.settlement.proven]
    pool = paid or solutions
    last = max(solution.total_entry.line if solution.total_entry else 0 for solution in pool)
    if not paid:  # without tenders the last total that holds is what was owed
        pool = [s for s in pool if s.total_entry is not None and s.total_entry.line == last] or pool
    fewest = min(solution.flips for solution in pool)
    best = next(solution for solution in pool if solution.flips == fewest)
    meanings = {_meaning(solution) for solution in pool if solution.flips == fewest}
    if len({(meaning[0], meaning[1]) for meaning in meanings}) > 1 or len(meanings) > 1:
        return Verdict(None, "ambiguous", _two_meanings(pool))
    others = {_meaning(solution)[:2] for solution in pool}
    if len(others) > 1:
        return Verdict(None, "ambiguous", _two_meanings(pool))
    return Verdict(best, "", "")


def _meaning(solution: Solution) -> tuple[int, int, tuple[int, ...]]:
    goods = tuple(sorted(amount for _, part, amount in solution.owed if part in (Part.ITEM, Part.RETURN)))
    return solution.total, len(goods), goods


def _two_meanings(solutions: Sequence[Solution]) -> str:
    meanings = sorted({(total, count) for total, count, _ in map(_meaning, solutions)})
    told = " or ".join(f"total {total / 1000:.2f} of {count} items" for total, count in meanings[:3])
    return f"more than one reading adds up: {told}"


def _totals(sheet: Sheet) -> Iterator[tuple[int, Entry | None, int]]:
    """Yield every amount that may be the total, with its entry and the line before which goods are owed."""
    strong = [entry for entry in sheet.entries if entry.part is Part.TOTAL]
    candidates = strong or [entry for entry in sheet.entries if entry.part in (Part.CHECK, Part.WEAK_TOTAL)]
    seen: set[tuple[int, int]] = set()
    for entry in candidates:
        yield entry.amount, entry, entry.line
        adjusted = entry.amount
        for after in sheet.entries:
            if after.line <= entry.line or after.part not in (Part.ROUNDING, Part.TIP):
                continue
            for sign in (1, -1) if after.part is Part.ROUNDING and after.amount > 0 else (1,):
                key = (entry.line, after.line * sign)
                if key not in seen and after.amount:
                    seen.add(key)
                    yield adjusted + sign * after.amount, entry, after.line + 1
    if not candidates:
        yield from _total_from_tenders(sheet)


def _total_from_tenders(sheet: Sheet) -> Iterator[tuple[int, None, int]]:
    """No total is printed: what was paid less the change is what was owed."""
    tenders = [entry for entry in sheet.entries if entry.part in (Part.TENDER, Part.RECEIVED)]
    if tenders:
        paid = sum(entry.amount for entry in tenders)
        change = sum(abs(entry.amount) for entry in sheet.entries if entry.part is Part.CHANGE)
        yield paid - change, None, tenders[0].line


def _readings(sheet: Sheet, total: int, entry: Entry | None, until: int) -> Iterator[Solution]:
    owed = [e for e in sheet.entries if e.line < until and e is not entry and not e.voided]
    if entry is not None:
        owed = [e for e in owed if e.line != entry.line]
    classes = _classes(sheet, owed)
    fixed = [(e, e.part, e.amount) for e in owed if e.part in _FIXED or (e.part is Part.MODIFICATION and e.amount < 0)]
    base = sum(amount for _, _, amount in fixed)
    count = 1
    for options in classes:
        count *= len(options)
    if count > CHOICES_MAX:
        return
    for combination in product(*classes):
        counted = [acting for _, acting, _ in combination]
        delta = sum(amount for acting in counted for _, _, amount in acting)
        if base + delta != total:
            continue
        acting_all = [*fixed, *(one for acting in counted for one in acting)]
        if not any(part in (Part.ITEM, Part.RETURN) for _, part, _ in acting_all):
            continue
        acting_all.sort(key=lambda one: one[0].line)
        flips = sum(flip for _, _, flip in combination)
        names = tuple(name for name, _, _ in combination if name)
        yield Solution(total, entry, tuple(acting_all), names, flips, None)


_FIXED = frozenset((Part.ITEM, Part.RETURN))
_Acting = tuple[tuple[Entry, Part, int], ...]
_Option = tuple[str, _Acting, int]  # name, what acts, how far from the usual


def _classes(sheet: Sheet, owed: Sequence[Entry]) -> list[list[_Option]]:
    """Return the open questions of these entries, each with its possible answers, the usual one first."""
    classes: list[list[_Option]] = []

    def ask(*options: _Option) -> None:
        classes.append(list(options))

    implicit = [e for e in owed if e.part is Part.IMPLICIT]
    if implicit:
        multiplied = tuple((e, Part.ITEM, e.amount) for e in implicit)
        as_printed = tuple((e, Part.ITEM, e.other if e.other is not None else e.amount) for e in implicit)
        if any(m[2] != p[2] for m, p in zip(multiplied, as_printed, strict=True)):
            ask(("", multiplied, 0), ("printed", as_printed, 0))
        else:
            ask(("", multiplied, 0))
    discounts = [e for e in owed if e.part is Part.MODIFICATION and e.amount > 0]
    if discounts:
        ask(("", tuple((e, Part.MODIFICATION, -e.amount) for e in discounts), 0), ("discounts told", (), 0))
    savings = [e for e in owed if e.part is Part.SAVING]
    if savings:
        ask(("", (), 0), ("savings act", tuple((e, Part.MODIFICATION, -abs(e.amount)) for e in savings), 1))
    _ask_taxes(owed, ask)
    for part in (Part.SURCHARGE, Part.TIP):
        some = [e for e in owed if e.part is part]
        if some:
            ask(("", tuple((e, Part.MODIFICATION, e.amount) for e in some), 0), (f"{part.value} told", (), 1))
    roundings = [e for e in owed if e.part is Part.ROUNDING]
    if roundings:
        options: list[_Option] = [
            ("", tuple((e, Part.MODIFICATION, e.amount) for e in roundings), 0),
            ("rounding told", (), 1),
        ]
        if any(e.amount > 0 for e in roundings):
            options.append(("rounded down", tuple((e, Part.MODIFICATION, -abs(e.amount)) for e in roundings), 0))
        classes.append(options)
    facts = [e for e in owed if e.part is Part.FACT]
    if facts:
        ask(("", (), 0), ("facts are goods", tuple((e, Part.ITEM, e.amount) for e in facts), 1))
    return classes


def _ask_taxes(owed: Sequence[Entry], ask: Callable[..., None]) -> None:
    taxes = [e for e in owed if e.part is Part.TAX]
    if not taxes:
        return
    options: list[_Option] = [("", (), 0), ("taxes on top", tuple((e, Part.TAX, e.amount) for e in taxes), 0)]
    last = taxes[-1]
    if len(taxes) > 1 and last.amount == sum(e.amount for e in taxes[:-1]):
        options.append(("taxes on top", tuple((e, Part.TAX, e.amount) for e in taxes[:-1]), 0))
    ask(*options)


def _pair_voids(sheet: Sheet) -> None:
    """Take out voided pairs: a line marked void, or one that takes back an earlier line of the same name."""
    entries = sheet.entries
    marked = False
    for index, entry in enumerate(entries):
        marked = _void_mark_above(sheet, entries[index - 1].line if index else sheet.start - 1, entry.line)
        if entry.part is Part.VOID or (entry.amount < 0 and entry.part in (Part.ITEM, Part.MODIFICATION)):
            by_word = entry.part is Part.VOID or marked
            partner = _partner_of(entries[:index], entry, by_word=by_word)
            if partner is not None:
                entry.voided = partner.voided = True
                entry.part = Part.VOID


def _void_mark_above(sheet: Sheet, previous: int, line: int) -> bool:
    """A line "** VOID **" without an amount directly above marks the line below."""
    for above in range(line - 1, max(previous, line - 3), -1):
        label = sheet.labels[above]
        if label is not None and label.role.value == "void_line":
            return True
    return False


def _partner_of(before: Sequence[Entry], entry: Entry, *, by_word: bool) -> Entry | None:
    size = abs(entry.amount)
    name = _name_key(entry)
    fallback = None
    for other in reversed(before):
        if other.voided or other.part not in (Part.ITEM, Part.IMPLICIT) or other.amount != size:
            continue
        if name and _name_key(other) == name:
            return other
        fallback = fallback or other
    return fallback if by_word else None


def _name_key(entry: Entry) -> str:
    return "".join(letter for letter in entry.facts.text.lower() if letter.isalpha())


def _both_sums(sheet: Sheet, total: int, until: int, show: Callable[[int], str]) -> str:
    owed = [
        e.amount
        for e in sheet.entries
        if e.line < until and not e.voided and e.part in (Part.ITEM, Part.IMPLICIT, Part.RETURN, Part.MODIFICATION)
    ]
    return f"items make {show(sum(owed))}, total is {show(total)}"

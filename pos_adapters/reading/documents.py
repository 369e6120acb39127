"""One document being read: what each step found, from the facts of its lines to what its sums and words make of it.

    lines --LineReader--> facts --labels--> roles --entries--> sheet --judge--> solution --> transaction

Pure. `DocumentReading` is the whole job's reading; `ahead` makes one while the document is still being printed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from pos_adapters.reading import particulars
from pos_adapters.reading.arithmetic import judge
from pos_adapters.reading.day_reports import day_report
from pos_adapters.reading.entries import settled_sheet, sheet_of
from pos_adapters.reading.explaining import line_roles
from pos_adapters.reading.fiscal import fiscal_identity
from pos_adapters.reading.foreign_tenders import convert_foreign_tenders
from pos_adapters.reading.gathered import Gathered
from pos_adapters.reading.goods_below import take_goods_below
from pos_adapters.reading.kinds import (
    Naming,
    lines_saying,
    looks_like_kitchen,
    namings,
    says_completed,
)
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.money_signs import currency_of, shown
from pos_adapters.reading.open_questions import Asked, open_questions
from pos_adapters.reading.other_ways import other_ways
from pos_adapters.reading.overruled import (
    deposit_before_quote,
    deposit_taken_off,
    only_deposits,
    only_remarked,
    overruled,
)
from pos_adapters.reading.pumped import add_pumped
from pos_adapters.reading.readings import Solution, Verdict
from pos_adapters.reading.settlement import (
    named_beside,
    paid_after,
    refused_above,
    strike_declined,
)
from pos_adapters.reading.sheet import Part, Sheet
from pos_adapters.reading.transactions import Proved, Told, proved_of, transaction_of
from pos_adapters.reading.unknown_language import DETAIL, in_unknown_language
from pos_adapters.reading.values import FiscalIdentity, LineRole, Parked, ParkReason, Reading, StoreFacts
from pos_adapters.reading.voids import pair_voids
from retail.transaction import DocumentKind, TransactionStatus

_GOODS = frozenset((Part.ITEM, Part.IMPLICIT, Part.RETURN, Part.VOID))


class DocumentEnd(NamedTuple):
    """What is known of a document when it has ended, beside its lines."""

    codes: tuple[tuple[str, str], ...]  # (symbology, data)
    images: bool = False  # something was printed as a picture
    blank: bool = False  # no line has a letter, a figure or a mark


class DocumentReading:
    """One document being read: what each step found. It takes over what was gathered, which nobody else may use."""

    def __init__(self, gathered: Gathered, store: StoreFacts, end: DocumentEnd) -> None:
        self.store = store
        self.end = end
        self.lines, self.labelled, self.active = gathered.lines, gathered.labelled, gathered.active
        self.gathered = gathered
        self.declined = lines_saying(gathered.telling, self.active, Role.DECLINED)
        self.fiscal = fiscal_identity(end.codes)
        self.named: list[Naming] = []
        self.proved: Proved | None = None  # by `read`, where a transaction comes of it
        self.explained: tuple[Sheet, Solution | None] | None = None
        self.languages = _names_of(gathered.lexicon.languages, self.active)

    def read(self) -> Reading:
        """Return what the document is and says."""
        if not any(facts.letters or facts.numbers for facts in self.lines):
            return self._empty()
        sheet, verdict = self._first_that_holds()
        if sheet is not None:
            self.explained = sheet, verdict.solution
        named = self.named = self._kinds_named(sheet, verdict.solution)
        if named and sheet is not None:
            named = self.named = deposit_before_quote(named, sheet)
        if named and sheet is not None and deposit_taken_off(named, sheet):
            return self._park(ParkReason.AMBIGUOUS, "a deposit paid before is taken off: part of it was sold then")
        if named and (not named[0].soft or not (verdict.solution and verdict.solution.is_paid)):
            return self._named(named[0], sheet, verdict)
        if verdict.solution is None or sheet is None:
            return self._unproved(verdict, sheet)
        kind = DocumentKind.RETURN if verdict.solution.total.amount < 0 else DocumentKind.SALE
        if only_deposits(verdict.solution):
            return Reading(kind=DocumentKind.DEPOSIT, languages=self.languages, fiscal=self.fiscal)
        doubt = self._doubt(kind, sheet, verdict.solution)
        return doubt if doubt is not None else self._proved(kind, sheet, _told_how(sheet, verdict))

    def owed(self) -> Proved | None:
        """Return what is owed for a sale that ends with its total; None where anything is open about it."""
        sheet, verdict = self._first_that_holds()
        solution = verdict.solution
        if sheet is None or solution is None or solution.total.amount <= 0 or only_deposits(solution):
            return None
        self.explained = sheet, solution
        if self._kinds_named(sheet, solution) or any(self._questions(sheet, solution)):
            return None
        currency = currency_of(sheet, solution, signs=self.gathered.signs, store=self.store, languages=self.languages)
        if currency is None or particulars.points_of(self.gathered.telling, self.active):
            return None
        return proved_of(sheet, solution, self.told(self.gathered, currency, sheet.decimals), refund=False)

    def _kinds_named(self, sheet: Sheet | None, solution: Solution | None) -> list[Naming]:
        """Return the kinds that words and fiscal code name, without those that the sums overrule."""
        telling = self.gathered.telling
        goods = _goods_of(sheet, len(self.lines)) if telling else range(0)
        named = namings(telling, self.active, goods, lines=self.lines)
        if solution is not None:  # a kitchen ticket has no total that adds up: "GRILL" is the restaurant's name
            named = [naming for naming in named if naming.kind is not DocumentKind.KITCHEN or not naming.soft]
        said = self.fiscal.kind if self.fiscal is not None else None
        if said not in (None, DocumentKind.SALE) and not (named and not named[0].soft):
            named.insert(0, Naming(said, soft=False, line=0))
        if solution is None or sheet is None:
            return named
        if solution.gives_back or solution.total.amount < 0:
            named = [naming for naming in named if not _pays_refund(naming, after=solution.total.line)]
        if named and solution.is_paid:
            if paid_after(sheet, solution.settlement, self.declined):
                named = [naming for naming in named if naming.line not in self.declined]
            named = overruled(named, sheet, solution, active=self.active)
        return named

    def _doubt(self, kind: DocumentKind, sheet: Sheet, solution: Solution) -> Reading | None:
        """Return what parks a document whose sums hold and whose words name no kind; None when it may be taken."""
        if not solution.is_paid and not self._completed():
            return self._park(ParkReason.INCOMPLETE, "it adds up, but nothing says that it was paid or completed")
        if not solution.is_paid and _has_tender(sheet):
            return self._park(ParkReason.AMBIGUOUS, "a tender is printed that does not pay what the sums make")
        if refused_above(sheet, solution.settlement, self.declined):
            return self._park(ParkReason.AMBIGUOUS, "a payment was refused, and the only card or voucher stands below")
        if not solution.is_paid and _repeats_total_strangely(sheet, solution):
            return self._park(ParkReason.AMBIGUOUS, "an amount below the total may be its payment, in unknown words")
        if kind is not DocumentKind.SALE:
            return None
        detail = next(self._questions(sheet, solution), "")
        return self._park(ParkReason.AMBIGUOUS, detail) if detail else None

    def _questions(self, sheet: Sheet, solution: Solution) -> Iterator[str]:
        return open_questions(Asked(sheet, solution, self.gathered, self.active, self.fiscal, self.declined))

    def roles(self) -> tuple[LineRole, ...]:
        """Return what each line turned out to be, after `read`."""
        return line_roles(self.lines, [labels for _, labels in self.labelled], self.explained)

    def _empty(self) -> Reading:
        if self.end.images:
            return Reading(
                kind=DocumentKind.OTHER, parked=Parked(reason=ParkReason.RASTER, detail="the document is a picture")
            )
        printed = bool(self.end.codes) or not self.end.blank
        return Reading(kind=DocumentKind.OTHER if printed else DocumentKind.DRAWER)

    def sheets(self) -> Iterator[Sheet]:
        """Yield the entries in each fashion the amounts may be printed in, the likeliest first."""
        usual = self.gathered.usual
        for decimals in self.gathered.fashions.likeliest(self.lines):
            yield settled_sheet(usual) if decimals == usual.decimals else sheet_of(self.lines, self.labelled, decimals)

    def _first_that_holds(self) -> tuple[Sheet | None, Verdict]:
        first: tuple[Sheet | None, Verdict] = (None, Verdict(None, "no_amounts", "no amounts are printed"))
        for usual in self.sheets():
            for sheet in chain((usual,), other_ways(usual, self.labelled)):
                verdict = self._judge(sheet)
                if verdict.solution is not None:
                    return sheet, verdict
                if first[0] is None:
                    first = (sheet, verdict)
        return first

    def _judge(self, sheet: Sheet) -> Verdict:
        strike_declined(sheet, self.declined)
        convert_foreign_tenders(sheet)
        pair_voids(sheet)
        add_pumped(sheet)
        take_goods_below(sheet)
        return judge(sheet, lambda amount: shown(amount, sheet.decimals))

    def _named(self, naming: Naming, sheet: Sheet | None, verdict: Verdict) -> Reading:
        """The words name a kind: only a return, or a voided transaction, is worth a transaction."""
        if verdict.solution is not None and only_remarked(naming, self.lines, verdict.solution):
            detail = f"its foot speaks of a {naming.kind.value}, its amounts are those of a sale"
            return self._park(ParkReason.AMBIGUOUS, detail, kind=naming.kind)
        if naming.kind is DocumentKind.RETURN:
            if sheet is not None and verdict.solution is not None:
                if only_deposits(verdict.solution):
                    return Reading(kind=DocumentKind.DEPOSIT, languages=self.languages, fiscal=self.fiscal)
                return self._proved(DocumentKind.RETURN, sheet, verdict)
            return self._unproved(verdict, sheet, kind=DocumentKind.RETURN)
        if naming.kind is DocumentKind.VOID and sheet is not None and verdict.solution is not None:
            return self._proved(DocumentKind.VOID, sheet, verdict)
        report = day_report(self.lines, sheet) if naming.kind is DocumentKind.REPORT else None
        number = None
        if naming.kind is DocumentKind.SUSPENDED:
            number = particulars.suspension_number(self.lines, self.gathered.marks, self.end.codes)
        kind = naming.kind
        if kind is DocumentKind.TRAINING and not _has_total(sheet):
            kind = DocumentKind.OTHER  # "not fiscal" around a coupon or a number in the queue
        return Reading(kind=kind, languages=self.languages, fiscal=self.fiscal, report=report, suspension_number=number)

    def _completed(self) -> bool:
        """Whether anything but a tender says that the sale ended. A bare "thank you" does not: open bills thank too."""
        return self.fiscal is not None or any(says_completed(facts, self.active) for _, facts in self.gathered.telling)

    def _unproved(self, verdict: Verdict, sheet: Sheet | None, *, kind: DocumentKind | None = None) -> Reading:
        roles = {label.role for _, labels in self.labelled for label in labels}
        has_goods = sheet is not None and any(entry.part in (Part.ITEM, Part.IMPLICIT) for entry in sheet.entries)
        if kind is None and Role.TERMINAL in roles and not has_goods:
            return Reading(kind=DocumentKind.CARD_SLIP, languages=self.languages)
        has_total = sheet is not None and any(entry.part is Part.TOTAL for entry in sheet.entries)
        if kind is None and not has_total and not self.end.codes and looks_like_kitchen(self.lines, roles):
            return Reading(kind=DocumentKind.KITCHEN, languages=self.languages)
        if kind is None and in_unknown_language(self.lines, roles):
            return self._park(ParkReason.UNKNOWN_LANGUAGE, DETAIL, kind=DocumentKind.OTHER)
        if kind is None and not (has_goods and has_total):
            return self._park(ParkReason.NO_AMOUNTS, verdict.detail, kind=DocumentKind.OTHER)
        return self._park(ParkReason(verdict.reason), verdict.detail, kind=kind or DocumentKind.SALE)

    def _park(self, reason: ParkReason, detail: str, *, kind: DocumentKind = DocumentKind.SALE) -> Reading:
        return Reading(
            kind=kind,
            parked=Parked(reason=reason, detail=detail),
            languages=self.languages,
            fiscal=self.fiscal,
        )

    def _proved(self, kind: DocumentKind, sheet: Sheet, verdict: Verdict) -> Reading:
        solution = verdict.solution
        assert solution is not None
        currency = currency_of(sheet, solution, signs=self.gathered.signs, store=self.store, languages=self.languages)
        if currency is None:
            return self._park(ParkReason.FOREIGN_CURRENCY, "the total is not in the store's currency", kind=kind)
        problem = fiscal_conflict(self.fiscal, solution.total.amount)
        if problem:
            return self._park(ParkReason.CONFLICT, problem, kind=kind)
        if kind is DocumentKind.RETURN and solution.total.amount > 0 and self._mixed(sheet):
            return self._park(ParkReason.AMBIGUOUS, "a return with lines of both signs and a positive total", kind=kind)
        refund = kind is DocumentKind.RETURN and solution.total.amount > 0
        told = self.told(self.gathered, currency, sheet.decimals)
        proved = proved_of(sheet, solution, told, refund=refund)
        status = TransactionStatus.VOIDED if kind is DocumentKind.VOID else TransactionStatus.COMPLETED
        reading = reading_of(proved, told, kind, status=status)
        assert reading.transaction is not None
        shortfalls = reading.transaction.shortfalls()
        assert not shortfalls, shortfalls
        self.proved = proved
        return reading

    def told(self, gathered: Gathered, currency: str, decimals: int) -> Told:
        """Return what the lines that were gathered tell beside the document's sums."""
        return Told(
            lines=gathered.lines,
            marks=gathered.marks,
            store=self.store,
            languages=self.languages,
            active=self.active,
            telling=gathered.telling,
            dated=gathered.dated,
            fiscal=self.fiscal,
            currency=currency,
            decimals=decimals,
        )

    @staticmethod
    def _mixed(sheet: Sheet) -> bool:
        return any(e.part in (Part.RETURN, Part.ITEM) and e.amount < 0 and not e.voided for e in sheet.entries)


def reading_of(proved: Proved, told: Told, kind: DocumentKind, *, status: TransactionStatus) -> Reading:
    """Return the reading of what the sums proved, with what is told beside them."""
    return Reading(
        kind=kind,
        transaction=transaction_of(proved, told, status=status),
        fiscal=told.fiscal,
        languages=told.languages,
        workstation_printed=told.workstation(),
        cashier_printed=told.cashier(),
    )


def _told_how(sheet: Sheet, verdict: Verdict) -> Verdict:
    """Return the verdict with how a completed sale was paid, where no tender makes its total and words name one."""
    solution = verdict.solution
    if solution is None or solution.is_paid:
        return verdict
    settlement = named_beside(sheet, solution.total.amount, solution.total.until)
    return verdict._replace(solution=solution._replace(settlement=settlement))


def _has_total(sheet: Sheet | None) -> bool:
    """Whether it has a total, as whatever trains the selling of something has."""
    return sheet is not None and any(entry.part in (Part.TOTAL, Part.CHECK) for entry in sheet.entries)


@functools.lru_cache(maxsize=1024)  # what documents of a store speak is seldom new
def _names_of(languages: tuple[str, ...], active: int) -> tuple[str, ...]:
    """Return the names of a set of languages (bits)."""
    return tuple(name for index, name in enumerate(languages) if active >> index & 1)


def _has_tender(sheet: Sheet) -> bool:
    """Whether an amount below a total is one of a tender."""
    return any(
        entry.part is Part.TENDER and entry.amount > 0 for entry in sheet.opened if entry.line > sheet.first_total
    )


def _repeats_total_strangely(sheet: Sheet, solution: Solution) -> bool:
    """Whether words that name neither tender nor tax stand below the total with all of it: "ON THE SLATE 4.60".

    So may those that tell facts elsewhere, where the figures are money: "Room 118  13.50", "Terminal  13.50".
    """
    return any(
        (entry.part in (Part.STRAY, Part.MODIFICATION) and entry.facts.named)
        or (entry.part in (Part.FACT, Part.SAVING) and entry.facts.decimals and entry.facts.right)
        for entry in sheet.opened
        if entry.line > solution.total.line and abs(entry.amount) == solution.total.amount
    )


def _pays_refund(naming: Naming, *, after: int) -> bool:
    """Whether "paid out" below the total says how a refund was given, and is no petty cash."""
    return naming.kind is DocumentKind.PAY_OUT and naming.line > after


def _goods_of(sheet: Sheet | None, size: int) -> range:
    """Return the lines from the first goods to the first total."""
    if sheet is None:
        return range(size, size)
    goods = [entry.line for entry in sheet.opened if entry.part in _GOODS]
    if sheet.opened is not sheet.entries and sheet.first_goods >= 0:
        goods.append(sheet.first_goods)
    if not goods:
        return range(sheet.first_total, sheet.first_total)
    return range(min(goods), max(sheet.first_total, min(goods)))


def fiscal_conflict(fiscal: FiscalIdentity | None, total: int) -> str:
    """A fiscal code that tells another total than the lines is a reason to ask, not to choose."""
    if fiscal is None or fiscal.total is None or int(fiscal.total * 1000) == abs(total):
        return ""
    return f"the fiscal code says {fiscal.total}, the lines make {shown(total, 2)}"

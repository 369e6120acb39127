"""A sale that was proved while its receipt is still being printed, and whether what came after changes it.

Most of what a till prints below the payment - the date, the receipt's number, thanks, a slogan - has no say in the sums
and names no kind of document: the proof stands, and only what is told beside it is looked up anew. `Draft.holds` says
whether all lines gathered since are of that sort. It is strict: a line that might matter ends the draft, and the whole
document is read, so that a draft's reading is always the one that the whole document gives.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from pos_adapters.reading.documents import DocumentEnd, DocumentReading, fiscal_conflict, reading_of
from pos_adapters.reading.doubtful_words import doubts_of
from pos_adapters.reading.fiscal import fiscal_identity
from pos_adapters.reading.gathered import Gathered
from pos_adapters.reading.kinds import TERMS_REACH_LINES, half_named, lines_saying, namings, return_at_foot
from pos_adapters.reading.labels import MONEY
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.particulars import points_of
from pos_adapters.reading.readings import Candidate
from pos_adapters.reading.transactions import Proved
from pos_adapters.reading.values import Reading, StoreFacts
from retail.transaction import DocumentKind, TransactionStatus


class Mark(NamedTuple):
    """How far a document had been gathered when something was proved of it."""

    active: int
    lines: int
    entries: int
    signs: int
    telling: int
    width: int

    @classmethod
    def of(cls, gathered: Gathered) -> Mark:
        """Return how far a document is gathered."""
        usual = gathered.usual
        return cls(
            gathered.active,
            len(gathered.lines),
            len(usual.entries),
            len(gathered.signs),
            len(gathered.telling),
            gathered.width,
        )


class Draft:
    """One sale of a document that goes on: its proof, and what had been gathered when it was proved."""

    def __init__(self, document: DocumentReading, *, total: Candidate, proved: Proved, mark: Mark) -> None:
        self._document = document
        self._total = total
        self._proved = proved
        self._mark = mark  # up to here nothing has changed it

    def holds(self, gathered: Gathered) -> bool:
        """Whether the lines that were gathered since leave the sale as it is."""
        mark = self._mark
        return (
            gathered.active == mark.active
            and len(gathered.usual.entries) == mark.entries
            and len(gathered.signs) == mark.signs
            and in_usual_fashion(gathered)
            and says_nothing(gathered, mark, total=self._total.line)
        )

    def goes_on(self, gathered: Gathered) -> bool:
        """Take in the lines that were gathered since; False when the draft is of no use any more."""
        if not self.holds(gathered):
            return False
        self._mark = Mark.of(gathered)
        return True

    def reading(self, gathered: Gathered, codes: Sequence[tuple[str, str]]) -> Reading | None:
        """Return the document's reading, should it end here with these codes; None when one changes its meaning."""
        document, proved = self._document, self._proved
        fiscal = fiscal_identity(codes)
        if fiscal is not None and fiscal.kind not in (None, DocumentKind.SALE):
            return None
        if fiscal_conflict(fiscal, self._total.amount):
            return None
        document.fiscal = fiscal
        told = document.told(gathered, proved.currency, proved.decimals)
        return reading_of(proved, told, DocumentKind.SALE, status=TransactionStatus.COMPLETED)


def in_usual_fashion(gathered: Gathered) -> bool:
    """Whether the document's amounts are, as far as it goes, likeliest printed as those of its usual sheet."""
    return gathered.fashions.likeliest(gathered.lines)[0] == gathered.usual.decimals


def says_nothing(
    gathered: Gathered, since: Mark, *, total: int, payment: Container[int] = (), paid_from: int = 0
) -> bool:
    """Whether no line since then labels money, names a kind or points, tells of something declined, or raises a doubt.

    Nor may one be longer than all before: the paper is wider then, and a line that filled it did not.
    `total` is the line of the total; those of `payment` may name money. Above `paid_from`, where payment begins, words
    that nobody explains are a doubt, too.
    """
    if gathered.width > since.width:
        return False
    active, doubts = since.active, doubts_of(gathered.lexicon, since.active)
    for line, facts in enumerate(gathered.lines[since.lines :], since.lines):
        label = gathered.labelled[line][0]
        if label is not None and label.role in MONEY and line not in payment:
            return False
        if facts.letters:
            found = doubts.find(facts)
            if found.doubtful or (found.strange and line < paid_from):
                return False
    telling = gathered.telling
    more = telling[since.telling :]
    if more and (
        namings(more, active, range(0))
        or half_named(more, active, range(0)) is not None
        or lines_saying(more, active, Role.DECLINED)
        or lines_saying(more, active, Role.EXCHANGE)
        or points_of(more, active)
    ):
        return False
    near = max(0, since.lines - TERMS_REACH_LINES)  # what stands below its words may change what these lines said
    if not telling or telling[-1][0] < near:
        return True
    return not return_at_foot(gathered.lines, telling, active=active, after=max(near, total))


def draft_of(gathered: Gathered, store: StoreFacts) -> Draft | None:
    """Read a document so far, without its codes; return the sale that it proves where more lines may leave it as it is.

    It takes over what was gathered. Without a printed total, the last line is where the goods end, and in a fashion
    that is not the usual one, more lines may show another: there is no draft of such documents.
    """
    document = DocumentReading(gathered, store, DocumentEnd(()))
    reading = document.read()
    read, proved = document.explained, document.proved
    if reading.kind is not DocumentKind.SALE or document.named or read is None or proved is None:
        return None
    sheet, solution = read
    if sheet is not gathered.usual or solution is None or solution.total.entry is None:
        return None
    if not in_usual_fashion(gathered) or sheet.first_total >= len(gathered.lines):
        return None
    return Draft(document, total=solution.total, proved=proved, mark=Mark.of(gathered))

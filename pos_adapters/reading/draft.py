"""A sale that was proved while its receipt is still being printed, and whether what comes after changes it.

Most of what a till prints below the payment - the date, the receipt's number, thanks, a slogan - has no say in the sums
and names no kind of document: the proof stands, and only what is told beside it is looked up anew. `Draft.goes_on`
says of more lines whether they are of that sort. It is strict: a line that might matter ends the draft, and the
document is read from its beginning, so that a draft's reading is always the one that the whole document gives.
"""

from __future__ import annotations

from collections.abc import Sequence

from pos_adapters.reading.documents import LINES_MAX, DocumentReading, fiscal_conflict, reading_of
from pos_adapters.reading.entries import add_entries, after_heading, label_lines
from pos_adapters.reading.fiscal import fiscal_identity
from pos_adapters.reading.kinds import TERMS_REACH_LINES, lines_saying, namings, return_at_foot
from pos_adapters.reading.labels import MONEY, count_votes, languages_of
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.particulars import points_of
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Sheet
from pos_adapters.reading.transactions import Proved
from pos_adapters.reading.values import Reading
from retail.transaction import DocumentKind, TransactionStatus


class Draft:
    """One sale of a document that goes on. It takes over the document's reading, which nobody else may use."""

    def __init__(self, document: DocumentReading, sheet: Sheet, *, solution: Solution, proved: Proved) -> None:
        self._document = document
        self._sheet = sheet
        self._solution = solution
        self._proved = proved

    @property
    def size(self) -> int:
        """How many lines it has taken in."""
        return len(self._document.lines)

    def goes_on(self, more: Sequence[LineFacts]) -> bool:
        """Take in the next lines; False when they may change what was proved: then the draft is of no use."""
        document = self._document
        if not more:
            return True
        if len(document.lines) + len(more) > LINES_MAX or not self._same_language(more):
            return False
        more = document.localised(more)
        labelled = label_lines(more, document.active, document.labeller)
        if any(label is not None and label.role in MONEY for label, _ in labelled):
            return False
        first = len(document.lines)
        document.lines += more
        document.labelled += labelled
        return self._says_nothing(first) and self._adds_nothing(first)

    def _same_language(self, more: Sequence[LineFacts]) -> bool:
        document = self._document
        if not any(facts.votes for facts in more):
            return True
        count_votes(more, document.votes)
        return languages_of(document.votes, document.lexicon, document.store.language) == document.active

    def _says_nothing(self, first: int) -> bool:
        """Whether the words from line `first` on name no kind, no points, nothing declined."""
        lines, active = self._document.lines, self._document.active
        more = lines[first:]
        if any(facts.telling for facts in more) and (
            namings(more, active, range(0))
            or lines_saying(more, active, Role.DECLINED)
            or lines_saying(more, active, Role.EXCHANGE)
            or points_of(more, active)
        ):
            return False
        near = max(0, first - TERMS_REACH_LINES)  # what stands below its words may change what these lines said
        told = any(facts.telling for facts in lines[near:])
        return not (told and return_at_foot(lines, active, max(near, self._solution.total.line)))

    def _adds_nothing(self, first: int) -> bool:
        """Whether the lines from `first` on have no amounts, in the fashion in which all others have theirs."""
        document, sheet = self._document, self._sheet
        more, labelled = document.lines[first:], document.labelled[first:]
        if any(number.currency for facts in more for number in facts.numbers):
            return False
        if after_heading(more, labelled, sheet.decimals):
            return False
        if any(facts.right for facts in more):
            document.fashions.count(more, labelled)
            if document.fashions.likeliest(document.lines)[0] != sheet.decimals:
                return False
        below = Sheet(more, [label for label, _ in labelled], sheet.decimals)
        below.carried = sheet.carried
        add_entries(below, labelled)
        sheet.carried = below.carried
        return not below.entries

    def reading(self, codes: Sequence[tuple[str, str]]) -> Reading | None:
        """Return the document's reading, should it end here with these codes; None when one changes its meaning."""
        document, proved = self._document, self._proved
        fiscal = fiscal_identity(codes)
        if fiscal is not None and fiscal.kind not in (None, DocumentKind.SALE):
            return None
        if fiscal_conflict(fiscal, self._solution.total.amount):
            return None
        document.fiscal = fiscal
        told = document.told(proved.currency, proved.decimals)
        return reading_of(proved, told, DocumentKind.SALE, status=TransactionStatus.COMPLETED)


def draft_of(document: DocumentReading) -> Draft | None:
    """Read a document so far, without its codes; return the sale that it proves where more lines may leave it as it is.

    Without a printed total, the last line is where the goods end: there is no draft of such a document.
    """
    reading, read = document.read(), document.explained
    proved, solution = document.proved, read[1] if read is not None else None
    if reading.kind is not DocumentKind.SALE or document.named or not document.in_first_fashion:
        return None
    if read is None or proved is None or solution is None or solution.total.entry is None:
        return None
    sheet = read[0]
    if sheet.first_total >= len(document.lines):
        return None
    return Draft(document, sheet, solution=solution, proved=proved)

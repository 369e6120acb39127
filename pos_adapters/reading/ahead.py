"""Reading a document while the till is still printing it, so that little is left to do when its cut is held.

    note(lines)   what each line says by itself is gathered as it comes, and what its goods become is made; once total
                  and payment have been seen, the whole sale is worked out
    preview()     what `read` would give, should the document end here
    read(paper)   at the end: what `read_paper` gives, always. Where the document begins with the lines that were noted,
                  only those that came last are read now. What came after the payment mostly matters to nothing: then
                  the sale is known already, else its sums are tried

Lines that turn out otherwise when the document has ended (a code page that was repaired, a text turned round) are read
from the beginning. How often a sale is worked out before its end is bounded (`DRAFTS_MAX`): a till that prints totals
and payments all the way down is read once more, at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pos_adapters.reading.documents import DocumentEnd, DocumentReading
from pos_adapters.reading.draft import Draft, draft_of
from pos_adapters.reading.gathered import LINES_MAX, Gathered
from pos_adapters.reading.labels import TENDERS
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts, LineReader, standard_reader
from pos_adapters.reading.owed import Owed, owed_of, total_line
from pos_adapters.reading.reader import codes_told, is_blank
from pos_adapters.reading.transactions import make_items
from pos_adapters.reading.values import Reading, StoreFacts
from receipt.paper import Paper, PaperLine, PrintedCode, plain_texts
from retail.money import NO_CURRENCY

DRAFTS_MAX = (
    4  # times a sale is worked out before its end: total, tenders, change and a card slip come in that many pieces
)
_PAYMENT = TENDERS | {Role.RECEIVED, Role.CHANGE}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a document is, should it end here: its reading, and what it was read from (`PaperLine.plain`)."""

    reading: Reading
    lines: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]


class ReadingAhead:
    """Reads one document after the other; see the module's contract."""

    def __init__(self, *, store: StoreFacts | None = None, reader: LineReader | None = None) -> None:
        self._store = store or StoreFacts()
        self._reader = reader or standard_reader()
        self._currency = self._store.currency or NO_CURRENCY  # of the last transaction: the next one's, mostly
        self._done: tuple[object, ...] = ()  # what the last document left: let go when nobody waits for its cut
        self._begin(0)

    def _begin(self, number: int) -> None:
        self._number = number
        self._taken: list[PaperLine] = []  # what `_gathered` has of the document
        self._texts: list[str] = []  # the same, as `PaperLine.plain`
        self._blank: list[PaperLine] = []  # below those; a document ends with its last printed line
        self._gathered: Gathered | None = None
        self._payment = _Payment()
        self.draft: Draft | None = None
        self.owed: Owed | None = None
        self._drafts = 0
        self._preview: Preview | None = None

    def note(self, number: int, lines: Sequence[PaperLine]) -> None:
        """Take lines as they are finished, of the document that its reader counts as `number`."""
        if number != self._number:
            self._begin(number)
            self._done = ()
        more = [*self._blank, *lines]
        printed = len(more)
        while printed and not more[printed - 1].text:
            printed -= 1
        self._blank = more[printed:]
        if not printed or len(self._taken) > LINES_MAX:
            return
        if self._gathered is None:
            self._gathered = Gathered(self._reader, self._store.language)
        first = len(self._gathered.lines)
        texts = plain_texts(more[:printed])
        self._taken += more[:printed]
        self._texts += texts
        self._gathered.take(texts)
        make_items(self._gathered.usual, self._currency)
        self._payment.note(self._gathered.lines[first:])
        self._draw_up(self._gathered)

    def _draw_up(self, gathered: Gathered) -> None:
        """Work out what is owed where a total has been seen, and the sale where a payment has, and seems to be over."""
        payment = self._payment
        if self.draft is not None and not self.draft.goes_on(gathered):
            self._give_up()
        if payment.owes_anew:
            payment.owes_anew = False
            total = total_line(gathered)
            self.owed = None if total is None else owed_of(gathered.fork(total + 1), self._store)
        if self.draft is None and self.owed is not None:
            self.draft = self.owed.paid(gathered)
            payment.is_new = payment.is_new and self.draft is None
        if self.draft is None and payment.is_new and payment.is_over and self._drafts < DRAFTS_MAX:
            payment.is_new = False
            self._drafts += 1
            self.draft = draft_of(gathered.fork(), self._store)  # what a draft settles is of no use to another

    def preview(self, begun: Sequence[str], codes: Sequence[PrintedCode]) -> Preview | None:
        """Return what the document is, should it end here with these codes; None while no sale is proved.

        `begun` are lines that are sent and not yet printed: what comes next may still change them.
        """
        gathered, draft = self._gathered, self.draft
        if gathered is None or draft is None:
            return None
        below, told = [*plain_texts(self._blank), *begun], codes_told(codes)
        while below and not below[-1]:
            below.pop()
        if self._is_previewed(below, told):
            return self._preview
        if below:
            gathered = gathered.fork()
            gathered.take(below)
        if not draft.holds(gathered):
            return None
        reading = draft.reading(gathered, told)
        self._preview = None if reading is None else Preview(reading, (*self._texts, *below), told)
        return self._preview

    def read(self, paper: Paper) -> Reading:
        """Read the document that has ended: exactly what `read_paper` makes of it."""
        gathered, known, draft = self._gathered, len(self._taken), self.draft
        if gathered is None or paper.lines[:known] != tuple(self._taken):
            gathered, known, draft = Gathered(self._reader, self._store.language), 0, None
        below, codes = plain_texts(paper.lines[known:]), codes_told(paper.codes)
        preview = self._preview if known and self._is_previewed(below, codes) else None
        owed = self.owed if known else None
        self._done = gathered, draft, owed, self._taken, self._texts
        self._begin(self._number)
        if preview is not None:
            return preview.reading
        if below:
            gathered.take(below)
        if draft is not None and not draft.holds(gathered):
            draft = None
        if draft is None and owed is not None:
            draft = owed.paid(gathered)
        if draft is not None:
            reading = draft.reading(gathered, codes)
            if reading is not None:
                return reading
        end = DocumentEnd(codes, paper.images, blank=not known and is_blank(below))
        reading = DocumentReading(gathered, self._store, end).read()
        if reading.transaction is not None:
            self._currency = reading.transaction.total.currency
        return reading

    def _is_previewed(self, below: Sequence[str], codes: Sequence[tuple[str, str]]) -> bool:
        """Whether the preview is of the lines that were noted, with these below them, and these codes."""
        preview = self._preview
        return preview is not None and preview.codes == codes and preview.lines == (*self._texts, *below)

    def _give_up(self) -> None:
        """Let the draft go: what has come since may mean more than it can say."""
        self.draft = self._preview = None
        self._payment.is_new = True


class _Payment:
    """Whether a payment has been printed and seems to be over. A guess: it only says when to look."""

    def __init__(self) -> None:
        self.owes_anew = False  # a total has come since that was last asked
        self.is_new = False  # since the sale was last worked out
        self._owed: int | None = None
        self._paid = 0
        self._last = False  # the last line that was noted is of it

    @property
    def is_over(self) -> bool:
        """Whether the tenders make the total, or something else has been printed below them."""
        return self._paid == self._owed or not self._last

    def note(self, lines: Sequence[LineFacts]) -> None:
        """Take the next lines."""
        for facts in lines:
            if not facts.hits or not facts.right:
                self._last = self._last and not facts.text
                continue
            roles = {sense.role for hit in facts.hits for sense in hit.senses}
            amount = abs(facts.numbers[facts.right[0]].value)
            self._last = self._owed is not None and not roles.isdisjoint(_PAYMENT)
            if self._last:
                self.is_new = True
                self._paid += -amount if Role.CHANGE in roles else amount
            elif Role.TOTAL in roles:
                self._owed, self._paid, self.owes_anew = amount, 0, True

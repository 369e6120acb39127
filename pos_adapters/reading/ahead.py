"""Reading a document while the till is still printing it, so that little is left to do when its cut is held.

    note(lines)   each line is read as it comes; once total and payment have been seen, the whole sale is worked out
    preview()     what `read` would give, should the document end here
    read(paper)   at the end: what `read_paper` gives, always. Where the lines are those that were noted, and what came
                  after the payment matters to nothing, that is known already

How often a sale is worked out for one document is bounded (`DRAFTS_MAX`): a till that prints totals and payments all
the way down is read once more, at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pos_adapters.reading.documents import LINES_MAX, DocumentReading
from pos_adapters.reading.draft import Draft, draft_of
from pos_adapters.reading.labels import TENDERS
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts, LineReader, standard_reader
from pos_adapters.reading.reader import codes_told, read_paper
from pos_adapters.reading.values import Reading, ReceiptText, StoreFacts
from receipt.paper import Paper, PaperLine, PrintedCode

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
        self._begin(0)

    def _begin(self, number: int) -> None:
        self._number = number
        self._texts: list[str] = []
        self._facts: list[LineFacts] = []
        self._printed = 0  # lines up to the last that is not blank
        self._payment = _Payment()
        self.draft: Draft | None = None
        self._drafted: list[str] = []  # the lines that the draft has taken in; the last ones may be a guess
        self._drafts = 0
        self._preview: Preview | None = None

    def note(self, number: int, lines: Sequence[PaperLine]) -> None:
        """Take lines as they are finished, of the document that its reader counts as `number`."""
        if number != self._number:
            self._begin(number)
        if not lines or len(self._texts) > LINES_MAX:
            return
        texts = [line.plain for line in lines]
        facts = self._reader.read_all(texts)
        self._texts += texts
        self._facts += facts
        for at, text in enumerate(texts, len(self._texts) - len(texts)):
            if text:
                self._printed = at + 1
        self._payment.note(facts)
        if self.draft is not None and not self._goes_on(self._texts[: self._printed]):
            self._give_up()
        if self.draft is None and self._payment.is_new and self._payment.is_over and self._drafts < DRAFTS_MAX:
            self._payment.is_new = False
            self._drafts += 1
            self._drafted = self._texts[: self._printed]
            so_far = ReceiptText(lines=tuple(self._drafted))
            self.draft = draft_of(DocumentReading(so_far, self._store, self._reader))

    def preview(self, begun: Sequence[str], codes: Sequence[PrintedCode]) -> Preview | None:
        """Return what the document is, should it end here with these codes; None while no sale is proved.

        `begun` are lines that are sent and not yet printed: what comes next may still change them.
        """
        if self.draft is None:
            return None
        lines, told = _without_blanks([*self._texts, *begun]), codes_told(codes)
        preview = self._preview
        if preview is not None and (list(preview.lines), preview.codes) == (lines, told):
            return preview
        if not self._goes_on(lines):
            self._give_up()
            return None
        reading = self.draft.reading(told)
        self._preview = None if reading is None else Preview(reading, tuple(lines), told)
        return self._preview

    def read(self, paper: Paper) -> Reading:
        """Read the document that has ended: exactly what `read_paper` makes of it."""
        draft, self.draft = self.draft, None
        if draft is not None:
            lines, codes = [line.plain for line in paper.lines], codes_told(paper.codes)
            preview = self._preview
            if preview is not None and (list(preview.lines), preview.codes) == (lines, codes):
                return preview.reading
            self.draft = draft
            reading = draft.reading(codes) if len(lines) >= len(self._drafted) and self._goes_on(lines) else None
            self.draft = None
            if reading is not None:
                return reading
        return read_paper(paper, store=self._store, reader=self._reader)

    def _goes_on(self, lines: Sequence[str]) -> bool:
        """Let the draft take in these lines of the document; False when they are not those it knows, or matter."""
        known = len(self._drafted)
        both = min(known, len(lines))
        noted = min(self._printed, len(lines))
        if self.draft is None or lines[:both] != self._drafted[:both] or lines[:noted] != self._texts[:noted]:
            return False
        facts = [*self._facts[known:noted], *self._reader.read_all(lines[max(known, noted) :])]
        self._drafted += lines[known:]
        return self.draft.goes_on(facts)

    def _give_up(self) -> None:
        """Let the draft go: what it has taken in is not what the document says, or means more than it can say."""
        self.draft = self._preview = None
        self._payment.is_new = True


def _without_blanks(lines: list[str]) -> list[str]:
    """Return lines without the blank ones at their end."""
    while lines and not lines[-1]:
        lines.pop()
    return lines


class _Payment:
    """Whether a payment has been printed and seems to be over. A guess: it only says when to look."""

    def __init__(self) -> None:
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
                self._owed, self._paid = amount, 0

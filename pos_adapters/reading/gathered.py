"""What the lines of a document say one by one, gathered while they are printed.

Contract: pure but for the memos of its reader. Whatever the pieces in which `take` gets the lines, it leaves what it
would leave had they all come at once, so that a document read while it streams in is read as it is read whole. Each
line is looked at once; only where more lines show that the document speaks another language are all looked at again.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from pos_adapters.reading.entries import Fashions, add_entries
from pos_adapters.reading.labels import UNLABELLED, Labeller, Labels, Mark, count_votes, languages_of
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.line_entries import KnownLines
from pos_adapters.reading.lines import LineFacts, LineReader, Telling
from pos_adapters.reading.particulars import is_dated
from pos_adapters.reading.quantities import USUAL_DECIMALS
from pos_adapters.reading.shapes import GoodsLine
from pos_adapters.reading.sheet import Sheet

LINES_MAX = 2000  # a longer roll is a report or noise; a receipt of 400 goods has 900 lines


@functools.lru_cache(maxsize=16)  # readers: the standard one, and one a profile
def memos_of(reader: LineReader) -> tuple[Labeller, KnownLines]:
    """Return the memos of labels and entries that go with a reader's lexicon."""
    return Labeller(reader.lexicon), KnownLines()


class Gathered:
    """The lines of one document so far; `language` is what the store speaks, where that is known."""

    def __init__(self, reader: LineReader, language: str | None) -> None:
        self.lexicon = reader.lexicon
        self._reader = reader
        self._language = language
        self._labeller, self._known = memos_of(reader)
        self._votes: dict[int, int] = {}
        self._read: list[LineFacts] = []  # as they are read alone
        self.active = languages_of(self._votes, self.lexicon, language)
        """The languages (bits) that the document speaks."""
        self._begin()

    def _begin(self) -> None:
        self.lines: list[LineFacts] = []
        """The lines as the document's languages know them."""
        self.labelled: list[Labels] = []
        """For each line the label that decides what it is, and all its labels."""
        self.telling: list[Telling] = []
        self.dated: list[int] = []
        """Lines on which a date stands, or figures that may be a date without marks."""
        self.marks: dict[Role, list[Mark]] = {}
        """All labels in printed order, by their roles; most lines have none."""
        self.signs: list[str] = []
        """The money signs and words beside numbers, in printed order."""
        self.width = 0
        """The letters of the longest line: how wide the paper is, as far as lines tell."""
        self.fashions = Fashions()
        self.usual = Sheet(self.lines, [], USUAL_DECIMALS)
        """The entries in the usual fashion, not settled."""

    def fork(self, lines: int = LINES_MAX) -> Gathered:
        """Return the same anew, of so many lines: to be given others, or to be read to its end."""
        other = Gathered(self._reader, self._language)
        other.active, other._votes, other._read = self.active, dict(self._votes), self._read[:lines]
        other._add(other._read)
        return other

    def take(self, texts: Sequence[str]) -> None:
        """Take the next lines, as far as a receipt can have so many."""
        more = self._reader.read_all(texts[: LINES_MAX - len(self._read)])
        self._read += more
        voting = [facts for facts in more if facts.speaks and facts.votes]
        if voting:
            count_votes(voting, self._votes)
            active = languages_of(self._votes, self.lexicon, self._language)
            if active != self.active:
                self.active = active
                self._begin()
                more = self._read
        self._add(more)

    def _add(self, more: list[LineFacts]) -> None:
        first, active, labeller = len(self.lines), self.active, self._labeller
        labelled, speaking = [UNLABELLED] * len(more), []
        lines = [*more]
        said = [(at, facts) for at, facts in enumerate(more) if not isinstance(facts, GoodsLine) or facts.speaks]
        for at, facts in said:
            if not facts.speaks:
                continue
            line = first + at
            speaking.append(line)
            if facts.hits:
                lines[at], labelled[at] = local, both = labeller.label(facts, active)
                for each in both[1]:
                    self.marks.setdefault(each.role, []).append((line, each))
                if local.telling:
                    self.telling.append((line, local))
            self.signs += facts.signs
            if is_dated(facts):
                self.dated.append(line)
        self.lines += lines
        self.labelled += labelled
        self.width = max([self.width, *[len(facts.text) for facts in lines]])
        self.fashions.count(said, labelled, goods=len(more) - len(said))
        add_entries(self.usual, labelled, speaking, known=self._known, active=active)

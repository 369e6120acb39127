"""Recall of a layout for which nobody corrected a wording: its own wordings are left out, then it is read.

A word ("total", "cash") belongs to a language; a wording of several words ("total items sold", "amount tendered") may
have been noted down from one till. Those that stand on the receipts of one layout and on no other's are taken away
before that layout is read: it is then as unseen as a stranger's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pos_adapters.profiles.scoring import Score, figures_of
from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.lexicon import Lexicon
from pos_adapters.reading.lines import LineReader
from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import Reading, ReceiptText
from retail.transaction import DocumentKind

_WORD = re.compile(r"[^\W\d_]+")
WIDE_WORDING_LETTERS_MIN = 5  # two ideographs are a word, three or four a compound


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """One document of a layout: what it is called, its text, and what its golden says."""

    name: str
    layout: str
    text: ReceiptText
    golden: Mapping[str, object]

    @property
    def sale(self) -> bool:
        """Whether it is a sale: of a document that a word refuses nothing is left without the word."""
        return self.golden.get("kind") == DocumentKind.SALE.value


def left_out(
    documents: Sequence[LaidOut], lexicon: Lexicon, judged: Callable[[LaidOut, Reading], Score]
) -> dict[str, object]:
    """Return recall and precision over all layouts, each read without its own wordings, and recall by layout."""
    scores: list[Score] = []
    by_layout: dict[str, float | None] = {}
    for layout, phrases in sorted(own_phrases(documents, LineReader(lexicon)).items()):
        reader = LineReader(lexicon.without(phrases))
        some = [judged(one, read_text(one.text, reader=reader)) for one in documents if one.layout == layout]
        scores += some
        by_layout[layout] = figures_of(some)["recall"]
    found = figures_of(scores)
    return {
        "layouts": len(by_layout),
        "recall": found["recall"],
        "precision": found["precision"],
        "recall_by_layout": by_layout,
    }


def own_phrases(documents: Sequence[LaidOut], reader: LineReader) -> dict[str, set[str]]:
    """Return by layout the wordings that no other layout's documents print."""
    by_layout: dict[str, set[str]] = {}
    for document in documents:
        by_layout.setdefault(document.layout, set()).update(_phrases(document.text.lines, reader))
    return {
        layout: found - set().union(*(others for name, others in by_layout.items() if name != layout))
        for layout, found in by_layout.items()
    }


def _phrases(lines: Iterable[str], reader: LineReader) -> Iterable[str]:
    for line in lines:
        facts = reader.read(line)
        folded = fold(facts.text)
        for hit in facts.hits:
            phrase = folded[hit.start : hit.end]
            if _is_wording(phrase):
                yield phrase


def _is_wording(phrase: str) -> bool:
    """Whether a phrase is more than a word: of several, or longer than words are in scripts without spaces."""
    return len(_WORD.findall(phrase)) > 1 or (
        WIDE.search(phrase) is not None and len(phrase) >= WIDE_WORDING_LETTERS_MIN
    )

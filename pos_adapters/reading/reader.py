"""`read_text` and `read_paper`: from a document to what it proves; the steps are `documents`.

Bounded: lines and choices have limits past which a document is parked, never read longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pos_adapters.reading.documents import DocumentEnd, DocumentReading
from pos_adapters.reading.gathered import Gathered
from pos_adapters.reading.lines import LineReader, standard_reader
from pos_adapters.reading.sheet import Sheet
from pos_adapters.reading.values import Reading, ReceiptText, StoreFacts
from receipt.paper import Paper, PrintedCode, plain_texts


def text_of(paper: Paper) -> ReceiptText:
    """Return what reading takes of a paper: its words without the gaps of wide printing, and its codes."""
    return ReceiptText(
        lines=tuple(plain_texts(paper.lines)),
        codes=codes_of(paper),
        images=bool(paper.pictures),
    )


def codes_of(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Return the printed codes of a paper as (symbology, data)."""
    return codes_told(paper.codes)


def codes_told(codes: Sequence[PrintedCode]) -> tuple[tuple[str, str], ...]:
    """Return printed codes as (symbology, data)."""
    return tuple([(code.symbology.value, code.data) for code in codes])


def read_paper(paper: Paper, *, store: StoreFacts | None = None, reader: LineReader | None = None) -> Reading:
    """Read a finished paper; see `read_text`."""
    return read_text(text_of(paper), store=store, reader=reader)


def read_text(
    text: ReceiptText, *, store: StoreFacts | None = None, reader: LineReader | None = None, explain: bool = False
) -> Reading:
    """Return what a document is and, where its arithmetic proves it, its transaction. Never raises on any text.

    `explain` fills in `Reading.roles`, which nobody needs while a cut is held.
    """
    reading = document_of(text, store or StoreFacts(), reader or standard_reader())
    result = reading.read()
    return replace(result, roles=reading.roles()) if explain else result


def sheets_of(text: ReceiptText, reader: LineReader) -> list[Sheet]:
    """Return the entries of a document in every fashion its amounts may be printed in; for those who teach."""
    return list(document_of(text, StoreFacts(), reader).sheets())


def document_of(text: ReceiptText, store: StoreFacts, reader: LineReader) -> DocumentReading:
    """Return a document whose lines are gathered and whose sums have not been tried."""
    gathered = Gathered(reader, store.language)
    gathered.take(text.lines)
    return DocumentReading(gathered, store, DocumentEnd(text.codes, text.images, is_blank(text.lines)))


def is_blank(lines: Iterable[str]) -> bool:
    """Whether no line has a letter, a figure or a mark."""
    return not any(map(str.strip, lines))

"""Journals as they lie on their disks, for those who look after every step: only what is new is read again.

A journal whose rows stand as they stood - number, hash, whether erased - says what it said: the hash covers the rest,
and `chains_verify` computes every hash at the end. Every night it is held against a whole reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.journal.records import Epoch, StoredRecord

if TYPE_CHECKING:
    from agent.drill.store import StorePc
    from agent.drill.world import Chain
    from agent.journal.reader import JournalReader


@dataclass(slots=True)
class _Known:
    """One journal as it was last read."""

    epochs: tuple[Epoch, ...] = ()
    marks: list[tuple[int, bytes, bool]] = field(default_factory=list)
    records: list[StoredRecord] = field(default_factory=list)


class Journals:
    """The journals of a story's machines, by name."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def read(self, store: StorePc) -> list[StoredRecord]:
        """Return a journal as it lies on its disk now."""
        known = self._known.get(store.name, _Known())
        with store.reading() as reader:
            marks, epochs = reader.marks(), reader.epochs()
            if epochs != known.epochs or marks[: len(known.marks)] != known.marks:
                known = _Known()
            last_seq = known.records[-1].seq if known.records else 0
            records = [*known.records, *_records_after(reader, last_seq)]
        self._known[store.name] = _Known(epochs, marks, records)
        return records


def whole_journal(store: StorePc) -> list[StoredRecord]:
    """Return every record of a store's journal."""
    with store.reading() as reader:
        return list(_records_after(reader, 0))


def reads_what_lies_there(chain: Chain) -> Iterator[tuple[str, str]]:
    """Look at the looks: what was read piece by piece is what lies there."""
    for store in chain.machines():
        if chain.journal(store) != whole_journal(store):
            yield store.name, "the journal is another one than those who looked have read"


def _records_after(reader: JournalReader, seq: int) -> Iterator[StoredRecord]:
    while rows := reader.all_records_after(seq):
        yield from rows
        seq = rows[-1].seq

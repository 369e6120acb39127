"""The words of all languages as a frozen program keeps them: folded and merged, one JSON file beside those of speakers.

    python -m pos_adapters.reading.packed_words FILE      freeze (`installer/tillstream.spec`)

Folding forty thousand phrases takes a quarter of a second, before a store's core can serve. What is kept names the
very files that it was made of (`retail.shipped.stamp_of`): where a speaker has corrected one, it counts no more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from pos_adapters.reading.lexicon import Role, Sense, Tables
from retail.shipped import stamp_of
from retail.transaction import DocumentKind


def keep(file: Path, tables: Tables, sources: Iterable[Path]) -> None:
    """Write down tables that were made of `sources`."""
    meanings = [[(sense.role, sense.kind, sense.languages) for sense in senses] for senses in tables.meanings]
    kept = {"of": stamp_of(sources), **tables._asdict(), "meanings": meanings, "later": sorted(tables.later)}
    file.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")


def kept(file: Path, sources: Iterable[Path]) -> Tables | None:
    """Return the tables that a file keeps; None where there is none, or it was made of others than these sources."""
    try:
        table = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    if table["of"] != stamp_of(sources):
        return None
    roles = {role.value: role for role in Role}
    kinds = {None: None} | {kind.value: kind for kind in DocumentKind}
    one: dict[Sense, Sense] = {}  # of each: most stand in several meanings
    meanings = [
        tuple([one.setdefault(sense, sense) for sense in (Sense(roles[r], kinds[k], bits) for r, k, bits in senses)])
        for senses in table["meanings"]
    ]
    first = {sys.intern(word): phrases for word, phrases in table["first"].items()}
    return Tables(meanings, first, frozenset(map(sys.intern, table["later"])), table["wide"])


if __name__ == "__main__":
    from pos_adapters.reading.word_files import made_tables, sources

    keep(Path(sys.argv[1]), made_tables(), sources())

"""The words of a frozen program, folded at the freeze, are those that its files of words say, and no others."""

from __future__ import annotations

from pathlib import Path

from pos_adapters.reading.lexicon import Role, Sense, tables_of
from pos_adapters.reading.packed_words import keep, kept
from pos_adapters.reading.word_files import PACKED, made_tables, sources
from retail.transaction import DocumentKind

FEW = (
    ("Total a pagar", Sense(Role.TOTAL, None, 1)),
    ("total", Sense(Role.TOTAL, None, 3)),
    ("合計", Sense(Role.TOTAL, None, 4)),
    ("copy", Sense(Role.HEADLINE, DocumentKind.COPY, 2)),
)


def test_all_words_say_the_same_when_they_were_kept(tmp_path: Path) -> None:
    made, file = made_tables(), tmp_path / "all.json"
    keep(file, made, sources())
    assert kept(file, sources()) == made


def test_words_that_were_kept_count_for_the_very_files_they_were_made_of_only(tmp_path: Path) -> None:
    words, file = tmp_path / "en.toml", tmp_path / "all.json"
    words.write_text("before", "utf-8")
    assert kept(file, [words]) is None
    keep(file, tables_of(FEW), [words])
    assert kept(file, [words]) == tables_of(FEW)
    words.write_text("a speaker has corrected it", "utf-8")
    assert kept(file, [words]) is None


def test_no_folded_words_lie_in_the_sources_where_they_would_grow_old() -> None:
    assert not PACKED.exists()

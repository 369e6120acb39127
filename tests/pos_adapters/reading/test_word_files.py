"""What speakers wrote down says everything once, and no two things that exclude each other."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

import pos_adapters.profiles
from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.word_files import standard_lexicon

DATA = Path(pos_adapters.profiles.__file__).parent
LANGUAGES = standard_lexicon().languages
DOUBTS = tomllib.loads((DATA / "doubts.toml").read_text("utf-8"))


def words_of(language: str) -> dict[str, dict[str, list[str]]]:
    words = tomllib.loads((DATA / "words" / f"{language}.toml").read_text("utf-8"))
    return {section: table for section, table in words.items() if section != "language"}


def as_looked_up(phrase: str) -> str:
    """Return a phrase as lines are searched for it: without case and accents, as words, or without spaces."""
    folded = fold(phrase)
    if WIDE.search(folded):
        return folded.replace(" ", "")
    return " ".join("".join(letter if letter.isalpha() or letter == "*" else " " for letter in folded).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_stands_twice_under_one_heading(language: str) -> None:
    for section, table in words_of(language).items():
        for heading, phrases in table.items():
            counts = Counter(map(as_looked_up, phrases))
            assert [key for key, count in counts.items() if count > 1] == [], f"[{section}] {heading}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_refuses_a_sale_wherever_it_stands_and_also_says_nothing_of_it(language: str) -> None:
    words = words_of(language)
    refusing = {as_looked_up(each) for phrases in words["kind"].values() for each in phrases}
    assert not refusing & {as_looked_up(each) for each in words["neutral"]["words"]}


@pytest.mark.parametrize("language", DOUBTS)
def test_no_doubtful_word_stands_twice_in_a_group_or_beside_its_like_that_makes_a_line_harmless(language: str) -> None:
    groups = {group: words for group, words in DOUBTS[language].items() if group != "together"}
    for group, words in groups.items():
        assert len(set(words)) == len(words), group
        assert group == "harmless" or not set(words) & set(groups.get("harmless", ())), group

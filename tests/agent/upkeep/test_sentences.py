"""Doctor speaks two languages: the same sentences with the same words in each, every key said somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.intake.printers import CAUSES
from agent.upkeep import checks
from agent.upkeep.patient import Check
from agent.upkeep.sentences import LANGUAGES, language_of, say, sentences

SOURCE = "".join(path.read_text("utf-8") for path in sorted(Path(checks.__file__).parent.glob("*.py")))
WORDS = re.compile(r"{(\w+)")


def test_both_languages_say_the_same_things_with_the_same_words_filled_in() -> None:
    english, russian = sentences("en"), sentences("ru")
    assert english.keys() == russian.keys()
    for key, text in english.items():
        assert sorted(WORDS.findall(text)) == sorted(WORDS.findall(russian[key])), key


def test_no_russian_sentence_was_left_in_english() -> None:
    kept = {"says", "clock", "clock_fix", "dns", "program"}  # figures, names and a command alone
    latin = [key for key, text in sentences("ru").items() if not re.search("[а-яё]", text) and key not in kept]
    assert latin == []


def test_every_sentence_that_a_check_says_is_there_and_none_is_left_over() -> None:
    said = set(re.findall(r'"([a-z_]+)"', SOURCE))
    spelt = {f"cause_{cause}{end}" for cause in CAUSES for end in ("", "_fix")}
    spelt |= {f"printer_{state}{end}" for state in ("offline", "no_paper", "other_language") for end in ("", "_fix")}
    known = set(sentences("en"))
    assert known - said - spelt - {"printer_ready"} == set()
    assert set(re.findall(r'say\(\s*"([a-z_]+)"', SOURCE)) | spelt <= known


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_reader_is_spoken_to_as_the_environment_says(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_a_sentence_within_a_sentence_is_spoken_in_the_same_language() -> None:
    check = Check(id="hub", ok=False, what=say("hub", at=say("never"), behind=3), fix="tillstream netcheck")
    assert check.as_json() == {
        "id": "hub", "ok": False, "what": "last contact never, 3 records behind", "fix": "tillstream netcheck",
    }  # fmt: skip
    assert check.in_language("ru") == ("последняя связь: никогда, не отправлено записей: 3", "tillstream netcheck")
    assert LANGUAGES[0] == "en"

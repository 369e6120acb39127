"""Goldens as somebody else writes them: the five fields of the contract, texts whose long lines the paper breaks."""

from pos_adapters.profiles.scoring import score
from pos_adapters.reading.labels import main_language
from pos_adapters.reading.lines import standard_reader


def errors(wanted: list[str], seen: list[str]) -> int:
    return score("a", {"kind": "sale", "text": wanted}, {"kind": "sale", "text": seen}).character_errors


def test_a_line_that_goes_on_on_the_next_one_is_no_error():
    assert errors(["Milk 1.20", "at the till", "TOTAL 1.20"], ["Milk 1.20", "at the", "till", "TOTAL 1.20"]) == 0
    assert errors(["Milk 1.20", "at the till", "TOTAL 1.20"], ["Milk 1.20", "at the ti", "ll", "TOTAL 1.20"]) == 0


def test_wrong_missing_and_strange_characters_are_counted():
    assert errors(["Milk", "Tea", "TOTAL"], ["Mi1k", "TOTAL"]) == 1 + len("Tea") + 1 - 1
    assert errors(["Milk", "TOTAL"], ["Milk", "Tea", "TOTAL"]) == len("Tea")
    assert errors(["Milk", "TOTAL"], ["Melk", "T0TAL"]) == 2


def test_a_golden_without_a_language_is_counted_under_the_one_its_words_speak():
    reader = standard_reader()
    for language, lines in {
        "de": ["Brot 1,20", "SUMME EUR 1,20", "Bar 2,00", "R\u00fcckgeld 0,80"],
        "ru": [
            "\u0418\u0422\u041e\u0413\u041e 120.00",
            "\u041d\u0410\u041b\u0418\u0427\u041d\u042b\u041c\u0418 200.00",
            "\u0421\u0414\u0410\u0427\u0410 80.00",
        ],
        "en": ["TOTAL 1.20", "CASH 2.00", "CHANGE 0.80"],
        "ja": ["\u5408\u8a08 120", "\u304a\u9810\u308a 200", "\u304a\u91e3\u308a 80"],
    }.items():
        assert main_language(reader.read_all(lines), reader.lexicon) == language
    assert main_language(reader.read_all(["xyzzy 1"]), reader.lexicon) is None

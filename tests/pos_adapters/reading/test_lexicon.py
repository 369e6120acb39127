"""A lexicon that was taught, and taught again: it asks for its phrases anew, and forgets none of them."""

from __future__ import annotations

from pos_adapters.reading.lexicon import Lexicon, Role, Sense
from pos_adapters.reading.word_files import standard_lexicon


def roles(lexicon: Lexicon, text: str) -> list[Role]:
    hits, _, _ = lexicon.find(text)
    return [sense.role for hit in hits for sense in hit.senses]


def test_what_was_taught_first_is_known_after_more_was_taught_and_something_was_taken_away():
    plain = Lexicon(lambda: [("total", Sense(Role.TOTAL, None, 1)), ("cash", Sense(Role.CASH, None, 1))], ("en",))
    taught = plain.taught([("grand sum", Role.TOTAL, None)]).taught([("club no", Role.MEMBER, None)]).without(["cash"])
    assert roles(taught, "grand sum") == roles(taught, "total") == [Role.TOTAL]
    assert roles(taught, "club no") == [Role.MEMBER]
    assert roles(taught, "cash") == []
    assert roles(plain, "cash") == [Role.CASH]


def test_what_is_taught_wins_over_what_was_known():
    plain = Lexicon(lambda: [("total", Sense(Role.TOTAL, None, 1))], ("en",))
    assert roles(plain.taught([("Total", Role.SUBTOTAL, None)]), "total") == [Role.SUBTOTAL]


def test_each_language_of_the_standard_lexicon_means_its_own_words():
    lexicon = standard_lexicon()
    hits, _, _ = lexicon.find("gesamtbetrag")
    (sense,) = [sense for hit in hits for sense in hit.senses if sense.role is Role.TOTAL]
    assert sense.languages & lexicon.mask("de")
    assert not sense.languages & lexicon.mask("ru")

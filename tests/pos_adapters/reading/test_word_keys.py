"""A mistyped key in a file of words is an error that names the nearest known one."""

import pytest

from pos_adapters.reading.word_keys import check_keys
from retail.errors import ConfigurationError

ROLES = ("total", "subtotal", "cash")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"monye": {"total": ["total"]}}, r"en.toml: \[monye\] is no known key; nearest known key: money"),
        ({"money": {"totla": ["total"]}}, r"en.toml: \[money\] totla is no known key; nearest known key: total"),
        ({"kind": {"trainning": ["training"]}}, "nearest known key: training"),
        ({"headline": {"retrun": ["return"]}}, "nearest known key: return"),
        ({"filler": {"word": ["the"]}}, "nearest known key: words"),
        ({"money": {"total": "total"}}, r"\[money\] total is no list of phrases"),
        ({"money": ["total"]}, r"\[money\] is no table"),
        ({"languge": "en"}, r"\[languge\] is no known key"),
    ],
)
def test_a_mistyped_key_is_refused_with_the_nearest_known_one(words, said):
    with pytest.raises(ConfigurationError, match=said):
        check_keys("en.toml", words, roles=ROLES)


def test_keys_as_the_words_that_are_shipped_have_them_are_taken():
    words = {"language": "en", "money": {"cash": ["cash"]}, "kind": {"copy": ["copy"]}, "neutral": {"words": []}}
    check_keys("en.toml", words, roles=ROLES)

"""Words beside figures that say that they are a payment card's.

Contract: pure but for the words, which are data (`pos_adapters/profiles/card_words.toml`) and are read once, when
figures first ask for them.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

from retail.shipped import read_shipped

_FILE: Final = Path(__file__).parent.parent / "profiles" / "card_words.toml"
_BESIDE: Final = r"[^0-9\r\n]{0,8}"  # the rest of a word, blanks, a colon


@functools.cache
def speaks_of_card() -> re.Pattern[str]:
    """Return what finds a word for a card, or one in a code page that is not looked at here and may be one."""
    return re.compile(rf"{_card()}|[^\x00-\x7f]{{2}}", re.IGNORECASE)


@functools.cache
def names_card() -> re.Pattern[str]:
    """Return what finds a word for a card that stands in the file."""
    return re.compile(_card(), re.IGNORECASE)


@functools.cache
def number_comes() -> re.Pattern[str]:
    """Return what finds a word for a card's number at the end of what stands before figures."""
    table = read_shipped(_FILE)
    number = "|".join(map(re.escape, table["number"]))
    alone = "|".join(map(re.escape, table["card_alone"]))
    return re.compile(rf"(?:{_card()}[a-z]{{0,6}}\W{{0,2}}(?:{number})|\b(?:{alone})\b){_BESIDE}\Z", re.IGNORECASE)


def _card() -> str:
    table = read_shipped(_FILE)
    return "|".join((*map(re.escape, table["card"]), rf"\b(?:{'|'.join(table['card_alone'])})\b")).join(("(?:", ")"))

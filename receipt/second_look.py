"""What a whole document tells of its code page that its first lines did not.

Contract: pure. Pages that differ in a few letters cannot be told apart before one of these is printed, and a printer
may have the one under the other's number: Ukrainian tills choose CP866 and mean CP1125, Kazakh ones CP1251 and mean
KZ-1048 or PT154. In Shift-JIS the backslash is the yen sign (JIS X 0201), which no decoder says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from receipt.code_pages import UNDEFINED, Encoding, single_byte
from receipt.page_evidence import of_one_language, plausibility

_ALIKE: Final = (("cp866", "cp1125"), ("cp1251", "kz1048", "ptcp154"), ("koi8_r", "koi8_u"))
_SAMPLE_LINES_MAX: Final = 30  # a judgement must not cost more than some milliseconds, and it is a rare one
_MARGIN: Final = 1.6  # for all letters together: one letter alone proves nothing
_YEN: Final = MappingProxyType({ord("\\"): "\u00a5"})

Changes = Mapping[int, str]


class _Alike(NamedTuple):
    """A page, which of its characters are others in pages like it, and what they are there."""

    peculiar: re.Pattern[str]
    others: tuple[tuple[str, Changes], ...]


def second_look(read: Encoding, texts: Iterable[str]) -> tuple[Encoding, Changes] | None:
    """Return the page that was meant where another one was read, and its characters by those that were read."""
    if read.double_byte == "cp932":
        return (read, _YEN) if any("\\" in text for text in texts) else None
    alike = None if read.double_byte or read.twice else _alike(read.codec)
    if alike is None:
        return None
    lines = list(texts)
    found = [text for text in lines if alike.peculiar.search(text)]
    if not found:
        return None
    strange = "".join(alike.peculiar.findall("".join(found)))
    if strange.isalpha() and of_one_language("".join(found)):
        return None
    sample = "\n".join(dict.fromkeys([*found[:_SAMPLE_LINES_MAX], *lines[:_SAMPLE_LINES_MAX]]))
    letters = len(sample) - len(sample.encode("ascii", "ignore"))
    most, meant = plausibility(sample, bilingual=True) + _MARGIN / letters, None
    for codec, changes in alike.others:
        score = plausibility(sample.translate(changes), bilingual=True)
        if score > most:
            most, meant = score, (read._replace(codec=codec), changes)
    return meant


@cache
def _alike(codec: str) -> _Alike | None:
    group = next((pages for pages in _ALIKE if codec in pages), None)
    if group is None:
        return None
    others = tuple((page, _changes(codec, page)) for page in group if page != codec)
    peculiar = sorted({character for _, changes in others for character in changes})
    return _Alike(re.compile("[" + re.escape("".join(map(chr, peculiar))) + "]"), others)


def _changes(codec: str, other: str) -> Changes:
    mine, theirs = single_byte(codec), single_byte(other)
    assert mine is not None
    assert theirs is not None
    return MappingProxyType(
        {ord(one): two for one, two in zip(mine, theirs, strict=True) if one not in (two, UNDEFINED)}
    )

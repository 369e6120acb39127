"""Which of the numbers on a receipt is its own: the one that its transaction is called by.

A receipt prints many: of an order, of a card's slip, of a taxpayer, of a signing device. Words for a receipt's number
are those of the files of words; what makes it another's is data, too (`pos_adapters/profiles/document_numbers.toml`).
Nothing is proved by a number. Contract: pure but for these words, which are read once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

from pos_adapters.reading.dates import dates_in
from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.labels import Label, Mark
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from retail.shipped import read_shipped

_FILE: Final = Path(__file__).parent.parent / "profiles" / "document_numbers.toml"
SLIP_LINES: Final = 3  # so near to a terminal's number or a masked card a number may be that of the card's slip
PREFIXES_MAX: Final = 1024  # lines up to their number that are remembered: a till's are few
WORDS_MAX: Final = 4  # before a number that are looked at together: "c u i t"
_CODE: Final = re.compile(r"[A-Za-zА-Яа-я]{0,4}\d?[-/]?\d[\dA-Za-z/\-.]*")
_BESIDE: Final = re.compile(  # between words for a number and the number
    r"[ \t:.,;#№=*\-)\]]*(?:(?:nr|nro|no|num|numero|number|id|n|č|№|番号|号|號|번호)[ \t:.#№º°=\-]+)?"
    r"[ \t:.,;#№º°=*\-(\[]*",
    re.IGNORECASE,
)
_HASH: Final = re.compile(r"(?<![^\s:(])(?:#|№|No\.? ?|Nr\.? ?|N[º°] ?)(?=[A-Za-z]?\d)", re.IGNORECASE)
_FIGURES: Final = re.compile(r"\d[\d./-]*")
_GOES_ON: Final = re.compile(r"[:,]\d")
_WORDS: Final = re.compile(r"[^\W_]+")
_FILLERS: Final = frozenset(["nr", "nro", "no", "num", "numero", "number", "n", "c", "id", "№", "º", "°"])
_MEASURED: Final = re.compile(r"\s*%|\s?(?:gg|days|dni|g|kg|ml|cl|st|szt|x)\b", re.IGNORECASE)


class _Words(NamedTuple):
    others: frozenset[str]
    orders: frozenset[str]


class _Rank(IntEnum):
    """How surely a number is the receipt's; of those of one rank the first is."""

    LOOSE = 0  # somewhere behind its words
    SIGNED = 1  # "#0088" beside a date
    ORDER = 2
    SLIP = 3
    VOUCHER = 4  # "Bon 118", which may be a voucher's
    OWN = 5


def document_number(
    lines: Sequence[LineFacts], marks: Mapping[Role, Sequence[Mark]], dated: Iterable[int], *, decimals: int
) -> str | None:
    """Return the number by which a receipt calls itself; None where it prints none."""
    best: tuple[_Rank, str] | None = None
    for rank, code in _candidates(lines, marks, dated, decimals=decimals):
        if rank is _Rank.OWN:
            return code
        if best is None or rank > best[0]:
            best = rank, code
    return best[1] if best is not None else None


def _candidates(
    lines: Sequence[LineFacts], marks: Mapping[Role, Sequence[Mark]], dated: Iterable[int], *, decimals: int
) -> Iterator[tuple[_Rank, str]]:
    slips = [line for line, _ in marks.get(Role.TERMINAL, ())]
    for role in (Role.DOCUMENT_NUMBER, Role.VOUCHER):
        for line, label in marks.get(role, ()):
            facts = lines[line]
            if role is Role.VOUCHER and facts.right and not decimals:
                continue
            near_slip = any(abs(slip - line) <= SLIP_LINES for slip in slips)
            for match, loose in _codes_of(facts.text, label, beside=role is Role.VOUCHER):
                rank = None if _is_amount(facts, match, decimals) else _rank_by_words(facts.text, match.start())
                if rank is _Rank.OWN:
                    rank = _Rank.VOUCHER if role is Role.VOUCHER else _Rank.SLIP if near_slip else rank
                code = match.group().strip(".-/")
                if rank is not None and code:
                    yield (_Rank.LOOSE if loose else rank), code
                    break
    for line in dated:
        text = lines[line].text
        sign = _HASH.search(text)
        signed = None if sign is None else _code_at(text, sign.end())
        if sign is None or signed is None or _rank_by_words(text, signed.start()) is None:
            continue
        if not _holds_wide(set(text[: sign.start()].split()), _words().others):
            yield _Rank.SIGNED, signed.group().strip(".-/")


def _codes_of(text: str, label: Label, *, beside: bool) -> Iterator[tuple[re.Match[str], bool]]:
    """Yield the codes that words for a number may mean, and whether they only stand somewhere behind them."""
    between = _BESIDE.match(text, label.end)
    directly = None if between is None else _code_at(text, between.end())
    inside = _FIGURES.search(text, label.start, label.end)  # "ЧЕК № 0044120 ФН"
    yield from ((code, False) for code in (directly, inside) if code is not None)
    behind = None if beside or directly is not None else _code_behind(text, label.end)
    if behind is not None:
        yield behind, True


def _code_at(text: str, at: int) -> re.Match[str] | None:
    """Return the code that begins at a place, unless it is a date, a time or the beginning of an amount."""
    match = _CODE.match(text, at)
    if match is None or (not match.group().isdigit() and dates_in(match.group()) is not None):
        return None
    return None if _GOES_ON.match(text, match.end()) else match


def _code_behind(text: str, at: int) -> re.Match[str] | None:
    """Return the first code somewhere behind words for a number."""
    for first in _CODE.finditer(text, at):
        code = _code_at(text, first.start())
        if code is not None and text[first.start() - 1] not in ":,":
            return code
    return None


def _is_amount(facts: LineFacts, code: re.Match[str], decimals: int) -> bool:
    """Whether a line is of goods or money, or its code a rate or a measure: "DOC  10%  21.00"."""
    if _MEASURED.match(facts.text, code.end()):
        return True
    amounts = [facts.numbers[index] for index in facts.right]
    return any(number.decimals == decimals > 0 or number.currency for number in amounts)


def _rank_by_words(text: str, at: int) -> _Rank | None:
    """Return what the last words before a number make of it: None where it is another's."""
    return _rank_behind(text[:at])


@functools.lru_cache(maxsize=PREFIXES_MAX)
def _rank_behind(text: str) -> _Rank | None:
    said = _FIGURES.split(fold(text))[-1]
    words = [word for word in _WORDS.findall(said) if word not in _FILLERS]
    known = _words()
    ends = {" ".join(words[-count:]) for count in range(1, WORDS_MAX + 1)} if words else set()
    ends.add("^" + " ".join(words))
    if not ends.isdisjoint(known.others) or _holds_wide(ends, known.others):
        return None
    if not ends.isdisjoint(known.orders) or _holds_wide(ends, known.orders):
        return _Rank.ORDER
    return _Rank.OWN


def _holds_wide(ends: set[str], words: frozenset[str]) -> bool:
    """Whether text without blanks between its words ends in one of these: "微信单号"."""
    return any(WIDE.search(end) and any(end.endswith(word) for word in words if WIDE.search(word)) for end in ends)


@functools.cache
def bank_card_labels() -> frozenset[str]:
    """Return the labels, folded, that a bank card's number has as well as a member's."""
    return frozenset(map(fold, read_shipped(_FILE)["cards"]))


@functools.cache
def _words() -> _Words:
    table = read_shipped(_FILE)
    return _Words(*(frozenset(_significant(phrase) for phrase in table[name]) for name in _Words._fields))


def _significant(phrase: str) -> str:
    """Return a phrase without the words that only say that a number follows."""
    words = " ".join(word for word in _WORDS.findall(fold(phrase)) if word not in _FILLERS)
    return f"^{words}" if phrase.startswith("^") else words

"""Card numbers whose figures stand each by itself ("4 | 5 | 3 | 9 ..."), and those that hold what no printer shows.

Contract: pure; lengths and offsets stay. Works on bytes read as Latin-1, and on text. Between figures that stand alone
is the same mark of up to three characters each time - a tab, blanks, a line's end - and there are as many as a card in
use has, neither more nor fewer. Control bytes and blanks of no width anywhere in a number are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pos_adapters.reading.card_numbers import cards_among, hidden_places, is_card_number
from pos_adapters.reading.disguised_numbers import NO_CUT
from pos_adapters.reading.wide_digits import BEFORE_TEXT, STYLE_COMMAND

FIGURES_MIN: Final = 15  # of the shortest number in use
FIGURES_MAX: Final = 19
UNSEEN: Final = r"[\x00-\x08\x0b\x0e\x0f\x11-\x1a\x1e\x1f\x7f\xad\u200b-\u200f\u2060\ufeff]"
"""What prints nothing: controls that begin no command, and blanks and joiners of no width."""
UNSEEN_BYTES: Final = (
    r"[\x00-\x08\x0b\x0e\x0f\x11-\x1a\x1e\x1f\x7f]|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xef\xbb\xbf|\xc2\xad"
)
"""The same in the bytes of a job, where UTF-8 has three for one of no width."""
UNSEEN_BEGUN: Final = r"\xe2\x81|\xef\xbb|\xc2"
UNSEEN_MAX: Final = 3  # between two figures; the columns of a picture have more
UNSEEN_LEADS: Final = bytes((*range(9), 11, 14, 15, *range(17, 27), 30, 31, 127, 0xC2, 0xE2, 0xEF))

_HEAD: Final = 6  # figures that are never hidden: a stream may give them back before the rest is there
_MARK: Final = rf"{NO_CUT}[^0-9\x0c]{{1,3}}"
_FIRST: Final = f"(?:(?<![0-9])|{'|'.join(f'(?<={head})' for head in (STYLE_COMMAND, *BEFORE_TEXT))})[0-9]"
_SPREAD: Final = re.compile(
    rf"{_FIRST}(?P<mark>{_MARK})(?:[0-9](?P=mark)){{{FIGURES_MIN - 2},{FIGURES_MAX - 2}}}[0-9](?![0-9])"
)
_BEGUN: Final = re.compile(
    rf"{_FIRST}(?P<mark>{_MARK})(?:[0-9](?P=mark)){{{_HEAD - 1}}}"
    rf"(?P<rest>(?:[0-9](?P=mark)){{0,{FIGURES_MAX - _HEAD}}}[0-9]?{NO_CUT}[^0-9]{{0,3}})\Z".encode("latin-1")
)
_ENDS_ALONE: Final = re.compile(rb"[^0-9][0-9][^0-9]{0,3}\Z")
_BEGUN_BYTES_MAX: Final = (FIGURES_MAX + 1) * 4 + 8  # and the head of a command before it
_BETWEEN: Final = rf"(?:{UNSEEN}|{UNSEEN_BYTES}){{0,{UNSEEN_MAX}}}[ .\-]{{0,2}}"
_HOLED: Final = re.compile(rf"{_FIRST}(?:{_BETWEEN}[0-9]){{{FIGURES_MIN - 1},}}+")
_HOLE: Final = re.compile(f"{UNSEEN}|{UNSEEN_BYTES}")
_SEEN_GAP: Final = re.compile(r"[ .\-]")
_CLASSES: Final = bytes(
    ord("0") if byte in b"0123456789" else ord("1") if byte in UNSEEN_LEADS else ord(" ") for byte in range(256)
)


def _alone(figures: int) -> tuple[bytes, bytes, bytes]:
    """Return what so many figures that stand alone look like in classes, for each length of a mark."""
    rest = figures - 1
    return b"0 " * rest + b"0", b"0  " * rest + b"0", b"0   " * rest + b"0"


_ALONE, _HEAD_ALONE = _alone(FIGURES_MIN), _alone(_HEAD)


def may_be_spread(data: bytes) -> bool:
    """Whether there is anything for `masked_spread`: mostly there is not."""
    if len(data) < FIGURES_MIN + 1:
        return False
    classes = data.translate(_CLASSES)
    return b"01" in classes or _stands_alone(classes, _ALONE)


def _stands_alone(classes: bytes, alone: tuple[bytes, bytes, bytes]) -> bool:
    if b"1" in classes:
        classes = classes.replace(b"1", b" ")
    by_one, by_two, by_three = alone
    return by_one in classes or by_two in classes or by_three in classes


def masked_spread(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return `text` with the card numbers masked whose figures stand alone, or have something unseen between them.

    `is_spared` says which numbers are the store's own.
    """
    letters: list[str] | None = None
    for places in (*_spread_in(text, is_spared), *_holed_in(text, is_spared)):
        letters = letters or list(text)
        for at in hidden_places(places):
            letters[at] = "*"
    return text if letters is None else "".join(letters)


def _spread_in(text: str, is_spared: Callable[[str], bool]) -> list[range]:
    found, at = [], 0
    while match := _SPREAD.search(text, at):
        mark, (first, last) = match["mark"], match.span()
        at, size = last - 1, len(mark)  # a figure may end one run and begin another
        goes_on = text.startswith(mark, last) and text[last + size : last + size + 1].isdigit()
        if goes_on or (text.endswith(mark, 0, first) and text[first - size - 1 : first - size].isdigit()):
            continue
        digits = text[first : last : size + 1]
        if is_card_number(digits) and not is_spared(digits):
            found.append(range(first, last, size + 1))
    return found


def _holed_in(text: str, is_spared: Callable[[str], bool]) -> list[list[int]]:
    """Return where the figures of numbers stand that begin and end with a group between blanks, dots or dashes."""
    found = []
    for match in _HOLED.finditer(text):
        groups: list[list[int]] = [[]]
        for at in range(*match.span()):
            if "0" <= text[at] <= "9":
                groups[-1].append(at)
            elif _SEEN_GAP.match(text, at) and groups[-1]:
                groups.append([])
        digits = ["".join([text[at] for at in group]) for group in groups]
        for first, last, _ in cards_among(digits, is_spared):
            if _HOLE.search(text, groups[first][0], groups[last][-1]):
                found.append([at for group in groups[first : last + 1] for at in group])
    return found


def spread_at(data: bytes) -> int:
    """Return where the part begins of a number of single figures that the end of `data` may have cut and may hide.

    Its length where none is.
    """
    tail = data[-_BEGUN_BYTES_MAX:]
    if _ENDS_ALONE.search(tail[-5:]) is None or not _stands_alone(tail.translate(_CLASSES), _HEAD_ALONE):
        return len(data)
    found = _BEGUN.search(tail)
    return len(data) - len(tail) + found.start("rest") if found else len(data)

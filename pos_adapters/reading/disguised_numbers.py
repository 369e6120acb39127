"""Card numbers in disguise: groups with a mark between them ("4111/1111/1111/1111"), pairs of a Code 128 barcode.

Contract: pure. Both work on bytes read as Latin-1 (`masked_marked` on any text) and keep every length and offset. A
mark is up to three characters, the same between all groups as on a card; a byte of code set C prints two figures, and
one that is hidden becomes a byte that prints none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pos_adapters.reading.card_numbers import EXPIRY_FIGURES, ends_with_expiry, hidden_places, is_card_number
from pos_adapters.reading.wide_digits import BEFORE_TEXT, STYLE_COMMAND

NO_CUT: Final = r"(?![^0-9]{0,2}(?:\x1d|\x1b[dim]))"
"""Before a mark: it holds no beginning of a command that cuts the paper, which nobody may hold back."""
_MARK: Final = rf"{NO_CUT}[^0-9\r\n]{{1,3}}"
_BEHIND: Final = (rf"(?<={head}[0-9]{{4}})" for head in (STYLE_COMMAND, *BEFORE_TEXT))
_FIRST: Final = rf"[0-9]{{4}}(?:(?<![0-9]{{5}})|{'|'.join(_BEHIND)})"  # digits first: the search passes over all else
_MARKED: Final = re.compile(
    rf"{_FIRST}(?P<mark>{_MARK})(?:[0-9]{{4}}(?P=mark)[0-9]{{4}}(?P=mark)[0-9]{{4}}|[0-9]{{6}}(?P=mark)[0-9]{{5}})(?![0-9])"
)
_MARKED_BYTES: Final = re.compile(_MARKED.pattern.encode("latin-1"))
_BEGUN: Final = re.compile(rf"{_FIRST}(?:{_MARK}[0-9]{{4,6}}){{0,2}}(?:{_MARK}[0-9]{{0,5}})?\Z".encode("latin-1"))
_MARKED_MAX: Final = 16 + 3 * 3
_MARKED_FIGURES_MIN: Final = 15  # in groups of four, six and five
_GROUP: Final = 4
_FIGURES: Final = b"0123456789"
_ENDS: Final = (b"\n", b"\r")  # of a line: no mark holds one
_BARCODES: Final = re.compile(r"\x1dk[IJ](?=([\x00-\xff]))[\x00-\xff]")  # Code 128, also GS1's; then its bytes' number
_BARCODE_BYTES: Final = (b"\x1dkI", b"\x1dkJ")
_BARCODE_BYTES_MAX: Final = 40  # of a payload that is a card's number: 19 figures, and the choices of code sets
_PAIRS_END: Final = 100  # from here on a byte of code set C is no pair of figures
_HIDDEN_PAIR: Final = "\xb7"


def may_be_disguised(data: bytes) -> bool:
    """Whether there is anything for `masked_marked` or `masked_barcodes`: mostly there is not."""
    figures = len(data) - len(data.translate(None, _FIGURES))
    return (figures >= _MARKED_FIGURES_MIN and _MARKED_BYTES.search(data) is not None) or any(
        map(data.__contains__, _BARCODE_BYTES)
    )


def masked_marked(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return `text` with the card numbers masked whose groups have the same mark between them."""
    return _MARKED.sub(lambda found: _hidden(found.group(), is_spared), text)


def masked_barcodes(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return a job's text with the card numbers masked that a Code 128 of `GS k` writes in pairs of figures."""
    letters = list(text)
    for head in _BARCODES.finditer(text):
        begin, size = head.end(), ord(head[1])
        if size <= _BARCODE_BYTES_MAX:
            for place in _hidden_in_barcode(text, begin, begin + size, is_spared):
                letters[place] = _HIDDEN_PAIR
    return "".join(letters)


def marked_at(data: bytes) -> int:
    """Return where a number with marks begins that the end of `data` may have cut; its length where none does."""
    size = len(data)
    tail = b"" if data.endswith(_ENDS) else data[-_MARKED_MAX:]
    if len(tail) - len(tail.translate(None, _FIGURES)) < _GROUP:
        return size
    found = _BEGUN.search(data, size - len(tail))
    return found.start() if found else size


def barcode_around(data: bytes, place: int) -> int:
    """Return where a barcode begins that goes on at `place`, else `place`: a stream is not cut within one."""
    first, other = _BARCODE_BYTES
    barcode = max(data.rfind(first, 0, place), data.rfind(other, 0, place))
    if barcode < 0:
        return place
    size = data[barcode + 3] if len(data) > barcode + 3 else _BARCODE_BYTES_MAX
    return barcode if size <= _BARCODE_BYTES_MAX and place < barcode + 4 + size else place


def _hidden(found: str, is_spared: Callable[[str], bool]) -> str:
    places = [at for at, letter in enumerate(found) if letter in "0123456789"]
    digits = "".join([found[at] for at in places])
    if not is_card_number(digits) or is_spared(digits):
        return found
    letters = list(found)
    for at in hidden_places(places):
        letters[at] = "*"
    return "".join(letters)


def _hidden_in_barcode(text: str, begin: int, end: int, is_spared: Callable[[str], bool]) -> list[int]:
    """Return the places to hide in a payload of `{A {B {C` sets: of a number among letters, or with figures behind."""
    places: list[int] = []
    groups = [""]
    pairs, at = False, begin
    while at < end <= len(text):
        if text[at] == "{":
            pairs = text[at + 1 : at + 2] == "C" or (pairs and text[at + 1 : at + 2] not in ("A", "B"))
            at += 2
            continue
        figures = f"{ord(text[at]):02d}" if pairs else text[at]
        if not figures.isdigit() or (pairs and ord(text[at]) >= _PAIRS_END):
            groups.append("")
        else:
            groups[-1] += figures
            places += [at] * len(figures)
        at += 1
    hidden, start = list[int](), 0
    for digits in groups:
        size = len(digits) - (EXPIRY_FIGURES if ends_with_expiry(digits) else 0)
        first = len(digits) - len(digits.lstrip("0")) if digits[:1] == "0" else 0
        if is_card_number(digits[first:size]) and not is_spared(digits[first:size]):
            hidden += hidden_places(places[start + first : start + size])
        start += len(digits)
    return hidden

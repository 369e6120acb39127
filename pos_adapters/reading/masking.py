"""Payment card numbers are masked before anything of a capture touches disk, log or screen.

A run of 12 to 19 digits - split by spaces, dashes or dots, or not - that starts like an issuer's numbers and passes
Luhn keeps its first six and last four digits at most; the rest become `*`, so that every length and offset stays
(ISO/IEC 7812-1; PCI DSS 3.4 allows first six and last four). Pure functions on text and on bytes; a stream is masked
by `StreamMasker`, which holds back only digits that may go on.

Not payment cards: configured ranges of member numbers, and the numbers inside a fiscal QR string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DIGITS_MIN, DIGITS_MAX = 12, 19  # ISO/IEC 7812-1: up to 19; nothing under 12 is in circulation
KEPT_HEAD, KEPT_TAIL = 6, 4
_ARTICLE_DIGITS = (12, 13)
HELD_BYTES_MAX = 64  # 19 digits with a separator after each: more can be no card number

_RUN = re.compile(r"(?<![\d.])\d(?:[ .\-\u00a0]{0,2}\d){11,31}")
_RUN_BYTES = re.compile(rb"(?<![\d.])\d(?:[ .\-\xa0]{0,2}\d){11,31}")
_FISCAL = re.compile(r"(?:^|[?&])(?:fn|i|fp|f|s|t)=[^&\s]*(?:&(?:fn|i|fp|f|s|t|n)=[^&\s]*){2,}")
_FISCAL_BYTES = re.compile(rb"(?:^|[?&]|[^\w])(?:fn|i|fp|f|s|t)=[^&\s]*(?:&(?:fn|i|fp|f|s|t|n)=[^&\s]*){2,}")

# Issuer identification ranges in force (first digits, lengths): Visa, Mastercard, Amex, Diners, Discover, JCB,
# UnionPay, Maestro, Mir, Troy, RuPay, Elo and Hipercard, Dankort, Verve, UzCard/Humo, girocard (read as Maestro).
_ISSUERS = (
    (re.compile("4"), frozenset((13, 16, 18, 19))),
    (re.compile("5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), frozenset((16,))),
    (re.compile("3[47]"), frozenset((15,))),
    (re.compile("30[0-5]|309|36|3[89]"), frozenset(range(14, 20))),
    (re.compile("6011|64[4-9]|65"), frozenset(range(16, 20))),
    (re.compile("35(?:2[89]|[3-8])"), frozenset(range(16, 20))),
    (re.compile("62|81"), frozenset(range(16, 20))),
    (re.compile("5[06-9]|6[0-9]"), frozenset(range(12, 20))),
    (re.compile("220[0-4]"), frozenset(range(16, 20))),
    (re.compile("9792|8600|9860"), frozenset((16,))),
    (re.compile("506099|5061|6500|5078|5067|4576|636368|6370|384100"), frozenset((16, 19))),
)


def mask_text(text: str, *, exempt: Sequence[str] = ()) -> str:
    """Return `text` with payment card numbers masked, character for character.

    `exempt`: regular expressions of the store's own numbers (member cards), matched against the bare digits.
    """
    if not _may_hold_card(text):
        return text
    patterns = _compiled(exempt)
    spared = [match.span() for match in _FISCAL.finditer(text)]
    pieces: list[str] = []
    done = 0
    for match in _RUN.finditer(text):
        if any(start <= match.start() < end for start, end in spared):
            continue
        masked = _masked(match.group(), patterns)
        pieces += (text[done : match.start()], masked)
        done = match.end()
    return "".join((*pieces, text[done:])) if pieces else text


def mask_bytes(data: bytes, *, exempt: Sequence[str] = ()) -> bytes:
    """Return `data` (a print job's bytes) with payment card numbers masked, byte for byte.

    Digits are ASCII in every code page that a receipt printer knows; commands between digits end a run.
    """
    if not _RUN_BYTES.search(data):
        return data
    patterns = _compiled(exempt)
    spared = [match.span() for match in _FISCAL_BYTES.finditer(data)]
    pieces: list[bytes] = []
    done = 0
    for match in _RUN_BYTES.finditer(data):
        if any(start <= match.start() < end for start, end in spared):
            continue
        masked = _masked(match.group().decode("latin-1"), patterns).encode("latin-1")
        pieces += (data[done : match.start()], masked)
        done = match.end()
    return b"".join((*pieces, data[done:]))


class StreamMasker:
    """Masks a stream in pieces: `feed` gives back what can no longer belong to a card number, `close` the rest."""

    def __init__(self, *, exempt: Sequence[str] = ()) -> None:
        self._exempt = tuple(exempt)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return masked bytes, holding back a tail of digits (at most `HELD_BYTES_MAX`)."""
        self._held += data
        tail = re.search(rb"[\d .\-\xa0]*\Z", self._held)
        assert tail is not None
        keep = min(len(self._held) - tail.start(), HELD_BYTES_MAX)
        ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return mask_bytes(ready, exempt=self._exempt)

    def close(self) -> bytes:
        """Return the masked rest; the stream has ended."""
        ready, self._held = self._held, b""
        return mask_bytes(ready, exempt=self._exempt)


def is_card_number(digits: str) -> bool:
    """Whether bare digits start like an issuer's numbers, have its length and pass Luhn."""
    return (
        DIGITS_MIN <= len(digits) <= DIGITS_MAX
        and any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS)
        and passes_luhn(digits)
        and not _is_article_number(digits)
    )


def _is_article_number(digits: str) -> bool:
    """A GTIN-12 or -13 whose own check digit holds; cards of 12 and 13 digits have not been issued for decades."""
    if len(digits) not in _ARTICLE_DIGITS:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: double every second digit from the right, cast out nines."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _may_hold_card(text: str) -> bool:
    return sum(letter.isdigit() for letter in text) >= DIGITS_MIN


def _compiled(exempt: Sequence[str]) -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in exempt]


def _masked(run: str, exempt: Sequence[re.Pattern[str]]) -> str:
    """Mask card numbers in a run of digits and separators: whole groups first, then any stretch of the run.

    A slip prints other figures beside the number ("4111 1111 1111 1111 0001"), so a card may start and end at any
    group; digits glued together are one group.
    """
    groups = [match.span() for match in re.finditer(r"\d+", run)]
    letters = list(run)
    first = 0
    while first < len(groups):
        last = _last_group_of_card(run, groups, first, exempt)
        if last is None:
            first += 1
            continue
        places = [at for at in range(groups[first][0], groups[last][1]) if run[at].isdigit()]
        for at in places[KEPT_HEAD:-KEPT_TAIL]:
            letters[at] = "*"
        first = last + 1
    return "".join(letters)


def _last_group_of_card(
    run: str, groups: Sequence[tuple[int, int]], first: int, exempt: Sequence[re.Pattern[str]]
) -> int | None:
    """Return the group that ends a card number beginning at group `first`, the longest number first."""
    for last in range(len(groups) - 1, first - 1, -1):
        digits = "".join(letter for letter in run[groups[first][0] : groups[last][1]] if letter.isdigit())
        if len(digits) < DIGITS_MIN:
            return None
        if is_card_number(digits) and not any(pattern.fullmatch(digits) for pattern in exempt):
            return last
    return None

"""Payment card numbers are masked before anything of a capture touches disk, log or screen.

A run of 12 to 19 digits - split by spaces, dashes or dots, or not - that starts like an issuer's numbers and passes
Luhn keeps its first six and last four digits at most; the rest become `*`, so that every length and offset stays
(ISO/IEC 7812-1; PCI DSS 3.4 allows first six and last four). Groups as they stand on a card (4-4-4-4, 4-6-5) are found
over line ends and over commands of style too. Pure functions on text and on bytes; a stream is masked by
`StreamMasker`, which holds back only digits that may go on.

Not payment cards: configured ranges of member numbers, and the numbers inside a fiscal QR string.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pos_adapters.reading.torn_numbers import PLACE_BEGUN, PLACE_COMMAND, STAR_COMMAND, masked_torn
from pos_adapters.reading.wide_digits import STYLE_COMMAND, WIDE_BYTES, masked_wide

DIGITS_MIN, DIGITS_MAX = 12, 19  # ISO/IEC 7812-1: up to 19; nothing under 12 is in circulation
KEPT_HEAD, KEPT_TAIL = 6, 4
_ARTICLE_DIGITS = (12, 13)
GAP_MAX = 48  # blanks between two groups: the rest of a line and the next one's indentation
HELD_BYTES_MAX = 192  # four groups with gaps between; what is further apart is no card number

_GAP = rf"(?:[ \t\r\n.\-\xa0\u3000\u2010-\u2015\u2212\uff0d]|{STYLE_COMMAND}){{0,{GAP_MAX}}}"
_AS_ON_CARD = rf"\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)|3[47]\d\d{_GAP}\d{{6}}{_GAP}\d{{5}}(?!\d)"
_DIGITS = r"\d(?:[ .\-\xa0\u3000\u2010-\u2015\u2212\uff0d]{0,2}\d){11,31}"


def _found(body: str) -> re.Pattern[str]:
    """Return the expression for `body` where it begins a number: behind a command, or behind no other digit."""
    return re.compile(rf"(?:{STYLE_COMMAND})+(?P<styled>{body})?|(?<!\d)(?<!\d\.)(?P<plain>{body})")


_RUN, _GROUPS = _found(_DIGITS), _found(_AS_ON_CARD)
_PLACES = re.compile(rf"{STYLE_COMMAND}|\d")
_BEGUN = r"[#!\x81\x82\xa1-\xa3\xe2\xe3\xef]|[\xe2\xe3]\x80|\xe2\x88|\xef\xbc|\x1b[ !\-3EGJMRSTVadert{]?|\x1d[!BHbfh]?"
_BEGUN += "|" + PLACE_BEGUN
_TAIL = re.compile(  # digits that may go on, narrow or wide, and the first bytes of a wide one or of a command
    rf"(?:[\d .\-\xa0\t\r\n]|{STYLE_COMMAND}|{PLACE_COMMAND}|{STAR_COMMAND}|{WIDE_BYTES})*(?:{_BEGUN})?\Z".encode(
        "latin-1"
    )
)
_FISCAL = re.compile(r"(?:^|[?&]|[^\w])(?:fn|i|fp|f|s|t)=[^&\s]*(?:&(?:fn|i|fp|f|s|t|n)=[^&\s]*){2,}")

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


_WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_DOUBLED = str.maketrans("0123456789", "0246813579")
_FIRST_DIGITS = frozenset("2345689")
_PREFIX_DIGITS = 6  # of the longest prefix above


def mask_text(text: str, *, exempt: Sequence[str] = ()) -> str:
    """Return `text` with payment card numbers masked, character for character.

    `exempt`: regular expressions of the store's own numbers (member cards), matched against the bare digits.
    """
    if sum(letter.isdigit() for letter in text) < DIGITS_MIN:
        return text
    patterns = _compiled(exempt)
    for expression, masked in ((_RUN, _masked), (_GROUPS, _masked_groups)):
        spared = [match.span() for match in _FISCAL.finditer(text)]
        pieces: list[str] = []
        done = 0
        for match in expression.finditer(text):
            first, last = match.span(match.lastgroup or 0)
            if match.lastgroup is None or any(start <= first < end for start, end in spared):
                continue
            pieces += (text[done:first], masked(text[first:last], patterns))
            done = last
        text = "".join((*pieces, text[done:]))
    return text


def mask_bytes(data: bytes, *, exempt: Sequence[str] = ()) -> bytes:
    """Return `data` (a print job's bytes) with payment card numbers masked, byte for byte.

    Digits are ASCII in every code page that a receipt printer knows; in double-byte text they may be wide ones too.
    """
    data = masked_wide(data, lambda digits: _is_masked(digits, exempt))
    if len(data) - len(data.translate(None, b"0123456789")) < DIGITS_MIN:
        return data
    text = masked_torn(mask_text(data.decode("latin-1"), exempt=exempt), lambda number: _is_masked(number, exempt))
    return text.encode("latin-1")


def _is_masked(digits: str, exempt: Sequence[str]) -> bool:
    return is_card_number(digits) and not _is_exempt(digits, exempt)


class StreamMasker:
    """Masks a stream in pieces: `feed` gives back what can no longer belong to a card number, `close` the rest."""

    def __init__(self, *, exempt: Sequence[str] = ()) -> None:
        self._exempt = tuple(exempt)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return masked bytes, holding back a tail of digits (at most `HELD_BYTES_MAX`)."""
        self._held += data
        tail = _TAIL.search(self._held, max(0, len(self._held) - HELD_BYTES_MAX))
        assert tail is not None
        keep = len(self._held) - tail.start()
        ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return mask_bytes(ready, exempt=self._exempt)

    def close(self) -> bytes:
        """Return the masked rest; the stream has ended."""
        ready, self._held = self._held, b""
        return mask_bytes(ready, exempt=self._exempt)


def is_card_number(digits: str) -> bool:
    """Whether bare digits start like an issuer's numbers, have its length and pass Luhn."""
    return len(digits) in _lengths_of(digits) and _is_checked(digits)


def _is_checked(digits: str) -> bool:
    """Whether the check digit is a card's, and not an article number's."""
    return passes_luhn(digits) and not _is_article_number(digits)


def _lengths_of(digits: str) -> frozenset[int]:
    """Return how long the numbers are of the issuers whose numbers start like this."""
    return _lengths_behind(digits[:_PREFIX_DIGITS]) if digits[:1] in _FIRST_DIGITS else frozenset()


@functools.lru_cache(maxsize=4096)  # a few hundred ranges are in use; a hostile stream brings any
def _lengths_behind(head: str) -> frozenset[int]:
    return frozenset().union(*(lengths for prefix, lengths in _ISSUERS if prefix.match(head)))


def _is_article_number(digits: str) -> bool:
    """A GTIN-12 or -13 whose own check digit holds; cards of 12 and 13 digits have not been issued for decades."""
    if len(digits) not in _ARTICLE_DIGITS:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: double every second digit from the right, cast out nines."""
    figures = digits[::-2] + digits[-2::-2].translate(_DOUBLED)
    return (sum(figures.encode()) - ord("0") * len(figures)) % 10 == 0


def _is_exempt(digits: str, exempt: Sequence[str]) -> bool:
    return any(re.fullmatch(pattern, digits) for pattern in exempt)


def _compiled(exempt: Sequence[str]) -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in exempt]


def _masked(run: str, exempt: Sequence[re.Pattern[str]]) -> str:
    """Mask card numbers in a run of digits and separators: whole groups first, then any stretch of the run.

    A slip prints other figures beside the number ("4111 1111 1111 1111 0001"), so a card may start and end at any
    group; digits glued together are one group.
    """
    letters = list(run)
    run = run.translate(_WIDE_DIGITS)
    groups = [match.span() for match in re.finditer(r"\d+", run)]
    first = 0
    while first < len(groups):
        last = _last_group_of_card(run, groups, first, exempt)
        begin, end = groups[first]
        if last is None and run[begin] == "0" and end - begin > DIGITS_MIN:  # filled up with noughts
            groups[first] = (begin + len(run[begin : end - 1]) - len(run[begin : end - 1].lstrip("0")), end)
            last = _last_group_of_card(run, groups, first, exempt)
        if last is None:
            first += 1
            continue
        places = [at for at in range(groups[first][0], groups[last][1]) if run[at].isdigit()]
        for at in places[KEPT_HEAD:-KEPT_TAIL]:
            letters[at] = "*"
        first = last + 1
    return "".join(letters)


def _masked_groups(found: str, exempt: Sequence[re.Pattern[str]]) -> str:
    """Mask a number in groups as on a card, whatever blanks and commands stand between them."""
    places = [match.start() for match in _PLACES.finditer(found) if len(match.group()) == 1]
    digits = "".join(found[at] for at in places)
    if not is_card_number(digits) or any(pattern.fullmatch(digits) for pattern in exempt):
        return found
    letters = list(found)
    for at in places[KEPT_HEAD:-KEPT_TAIL]:
        letters[at] = "*"
    return "".join(letters)


def _last_group_of_card(
    run: str, groups: Sequence[tuple[int, int]], first: int, exempt: Sequence[re.Pattern[str]]
) -> int | None:
    """Return the group that ends a card number beginning at group `first`, the longest number first."""
    digits = ""
    ends: list[tuple[int, str]] = []
    for at in range(first, len(groups)):
        digits += run[groups[at][0] : groups[at][1]]
        if len(digits) > DIGITS_MAX:
            break
        if len(digits) >= DIGITS_MIN:
            ends.append((at, digits))
    lengths = _lengths_of(digits) if ends else ()
    for at, number in reversed(ends):
        if len(number) in lengths and _is_checked(number) and not any(pattern.fullmatch(number) for pattern in exempt):
            return at
    return None

"""Payment card numbers are masked before anything of a capture touches disk, log or screen.

A run of 12 to 19 digits - split by spaces, dashes or dots, or not - that starts like an issuer's numbers and passes
Luhn keeps its first six and last four digits at most; the rest become `*`, so that every length and offset stays
(ISO/IEC 7812-1; PCI DSS 3.4 allows first six and last four). Groups as they stand on a card (4-4-4-4, 4-6-5) are found
over line ends and over commands of style too, and so is a number that a till broke elsewhere (`wrapped_numbers`). Pure
functions on text and on bytes; a stream is masked by `StreamMasker`, which holds back only digits that may go on.

Not payment cards: configured ranges of member numbers, and the number of the drive in a fiscal QR string.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pos_adapters.reading.card_numbers import DIGITS_MIN, cards_among, hidden_places, is_card_number
from pos_adapters.reading.disguised_numbers import (
    barcode_around,
    marked_at,
    masked_barcodes,
    masked_marked,
    may_be_disguised,
)
from pos_adapters.reading.glued_numbers import masked_glued, may_be_glued
from pos_adapters.reading.grouped_numbers import BEGUN_BYTES_MAX, grouped_at, masked_grouped, masked_grouped_bytes
from pos_adapters.reading.spread_numbers import (
    UNSEEN_BEGUN,
    UNSEEN_BYTES,
    UNSEEN_LEADS,
    UNSEEN_MAX,
    masked_spread,
    may_be_spread,
    spread_at,
)
from pos_adapters.reading.torn_numbers import LONG_COMMANDS, LONG_HEADS, PLACE_BEGUN, PLACE_COMMAND, masked_torn
from pos_adapters.reading.wide_digits import BEFORE_TEXT, STYLE_COMMAND, WIDE_BEGUN, WIDE_BYTES, WIDE_LEADS, masked_wide
from pos_adapters.reading.wrapped_numbers import masked_wrapped

GAP_MAX = 48  # blanks between two groups: the rest of a line and the next one's indentation
LINE_BYTES_MAX = 48  # of a line before a number, that may speak of a card or be full
HELD_BYTES_MAX = 192  # four groups with gaps between; what is further apart is no card number

_GAP = rf"(?:[ \t\r\n.\-\xa0\u3000\u2010-\u2015\u2212\uff0d]|{STYLE_COMMAND}){{0,{GAP_MAX}}}"
_AS_ON_CARD = rf"\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)|3[47]\d\d{_GAP}\d{{6}}{_GAP}\d{{5}}(?!\d)"
_DIGITS = r"\d(?:[ .\-\xa0\u3000\u2010-\u2015\u2212\uff0d]{0,2}+\d){11,}+"


def _found(body: str) -> re.Pattern[str]:
    """Return the expression for `body` where it begins a number: behind a command, or behind no other digit."""
    return re.compile(
        rf"(?:{'|'.join((STYLE_COMMAND, *BEFORE_TEXT))})+(?P<styled>{body})?|(?<!\d)(?<!\d\.)(?P<plain>{body})"
    )


_RUN, _GROUPS = _found(_DIGITS), _found(_AS_ON_CARD)
_PLACES = re.compile(rf"{STYLE_COMMAND}|\d")
_BEGUN = WIDE_BEGUN + r"|[#!]|\x1b[ !\-3EGJMRSTVadert{]?|\x1d[!BHbfh]?"
_BEGUN += "|" + PLACE_BEGUN + "|" + UNSEEN_BEGUN
_TAIL = re.compile(  # digits that may go on, narrow or wide, and the first bytes of a wide one or of a command
    rf"(?:[ .\-\xa0\t\r\n]|\d(?:{UNSEEN_BYTES}){{0,{UNSEEN_MAX}}}|{STYLE_COMMAND}|{PLACE_COMMAND}"
    rf"|{WIDE_BYTES})*(?:{_BEGUN})?\Z".encode("latin-1")
)
_LEADS = rb"\x10\x1b-\x1d"  # of the commands that may stand between digits; none has more than four bytes behind it
_UNSEEN_LEADS = re.escape(UNSEEN_LEADS)
_ENDED = re.compile(  # up to the last byte that can be no part of a tail, whatever stands around it
    rb"[\x00-\xff]*[^0-9 .\-\xa0\t\r\n#!\]" + _LEADS + WIDE_LEADS + _UNSEEN_LEADS + rb"]"
    + b"".join(rb"(?<![" + _LEADS + WIDE_LEADS + rb"]" + rb"[\x00-\xff]" * far + rb")" for far in range(1, 5))
)  # fmt: skip
_COMMAND_BYTES = re.compile(rb"[" + _LEADS + rb"][^" + _LEADS + rb"]{0,4}+")
_LONG_BYTES = re.compile("|".join(LONG_COMMANDS[:1]).encode("latin-1"))
_DIGITS_ALONE = b"0123456789"
_NO_DIGITS = bytes(byte for byte in range(256) if byte not in b"0123456789")
_GAP_BYTES = b" .-\xa0\t\r\n"
_DIGITS_AND_ENDS = bytes.maketrans(b"0123456789" + _NO_DIGITS, b"0" * 10 + b" " * len(_NO_DIGITS))
_FISCAL = re.compile(r"(?:^|[?&]|[^\w])(?:fn|i|fp|f|s|t)=[^&\s]*(?:&(?:fn|i|fp|f|s|t|n)=[^&\s]*){2,}")
_DRIVE = re.compile(r"fn=[789][0-9]{15}\Z")  # a fiscal drive's number; no issuer of cards but two in one country

_ENOUGH_DIGITS = re.compile(rf"(?:\D*+\d){{{DIGITS_MIN}}}")
_RUN_OF_DIGITS = re.compile(r"\d+")


def mask_text(text: str, *, exempt: Sequence[str] = ()) -> str:
    """Return `text` with payment card numbers masked, character for character.

    `exempt`: regular expressions of the store's own numbers (member cards), matched against the bare digits.
    """
    if not _ENOUGH_DIGITS.match(text):
        return text
    patterns = _compiled(exempt)
    spared = functools.partial(_is_exempt, exempt=patterns)
    text = masked_spread(masked_marked(text, spared), spared)
    return _masked_plain(masked_glued(masked_grouped(text, spared), spared), patterns)


def _masked_plain(text: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """Return `text` with the numbers masked that stand in it as on a card, or broken at a line's end."""
    for expression, masked in ((_RUN, _masked), (_GROUPS, _masked_groups)):
        fiscal = [match.span() for match in _FISCAL.finditer(text)]
        pieces: list[str] = []
        done = 0
        for match in expression.finditer(text):
            if match.lastgroup is None:
                continue
            first, last = match.span(match.lastgroup)
            if any(start <= first < end for start, end in fiscal) and _DRIVE.search(text, first - 3, last):
                continue
            pieces += (text[done:first], masked(text[first:last], patterns))
            done = last
        text = "".join((*pieces, text[done:]))
    return masked_wrapped(text, functools.partial(_is_exempt, exempt=patterns))


def mask_bytes(data: bytes, *, exempt: Sequence[str] = ()) -> bytes:
    """Return `data` (a print job's bytes) with payment card numbers masked, byte for byte.

    Digits are ASCII in every code page that a receipt printer knows; in double-byte text they may be wide ones too.
    """
    return _mask_bytes(data, _compiled(exempt), spread=True)


def _mask_bytes(data: bytes, patterns: Sequence[re.Pattern[str]], *, spread: bool) -> bytes:
    """Return `data` masked; `spread`: the figures of a number may stand alone in it, or hold something unseen."""
    spared = functools.partial(_is_exempt, exempt=patterns)
    data = masked_wide(data, spared)
    if may_be_disguised(data):
        data = masked_barcodes(masked_marked(data.decode("latin-1"), spared), spared).encode("latin-1")
    if len(data) - len(data.translate(None, _DIGITS_ALONE)) < DIGITS_MIN:
        return data
    if spread and may_be_spread(data):
        data = masked_spread(data.decode("latin-1"), spared).encode("latin-1")
    data = masked_grouped_bytes(data, spared)
    if may_be_glued(data):
        data = masked_glued(data.decode("latin-1"), spared).encode("latin-1")
    if not _may_hold_number(data):
        return data
    return masked_torn(_masked_plain(data.decode("latin-1"), patterns), spared).encode("latin-1")


class StreamMasker:
    """Masks a stream in pieces: `feed` gives back what can no longer belong to a card number, `close` the rest."""

    def __init__(self, *, exempt: Sequence[str] = ()) -> None:
        self._exempt = tuple(exempt)
        self._held = b""
        self._before = b""  # what was given back last, as it came: a word there may say that figures are a card's
        self._is_begun = False  # a number, whose first figures were given back

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return them masked, but for a tail of digits (`HELD_BYTES_MAX`, and a short barcode)."""
        self._held += data
        begun = self._before + self._held
        goes_on = self._is_begun
        free = self._free(begun)
        masked = self._masked(self._held, goes_on=goes_on, spread=may_be_spread(begun))[:free]
        ready, self._held = self._held[:free], self._held[free:]  # what is held may have ended a number
        self._before = (self._before + ready)[-BEGUN_BYTES_MAX:]
        return masked

    def _free(self, begun: bytes) -> int:
        """Return how many of the bytes held belong to no number that may go on; they end `begun`."""
        held, before = self._held, len(self._before)
        free = _tail_of(held)
        grouped = grouped_at(begun)
        self._is_begun = grouped < len(begun)
        marked = max(min(marked_at(begun), spread_at(begun), grouped) - before, 0)
        if marked < free:
            free = _tail_of(held[:marked])  # what stands directly before it may be a number with it
        return max(barcode_around(begun, before + free) - before, 0)

    def held(self) -> bytes:
        """Return, masked, what `close` would return now; the stream goes on."""
        return self._masked(self._held, goes_on=self._is_begun)

    def close(self) -> bytes:
        """Return the masked rest; the stream has ended."""
        masked = self._masked(self._held, goes_on=self._is_begun)
        self._held = self._before = b""
        self._is_begun = False
        return masked

    def _masked(self, data: bytes, *, goes_on: bool, spread: bool = True) -> bytes:
        """Return `data` masked as behind what was given back before it."""
        before = self._before if goes_on else self._before[-LINE_BYTES_MAX:]
        masked = _mask_bytes(before + data, _compiled(self._exempt), spread=spread)
        return masked[len(before) :]


def _tail_of(data: bytes) -> int:
    """Return where digits, blanks and commands begin that may go on behind `data`."""
    begin = max(0, len(data) - HELD_BYTES_MAX)
    ended = _ENDED.match(data, begin)
    tail = _TAIL.search(data, ended.end() if ended else begin)
    assert tail is not None
    return tail.start()


def _may_hold_number(data: bytes) -> bool:
    """Whether there are digits enough for a card with nothing between them but gaps and commands: mostly there are not.

    Says yes too often, as where an argument of a command looks like a digit, and never no to what is masked.
    """
    if any(map(data.__contains__, LONG_HEADS)):
        data = _LONG_BYTES.sub(_digits_of, data)
    bare = _COMMAND_BYTES.sub(_digits_of, data)
    return b"0" * DIGITS_MIN in bare.translate(_DIGITS_AND_ENDS, _GAP_BYTES)


def _digits_of(command: re.Match[bytes]) -> bytes:
    return command[0].translate(None, _NO_DIGITS)


def _is_exempt(digits: str, exempt: Sequence[re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(digits) for pattern in exempt)


def _compiled(exempt: Sequence[str]) -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in exempt]


def _masked(run: str, exempt: Sequence[re.Pattern[str]]) -> str:
    """Mask card numbers in a run of digits and separators: whole groups first, then any stretch of the run.

    A slip prints other figures beside the number ("4111 1111 1111 1111 0001"), so a card may start and end at any
    group; digits glued together are one group.
    """
    groups = [match.span() for match in _RUN_OF_DIGITS.finditer(run)]
    digits = [run[first:last] for first, last in groups]
    cards = cards_among(digits, lambda number: _is_exempt(number, exempt), filled_up=True)
    if not cards:
        return run
    letters = list(run)
    for first, last, noughts in cards:
        places = [at for begin, end in groups[first : last + 1] for at in range(begin, end)]
        for at in hidden_places(places[noughts:]):
            letters[at] = "*"
    return "".join(letters)


def _masked_groups(found: str, exempt: Sequence[re.Pattern[str]]) -> str:
    """Mask a number in groups as on a card, whatever blanks and commands stand between them."""
    places = [match.start() for match in _PLACES.finditer(found) if len(match.group()) == 1]
    digits = "".join([found[at] for at in places])
    if not is_card_number(digits) or _is_exempt(digits, exempt):
        return found
    letters = list(found)
    for at in hidden_places(places):
        letters[at] = "*"
    return "".join(letters)

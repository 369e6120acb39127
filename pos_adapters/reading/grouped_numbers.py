"""Card numbers in groups with anything but words between them: other marks each time, markup, frames, long commands.

Contract: pure; lengths and offsets stay. Works on bytes read as Latin-1, and on text. Groups as on a card (4-4-4-4,
4-6-5) may have any marks between them; groups of other sizes the same mark everywhere, and then all groups with it
together are exactly a number of one of the lengths that cards in use have. Figures apart in groups that stand further
apart ("4 5 3 9   5 7 8 7") are groups as on a card. In a stream the first six figures, which are never hidden, may be
given back at once; `grouped_at` says from where on the rest is to be held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from operator import methodcaller
from typing import Final, NamedTuple

from pos_adapters.reading.card_numbers import IN_USE, KEPT_HEAD, hidden_places, is_card_number
from pos_adapters.reading.card_words import names_card
from pos_adapters.reading.spread_numbers import UNSEEN, UNSEEN_BYTES
from pos_adapters.reading.torn_numbers import AREA_BYTES, LONG_BEGUN, LONG_COMMANDS, PLACE_BEGUN, PLACE_COMMAND
from pos_adapters.reading.wide_digits import BEFORE_TEXT, STYLE_COMMAND

BEGUN_BYTES_MAX: Final = 160  # of a number that the end of a stream cut: nineteen figures and the marks between them
MARKS_MAX: Final = 12  # between two groups
FIGURES_MIN: Final = 15  # of the shortest number in use
FIGURES_MAX: Final = 19
AS_ON_CARD: Final = ((4, 4, 4, 4), (4, 6, 5), (4, 4, 4, 4, 3))
_FIRST_GROUP: Final = 4
_FIRST_FIGURES: Final = "234568"

_PRINTED: Final = (
    r"[ \t\r\n!-$'-/:;=-@\[\]-`{-~\xa0\xad\xb3\xb7\xba\xff\u2010-\u203f\u2500-\u257f\u3000]"
    r"|<(?![/A-Za-z])|&(?![#A-Za-z])|%(?![2aA])|\\(?![xnrt])|\xe2[\x80\x94\x95][\x80-\xbf]|\xe3\x80\x80|\xc2[\xa0-\xbf]"
)
_MARKUP: Final = r"<[^<>\r\n]{1,24}>|&#?[0-9A-Za-z]{1,6};|%[2aA][0-9A-Fa-f]|\\x[0-9a-f]{2}|\\[nrt]"
_MARKUP_BEGUN: Final = r"<[^<>\r\n]{0,24}|&#?[0-9A-Za-z]{0,6}|%[2aA]?|\\(?:x[0-9a-f]?)?"
_JOINERS: Final = rf"{UNSEEN_BYTES}|{UNSEEN}|[\u202a-\u202e\u2066-\u2069]|\xe2\x81[\xa6-\xa9]"
_BEGUN: Final = rf"{_MARKUP_BEGUN}|[\xe2\xe3][\x80\x81\x94\x95]?|\xc2|\x1b[ !\-3EGJMRSTVadert{{]?|\x1d[!BHbfh]?"
_IS_SEEN: Final = re.compile(  # a mark on one line, not only a command, or a frame's two sides
    r"[\t -~\x80-\uffff][^\r\n]*\Z|[ ]*([|\xb3\xba\u2502\u2551])[ ]*[\r\n]+[ ]*\1[ ]*\Z"
)
_ENDS_LINE: Final = re.compile(r"[\r\n]")
_FRAME: Final = re.compile(r"[|\xb3\xba\u2502\u2551]")
_COMMAND_LEADS: Final = r"\x10\x1b-\x1d"
_LEADS: Final = ("\x10", "\x1b", "\x1c", "\x1d", "")
_LABEL_CHARACTERS: Final = 12  # a word for a card directly before a number
_HALF_MIN: Final = 4  # figures, where there are but two groups
_ENDS: Final = re.compile(rf"(?:{_BEGUN}|{PLACE_BEGUN}|{LONG_BEGUN})?\Z")
_AREA: Final = "\x1bW"
_WIDE_GAP: Final = b"s" * (MARKS_MAX + 1)
_NOUGHTS: Final = methodcaller("count", b"0")
_WORDS: Final = re.compile(rb"aa+|s{%d,}|\Z" % (MARKS_MAX + 1))
_HEAD_BYTES: Final = 12  # of a command before a number, which may have two letters beside each other
_WORDLESS: Final = (b"<", b"&", b"\x1bW")  # letters behind these may be no word: markup, an area of the page
_CLASSES: Final = bytes(
    ord("0" if byte in b"0123456789" else "s" if byte in b" " else "a" if bytes((byte,)).isalpha() else " ")
    for byte in range(256)
)


class _Grammar(NamedTuple):
    """How runs of groups are found and taken apart, for one of the printers' languages."""

    runs: re.Pattern[str]
    pieces: re.Pattern[str]


class _Group(NamedTuple):
    """Figures that stand together: where, and what stands behind them."""

    places: Sequence[int]
    mark: str


def _grammar(long_command: str) -> _Grammar:
    command = rf"{long_command}|{STYLE_COMMAND}|{PLACE_COMMAND}"
    if long_command.startswith(AREA_BYTES):
        command = rf"(?!{AREA_BYTES})(?:{command})|{long_command}"  # which is a style of Star's by its first bytes
    command = rf"(?=[{_COMMAND_LEADS}])(?:{command})"
    mark = rf"(?:{_PRINTED}|{command}|{_JOINERS}|{_MARKUP})"
    run = rf"[0-9]++(?:{mark}{{1,{MARKS_MAX}}}+[0-9]++)*+"
    heads = "|".join((*BEFORE_TEXT, command))
    return _Grammar(
        re.compile(
            rf"(?=[0-9{_COMMAND_LEADS}])(?:(?P<plain>{run})|(?:{heads})++(?P<styled>{run})?)"
            rf"(?P<behind>{mark}{{0,{MARKS_MAX}}}+)"
        ),
        re.compile(rf"([0-9]+)|{mark}"),
    )


_GRAMMARS: Final = tuple(map(_grammar, LONG_COMMANDS))


def masked_grouped_bytes(data: bytes, is_spared: Callable[[str], bool]) -> bytes:
    """Return a job's bytes with the card numbers masked whose groups have marks between them; see `masked_grouped`."""
    for first, last in _without_words(data):
        piece = data[first:last].decode("latin-1")
        masked = masked_grouped(piece, is_spared)
        if masked is not piece:
            data = data[:first] + masked.encode("latin-1") + data[last:]
    return data


def masked_grouped(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return `text` with the card numbers masked whose groups have marks between them.

    `is_spared` says which numbers are the store's own.
    """
    letters: list[str] | None = None
    for grammar in _grammars_of(text):
        for match in grammar.runs.finditer(text):
            first, last = _span(match)
            if last - first <= FIGURES_MIN or _figures(text[first:last]) < FIGURES_MIN:
                continue
            for places in _cards_among(text, _groups(text, first, last, grammar)):
                if not is_spared("".join([text[at] for at in places])):
                    letters = letters or list(text)
                    for at in hidden_places(places):
                        letters[at] = "*"
    return text if letters is None else "".join(letters)


def grouped_at(data: bytes) -> int:
    """Return from where on a number is to be held that the end of `data` may have cut; its length where none is."""
    size = len(data)
    begun = data[-BEGUN_BYTES_MAX:]
    first = 0
    if not any(map(begun.__contains__, _WORDLESS)):
        classes = begun.translate(_CLASSES)
        first = max(classes.rfind(b"aa"), classes.rfind(_WIDE_GAP), 0)
        if classes.count(b"0", first) <= KEPT_HEAD:
            return size
    tail = begun[max(first - _HEAD_BYTES, 0) :].decode("latin-1")
    return min(_begun_at(tail, grammar) for grammar in _grammars_of(tail)) + size - len(tail)


def _without_words(data: bytes) -> list[tuple[int, int]]:
    """Return where figures enough for a card stand with no word between them: mostly nowhere."""
    if any(map(data.__contains__, _WORDLESS)):
        return [(0, len(data))]
    classes = data.translate(_CLASSES)
    if max(map(_NOUGHTS, classes.split(b"aa"))) < FIGURES_MIN:
        return []
    found, first = list[tuple[int, int]](), 0
    for word in _WORDS.finditer(classes):
        if word.start() - first > FIGURES_MIN and classes.count(b"0", first, word.start()) >= FIGURES_MIN:
            found.append((max(first - _HEAD_BYTES, 0), word.start()))
        first = word.end()
    return found


def _grammars_of(text: str) -> Sequence[_Grammar]:
    return _GRAMMARS if _AREA in text else _GRAMMARS[:1]


def _begun_at(tail: str, grammar: _Grammar) -> int:
    """Return where the seventh figure stands of the first number that may go on behind `tail`; its length for none."""
    for match in grammar.runs.finditer(tail):
        first, last = _span(match)
        if last - first <= KEPT_HEAD or _ENDS.match(tail, match.end()) is None:
            continue
        groups = _groups(tail, first, last, grammar)
        if match["behind"]:
            groups[-1] = groups[-1]._replace(mark=match["behind"])
        for found in (groups, _gathered(groups)):
            for at, group in enumerate(found):
                if tail[group.places[0]] in _FIRST_FIGURES and _may_go_on(found[at:]):
                    places = [place for each in found[at:] for place in each.places]
                    if len(places) > KEPT_HEAD:
                        return places[KEPT_HEAD]
    return len(tail)


def _may_go_on(groups: Sequence[_Group]) -> bool:
    """Whether groups are the beginning of a number's."""
    sizes = [len(group.places) for group in groups]
    is_ended = bool(groups[-1].mark)
    for layout in AS_ON_CARD:
        if len(sizes) <= len(layout) and sizes[:-1] == list(layout[: len(sizes) - 1]):
            usual = layout[len(sizes) - 1]
            if sizes[-1] == usual or (sizes[-1] < usual and not is_ended):
                return True
    mark = groups[0].mark
    if sum(sizes) > FIGURES_MAX:
        return False
    if all(group.mark[:1] in _LEADS for group in groups):
        return True  # torn by commands: such numbers are found elsewhere, whatever the sizes of their pieces
    return (
        all(group.mark == mark for group in groups[:-1])
        and mark.startswith(groups[-1].mark)
        and (_IS_SEEN.match(mark) is not None or not _ENDS_LINE.search(mark) or _FRAME.search(mark) is not None)
    )


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Return where a run stands; nowhere for a command with no figure behind it."""
    if match["plain"]:
        return match.span("plain")
    return match.span("styled") if match["styled"] else (0, 0)


def _figures(text: str) -> int:
    return sum(map(text.count, "0123456789"))


def _groups(text: str, first: int, last: int, grammar: _Grammar) -> list[_Group]:
    """Return the groups of a run."""
    spans = [piece.span() for piece in grammar.pieces.finditer(text, first, last) if piece[1]]
    ends = [*(span[0] for span in spans[1:]), last]
    return [_Group(range(*span), text[span[1] : end]) for span, end in zip(spans, ends, strict=True)]


def _gathered(groups: Sequence[_Group]) -> list[_Group]:
    """Return groups made of figures that stand alone, where there are such: what stands nearest is a group."""
    alone = [one.mark for one, other in pairwise(groups) if len(one.places) == len(other.places) == 1]
    if not alone:
        return []
    nearest = min(alone, key=len)
    gathered: list[_Group] = []
    places = list[int]()
    for group in groups:
        if places and len(group.places) > 1:
            gathered.append(_Group(places, nearest))
            places = []
        places += group.places
        if len(group.places) > 1 or group.mark != nearest:
            gathered.append(_Group(places, group.mark))
            places = []
    return [*gathered, _Group(places, nearest)] if places else gathered


def _cards_among(text: str, groups: Sequence[_Group]) -> Iterator[Sequence[int]]:
    """Yield the places of numbers that groups make up."""
    for found in (groups, _gathered(groups)):
        sizes = [len(group.places) for group in found]
        for first, size in enumerate(sizes):
            if size != _FIRST_GROUP or text[found[first].places[0]] not in _FIRST_FIGURES:
                continue
            for layout in AS_ON_CARD:
                if tuple(sizes[first : first + len(layout)]) == layout:
                    yield from _card(text, found[first : first + len(layout)])
    yield from _evenly_divided(text, groups)


def _evenly_divided(text: str, groups: Sequence[_Group]) -> Iterator[Sequence[int]]:
    """Yield the places of numbers that all groups make up which have the same mark between them."""
    first = 0
    while first < len(groups) - 1:
        mark, last = groups[first].mark, first + 1
        while last < len(groups) - 1 and groups[last].mark == mark:
            last += 1
        figures = sum([len(group.places) for group in groups[first : last + 1]])
        of_two = last == first + 1
        if (
            FIGURES_MIN <= figures <= FIGURES_MAX
            and not (of_two and not _are_halves(text, groups[first], groups[last]))
            and _IS_SEEN.match(mark)
        ):
            yield from _card(text, groups[first : last + 1])
        first = last


def _are_halves(text: str, first: _Group, last: _Group) -> bool:
    """Whether two groups may be a number's: beside a slash, as numbers of papers and addresses have, a word says so."""
    if min(len(first.places), len(last.places)) < _HALF_MIN:
        return False
    at = first.places[0]
    return first.mark.strip() != "/" or names_card().search(text, max(at - _LABEL_CHARACTERS, 0), at) is not None


def _card(text: str, groups: Sequence[_Group]) -> Iterator[Sequence[int]]:
    places = [at for group in groups for at in group.places]
    digits = "".join([text[at] for at in places])
    if IN_USE.fullmatch(digits) and is_card_number(digits):
        yield places

"""Breaking a text into lines of a printer's width: between words; within a word only when it fits no line at all.

A word too long for any line is broken after a hyphen or slash that it has, else where a syllable may end, with a
hyphen and at least three letters on each side. A no-break space (U+00A0) keeps words together, and so does "15 %".
"""

from __future__ import annotations

import re

from receipt.printable import columns_of

_VOWELS = frozenset(
    "aeiouyäöüáéíóúàèìòùâêîôûåæøAEIOUYÄÖÜаеёиоуыэюяіїєАЕЁИОУЫЭЮЯІЇЄ"  # noqa: RUF001 - Cyrillic letters are meant
)

_LETTERS_KEPT_TOGETHER = 3
"""Fewer than three letters of a word alone on a line cannot be read as part of it."""

_BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")
_AFTER = re.compile(r"(?<=[-/_.,;:@&=?+])")


def wrapped(text: str, columns: int) -> list[str]:
    """Return the lines of one paragraph, none wider than `columns`; a text of spaces gives one empty line."""
    words = _words(text)
    lines: list[str] = []
    line, used = "", 0
    for word in words:
        width = columns_of(word)
        if used + width + (used > 0) <= columns:
            line = f"{line} {word}" if used else word
            used += width + (used > 0)
        elif width <= columns:
            lines.append(line)
            line, used = word, width
        else:
            *full, line = _broken(word, columns, first=columns - used - 1 if used else columns, before=line)
            lines.extend(full)
            used = columns_of(line)
    lines.append(line)
    return [each.replace("\u00a0", " ") for each in lines]


def balanced(text: str, columns: int) -> list[str]:
    """Return the lines of a centred paragraph: as few as `wrapped` gives, and as even, so that no word ends alone."""
    widths = [columns_of(word) for word in _words(text)]
    longest = max(widths, default=0)
    if sum(widths) + len(widths) - 1 <= columns or longest > columns:
        return wrapped(text, columns)
    wanted = _count_lines(widths, columns)
    low, high = max(longest, columns // 2), columns
    while low < high:
        middle = (low + high) // 2
        if _count_lines(widths, middle) == wanted:
            high = middle
        else:
            low = middle + 1
    return wrapped(text, high)


def _count_lines(widths: list[int], columns: int) -> int:
    lines, used = 1, -1
    for width in widths:
        used += 1 + width
        if used > columns:
            lines += 1
            used = width
    return lines


def fits(text: str, columns: int) -> bool:
    """Return whether no word of a text would have to be broken at this width."""
    return all(columns_of(word) <= columns for word in _words(text))


def _words(text: str) -> list[str]:
    return [word for word in _BEFORE_PERCENT.sub("\u00a0", text).split(" ") if word]


def _broken(word: str, columns: int, *, first: int, before: str) -> list[str]:
    """Return the lines that a word too long for any line makes, `before` being on the first of them already."""
    lines = []
    room = first
    line = f"{before} " if before else ""
    while columns_of(word) > room:
        head = _head(word, room)
        if not head and line:
            lines.append(line.rstrip(" "))
            line, room = "", columns
            continue
        head = head or _longest_prefix(word, room)
        rest = word[len(head) :]
        hyphen = "-" if head[-1].isalpha() and rest[:1].isalpha() and columns_of(head) < room else ""
        lines.append(f"{line}{head}{hyphen}")
        word, line, room = rest, "", columns
    return [*lines, f"{line}{word}"]


def _head(word: str, room: int) -> str:
    """Return the longest beginning of a word that may stand at a line's end with a hyphen, empty when there is none."""
    natural = [word[: match.start()] for match in _AFTER.finditer(word) if 0 < match.start() < len(word)]
    fitting = [head for head in natural if columns_of(head) <= room and len(head) >= _LETTERS_KEPT_TOGETHER]
    if fitting:
        return fitting[-1]
    longest = len(_longest_prefix(word, room - 1))
    for end in range(min(longest, len(word) - _LETTERS_KEPT_TOGETHER), _LETTERS_KEPT_TOGETHER - 1, -1):
        if _may_break(word, end):
            return word[:end]
    return ""


def _may_break(word: str, end: int) -> bool:
    """Return whether a syllable may end before `end`: a vowel behind it and, ahead, a consonant with its vowel."""
    letters = word[end - 3 : end + 3]
    if not letters.isalpha():
        return False
    has_vowel_behind = word[end - 1] in _VOWELS or word[end - 2] in _VOWELS
    return has_vowel_behind and word[end] not in _VOWELS and word[end + 1] in _VOWELS


def _longest_prefix(word: str, room: int) -> str:
    taken = 0
    for place, character in enumerate(word):
        taken += columns_of(character)
        if taken > room and place > 0:
            return word[:place]
    return word

"""Which of a printer's code pages can say a text: the bytes to send, page by page.

`ESC t n` means another page on every make of printer, so the pages come from the printer's model and from nowhere
else. Only single-byte pages that keep ASCII are used: in those no byte of a visible character is below 0x20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import groupby
from types import MappingProxyType

from receipt.code_pages import UNDEFINED, single_byte
from receipt.printable import simpler

_CODECS_KEPT = 128
"""More code pages than all known printer models have together (70)."""

_UPPER_HALF = 0x80
_ASCII = slice(0x20, 0x7F)

Run = tuple[int | None, bytes]
"""A page's number (None: any page will do) and bytes in it."""


class PageChoice:
    """The code pages of one printer model, turned round: from a character to its byte in each page.

    They are turned when first asked about: a slip in plain ASCII asks for none.
    """

    def __init__(self, code_pages: Mapping[int, str]) -> None:
        self._code_pages = code_pages

    @cached_property
    def _pages(self) -> dict[int, Mapping[str, int]]:
        return {number: table for number, codec in self._code_pages.items() if (table := _upper_half(codec))}

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the pages that can be used, in the model's order."""
        return tuple(self._pages)

    def runs(self, text: str, *, current: int | None) -> list[Run] | None:
        """Return the bytes of a printable text, in as few pages as will do; None when the printer cannot say it."""
        if text.isascii():
            return [(None, text.encode("ascii"))]
        return self._runs(text, current)

    def spoken(self, text: str, *, lossy: bool) -> str:
        """Return a text as the printer can say it: typographic characters as plain ones where no page has them.

        `lossy`: what no page has becomes `?`; else such a text comes back as it is, for somebody to draw.
        """
        if self.runs(text, current=None) is not None:
            return text
        plain = "".join(each if self._has(each) else simpler(each) for each in text)
        if not lossy:
            return text if self.runs(plain, current=None) is None else plain
        return "".join(each if self._has(each) else "?" for each in plain)

    def _has(self, character: str) -> bool:
        return character.isascii() or any(character in page for page in self._pages.values())

    def _runs(self, text: str, current: int | None) -> list[Run] | None:
        order = sorted(self._pages, key=lambda number: number != current)
        for number in order:
            said = _said(text, self._pages[number])
            if said is not None:
                return [(number, said)]
        chosen = list(self._one_by_one(text, order))
        if any(page is None for page, _character in chosen):
            return None
        return [
            (number, _said("".join(character for _page, character in group), self._pages[number]) or b"")
            for number, group in groupby(chosen, key=lambda pair: pair[0])
            if number is not None
        ]

    def _one_by_one(self, text: str, order: list[int]) -> Iterator[tuple[int | None, str]]:
        """Yield a page for each character, staying on a page as long as it serves; None where none does."""
        page: int | None = order[0] if order else None
        for character in text:
            if not (page is not None and _has(self._pages[page], character)):
                page = next((number for number in order if _has(self._pages[number], character)), None)
            yield page, character


def _has(page: Mapping[str, int], character: str) -> bool:
    return character.isascii() or character in page


def _said(text: str, page: Mapping[str, int]) -> bytes | None:
    try:
        return bytes(ord(character) if character.isascii() else page[character] for character in text)
    except KeyError:
        return None


@lru_cache(maxsize=_CODECS_KEPT)
def _upper_half(codec: str) -> Mapping[str, int]:
    """Return the characters of a page's upper half and their bytes; nothing when it is no page we can use."""
    page = single_byte(codec) or ""
    if page[_ASCII] != bytes(range(_ASCII.start, _ASCII.stop)).decode("ascii"):
        return MappingProxyType({})
    return MappingProxyType(
        {
            character: byte
            for byte, character in reversed(list(enumerate(page)))
            if byte >= _UPPER_HALF and character != UNDEFINED and not character.isascii() and _is_shown(character)
        }
    )


def _is_shown(character: str) -> bool:
    return character.isprintable() or character == "\u00a0"

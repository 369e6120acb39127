"""A print head's settings: how the next characters look, where they may stand and how their bytes are read.

Contract: a `PrintHead` is told what a printer is told and never raises; `layout.Typesetter` prints with it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from receipt.code_pages import Encoding
from receipt.page_repair import unknown_page
from receipt.paper import NORMAL, Style
from receipt.printers import PrinterModel

UNNAMED_DOTS_MAX: Final = 832  # a printer nobody named may be as wide as a 4-inch one if the till says so
TURNED_DOTS: Final = 24  # from one character to the next where each is turned (ESC V): their height
TURNED_B_DOTS: Final = 18
_FONT_B: Final = 1


@cache
def _restyled(style: Style, name: str, value: Any) -> Style:
    return Style(**({each: getattr(style, each) for each in style.__slots__} | {name: value}))


class PrintHead:
    """See the module's contract. The attributes are the settings."""

    def __init__(self, model: PrinterModel) -> None:
        self.model = model
        self._font_b_dots = model.dots // model.columns_b
        self._eight_bit_kanji = False
        self.numbers_chosen: set[int] = set()  # of code pages, by the job so far
        self.reset()

    def reset(self) -> None:
        """Go back to the settings of a printer just switched on; what is printed stays."""
        self.encoding = Encoding(self.model.code_pages.get(0, "cp437"), 0, self.model.double_byte)
        self.style = NORMAL
        self.font_dots = self.model.cell_dots
        self.spacing = 0
        self.cell = self.font_dots
        self.justification = 0
        self._line_justification = 0
        self.margin = 0
        self.width: int | None = None
        self.tabs: tuple[int, ...] | None = None
        self.area = self.model.dots
        self._kanji_codec = self._other_kanji = self.model.double_byte or "gb18030"

    def restyle(self, **changes: Any) -> None:
        """Change how the next characters look (names of `Style`)."""
        style = self.style
        for name, value in changes.items():
            style = _restyled(style, name, value)
        if style is not self.style:
            self.style = style
            if style.rotated:
                self.font_dots = TURNED_B_DOTS if style.font == _FONT_B else TURNED_DOTS
            else:
                self.font_dots = self._font_b_dots if style.font == _FONT_B else self.model.cell_dots
            self.space(self.spacing)

    def space(self, dots: int) -> None:
        """Set the gap at the right of each character."""
        self.spacing = dots
        self.cell = (self.font_dots + dots) * (self.style.height if self.style.rotated else self.style.width)

    def frame(self, *, margin: int | None = None, width: int | None = None) -> None:
        """Set the left margin and the width of the print area, where the till says so."""
        self.margin = self.margin if margin is None else margin
        self.width = self.width if width is None else width
        dots = self.model.dots if self.model.vendor != "Generic" else max(self.model.dots, UNNAMED_DOTS_MAX)
        if self.width is None:
            self.area = max(self.model.dots - self.margin, self.cell)
        else:
            self.area = max(min(self.width, dots - self.margin), self.cell)

    @property
    def encoding(self) -> Encoding:
        """How the next bytes are to be read, as the till declared it."""
        return self._encoding

    @encoding.setter
    def encoding(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._ascii_is_plain = encoding.ascii_is_plain
        self._table: str | None = None  # of the page, once it is beyond doubt and has one byte a character

    def select_page(self, number: int, codec: str | None) -> None:
        """Choose a code page by its number; `codec` is what the model says of it, None when it does not know."""
        self.numbers_chosen.add(number)
        self.encoding = self.encoding._replace(codec=codec or unknown_page(number))

    def kanji_system(self, codec: str) -> None:
        """Choose how ideographs are written: `cp932` is known by its first bytes, `jis` only when switched on."""
        self._kanji_codec = codec
        on = codec != "jis" or self.encoding.double_byte == "jis"
        self.encoding = self.encoding._replace(double_byte=codec if on else None)

    def ideographs(self, *, on: bool) -> None:
        """Switch double-byte characters on or off."""
        self.encoding = self.encoding._replace(double_byte=self._kanji_codec if on else None)

    def _kanji_of(self, data: bytes, declared: Encoding) -> Encoding:
        """Return the ideographs meant: one that has printed pairs of eight bits knows none of seven (`FS C 0`)."""
        if not data.isascii():
            self._eight_bit_kanji = True
        if declared.double_byte != "jis" or not self._eight_bit_kanji:
            return declared
        self.encoding = declared._replace(double_byte=self._other_kanji)
        return self.encoding

"""What a print job has put on paper: lines as seen, codes, images, and where each document begins and ends.

Contract: values only. A `Paper` is one document, from one cut to the next. Columns count cells of the line's own
widest font; a character of double width fills two cells (`"A "`), an ideograph two of its own. Single-line borders
read `-`, `|` and `+` in `text` whatever the code page drew, so that a line reads alike from every make; the spans
keep what was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple


class PaperEnd(Enum):
    """Why a document ended."""

    CUT = "cut"
    RESET = "reset"  # ESC @ after content: a till that has no cutter begins its next receipt so
    CLOSE = "close"  # the job ended
    SILENCE = "silence"  # the register said nothing for so long that the job is taken for ended


class Language(Enum):
    """The command language a job was found to speak."""

    ESCPOS = "escpos"
    STAR = "star"
    TEXT = "text"  # no command at all


class Symbology(Enum):
    """What a printed code is, by the names that scanners and our configuration use."""

    AZTEC = "aztec"
    CODABAR = "codabar"
    CODE39 = "code39"
    CODE93 = "code93"
    CODE128 = "code128"
    COMPOSITE = "composite"
    DATABAR = "databar"
    DATAMATRIX = "datamatrix"
    EAN13 = "ean13"
    EAN8 = "ean8"
    ITF = "itf"
    MAXICODE = "maxicode"
    PDF417 = "pdf417"
    QR = "qr"
    UPCA = "upca"
    UPCE = "upce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How characters look."""

    width: int = 1  # times a single character
    height: int = 1
    font: int = 0  # 0 = A, 1 = B, ...
    bold: bool = False
    underline: bool = False
    inverted: bool = False  # white on black
    rotated: bool = False  # a quarter turn clockwise
    upside_down: bool = False
    drawn_set: int = 0  # the till's own drawings of characters: the n-th of the paper's `drawn_sets`, 0 for none


NORMAL: Final = Style()


class DrawnCharacter(NamedTuple):
    """A character drawn by the till: rows of bits, most significant first, 1 is black."""

    width_dots: int
    height_dots: int
    rows: bytes


class Span(NamedTuple):
    """Characters of one style, where they stand on their line (a tuple: they are made while a receipt streams in)."""

    x_dots: int
    cell_dots: int  # from one cell to the next, magnification included
    text: str
    style: Style


class PaperLine(NamedTuple):
    """One printed line; `offset` is where in the job its first byte stands (a tuple for the same reason)."""

    text: str
    spans: tuple[Span, ...] = ()
    offset: int = 0

    @property
    def plain(self) -> str:
        """The line's words without the gaps of wide printing: `T O T A L` in double width reads `TOTAL`."""
        for span in self.spans:
            if span.style.width != 1:
                return self._narrowed()
        return self.text

    def _narrowed(self) -> str:
        pieces: list[str] = []
        end = 0
        for span in self.spans:
            gap = round((span.x_dots - end) / span.cell_dots) if span.cell_dots else 0
            pieces.append(" " * max(gap, 0) + span.text)
            end = span.x_dots + span.cell_dots * len(span.text)
        return "".join(pieces).rstrip()

    @property
    def height(self) -> int:
        """The height of the line's tallest characters, in single characters."""
        return max((span.style.height for span in self.spans), default=1)

    @property
    def bold(self) -> bool:
        """Whether everything on the line is bold."""
        return bool(self.spans) and all(span.style.bold for span in self.spans)


def plain_texts(lines: Iterable[PaperLine]) -> list[str]:
    """Return `plain` of each line; most are of one span in the usual style, and somebody waits for them."""
    return [
        line.text if not line.spans or (line.spans[0].style is NORMAL and len(line.spans) == 1) else line.plain
        for line in lines
    ]


class PagePlace(NamedTuple):
    """Where something stands on a page (page mode), in dots, before the page is turned to be read.

    `x` runs along the direction of writing and `y` across it, from the corner of the area where writing begins.
    """

    page: int  # the n-th of the paper's `pages`, from 0
    direction: int  # of writing: 0 left to right, 1 upwards, 2 upside down, 3 downwards
    x: int
    y: int
    on_base: bool  # `y` is where the foot stands, else where the head does
    area: tuple[int, int, int, int]  # on the page: left, top, width, height

    def box(self, width: int, height: int, *, foot: int) -> tuple[int, int, int, int]:
        """Return left, top, width and height on the page of what is so large; its foot is so far below its head."""
        x, y = self.x, max(0, self.y - foot) if self.on_base else self.y
        left, top, across, down = self.area
        match self.direction:
            case 1:
                return left + y, top + down - x - width, height, width
            case 2:
                return left + across - x - width, top + down - y - height, width, height
            case 3:
                return left + across - y - height, top + x, height, width
            case _:
                return left + x, top + y, width, height


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPage:
    """A page of page mode: before which line it stands, how many of the paper's lines are its own, and where."""

    line: int
    lines: int
    offset: int
    height_dots: int  # of the areas that the till chose; what stands below them makes it longer
    texts: tuple[tuple[PagePlace, PaperLine], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedCode:
    """A barcode or two-dimensional code, and before which line it stands."""

    symbology: Symbology
    data: str
    line: int
    offset: int = 0
    module_dots: int = 3
    height_dots: int = 162
    justification: int = 0
    readable: bool = False  # its characters are printed beside it
    place: PagePlace | None = None  # in page mode


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedImage:
    """A raster image, and before which line it stands: rows of bits, most significant first, 1 is black."""

    width_dots: int
    height_dots: int
    rows: bytes
    line: int
    x_dots: int = 0
    offset: int = 0
    place: PagePlace | None = None  # in page mode


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFeed:
    """Paper left blank by dots (`ESC J`), beyond the whole lines among the paper's lines, and before which line."""

    dots: int
    line: int
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One document. `start` and `end` are byte offsets in the job; the cut's own bytes lie before `end`."""

    lines: tuple[PaperLine, ...] = ()
    codes: tuple[PrintedCode, ...] = ()
    pictures: tuple[PrintedImage, ...] = ()
    feeds: tuple[PrintedFeed, ...] = ()
    pages: tuple[PrintedPage, ...] = ()
    drawn_sets: tuple[Mapping[str, DrawnCharacter], ...] = ()
    language: Language = Language.ESCPOS
    model: str = "generic-80mm"
    start: int = 0
    end: int = 0
    ended_by: PaperEnd = PaperEnd.CLOSE
    in_page_mode: bool = False
    transparent: bool = False  # a command that we do not know was seen: what stands here may be incomplete
    mid_macro: bool = False
    mid_payload: bool = False  # the document was ended while a command or an image was coming
    at_line_start: bool = True
    drawer_opened: bool = False

    @property
    def images(self) -> bool:
        """Whether something was printed as dots, which no reader of text can see."""
        return bool(self.pictures)

    @property
    def insertable(self) -> bool:
        """Whether a block of ours may go before this document's cut."""
        return self.at_line_start and not (
            self.in_page_mode or self.transparent or self.mid_macro or self.mid_payload or self.blank
        )

    @property
    def text(self) -> tuple[str, ...]:
        """The lines as seen, right-trimmed."""
        return tuple(line.text for line in self.lines)

    @property
    def blank(self) -> bool:
        """Whether nothing at all was printed: a drawer kick, settings, a feed."""
        return not (self.codes or self.pictures or any(line.text for line in self.lines))

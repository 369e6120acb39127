"""Where everything stands on the picture of a receipt: papers turned into placed items.

Contract: pure. `scene(papers, dots=...)` returns items with absolute positions in printer dots, from the top; PNG and
SVG draw the same scene. Line heights are a printer's: 24 dots a character times its height, 6 dots of gap, none
between lines that are drawn with borders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from receipt.paper import DrawnCharacter, Paper, PaperLine, PrintedCode, PrintedFeed, PrintedImage, Span, Symbology
from receipt.render.barcodes import bars
from receipt.render.matrix_codes import matrix

MARGIN_DOTS: Final = 24
CELL_HEIGHT: Final = 24
GAP_DOTS: Final = 6
CUT_DOTS: Final = 48
READABLE_DOTS: Final = 26  # the characters below a barcode
LABEL_CELL_DOTS: Final = 9  # of the small characters that explain
BOXED_LINES_MAX: Final = 60  # of a code that cannot be drawn: the longest QR code's 3,000 characters on 58 mm
QUIET_MODULES: Final = 10
PICTURE_DOTS_MAX: Final = 60_000  # 7.5 m of paper: more is an attack on memory


@dataclass(frozen=True, slots=True, kw_only=True)
class TextItem:
    """A run of characters; `x` and `y` are its upper left corner."""

    x: int
    y: int
    span: Span
    drawn: Mapping[str, DrawnCharacter] | None = None  # by the till itself


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageItem:
    """A bit image; one of no size is an image stored in the printer, which nobody but the printer knows."""

    x: int
    y: int
    image: PrintedImage


@dataclass(frozen=True, slots=True, kw_only=True)
class GridItem:
    """A code drawn as modules: rows of `1` and `0`, each `across` by `down` dots."""

    x: int
    y: int
    rows: tuple[str, ...]
    across: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelItem:
    """Small characters that explain: below a barcode, in place of a code or logo that cannot be drawn."""

    x: int
    y: int
    width: int
    height: int
    text: str
    framed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CutItem:
    """Where the paper is cut."""

    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """Paper left blank: nothing to draw."""


Item = TextItem | ImageItem | GridItem | LabelItem | CutItem | FeedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The picture: its size in dots and what stands on it."""

    width: int
    height: int
    items: tuple[Item, ...]


def scene(papers: Sequence[Paper], *, dots: int) -> Scene:
    """Place what papers hold on one strip of a printer's width."""
    items: list[Item] = []
    width = max([dots, *(_widest(paper) for paper in papers)]) + 2 * MARGIN_DOTS
    y = MARGIN_DOTS
    for index, paper in enumerate(papers):
        if index:
            items.append(CutItem(y=y + CUT_DOTS // 2))
            y += CUT_DOTS
        for item, height in _placed(paper, y, dots):
            items.append(item)
            y = max(y, height)
            if y > PICTURE_DOTS_MAX:
                return Scene(width=width, height=PICTURE_DOTS_MAX, items=tuple(items))
    return Scene(width=width, height=y + MARGIN_DOTS, items=tuple(items))


def _widest(paper: Paper) -> int:
    spans = (span for line in paper.lines for span in line.spans)
    ends = [span.x_dots + span.cell_dots * len(span.text.rstrip()) for span in spans]
    return max([0, *ends, *(image.x_dots + image.width_dots for image in paper.pictures)])


def _placed(paper: Paper, y: int, dots: int) -> Iterator[tuple[Item, int]]:
    """Yield each item with the height that the paper has reached after it."""
    printed: list[PrintedCode | PrintedImage] = [*paper.codes, *paper.pictures]
    last = max((each.offset for each in printed), default=-1)
    feeds = [each for each in paper.feeds if each.line < len(paper.lines) or each.offset < last]
    others = sorted([*printed, *feeds], key=lambda each: (each.line, each.offset))
    for index in range(len(paper.lines) + 1):
        while others and (others[0].line <= index or index == len(paper.lines)):
            each = others.pop(0)
            for item, bottom in _other(each, y, dots):
                yield item, bottom
                y = max(y, bottom)
        if index < len(paper.lines):
            line = paper.lines[index]
            height = CELL_HEIGHT * line.height
            bottom = y + height + (0 if _bordered(line) else GAP_DOTS)
            for span in line.spans:
                down = height - CELL_HEIGHT * span.style.height
                drawn = paper.drawn_sets[span.style.drawn_set - 1] if span.style.drawn_set else None
                yield TextItem(x=MARGIN_DOTS + span.x_dots, y=y + down, span=span, drawn=drawn), bottom
            if not line.spans:
                yield FeedItem(), bottom
            y = bottom


def _other(each: PrintedCode | PrintedImage | PrintedFeed, y: int, dots: int) -> Iterator[tuple[Item, int]]:
    if isinstance(each, PrintedFeed):
        yield FeedItem(), y + each.dots
    elif isinstance(each, PrintedImage):
        yield from _image(each, y)
    else:
        yield from _code(each, y, dots)


def _bordered(line: PaperLine) -> bool:
    return any("\u2500" <= character <= "\u257f" for span in line.spans for character in span.text)


def _image(image: PrintedImage, y: int) -> Iterator[tuple[Item, int]]:
    if image.width_dots:
        yield ImageItem(x=MARGIN_DOTS + image.x_dots, y=y, image=image), y + image.height_dots
    else:
        label = LabelItem(x=MARGIN_DOTS + 8, y=y, width=200, height=48, text="[stored image]", framed=True)
        yield label, y + label.height + GAP_DOTS


def _code(code: PrintedCode, y: int, dots: int) -> Iterator[tuple[Item, int]]:
    rows = _modules(code)
    if not rows:
        yield from _boxed(f"{code.symbology.value}: {code.data}", y, dots)
        return
    stacked = len(rows) > 1
    across = 1 if code.symbology is Symbology.MAXICODE else code.module_dots  # whose modules are drawn dot by dot
    while across > 1 and len(rows[0]) * across > dots:
        across -= 1
    down = across if stacked else code.height_dots
    width = len(rows[0]) * across
    quiet = GAP_DOTS + 4 * across if stacked else GAP_DOTS
    rest = max(0, dots - width)
    x = MARGIN_DOTS + (0, rest // 2, rest)[code.justification]
    bottom = y + quiet + len(rows) * down
    yield GridItem(x=x, y=y + quiet, rows=rows, across=across, down=down), bottom + quiet
    if code.readable:
        label = LabelItem(x=x, y=bottom + 2, width=width, height=READABLE_DOTS, text=code.data, framed=False)
        yield label, bottom + READABLE_DOTS + GAP_DOTS


def _modules(code: PrintedCode) -> tuple[str, ...]:
    if code.symbology is Symbology.QR:
        return _qr_rows(code.data)
    drawn = bars(code.symbology, code.data)
    return (drawn,) if drawn else matrix(code.symbology, code.data) or ()


def _boxed(text: str, y: int, dots: int) -> Iterator[tuple[Item, int]]:
    """Tell in a frame what stands on paper and cannot be drawn here: its kind, and all that it says."""
    room = max(1, (dots - 2 * GAP_DOTS) // LABEL_CELL_DOTS)
    lines = [text[at : at + room] for at in range(0, len(text), room)][:BOXED_LINES_MAX]
    height = READABLE_DOTS * len(lines) + 2 * GAP_DOTS
    yield LabelItem(x=MARGIN_DOTS, y=y, width=dots, height=height, text="", framed=True), y + height + GAP_DOTS
    for number, line in enumerate(lines):
        top = y + GAP_DOTS + number * READABLE_DOTS
        label = LabelItem(x=MARGIN_DOTS, y=top, width=dots, height=READABLE_DOTS, text=line, framed=False)
        yield label, y + height + GAP_DOTS


def _qr_rows(data: str) -> tuple[str, ...]:
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415 - heavy, and only pictures need it
    from qrcode.exceptions import DataOverflowError  # noqa: PLC0415
    from qrcode.main import QRCode  # noqa: PLC0415

    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(data.encode("utf-8"))
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError):
        return ()
    return tuple("".join("1" if module else "0" for module in row) for row in code.get_matrix())

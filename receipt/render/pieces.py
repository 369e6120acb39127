"""One line, code, image or feed as items for a picture, from where it begins down. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from receipt.paper import DrawnCharacter, PaperLine, PrintedCode, PrintedFeed, PrintedImage, Symbology
from receipt.render.barcodes import bars
from receipt.render.items import (
    CELL_HEIGHT,
    LABEL_CELL_DOTS,
    FeedItem,
    GridItem,
    ImageItem,
    Item,
    LabelItem,
    TextItem,
    span_dots,
)
from receipt.render.matrix_codes import matrix

GAP_DOTS: Final = 6
READABLE_DOTS: Final = 26  # the characters below a barcode
BOXED_LINES_MAX: Final = 60  # of a code that cannot be drawn: the longest QR code's 3,000 characters on 58 mm

DrawnSets = Sequence[Mapping[str, DrawnCharacter]]


def line_items(line: PaperLine, x: int, y: int, *, drawn_sets: DrawnSets) -> Iterator[tuple[Item, int]]:
    """Yield a line's characters, each with where the line ends; its left edge is at `x`."""
    height = line_dots(line)
    bottom = y + height + (0 if _bordered(line) else GAP_DOTS)
    for span in line.spans:
        drawn = drawn_sets[span.style.drawn_set - 1] if span.style.drawn_set else None
        yield TextItem(x=x + span.x_dots, y=y + height - span_dots(span), span=span, drawn=drawn), bottom
    if not line.spans:
        yield FeedItem(), bottom


def line_dots(line: PaperLine) -> int:
    """Return the height of a line's characters."""
    return max(map(span_dots, line.spans), default=CELL_HEIGHT)


def feed_items(feed: PrintedFeed, y: int) -> Iterator[tuple[Item, int]]:
    """Yield paper left blank."""
    yield FeedItem(), y + feed.dots


def _bordered(line: PaperLine) -> bool:
    return any("\u2500" <= character <= "\u257f" for span in line.spans for character in span.text)


def image_items(image: PrintedImage, x: int, y: int) -> Iterator[tuple[Item, int]]:
    """Yield an image whose left edge is at `x`, with where it ends."""
    if image.width_dots and not image.height_dots:
        yield FeedItem(), y  # its rows never came
    elif image.width_dots:
        yield ImageItem(x=x, y=y, image=image), y + image.height_dots
    else:
        label = LabelItem(x=x + 8, y=y, width=200, height=48, text="[stored image]", framed=True)
        yield label, y + label.height + GAP_DOTS


def code_items(code: PrintedCode, x: int, y: int, *, dots: int) -> Iterator[tuple[Item, int]]:
    """Yield a code, justified between `x` and `dots` further right, with where it ends, quiet zones included."""
    grid = grid_of(code, dots=dots)
    if grid is None:
        yield from _boxed(f"{code.symbology.value}: {code.data}", x, y, dots=dots)
        return
    quiet = GAP_DOTS + 4 * grid.across if grid.is_stacked else GAP_DOTS
    rest = max(0, dots - grid.width)
    x += (0, rest // 2, rest)[code.justification]
    bottom = y + quiet + grid.height
    yield grid.at(x, y + quiet), bottom + quiet
    if code.readable:
        yield readable_below(code, grid, x=x, bottom=bottom), bottom + READABLE_DOTS + GAP_DOTS


class Grid(NamedTuple):
    """A code's modules and how many dots each has."""

    rows: tuple[str, ...]
    across: int
    down: int

    @property
    def is_stacked(self) -> bool:
        """Whether it has more than one row."""
        return len(self.rows) > 1

    @property
    def width(self) -> int:
        """Dots from left to right."""
        return len(self.rows[0]) * self.across

    @property
    def height(self) -> int:
        """Dots from top to bottom."""
        return len(self.rows) * self.down

    def at(self, x: int, y: int) -> GridItem:
        """Return it with its upper left corner at a place."""
        return GridItem(x=x, y=y, rows=self.rows, across=self.across, down=self.down)


def grid_of(code: PrintedCode, *, dots: int) -> Grid | None:
    """Return a code as modules no wider than `dots`, None where it cannot be drawn."""
    rows = _modules(code)
    if not rows:
        return None
    across = 1 if code.symbology is Symbology.MAXICODE else code.module_dots  # whose modules are drawn dot by dot
    while across > 1 and len(rows[0]) * across > dots:
        across -= 1
    return Grid(rows, across, across if len(rows) > 1 else code.height_dots)


def readable_below(code: PrintedCode, grid: Grid, *, x: int, bottom: int) -> LabelItem:
    """Return a code's characters, printed below it."""
    return LabelItem(x=x, y=bottom + 2, width=grid.width, height=READABLE_DOTS, text=code.data, framed=False)


def _modules(code: PrintedCode) -> tuple[str, ...]:
    if code.symbology is Symbology.QR:
        return _qr_rows(code.data)
    drawn = bars(code.symbology, code.data)
    return (drawn,) if drawn else matrix(code.symbology, code.data) or ()


def _boxed(text: str, x: int, y: int, *, dots: int) -> Iterator[tuple[Item, int]]:
    """Tell in a frame what stands on paper and cannot be drawn here: its kind, and all that it says."""
    room = max(1, (dots - 2 * GAP_DOTS) // LABEL_CELL_DOTS)
    lines = [text[at : at + room] for at in range(0, len(text), room)][:BOXED_LINES_MAX]
    height = READABLE_DOTS * len(lines) + 2 * GAP_DOTS
    yield LabelItem(x=x, y=y, width=dots, height=height, text="", framed=True), y + height + GAP_DOTS
    for number, line in enumerate(lines):
        top = y + GAP_DOTS + number * READABLE_DOTS
        label = LabelItem(x=x, y=top, width=dots, height=READABLE_DOTS, text=line, framed=False)
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

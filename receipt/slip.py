"""From a slip's blocks to the bytes of a printer: laid out for its width, said in its letters, in its language.

`encode_slip` starts from whatever state the till left, prints, brings its own feed past the cutter and, given the
till's state, leaves the printer exactly as the till had it. The same slip and model give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Protocol, assert_never

from receipt.bitmap import Bitmap
from receipt.escpos.encoder import EscPosPen
from receipt.page_choice import PageChoice
from receipt.pen import FEED_LINES_MAX, PAST_CUTTER_LINES, Pen, SlipPrinter, TillState
from receipt.printable import columns_of, printable, printable_lines
from receipt.qr_codes import QR_BYTES_MAX, module_dots, qr_picture
from receipt.slip_blocks import Align, Barcode, BarcodeKind, Block, Columns, Feed, Qr, Rule, Size, Slip, Text
from receipt.star.encoder import StarPen
from receipt.wrapping import balanced, fits, wrapped
from retail.errors import DefectError

SLIP_LINES_MAX = 80
"""Longest slip: 30 cm of paper. Whatever is beyond it is not printed: a template that runs away stops here."""

COLUMNS_MIN, COLUMNS_MAX = 20, 96
"""Widths we lay out for: the narrowest handheld printer, the widest condensed font."""

_PARAGRAPHS_KEPT = 512
"""Paragraphs whose lines are remembered: all that a store's campaigns say in a day; 100 KB."""

_STAR = "star"
_QR_SETTINGS = ("qr_model", "qr_size", "qr_correction")
_EAN13_DIGITS = 13
_CODE128_CHARACTERS_MAX = 20
_GS1_128_DIGITS_MAX = 28  # AI (255), a GCN and twelve digits of a serial: 14 characters of code set C


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a slip, laid out."""

    text: str
    align: Align = Align.LEFT
    size: Size = Size.NORMAL
    bold: bool = False


class DrawsText(Protocol):
    """Draws a line that a printer has no letters for (fulfilled by `receipt.letters.Letters`)."""

    def draw(self, line: Line, *, dots: int, columns: int) -> Bitmap:
        """Return a picture of a line, `dots` wide."""


def _as_it_is(text: str) -> str:
    return text


def encode_slip(
    slip: Slip,
    model: SlipPrinter,
    *,
    restore: TillState | None = None,
    draws: DrawsText | None = None,
    cut: bool = False,
) -> bytes:
    """Return the bytes that print a slip on a model; `cut` for a slip of its own, which no cut of the till follows.

    A block that cannot be printed (a barcode with letters, a QR payload too long) raises DefectError before a byte is
    made: no half slip.
    """
    if not model.graphics:
        slip, draws = _in_words(slip), None
    pages = PageChoice(model.code_pages if _may_choose_pages(model, restore) else {})
    pen = _pen(model, pages)
    pen.begin(restore)
    for piece in lay_out(slip, model.columns, spoken=partial(pages.spoken, lossy=draws is None)):
        _write(piece, pen, model, draws=draws, draws_qr=_may_set_qr(model, restore))
    pen.feed(PAST_CUTTER_LINES)
    if cut:
        pen.cut()
    return pen.finish() + (restore.restore_bytes() if restore is not None else b"")


def _in_words(slip: Slip) -> Slip:
    """Return a slip for a printer that draws nothing: barcodes as the digits below them, which a cashier can type.

    A QR code beside them is left out; one that stands alone is what the slip is for, and raises DefectError.
    """
    said = [_digits(block) if isinstance(block, Barcode) else block for block in slip.blocks]
    if said == list(slip.blocks) and any(isinstance(block, Qr) for block in said):
        raise DefectError("a QR code for a printer without images", fix="give its campaigns a till_barcode")
    return replace(slip, blocks=tuple(block for block in said if not isinstance(block, Qr)))


def _digits(block: Barcode) -> Text:
    return Text(text=_checked(block.kind, block.data), align=Align.CENTRE, bold=True)


def slip_lines(slip: Slip, columns: int) -> list[str]:
    """Return a slip as text: what a page or a log shows of it, codes named in brackets."""
    return [_shown(piece, columns) for piece in lay_out(slip, columns)]


def lay_out(
    slip: Slip, columns: int, *, spoken: Callable[[str], str] = _as_it_is
) -> Iterator[Line | Qr | Barcode | Feed]:
    """Yield lines no wider than `columns`, and the blocks that are no lines, at most SLIP_LINES_MAX together.

    `spoken` says how the printer says a text: it may grow by it (EUR for the sign), so it is asked before wrapping.
    """
    assert COLUMNS_MIN <= columns <= COLUMNS_MAX, columns
    pieces = (piece for block in slip.blocks for piece in _pieces(block, columns, spoken))
    for count, piece in enumerate(pieces):
        if count >= SLIP_LINES_MAX:
            return
        yield piece


def _pieces(block: Block, columns: int, spoken: Callable[[str], str]) -> Iterable[Line | Qr | Barcode | Feed]:
    match block:
        case Text():
            return _paragraph(block, columns, spoken)
        case Columns():
            return _two_sides(block, columns, spoken)
        case Rule(character=character):
            return [Line(_ruled(character) * columns)]
        case Qr() | Barcode() | Feed():
            return [block]
        case _:
            assert_never(block)


def _ruled(character: str) -> str:
    """Return what a rule is drawn with: one visible ASCII character, which every printer has once a column."""
    return character if len(character) == 1 and "!" <= character <= "~" else "-"


def _paragraph(block: Text, columns: int, spoken: Callable[[str], str]) -> tuple[Line, ...]:
    said = tuple([spoken(line) for line in printable_lines(block.text)])
    return _broken(said, columns, align=block.align, size=block.size, bold=block.bold)


@lru_cache(maxsize=_PARAGRAPHS_KEPT)
def _broken(said: tuple[str, ...], columns: int, *, align: Align, size: Size, bold: bool) -> tuple[Line, ...]:
    """Return a paragraph broken into lines: the same words come with every receipt, and a till waits for them."""
    if size is Size.DOUBLE and not all(fits(line, columns // 2) for line in said):
        size = Size.TALL
    room = columns // 2 if size is Size.DOUBLE else columns
    broken = balanced if align is Align.CENTRE else wrapped
    return tuple([Line(part, align, size, bold) for line in said for part in broken(line, room)])


def _two_sides(block: Columns, columns: int, spoken: Callable[[str], str]) -> Iterator[Line]:
    left, right = spoken(printable(block.left)), spoken(printable(block.right))
    gap = columns - columns_of(left) - columns_of(right)
    if gap >= 1:
        yield Line(f"{left}{' ' * gap}{right}".replace("\u00a0", " "), bold=block.bold)
        return
    for part in wrapped(left, columns):
        yield Line(part, bold=block.bold)
    for part in wrapped(right, columns):
        yield Line(part, Align.RIGHT, bold=block.bold)


def _write(
    piece: Line | Qr | Barcode | Feed, pen: Pen, model: SlipPrinter, *, draws: DrawsText | None, draws_qr: bool
) -> None:
    match piece:
        case Line(text, align, size, bold):
            if draws is not None and not pen.can_say(text):
                pen.picture(draws.draw(piece, dots=model.dots, columns=model.columns), doubled=False)
            else:
                pen.line(text, align=align, size=size, bold=bold)
        case Qr(data=data):
            _write_qr(data, pen, model, native=draws_qr)
        case Barcode(kind=kind, data=data):
            pen.barcode(kind, _checked(kind, data))
        case Feed(lines=lines):
            pen.feed(min(lines, FEED_LINES_MAX))
        case _:
            assert_never(piece)


def _write_qr(data: str, pen: Pen, model: SlipPrinter, *, native: bool) -> None:
    payload = data.encode()
    if not payload or len(payload) > QR_BYTES_MAX:
        raise DefectError(f"a QR code of {len(payload)} bytes", fix=f"1 to {QR_BYTES_MAX} bytes fit a slip")
    dots = module_dots(payload, dots=model.dots)
    if native:
        pen.native_qr(payload, module_dots=dots)
    else:
        pen.picture(qr_picture(payload, dots // 2), doubled=True)
    pen.gap()


def _checked(kind: BarcodeKind, data: str) -> str:
    """Return a barcode's data if the symbology can carry it: a letter in an EAN would print as garbage."""
    good = data.isascii() and data.isprintable()
    match kind:
        case BarcodeKind.EAN13:
            good = good and data.isdigit() and len(data) == _EAN13_DIGITS
        case BarcodeKind.CODE128:
            good = good and 0 < len(data) <= _CODE128_CHARACTERS_MAX and "{" not in data
        case BarcodeKind.GS1_128:
            good = good and data.isdigit() and 0 < len(data) <= _GS1_128_DIGITS_MAX and len(data) % 2 == 0
    if not good:
        raise DefectError(f"{kind.value} cannot carry {data!r:.60}", fix="check the campaign's till_barcode")
    return data


def _shown(piece: Line | Qr | Barcode | Feed, columns: int) -> str:
    match piece:
        case Line(text, align):
            return {Align.LEFT: text, Align.CENTRE: text.center(columns), Align.RIGHT: text.rjust(columns)}[
                align
            ].rstrip()
        case Qr(data=data):
            return f"[QR {data}]"
        case Barcode(data=data):
            return f"[barcode {data}]"
        case Feed(lines=lines):
            return "\n" * (lines - 1)
        case _:
            assert_never(piece)


def _may_choose_pages(model: SlipPrinter, till: TillState | None) -> bool:
    """Return whether code pages may be changed: only where the till's own can be brought back afterwards."""
    if till is None:
        return True
    return till.restores("code_page") and (model.double_byte is None or till.restores("kanji"))


def _may_set_qr(model: SlipPrinter, till: TillState | None) -> bool:
    """Return whether the printer may draw QR codes: its settings for them must come back for the till's own."""
    if till is None:
        return model.native_qr
    return model.native_qr and all(till.restores(setting) for setting in _QR_SETTINGS)


def _pen(model: SlipPrinter, pages: PageChoice) -> Pen:
    if model.language == _STAR:
        return StarPen(model, pages=pages)
    return EscPosPen(model, pages=pages)

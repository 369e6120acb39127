"""The proof slip: what a technician prints to see what a printer does with what we know of its model.

Contract: `proof_bytes` returns whole commands and text, one cut at the end. On paper: lines of known width (the longest
that does not wrap is the printer's), a line of words for every code page of the model (words that nobody can read mean
another model), QR codes at three sizes, and lines of facts that the caller measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from receipt.code_pages import single_byte
from receipt.escpos.encoder import EscPosPen
from receipt.page_choice import PageChoice
from receipt.pen import PAST_CUTTER_LINES, Pen
from receipt.printable import printable
from receipt.printers import PrinterModel
from receipt.qr_codes import modules_for, qr_picture
from receipt.slip_blocks import Align, Size
from receipt.star.encoder import StarPen

WIDTHS = (32, 42, 48, 56, 64)
"""Columns that receipt printers have, 58 mm to 112 mm paper."""

MODULE_DOTS = (3, 5, 8)
"""QR modules of 0.375, 0.625 and 1 mm at 203 dpi: the smallest that phones read well, ours, and the largest."""

QR_PAYLOAD = b"tillstream proof"
LETTERS = 20  # enough to recognise an alphabet, and no line wraps at 32 columns

SAMPLES = (
    "Съешь ещё булок", "Їжак її ґанок", "Ξύλο μαύρο", "Ξυλο μαυρο", "שלום לכולם", "سلام عليكم", "สวัสดีครับ", "ﾚｼｰﾄ ｶﾀｶﾅ",
    "Öğle güneşi şişe", "Žluťoučký kůň", "Zażółć gęślą", "Šūpoles ķēdē", "Įžūs šviesūs", "Grüße déjà señor",
    "coração à mão", "déjà forêt Noël", "Þórður æfði",
)  # fmt: skip
"""Words that only the right page prints readably; a page shows the first of them that it has all letters of."""
CODE_PAGES_MAX = 60
_QUIET_MODULES = 8


def proof_bytes(model: PrinterModel, *, facts: Sequence[str]) -> bytes:
    """Return the bytes that print the proof slip on a model."""
    star = model.language == "star"
    pages = PageChoice({})
    pen: Pen = StarPen(model, pages=pages) if star else EscPosPen(model, pages=pages)
    pen.begin(None)
    _say(pen, "PROOF SLIP", size=Size.TALL, bold=True, align=Align.CENTRE)
    for fact in (f"{model.name}: {model.columns} columns", f"{model.dots} dots at {model.dpi} dpi", *facts):
        for start in range(0, len(fact), model.columns):
            _say(pen, fact[start : start + model.columns])
    _say(pen, "widths: the longest line in one piece")
    for width in WIDTHS:
        _say(pen, f"{width} {_ruler(width - 3)}")
    out = pen.finish() + _code_pages(model, b"\x1b\x1dt" if star else b"\x1bt")
    pen = StarPen(model, pages=pages) if star else EscPosPen(model, pages=pages)
    pen.begin(None)
    if not model.graphics:
        _say(pen, "this model draws no codes")
    for dots in MODULE_DOTS if model.graphics else ():
        if (modules_for(QR_PAYLOAD) + _QUIET_MODULES) * dots <= model.dots:
            _say(pen, f"QR code, {dots} dots a module", align=Align.CENTRE)
            pen.gap()
            _draw_code(pen, model, dots)
    pen.feed(PAST_CUTTER_LINES)
    pen.cut()
    return out + pen.finish()


def _ruler(columns: int) -> str:
    """Return a line that shows its own length: a mark every ten columns, `<` at its end."""
    return ("....5....|" * (columns // 10 + 1))[: columns - 1] + "<"


def _say(pen: Pen, text: str, *, align: Align = Align.LEFT, size: Size = Size.NORMAL, bold: bool = False) -> None:
    said = printable(text).encode("ascii", "replace").decode()
    pen.line(said, align=align, size=size, bold=bold)


def _draw_code(pen: Pen, model: PrinterModel, dots: int) -> None:
    if model.native_qr:
        pen.native_qr(QR_PAYLOAD, module_dots=dots)
    else:
        pen.picture(qr_picture(QR_PAYLOAD, dots), doubled=False)
    pen.gap()


def _code_pages(model: PrinterModel, select: bytes) -> bytes:
    """Return a line for every single-byte page: its number, its name, its first letters."""
    lines = []
    for number, codec in sorted(model.code_pages.items())[:CODE_PAGES_MAX]:
        page = single_byte(codec)
        if page is not None:
            name = f"{number:3d} {codec[:10]:10} ".encode("ascii")
            lines.append(select + bytes((number,)) + name + _sample(page) + b"\n")
    return b"code pages: are these words right?\n" + b"".join(lines)


def _sample(page: str) -> bytes:
    """Return words that a page can print, else the first letters of its upper half."""
    for words in SAMPLES:
        if all(letter in page for letter in words):
            return bytes(page.index(letter) for letter in words)
    return bytes(byte for byte in range(0x80, 0x100) if page[byte].isalpha())[:LETTERS]

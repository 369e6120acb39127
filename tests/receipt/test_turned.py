"""Receipts printed upside down, for who stands opposite."""

from receipt.document import PaperReader
from receipt.paper import Paper, PaperLine, PrintedImage, Span, Style
from receipt.turned import as_read
from tests.receipt.outside.encoders import encoded

DOCUMENT = """|MY SHOP|
-
|Milk | 1.20|
|Bread | 3.10|
-
|TOTAL | 4.30|
|Cash | 4.30|
{code:012345678905;option:ean,hri}
|Thank you|"""


def papers_of(job):
    reader = PaperReader()
    return [*reader.feed(job), *reader.close()]


def test_a_receipt_printed_upside_down_by_receiptline_is_read_as_one_printed_upright():
    for command in ("escpos", "starsbcs", "starlinesbcs"):
        options = {"command": command, "cpl": 32, "encoding": "multilingual", "cutting": True}
        upright, turned = encoded(
            [
                {"library": "receiptline", "document": DOCUMENT, "printer": {**options, "upsideDown": upside_down}}
                for upside_down in (False, True)
            ]
        )
        assert upright != turned
        wanted, found = papers_of(upright)[0], papers_of(turned)[0]
        assert found.text == wanted.text, command
        assert [(code.data, code.line) for code in found.codes] == [(code.data, code.line) for code in wanted.codes]


def test_one_line_upside_down_is_decoration():
    [paper] = papers_of(b"SHOP\n\x1b{\x01MENU\n\x1b{\x00Milk 1.20\n\x1dV\x00")
    assert paper.text == ("SHOP", "MENU", "Milk 1.20")


def test_a_picture_is_turned_by_half_a_turn_and_keeps_its_width():
    style = Style(upside_down=True)
    line = PaperLine("x", (Span(0, 12, "x", style),))
    image = PrintedImage(width_dots=10, height_dots=2, rows=b"\x80\x40\x00\x00", line=0)
    turned = as_read(Paper(lines=(line,), pictures=(image,)))
    assert turned.pictures[0].rows == b"\x00\x00\x80\x40"
    assert (
        as_read(Paper(lines=(line,), pictures=(PrintedImage(width_dots=10, height_dots=1, rows=b"\xc0\x00", line=0),)))
        .pictures[0]
        .rows
        == b"\x00\xc0"
    )

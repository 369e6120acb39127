"""Star streams are cut at their commands' borders, lose nothing, and are told from ESC/POS by what only they say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receipt.document import PaperReader
from receipt.escpos.commands import TokenKind
from receipt.language import spoken
from receipt.paper import Language, Symbology
from receipt.star.tokenizer import StarTokenizer

COMMANDS = [
    (b"\x1b@", "StarInitialize"),
    (b"\x1bi\x01\x01", "StarCharacterSize"),
    (b"\x1bd3", "StarCut"),
    (b"\x1bE", "StarBoldOn"),
    (b"\x1bF", "StarBoldOff"),
    (b"\x1b\x1da\x01", "StarAlignment"),
    (b"\x1b\x1dt\x20", "StarCodePage"),
    (b"\x1b\x1dA\x10\x00", "StarAbsolutePosition"),
    (b"\x1b\x1eF\x00", "StarFont"),
    (b"\x1b\x1d\x03\x01\x00\x00", "StarPrintEnd"),
    (b"\x1bb\x33\x31\x31\x50400638133393\x1e", "StarBarcode"),
    (b"\x1b\x1dyS0\x02", "StarQr"),
    (b"\x1b\x1dyD1\x00\x03\x00abc", "StarQr"),
    (b"\x1b\x1dyD2\x02\x00\x01\x00a\x00\x02\x00bc", "StarQr"),
    (b"\x1b\x1dyP", "StarQr"),
    (b"\x1b\x1dxD\x02\x00ab", "StarPdf417"),
    (b"\x1bk\x01\x00" + bytes(24), "StarRowImage24"),
    (b"\x1bX\x02\x00abcdef", "StarColumnImage24"),
    (b"\x1b\x1dS\x01\x01\x00\x02\x00\x00\xff\xff", "StarRaster"),
    (b"\x1b\x1d)B\x02\x00ab", "StarExtended"),
    (b"\x1b\x1dP3" + bytes(8), "StarPageMode"),
    (b"\x1b*rA", "StarRasterCommand"),
    (b"\x1b*rR", "StarRasterCommand"),
    (b"\x1b*rY24\x00", "StarRasterCommand"),
    (b"\x1b\x0c\x00", "StarRasterFormFeed"),
    (b"\x1bD\x08\x10\x00", "StarHorizontalTabs"),
    (b"\x1b\x7f", "StarUnknown"),
]


@pytest.mark.parametrize(("data", "name"), COMMANDS)
@pytest.mark.parametrize("step", [100, 1])
def test_each_command_is_one_token(data: bytes, name: str, step: int) -> None:
    tokenizer = StarTokenizer()
    tokens = [token for at in range(0, len(data), step) for token in tokenizer.feed(data[at : at + step])]
    tokens += tokenizer.close()
    assert [(token.data, token.name) for token in tokens] == [(data, name)]


@given(data=st.lists(st.sampled_from([data for data, _ in COMMANDS] + [b"Text", b"\n", b"b\x02\x00xy"]), max_size=12))
@settings(max_examples=100, deadline=None)
def test_no_byte_is_lost(data: list[bytes]) -> None:
    stream = b"".join(data)
    tokenizer = StarTokenizer()
    tokens = [token for byte in stream for token in tokenizer.feed(bytes((byte,)))]
    assert b"".join(token.data for token in tokens) + tokenizer.pending == stream


def test_a_row_of_dots_is_no_text_in_raster_mode() -> None:
    kinds = [token.kind for token in StarTokenizer().feed(b"\x1b*rAb\x02\x00ab\x1b*rBb\x02")]
    assert kinds == [TokenKind.COMMAND, TokenKind.RASTER, TokenKind.COMMAND, TokenKind.TEXT, TokenKind.CONTROL]


def test_codes_and_raster_rows_are_on_the_paper() -> None:
    job = (
        b"\x1b\x1da\x00\x1bb\x33\x31\x31\x50400638133393\x1e\x1b\x1dyD1\x00\x03\x00abc\x1b\x1dyP"
        b"\x1b*rA" + b"b\x02\x00\xff\x0f" * 8 + b"\x1b*rB\x1bd3"
    )
    reader = PaperReader()
    (paper,) = reader.feed(job) + reader.close()
    assert [(code.symbology, code.data) for code in paper.codes] == [
        (Symbology.EAN13, "4006381333931"),
        (Symbology.QR, "abc"),
    ]
    assert [(picture.width_dots, picture.height_dots) for picture in paper.pictures] == [(16, 8)]
    assert paper.language is Language.STAR


@pytest.mark.parametrize(
    ("job", "language"),
    [
        (b"\x1b@\x1b\x1da\x01Shop\n", Language.STAR),
        (b"\x1b@\x1b\x1ea\x00", Language.STAR),
        (b"\x1b*rA", Language.STAR),
        (b"\x1b*rR\x1b!\x00", Language.STAR),
        (b"\x1b@\x1b!\x00Shop\n", Language.ESCPOS),
        (b"\x1b@\x1dV\x00", Language.ESCPOS),
        (b"\x1b@Shop\n", None),
        (b"", None),
    ],
)
def test_the_language_is_known_by_what_only_one_has(job: bytes, language: Language | None) -> None:
    assert spoken(job) is language


def test_a_barcode_alone_proves_the_language():
    assert spoken(b"\x1b@\x1bb62\x32\x50ABC123\x1e\n\x1bd\x02") is Language.STAR

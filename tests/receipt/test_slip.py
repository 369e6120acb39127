"""Slips: every text, every width, and nothing but the operations we meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receipt.bitmap import Bitmap, bitmap_of
from receipt.escpos.codes import barcode
from receipt.escpos.state import SLIP_DEFAULTS, PrinterState
from receipt.escpos.tokenizer import Tokenizer
from receipt.paper import Symbology
from receipt.printable import columns_of, printable, printable_lines
from receipt.printers import printer_models
from receipt.slip import Line, encode_slip, lay_out, slip_lines
from receipt.slip_blocks import Align, Barcode, BarcodeKind, Columns, Feed, Qr, Rule, Size, Slip, Text
from receipt.wrapping import wrapped
from retail.errors import DefectError

ALLOWED = {
    b"\x1b!", b"\x1d!", b"\x1bE", b"\x1bG", b"\x1b-", b"\x1bV", b"\x1b{", b"\x1dB", b"\x1b ", b"\x1bR", b"\x1b2",
    b"\x1ba", b"\x1dL", b"\x1dW", b"\x1bt", b"\x1d(k", b"\x1dv0", b"\x1bd", b"\x1dh", b"\x1dH", b"\x1df", b"\x1dw",
    b"\x1dk", b"\x1bJ", b"\x1dV", b"\x1c.",
}  # fmt: skip
DANGEROUS_TEXTS = (
    "\x1bp\x00\x19\xfa", "\x10\x14\x01\x00\x01", "\x1b@", "\x1dV\x00", "Ann\x00a", "\x7f", "\u202egnp.exe",
    "a\u200bb", "\x9b2J", "\u2028x", "\ud800", "ﷺ", "e\u0301\u0301\u0301", "\U0001f600", "\uff1b",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A printer model, as a slip sees it."""

    columns: int = 48
    dots: int = 576
    native_qr: bool = True
    graphics: bool = True
    language: str = "escpos"
    double_byte: str | None = None
    code_pages: Mapping[int, str] = field(
        default_factory=lambda: {0: "cp437", 2: "cp850", 17: "cp866", 19: "cp858", 46: "cp1251"}
    )


def opcode(data: bytes) -> bytes:
    for length in (3, 2):
        if data[:length] in ALLOWED:
            return data[:length]
    return data[:2]


def assert_only_ours(printed: bytes) -> None:
    tokenizer = Tokenizer()
    tokens = [*tokenizer.feed(printed), *tokenizer.close()]
    assert b"".join(token.data for token in tokens) == printed
    for token in tokens:
        if token.data[0] >= 0x20 or token.data.strip(b"\n") == b"":
            assert token.data.strip(b"\n") == b"" or min(token.data) >= 0x20
        elif token.name != "PayloadContinued":
            assert opcode(token.data) in ALLOWED, token


texts = st.one_of(st.text(max_size=80), st.sampled_from(DANGEROUS_TEXTS), st.text(st.characters(), max_size=200))
blocks = st.one_of(
    st.builds(Text, text=texts, align=st.sampled_from(Align), size=st.sampled_from(Size), bold=st.booleans()),
    st.builds(Columns, left=texts, right=texts, bold=st.booleans()),
    st.builds(Rule, character=texts),
    st.builds(Qr, data=st.text(st.characters(codec="utf-8"), min_size=1, max_size=100)),
    st.builds(Barcode, kind=st.just(BarcodeKind.EAN13), data=st.from_regex(r"[0-9]{13}", fullmatch=True)),
    st.builds(Feed, lines=st.integers(-5, 300)),
)
slips = st.builds(Slip, blocks=st.lists(blocks, max_size=8).map(tuple))
models = st.builds(
    Model, columns=st.integers(32, 64), dots=st.sampled_from([384, 512, 576, 640]), native_qr=st.booleans()
)


@settings(max_examples=120, deadline=None)
@given(slips, models)
def test_whatever_the_texts_only_our_own_operations_reach_the_printer(slip: Slip, model: Model) -> None:
    assert_only_ours(encode_slip(slip, model))


@settings(max_examples=120, deadline=None)
@given(slips, st.integers(32, 64))
def test_no_line_is_wider_than_the_paper(slip: Slip, columns: int) -> None:
    for piece in lay_out(slip, columns):
        if hasattr(piece, "text"):
            room = columns // 2 if piece.size is Size.DOUBLE else columns
            assert columns_of(piece.text) <= room


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("aä€„Я1 №…"), max_size=200), st.sampled_from([{0: "cp437"}, {17: "cp866", 19: "cp858"}]))
def test_no_line_grows_over_the_edge_when_signs_are_spelled_out(text: str, code_pages: dict[int, str]) -> None:
    printed = encode_slip(Slip(blocks=(Text(text=text),)), Model(columns=32, dots=384, code_pages=code_pages))
    tokens = Tokenizer().feed(printed)
    line = 0
    for token in tokens:
        if token.data[0] >= 0x20:
            line += len(token.data)
        elif token.data[:1] == b"\n":
            line = 0
        assert line <= 32


@given(st.text(max_size=300))
def test_what_is_printable_has_no_character_that_could_command_or_hide(text: str) -> None:
    for line in printable_lines(text):
        assert all(character.isprintable() or character == "\u00a0" for character in line)


@given(st.text(max_size=300))
def test_making_a_text_printable_twice_changes_nothing_more(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@settings(max_examples=300)
@given(st.text(st.characters(codec="cp1251", exclude_categories=["Cc", "Cf"]), max_size=200), st.integers(16, 64))
def test_wrapping_loses_no_letter(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    squeezed = "".join("".join(lines).split())
    original = "".join(text.replace("\u00a0", " ").split())
    assert squeezed.replace("-", "") == original.replace("-", "")


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("Your coffee: 15\u00a0% off until 5 December", 17, ["Your coffee: 15 %", "off until 5", "December"]),
        ("Kaffeevollautomatenreiniger", 16, ["Kaffeevollauto-", "matenreiniger"]),
        ("Превосходительство", 12, ["Превосходи-", "тельство"]),
        ("https://shop.example/claim/ABCDEF", 20, ["https://shop.", "example/claim/ABCDEF"]),
        ("", 20, [""]),
    ],
)
def test_lines_break_where_a_reader_would_break_them(text: str, columns: int, lines: list[str]) -> None:
    assert wrapped(text, columns) == lines


def test_a_word_too_wide_in_double_size_is_printed_tall_instead_of_broken() -> None:
    slip = Slip(blocks=(Text(text="Kaffeevollautomat", size=Size.DOUBLE),))
    assert [piece.size for piece in lay_out(slip, 32)] == [Size.TALL]


def test_cyrillic_goes_in_one_page_of_the_model_and_the_euro_in_another() -> None:
    printed = encode_slip(Slip(blocks=(Text(text="Кофе 5 €"),)), Model(code_pages={17: "cp866", 19: "cp858"}))
    assert b"\x1bt\x11" + "Кофе 5 ".encode("cp866") + b"\x1bt\x13" + "€".encode("cp858") in printed


def test_typographic_signs_that_a_printer_lacks_become_plain_ones() -> None:
    printed = encode_slip(Slip(blocks=(Text(text="„Kaffee“ – 5 €"),)), Model(code_pages={0: "cp437"}))
    assert b'"Kaffee" - 5 EUR\n' in printed


def test_a_script_that_a_printer_lacks_is_drawn_where_something_can_draw_it() -> None:
    class Draws:
        def draw(self, line: Line, *, dots: int, columns: int) -> Bitmap:
            assert (line.text, dots, columns) == ("咖啡", 576, 48)
            return bitmap_of([[True] * 16] * 8)

    slip = Slip(blocks=(Text(text="咖啡"),))
    assert b"\x1dv0\x00\x02\x00\x08\x00" + b"\xff" * 16 in encode_slip(slip, Model(), draws=Draws())
    assert b"??\n" in encode_slip(slip, Model())


def test_a_code_page_that_the_model_names_but_nobody_knows_is_not_used() -> None:
    printed = encode_slip(Slip(blocks=(Text(text="Ä"),)), Model(code_pages={3: "klingon", 4: "utf-16", 5: "cp850"}))
    assert b"\x1bt\x05\x8e\n" in printed


def till_of(printed: bytes) -> PrinterState:
    till = PrinterState()
    for token in Tokenizer().feed(printed):
        till.apply(token)
    return till


def test_the_block_feeds_itself_past_the_cutter_and_then_restores_what_the_till_had_set() -> None:
    till = till_of(b"\x1b@\x1ba\x01\x1bt\x10Total\n")
    printed = encode_slip(Slip(blocks=(Text(text="Привет"),)), Model(), restore=till)
    assert printed.endswith("Привет".encode("cp866") + b"\n\x1bd\x05\x1b@\x1bt\x10\x1ba\x01")


SETTINGS = st.sampled_from(
    [
        b"\x1b@", b"\x1ba\x01", b"\x1ba\x02", b"\x1b!\x38", b"\x1bE\x01", b"\x1d!\x11", b"\x1bt\x10", b"\x1bt\x11",
        b"\x1bR\x02", b"\x1b \x04", b"\x1b3\x18", b"\x1dL\x20\x00", b"\x1dW\x00\x01", b"\x1c&", b"\x1bV\x01",
        b"\x1b{\x01", b"\x1dB\x01", b"\x1dh\x30", b"\x1dH\x02", b"\x1b-\x02", b"\x1bG\x01", b"\x1br\x01", b"Total\n",
        b"\x1d(k\x03\x001C\x08", b"\x1c(C\x02\x0002", b"\x1b&\x03\x21\x21\x01\xff\xff\xff",
    ]
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(SETTINGS, max_size=12), slips, st.sampled_from([None, "gb18030"]), st.booleans())
def test_after_a_slip_the_printer_is_as_the_till_had_it(
    till_bytes: list[bytes], slip: Slip, double_byte: str | None, native_qr: bool
) -> None:
    till = till_of(b"".join(till_bytes))
    model = Model(double_byte=double_byte, native_qr=native_qr)
    after = till_of(b"".join(till_bytes) + encode_slip(slip, model, restore=till))
    for setting, command in after.touched.items():
        if setting in till.touched:
            assert command == till.touched[setting], setting
        else:
            assert command == SLIP_DEFAULTS[setting], setting
    assert set(till.touched) <= set(after.touched)


def test_a_till_that_never_named_its_code_page_keeps_it_and_our_letters_are_drawn() -> None:
    till = till_of(b"Total\n")
    printed = encode_slip(Slip(blocks=(Text(text="Привет"),)), Model(), restore=till)
    assert b"\x1bt" not in printed
    assert b"??????\n" in printed  # nobody to draw them here


def test_a_slip_of_its_own_is_cut_after_its_feed() -> None:
    assert encode_slip(Slip(blocks=()), Model(), cut=True).endswith(b"\x1bd\x05\x1dV\x01")


@pytest.mark.parametrize(
    "block",
    [
        Barcode(kind=BarcodeKind.EAN13, data="12345"),
        Barcode(kind=BarcodeKind.EAN13, data="20990000000\x1bp"),
        Barcode(kind=BarcodeKind.CODE128, data="{A\x00"),
        Barcode(kind=BarcodeKind.CODE128, data=""),
        Barcode(kind=BarcodeKind.GS1_128, data="25595011010209171"),
        Barcode(kind=BarcodeKind.GS1_128, data="255950110102091X"),
        Qr(data=""),
        Qr(data="x" * 1001),
    ],
)
def test_codes_that_cannot_be_printed_stop_the_slip_before_its_first_byte(block: Qr | Barcode) -> None:
    with pytest.raises(DefectError):
        encode_slip(Slip(blocks=(Text(text="Hi"), block)), Model())


@pytest.mark.parametrize("language", ["escpos", "star"])
@pytest.mark.parametrize(("dots", "gcn"), [(384, "2559501101020917123456"), (576, "2559501101020917123456789012")])
def test_a_coupon_number_of_gs1_is_printed_whole_and_fits_its_paper(language: str, dots: int, gcn: str) -> None:
    printed = encode_slip(
        Slip(blocks=(Barcode(kind=BarcodeKind.GS1_128, data=gcn),)), Model(language=language, dots=dots)
    )
    if language == "star":
        assert b"\x1bb9" in printed
        assert gcn.encode() in printed
        return
    command = printed[printed.index(b"\x1dk") :][: 4 + printed[printed.index(b"\x1dk") + 3]]
    assert command[4:8] == b"{C{1", "FNC1 in front says that it is GS1's"
    assert barcode(command) == (Symbology.CODE128, gcn)
    module_dots = printed[printed.index(b"\x1dw") + 2]
    assert module_dots * (35 + 11 * (len(gcn) // 2 + 1) + 20) <= dots


def test_a_template_that_runs_away_stops_after_eighty_lines() -> None:
    slip = Slip(blocks=tuple(Text(text="again") for _each in range(500)))
    assert len(slip_lines(slip, 48)) == 80


@pytest.mark.parametrize("language", ["escpos", "star"])
@pytest.mark.parametrize("native", [True, False])
def test_the_same_slip_gives_the_same_bytes(language: str, native: bool) -> None:
    slip = Slip(blocks=(Text(text="Привет", bold=True), Qr(data="tsc1:abc"), Rule()))
    model = Model(language=language, native_qr=native)
    assert encode_slip(slip, model) == encode_slip(slip, model)


BARCODE = Barcode(kind=BarcodeKind.EAN13, data="2099145909918")
QR = Qr(data="tsc1:0123456789")


@pytest.mark.parametrize("language", ["escpos", "star"])
def test_a_printer_with_needles_gets_digits_and_never_a_byte_of_an_image(language: str) -> None:
    model = Model(language=language, native_qr=False, graphics=False, columns=42, dots=400)
    job = encode_slip(Slip(blocks=(Text(text="Coffee"), BARCODE, QR)), model, cut=True)
    assert job == encode_slip(
        Slip(blocks=(Text(text="Coffee"), Text(text=BARCODE.data, align=Align.CENTRE, bold=True))), model, cut=True
    )
    for drawing in (b"\x1dv0", b"\x1dk", b"\x1d(k", b"\x1d!", b"\x1dB", b"\x1bV", b"\x1bb", b"\x1b*"):
        assert drawing not in job


def test_a_printer_with_needles_prints_no_slip_whose_only_code_it_cannot_draw() -> None:
    with pytest.raises(DefectError, match="QR code"):
        encode_slip(Slip(blocks=(Text(text="Join us"), QR)), Model(graphics=False))


def test_the_models_that_print_with_needles_are_known() -> None:
    assert {model.name for model in printer_models().values() if not model.graphics} == {
        "TM-U220",
        "TM-U220B",
        "SP2000",
    }

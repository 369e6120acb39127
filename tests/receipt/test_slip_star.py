"""Slips on Star printers: our own operations only, and the till's settings afterwards."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from receipt.escpos.commands import TokenKind
from receipt.follower import PrinterFollower
from receipt.printers import printer_model
from receipt.slip import encode_slip
from receipt.slip_blocks import Align, Barcode, BarcodeKind, Columns, Feed, Qr, Rule, Size, Slip, Text
from receipt.star.state import SLIP_DEFAULTS, StarState
from receipt.star.tokenizer import StarTokenizer

MODEL = printer_model("generic-star-80mm")
ALLOWED = {
    "StarCharacterSize", "StarBoldOn", "StarBoldOff", "StarUnderline", "StarUpperline", "StarInvertedOff",
    "StarUpsideDownOff", "StarRightSpacing", "StarInternational", "StarLineSpacing4", "StarLeftMargin",
    "StarAlignment", "StarCodePage", "StarLineFeed", "StarFeedLines", "StarFeedQuarters", "StarQr", "StarBarcode",
    "StarRaster", "StarItalic", "StarColor", "StarKanjiOff", "StarShiftJis", "StarInitialize", "StarCut",
    "PayloadContinued",
}  # fmt: skip
texts = st.one_of(st.text(max_size=80), st.sampled_from(["\x1bd\x01", "\x07", "\x1b@", "a\x00b", "\x1c", "\u202e"]))
slips = st.builds(
    Slip,
    blocks=st.lists(
        st.one_of(
            st.builds(Text, text=texts, align=st.sampled_from(Align), size=st.sampled_from(Size), bold=st.booleans()),
            st.builds(Columns, left=texts, right=texts),
            st.builds(Rule, character=texts),
            st.builds(Qr, data=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)),
            st.builds(Barcode, kind=st.just(BarcodeKind.EAN13), data=st.from_regex(r"[0-9]{13}", fullmatch=True)),
            st.builds(
                Barcode, kind=st.just(BarcodeKind.CODE128), data=st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True)
            ),
            st.builds(Feed, lines=st.integers(-5, 300)),
        ),
        max_size=8,
    ).map(tuple),
)


def tokens(data: bytes):
    tokenizer = StarTokenizer()
    found = [*tokenizer.feed(data), *tokenizer.close()]
    assert b"".join(token.data for token in found) == data
    return found


@settings(max_examples=80, deadline=None)
@given(slips, st.booleans())
def test_whatever_the_texts_only_our_own_operations_reach_the_printer(slip: Slip, cut: bool) -> None:
    for token in tokens(encode_slip(slip, MODEL, cut=cut)):
        if token.kind is TokenKind.TEXT:
            assert min(token.data) >= 0x20
        else:
            assert token.name in ALLOWED, token


TILL = st.sampled_from(
    [
        b"\x1b@", b"\x1b\x1da\x01", b"\x1bE", b"\x1bi\x01\x01", b"\x0e", b"\x14", b"\x1bW\x01", b"\x1bh\x02", b"\x1b-\x01",
        b"\x1b_\x01", b"\x1b4", b"\x0f", b"\x1b \x03", b"\x1bR\x02", b"\x1b0", b"\x1bl\x04", b"\x1b\x1dt\x20",
        b"\x1b\x1dyS2\x08", b"\x1b\x1di\x01", b"\x1bp", b"\x1b\x1ec\x01", b"Total\n",
    ]
)  # fmt: skip


def state_of(data: bytes) -> StarState:
    follower = PrinterFollower(MODEL)
    follower.feed(data)
    assert isinstance(follower.state, StarState)
    return follower.state


@settings(max_examples=80, deadline=None)
@given(st.lists(TILL, max_size=12), slips)
def test_after_a_slip_the_printer_is_as_the_till_had_it(till_bytes: list[bytes], slip: Slip) -> None:
    job = b"".join(till_bytes)
    till = state_of(job)
    after = state_of(job + encode_slip(slip, MODEL, restore=till))
    for setting, command in after.touched.items():
        assert command == till.touched.get(setting, SLIP_DEFAULTS.get(setting)), setting
    assert set(till.touched) <= set(after.touched)


def test_a_till_in_page_or_raster_mode_or_mid_line_wants_nothing_of_ours() -> None:
    assert state_of(b"Total\n").clean
    assert not state_of(b"Total").clean
    assert not state_of(b"\x1b\x1dP0").clean
    assert state_of(b"\x1b\x1dP0Total\n\x1b\x1dP7").clean
    assert not state_of(b"\x1b*rA").clean
    assert state_of(b"\x1b*rA\x1b*rB").clean


def test_star_says_cut_where_epson_feeds() -> None:
    printed = encode_slip(Slip(blocks=(Text(text="Hi"),)), MODEL, cut=True)
    assert printed.endswith(b"Hi\n\x1ba\x05\x1bd\x01")

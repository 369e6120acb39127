"""Between ePOS-Print XML and ESC/POS: our block says the same in elements, no text of it becomes markup, nothing stumbles."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_adapters.taps.epos_reading import UnreadableError, read
from pos_adapters.taps.epos_writing import UntranslatableError, elements
from receipt.escpos.state import PrinterState
from receipt.escpos.tokenizer import Tokenizer
from receipt.printers import printer_model
from receipt.slip import encode_slip
from receipt.slip_blocks import Align, Barcode, BarcodeKind, Feed, Qr, Size, Slip, Text
from tests.pos_adapters.taps.service_devices import SOAP

MODEL = printer_model("TM-T88V")
NAMES = st.sampled_from(["text", "feed", "cut", "image", "barcode", "symbol", "pulse", "logo", "command", "page", "x"])
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        ["align", "width", "height", "type", "mode", "line", "unit", "linespc", "em", "x", "level", "font"]
    ),
    st.sampled_from(
        ["", "1", "0", "-5", "99999999", "true", "center", "gray16", "qrcode_model_2", "code128", "mono", "é"]
    ),
    max_size=4,
)
SLIPS = st.builds(
    lambda text, align, size, bold, code: Slip(
        blocks=(Text(text=text, align=align, size=size, bold=bold), Qr(data=code), Feed(lines=2), Text(text="end"))
    ),
    st.text(max_size=60),
    st.sampled_from(Align),
    st.sampled_from(Size),
    st.booleans(),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
)


def till_state(inside: str) -> PrinterState:
    state, tokenizer = PrinterState(), Tokenizer()
    for token in tokenizer.feed(read((SOAP % inside).encode()).stream):
        state.apply(token)
    return state


def state_after(inside: str) -> dict[str, bytes]:
    """Return the settings that hold, the printer's own among them."""
    own = {"justification": b"\x1ba\x00", "size": b"\x1d!\x00", "emphasized": b"\x1bE\x00", "underline": b"\x1b-\x00"}
    own |= {"font": b"\x1bM\x00", "reverse": b"\x1dB\x00", "upside_down": b"\x1b{\x00", "line_spacing": b"\x1b3\x1e"}
    touched = till_state(inside).touched
    codes = {name for name in touched if name.startswith("qr_")}  # every symbol element brings its own
    return own | {name: touched[name] for name in touched.keys() - codes}


@given(
    SLIPS,
    st.sampled_from(
        ["", '<text align="center" em="true" width="2" height="2">x&#10;</text>', '<text ul="true" linespc="40"/>']
    ),
)
def test_a_slip_becomes_well_formed_elements_and_the_tills_settings_hold_again(slip: Slip, before: str) -> None:
    block = encode_slip(slip, MODEL, restore=till_state(before))
    made = elements(block, MODEL.code_pages).decode()
    tree = ET.fromstring(f"<x>{made}</x>")
    assert {each.tag for each in tree} <= {"text", "feed", "image", "symbol"}
    assert "".join(symbol.text or "" for symbol in tree.iter("symbol")) in {"", slip.blocks[1].data}
    assert state_after(before) == state_after(before + made)


def test_every_typed_operation_has_its_element() -> None:
    slip = Slip(
        blocks=(
            Text(text='Größe <b> & "x"', bold=True),
            Barcode(kind=BarcodeKind.EAN13, data="4006381333931"),
            Qr(data="tsc1:a"),
        )
    )
    made = elements(encode_slip(slip, MODEL, cut=True), MODEL.code_pages, prefix="e:").decode()
    assert "Größe &lt;b&gt; &amp; &quot;x&quot;&#10;" in made
    assert '<e:barcode type="ean13"' in made
    assert ">4006381333931</e:barcode>" in made
    assert '<e:symbol type="qrcode_model_2"' in made
    assert '<e:cut type="no_feed"/>' in made


@given(
    st.lists(
        st.tuples(NAMES, ATTRIBUTES, st.text(st.characters(min_codepoint=32, codec="utf-8"), max_size=12)), max_size=8
    )
)
def test_no_document_makes_the_reader_stumble(document: list[tuple[str, dict[str, str], str]]) -> None:
    root = ET.Element("epos-print")
    for name, given_attributes, text in document:
        ET.SubElement(root, name, given_attributes).text = text
    try:
        reading = read(ET.tostring(root, "utf-8"))
    except UnreadableError:
        return
    assert reading.stream.startswith(b"\x1b@")


@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_stumble(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(body)


@given(st.binary(max_size=80))
def test_no_block_makes_the_writer_say_a_control_character(block: bytes) -> None:
    try:
        made = elements(block, MODEL.code_pages)
    except (UntranslatableError, ValueError):
        return
    assert all(character >= " " for character in made.decode())
    ET.fromstring(b"<x>" + made + b"</x>")

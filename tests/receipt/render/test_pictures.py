"""Pictures of receipts: scanners read the codes from them, and every format says the same."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from receipt.document import PaperReader
from receipt.paper import Paper, PaperLine, Symbology
from receipt.render.barcodes import bars
from receipt.render.fonts import glyphs
from receipt.render.picture import Format, draw, render, render_job
from receipt.render.scene import PICTURE_DOTS_MAX, PICTURE_WIDTH_DOTS_MAX, scene

QR = b"\x1d(k\x03\x001C\x06\x1d(k\x19\x001P0t=20240101T1200&s=1.00\x1d(k\x03\x001Q0"


def picture_of(job: bytes, model: str = "generic-80mm") -> Image.Image:
    return Image.open(BytesIO(render_job(job, Format.PNG, model=model)))


@pytest.mark.parametrize("model", ["generic-80mm", "generic-80mm-42", "generic-58mm"])
def test_a_qr_code_is_scanned_from_the_picture_at_every_width(model: str) -> None:
    (found,) = zxingcpp.read_barcodes(picture_of(b"Total 1.00\n" + QR + b"\nThanks\n", model))
    assert found.text == "t=20240101T1200&s=1.00"


@pytest.mark.parametrize(
    ("symbology", "data", "zxing_format", "read"),
    [
        (Symbology.EAN13, "4006381333931", "EAN13", "4006381333931"),
        (Symbology.EAN8, "96385074", "EAN8", "96385074"),
        (Symbology.UPCA, "036000291452", "EAN13", "0036000291452"),
        (Symbology.UPCE, "01234565", "UPCE", "0012345000065"),
        (Symbology.CODE39, "ABC-12.3 $/+%", "Code39", "ABC-12.3 $/+%"),
        (Symbology.CODE93, "TEST93-12", "Code93", "TEST93-12"),
        (Symbology.CODE128, "Abc-123{}", "Code128", "Abc-123{}"),
        (Symbology.CODE128, "0123456789", "Code128", "0123456789"),
        (Symbology.CODE128, "AB\t12", "Code128", "AB\t12"),
        (Symbology.ITF, "00012345678905", "ITF", "00012345678905"),
        (Symbology.CODABAR, "A40156B", "Codabar", "A40156B"),
    ],
)
def test_a_scanner_reads_our_barcodes(symbology: Symbology, data: str, zxing_format: str, read: str) -> None:
    modules = bars(symbology, data)
    assert modules
    picture = Image.new("L", (len(modules) * 2 + 60, 80), 255)
    for place, module in enumerate(modules):
        if module == "1":
            picture.paste(0, (30 + place * 2, 5, 32 + place * 2, 75))
    found = zxingcpp.read_barcodes(picture)
    assert [each.text for each in found] == [read]
    assert zxing_format.lower() in str(found[0].format).replace("-", "").replace("_", "").replace(" ", "").lower()


@pytest.mark.parametrize(
    ("symbology", "data"),
    [
        (Symbology.EAN13, "400638133393"),
        (Symbology.EAN13, "40063813339310"),
        (Symbology.EAN8, "x"),
        (Symbology.CODE39, "\u00e9"),
        (Symbology.CODE128, "\u0418"),
        (Symbology.CODE128, "a\x01"),
        (Symbology.ITF, "1a"),
        (Symbology.CODABAR, "A"),
        (Symbology.UPCE, "012345678905"),
        (Symbology.PDF417, "any"),
    ],
)
def test_what_fits_no_barcode_is_not_drawn(symbology: Symbology, data: str) -> None:
    assert bars(symbology, data) is None


def test_every_printed_barcode_of_a_captured_job_is_scanned_from_its_picture(corpus: Path) -> None:
    found = zxingcpp.read_barcodes(picture_of((corpus / "print_jobs" / "small" / "barcodes.bin").read_bytes()))
    read = {each.text for each in found}
    assert {"012z !.,", "012.ABZ", "ABCZ012", "01234565", "0123456789012", "0036000291452", "0123456789"} <= read


def test_captured_jobs_can_be_rendered_in_every_format(corpus: Path) -> None:
    jobs = [job for job in sorted((corpus / "print_jobs").rglob("*.bin")) if "receiptline" not in str(job)][::6]
    for job in jobs:
        data = job.read_bytes()
        if job.name == "demo.bin":
            continue  # 14 documents of images: slow, and nothing new
        assert render_job(data, Format.PNG), job.name
        assert render_job(data, Format.TXT) is not None, job.name
        ET.fromstring(render_job(data, Format.SVG))


def test_nothing_at_all_is_an_empty_sheet() -> None:
    assert Image.open(BytesIO(render([], Format.PNG))).width == 576 + 48
    assert render([], Format.TXT) == b""


def test_text_says_what_is_printed_and_where_the_codes_stand() -> None:
    text = render_job(b"Total 1.00\n" + QR + b"Thanks\n\x1dV\x00Next\n", Format.TXT).decode()
    assert text == "Total 1.00\n[qr] t=20240101T1200&s=1.00\nThanks\n\n- - - 8< - - -\n\nNext\n"


def test_markup_cannot_be_broken_out_of() -> None:
    page = render_job(b'<script>alert(1)</script> & \x1b-\x01"x"\n', Format.HTML).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_our_own_font_has_what_receipts_of_our_languages_need() -> None:
    drawn = glyphs(12, 24)
    missing = drawn.draw("\U0010fffd", cells=1, bold=False).tobytes()
    for character in "\u0416\u0451\u04d9\u0456\u20ac\u20bd\u20b8\u2116\u00df\u0142\u011f\u03a9\u2500\u2588":
        assert drawn.draw(character, cells=1, bold=False).tobytes() != missing, character


LONG = b"\x1d!\x77" + b"W\n" * 1500
FAR_OUT = bytes.fromhex(
    "eaf64c1b1d4c1df6ea301b4c1d5c1d4c4c1d4c010000001d4cf61b"
)  # a page 63,000 dots to the right: 1.2 GB


@pytest.mark.parametrize("job", [LONG, FAR_OUT])
def test_a_hostile_paper_gives_a_bounded_picture(job: bytes) -> None:
    picture = picture_of(job)
    assert picture.height <= PICTURE_DOTS_MAX
    assert picture.width <= PICTURE_WIDTH_DOTS_MAX


def test_wide_printing_reads_without_its_gaps() -> None:
    assert PaperLine("plain").plain == "plain"


def two_dimensional(kind: int, data: str) -> bytes:
    body = bytes((kind, 80, 48)) + data.encode()
    size = bytes((0x1D, 0x28, 0x6B, 3, 0, kind, 67, 6))
    return size + b"\x1d(k" + len(body).to_bytes(2, "little") + body + bytes((0x1D, 0x28, 0x6B, 3, 0, kind, 81, 48))


@pytest.mark.parametrize(
    ("kind", "data", "read"),
    [
        (48, "PDF417 of a till", "PDF417 of a till"),
        (53, "Aztec 4711", "Aztec 4711"),
        (54, "DataMatrix 4711", "DataMatrix 4711"),
        (51, "0401234567890", "04012345678901"),
    ],
)
def test_a_scanner_reads_two_dimensional_codes_from_the_picture(kind: int, data: str, read: str) -> None:
    (found,) = zxingcpp.read_barcodes(picture_of(two_dimensional(kind, data)))
    assert found.text.removeprefix("(01)") == read


def test_a_code_that_cannot_be_drawn_is_told_in_a_frame_with_all_that_it_says() -> None:
    job = two_dimensional(52, "0401234567890|" + "long " * 40)
    drawn = render_job(job, Format.SVG).decode()
    told = "".join(element.text or "" for element in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text"))
    assert told == "composite: 0401234567890|" + "long " * 40
    assert 'fill="none" stroke="#999"' in drawn


def test_paper_without_end_is_drawn_as_far_as_a_picture_goes_and_that_is_told() -> None:
    drawing = draw((b"\n" * 100_000,) * 20, Format.TXT)
    assert not drawing.whole
    assert drawing.taken_bytes < 100_000
    cuts = draw((b"A\n\x1dV\x00" * 20_000,) * 20, Format.PNG)
    assert not cuts.whole
    assert Image.open(BytesIO(cuts.picture)).height <= PICTURE_DOTS_MAX
    whole = draw((b"Milk 1.20\n", b"Thanks\n"), Format.TXT)
    assert (whole.whole, whole.taken_bytes) == (True, 17)


def test_hebrew_stands_on_the_picture_as_on_paper_and_in_the_page_as_it_reads() -> None:
    job = b"\x1b@\x1bt\x24" + "חלב\n".encode("cp862")
    turned = b"\x1b@\x1bt\x24" + "םולש בלח\n".encode("cp862")
    assert "חלב" in render_job(job, Format.HTML).decode()
    assert "חלב שלום" in render_job(turned, Format.TXT).decode()


def read_job(job: bytes) -> list[Paper]:
    reader = PaperReader()
    return [*reader.feed(job), *reader.close()]


@pytest.mark.parametrize("dots", [1, 10, 29, 30, 31, 100, 255])
def test_paper_fed_by_dots_is_as_long_as_it_was_fed(dots: int) -> None:
    def height(job: bytes) -> int:
        return scene(read_job(job), dots=576).height

    at_start = b"one\n\x1bJ%ctwo\n"
    assert height(at_start % dots) - height(b"one\ntwo\n") == dots
    behind_text = b"one\x1bJ%ctwo\n"
    assert height(behind_text % dots) - height(b"one\ntwo\n") == max(0, dots - 30), "no closer than a line feed"


def test_paper_fed_by_dots_behind_everything_is_not_drawn() -> None:
    assert scene(read_job(b"one\n\x1bJ\x0a\x1dV\x00"), dots=576) == scene(read_job(b"one\n\x1dV\x00"), dots=576)


@pytest.mark.parametrize("picture_format", list(Format))
@pytest.mark.parametrize("page", [b"", b"\x1bL"])
def test_an_image_whose_rows_never_came_is_nothing(page: bytes, picture_format: Format) -> None:
    assert render_job(page + b"A\n\x1dv0\x03\x8b\x00\x00\x20", picture_format)

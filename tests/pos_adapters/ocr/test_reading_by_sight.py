"""Receipts printed as pictures: kept and parked without OCR, read by the same arithmetic with it."""

import json
import shutil
import warnings
from io import BytesIO

import pytest
from PIL import Image
from typer.testing import CliRunner

from agent.commands.reading import app
from pos_adapters.ocr import sight
from pos_adapters.ocr.pictures import read_by_sight
from pos_adapters.ocr.tesseract import installed
from pos_adapters.reading.reader import read_paper
from pos_adapters.reading.values import ParkReason
from receipt.document import PaperReader
from receipt.render.picture import Format, render_job
from retail.errors import ConfigurationError

LINES = (
    "CORNER SHOP",
    "12 High Street",
    "14.03.2024 18:21   No 4711",
    "Milk 1 l              1.20",
    "Rye bread             3.10",
    "Cheese                5.45",
    "TOTAL                 9.75",
    "Cash                 10.00",
    "Change                0.25",
)
FISCAL = "t=20240314T1821&s=9.75&fn=9280440300200295&i=14378&fp=3796110719&n=1"


@pytest.fixture(scope="session")
def picture_job():
    """A receipt drawn, and sent by python-escpos in strips of 24 rows with a QR code as a picture, as drivers do."""
    from escpos.printer import Dummy

    drawn = render_job("\n".join(LINES).encode() + b"\n", Format.PNG)
    picture = Image.open(BytesIO(drawn)).convert("1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        printer = Dummy(profile="TM-T20II")
        printer.image(picture.crop((0, 0, 576, picture.height)), impl="bitImageRaster", fragment_height=24)
        printer.qr(FISCAL, size=6)
        printer.cut()
    return bytes(printer.output)


@pytest.fixture
def paper(picture_job):
    reader = PaperReader()
    [paper] = [*reader.feed(picture_job), *reader.close()]
    return paper


class Sees:
    """A scripted eye: says the given lines of the first picture, and nothing of the others."""

    def __init__(self, *lines):
        self.lines_left = [list(lines)]
        self.asked = []

    def lines(self, png):
        self.asked.append(Image.open(BytesIO(png)).size)
        return self.lines_left.pop() if self.lines_left else []


def test_without_an_eye_the_picture_is_kept_whole_and_the_document_parked(paper):
    assert sight("")(paper) is paper
    assert read_paper(paper).parked.reason is ParkReason.RASTER
    assert max(image.height_dots for image in paper.pictures) > 200, "strips are stitched"


def test_what_is_seen_is_read_by_the_same_arithmetic(paper):
    reading = read_paper(read_by_sight(paper, Sees(*LINES)))
    assert str(reading.transaction.total) == "9.75"
    assert reading.transaction.item_count == 3


def test_an_amount_misread_by_one_digit_is_parked(paper):
    misread = [line.replace("5.45", "5.46") for line in LINES]
    reading = read_paper(read_by_sight(paper, Sees(*misread)))
    assert (reading.transaction, reading.parked.reason) == (None, ParkReason.DOES_NOT_ADD_UP)


def test_a_card_number_on_a_picture_is_masked(paper):
    seen = read_by_sight(paper, Sees("VISA 4111 1111 1111 1111"))
    assert "4111 1111 1111 1111" not in "".join(seen.text)
    assert "1111" in "".join(seen.text)


def test_a_card_number_on_two_lines_of_a_picture_is_masked(paper):
    seen = read_by_sight(paper, Sees("VISA 4111 1111", "1111 1111"))
    assert "VISA 4111 11**" in seen.text
    assert "**** 1111" in seen.text


def test_codes_on_pictures_are_read_and_not_taken_for_letters(paper):
    pytest.importorskip("zxingcpp", reason="the extra `ocr` (zxing-cpp) is not installed")
    assert paper.codes == ()
    [code] = read_by_sight(paper, Sees()).codes
    assert (code.symbology.value, code.data) == ("qr", FISCAL)


def test_a_language_that_is_not_there_is_told_with_what_to_install():
    with pytest.raises(ConfigurationError) as error:
        sight("xyz")
    assert "tesseract" in error.value.message
    assert "tesseract-ocr" in error.value.fix


@pytest.mark.real
def test_tesseract_reads_a_printed_picture_and_the_arithmetic_proves_it(picture_job, tmp_path):
    if shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed; fix: sudo apt-get install tesseract-ocr")
    assert installed(("eng",)).languages == "eng"
    job = tmp_path / "picture.bin"
    job.write_bytes(picture_job)
    [without] = json.loads(CliRunner().invoke(app, ["read", str(job), "--json"]).stdout)
    assert (without["transaction"], without["parked"]["reason"]) == (None, "raster")
    [document] = json.loads(CliRunner().invoke(app, ["read", str(job), "--ocr", "eng", "--json"]).stdout)
    assert document["transaction"]["total"] == "9.75"
    assert document["parked"] is None
    assert [line["amount"] for line in document["transaction"]["line_items"] if line["type"] == "sale"] == [
        "1.20",
        "3.10",
        "5.45",
    ]

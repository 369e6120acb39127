"""Page mode and turned characters stand on pictures where they stand on paper."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from receipt.document import PaperReader
from receipt.paper import Paper
from receipt.render.items import TurnedItem
from receipt.render.picture import Format, render_job
from receipt.render.scene import MARGIN_DOTS, Scene, scene

PAGE, FORM_FEED = b"\x1bL", b"\x0c"
QR = b"\x1d(k\x03\x001C\x05\x1d(k\x0c\x001P0on a page\x1d(k\x03\x001Q0"
BARS = b"\x1dh\x50\x1dk\x02400638133393\x00"


def area(x: int, y: int, width: int, height: int) -> bytes:
    return b"\x1bW" + b"".join(each.to_bytes(2, "little") for each in (x, y, width, height))


def direction(number: int) -> bytes:
    return bytes((0x1B, 0x54, number))


def down(dots: int) -> bytes:
    return b"\x1d$" + dots.to_bytes(2, "little")


def read(job: bytes) -> list[Paper]:
    reader = PaperReader()
    return [*reader.feed(job), *reader.close()]


def drawn(job: bytes) -> Scene:
    return scene(read(job), dots=576)


def boxes(job: bytes) -> list[tuple[int, int, int, int]]:
    """Where the pieces of the first page stand, in dots from the paper's edge."""
    turned = [item for item in drawn(job).items if isinstance(item, TurnedItem)]
    return [(item.x - MARGIN_DOTS, item.y - MARGIN_DOTS, item.width, item.height) for item in turned]


@pytest.mark.parametrize(
    ("number", "box"),
    [
        (0, (10, 20, 36, 24)),  # begins at the area's upper left corner
        (1, (10, 20 + 300 - 36, 24, 36)),  # at the lower left, upwards
        (2, (10 + 200 - 36, 20 + 300 - 24, 36, 24)),  # at the lower right, upside down
        (3, (10 + 200 - 24, 20, 24, 36)),  # at the upper right, downwards
    ],
)
def test_each_direction_of_writing_begins_in_its_own_corner_of_the_area(number, box) -> None:
    assert boxes(PAGE + area(10, 20, 200, 300) + direction(number) + b"abc" + FORM_FEED) == [box]


def test_what_the_till_places_stands_with_its_foot_there_but_a_two_dimensional_code_with_its_head() -> None:
    job = PAGE + area(0, 0, 500, 400) + down(100) + b"abc" + down(200) + BARS + down(220) + QR + FORM_FEED
    text, bars, code = boxes(job)
    assert text[1] == 100 - 21
    assert bars[1] + bars[3] == 200
    assert code[1] == 220


def test_units_of_motion_are_those_that_the_till_set() -> None:
    job = b"\x1dP\x65\x65" + PAGE + area(50, 10, 200, 150) + b"abc" + FORM_FEED
    ((x, y, _, _),) = boxes(job)
    assert (x, y) == (50 * 203 // 101, 10 * 203 // 101)


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_codes_on_a_page_are_scanned_from_its_picture_however_they_are_turned(number: int) -> None:
    job = PAGE + area(30, 30, 500, 500) + direction(number) + down(120) + BARS + down(200) + QR + FORM_FEED
    picture = Image.open(BytesIO(render_job(job, Format.PNG)))
    assert {found.text for found in zxingcpp.read_barcodes(picture)} == {"4006381333931", "on a page"}


def test_a_page_is_as_long_as_its_areas_and_what_follows_stands_below_it() -> None:
    page = PAGE + area(0, 0, 300, 400) + b"above" + FORM_FEED
    assert drawn(b"head\n" + page + b"below\n").height - drawn(b"head\nbelow\n").height == 400


def test_the_text_of_a_page_is_read_once_and_its_dropped_codes_not_at_all() -> None:
    (paper,) = read(PAGE + b"first\n" + QR + FORM_FEED + b"then\n" + PAGE + BARS + b"\x18\x1bSend\n")
    assert paper.text == ("first", "then", "end")
    assert [code.data for code in paper.codes] == ["on a page"]


def test_turned_characters_stand_side_by_side_as_wide_as_they_were_high() -> None:
    job = b"\x1bV\x01" + b"A" * 30 + b"\n"
    assert [len(line) for line in read(job)[0].text] == [24, 6]
    picture = Image.open(BytesIO(render_job(b"\x1bV\x01L\n", Format.PNG)))
    ink = picture.point(lambda dot: 255 * (dot < 128)).getbbox()
    assert ink is not None
    assert ink[2] - ink[0] > ink[3] - ink[1], "an L that lies is wider than high"


def test_every_format_draws_pages_and_turned_characters() -> None:
    job = PAGE + area(0, 0, 300, 300) + direction(3) + b"down\n" + QR + FORM_FEED + b"\x1bV\x01turned\n\x1b{\x01 over\n"
    root = ET.fromstring(render_job(job, Format.SVG))
    groups = [group.get("transform") for group in root.iter("{http://www.w3.org/2000/svg}g")]
    right = MARGIN_DOTS + 300
    assert groups == [f"translate({x} {MARGIN_DOTS}) rotate(90)" for x in (right, right - 30)]
    assert b"down\n" in render_job(job, Format.TXT)

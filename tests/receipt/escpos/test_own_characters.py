"""Characters that a till draws itself are on the picture as it drew them, and in the text as what they replace."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from receipt.document import PaperReader
from receipt.paper import Paper
from receipt.render.picture import Format, render_job

BLOCK = b"\x1b&\x03EE" + bytes((12,)) + b"\xff" * 36  # E is a black cell of 12 by 24 dots
ON, OFF = b"\x1b%\x01", b"\x1b%\x00"


def paper_of(job: bytes) -> Paper:
    reader = PaperReader()
    (paper,) = (*reader.feed(job), *reader.close())
    return paper


def black_dots(job: bytes) -> int:
    picture = Image.open(BytesIO(render_job(job, Format.PNG))).convert("1")
    return picture.histogram()[0]


def test_a_drawn_character_is_drawn_while_it_is_switched_on_and_read_as_its_letter() -> None:
    job = b"\x1b@" + BLOCK + ON + b"E" + OFF + b"E\n"
    paper = paper_of(job)
    assert paper.text == ("EE",)
    assert [span.style.drawn_set for line in paper.lines for span in line.spans] == [1, 0]
    assert paper.drawn_sets[0]["E"].width_dots == 12
    assert black_dots(b"\x1b@" + BLOCK + ON + b"E\n") == 12 * 24


def test_a_character_drawn_anew_leaves_what_was_printed_before_as_it_was() -> None:
    empty = b"\x1b&\x03EE" + bytes((12,)) + b"\x00" * 36
    assert black_dots(b"\x1b@" + BLOCK + ON + b"E" + empty + b"E\n") == 12 * 24


def test_cancelled_and_reset_characters_are_the_code_page_s_again() -> None:
    plain = black_dots(b"\x1b@E\n")
    assert black_dots(b"\x1b@" + BLOCK + ON + b"\x1b?EE\n") == plain
    assert black_dots(b"\x1b@" + BLOCK + ON + b"\x1b@E\n") == plain


def test_drawings_without_end_are_bounded() -> None:
    paper = paper_of(b"\x1b@" + ON + (BLOCK + b"E\n") * 500)
    assert len(paper.drawn_sets) <= 32


def test_a_vector_picture_shows_the_drawing_too() -> None:
    drawn = render_job(b"\x1b@" + BLOCK + ON + b"E\n", Format.SVG).decode()
    assert "data:image/png" in drawn
    assert "<text" not in drawn

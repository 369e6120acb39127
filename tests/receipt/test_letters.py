"""Drawn lines: as wide as the paper, inked, and whole."""

from __future__ import annotations

import pytest

from agent.speech.fonts import find_letters
from receipt.letters import LINE_DOTS, Letters
from receipt.slip import Line
from receipt.slip_blocks import Align, Size

LETTERS = find_letters()
pytestmark = pytest.mark.skipif(LETTERS is None, reason="no font on this machine: apt-get install fonts-dejavu-core")


def ink(line: Line, dots: int = 384, columns: int = 32) -> tuple[int, int, int]:
    """Return the leftmost and rightmost inked dot, and the height."""
    assert LETTERS is not None
    bitmap = LETTERS.draw(line, dots=dots, columns=columns)
    assert bitmap.width_bytes == dots // 8
    rows = ["".join(f"{byte:08b}" for byte in row) for row in bitmap.rows]
    inked = [place for row in rows for place, dot in enumerate(row) if dot == "1"]
    return min(inked), max(inked), bitmap.height


@pytest.mark.parametrize("text", ["Привет, Анна", "Ελληνικά", "ღვინო", "مرحبا", "Việt Nam"])
def test_a_line_is_drawn_where_it_belongs(text: str) -> None:
    left = ink(Line(text))
    centre = ink(Line(text, Align.CENTRE))
    right = ink(Line(text, Align.RIGHT))
    assert left[0] <= 8
    assert abs((384 - centre[1]) - centre[0]) <= 4
    assert right[1] >= 376


def test_sizes_are_as_high_and_wide_as_the_printers_own() -> None:
    normal, tall, double = (ink(Line("Привет", size=size)) for size in Size)
    assert (normal[2], tall[2], double[2]) == (LINE_DOTS, 2 * LINE_DOTS, 2 * LINE_DOTS)
    assert double[1] - double[0] > 1.8 * (normal[1] - normal[0])
    assert tall[1] == normal[1]


@pytest.mark.parametrize(("dots", "columns"), [(384, 32), (512, 42), (576, 48)])
def test_words_at_the_right_edge_stand_where_the_printers_own_would(dots: int, columns: int) -> None:
    _left, right, _height = ink(Line("Кофе".ljust(columns - 3) + "RUB", bold=True), dots, columns)
    assert columns * (dots // columns) - right <= dots // columns


@pytest.mark.parametrize(("dots", "columns"), [(384, 32), (512, 42), (576, 48)])
def test_a_full_line_of_letters_is_not_cut_off(dots: int, columns: int) -> None:
    _left, right, _height = ink(Line("Щ" * columns), dots, columns)
    assert right < dots


def test_a_line_that_repeats_is_drawn_once() -> None:
    calls = []

    def load() -> bytes:
        calls.append(1)
        raise OSError("gone")

    letters = Letters([load])
    with pytest.raises(OSError, match="gone"):
        letters.draw(Line("Щ"), dots=384, columns=32)
    assert calls == [1]

"""Lines of text and nothing else, which most of a receipt is: printed without cutting them into tokens first.

Contract: `print_lines` does what the tokens of these bytes would have done, in a third of the time. It is for a
printer at rest only (no command, image, macro or text under way), and stops before the first line that is not so plain.
"""

from __future__ import annotations

import re
import sys
from typing import Final

from receipt.layout import Typesetter

_LINES: Final = re.compile(rb"(?:[\x20-\xff]*+\r?\n)++")
AT_ONCE_BYTES: Final = 4096  # looked at together: of lines that cannot be printed so, all would be looked at each time
_BEFORE_LINES: Final = re.compile(rb"\n(?=(?:[\x20-\xff]*+\r?\n){3})")
_TEXT: Final = re.compile(rb"[\x20-\xff]++")


def is_text(data: bytes) -> bool:
    """Whether bytes are characters, and no control among them."""
    return _TEXT.fullmatch(data) is not None


def end_of_lines(data: bytes, at: int, until: int = sys.maxsize) -> int:
    """Return where the plain lines end that begin at `data[at]` and end before `until`; `at` where there is none."""
    lines = _LINES.match(data, at, until)
    return lines.end() if lines is not None else at


def next_lines(data: bytes, at: int) -> int:
    """Return where plain lines begin again behind a line's end, at least three of them; 0 where they do not."""
    end = _BEFORE_LINES.search(data, at)
    return end.end() if end is not None else 0


def print_lines(sheet: Typesetter, data: bytes, at: int, *, offset: int) -> int:
    """Print the lines from `data[at]`, byte `offset` of the job, on; return where the first stands that is left."""
    end = end_of_lines(data, at, at + AT_ONCE_BYTES) if sheet.is_simple else at
    return at + sheet.whole_lines(data[at:end], offset) if end > at else at

"""Lines of text and nothing else, which most of a receipt is: printed without cutting them into tokens first.

Contract: `print_lines` does what the tokens of these bytes would have done, in a third of the time. It is for a
printer at rest only (no command, image, macro or text under way), and stops before the first line that is not so plain.
"""

from __future__ import annotations

import re
from typing import Final

from receipt.layout import Typesetter

_LINES: Final = re.compile(rb"(?:[\x20-\xff]*+\r?\n)++")
_TEXT: Final = re.compile(rb"[\x20-\xff]++")


def is_text(data: bytes) -> bool:
    """Whether bytes are characters, and no control among them."""
    return _TEXT.fullmatch(data) is not None


def print_lines(sheet: Typesetter, data: bytes, at: int, *, offset: int) -> int:
    """Print the lines from `data[at]`, byte `offset` of the job, on; return where the first stands that is left."""
    lines = _LINES.match(data, at)
    return at + sheet.whole_lines(lines[0], offset) if lines is not None else at

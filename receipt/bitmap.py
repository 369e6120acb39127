"""A picture of black and white dots, as raster commands want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BITS = 8


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Rows of dots from top to bottom, eight dots a byte, the leftmost in the highest bit; 1 is black."""

    width_bytes: int
    rows: tuple[bytes, ...]

    def __post_init__(self) -> None:
        assert {self.width_bytes}.issuperset(map(len, self.rows))

    @property
    def height(self) -> int:
        """How many rows of dots there are."""
        return len(self.rows)


def bitmap_of(matrix: Sequence[Sequence[bool]], *, scale: int = 1) -> Bitmap:
    """Return the picture of a matrix of modules, each `scale` dots wide and high."""
    if not matrix:
        return Bitmap(0, ())
    width_bytes = -(-len(matrix[0]) * scale // _BITS)
    rows: list[bytes] = []
    for modules in matrix:
        bits = "".join(("1" if black else "0") * scale for black in modules).ljust(width_bytes * _BITS, "0")
        rows.extend([int(bits, 2).to_bytes(width_bytes, "big")] * scale)
    return Bitmap(width_bytes, tuple(rows))

"""What ISO/IEC 18004 lays down for QR codes of level M: blocks, function patterns, the path of the bits.

Worked out from the standard's rules instead of imported from the qrcode library, which brings Pillow into core's
memory (8 MB); tests hold every version equal to the library, module for module.
"""

from __future__ import annotations

from collections.abc import Iterator

VERSION_MAX = 40

BYTES_AT_LEVEL_M = (
    *(14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666, 711, 779),
    *(857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989, 2099, 2213, 2331),
)
"""Bytes that each version holds in byte mode (table 7)."""

_CORRECTION_BYTES = (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26) + (28,) * 19
"""Error correction of each block, by version (table 9)."""

_BLOCKS = (
    *(1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16),
    *(17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49),
)
"""Number of blocks, by version (table 9)."""

Modules = list[list[bool | None]]
"""Rows of modules: True is black, None carries data."""

_FINDER = 7
_TIMING = 6
_FORMAT_GENERATOR, _FORMAT_MASK, _FORMAT_BITS = 0b10100110111, 0b101010000010010, 15
_VERSION_GENERATOR, _VERSION_BITS = 0b1111100100101, 18
_WITH_VERSION_BITS = 7  # from this version on a code says its version
_LEVEL_M = 0b00


def blocks_of(version: int, codewords: int) -> list[tuple[int, int]]:
    """Return (data bytes, correction bytes) of each block; the longer blocks come last."""
    count, correction = _BLOCKS[version - 1], _CORRECTION_BYTES[version - 1]
    short = codewords // count - correction
    longer = codewords % count
    return [(short + (place >= count - longer), correction) for place in range(count)]


def function_modules(version: int, mask_pattern: int) -> Modules:
    """Return the modules of a version at level M that carry no data, the others None."""
    size = 17 + 4 * version
    modules: Modules = [[None] * size for _row in range(size)]
    for row, column in ((0, 0), (0, size - _FINDER), (size - _FINDER, 0)):
        _draw_finder(modules, row, column)
    centres = _alignment_centres(version)
    for row in centres:
        for column in centres:
            if modules[row][column] is None:
                _draw_square(modules, row, column)
    for place in range(_FINDER, size - _FINDER):
        modules[_TIMING][place] = modules[place][_TIMING] = place % 2 == 0
    _draw_format(modules, mask_pattern)
    if version >= _WITH_VERSION_BITS:
        _draw_version(modules, version)
    return modules


def path(modules: Modules) -> Iterator[tuple[int, int]]:
    """Yield the modules that carry data in the order of the bits: column pairs from the right, up and down by turns."""
    size = len(modules)
    rights = [right - (right <= _TIMING) for right in range(size - 1, 0, -2)]
    for turn, right in enumerate(rights):
        for row in range(size) if turn % 2 else range(size - 1, -1, -1):
            for column in (right, right - 1):
                if modules[row][column] is None:
                    yield row, column


def _draw_finder(modules: Modules, top: int, left: int) -> None:
    """Draw a finder pattern and the white separator around it, as far as it is on the code."""
    size = len(modules)
    for row in range(max(top - 1, 0), min(top + _FINDER + 1, size)):
        for column in range(max(left - 1, 0), min(left + _FINDER + 1, size)):
            ring = max(abs(row - top - 3), abs(column - left - 3))
            modules[row][column] = ring in {0, 1, 3}


def _draw_square(modules: Modules, row: int, column: int) -> None:
    for down in range(-2, 3):
        for across in range(-2, 3):
            modules[row + down][column + across] = max(abs(down), abs(across)) != 1


def _alignment_centres(version: int) -> list[int]:
    """Return the rows, which are the columns, of alignment patterns (annex E)."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2  # noqa: PLR2004 - annex E
    last = 4 * version + 10
    return [_TIMING, *(last - step * back for back in range(count - 2, -1, -1))]


def _draw_format(modules: Modules, mask_pattern: int) -> None:
    size = len(modules)
    bits = _with_remainder(_LEVEL_M << 3 | mask_pattern, _FORMAT_GENERATOR, _FORMAT_BITS) ^ _FORMAT_MASK
    for place in range(_FORMAT_BITS):
        black = bool(bits >> place & 1)
        down = place if place < 6 else place + 1 if place < 8 else size - 15 + place  # noqa: PLR2004 - figure 25
        across = size - 1 - place if place < 8 else 15 - place if place == 8 else 14 - place  # noqa: PLR2004
        modules[down][8] = modules[8][across] = black
    modules[size - 8][8] = True


def _draw_version(modules: Modules, version: int) -> None:
    bits = _with_remainder(version, _VERSION_GENERATOR, _VERSION_BITS)
    for place in range(_VERSION_BITS):
        black = bool(bits >> place & 1)
        far, near = len(modules) - 11 + place % 3, place // 3
        modules[near][far] = modules[far][near] = black


def _with_remainder(data: int, generator: int, bits: int) -> int:
    """Return data followed by its remainder of a binary code (BCH)."""
    degree = generator.bit_length() - 1
    shifted = remainder = data << degree
    while remainder.bit_length() > degree:
        remainder ^= generator << remainder.bit_length() - generator.bit_length()
    result = shifted | remainder
    assert result.bit_length() <= bits, (data, result)
    return result

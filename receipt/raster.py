"""Bit images as printers are sent them, turned into rows of bits, and strips stitched into pictures.

Contract: pure and never raises; data that ends early is filled with white. Rows run from the top, most significant
bit left, 1 is black.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Final

from receipt.paper import PrintedImage

ROW_BYTES_MAX: Final = 256  # 2,048 dots: wider than any receipt printer (and a width field of 65,535 is an attack)
DOTS_MAX: Final = 1_000_000_000


def rows_of(data: bytes, width_bytes: int, height: int) -> bytes:
    """Return the rows of an image sent row by row."""
    kept = min(height, (len(data) + width_bytes - 1) // width_bytes if width_bytes else 0)
    return data[: kept * width_bytes].ljust(kept * width_bytes, b"\0")


def rows_of_columns(data: bytes, width: int, column_bytes: int) -> bytes:
    """Return the rows of an image sent column by column, `column_bytes` of 8 dots each from top to bottom."""
    if not width or not column_bytes:
        return b""
    data = data[: width * column_bytes].ljust(width * column_bytes, b"\0")
    row_bytes = (width + 7) // 8
    rows = []
    for plane in range(column_bytes):
        column = data[plane::column_bytes]
        for bit in range(8):
            digits = column.translate(_digits(7 - bit))
            rows.append((int(digits, 2) << row_bytes * 8 - width).to_bytes(row_bytes, "big"))
    return b"".join(rows)


@cache
def _digits(bit: int) -> bytes:
    return bytes(ord("1") if byte >> bit & 1 else ord("0") for byte in range(256))


@cache
def _stretched(times: int) -> tuple[bytes, ...]:
    """Return for each of the `times` bytes that a byte becomes the table that `bytes.translate` makes it by."""
    wide = [int("".join(digit * times for digit in f"{byte:08b}"), 2).to_bytes(times, "big") for byte in range(256)]
    return tuple(map(bytes, zip(*wide, strict=True)))


def magnified(rows: bytes, width_bytes: int, *, across: int, down: int) -> bytes:
    """Return rows whose dots are `across` wide and `down` high."""
    if across > 1:
        wide = bytearray(len(rows) * across)
        for place, table in enumerate(_stretched(across)):
            wide[place::across] = rows.translate(table)
        rows = bytes(wide)
        width_bytes *= across
    if down > 1 and width_bytes:
        rows = b"".join(rows[at : at + width_bytes] * down for at in range(0, len(rows), width_bytes))
    return rows


def beside(strips: list[PrintedImage]) -> PrintedImage:
    """Join images that were printed side by side on one line."""
    if len(strips) == 1:
        return strips[0]
    left = min(strip.x_dots for strip in strips)
    width = max(strip.x_dots + strip.width_dots for strip in strips) - left
    height = max(strip.height_dots for strip in strips)
    row_bytes = (width + 7) // 8
    rows = [0] * height
    for strip in strips:
        own = (strip.width_dots + 7) // 8
        shift = row_bytes * 8 - (strip.x_dots - left) - own * 8
        for row in range(strip.height_dots):
            bits = int.from_bytes(strip.rows[row * own : (row + 1) * own], "big")
            rows[row] |= bits << shift if shift >= 0 else bits >> -shift
    joined = b"".join(row.to_bytes(row_bytes, "big") for row in rows)
    return replace(strips[0], width_dots=width, height_dots=height, rows=joined, x_dots=left)


def stitched(images: Iterable[PrintedImage]) -> list[PrintedImage]:
    """Join strips that follow each other down the paper with no line of text between them."""
    pictures: list[PrintedImage] = []
    strips: list[PrintedImage] = []
    for image in images:
        if strips and not _continues(strips[-1], image):
            pictures.append(_joined(strips))
            strips = []
        strips.append(image)
    if strips:
        pictures.append(_joined(strips))
    return pictures


def _continues(above: PrintedImage, below: PrintedImage) -> bool:
    same_place = (above.x_dots, above.width_dots) == (below.x_dots, below.width_dots)
    in_place = above.place is not None or below.place is not None
    return same_place and above.line == below.line and bool(above.height_dots) and not in_place


def _joined(strips: list[PrintedImage]) -> PrintedImage:
    if len(strips) == 1:
        return strips[0]
    height = sum(strip.height_dots for strip in strips)
    return replace(strips[0], height_dots=height, rows=b"".join(strip.rows for strip in strips))

"""Receipts printed upside down, to be torn off and read by who stands opposite: turned round, as they are read.

Contract: pure. A paper on which every printed line stands on its head is read from its last line to its first, its
pictures turned by half a turn; any other paper comes back as it is (a line or two upside down is decoration).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from receipt.paper import Paper, PaperLine, PrintedImage

_REVERSED_BITS: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_BITS: Final = 8


def as_read(paper: Paper) -> Paper:
    """Return a paper as who reads it holds it."""
    printed = False
    for line in paper.lines:
        if line.text:
            printed = True
            if not _on_its_head(line):
                return paper
    if not printed:
        return paper
    height = len(paper.lines)
    return replace(
        paper,
        lines=tuple(_upright(line) for line in reversed(paper.lines)),
        codes=tuple(replace(code, line=height - code.line, place=None) for code in reversed(paper.codes)),
        pictures=tuple(_half_turned(image, height) for image in reversed(paper.pictures)),
        feeds=(),
        pages=(),
    )


def _on_its_head(line: PaperLine) -> bool:
    return all(span.style.upside_down for span in line.spans)


def _upright(line: PaperLine) -> PaperLine:
    spans = tuple(span._replace(style=replace(span.style, upside_down=False)) for span in line.spans)
    return line._replace(spans=spans)


def _half_turned(image: PrintedImage, height: int) -> PrintedImage:
    """Return a picture turned by half a turn; what its last byte of a row was filled with stays at the right."""
    row_bytes = (image.width_dots + _BITS - 1) // _BITS
    rows = image.rows.translate(_REVERSED_BITS)[::-1]
    padding = row_bytes * _BITS - image.width_dots
    if padding:
        mask = (1 << row_bytes * _BITS) - 1
        rows = b"".join(
            (int.from_bytes(rows[at : at + row_bytes], "big") << padding & mask).to_bytes(row_bytes, "big")
            for at in range(0, len(rows), row_bytes)
        )
    return replace(image, rows=rows, line=height - image.line, place=None)

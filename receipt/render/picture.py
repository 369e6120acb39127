"""Papers, or a job's bytes, as a file in one of four formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final, assert_never

from receipt.document import PaperReader
from receipt.paper import Paper
from receipt.printers import DEFAULT_MODEL, printer_model
from receipt.render.items import CELL_HEIGHT
from receipt.render.pieces import GAP_DOTS
from receipt.render.scene import CUT_DOTS, PICTURE_DOTS_MAX, scene

LINE_DOTS: Final = CELL_HEIGHT + GAP_DOTS
TEXT_DOTS_MAX: Final = 100_000 * LINE_DOTS  # as text, a month of a till's roll
STEP_BYTES: Final = 16 * 1024  # read between two looks at how much paper there is


class Format(Enum):
    """What a picture is written as; the values are the files' endings."""

    PNG = "png"
    SVG = "svg"
    HTML = "html"
    TXT = "txt"


def render(papers: Sequence[Paper], picture_format: Format, *, model: str | None = None) -> bytes:
    """Return papers as a file; `model` sets the width, else the papers' own printer does.

    Raises ConfigurationError for a model that nobody knows.
    """
    if picture_format is Format.TXT:
        return plain(papers).encode("utf-8")
    name = model or (papers[0].model if papers else DEFAULT_MODEL)
    placed = scene(papers, dots=printer_model(name).dots)
    # the drawing modules load Pillow: nobody who only wants text should wait for it
    match picture_format:
        case Format.PNG:
            from receipt.render.png import png  # noqa: PLC0415

            return png(placed)
        case Format.SVG:
            from receipt.render.markup import svg  # noqa: PLC0415

            return svg(placed).encode("utf-8")
        case Format.HTML:
            from receipt.render.markup import html  # noqa: PLC0415

            return html(placed, papers).encode("utf-8")
        case _:
            assert_never(picture_format)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A job as a file; `taken_bytes` is how much of the job it shows: all of it, but for paper without end."""

    picture: bytes
    taken_bytes: int
    whole: bool


def draw(
    pieces: Iterable[bytes], picture_format: Format, *, model: str = DEFAULT_MODEL, language: str = "auto"
) -> Drawing:
    """Return a print job, in pieces, as a file; what comes after `PICTURE_DOTS_MAX` of paper is not even read."""
    reader = PaperReader(model, language)
    papers: list[Paper] = []
    room = TEXT_DOTS_MAX if picture_format is Format.TXT else PICTURE_DOTS_MAX
    taken, dots, whole = 0, 0, True
    for data in chain.from_iterable(map(_in_steps, pieces)):
        if reader.overfull or dots > room:
            whole = False
            break
        ended = reader.feed(data)
        papers += ended
        dots += sum(map(_dots_of, ended))
        taken += len(data)
    papers += reader.close()
    return Drawing(picture=render(papers, picture_format, model=model), taken_bytes=taken, whole=whole)


def _in_steps(piece: bytes) -> Iterator[bytes]:
    return (piece[at : at + STEP_BYTES] for at in range(0, len(piece), STEP_BYTES))


def _dots_of(paper: Paper) -> int:
    """Return about how long a document is."""
    return LINE_DOTS * len(paper.lines) + sum(image.height_dots for image in paper.pictures) + CUT_DOTS


def render_job(job: bytes, picture_format: Format, *, model: str = DEFAULT_MODEL, language: str = "auto") -> bytes:
    """Return a print job's bytes as a file; see `draw`."""
    return draw((job,), picture_format, model=model, language=language).picture


def plain(papers: Sequence[Paper]) -> str:
    """Return the lines as seen; codes stand in brackets where they are printed, a cut is a line of its own."""
    documents = []
    for paper in papers:
        lines: list[str] = []
        codes = list(paper.codes)
        for index in range(len(paper.lines) + 1):
            while codes and (codes[0].line <= index or index == len(paper.lines)):
                code = codes.pop(0)
                lines.append(f"[{code.symbology.value}] {code.data}")
            if index < len(paper.lines):
                lines.append(paper.lines[index].text)
        documents.append("\n".join(lines) + "\n")
    return "\n- - - 8< - - -\n\n".join(documents)

"""Papers, or a job's bytes, as a file in one of four formats."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

from receipt.document import PaperReader
from receipt.paper import Paper
from receipt.printers import DEFAULT_MODEL, printer_model
from receipt.render.scene import scene


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


def render_job(job: bytes, picture_format: Format, *, model: str = DEFAULT_MODEL, language: str = "auto") -> bytes:
    """Return a print job's bytes as a file."""
    reader = PaperReader(model, language)
    papers = reader.feed(job)
    papers += reader.close()
    return render(papers, picture_format, model=model)


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

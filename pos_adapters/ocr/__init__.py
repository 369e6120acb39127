"""Reading receipts that were printed as pictures: an optional extra, after printing, never on the print path.

`sight(languages)` is all that others use: what makes of a paper one that can be read, or the paper as it is. Nothing
heavy is imported until somebody asks for a language.
"""

from __future__ import annotations

from collections.abc import Callable

from receipt.paper import Paper

ALL_LANGUAGES = "all"


def sight(languages: str | None) -> Callable[[Paper], Paper]:
    """Return what reads a paper's pictures in languages like `eng+rus` or `all`; None or none leaves it as it is.

    Raises ConfigurationError where the program or a language is missing; what it returns raises OnSiteError.
    """
    if not languages:
        return _as_it_is
    from pos_adapters.ocr.pictures import read_by_sight  # noqa: PLC0415 - an extra that most never use
    from pos_adapters.ocr.tesseract import installed  # noqa: PLC0415

    engine = installed(() if languages == ALL_LANGUAGES else languages.split("+"))
    return lambda paper: read_by_sight(paper, engine)


def _as_it_is(paper: Paper) -> Paper:
    return paper

"""Captured print jobs as the reading commands take them: files or folders in, masked papers out, JSON printed.

Files are read in pieces and lists printed item by item, so that a job of any size and any number of documents needs
no more memory than its largest document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path

from pos_adapters.reading.masking import StreamMasker
from receipt.document import PaperReader
from receipt.paper import Paper
from retail.errors import ConfigurationError

JOB_BYTES_MAX = 256 * 1024 * 1024  # a year of receipts in one file is a mistake; a roll of raster is 100 MB
PIECE_BYTES = 64 * 1024  # what is in memory of a file at once
STANDARD_INPUT = Path("-")  # `cat job.bin | tillstream read -`


class LanguageChoice(StrEnum):
    """Which command language the job is in."""

    AUTO = "auto"
    ESCPOS = "escpos"
    STAR = "star"


def jobs_of(places: Iterable[Path]) -> list[Path]:
    """Return the named files, and the `*.bin` of the named folders, in order.

    Raises ConfigurationError for a folder without a job.
    """
    files: list[Path] = []
    for place in places:
        if not place.is_dir():
            files.append(place)
            continue
        try:
            found = sorted(path for path in place.rglob("*.bin") if path.is_file())
        except OSError as error:  # a folder in it went away meanwhile, or is nobody's to read
            raise ConfigurationError(
                f"{place} cannot be read: {error}", fix="name the jobs one by one", code="cannot_read"
            ) from error
        if not found:
            raise ConfigurationError(
                f"{place} holds no print job", fix="name a folder with *.bin files", code="no_jobs"
            )
        files += found
    return files


def pieces_of(file: Path) -> Iterator[bytes]:
    """Yield the bytes of a job, or of standard input (`-`), in pieces, payment cards masked.

    Raises ConfigurationError for a file that cannot be read, or is no print job's size.
    """
    masker = StreamMasker()
    taken = 0
    try:
        with nullcontext(sys.stdin.buffer) if file == STANDARD_INPUT else file.open("rb") as job:
            while piece := job.read(PIECE_BYTES):
                taken += len(piece)
                if taken > JOB_BYTES_MAX:
                    raise ConfigurationError(
                        f"{file} is larger than {JOB_BYTES_MAX >> 20} MB", fix="cut it into jobs", code="job_too_large"
                    )
                yield masker.feed(piece)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read: {error.strerror}", fix="check its name and its rights", code="cannot_read"
        ) from error
    yield masker.close()


def job_of(file: Path) -> bytes:
    """Return a job's bytes, payment cards masked; raises as `pieces_of` does."""
    return b"".join(pieces_of(file))


def papers_in(file: Path, printer: str, language: LanguageChoice) -> Iterator[Paper]:
    """Yield the documents of a job, masked, as its printer would print them; raises as `pieces_of` does."""
    reader = PaperReader(printer, language.value)
    for piece in pieces_of(file):
        yield from reader.feed(piece)
    yield from reader.close()


def papers_of(job: bytes, printer: str, language: LanguageChoice) -> list[Paper]:
    """Return the documents of a masked job, as its printer would print them."""
    reader = PaperReader(printer, language.value)
    return [*reader.feed(job), *reader.close()]


def print_json(content: object) -> None:
    """Print for programs."""
    json.dump(content, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def print_json_list(items: Iterable[object]) -> None:
    """Print a list for programs, each item as soon as it is known."""
    before = "["
    for item in items:
        shown = json.dumps(item, ensure_ascii=False, indent=1).replace("\n", "\n ")
        sys.stdout.write(f"{before}\n {shown}")
        before = ","
    sys.stdout.write("[]\n" if before == "[" else "\n]\n")

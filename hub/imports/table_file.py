"""Rows of a CSV file as the trade exports them: UTF-8 or CP1251, comma or semicolon, leading zeros kept.

A row that cannot be used is written to `NAME.rejected.csv` with its line and the reason, and the rest goes on. What
makes the whole file unusable - no header, a column nobody knows - is a ConfigurationError that names the nearest.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retail.errors import ConfigurationError, OnSiteError

REJECTS_COLUMNS = ("line", "reason")
"""What a file of rejected rows has before the columns; mended, it is imported as it is."""

READ_BYTES = 1 << 20
SNIFF_CHARS = 4096
FIELD_CHARS_MAX = 2000  # a receipt text, a list of substitutes; longer is a quote that was never closed
FIELDS_MAX = 100
NEAREST_CUTOFF = 0.6  # difflib's own default: one or two letters wrong in a short word


class RowError(Exception):
    """A row cannot be used; the message is the reason that a person reads beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its values by column, trimmed, absent ones as ''. `problem` says why it cannot be used at all."""

    line: int
    values: dict[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A CSV file whose header has been read."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    size_bytes: int

    def rows(self) -> Iterator[tuple[Row, int]]:
        """Yield each row and how many bytes of the file have been read so far, for progress."""
        with self.path.open("rb") as binary:
            decoded = io.TextIOWrapper(binary, encoding=self.encoding, errors="replace", newline="")
            reader = csv.reader(decoded, delimiter=self.delimiter)
            next(reader)
            while True:
                try:
                    raw = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield (
                        Row(line=reader.line_num, values={}, problem=f"cannot be read: {error}"),
                        binary.tell(),
                    )
                    continue
                if any(field.strip() for field in raw):
                    yield self._row(reader.line_num, raw), binary.tell()

    def _row(self, line: int, raw: list[str]) -> Row:
        values = dict.fromkeys(self.header, "") | {
            name: field.strip()[:FIELD_CHARS_MAX] for name, field in zip(self.header, raw, strict=False)
        }
        problem = ""
        if len(raw) > len(self.header) and any(field.strip() for field in raw[len(self.header) :]):
            problem = f"{len(raw)} fields, the header has {len(self.header)}: a {self.delimiter!r} without quotes?"
        elif long := next(
            (name for name, value in zip(self.header, raw, strict=False) if len(value) > FIELD_CHARS_MAX), ""
        ):
            problem = f"{long} is longer than {FIELD_CHARS_MAX} characters: a quote that was never closed?"
        elif any("\ufffd" in value for value in values.values()):
            problem = f"has bytes that are no {self.encoding}"
        return Row(line=line, values=values, problem=problem)


def open_table(path: Path, *, known: Sequence[str], required: Sequence[str]) -> TableFile:
    """Read the header of a file. Raises ConfigurationError (columns) or OnSiteError (cannot be read)."""
    try:
        encoding = _encoding_of(path)
        with path.open("r", encoding=encoding, errors="replace", newline="") as file:
            sample = file.read(SNIFF_CHARS)
    except OSError as error:
        raise OnSiteError(f"{path}: cannot be read: {error.strerror}", fix="name a readable file") from error
    first_line = sample.splitlines()[0] if sample.strip() else ""
    delimiter = ";" if first_line.count(";") > first_line.count(",") else ","
    header = tuple(_column_name(field) for field in next(csv.reader([first_line], delimiter=delimiter), []))
    _check_header(path, header, known=known, required=required)
    return TableFile(path=path, encoding=encoding, delimiter=delimiter, header=header, size_bytes=path.stat().st_size)


def _column_name(field: str) -> str:
    """Return a header's column; `kind(card phone email wallet)`, as the contract writes it, is `kind`."""
    return field.partition("(")[0].strip().strip("\ufeff").lower().replace(" ", "_")


def _check_header(path: Path, header: tuple[str, ...], *, known: Sequence[str], required: Sequence[str]) -> None:
    if missing := [name for name in required if name not in header]:
        raise ConfigurationError(
            f"{path.name}: no column {', '.join(missing)}", fix=f"the first line names the columns: {', '.join(known)}"
        )
    if len(set(header)) != len(header):
        raise ConfigurationError(f"{path.name}: a column stands twice", fix="keep one of them")
    for name in header:
        if name and name not in known and name not in REJECTS_COLUMNS:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=NEAREST_CUTOFF)
            hint = f"; nearest known column: {nearest[0]}" if nearest else ""
            raise ConfigurationError(
                f"{path.name}: unknown column {name!r}{hint}", fix=f"known columns: {', '.join(known)}"
            )


def _encoding_of(path: Path) -> str:
    """Return `utf-8-sig` when the whole file is UTF-8, else `cp1251`: no Cyrillic text in one is valid in the other."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(READ_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1251"
    return "utf-8-sig"


class Rejects:
    """The file of rejected rows; there is none where every row was taken.

    A file of an earlier run stays: somebody may be mending it, or importing it just now. The next one gets a number.
    """

    def __init__(self, path: Path, header: Sequence[str], *, dry_run: bool) -> None:
        self.path = _free(path)
        self.count = 0
        self.first_reasons: list[str] = []
        self._header = [name for name in header if name not in REJECTS_COLUMNS]
        self._draft = self.path.with_name(self.path.name + ".part")
        self._file = None if dry_run else self._draft.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file) if self._file else None
        if self._writer:
            self._writer.writerow([*REJECTS_COLUMNS, *self._header])

    def add(self, row: Row, reason: str) -> None:
        """Write down a row and why it was not taken."""
        self.count += 1
        if len(self.first_reasons) < REASONS_SHOWN:
            self.first_reasons.append(f"line {row.line}: {reason}")
        if self._writer:
            self._writer.writerow([row.line, reason, *(row.values.get(name, "") for name in self._header)])

    def close(self) -> Path | None:
        """Put the file in its place and return it; None when nothing was rejected."""
        if not self._file:
            return None
        self._file.close()
        if not self.count:
            self._draft.unlink()
            return None
        self._draft.replace(self.path)
        return self.path


def _free(path: Path) -> Path:
    """Return a path that nothing lies at: `NAME.rejected.csv`, then `NAME.rejected-2.csv`."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


REASONS_SHOWN = 5  # of one file, on the screen; all of them stand in the rejects file

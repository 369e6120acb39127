"""Receipts as bytes, written by print libraries that are not ours: python-escpos, receiptline, receipt-printer-encoder.

The truth stays the generator's: the lines, total, items and tenders that its till printed. A library that lacks a
letter prints `?` in its place; which letters it lacks is asked of its own tables, never of our reader.
"""

import base64
import json
import re
import shutil
import subprocess
import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from tests.pos_adapters.reading.layouts.base import Golden

NODE_MODULES = Path(__file__).resolve().parents[3] / "node_modules"
DOUBLE_BYTE = {"ja": "shiftjis", "zh": "gb18030", "ko": "ksc5601"}
COLUMNS_MIN = 48
AMOUNT_CELLS = 14  # the column of prices, where a receipt has one


class Dialect(Enum):
    """A command set of receiptline: its name there and the language that we should find in it."""

    ESCPOS = "escpos"
    GENERIC = "generic"
    CITIZEN = "citizen"
    STAR_PRNT = "starsbcs"
    STAR_LINE = "starlinesbcs"

    def name_for(self, encoding: str) -> str:
        """Return the command set's name for printers of an encoding: Star's have double-byte models of their own."""
        suffix = {"shiftjis": "mbcs", "gb18030": "mbcs2", "ksc5601": "mbcs2"}.get(encoding, "sbcs")
        return self.value.replace("sbcs", suffix)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedGolden:
    golden: Golden
    encoder: str
    job: bytes
    language: str  # of commands
    lines: tuple[str, ...] | None  # what must be seen, where the library prints line for line

    @property
    def name(self) -> str:
        return f"{self.golden.name}.{self.encoder}"


def by_python_escpos(goldens: Sequence[Golden], *, gapped: bool = False) -> list[EncodedGolden]:
    """Return the goldens as python-escpos sends them: its own choice of code pages, its QR code and cut.

    With `gapped`, those goldens instead whose letters it lacks.
    """
    lacked = {letter for letter in letters_of(goldens) if _python_escpos(letter).endswith(b"?\n")}
    return [
        EncodedGolden(
            golden=golden,
            encoder="python-escpos",
            job=_receipt_by_python_escpos(golden),
            language="escpos",
            lines=without(golden.lines, lacked),
        )
        for golden in goldens
        if sayable(golden, lacked) is not gapped
    ]


def _python_escpos(line: str) -> bytes:
    from escpos.printer import Dummy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        printer = Dummy(profile="default")
        printer.textln(line)
    return bytes(printer.output)


def _receipt_by_python_escpos(golden: Golden) -> bytes:
    from escpos.printer import Dummy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        printer = Dummy(profile="default")
        printer.hw("INIT")
        for line in golden.lines:
            heading = line.startswith("     ")
            printer.set(align="center" if heading else "left", bold=heading)
            printer.textln(line.strip() if heading else line)
        for _qr, data in golden.codes:
            printer.qr(data, native=True, size=4)
        printer.cut()
    return bytes(printer.output)


def by_receiptline(goldens: Sequence[Golden], dialect: Dialect, *, gapped: bool = False) -> list[EncodedGolden]:
    """Return the goldens as receiptline sends them, in two ways: line for line as they are, and in its own markup.

    There headings are centred and prices stand in a column of their own. With `gapped`, those goldens instead whose
    letters receiptline lacks: it prints `?` for them.
    """
    lacked = _lacked_by_receiptline(goldens, dialect)
    goldens = [golden for golden in goldens if sayable(golden, lacked[_encoding(golden)]) is not gapped]
    both = [(golden, columns) for golden in goldens for columns in (False, True)]
    jobs = []
    for golden, columns in both:
        encoding = _encoding(golden)
        width = max(COLUMNS_MIN, *(cells(line, wide=encoding != "multilingual") + 2 for line in golden.lines))
        lines = _in_columns(golden.lines) if columns else map(_literal, golden.lines)
        codes = (f"{{code:{_escaped(data)}; option:qrcode,4,m}}" for _qr, data in golden.codes)
        printer = {"command": dialect.name_for(encoding), "encoding": encoding, "cpl": width, "cutting": True}
        jobs.append({"library": "receiptline", "document": "\n".join((*lines, *codes)), "printer": printer})
    return [
        EncodedGolden(
            golden=golden,
            encoder=f"receiptline-{dialect.value}{'-columns' if columns else ''}",
            job=job,
            language="star" if dialect.value.startswith("star") else "escpos",
            lines=None if columns else without(golden.lines, lacked[_encoding(golden)]),
        )
        for (golden, columns), job in zip(both, encoded(jobs), strict=True)
    ]


def _encoding(golden: Golden) -> str:
    return DOUBLE_BYTE.get(golden.language, "multilingual")


def _lacked_by_receiptline(goldens: Sequence[Golden], dialect: Dialect) -> dict[str, set[str]]:
    """Return the letters that receiptline prints as `?`, by encoding: asked of receiptline, letter by letter."""
    asked = sorted({(_encoding(golden), letter) for golden in goldens for letter in letters_of([golden])})
    jobs: list[dict[str, object]] = [
        {
            "library": "receiptline",
            "document": f"|{letter} |",
            "printer": {"command": dialect.name_for(encoding), "encoding": encoding, "cpl": COLUMNS_MIN},
        }
        for encoding, letter in asked
    ]
    lacked: dict[str, set[str]] = {encoding: set() for encoding, _letter in asked}
    for (encoding, letter), job in zip(asked, encoded(jobs), strict=True):
        if b"?" in job:
            lacked[encoding].add(letter)
    return lacked


def letters_of(goldens: Iterable[Golden]) -> set[str]:
    """Return all characters beyond ASCII that the goldens print."""
    return {letter for golden in goldens for letter in golden.text if not letter.isascii()}


def sayable(golden: Golden, lacked: set[str]) -> bool:
    """Whether a library has all letters of a golden: a shop of that language could not use it otherwise.

    Signs may be missing: `?` stands for a currency's sign on many receipts.
    """
    return not any(letter.isalpha() for letter in letters_of([golden]) & lacked)


def without(lines: Iterable[str], lacked: set[str]) -> tuple[str, ...]:
    """Return lines with `?` for the characters that a library lacks."""
    table = dict.fromkeys(map(ord, lacked), "?")
    return tuple(line.translate(table) for line in lines)


def by_receipt_printer_encoder(goldens: Sequence[Golden], language: str) -> list[EncodedGolden]:
    """Return the goldens as receipt-printer-encoder sends them, in `esc-pos`, `star-prnt` or `star-line`."""
    jobs = []
    for golden in goldens:
        options: dict[str, object] = {"language": language, "columns": 48}
        if golden.language == "kk":
            options["codepageCandidates"] = ["cp437", "rk1048"]
        codes = [data for _qr, data in golden.codes]
        jobs.append(
            {"library": "receipt-printer-encoder", "lines": list(golden.lines), "codes": codes, "options": options}
        )  # its tables have all letters of the goldens, and neither ₸ nor ₺
    return [
        EncodedGolden(
            golden=golden,
            encoder=f"receipt-printer-encoder-{language}",
            job=job,
            language="escpos" if language == "esc-pos" else "star",
            lines=without(golden.lines, {"₸", "₺"}),
        )
        for golden, job in zip(goldens, encoded(jobs), strict=True)
    ]


def encoded(jobs: Sequence[dict[str, object]]) -> list[bytes]:
    """Have the libraries from npm encode jobs; skip, and say how to install them, where they are missing."""
    node = shutil.which("node")
    if node is None or not (NODE_MODULES / "receiptline").is_dir():
        pytest.skip("receiptline and receipt-printer-encoder (npm) are missing: make node_modules/.installed")
    done = subprocess.run(
        [node, str(Path(__file__).with_name("encode.cjs"))],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [base64.b64decode(job) for job in json.loads(done.stdout)]


def cells(text: str, *, wide: bool) -> int:
    """Return how many cells a text fills; `wide` where symbols of unclear width are full-width, as in East Asia."""
    full = "WFA" if wide else "WF"
    return sum(2 if unicodedata.east_asian_width(letter) in full else 1 for letter in text)


_SPECIAL = re.compile(r"[\\|{}\-=~_\"`^]")
_AMOUNT = re.compile(r" {2,}(?=\S+(?: \S{1,3})?$)")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda special: "\\" + special[0], text)


def _literal(line: str) -> str:
    return f"|{_kept(line)} |" if line.strip() else ""


def _in_columns(lines: Iterable[str]) -> Iterable[str]:
    two = False
    for line in lines:
        amount = _AMOUNT.search(line.strip())
        if amount is not None and cells(line.strip()[amount.end() :], wide=True) < AMOUNT_CELLS:
            if not two:
                yield f"{{width:* {AMOUNT_CELLS}}}"
            two = True
            text = line.strip()
            yield f"|{_kept(text[: amount.start()])} | {_kept(text[amount.end() :])}|"
            continue
        if two:
            yield "{width:auto}"
        two = False
        if line.strip() and set(line) <= set("-=*"):
            yield "-"
        elif line.startswith("     "):
            yield _kept(line.strip())
        else:
            yield _literal(line)


def _kept(text: str) -> str:
    """Return a text whose runs of spaces stay as they are."""
    return re.sub(" {2,}|^ | $", lambda spaces: "~" * len(spaces[0]), _escaped(text))

"""Tesseract as a program: a picture in, lines of text out.

Contract: `Tesseract.lines(png)` returns the text line by line with the gaps between words kept, or raises OnSiteError
when the program fails or takes longer than `PICTURE_S_MAX`. `installed()` says what there is, or raises
ConfigurationError with what to install. Takes seconds a receipt (2 s for 576 x 1248 dots on two cores), so it is only
called by whoever has printed already. Nothing is written to the disk: picture and text go through pipes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from retail.errors import ConfigurationError, OnSiteError

PROGRAM: Final = "tesseract"
PICTURE_S_MAX: Final = 60.0  # a metre of paper takes 5 s on a slow PC; what takes a minute is no receipt
_LIST_S_MAX: Final = 60.0  # it starts a program and lists a folder; a PC that swaps is slow at both
_NOT_LANGUAGES: Final = frozenset(("osd", "equ", "snum"))
_UNIFORM_BLOCK: Final = "6"  # --psm: one block of text, as a receipt is; finding columns would tear prices from goods


@dataclass(frozen=True, slots=True, kw_only=True)
class Tesseract:
    """An installed Tesseract, and the languages it is asked to read (`eng+rus`)."""

    program: str
    languages: str

    def lines(self, png: bytes) -> list[str]:
        """Return what stands on a picture, line by line, right-trimmed."""
        command = [self.program, "stdin", "stdout", "-l", self.languages, "--psm", _UNIFORM_BLOCK]
        command += ["-c", "preserve_interword_spaces=1"]
        if polite := shutil.which("nice"):
            command = [polite, "-n", "15", *command]  # a lane that prints meanwhile comes first
        alone = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        try:
            done = subprocess.run(  # noqa: S603 - the programs are found by us, the languages checked
                command, input=png, capture_output=True, check=False, timeout=PICTURE_S_MAX, env=alone
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OnSiteError(f"tesseract gave no answer: {error}", fix="try again when the PC is less busy") from error
        if done.returncode:
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise OnSiteError(
                f"tesseract failed: {told[-1] if told else done.returncode}",
                fix=f"run: tesseract --list-langs ({self.languages})",
            )
        return [line.rstrip() for line in done.stdout.decode("utf-8", "replace").replace("\f", "\n").splitlines()]


def installed(languages: Iterable[str] = ()) -> Tesseract:
    """Return the installed Tesseract for the languages named, else for all it has.

    Raises ConfigurationError where the program or a language is missing, OnSiteError where the program hangs.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise ConfigurationError(
            "pictures cannot be read: tesseract is not installed",
            fix="install Debian's tesseract-ocr (and tesseract-ocr-rus, -deu, ... for other languages than English)",
            code="no_ocr",
        )
    try:
        done = subprocess.run([program, "--list-langs"], capture_output=True, check=False, timeout=_LIST_S_MAX)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OnSiteError(f"tesseract gave no answer: {error}", fix="run: tesseract --list-langs") from error
    there = [name for name in done.stdout.decode("utf-8", "replace").splitlines()[1:] if name not in _NOT_LANGUAGES]
    wanted = list(languages) or there
    missing = [name for name in wanted if name not in there]
    if missing or not wanted:
        raise ConfigurationError(
            f"tesseract has not {', '.join(missing) or 'any language'}; it has {', '.join(there) or 'none'}",
            fix=f"install Debian's tesseract-ocr-{missing[0] if missing else 'eng'}",
            code="no_ocr_language",
        )
    return Tesseract(program=program, languages="+".join(wanted))

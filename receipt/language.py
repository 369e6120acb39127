"""Which command language a job speaks, from evidence in its bytes.

Contract: `spoken(data)` is given a job's first bytes and returns the language that they prove, or None while they
prove none. ESC/POS and Star share letters with different meanings, so only sequences count that one of them has and
the other has not: `ESC GS`, `ESC RS` and `ESC * r` for Star; `GS` without ESC, `FS`, `DLE`, `ESC !` and a few more
for ESC/POS. The earliest proof wins. Whoever reads in pieces asks at fixed
lengths (`STEP_BYTES`), so that the answer does not depend on the pieces.
"""

from __future__ import annotations

import re
from typing import Final

from receipt.paper import Language

STEP_BYTES: Final = 64
EVIDENCE_BYTES: Final = 4096  # who has not spoken plainly by then is taken for ESC/POS

_STAR: Final = re.compile(
    rb"\x1b\x1d[\x03\x07\x19\x1a#()+AbPRSaitxy=]"
    rb"|\x1b\x1e[ACEFLNRacdlmr]"
    rb"|\x1b\*r[A-FKPQRTYm]"
    rb"|\x1b\x06[\x01\x18]"
    rb"|\x1bb[0-9:;<=][1-4][1-9]"  # a barcode: its kind, its characters, its width
    rb"|\x1b[FW][\x00\x01]?\x1b[5h]"  # bold off, then inversion off or height: ESC F has no argument here
)
_ESCPOS: Final = re.compile(
    rb"(?<!\x1b)\x1d[!$(/8BHILPVW\\\^afhkrvw]"
    rb"|(?<!\x1b)\x1c[!&(.CSpq]"
    rb"|\x10[\x04\x05\x14]"
    rb"|\x1b[!=\\{]"
    rb"|\x1bE[\x00\x01]"
    rb"|\x1bM[\x00\x01]"
    rb"|\x1bG[\x00\x01]"
    rb"|\x1bt[\x00-\x1f\x20-\x40]"
    rb"|\x1bp[\x00\x01\x30\x31]"
    rb"|\x1b\*[\x00\x01\x20\x21][^r]"
)


PROOF_BYTES_MAX: Final = 8  # no sequence above is longer
_OPENING: Final = re.compile(rb"[\x10\x1b-\x1d]")


def may_prove(more: bytes) -> bool:
    """Whether `more` bytes, with the last `PROOF_BYTES_MAX` before them, may prove what nothing before has proved."""
    return _OPENING.search(more) is not None


def spoken(data: bytes) -> Language | None:
    """Return the language that these first bytes of a job prove."""
    star = _STAR.search(data)
    escpos = _ESCPOS.search(data)
    if star and (escpos is None or star.start() <= escpos.start()):
        return Language.STAR
    return Language.ESCPOS if escpos else None

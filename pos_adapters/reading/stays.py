"""Lines that tell when somebody came and left, as car parks print them: their words name other papers elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from retail.transaction import DocumentKind

_CAME = re.compile(r"\s*(?:入[庫場室館店]|입차|입장)")
_OTHER_WAY = {DocumentKind.PAY_IN: DocumentKind.PAY_OUT, DocumentKind.PAY_OUT: DocumentKind.PAY_IN}


def tells_when_left(lines: Sequence[LineFacts], line: int) -> bool:
    """Whether a line tells when somebody paid and left, below when they came: "入庫 13:02", "精算 16:58"."""
    if not line or not lines or not lines[line].dated:
        return False
    return lines[line - 1].dated and _CAME.match(lines[line - 1].text) is not None


def tells_stay(lines: Sequence[LineFacts], line: int, kind: DocumentKind) -> bool:
    """Whether a line tells when somebody came or left beside one that tells the other: "GİRİŞ 10:02", "ÇIKIŞ 12:45".

    A title of money put in or taken out names one of the two. A sheet of somebody's hours names both, and no tax
    or rate.
    """
    other = _OTHER_WAY.get(kind)
    if other is None or not lines or not lines[line].dated:
        return False
    beside = [lines[at] for at in (line - 1, line + 1) if 0 <= at < len(lines) and lines[at].dated]
    if not any(sense.kind is other for facts in beside for hit in facts.hits for sense in hit.senses):
        return False
    return any(
        any(number.use == "%" for number in facts.numbers)
        or any(sense.role is Role.TAX for hit in facts.hits for sense in hit.senses)
        for facts in lines
    )

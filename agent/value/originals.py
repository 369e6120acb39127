"""Which purchase a return or a void speaks of, as its paper says it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORDS = (
    r"orig\w*|ursprung\w*|zu (?:kassen)?bon|storno (?:von|zu)?|(?:refund|return|void) of|for receipt|of receipt"
    r"|к чеку|по чеку|чек продажи|исходн\w+|d'origine|rif\.?|riferimento|scontrino del"
)
_ORIGINAL = re.compile(rf"(?:{_WORDS})\b[^\d]{{0,30}}?(?:n[or°º]?\.?|№|#|:)?\s*(\d{{1,20}})\b", re.IGNORECASE)


def original_numbers(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the receipt numbers that a paper's lines call the original, in printed order, each once.

    Leading zeros are kept and dropped: a till may print `No 000017` on one paper and `17` on the other.
    """
    found: dict[str, None] = {}
    for line in lines:
        for number in _ORIGINAL.findall(line):
            found[number] = None
            found[number.lstrip("0") or "0"] = None
    return tuple(found)

"""Payment card numbers in a capture, masked at equal length before anything touches the disk (PCI DSS 3.4.1, 3.5.1).

Works on the bytes of any command language: 13 to 19 digits, single spaces or dashes between them, a payment card's
first digit and a check digit that holds. The first six and last four digits stay, as PCI allows to show.
"""

from __future__ import annotations

import re

_CANDIDATE = re.compile(rb"(?<![0-9])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])")
_SHOWN_FIRST, _SHOWN_LAST = 6, 4


def mask_payment_cards(data: bytes) -> bytes:
    """Return `data` with every payment card number masked by `*`; the length never changes. Never raises."""
    return _CANDIDATE.sub(_masked, data)


def _masked(found: re.Match[bytes]) -> bytes:
    text = bytearray(found.group())
    places = [place for place, byte in enumerate(text) if byte not in b" -"]
    if not _luhn_holds([text[place] - 48 for place in places]):
        return found.group()
    for place in places[_SHOWN_FIRST:-_SHOWN_LAST]:
        text[place] = ord("*")
    return bytes(text)


def _luhn_holds(digits: list[int]) -> bool:
    """Return whether the check digit of ISO/IEC 7812 holds."""
    doubled = [digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0  # noqa: PLR2004 - a digit's cross sum

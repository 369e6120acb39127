"""From a scanned code to a token: the only index, and the only key, to what a store knows of a person.

A token is scrypt of the normalised code and the chain's pepper. Card numbers have little entropy, so a keyed hash
would fall in minutes once the key is on a stolen disk; with scrypt at N = 2^13 a guess costs about 12 ms of one
core, 10^8 guesses at least 11 core-days (docs/privacy.md). The same numbers are used by hub and agent for ever:
changing one of them orphans every record.

The first half of a token, its *locator*, may stand in files, journals and logs: it finds a record. The second half,
its *secret*, opens the record and never leaves memory.
"""

from __future__ import annotations

import re
from enum import StrEnum

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

TOKEN_BYTES = 32
LOCATOR_BYTES = 16
PEPPER_BYTES = 32

_SCRYPT_N = 2**13
_SCRYPT_R = 8
_SCRYPT_P = 1


class CodeKind(StrEnum):
    """What a code is to its holder (`kind` in codes.csv)."""

    CARD = "card"
    PHONE = "phone"
    EMAIL = "email"
    WALLET = "wallet"


# ITU-T E.164 country calling codes and national trunk prefixes, of the countries with a print profile and their
# neighbours. A number written with + or 00 needs none of this.
_CALLING_CODES = {
    "AT": ("43", "0"), "BE": ("32", "0"), "BY": ("375", "8"), "CH": ("41", "0"), "CN": ("86", "0"),
    "CZ": ("420", ""), "DE": ("49", "0"), "ES": ("34", ""), "FR": ("33", "0"), "GB": ("44", "0"),
    "IE": ("353", "0"), "IT": ("39", ""), "JP": ("81", "0"), "KR": ("82", "0"), "KZ": ("7", "8"),
    "NL": ("31", "0"), "NO": ("47", ""), "PL": ("48", ""), "PT": ("351", ""), "RU": ("7", "8"),
    "SK": ("421", "0"), "TR": ("90", "0"), "UA": ("380", "0"), "US": ("1", "1"),
}  # fmt: skip

_NOT_DIGITS = re.compile(r"[^0-9]")
_SPACING = re.compile(r"[\s\-\u00a0.]+")


def normalise(code: str, kind: CodeKind, *, country: str = "") -> str:
    """Return the one spelling of a code that is tokenised: `kind:value`.

    Cards keep their leading zeros and lose spaces, dashes and dots; phones become E.164 digits with `country`
    (ISO 3166, two letters) for numbers written nationally; e-mail addresses are trimmed and case-folded; wallet
    codes stay as they are.
    """
    if kind is CodeKind.PHONE:
        return f"{kind}:{_phone_digits(code, country)}"
    if kind is CodeKind.EMAIL:
        return f"{kind}:{code.strip().casefold()}"
    if kind is CodeKind.WALLET:
        return f"{kind}:{code.strip()}"
    return f"{kind}:{_SPACING.sub('', code).upper()}"


def _phone_digits(text: str, country: str) -> str:
    written = text.strip()
    digits = _NOT_DIGITS.sub("", written)
    if written.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    calling_code, trunk = _CALLING_CODES.get(country.upper(), ("", ""))
    if trunk and digits.startswith(trunk):
        digits = digits[len(trunk) :]
    elif calling_code and digits.startswith(calling_code) and len(digits) > 10:  # noqa: PLR2004 - national numbers are shorter
        return digits
    return calling_code + digits


def token_of(normalised: str, pepper: bytes) -> bytes:
    """Return the 32-byte token of a normalised code; costs about 12 ms, so pay it once a scan, off the event loop.

    `cryptography` takes a sixth less processor for it than `hashlib`, and lets other threads run meanwhile, too.
    """
    assert len(pepper) == PEPPER_BYTES, len(pepper)
    scrypt = Scrypt(salt=pepper, length=TOKEN_BYTES, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    return scrypt.derive(normalised.encode())


def locator_of(token: bytes) -> bytes:
    """Return the half of a token that may be stored and shown: it finds a record and opens none."""
    return token[:LOCATOR_BYTES]

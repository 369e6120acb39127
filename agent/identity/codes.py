"""What a scanned code is, by the store's own rules: `ean13:29` is a member card here and weighed cheese next door.

Pure. A rule is a symbology and a prefix of the code; the first match wins, from member over coupon to product.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum

from receipt.paper import Symbology
from sync.protocol.rotating import is_rotating

CODE_LENGTH_MAX = 4096  # a QR code holds 4,296 characters at most; a longer "code" is noise from a broken scanner

SYMBOLOGIES = frozenset({*(each.value for each in Symbology), "text", "phone", "email", "nfc"})
"""What a scanner may tell: the printed ones, and codes that were typed, or came from a card reader."""


class CodeKind(StrEnum):
    """What a code is to this store."""

    MEMBER = "member"
    COUPON = "coupon"
    PRODUCT = "product"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRule:
    """Codes of one symbology that begin with `prefix`; an empty prefix takes all of them."""

    symbology: str
    prefix: str = ""

    def matches(self, *, symbology: str, code: str) -> bool:
        """Return whether the code is one of these; a scanner that does not tell the symbology has it derived."""
        return symbology == self.symbology and code.startswith(self.prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRules:
    """The `[codes]` section as a value."""

    member: tuple[CodeRule, ...] = ()
    coupon: tuple[CodeRule, ...] = ()
    product: tuple[CodeRule, ...] = ()

    def identify(self, *, symbology: str, code: str) -> tuple[CodeKind, str]:
        """Return what a code is, and the symbology that it was known by; what a person typed tells none."""
        if symbology.strip().lower() == TYPED and not is_rotating(code):
            return self._typed(code)
        return self.classify(symbology=symbology, code=code), symbology_of(symbology, code)

    def _typed(self, code: str) -> tuple[CodeKind, str]:
        """Return what a person means who was asked for a card or phone number: nobody types a product there."""
        plain = code.replace(" ", "").replace("-", "")
        known = symbology_of("", plain)
        kind = self.classify(symbology=known, code=plain)
        if kind in (CodeKind.MEMBER, CodeKind.COUPON):
            return kind, known
        printed = [each for each in self.member if each.symbology not in EAN_NAMES.values()]
        if any(each.prefix and plain.startswith(each.prefix) for each in printed):
            return CodeKind.MEMBER, "text"  # the digits under a bar code of a card
        if PHONE.fullmatch(code) and (code.startswith("0") or all(each.prefix for each in printed)):
            return CodeKind.MEMBER, "phone"
        return (CodeKind.MEMBER, "text") if not all(each.prefix for each in printed) else (kind, known)

    def classify(self, *, symbology: str, code: str) -> CodeKind:
        """Return what a code is; `unknown` where no rule knows it. A rotating code is a member's in every store."""
        if is_rotating(code):
            return CodeKind.MEMBER
        known = symbology_of(symbology, code)
        for kind, rules in (
            (CodeKind.MEMBER, self.member),
            (CodeKind.COUPON, self.coupon),
            (CodeKind.PRODUCT, self.product),
        ):
            if any(rule.matches(symbology=known, code=code) for rule in rules):
                return kind
        return CodeKind.MEMBER if known in TYPED_MEMBER_CODES else CodeKind.UNKNOWN


def parse_code_rule(text: object) -> CodeRule:
    """Read `symbology` or `symbology:prefix`; raises ValueError for anything else."""
    if not isinstance(text, str) or not text or text != text.strip():
        raise ValueError(f"{text!r} is no code rule, e.g. ean13:29")
    symbology, _, prefix = text.partition(":")
    known = symbology.lower()
    if known not in SYMBOLOGIES:
        near = difflib.get_close_matches(known, SYMBOLOGIES, n=1)
        hint = f"; nearest known name: {near[0]}" if near else f"; one of {', '.join(sorted(SYMBOLOGIES))}"
        raise ValueError(f"{text!r}: no symbology is called {symbology!r}{hint}")
    return CodeRule(symbology=known, prefix=prefix)


def symbology_of(told: str, code: str) -> str:
    """Return the symbology a scanner told, or the one that the code's own form gives away.

    Wedge scanners tell nothing: 13 digits with a right check digit are EAN-13, 8 are EAN-8, our own prefixes can
    only have come from a QR code; everything else is `text` (typed, or a code without a form of its own).
    """
    told = told.strip().lower().replace("-", "").replace("_", "")
    if told not in {"", "unknown", "keyboard"}:
        return told
    if code.isascii() and code.isdigit() and len(code) in EAN_NAMES and _check_digit_holds(code):
        return EAN_NAMES[len(code)]
    if code.startswith("+"):
        return "phone"
    if "@" in code:
        return "email"
    return "qr" if code.startswith(("tsc1", "tsw1", "tillstream", "http")) else "text"


TYPED_MEMBER_CODES = frozenset({"phone", "email"})
"""What a cashier types for a forgotten card: a member code in every store, whatever its rules say."""

TYPED = "typed"
"""What pages tell of a number that a person typed."""

PHONE = re.compile(r"\+?(?:[ ()/.-]*[0-9]){7,15}[ ()/.-]*")
"""A phone number as people write it: 7 to 15 digits (ITU-T E.164) and what they put between."""

EAN_NAMES = {8: "ean8", 12: "upca", 13: "ean13"}


def _check_digit_holds(code: str) -> bool:
    """Return whether the GS1 check digit (weights 3 and 1 from the right) of a code holds."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))
    return weighted % 10 == 0

"""The coupon's token: what a QR code `tsc1:…` carries, and the till's own barcode beside it. Pure encoding, no keys.

Layout of the 27 bytes that are signed with the store's delegated key (all numbers big-endian):

| bytes | what                                                                                          |
| ----- | --------------------------------------------------------------------------------------------- |
| 1     | version (1) in the high half, scope in the low half                                           |
| 4     | key id: which store's key signed, and so which chain and store issued it                      |
| 8     | serial, derived from transaction and campaign: issuing twice gives the same coupon            |
| 2, 2  | first day (since 2020-01-01) and number of days after it                                      |
| 6     | campaign, a digest of its id                                                                  |
| 4     | holder, a digest of the customer's id; zero for a bearer                                      |

With the 64 bytes of the signature that is 151 characters of base32: QR version 8 at level M in byte mode (152), read
by every scanner, wedges included, because base32 has neither case nor signs that keyboard layouts move.
"""

from __future__ import annotations

import binascii
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from hashlib import blake2b

from retail.errors import ConfigurationError, RefusedError
from retail.identifiers import CampaignId, CouponSerial, CustomerId, TransactionId

PREFIX = "tsc1:"
SIGNED_PREFIX = b"tsc1"
"""Goes before the payload when it is signed, so that no other message of ours can ever be taken for a coupon."""

SIGNATURE_BYTES = 64
PAYLOAD_BYTES = 27
TOKEN_CHARS = len(PREFIX) + 146
"""Every token is this long; whatever is longer or shorter is no coupon of ours."""

_DAY_ZERO = date(2020, 1, 1)
_DAYS_MAX = 0xFFFF
_VERSION = 1
_SERIAL_BYTES, _CAMPAIGN_BYTES, _HOLDER_BYTES, KEY_ID_BYTES = 8, 6, 4, 4
_BEARER = bytes(_HOLDER_BYTES)
_SERIAL_TEXT = re.compile(r"[A-Z2-7]{13}", re.ASCII)
_TEMPLATE = re.compile(
    r"(?P<kind>[a-z0-9_]+):(?P<before>[^{}]*)(?:\{serial:(?P<digits>\d{1,2})\}(?P<after>[^{}]*))?", re.ASCII
)
_EAN13 = "ean13"
GCN_AI = "255"
"""GS1's application identifier of a Global Coupon Number: 13 digits, the last a check digit, and a serial."""

TOLD_BY_MIN = 4
"""Characters before the serial by which a till barcode is told from a product's or any other number: `2099`."""

GCN_SERIAL_DIGITS_MAX = 12
EAN13_DIGITS = 13


class CouponScope(IntEnum):
    """Where a coupon may be redeemed while its store has no link to the hub."""

    ISSUING_STORE = 0
    ANY_STORE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponClaims:
    """What a token says; true only once its signature has been verified."""

    serial: CouponSerial
    campaign_digest: bytes
    key_id: bytes
    valid_from: date
    valid_until: date
    scope: CouponScope = CouponScope.ISSUING_STORE
    holder_digest: bytes = _BEARER

    @property
    def is_bearer(self) -> bool:
        """Whether anybody may redeem it."""
        return self.holder_digest == _BEARER

    def is_of(self, campaign_id: CampaignId) -> bool:
        """Return whether the coupon belongs to a campaign."""
        return self.campaign_digest == campaign_digest(campaign_id)

    def is_held_by(self, customer_id: CustomerId) -> bool:
        """Return whether a customer may redeem it: the holder, or anybody where it is the bearer's."""
        return self.is_bearer or self.holder_digest == holder_digest(customer_id)


def serial_of(transaction_id: TransactionId, campaign_id: CampaignId) -> CouponSerial:
    """Return the serial of the coupon that a campaign issues on a transaction: 64 bits as 13 characters of base32."""
    name = f"{transaction_id}\x1f{campaign_id}".encode()
    digest = blake2b(name, digest_size=_SERIAL_BYTES, person=b"tillstream cpn").digest()
    return CouponSerial(_text(digest))


def campaign_digest(campaign_id: CampaignId) -> bytes:
    """Return the six bytes that stand for a campaign in a token."""
    return blake2b(campaign_id.encode(), digest_size=_CAMPAIGN_BYTES, person=b"tillstream cmp").digest()


def holder_digest(customer_id: CustomerId) -> bytes:
    """Return the four bytes that stand for a customer in a token; never the bearer's zero."""
    digest = blake2b(customer_id.encode(), digest_size=_HOLDER_BYTES, person=b"tillstream hld").digest()
    return digest if digest != _BEARER else b"\x00\x00\x00\x01"


def pack(claims: CouponClaims) -> bytes:
    """Return the payload to sign; DefectError-free for all claims within the format, ConfigurationError beyond it."""
    first = (claims.valid_from - _DAY_ZERO).days
    days = (claims.valid_until - claims.valid_from).days
    if not (0 <= first <= _DAYS_MAX and 0 <= days <= _DAYS_MAX):
        raise ConfigurationError(
            f"a coupon from {claims.valid_from} to {claims.valid_until} does not fit its token",
            fix="check the store's clock and the campaign's valid_days",
            code="coupon_days",
        )
    payload = b"".join(
        (
            bytes((_VERSION << 4 | claims.scope,)),
            claims.key_id,
            _bytes(claims.serial),
            first.to_bytes(2, "big"),
            days.to_bytes(2, "big"),
            claims.campaign_digest,
            claims.holder_digest,
        )
    )
    assert len(payload) == PAYLOAD_BYTES, len(payload)
    return payload


def unpack(payload: bytes) -> CouponClaims:
    """Return what a payload says; RefusedError when its version or scope is not one we know."""
    assert len(payload) == PAYLOAD_BYTES, len(payload)
    version, scope = payload[0] >> 4, payload[0] & 0x0F
    if version != _VERSION or scope not in set(CouponScope):
        raise RefusedError(
            f"this coupon is of version {version}, scope {scope}", fix="update the agent", code="coupon_version"
        )
    valid_from = _DAY_ZERO + timedelta(days=int.from_bytes(payload[13:15], "big"))
    return CouponClaims(
        scope=CouponScope(scope),
        key_id=payload[1:5],
        serial=CouponSerial(_text(payload[5:13])),
        valid_from=valid_from,
        valid_until=valid_from + timedelta(days=int.from_bytes(payload[15:17], "big")),
        campaign_digest=payload[17:23],
        holder_digest=payload[23:27],
    )


def token_text(payload: bytes, signature: bytes) -> str:
    """Return what the QR code carries."""
    assert len(payload) == PAYLOAD_BYTES, len(payload)
    assert len(signature) == SIGNATURE_BYTES, len(signature)
    token = PREFIX + _text(payload + signature)
    assert len(token) == TOKEN_CHARS, len(token)
    return token


def split_token(token: str) -> tuple[bytes, bytes]:
    """Return payload and signature of a scanned token, in whatever case; RefusedError when it is no coupon of ours."""
    text = token.strip()
    if len(text) != TOKEN_CHARS or not text.lower().startswith(PREFIX):
        raise RefusedError("this is no coupon of ours", fix="scan the code again", code="coupon_unreadable")
    try:
        raw = _from_text(text[len(PREFIX) :].upper())
    except (binascii.Error, ValueError) as error:
        raise RefusedError("this coupon was misread", fix="scan the code again", code="coupon_unreadable") from error
    payload, signature = raw[:PAYLOAD_BYTES], raw[PAYLOAD_BYTES:]
    if token_text(payload, signature) != PREFIX + text[len(PREFIX) :].upper():
        raise RefusedError("this coupon was altered", fix="scan the code again", code="coupon_unreadable")
    return payload, signature


def till_barcode(template: str, serial: CouponSerial) -> tuple[str, str]:
    """Return (symbology, data) of the till's own barcode, e.g. of `ean13:2099{serial:8}`, its check digit added.

    A template without a serial is a mass coupon's: one code that the till knows, the same on every paper. A few
    digits cannot tell 64-bit serials apart: two coupons of one campaign share a till barcode once in 10^8 pairs for
    8 digits. Whoever sees it in a receipt (level P) takes the oldest that is not yet redeemed.
    """
    match = _TEMPLATE.fullmatch(template)
    if match is None:
        raise ConfigurationError(
            f"the till barcode {template!r:.80} cannot be read", fix="write e.g. ean13:2099{serial:8}", code="campaign"
        )
    kind, data = match["kind"], match["before"]
    if match["digits"]:
        digits = int(match["digits"])
        number = int.from_bytes(_bytes(serial), "big") % 10**digits
        data = f"{data}{number:0{digits}d}{match['after']}"
    is_whole = kind != _EAN13 or len(data) == EAN13_DIGITS
    return kind, data if is_whole else data + check_digit(data)


def told_by(template: str) -> str:
    """Return the `TOLD_BY_MIN` characters that all till barcodes of a template begin with.

    Empty for a mass coupon's, and for a template with fewer characters of its own.
    """
    match = _TEMPLATE.fullmatch(template)
    if match is None or not match["digits"] or len(match["before"]) < TOLD_BY_MIN:
        return ""
    return match["before"][:TOLD_BY_MIN]


def may_be_till_barcode(code: str, template: str) -> bool:
    """Return whether a code is one that a template makes of some serial: all of it fits, its check digit too.

    Never for a template that no code is `told_by`.
    """
    match = _TEMPLATE.fullmatch(template)
    if match is None or not told_by(template):
        return False
    before, digits, after = match["before"], int(match["digits"]), match["after"]
    number = code[len(before) : len(before) + digits]
    data = f"{before}{number}{after}"
    if not (len(number) == digits and number.isascii() and number.isdigit()):
        return False
    is_whole = match["kind"] != _EAN13 or len(data) == EAN13_DIGITS
    return code == (data if is_whole else data + check_digit(data))


def till_symbology(data: str) -> str:
    """Return the symbology of a till barcode by what it carries: a GCN is known by its AI, an EAN-13 by its length."""
    if data.isdigit() and len(data) == EAN13_DIGITS:
        return _EAN13
    is_gcn = data.isdigit() and data.startswith(GCN_AI) and len(data) >= len(GCN_AI) + EAN13_DIGITS
    return "gs1_128" if is_gcn and len(data) % 2 == 0 else "code128"


def check_digit(digits: str) -> str:
    """Return the GS1 check digit of an EAN's digits without it (weights 3 and 1 from the right)."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def spoken_serial(serial: CouponSerial) -> str:
    """Return a serial as people read it aloud and type it: `ABCD-EFGH-JKLMN`."""
    return f"{serial[:4]}-{serial[4:8]}-{serial[8:]}"


def typed_serial(text: str) -> CouponSerial | None:
    """Return the serial that somebody typed, with or without hyphens and in any case; None when it is none."""
    bare = text.strip().upper().replace("-", "").replace(" ", "")
    if not _SERIAL_TEXT.fullmatch(bare):
        return None
    return CouponSerial(bare) if _text(_bytes(CouponSerial(bare))) == bare else None


def _text(data: bytes) -> str:
    return b32encode(data).decode("ascii").rstrip("=")


def _from_text(text: str) -> bytes:
    return b32decode(text + "=" * (-len(text) % 8))


def _bytes(serial: CouponSerial) -> bytes:
    return _from_text(serial)

"""QR codes: how large one will be, and its picture for printers that cannot draw it themselves."""

from __future__ import annotations

from functools import lru_cache

from receipt.bitmap import Bitmap, bitmap_of
from retail.errors import DefectError

QUIET_MODULES = 4
"""White modules around a code that scanners need (ISO/IEC 18004)."""

QR_BYTES_MAX = 1_000
"""Longest payload on a slip: version 24 at level M, the largest that 384 dots hold at two dots a module and more."""

MODULE_DOTS_MAX = 6
"""0.75 mm at 203 dpi: read by telephones at arm's length; larger only costs paper."""

MODULE_DOTS_MIN = 2
"""0.25 mm at 203 dpi: below it thermal dots run together."""

_BYTES_AT_LEVEL_M = (
    *(14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666, 711, 779),
    *(857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989, 2099, 2213, 2331),
)
"""Bytes that each version holds in byte mode at level M (ISO/IEC 18004, table 7)."""

_MASK_PATTERN = 3
"""One mask for all: trying all eight takes 17 ms, while a till waits; our payloads are as good as random, so that
the best mask is hardly better than any."""

_CACHED_PICTURES = 64
"""A store's printers and the few codes that repeat (claim page, app); a coupon's own code comes once."""


def version_for(payload: bytes) -> int:
    """Return the smallest QR version (1 to 40) that holds a payload in byte mode at level M; DefectError when none."""
    for version, room in enumerate(_BYTES_AT_LEVEL_M, start=1):
        if len(payload) <= room:
            return version
    raise DefectError(f"{len(payload)} bytes are too many for a QR code", fix="shorten the payload")


def modules_for(payload: bytes) -> int:
    """Return how many modules wide the code is, without its quiet zone."""
    return 17 + 4 * version_for(payload)


def module_dots(payload: bytes, *, dots: int) -> int:
    """Return how many dots wide a module should be so that code and quiet zone fit into `dots`."""
    room = dots // (modules_for(payload) + 2 * QUIET_MODULES)
    return max(MODULE_DOTS_MIN, min(MODULE_DOTS_MAX, room))


@lru_cache(maxsize=_CACHED_PICTURES)
def qr_picture(payload: bytes, scale: int) -> Bitmap:
    """Return the picture of a QR code at level M without its quiet zone, `scale` dots a module.

    Imported when first used: a store whose printers draw codes themselves never loads the library.
    """
    from qrcode.constants import ERROR_CORRECT_M  # noqa: PLC0415
    from qrcode.main import QRCode  # noqa: PLC0415
    from qrcode.util import MODE_8BIT_BYTE, QRData  # noqa: PLC0415

    code = QRCode(version=version_for(payload), error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_MASK_PATTERN)
    code.add_data(QRData(payload, mode=MODE_8BIT_BYTE))
    code.make(fit=False)
    return bitmap_of([[bool(module) for module in row] for row in code.get_matrix()], scale=scale)

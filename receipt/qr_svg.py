"""A QR code as a picture for screens: it grows without blur, black on white in every theme, or scanners give up."""

from __future__ import annotations

from receipt.qr_codes import QUIET_MODULES, modules_for, qr_picture

_BITS = 8


def qr_svg(payload: bytes) -> bytes:
    """Return the picture of a payload with its quiet zone; DefectError when no code holds so much."""
    size = modules_for(payload) + 2 * QUIET_MODULES
    dots = "".join(
        f"M{at + QUIET_MODULES} {row_no + QUIET_MODULES}h1v1h-1z"
        for row_no, row in enumerate(qr_picture(payload, 1).rows)
        for at in range(len(row) * _BITS)
        if row[at // _BITS] >> (_BITS - 1 - at % _BITS) & 1
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{dots}"/></svg>'
    ).encode()

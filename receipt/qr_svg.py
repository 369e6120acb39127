"""A QR code for screens: a picture that grows without blur, and lines for a terminal; black on white in every theme."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from receipt.qr_codes import QUIET_MODULES, modules_for, qr_picture

_BITS = 8

_BLACK_ON_WHITE, _PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
_HALVES: Mapping[tuple[bool, bool], str] = MappingProxyType(
    {(False, False): " ", (True, False): "\u2580", (False, True): "\u2584", (True, True): "\u2588"}
)


def qr_svg(payload: bytes) -> bytes:
    """Return the picture of a payload with its quiet zone; DefectError when no code holds so much."""
    size = modules_for(payload) + 2 * QUIET_MODULES
    dots = "".join(
        f"M{at + QUIET_MODULES} {row_no + QUIET_MODULES}h1v1h-1z" for row_no, at in sorted(_dark_modules(payload))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{dots}"/></svg>'
    ).encode()


def qr_terminal(payload: bytes) -> str:
    """Return the code as lines for a terminal, two modules a character, black on white whatever its colours are."""
    size = modules_for(payload) + 2 * QUIET_MODULES
    dark = {(row_no + QUIET_MODULES, at + QUIET_MODULES) for row_no, at in _dark_modules(payload)}
    lines = (
        "".join(_HALVES[(row_no, at) in dark, (row_no + 1, at) in dark] for at in range(size))
        for row_no in range(0, size, 2)
    )
    return "\n".join(f"{_BLACK_ON_WHITE}{line}{_PLAIN}" for line in lines)


def _dark_modules(payload: bytes) -> set[tuple[int, int]]:
    """Return (row, column) of every dark module, without the quiet zone."""
    return {
        (row_no, at)
        for row_no, row in enumerate(qr_picture(payload, 1).rows)
        for at in range(len(row) * _BITS)
        if row[at // _BITS] >> (_BITS - 1 - at % _BITS) & 1
    }

"""ESC/POS commands that say how the next characters look, told to the typesetter."""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.layout import Typesetter


def _print_mode(sheet: Typesetter, data: bytes) -> None:
    """ESC !: font, emphasis, size and underline at once."""
    mode = data[2]
    sheet.restyle(
        font=mode & 1,
        bold=bool(mode & 0x08),
        height=2 if mode & 0x10 else 1,
        width=2 if mode & 0x20 else 1,
        underline=bool(mode & 0x80),
    )


def _character_size(sheet: Typesetter, data: bytes) -> None:
    sheet.restyle(width=(data[2] >> 4 & 7) + 1, height=(data[2] & 7) + 1)


def _font(byte: int) -> int:
    return byte - 0x30 if 0x30 <= byte <= 0x34 else byte & 0x0F if byte < 5 else 0


STYLE_ACTIONS: Final[dict[str, Callable[[Typesetter, bytes], None]]] = {
    "EscSelectPrintMode": _print_mode,
    "EscSelectCharacterFont": lambda sheet, data: sheet.restyle(font=_font(data[2])),
    "EscTurnEmphasizedMode": lambda sheet, data: sheet.restyle(bold=bool(data[2] & 1)),
    "EscTurnDoubleStrikeMode": lambda sheet, data: sheet.restyle(bold=bool(data[2] & 1)),
    "EscUnderlineMode": lambda sheet, data: sheet.restyle(underline=data[2] & 3 != 0),
    "EscTurn90digreeClockwiseRotationMode": lambda sheet, data: sheet.restyle(rotated=data[2] & 3 != 0),
    "EscTurnUpsideDownPrintMode": lambda sheet, data: sheet.restyle(upside_down=bool(data[2] & 1)),
    "GsTurnWhiteBlackReversePrintMode": lambda sheet, data: sheet.restyle(inverted=bool(data[2] & 1)),
    "GsSelectCharacterSize": _character_size,
}

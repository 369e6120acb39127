"""Barcodes as bars: what a printer draws for a number, so that a scanner reads it back from our pictures.

Contract: `bars(symbology, data)` returns the modules from left to right as a string of `1` (black) and `0`, quiet zones
left out, or None where we cannot draw that symbology or the data does not fit it. Pure. Sources: ISO/IEC 15420 (EAN,
UPC), 16388 (Code 39), 16390 (ITF), 15417 (Code 128); USS Codabar and Code 93.
"""

# ruff: noqa: PLR2004, SIM905 - check digits are counted by their standards; tables of patterns are read as words

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.paper import Symbology

_LEFT_ODD: Final = "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011".split()
_RIGHT: Final = [pattern.translate({48: "1", 49: "0"}) for pattern in _LEFT_ODD]
_LEFT_EVEN: Final = [pattern[::-1] for pattern in _RIGHT]
_EAN13_PARITY: Final = "LLLLLL LLGLGG LLGGLG LLGGGL LGLLGG LGGLLG LGGGLL LGLGLG LGLGGL LGGLGL".split()
_UPCE_PARITY: Final = "GGGLLL GGLGLL GGLLGL GGLLLG GLGGLL GLLGGL GLLLGG GLGLGL GLGLLG GLLGLG".split()

_CODE39: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*",
        (
            "101001101101 110100101011 101100101011 110110010101 101001101011 110100110101 101100110101 101001011011 "
            "110100101101 101100101101 110101001011 101101001011 110110100101 101011001011 110101100101 101101100101 "
            "101010011011 110101001101 101101001101 101011001101 110101010011 101101010011 110110101001 101011010011 "
            "110101101001 101101101001 101010110011 110101011001 101101011001 101011011001 110010101011 100110101011 "
            "110011010101 100101101011 110010110101 100110110101 100101011011 110010101101 100110101101 100100100101 "
            "100100101001 100101001001 101001001001 100101101101"
        ).split(),
        strict=True,
    )
)
_CODABAR: Final = dict(
    zip(
        "0123456789-$:/.+ABCD",
        (
            "101010011 101011001 101001011 110010101 101101001 110101001 100101011 100101101 100110101 110100101 "
            "101001101 101100101 1101011011 1101101011 1101101101 1011011011 1011001001 1001001011 1010010011 "
            "1010011001"
        ).split(),
        strict=True,
    )
)
_CODE93_CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%abcd"
_CODE93: Final = (
    "100010100 101001000 101000100 101000010 100101000 100100100 100100010 101010000 100010010 100001010 110101000 "
    "110100100 110100010 110010100 110010010 110001010 101101000 101100100 101100010 100110100 100011010 101011000 "
    "101001100 101000110 100101100 100010110 110110100 110110010 110101100 110100110 110010110 110011010 101101100 "
    "101100110 100110110 100111010 100101110 111010100 111010010 111001010 101101110 101110110 110101110 100100110 "
    "111011010 111010110 100110010"
).split()
_ITF: Final = "00110 10001 01001 11000 00101 10100 01100 00011 10010 01010".split()
_CODE128_WIDTHS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split()


def bars(symbology: Symbology, data: str) -> str | None:
    """Return the modules of a barcode, or None where it cannot be drawn."""
    draw = _DRAWN.get(symbology)
    return draw(data) if draw else None


def _digits(data: str, *lengths: int) -> bool:
    return data.isascii() and data.isdigit() and len(data) in lengths


def _ean13(data: str) -> str | None:
    if not _digits(data, 13):
        return None
    left = "".join(
        (_LEFT_ODD if parity == "L" else _LEFT_EVEN)[int(digit)]
        for digit, parity in zip(data[1:7], _EAN13_PARITY[int(data[0])], strict=True)
    )
    return "101" + left + "01010" + "".join(_RIGHT[int(digit)] for digit in data[7:]) + "101"


def _ean8(data: str) -> str | None:
    if not _digits(data, 8):
        return None
    left = "".join(_LEFT_ODD[int(digit)] for digit in data[:4])
    return "101" + left + "01010" + "".join(_RIGHT[int(digit)] for digit in data[4:]) + "101"


def _upca(data: str) -> str | None:
    return _ean13("0" + data) if _digits(data, 12) else None


def _upce(data: str) -> str | None:
    """Six digits, or a UPC-A whose zeros can be left out; the check digit is that of the UPC-A."""
    if _digits(data, 6):
        data = "0" + data
    if _digits(data, 7, 8):
        six = data[1:7]
        full = data[0] + _upce_expanded(six)
    elif _digits(data, 11, 12):
        compact = _upce_compressed(data[1:11])
        if compact is None:
            return None
        six, full = compact, data[:11]
    else:
        return None
    check = -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(full)) % 10
    parity = _UPCE_PARITY[check]
    body = "".join(
        (_LEFT_ODD if each == "L" else _LEFT_EVEN)[int(digit)] for digit, each in zip(six, parity, strict=True)
    )
    return "101" + body + "010101"


def _upce_expanded(six: str) -> str:
    last = six[5]
    if last in "012":
        return six[:2] + last + "0000" + six[2:5]
    if last == "3":
        return six[:3] + "00000" + six[3:5]
    if last == "4":
        return six[:4] + "00000" + six[4]
    return six[:5] + "0000" + last


def _upce_compressed(ten: str) -> str | None:
    """Return the six digits that stand for ten (maker and article), where there are such."""
    return next(
        (
            six
            for six in (
                ten[:2] + ten[7:10] + ten[2],
                ten[:3] + ten[8:10] + "3",
                ten[:4] + ten[9] + "4",
                ten[:5] + ten[9],
            )
            if _upce_expanded(six) == ten
        ),
        None,
    )


def _code39(data: str) -> str | None:
    data = data.strip("*")
    if not data or any(character not in _CODE39 or character == "*" for character in data):
        return None
    return "0".join(_CODE39[character] for character in f"*{data}*")


def _itf(data: str) -> str | None:
    if not (data.isascii() and data.isdigit()):
        return None
    data = data if len(data) % 2 == 0 else "0" + data
    pairs = (
        "1" * (3 if black == "1" else 1) + "0" * (3 if white == "1" else 1)
        for first, second in zip(data[::2], data[1::2], strict=True)
        for black, white in zip(_ITF[int(first)], _ITF[int(second)], strict=True)
    )
    return "1010" + "".join(pairs) + "11101"


def _codabar(data: str) -> str | None:
    data = data.upper()
    if len(data) < 2 or any(character not in _CODABAR for character in data):
        return None
    return "0".join(_CODABAR[character] for character in data)


def _code93(data: str) -> str | None:
    values = []
    for character in data:
        place = _CODE93_CHARACTERS.find(character)
        if 0 <= place < 43:
            values.append(place)
        elif "a" <= character <= "z":
            values += [46, _CODE93_CHARACTERS.index(character.upper())]  # shift of full ASCII
        else:
            return None
    for weights in (20, 15):
        values.append(sum(value * (place % weights + 1) for place, value in enumerate(reversed(values))) % 47)
    star = "101011110"
    return star + "".join(_CODE93[value] for value in values) + star + "1"


def _code128(data: str) -> str | None:
    values = _code128_values(data)
    if values is None:
        return None
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    widths = "".join(_CODE128_WIDTHS[value] for value in (*values, check, 106))
    return "".join(("1" if place % 2 == 0 else "0") * int(width) for place, width in enumerate(widths))


def _code128_values(data: str) -> list[int] | None:
    """Choose code set C for even runs of digits alone, B for text, A where there are control characters."""
    if not data or any(ord(character) > 127 for character in data):
        return None
    if data.isdigit() and len(data) % 2 == 0:
        return [105] + [int(data[at : at + 2]) for at in range(0, len(data), 2)]
    if any(ord(character) < 32 for character in data):
        if any(ord(character) > 95 for character in data):
            return None
        return [103] + [
            (ord(character) - 32) % 96 if ord(character) >= 32 else ord(character) + 64 for character in data
        ]
    return [104] + [ord(character) - 32 for character in data]


_DRAWN: Final[dict[Symbology, Callable[[str], str | None]]] = {
    Symbology.EAN13: _ean13,
    Symbology.EAN8: _ean8,
    Symbology.UPCA: _upca,
    Symbology.UPCE: _upce,
    Symbology.CODE39: _code39,
    Symbology.ITF: _itf,
    Symbology.CODABAR: _codabar,
    Symbology.CODE93: _code93,
    Symbology.CODE128: _code128,
}

"""The payloads of barcodes and two-dimensional codes: what a scanner would read from the paper.

Contract: pure and never raises. EAN and UPC numbers come with their check digit, as scanners give them. Function
numbers are Epson's (`GS k`, `GS ( k`) and those of SPRT, Rongta and GOOJPRT printers (`ESC Z`).
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from typing import Final

from receipt.paper import Symbology

_GS1_128: Final = 74
_CODE128_AUTO: Final = 79

_ASCIIZ: Final = {
    0: Symbology.UPCA,
    1: Symbology.UPCE,
    2: Symbology.EAN13,
    3: Symbology.EAN8,
    4: Symbology.CODE39,
    5: Symbology.ITF,
    6: Symbology.CODABAR,
    7: Symbology.CODE93,  # from here on clones'
    8: Symbology.CODE128,
}
_COUNTED: Final = {65 + number: symbology for number, symbology in _ASCIIZ.items()} | {
    74: Symbology.CODE128,  # GS1-128
    75: Symbology.DATABAR,
    76: Symbology.DATABAR,
    77: Symbology.DATABAR,
    78: Symbology.DATABAR,
    _CODE128_AUTO: Symbology.CODE128,  # chooses its code sets by itself
}
TWO_DIMENSIONAL: Final = {
    48: Symbology.PDF417,
    49: Symbology.QR,
    50: Symbology.MAXICODE,
    51: Symbology.DATABAR,
    52: Symbology.COMPOSITE,
    53: Symbology.AZTEC,
    54: Symbology.DATAMATRIX,
}
VENDOR_TYPES: Final = {0: Symbology.PDF417, 1: Symbology.DATAMATRIX, 2: Symbology.QR}
_DIGITS_BEFORE_CHECK: Final = {Symbology.EAN13: 12, Symbology.EAN8: 7, Symbology.UPCA: 11}


def barcode(command: bytes) -> tuple[Symbology, str] | None:
    """Return what a GS k prints, or None where it prints nothing that can be read."""
    selector = command[2]
    if selector in _ASCIIZ:
        symbology, data = _ASCIIZ[selector], command[3:].rstrip(b"\0")
    elif selector in _COUNTED:
        symbology, data = _COUNTED[selector], command[4:]
    else:
        return None
    spelled = symbology is Symbology.CODE128 and selector != _CODE128_AUTO
    text = code128_text(data) if spelled else data.decode("latin-1")
    return (symbology, with_check_digit(symbology, text)) if text else None


def with_check_digit(symbology: Symbology, text: str) -> str:
    """Complete an EAN or UPC number that was sent without its check digit."""
    if len(text) != _DIGITS_BEFORE_CHECK.get(symbology) or not (text.isascii() and text.isdigit()):
        return text
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text)))
    return text + str(-total % 10)


def code128_text(data: bytes) -> str:
    """Return the characters of a Code 128 written in Epson's way: `{A {B {C` choose the set, `{1` is FNC1."""
    if not data.startswith(b"{"):
        return data.decode("latin-1")
    text: list[str] = []
    pairs = False  # code set C: each byte is two digits
    at = 0
    while at < len(data):
        byte = data[at]
        if byte == ord("{") and at + 1 < len(data):
            function = data[at + 1]
            pairs = function == ord("C") if function in b"ABC" else pairs
            if function == ord("{"):
                text.append("{")
            at += 2
        else:
            text.append(f"{byte:02d}" if pairs and byte < 100 else chr(byte))
            at += 1
    return "".join(text)


def payload_text(data: bytes) -> str:
    """Return the text of a two-dimensional code: UTF-8 where it is, else the bytes one by one."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp932")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def is_gs1(command: bytes) -> bool:
    """Whether a GS k prints a GS1-128."""
    return command[2] == _GS1_128

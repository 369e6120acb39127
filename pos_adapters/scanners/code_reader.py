"""From what a scanner sends to codes. Push bytes as they come, pull codes; pure, bounded, and it never raises.

A code ends with what scanners are set to send behind it (CR, LF, TAB, ETX, EOT), or with silence. In front of it may
stand STX and the AIM identifier `]cm` (ISO/IEC 15424), which tells the symbology. What is longer than any code, or
holds bytes that no code has, is noise: it is dropped up to the next end, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CODE_BYTES_MAX = 4400  # a QR code holds 4,296 characters, before them stands an AIM identifier
ENDS = frozenset(b"\r\n\t\x03\x04")
STX = 0x02
SILENCE_S = 0.1
"""A scanner without a suffix sends a code in one go; at 9,600 baud there is 1 ms between two bytes, with USB 16 ms."""

_AIM_BYTES = 3
_LOWEST_LETTER = 0x20
_GS = 0x1D  # separates the fields of a GS1 code

AIM_SYMBOLOGIES: Mapping[str, str] = MappingProxyType(
    {
        "A": "code39",
        "C": "code128",
        "F": "codabar",
        "G": "code93",
        "I": "itf",
        "L": "pdf417",
        "Q": "qr",
        "d": "datamatrix",
        "e": "gs1databar",
        "z": "aztec",
    }
)
"""AIM code letter -> the names of `[codes]`; E (EAN and UPC) is told by its length."""

_EAN_BY_LENGTH: Mapping[int, str] = MappingProxyType({8: "ean8", 12: "upca", 13: "ean13"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedCode:
    """One code; `symbology` is empty where the scanner does not tell it."""

    text: str
    symbology: str = ""


class CodeReader:
    """Cuts a scanner's bytes into codes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._is_noise = False
        self.noise = 0  # pieces that were dropped

    @property
    def is_open(self) -> bool:
        """Whether a code has begun and not ended."""
        return bool(self._pending) or self._is_noise

    def feed(self, data: bytes) -> list[ScannedCode]:
        """Take bytes; return the codes that ended within them."""
        found: list[ScannedCode] = []
        for byte in data:
            if byte in ENDS:
                found += self.end()
            elif byte == STX:
                self._pending.clear()
            elif not self._is_noise:
                self._pending.append(byte)
                if len(self._pending) > CODE_BYTES_MAX or (byte < _LOWEST_LETTER and byte != _GS):
                    self._is_noise = True
                    self._pending.clear()
        return found

    def end(self) -> list[ScannedCode]:
        """End the code that is open: the scanner was silent. Nothing open is no code."""
        taken, self._pending = bytes(self._pending), bytearray()
        was_noise, self._is_noise = self._is_noise, False
        if was_noise:
            self.noise += 1
            return []
        code = _code_of(taken)
        return [code] if code.text else []


def without_aim(data: bytes) -> tuple[str, bytes]:
    """Return the symbology that an AIM identifier tells (empty for none) and what stands behind it."""
    if len(data) < _AIM_BYTES or data[:1] != b"]" or not data[1:3].isalnum():
        return "", data
    letter, rest = chr(data[1]), data[_AIM_BYTES:]
    if letter == "E":
        return _EAN_BY_LENGTH.get(len(rest), ""), rest
    return AIM_SYMBOLOGIES.get(letter, ""), rest


def _code_of(data: bytes) -> ScannedCode:
    symbology, body = without_aim(data)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")  # every byte has a letter there; the scanner was set to a code page
    return ScannedCode(text=text.replace("\x1d", "").strip(), symbology=symbology)

"""ePOS-Print XML as the ESC/POS that the printer makes of it, so that core reads it like every other receipt.

`read(body)` returns the stream and where in the XML each cut stands. Elements and attributes are Epson's (ePOS-Print
XML User's Manual). An element that nobody knows becomes an unknown command: nothing is inserted behind it. Raises
`UnreadableError` for what is no XML of this kind; the tap then passes it as it is. Document types and entities of the
sender's are refused: nothing is expanded.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import NamedTuple
from xml.parsers import expat

ROOT = "epos-print"
UTF8_TEXT = b"\x1c(C\x02\x0002"  # FS ( C: what follows is UTF-8, as text in XML is
UNKNOWN_COMMAND = b"\x1b\xff"

_ALIGN = {"left": 0, "center": 1, "right": 2}
_FONTS = {"font_a": 0, "font_b": 1, "font_c": 2, "font_d": 3, "font_e": 4}
_CUTS = {"no_feed": b"\x1dV\x01", "feed": b"\x1dVB\x00", "reserve": b"\x1dVb\x00"}
_BARCODES = {
    name: 65 + number
    for number, names in enumerate(
        ("upc_a", "upc_e", "ean13 jan13", "ean8 jan8", "code39", "itf", "codabar", "code93", "code128", "gs1_128")
    )
    for name in names.split()
}
_HRI = {"none": 0, "above": 1, "below": 2, "both": 3}
_QR_LEVELS = {"level_l": 48, "level_m": 49, "level_q": 50, "level_h": 51}
_DRAWERS = {"drawer_1": 0, "drawer_2": 1}
_SILENT = frozenset({"sound", "layout", "recovery", "reset", "hline", "vline_begin", "vline_end", "area", "direction"})
_PULSE_ON, _PULSE_OFF = 50, 250  # ESC p in units of 2 ms; the drawer's own times do not matter to a reader
_BYTE_MAX, _GRAY_HALF = 0xFF, 8
_IMAGE_BYTES_MAX = 512 * 1024  # 576 dots x 7,000 rows


class UnreadableError(Exception):
    """No ePOS-Print XML in UTF-8."""


class Reading(NamedTuple):
    """`stream` is ESC/POS; `cuts` are (offset in the stream, offset of the `<cut` in the XML)."""

    stream: bytes
    cuts: tuple[tuple[int, int], ...]
    end: int  # where in the XML `</epos-print>` begins
    prefix: str  # of the element names, with its colon


def read(body: bytes) -> Reading:
    """Translate one request's body. Raises UnreadableError."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = False
    parser.StartElementHandler = lambda name, given: reader.begin(name, given, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda name: reader.end(name, parser.CurrentByteIndex)
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.XmlDeclHandler = _declared
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat's own signature
    except (expat.ExpatError, ValueError, binascii.Error) as error:
        raise UnreadableError(str(error)) from error
    if reader.ended_at < 0 or not body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise UnreadableError("no epos-print element")
    return Reading(bytes(reader.stream), tuple(reader.cuts), reader.ended_at, reader.prefix)


def _refuse(*_: object) -> None:
    raise UnreadableError("a document type")


def _declared(version: str, encoding: str | None, standalone: int) -> None:
    del version, standalone
    if encoding and encoding.lower() not in {"utf-8", "us-ascii"}:
        raise UnreadableError(f"encoding {encoding}")


class _Reader:
    """Follows the elements of one document."""

    def __init__(self) -> None:
        self.stream = bytearray()
        self.cuts: list[tuple[int, int]] = []
        self.ended_at = -1
        self.prefix = ""
        self._inside = False
        self._text = ""
        self._open: list[tuple[str, dict[str, str]]] = []

    def begin(self, name: str, given: dict[str, str], at: int) -> None:
        """Take the beginning of an element, at byte `at`."""
        prefix, _, local = name.rpartition(":")
        if local == ROOT:
            if self._inside or self.ended_at >= 0:
                raise UnreadableError("two documents")
            self._inside = True
            self.prefix = f"{prefix}:" if prefix else ""
            self.stream += b"\x1b@" + UTF8_TEXT  # every document begins with the printer's own settings
            return
        if not self._inside:
            return
        self._open.append((local, given))
        self._text = ""
        if local == "cut":
            self.cuts.append((len(self.stream), at))
        elif local == "page":
            self.stream += b"\x1bL"
        elif local == "text":
            self.stream += _text_settings(given)

    def characters(self, text: str) -> None:
        """Take characters inside an element."""
        self._text += text

    def end(self, name: str, at: int) -> None:
        """Take the end of an element; its end tag, or its empty tag, begins at byte `at`."""
        local = name.rpartition(":")[2]
        if local == ROOT:
            self._inside, self.ended_at = False, at
        elif self._inside:
            _, given = self._open.pop()
            write = _ELEMENTS.get(local)
            if write is not None:
                self.stream += write(given, self._text)
            elif local not in _SILENT:
                self.stream += UNKNOWN_COMMAND
            self._text = ""


def _text_settings(given: dict[str, str]) -> bytes:
    """Return the commands that a text's attributes are; each holds for later texts, too."""
    out = bytearray()
    if "align" in given:
        out += b"\x1ba" + bytes((_ALIGN.get(given["align"], 0),))
    if "font" in given:
        out += b"\x1bM" + bytes((_FONTS.get(given["font"], 0),))
    if given.keys() & {"dw", "dh", "width", "height"}:
        width = _number(given.get("width"), 2 if _is_true(given.get("dw")) else 1, 8)
        height = _number(given.get("height"), 2 if _is_true(given.get("dh")) else 1, 8)
        out += b"\x1d!" + bytes(((max(width, 1) - 1) << 4 | max(height, 1) - 1,))
    for name, command in (("em", b"\x1bE"), ("ul", b"\x1b-"), ("reverse", b"\x1dB"), ("rotate", b"\x1b{")):
        if name in given:
            out += command + bytes((_is_true(given[name]),))
    if "linespc" in given:
        out += b"\x1b3" + bytes((_number(given["linespc"], 30, _BYTE_MAX),))
    if "x" in given:
        out += b"\x1b$" + _number(given["x"], 0, 0xFFFF).to_bytes(2, "little")
    return bytes(out)


def _text(given: dict[str, str], text: str) -> bytes:
    del given
    kept = (character if character in "\n\t" or ord(character) >= ord(" ") else "" for character in text)
    return "".join(kept).replace("\x7f", "").encode("utf-8", "replace")


def _feed(given: dict[str, str], text: str) -> bytes:
    del text
    out = b""
    if "linespc" in given:
        out += b"\x1b3" + bytes((_number(given["linespc"], 30, _BYTE_MAX),))
    if "unit" in given:
        out += b"\x1bJ" + bytes((_number(given["unit"], 0, _BYTE_MAX),))
    if "line" in given:
        out += b"\x1bd" + bytes((_number(given["line"], 1, _BYTE_MAX),))
    return out if given.keys() & {"unit", "line", "pos"} else out + b"\n"


def _cut(given: dict[str, str], text: str) -> bytes:
    del text
    return _CUTS.get(given.get("type", "feed"), _CUTS["feed"])


def _image(given: dict[str, str], text: str) -> bytes:
    width, height = _number(given.get("width"), 0, 0xFFFF), _number(given.get("height"), 0, 0xFFFF)
    dots = base64.b64decode(text)
    row = (width + 7) // 8
    if given.get("mode") == "gray16":
        dots = _black_and_white(dots, (width + 1) // 2, row)
    if not width or not height or len(dots) != row * height or len(dots) > _IMAGE_BYTES_MAX:
        return UNKNOWN_COMMAND
    align = b"\x1ba" + bytes((_ALIGN[given["align"]],)) if given.get("align") in _ALIGN else b""
    return align + b"\x1dv0\x00" + row.to_bytes(2, "little") + height.to_bytes(2, "little") + dots


def _black_and_white(dots: bytes, row_in: int, row_out: int) -> bytes:
    """Turn four bits a dot (15 is black) into one; enough to read what it says."""
    out = bytearray()
    for start in range(0, len(dots), max(row_in, 1)):
        bits = 0
        for byte in dots[start : start + row_in]:
            bits = bits << 2 | (byte >> 4 >= _GRAY_HALF) << 1 | (byte & 15 >= _GRAY_HALF)
        out += (bits << max(0, row_out * 8 - row_in * 2)).to_bytes(max(row_out, row_in // 4 + 1), "big")[-row_out:]
    return bytes(out)


def _barcode(given: dict[str, str], text: str) -> bytes:
    system, data = _BARCODES.get(given.get("type", "")), text.encode("latin-1", "replace")
    if system is None or not 0 < len(data) <= _BYTE_MAX:
        return b""
    out = b"\x1dH" + bytes((_HRI.get(given.get("hri", "none"), 0),))
    if "height" in given:
        out += b"\x1dh" + bytes((max(1, _number(given["height"], 162, _BYTE_MAX)),))
    if "width" in given:
        out += b"\x1dw" + bytes((_number(given["width"], 3, 6),))
    return out + b"\x1dk" + bytes((system, len(data))) + data


def _symbol(given: dict[str, str], text: str) -> bytes:
    kind, data = given.get("type", ""), text.encode()
    if not kind.startswith("qrcode_model_") or not data or len(data) > 7089:  # noqa: PLR2004 - the most a QR code holds
        return b""
    model, size = (49 if kind.endswith("1") else 50), max(1, _number(given.get("width"), 3, 16))
    level = _QR_LEVELS.get(given.get("level", ""), 48)
    stored = (len(data) + 3).to_bytes(2, "little") + b"1P0" + data
    return (
        b"\x1d(k\x04\x001A" + bytes((model, 0)) + b"\x1d(k\x03\x001C" + bytes((size,))
        + b"\x1d(k\x03\x001E" + bytes((level,)) + b"\x1d(k" + stored + b"\x1d(k\x03\x001Q0"
    )  # fmt: skip


def _pulse(given: dict[str, str], text: str) -> bytes:
    del text
    return b"\x1bp" + bytes((_DRAWERS.get(given.get("drawer", ""), 0), _PULSE_ON, _PULSE_OFF))


def _logo(given: dict[str, str], text: str) -> bytes:
    del text
    keys = bytes((_number(given.get("key1"), 32, 126), _number(given.get("key2"), 32, 126)))
    return b"\x1d(L\x06\x000E" + keys + b"\x01\x01"


def _command(given: dict[str, str], text: str) -> bytes:
    del given
    return bytes.fromhex(text)


def _page(given: dict[str, str], text: str) -> bytes:
    del given, text
    return b"\x0c"


def _is_true(text: str | None) -> bool:
    return text in {"true", "1"}


def _number(text: str | None, otherwise: int, maximum: int) -> int:
    try:
        return max(0, min(int(text or ""), maximum))
    except ValueError:
        return otherwise


_ELEMENTS: dict[str, Callable[[dict[str, str], str], bytes]] = {
    "text": _text,
    "feed": _feed,
    "cut": _cut,
    "image": _image,
    "barcode": _barcode,
    "symbol": _symbol,
    "pulse": _pulse,
    "logo": _logo,
    "command": _command,
    "page": _page,
}

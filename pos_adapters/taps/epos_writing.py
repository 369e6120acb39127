"""A block of ours (ESC/POS) as elements of ePOS-Print, so that the printer's own service keeps account of its settings.

`elements(block, pages)` reads the block's commands one by one; each becomes a typed element, or all of the block is
refused (`UntranslatableError`). Text is escaped, its control characters never get this far (`tokenizer`), so nothing
of it can become an element or a command.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from receipt.code_pages import Encoding
from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Token, Tokenizer

_ALIGN = ("left", "center", "right")
_FONTS = ("font_a", "font_b", "font_c", "font_d", "font_e")
_LEVELS = {48: "level_l", 49: "level_m", 50: "level_q", 51: "level_h"}
_BARCODES = ("upc_a", "upc_e", "ean13", "ean8", "code39", "itf", "codabar", "code93", "code128", "gs1_128")
_HRI = ("none", "above", "below", "both")
_DEFAULTS = (
    ("align", "left"), ("font", "font_a"), ("width", "1"), ("height", "1"), ("em", "false"), ("ul", "false"),
    ("reverse", "false"), ("rotate", "false"), ("linespc", "30"),
)  # fmt: skip
_LINE_SPACING = "30"  # ESC 2: the service's own default

# Commands that a block sets to their defaults, and which ePOS-Print does not have: nothing to say.
_NEUTRAL = frozenset(
    (b"\x1bV\x00", b"\x1bG\x00", b"\x1b \x00", b"\x1dL\x00\x00", b"\x1br\x00", b"\x1c.", b"\x1bR\x00", b"\x1bV0")
)
_NEUTRAL_HEADS = frozenset((b"\x1dW", b"\x1c("))
_NEVER = frozenset((TokenKind.UNKNOWN, TokenKind.INCOMPLETE, TokenKind.REALTIME))
_FIRST_BARCODE = 65


class UntranslatableError(Exception):
    """The block holds a command for which there is no element."""


def elements(block: bytes, pages: Mapping[int, str], *, prefix: str = "") -> bytes:
    """Return the elements of a block, in UTF-8. Raises UntranslatableError."""
    writer = _Writer(pages, prefix)
    tokenizer = Tokenizer()
    for token in (*tokenizer.feed(block), *tokenizer.close()):
        writer.take(token)
    return writer.finish()


class _Writer:
    """Collects text until something else comes."""

    def __init__(self, pages: Mapping[int, str], prefix: str) -> None:
        self._pages = pages
        self._prefix = prefix
        self._out: list[str] = []
        self._text = ""
        self._settings: dict[str, str] = {}  # changed since the last text element
        self._align = "left"
        self._encoding = Encoding()
        self._utf8 = False
        self._symbol: dict[str, str] = {}
        self._symbol_data = b""
        self._barcode: dict[str, str] = {}

    def take(self, token: Token) -> None:
        """Translate one command."""
        data = token.data
        if token.kind in _NEVER:
            raise UntranslatableError(token.name)
        if token.kind is TokenKind.TEXT:
            self._say(Encoding(codec="utf-8") if self._utf8 else self._encoding, data)
        elif data == b"\n":
            self._text += "\n"
        elif data == b"\x1b@":
            self._set(**dict(_DEFAULTS))
        elif data[:3] == b"\x1c(C":
            self._utf8 = data[-1:] == b"2"
        elif self._took_setting(data) or self._took_code(data) or self._took_paper(data):
            return
        elif data not in _NEUTRAL and data[:2] not in _NEUTRAL_HEADS:
            raise UntranslatableError(token.name)

    def finish(self) -> bytes:
        """Return what has been collected; settings at the end stand in an empty text."""
        self._flush(settings_too=True)
        return "".join(self._out).encode()

    def _say(self, encoding: Encoding, data: bytes) -> None:
        text = encoding.decode(data)
        if "\ufffd" in text:
            raise UntranslatableError("text in an unknown code page")
        self._text += text

    def _set(self, **settings: str) -> None:
        self._flush()
        self._settings.update(settings)
        self._align = settings.get("align", self._align)

    def _took_setting(self, data: bytes) -> bool:
        """Take what is an attribute of text."""
        head, value = data[:2], data[2] if len(data) > 2 else 0  # noqa: PLR2004 - a command is two bytes
        on = "true" if value & 1 else "false"
        if head == b"\x1ba":
            self._set(align=_ALIGN[value % 48 % 3])
        elif head == b"\x1bM":
            self._set(font=_FONTS[value % 48 % 5])
        elif head == b"\x1d!":
            self._set(width=str((value >> 4) % 8 + 1), height=str(value % 8 + 1))
        elif head == b"\x1b!":
            self._set(
                font=_FONTS[value & 1],
                em="true" if value & 8 else "false",
                height="2" if value & 16 else "1",
                width="2" if value & 32 else "1",
                ul="true" if value & 128 else "false",
            )
        elif head in (b"\x1bE", b"\x1b-", b"\x1dB", b"\x1b{"):
            name = {b"\x1bE": "em", b"\x1b-": "ul", b"\x1dB": "reverse", b"\x1b{": "rotate"}[head]
            self._set(**{name: on})
        elif head in (b"\x1b2", b"\x1b3"):
            self._set(linespc=str(value) if head == b"\x1b3" else _LINE_SPACING)
        elif head == b"\x1bt":
            codec = self._pages.get(value)
            if codec is None:
                raise UntranslatableError(f"code page {value}")
            self._encoding = Encoding(codec=codec)
        else:
            return False
        return True

    def _took_code(self, data: bytes) -> bool:
        """Take barcodes, QR codes and their settings."""
        head = data[:2]
        if head == b"\x1d(" and data[2:3] == b"k":
            self._qr(data[5:])
        elif head == b"\x1dh":
            self._barcode["height"] = str(data[2])
        elif head == b"\x1dw":
            self._barcode["width"] = str(data[2])
        elif head == b"\x1dH":
            self._barcode["hri"] = _HRI[data[2] % 48 % 4]
        elif head == b"\x1df":
            self._barcode["font"] = _FONTS[data[2] % 48 % 5]
        elif head == b"\x1dk" and data[2] - _FIRST_BARCODE in range(len(_BARCODES)):
            kind = _BARCODES[data[2] - _FIRST_BARCODE]
            self._element("barcode", {"type": kind, **self._barcode, "align": self._align}, data[4:].decode("latin-1"))
        else:
            return False
        return True

    def _qr(self, function: bytes) -> None:
        code, number, value = function[0:1], function[1:2], function[2:]
        if code != b"1":
            raise UntranslatableError("a code that is no QR code")
        if number == b"A":
            self._symbol["type"] = f"qrcode_model_{'1' if value[:1] == b'1' else '2'}"
        elif number == b"C":
            self._symbol["width"] = str(value[0])
        elif number == b"E":
            self._symbol["level"] = _LEVELS.get(value[0], "level_m")
        elif number == b"P":
            self._symbol_data = value[1:]
        elif number == b"Q":
            given = {"type": "qrcode_model_2", **self._symbol, "align": self._align}
            self._element("symbol", given, self._symbol_data.decode("utf-8", "strict"))
        else:
            raise UntranslatableError("a function of QR codes")

    def _took_paper(self, data: bytes) -> bool:
        """Take feeds, pictures and the cut of a slip."""
        head = data[:2]
        if head == b"\x1bd":
            self._element("feed", {"line": str(data[2])})
        elif head == b"\x1bJ":
            self._element("feed", {"unit": str(data[2])})
        elif data[:3] == b"\x1dv0":
            self._picture(data)
        elif head == b"\x1dV":
            self._element("cut", {"type": "feed" if len(data) > 3 else "no_feed"})  # noqa: PLR2004 - GS V m [n]
        else:
            return False
        return True

    def _picture(self, data: bytes) -> None:
        doubled = data[3] % 48
        row, height = int.from_bytes(data[4:6], "little"), int.from_bytes(data[6:8], "little")
        rows = [data[8 + start : 8 + start + row] for start in range(0, row * height, row)]
        if doubled & 1:
            rows, row = [_twice_as_wide(each) for each in rows], row * 2
        if doubled & 2:
            rows = [each for each in rows for _ in range(2)]
        if len(rows[-1]) != row:
            raise UntranslatableError("a picture that is not whole")
        given = {"width": str(row * 8), "height": str(len(rows)), "color": "color_1", "mode": "mono"}
        self._element("image", {**given, "align": self._align}, base64.b64encode(b"".join(rows)).decode())

    def _element(self, name: str, given: Mapping[str, str], text: str = "") -> None:
        self._flush()
        self._write(name, given, text)

    def _flush(self, *, settings_too: bool = False) -> None:
        if self._text or (settings_too and self._settings):
            text, self._text = self._text, ""
            settings, self._settings = self._settings, {}
            self._write("text", settings, text)

    def _write(self, name: str, given: Mapping[str, str], text: str) -> None:
        attributes = "".join(f' {key}="{value}"' for key, value in given.items())
        tag = f"{self._prefix}{name}"
        self._out.append(f"<{tag}{attributes}>{_escaped(text)}</{tag}>" if text else f"<{tag}{attributes}/>")


def _twice_as_wide(row: bytes) -> bytes:
    bits = "".join(bit * 2 for bit in f"{int.from_bytes(row, 'big'):0{len(row) * 8}b}")
    return int(bits, 2).to_bytes(len(row) * 2, "big")


def _escaped(text: str) -> str:
    marked = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return marked.replace("\n", "&#10;")

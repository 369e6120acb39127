"""What Star commands do to the paper (Line Mode and StarPRNT): each known command told to the typesetter.

Contract: as `receipt.escpos.interpreter`. Numbers may come as bytes or as ASCII digits (`ESC i 1 1`); both mean the
same to Star printers.
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from receipt.escpos.codes import payload_text, with_check_digit
from receipt.escpos.commands import CONTINUED_NAME, TokenKind
from receipt.escpos.lengths import WHOLE_BYTES_MAX
from receipt.escpos.tokenizer import Token
from receipt.image_printer import NO_BITS, Bits, ImagePrinter, column_bits, raster_bits
from receipt.layout import PICTURE_BYTES_MAX, Typesetter
from receipt.page_mode import drop_page, move_down, open_page, print_page, select_area, turn_page
from receipt.paper import DrawnCharacter, Symbology
from receipt.paper_feed import feed_dots
from receipt.printers import printer_model
from receipt.raster import ROW_BYTES_MAX

Handler = Callable[[bytes, int], None]

_STAR_MODEL: Final = "generic-star-80mm"  # whose code pages hold where the configured model is not a Star
_LINE_DOTS: Final = 32  # 4 mm, the normal line
_BARCODES: Final = {
    0: Symbology.UPCE,
    1: Symbology.UPCA,
    2: Symbology.EAN8,
    3: Symbology.EAN13,
    4: Symbology.CODE39,
    5: Symbology.ITF,
    6: Symbology.CODE128,
    7: Symbology.CODE93,
    8: Symbology.CODABAR,
    9: Symbology.CODE128,  # GS1-128
    10: Symbology.DATABAR,
    11: Symbology.DATABAR,
    12: Symbology.DATABAR,
    13: Symbology.DATABAR,
}
_READABLE: Final = b"24\x02\x04"  # ESC b's second parameter: 2 and 4 print the characters below
_CODE128_ESCAPE: Final = re.compile("%([0-9A-Z@\\[\\\\\\]^_])")


class StarInterpreter:
    """See the module's contract."""

    in_page_mode = property(lambda self: self._sheet.page is not None)
    mid_macro = False
    drawn_sets: tuple[Mapping[str, DrawnCharacter], ...] = ()  # of ESC/POS alone

    def __init__(self, typesetter: Typesetter) -> None:
        self._sheet = typesetter
        self._images = ImagePrinter(typesetter)
        model = typesetter.model if typesetter.model.language == "star" else printer_model(_STAR_MODEL)
        self._pages = model.code_pages
        self._rows: list[bytes] = []  # of raster mode
        self._row_bytes = 0
        self._qr = b""
        self._qr_module = 3
        self._pdf417 = b""
        self._payload = bytearray()
        self._payload_token: Token | None = None
        self._returned = False  # CR was seen
        self.transparent = False
        self.drawer_opened = False
        self._handlers = self._table()
        typesetter.encoding = typesetter.encoding._replace(codec=self._pages.get(0, "cp437"))

    @property
    def idle(self) -> bool:
        """Whether text and line feeds do nothing but print: no image or carriage return is under way."""
        return self._payload_token is None and not (self._rows or self._returned or self._images.on_line)

    def begin(self) -> None:
        """Begin a new document."""
        self.transparent = False
        self.drawer_opened = False

    def text(self, data: bytes, offset: int) -> None:
        """Print text."""
        if self._returned:
            self._returned = False
            self._sheet.carriage_return(offset)
        self._sheet.put(data, offset)

    def note_macro_text(self, token: Token) -> None:
        """Macros are kept in a Star printer's memory, never defined in a job."""

    def run(self, token: Token) -> None:
        """Do what a token that is no text says."""
        if self._payload_token is not None:
            if token.name == CONTINUED_NAME:
                if len(self._payload) < PICTURE_BYTES_MAX:
                    self._payload += token.data
                return
            self.end_payload()
        if self._rows and token.name not in ("StarRasterRow", "Controls"):
            self._end_rows(token.offset)
        handler = self._handlers.get(token.name)
        if handler is None:
            self.transparent = self.transparent or token.kind is TokenKind.UNKNOWN
        elif token.kind is TokenKind.RASTER or token.kind is TokenKind.CODE:  # whose bytes may come in pieces
            self._payload_token = token
            self._payload += token.data
        else:
            handler(token.data, token.offset)

    def end_payload(self) -> None:
        """Draw the image or code whose bytes have come."""
        token = self._payload_token
        if token is not None:
            data = bytes(self._payload)
            self._payload_token = None
            self._payload.clear()
            self._handlers[token.name](data, token.offset)

    def end(self, offset: int) -> None:
        """Finish what stands on the line or in the page buffer: the document ends."""
        self.end_payload()
        self._end_rows(offset)
        self._images.end_line()
        if self._sheet.page is not None:
            print_page(self._sheet, offset)

    def _table(self) -> dict[str, Handler]:
        sheet = self._sheet
        table: dict[str, Handler] = {
            "StarLineFeed": self._line_feed,
            "StarCarriageReturn": self._carriage_return,
            "StarFormFeed": self._line_feed,
            "StarVerticalTab": self._line_feed,
            "StarHorizontalTab": lambda _data, _offset: sheet.tab(),
            "StarHorizontalTabs": self._tabs,
            "StarInitialize": self._initialize,
            "StarBoldOn": lambda _data, _offset: sheet.restyle(bold=True),
            "StarBoldOff": lambda _data, _offset: sheet.restyle(bold=False),
            "StarInvertedOn": lambda _data, _offset: sheet.restyle(inverted=True),
            "StarInvertedOff": lambda _data, _offset: sheet.restyle(inverted=False),
            "StarUpsideDownOn": lambda _data, _offset: sheet.restyle(upside_down=True),
            "StarUpsideDownOff": lambda _data, _offset: sheet.restyle(upside_down=False),
            "StarUnderline": lambda data, _offset: sheet.restyle(underline=bool(_number(data[2]))),
            "StarDoubleWidthOn": lambda _data, _offset: sheet.restyle(width=2),
            "StarDoubleWidthOff": lambda _data, _offset: sheet.restyle(width=1),
            "StarExpandedWidth": lambda data, _offset: sheet.restyle(width=_times(data[2])),
            "StarExpandedHeight": lambda data, _offset: sheet.restyle(height=_times(data[2])),
            "StarCharacterSize": lambda data, _offset: sheet.restyle(height=_times(data[2]), width=_times(data[3])),
            "StarKanjiQuadrupleOn": lambda _data, _offset: sheet.restyle(height=2, width=2),
            "StarKanjiQuadrupleOff": lambda _data, _offset: sheet.restyle(height=1, width=1),
            "StarFont": lambda data, _offset: sheet.restyle(font=1 if _number(data[3]) & 1 else 0),
            "StarFont12Dot": lambda _data, _offset: sheet.restyle(font=0),
            "StarAlignment": self._alignment,
            "StarAbsolutePosition": lambda data, _offset: sheet.move(_u16(data, 3)),
            "StarRelativePosition": lambda data, _offset: sheet.move(sheet.x + _signed(_u16(data, 3))),
            "StarLeftMargin": self._left_margin,
            "StarRightMargin": self._right_margin,
            "StarRightSpacing": lambda data, _offset: sheet.space(_number(data[2])),
            "StarFeedLines": lambda data, offset: sheet.feed(_number(data[2]), offset),
            "StarFeedQuarters": lambda data, offset: self._feed_dots(data[2] * 2, offset),
            "StarFeedEighths": lambda data, offset: self._feed_dots(data[2], offset),
            "StarDrawer1": self._drawer,
            "StarDrawer2": self._drawer,
            "StarDrawerOutput": self._drawer,
            "StarPageMode": self._page_mode,
            "StarRasterCommand": self._raster_command,
        }
        return table | self._encodings() | self._prints()

    def _encodings(self) -> dict[str, Handler]:
        sheet = self._sheet
        return {
            "StarCodePage": lambda data, _offset: sheet.select_page(data[3], self._pages.get(data[3])),
            "StarInternational": self._international,
            "StarShiftJis": self._shift_jis,
            "StarKanjiOn": self._jis,
            "StarKanjiOff": lambda _data, _offset: sheet.ideographs(on=False),
        }

    def _prints(self) -> dict[str, Handler]:
        return {
            "StarBarcode": self._barcode,
            "StarQr": self._qr_code,
            "StarPdf417": self._pdf417_code,
            "StarColumnImage8": lambda data, offset: self._columns(data, offset, 1, Bits.scaled, 1, 3),
            "StarColumnImage8Fine": lambda data, offset: self._columns(data, offset, 1, Bits.scaled, 1, 3),
            "StarColumnImage24": lambda data, offset: self._columns(data, offset, 3, Bits.scaled, 1, 1),
            "StarRowImage24": self._row_image,
            "StarRaster": self._raster,
            "StarRasterRow": self._raster_row,
            "StarPrintLogo": lambda _data, offset: self._images.print_bits(NO_BITS, offset),
            "StarPrintLogoList": lambda _data, offset: self._images.print_bits(NO_BITS, offset),
            "StarDefineLogos": lambda _data, _offset: None,
        }

    def _carriage_return(self, _data: bytes, _offset: int) -> None:
        self._returned = not self._sheet.at_line_start

    def _line_feed(self, _data: bytes, offset: int) -> None:
        self._returned = False
        if not self._images.end_line() or not self._sheet.at_line_start:
            self._sheet.line_feed(offset, _LINE_DOTS)

    def _feed_dots(self, dots: int, offset: int) -> None:
        feed_dots(self._sheet, max(0, dots - self._images.end_line()), offset, line_dots=_LINE_DOTS)

    def _initialize(self, _data: bytes, offset: int) -> None:
        if not self._sheet.at_line_start:
            self._sheet.line_feed(offset)
        drop_page(self._sheet)
        self._sheet.reset()
        self._sheet.encoding = self._sheet.encoding._replace(codec=self._pages.get(0, "cp437"))

    def _alignment(self, data: bytes, _offset: int) -> None:
        if _number(data[3]) < 3:
            self._sheet.justification = _number(data[3])

    def _tabs(self, data: bytes, _offset: int) -> None:
        self._sheet.tabs = tuple(stop for stop in data[2:] if stop) or None

    def _left_margin(self, data: bytes, _offset: int) -> None:
        """ESC l n: characters from the left edge; the right margin stays where it is on the paper."""
        sheet = self._sheet
        right = sheet.margin + sheet.area
        margin = data[2] * sheet.font_dots
        if margin < right:
            sheet.frame(margin=margin, width=right - margin)

    def _right_margin(self, data: bytes, _offset: int) -> None:
        """ESC Q n: the line ends n characters from the paper's left edge."""
        sheet = self._sheet
        right = data[2] * sheet.font_dots
        if right > sheet.margin:
            sheet.frame(width=right - sheet.margin)

    def _drawer(self, _data: bytes, _offset: int) -> None:
        self.drawer_opened = True

    def _international(self, data: bytes, _offset: int) -> None:
        """ESC R n: 0 to 14 as a byte or as a hexadecimal digit."""
        number = data[2]
        if 0x41 <= number <= 0x46:
            number -= 0x37
        self._sheet.encoding = self._sheet.encoding._replace(international=_number(number))

    def _shift_jis(self, data: bytes, _offset: int) -> None:
        """ESC $ n: Japanese printers only, whose single bytes are Katakana and graphics."""
        on = _number(data[2]) == 1
        encoding = self._sheet.encoding
        self._sheet.encoding = encoding._replace(codec="katakana", double_byte="cp932" if on else None)

    def _jis(self, _data: bytes, _offset: int) -> None:
        self._sheet.encoding = self._sheet.encoding._replace(double_byte="jis")

    def _page_mode(self, data: bytes, offset: int) -> None:
        """ESC GS P n: 0 begin, 2 direction, 3 area, 4 and 5 go down, 6 print, 7 print and leave, 8 drop."""
        sheet, function = self._sheet, data[3] & 0x0F
        if function == 0:
            open_page(sheet, offset)
        elif function == 2:
            turn_page(sheet, data[4] & 3)
        elif function == 3:
            select_area(sheet, _u16(data, 4), _u16(data, 6), width=_u16(data, 8), height=_u16(data, 10))
        elif function == 4:
            move_down(sheet, to=_u16(data, 4))
        elif function == 5:
            move_down(sheet, by=_signed(_u16(data, 4)))
        elif function in (6, 7):
            print_page(sheet, offset)
        if function in (7, 8):
            drop_page(sheet)

    def _barcode(self, data: bytes, offset: int) -> None:
        """ESC b n1 n2 n3 n4 data RS: kind, text below and feed, module width, height."""
        symbology = _BARCODES.get(_number(data[2]))
        text = data[6:].rstrip(b"\x1e").decode("latin-1")
        if symbology is Symbology.CODE128:
            text = _CODE128_ESCAPE.sub(_unescaped, text)
        if symbology is not None and text:
            printed = with_check_digit(symbology, text)
            self._sheet.code(
                symbology, printed, offset, module_dots=2, height_dots=data[5], readable=data[3] in _READABLE
            )

    def _qr_code(self, data: bytes, offset: int) -> None:
        if len(data) > WHOLE_BYTES_MAX:
            return  # more than any code can hold
        if data[3:5] == b"D1":
            self._qr = data[8:]
        elif data[3:5] == b"D2":
            self._qr = _parts(data)
        elif data[3:5] == b"S2" and len(data) > 5:
            self._qr_module = data[5] or 3
        elif data[3:4] == b"P" and self._qr:
            self._sheet.code(Symbology.QR, payload_text(self._qr), offset, module_dots=self._qr_module)

    def _pdf417_code(self, data: bytes, offset: int) -> None:
        if data[3:4] == b"D" and len(data) <= WHOLE_BYTES_MAX:
            self._pdf417 = data[6:]
        elif data[3:4] == b"P" and self._pdf417:
            self._sheet.code(Symbology.PDF417, payload_text(self._pdf417), offset)

    def _columns(
        self,
        data: bytes,
        offset: int,
        column_bytes: int,
        scaled: Callable[[Bits, int, int], Bits],
        *scale: int,
    ) -> None:
        bits = column_bits(data[4:], _u16(data, 2), column_bytes)
        self._images.strip(scaled(bits, *scale), offset)

    def _row_image(self, data: bytes, offset: int) -> None:
        """ESC k n1 n2: 24 rows of n bytes, on the line."""
        self._images.strip(raster_bits(data[4:], _u16(data, 2) * 8, 24), offset)

    def _raster(self, data: bytes, offset: int) -> None:
        """ESC GS S m xL xH yL yH n: an image row by row."""
        self._images.print_bits(raster_bits(data[9:], _u16(data, 4) * 8, _u16(data, 6)), offset)

    def _raster_row(self, data: bytes, offset: int) -> None:
        """Keep one row of dots of raster mode (`b` nL nH data)."""
        if len(self._rows) * self._row_bytes > PICTURE_BYTES_MAX:
            self._end_rows(offset)
        self._rows.append(data[3 : 3 + ROW_BYTES_MAX])
        self._row_bytes = max(self._row_bytes, len(self._rows[-1]))

    def _end_rows(self, offset: int) -> None:
        if self._rows:
            rows = b"".join(row.ljust(self._row_bytes, b"\0") for row in self._rows)
            bits = raster_bits(rows, self._row_bytes * 8, len(self._rows))
            self._rows = []
            self._row_bytes = 0
            self._images.print_bits(bits, offset)

    def _raster_command(self, data: bytes, offset: int) -> None:
        """ESC * r Y n NUL feeds dots; the others set margins, speed and what the form feed does."""
        if data[3:4] == b"Y":
            digits = data[4:].rstrip(b"\0")
            self._feed_dots(int(digits) if digits.isdigit() else 0, offset)


def _u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


def _signed(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def _number(byte: int) -> int:
    """Return a number that may have come as an ASCII digit (`:` to `?` go on after 9)."""
    return byte - 0x30 if 0x30 <= byte <= 0x3F else byte


def _times(byte: int) -> int:
    return min(_number(byte), 5) + 1


def _parts(data: bytes) -> bytes:
    pieces = []
    at = 6
    while at + 3 <= len(data):
        size = _u16(data, at + 1)
        pieces.append(data[at + 3 : at + 3 + size])
        at += 3 + size
    return b"".join(pieces)


def _unescaped(match: re.Match[str]) -> str:
    """Star's Code 128 writes `%` as `%0`, DEL as `%5`, function characters as `%1` to `%4`, controls as `%A`."""
    code = match[1]
    if code.isdigit():
        return {"0": "%", "5": "\x7f"}.get(code, "")
    return chr(ord(code) - 0x40)

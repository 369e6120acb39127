"""What ESC/POS commands do to the paper: each known command told to the typesetter.

Contract: `Interpreter.run(tokens)` takes tokens in order and never raises. Commands that print nothing and change
nothing that can be seen (status, drawer, density) are passed over; those we do not know make the paper `transparent`.
Functions are Epson's (public command reference); vendors' are named so in the command table.
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.code_pages import UTF8
from receipt.escpos.code_printer import CodePrinter
from receipt.escpos.commands import CONTINUED_NAME, TokenKind
from receipt.escpos.graphics import Graphics
from receipt.escpos.tokenizer import Token
from receipt.layout import PICTURE_BYTES_MAX, Typesetter

Handler = Callable[[bytes, int], None]

LINE_SPACING_DOTS: Final = 30  # ESC 2
MACRO_TOKENS_MAX: Final = 2_048  # Epson's printers keep 2,048 bytes of a macro
_IGNORED_KINDS: Final = frozenset((TokenKind.REALTIME, TokenKind.CUT))


class Interpreter:
    """See the module's contract."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._sheet = typesetter
        self._graphics = Graphics(typesetter)
        self._codes = CodePrinter(typesetter)
        self._line_spacing = LINE_SPACING_DOTS
        self._units = (typesetter.model.dpi, typesetter.model.dpi)
        self._at_printer = True
        self._returned = False  # CR was seen: it is half of CR LF, or the head goes back
        self._kanji_size = False
        self._macro: list[Token] | None = None
        self._macro_kept: tuple[Token, ...] = ()
        self._payload = bytearray()
        self._payload_token: Token | None = None
        self.transparent = False
        self.drawer_opened = False
        self._handlers = self._table()

    @property
    def in_page_mode(self) -> bool:
        """Whether what is printed waits in the page buffer."""
        return self._sheet.page is not None

    @property
    def mid_macro(self) -> bool:
        """Whether a macro is being defined."""
        return self._macro is not None

    def begin(self) -> None:
        """Begin a new document."""
        self.transparent = False
        self.drawer_opened = False

    def text(self, data: bytes, offset: int) -> None:
        """Print text."""
        if self._at_printer:
            if self._returned:
                self._returned = False
                self._sheet.carriage_return(offset)
            self._sheet.put(data, offset)

    def run(self, token: Token) -> None:
        """Do what a token that is no text says."""
        if self._payload_token is not None:
            if token.name == CONTINUED_NAME:
                if len(self._payload) < PICTURE_BYTES_MAX:
                    self._payload += token.data
                return
            self.end_payload()
        handler = self._handlers.get(token.name)
        if handler is not None:
            if self._macro is not None and len(self._macro) < MACRO_TOKENS_MAX:
                self._macro.append(token)
            if token.kind is TokenKind.RASTER:
                self._payload_token = token
                self._payload += token.data
            else:
                handler(token.data, token.offset)
        elif token.kind is TokenKind.UNKNOWN:
            self.transparent = True

    def end_payload(self) -> None:
        """Draw the image whose bytes have come."""
        token = self._payload_token
        if token is not None:
            data = bytes(self._payload)
            self._payload_token = None
            self._payload.clear()
            self._handlers[token.name](data, token.offset)

    def end(self, offset: int) -> None:
        """Finish what stands on the line or in the page buffer: the document ends."""
        self.end_payload()
        self._graphics.end_line()
        self._returned = False
        if self._sheet.page is not None:
            self._print_page(b"", offset)

    def _table(self) -> dict[str, Handler]:
        sheet, graphics, codes = self._sheet, self._graphics, self._codes
        table: dict[str, Handler] = {
            "PrintAndLineFeed": self._line_feed,
            "PrintAndCarriageReturn": self._carriage_return,
            "HorizontalTab": lambda _data, _offset: sheet.tab(),
            "FormFeedPrintAndReturnToStandardMode": self._form_feed,
            "EscPageModeFormFeed": self._print_page,
            "Cancel": self._cancel,
            "EscInitialize": self._initialize,
            "EscSelectPrintMode": self._print_mode,
            "EscSelectCharacterFont": lambda data, _offset: sheet.restyle(font=_font(data[2])),
            "EscTurnEmphasizedMode": lambda data, _offset: sheet.restyle(bold=bool(data[2] & 1)),
            "EscTurnDoubleStrikeMode": lambda data, _offset: sheet.restyle(bold=bool(data[2] & 1)),
            "EscUnderlineMode": lambda data, _offset: sheet.restyle(underline=data[2] & 3 != 0),
            "EscTurn90digreeClockwiseRotationMode": lambda data, _offset: sheet.restyle(rotated=data[2] & 3 != 0),
            "EscTurnUpsideDownPrintMode": lambda data, _offset: sheet.restyle(upside_down=bool(data[2] & 1)),
            "GsTurnWhiteBlackReversePrintMode": lambda data, _offset: sheet.restyle(inverted=bool(data[2] & 1)),
            "GsSelectCharacterSize": self._character_size,
            "FsSelectPrintModeKanji": self._kanji_print_mode,
            "FsTurnQuadrupleSizeMode": self._kanji_quadruple,
            "EscSelectJustification": self._justification,
            "EscRightSideSpacing": lambda data, _offset: sheet.space(self._dots(data[2])),
            "EscHorizontalTabPosition": self._tab_positions,
            "EscAbsoluteHorizontalPrintPosition": lambda data, _offset: sheet.move(self._dots(_u16(data, 2))),
            "EscSetRelativeHorizontalPrintPosition": self._relative_position,
            "GsSetLeftMargin": lambda data, _offset: sheet.frame(margin=self._dots(_u16(data, 2))),
            "GsSetPrintAreaWidth": lambda data, _offset: sheet.frame(width=self._dots(_u16(data, 2))),
            "GsSetHorizontalVerticalMotionUnits": self._motion_units,
            "EscSelectDefaultLineSpacing": self._default_line_spacing,
            "EscLineSpacing": self._set_line_spacing,
            "EscPrintAndFeedPaper": self._feed_dots,
            "EscPrintAndFeedNLines": self._feed_lines,
            "EscGeneratePulse": self._drawer,
            "DleGeneratePulseRealtime": self._drawer,
            "EscSelectPeripheralDevice": self._device,
            "VfdEscSelectPeripheralDevice": self._device,
            "GsStartEndMacroDefinition": self._define_macro,
            "GsExecuteMacro": self._execute_macro,
        }
        return table | self._encodings() | self._page_mode() | codes.handlers() | graphics.handlers()

    def _encodings(self) -> dict[str, Handler]:
        return {
            "EscSelectCharacterCodeTable": self._code_page,
            "EscSelectInternationalCharacterSet": self._international,
            "FsSelectKanjiCharacterMode": self._kanji_on,
            "FsCancelKanjiCharacterMode": self._kanji_off,
            "FsSelectKanjiCharacterCodeSystem": self._kanji_system,
            "FsSelectCharacterEncodeSystem": self._encode_system,
        }

    def _page_mode(self) -> dict[str, Handler]:
        sheet = self._sheet
        return {
            "EscSelectPageMode": lambda _data, offset: sheet.open_page(offset),
            "EscSelectStandardMode": lambda _data, _offset: sheet.drop_page(),
            "EscSetPrintAreaInPageMode": self._page_area,
            "EscSelectPrintDirection": lambda data, _offset: sheet.turn_page(data[2] & 3),
            "GsSetAbsoluteVerticalPrintPositionInPageMode": lambda data, _offset: sheet.move_down(to=_u16(data, 2)),
            "GsSetRelativeVerticalPrintPosition": lambda data, _offset: sheet.move_down(by=_signed(_u16(data, 2))),
        }

    def _dots(self, units: int) -> int:
        return units * self._sheet.model.dpi // self._units[0]

    def _line_feed(self, _data: bytes, offset: int) -> None:
        self._returned = False
        if not self._at_printer:
            return
        if not self._graphics.end_line() or not self._sheet.at_line_start:
            self._sheet.line_feed(offset, self._line_spacing)

    def _carriage_return(self, _data: bytes, _offset: int) -> None:
        self._returned = not self._sheet.at_line_start

    def _form_feed(self, data: bytes, offset: int) -> None:
        if self._sheet.page is not None:
            self._print_page(data, offset)
            self._sheet.drop_page()
        elif not self._sheet.at_line_start:
            self._sheet.line_feed(offset)

    def _print_page(self, _data: bytes, offset: int) -> None:
        self._sheet.print_page(offset)

    def _cancel(self, _data: bytes, offset: int) -> None:
        if self._sheet.page is not None:
            self._sheet.open_page(offset)

    def _initialize(self, _data: bytes, offset: int) -> None:
        if not self._sheet.at_line_start:
            self._sheet.line_feed(offset)
        self._sheet.drop_page()
        self._sheet.reset()
        self._codes.reset()
        self._line_spacing = LINE_SPACING_DOTS
        self._units = (self._sheet.model.dpi, self._sheet.model.dpi)
        self._kanji_size = False

    def _print_mode(self, data: bytes, _offset: int) -> None:
        mode = data[2]
        self._sheet.restyle(
            font=mode & 1,
            bold=bool(mode & 0x08),
            height=2 if mode & 0x10 else 1,
            width=2 if mode & 0x20 else 1,
            underline=bool(mode & 0x80),
        )

    def _character_size(self, data: bytes, _offset: int) -> None:
        self._sheet.restyle(width=(data[2] >> 4 & 7) + 1, height=(data[2] & 7) + 1)

    def _kanji_print_mode(self, data: bytes, _offset: int) -> None:
        self._kanji(2 if data[2] & 4 else 1, 2 if data[2] & 8 else 1)

    def _kanji_quadruple(self, data: bytes, _offset: int) -> None:
        self._kanji(1 + (data[2] & 1), 1 + (data[2] & 1))

    def _kanji(self, width: int, height: int) -> None:
        """Ideographs have a size of their own; tills that set it set that of letters to the same."""
        if (width, height) != (1, 1) or self._kanji_size:
            self._sheet.restyle(width=width, height=height)
        self._kanji_size = (width, height) != (1, 1)

    def _justification(self, data: bytes, _offset: int) -> None:
        if data[2] & 0xCF < 3:
            self._sheet.justification = data[2] & 3

    def _tab_positions(self, data: bytes, _offset: int) -> None:
        self._sheet.tabs = tuple(stop for stop in data[2:] if stop) or None

    def _relative_position(self, data: bytes, _offset: int) -> None:
        self._sheet.move(self._sheet.x + self._dots(_signed(_u16(data, 2))))

    def _motion_units(self, data: bytes, _offset: int) -> None:
        dpi = self._sheet.model.dpi
        self._units = (data[2] or dpi, data[3] or dpi)

    def _default_line_spacing(self, _data: bytes, _offset: int) -> None:
        self._line_spacing = LINE_SPACING_DOTS

    def _set_line_spacing(self, data: bytes, _offset: int) -> None:
        self._line_spacing = data[2] * self._sheet.model.dpi // self._units[1]

    def _feed_dots(self, data: bytes, offset: int) -> None:
        self._graphics.end_line()
        lines = data[2] * self._sheet.model.dpi // self._units[1] // LINE_SPACING_DOTS
        if not self._sheet.at_line_start:
            lines = max(1, lines)
        self._sheet.feed(lines, offset)

    def _feed_lines(self, data: bytes, offset: int) -> None:
        self._graphics.end_line()
        self._sheet.feed(data[2] or (not self._sheet.at_line_start), offset)

    def _drawer(self, _data: bytes, _offset: int) -> None:
        self.drawer_opened = True

    def _device(self, data: bytes, _offset: int) -> None:
        self._at_printer = bool(data[2] & 1)

    def _define_macro(self, _data: bytes, _offset: int) -> None:
        if self._macro is None:
            self._macro = []
        else:
            self._macro_kept = tuple(token for token in self._macro if token.name != "GsExecuteMacro")
            self._macro = None

    def note_macro_text(self, token: Token) -> None:
        """Keep text that is part of a macro being defined."""
        if self._macro is not None and len(self._macro) < MACRO_TOKENS_MAX:
            self._macro.append(token)

    def _execute_macro(self, data: bytes, offset: int) -> None:
        """GS ^ r t m: print what the macro keeps, r times; the pauses between are of no interest on paper."""
        if self._macro is not None:
            return
        for _ in range(data[2]):
            if self._sheet.truncated:
                return
            for token in self._macro_kept:
                if token.kind is TokenKind.TEXT:
                    self.text(token.data, offset)
                else:
                    self.run(token)

    def _code_page(self, data: bytes, _offset: int) -> None:
        sheet = self._sheet
        codec = sheet.model.code_pages.get(data[2])
        sheet.select_page(data[2], codec)

    def _international(self, data: bytes, _offset: int) -> None:
        number = data[2] - 0x30 if 0x30 <= data[2] < 0x40 else data[2]
        self._sheet.encoding = self._sheet.encoding._replace(international=number)

    def _kanji_on(self, _data: bytes, _offset: int) -> None:
        self._sheet.ideographs(on=True)

    def _kanji_off(self, _data: bytes, _offset: int) -> None:
        self._sheet.ideographs(on=False)

    def _kanji_system(self, data: bytes, _offset: int) -> None:
        """FS C: 0 is JIS, whose pairs FS & switches on; 1 and 2 are Shift-JIS, known by its first bytes."""
        self._sheet.kanji_system("jis" if data[2] & 3 == 0 else "cp932")

    def _encode_system(self, data: bytes, _offset: int) -> None:
        """FS ( C 48 m: 1 single-byte pages, 2 UTF-8."""
        if len(data) > 6:
            sheet = self._sheet
            codec = UTF8 if data[6] & 3 == 2 else sheet.model.code_pages.get(0, "cp437")
            sheet.encoding = sheet.encoding._replace(codec=codec)

    def _page_area(self, data: bytes, _offset: int) -> None:
        self._sheet.page_area(*(_u16(data, at) for at in (2, 4, 6, 8)))


def _u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


def _signed(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def _font(byte: int) -> int:
    return byte - 0x30 if 0x30 <= byte <= 0x34 else byte & 0x0F if byte < 5 else 0

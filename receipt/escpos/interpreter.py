"""What ESC/POS commands do to the paper: each known command told to the typesetter.

Contract: `Interpreter.run(tokens)` takes tokens in order and never raises. Commands that print nothing and change
nothing that can be seen (status, drawer, density) are passed over; those we do not know make the paper `transparent`.
Functions are Epson's (public command reference); vendors' are named so in the command table.
"""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from receipt.code_pages import UTF8
from receipt.escpos.code_printer import CODE_ACTIONS, CodePrinter
from receipt.escpos.commands import CONTINUED_NAME, TokenKind
from receipt.escpos.graphics import GRAPHICS_ACTIONS, Graphics
from receipt.escpos.own_characters import OWN_CHARACTER_ACTIONS, OwnCharacters
from receipt.escpos.styles import STYLE_ACTIONS
from receipt.escpos.tokenizer import Token
from receipt.layout import PICTURE_BYTES_MAX, Typesetter
from receipt.page_mode import drop_page, move_down, open_page, print_page, select_area, turn_page
from receipt.paper_feed import feed_dots

LINE_SPACING_DOTS: Final = 30  # ESC 2
MACRO_TOKENS_MAX: Final = 2_048  # Epson's printers keep 2,048 bytes of a macro
_IGNORED_KINDS: Final = frozenset((TokenKind.REALTIME, TokenKind.CUT))


Handler = Callable[["Interpreter", bytes, int], None]


class Interpreter:
    """See the module's contract."""

    def __init__(self, typesetter: Typesetter) -> None:
        self.sheet = typesetter
        self.graphics = Graphics(typesetter)
        self.codes = CodePrinter(typesetter)
        self.own_characters = OwnCharacters(typesetter)
        self.drawn_sets = self.own_characters.sets
        self.line_spacing = LINE_SPACING_DOTS
        self.units = (typesetter.model.dpi, typesetter.model.dpi)
        self.at_printer = True
        self.returned = False  # CR was seen: it is half of CR LF, or the head goes back
        self.kanji_size = False
        self.macro: list[Token] | None = None
        self.macro_kept: tuple[Token, ...] = ()
        self._payload = bytearray()
        self._payload_token: Token | None = None
        self.transparent = False
        self.drawer_opened = False

    @property
    def in_page_mode(self) -> bool:
        """Whether what is printed waits in the page buffer."""
        return self.sheet.page is not None

    @property
    def mid_macro(self) -> bool:
        """Whether a macro is being defined."""
        return self.macro is not None

    @property
    def idle(self) -> bool:
        """Whether text and line feeds do nothing but print: no macro, image or carriage return is under way."""
        return (
            self._payload_token is None
            and self.macro is None
            and self.at_printer
            and not self.returned
            and not self.graphics.on_line
        )

    def begin(self) -> None:
        """Begin a new document."""
        self.transparent = False
        self.drawer_opened = False
        self.own_characters.begin()

    def text(self, data: bytes, offset: int) -> None:
        """Print text."""
        if self.at_printer:
            if self.returned:
                self.returned = False
                self.sheet.carriage_return(offset)
            self.sheet.put(data, offset)

    def run(self, token: Token) -> None:
        """Do what a token that is no text says."""
        if self._payload_token is not None:
            if token.name == CONTINUED_NAME:
                if len(self._payload) < PICTURE_BYTES_MAX:
                    self._payload += token.data
                return
            self.end_payload()
        handler = HANDLERS.get(token.name)
        if handler is not None:
            if self.macro is not None and len(self.macro) < MACRO_TOKENS_MAX:
                self.macro.append(token)
            if token.kind is TokenKind.RASTER or token.kind is TokenKind.CODE:  # whose bytes may come in pieces
                self._payload_token = token
                self._payload += token.data
            else:
                handler(self, token.data, token.offset)
        elif token.kind is TokenKind.UNKNOWN:
            self.transparent = True

    def end_payload(self) -> None:
        """Draw the image or code whose bytes have come."""
        token = self._payload_token
        if token is not None:
            data = bytes(self._payload)
            self._payload_token = None
            self._payload.clear()
            HANDLERS[token.name](self, data, token.offset)

    def end(self, offset: int) -> None:
        """Finish what stands on the line or in the page buffer: the document ends."""
        self.end_payload()
        self.graphics.end_line()
        self.returned = False
        if self.sheet.page is not None:
            print_page(self.sheet, offset)

    def dots(self, units: int) -> int:
        """Return dots for horizontal motion units."""
        return units * self.sheet.model.dpi // self.units[0]

    def dots_down(self, units: int) -> int:
        """Return dots for vertical motion units."""
        return units * self.sheet.model.dpi // self.units[1]

    def note_macro_text(self, token: Token) -> None:
        """Keep text that is part of a macro being defined."""
        if self.macro is not None and len(self.macro) < MACRO_TOKENS_MAX:
            self.macro.append(token)


def _line_feed(on: Interpreter, _data: bytes, offset: int) -> None:
    on.returned = False
    if on.at_printer and (not on.graphics.on_line or not on.graphics.end_line() or not on.sheet.at_line_start):
        on.sheet.line_feed(offset, on.line_spacing)


def _carriage_return(on: Interpreter, _data: bytes, _offset: int) -> None:
    on.returned = not on.sheet.at_line_start


def _form_feed(on: Interpreter, _data: bytes, offset: int) -> None:
    if on.sheet.page is not None:
        print_page(on.sheet, offset)
        drop_page(on.sheet)
    elif not on.sheet.at_line_start:
        on.sheet.line_feed(offset)


def _cancel(on: Interpreter, _data: bytes, offset: int) -> None:
    if on.sheet.page is not None:
        open_page(on.sheet, offset)


def _initialize(on: Interpreter, _data: bytes, offset: int) -> None:
    if not on.sheet.at_line_start:
        on.sheet.line_feed(offset)
    drop_page(on.sheet)
    on.sheet.reset()
    on.codes.reset()
    on.own_characters.reset()
    on.line_spacing = LINE_SPACING_DOTS
    on.units = (on.sheet.model.dpi, on.sheet.model.dpi)
    on.kanji_size = False


def _kanji_print_mode(on: Interpreter, data: bytes, _offset: int) -> None:
    _kanji(on, 2 if data[2] & 4 else 1, 2 if data[2] & 8 else 1)


def _kanji_quadruple(on: Interpreter, data: bytes, _offset: int) -> None:
    _kanji(on, 1 + (data[2] & 1), 1 + (data[2] & 1))


def _kanji(on: Interpreter, width: int, height: int) -> None:
    """Ideographs have a size of their own; tills that set it set that of letters to the same."""
    if (width, height) != (1, 1) or on.kanji_size:
        on.sheet.restyle(width=width, height=height)
    on.kanji_size = (width, height) != (1, 1)


def _justification(on: Interpreter, data: bytes, _offset: int) -> None:
    if data[2] & 0xCF < 3:
        on.sheet.justification = data[2] & 3


def _tab_positions(on: Interpreter, data: bytes, _offset: int) -> None:
    on.sheet.tabs = tuple(stop for stop in data[2:] if stop) or None


def _right_spacing(on: Interpreter, data: bytes, _offset: int) -> None:
    on.sheet.space(on.dots(data[2]))


def _absolute_position(on: Interpreter, data: bytes, _offset: int) -> None:
    on.sheet.move(on.dots(_u16(data, 2)))


def _left_margin(on: Interpreter, data: bytes, _offset: int) -> None:
    on.sheet.frame(margin=on.dots(_u16(data, 2)))


def _print_width(on: Interpreter, data: bytes, _offset: int) -> None:
    on.sheet.frame(width=on.dots(_u16(data, 2)))


def _relative_position(on: Interpreter, data: bytes, _offset: int) -> None:
    on.sheet.move(on.sheet.x + on.dots(_signed(_u16(data, 2))))


def _motion_units(on: Interpreter, data: bytes, _offset: int) -> None:
    dpi = on.sheet.model.dpi
    on.units = (data[2] or dpi, data[3] or dpi)


def _default_line_spacing(on: Interpreter, _data: bytes, _offset: int) -> None:
    on.line_spacing = LINE_SPACING_DOTS


def _set_line_spacing(on: Interpreter, data: bytes, _offset: int) -> None:
    on.line_spacing = data[2] * on.sheet.model.dpi // on.units[1]


def _feed_dots(on: Interpreter, data: bytes, offset: int) -> None:
    dots = data[2] * on.sheet.model.dpi // on.units[1]
    feed_dots(on.sheet, max(0, dots - on.graphics.end_line()), offset, line_dots=LINE_SPACING_DOTS)


def _feed_lines(on: Interpreter, data: bytes, offset: int) -> None:
    on.graphics.end_line()
    on.sheet.feed(data[2] or (not on.sheet.at_line_start), offset)


def _drawer(on: Interpreter, _data: bytes, _offset: int) -> None:
    on.drawer_opened = True


def _device(on: Interpreter, data: bytes, _offset: int) -> None:
    on.at_printer = bool(data[2] & 1)


def _define_macro(on: Interpreter, _data: bytes, _offset: int) -> None:
    if on.macro is None:
        on.macro = []
    else:
        on.macro_kept = tuple(token for token in on.macro if token.name != "GsExecuteMacro")
        on.macro = None


def _execute_macro(on: Interpreter, data: bytes, offset: int) -> None:
    """GS ^ r t m: print what the macro keeps, r times; the pauses between are of no interest on paper."""
    if on.macro is not None:
        return
    for _ in range(data[2]):
        if on.sheet.truncated:
            return
        for token in on.macro_kept:
            if token.kind is TokenKind.TEXT:
                on.text(token.data, offset)
            else:
                on.run(token)


def _code_page(on: Interpreter, data: bytes, _offset: int) -> None:
    sheet = on.sheet
    codec = sheet.model.code_pages.get(data[2])
    sheet.select_page(data[2], codec)


def _international(on: Interpreter, data: bytes, _offset: int) -> None:
    number = data[2] - 0x30 if 0x30 <= data[2] < 0x40 else data[2]
    on.sheet.encoding = on.sheet.encoding._replace(international=number)


def _kanji_system(on: Interpreter, data: bytes, _offset: int) -> None:
    """FS C: 0 is JIS, whose pairs FS & switches on; 1 and 2 are Shift-JIS, known by its first bytes."""
    on.sheet.kanji_system("jis" if data[2] & 3 == 0 else "cp932")


def _encode_system(on: Interpreter, data: bytes, _offset: int) -> None:
    """FS ( C 48 m: 1 single-byte pages, 2 UTF-8."""
    if len(data) > 6:
        sheet = on.sheet
        codec = UTF8 if data[6] & 3 == 2 else sheet.model.code_pages.get(0, "cp437")
        sheet.encoding = sheet.encoding._replace(codec=codec)


def _page_area(on: Interpreter, data: bytes, _offset: int) -> None:
    x, width = (on.dots(_u16(data, at)) for at in (2, 6))
    y, height = (on.dots_down(_u16(data, at)) for at in (4, 8))
    select_area(on.sheet, x, y, width=width, height=height)


def _page_down_to(on: Interpreter, data: bytes, _offset: int) -> None:
    move_down(on.sheet, to=on.dots_down(_u16(data, 2)))


def _page_down_by(on: Interpreter, data: bytes, _offset: int) -> None:
    move_down(on.sheet, by=on.dots_down(_signed(_u16(data, 2))))


def _u16(data: bytes, at: int) -> int:
    return data[at] | data[at + 1] << 8


def _signed(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def _sheet(action: Callable[[Typesetter, bytes], None]) -> Handler:
    """Return a handler that only tells the typesetter something."""

    def handler(interpreter: Interpreter, data: bytes, _offset: int) -> None:
        action(interpreter.sheet, data)

    return handler


def _of(part: Callable[[Interpreter], Any], action: Callable[[Any, bytes, int], None]) -> Handler:
    """Return a handler that tells a part of the interpreter."""
    return lambda interpreter, data, offset: action(part(interpreter), data, offset)


HANDLERS: Final[dict[str, Handler]] = {
    "PrintAndLineFeed": _line_feed,
    "PrintAndCarriageReturn": _carriage_return,
    "HorizontalTab": _sheet(lambda sheet, _data: sheet.tab()),
    "FormFeedPrintAndReturnToStandardMode": _form_feed,
    "EscPageModeFormFeed": lambda on, _data, offset: print_page(on.sheet, offset),
    "Cancel": _cancel,
    "EscInitialize": _initialize,
    "FsSelectPrintModeKanji": _kanji_print_mode,
    "FsTurnQuadrupleSizeMode": _kanji_quadruple,
    "EscSelectJustification": _justification,
    "EscRightSideSpacing": _right_spacing,
    "EscHorizontalTabPosition": _tab_positions,
    "EscAbsoluteHorizontalPrintPosition": _absolute_position,
    "EscSetRelativeHorizontalPrintPosition": _relative_position,
    "GsSetLeftMargin": _left_margin,
    "GsSetPrintAreaWidth": _print_width,
    "GsSetHorizontalVerticalMotionUnits": _motion_units,
    "EscSelectDefaultLineSpacing": _default_line_spacing,
    "EscLineSpacing": _set_line_spacing,
    "EscPrintAndFeedPaper": _feed_dots,
    "EscPrintAndFeedNLines": _feed_lines,
    "EscGeneratePulse": _drawer,
    "DleGeneratePulseRealtime": _drawer,
    "EscSelectPeripheralDevice": _device,
    "VfdEscSelectPeripheralDevice": _device,
    "GsStartEndMacroDefinition": _define_macro,
    "GsExecuteMacro": _execute_macro,
    "EscSelectCharacterCodeTable": _code_page,
    "EscSelectInternationalCharacterSet": _international,
    "FsSelectKanjiCharacterMode": _sheet(lambda sheet, _data: sheet.ideographs(on=True)),
    "FsCancelKanjiCharacterMode": _sheet(lambda sheet, _data: sheet.ideographs(on=False)),
    "FsSelectKanjiCharacterCodeSystem": _kanji_system,
    "FsSelectCharacterEncodeSystem": _encode_system,
    "EscSelectPageMode": lambda on, _data, offset: open_page(on.sheet, offset),
    "EscSelectStandardMode": _sheet(lambda sheet, _data: drop_page(sheet)),
    "EscSetPrintAreaInPageMode": _page_area,
    "EscSelectPrintDirection": _sheet(lambda sheet, data: turn_page(sheet, data[2] & 3)),
    "GsSetAbsoluteVerticalPrintPositionInPageMode": _page_down_to,
    "GsSetRelativeVerticalPrintPosition": _page_down_by,
}
HANDLERS.update({name: _sheet(action) for name, action in STYLE_ACTIONS.items()})
HANDLERS.update({name: _of(lambda on: on.graphics, action) for name, action in GRAPHICS_ACTIONS.items()})
HANDLERS.update({name: _of(lambda on: on.codes, action) for name, action in CODE_ACTIONS.items()})
HANDLERS.update({name: _of(lambda on: on.own_characters, action) for name, action in OWN_CHARACTER_ACTIONS.items()})

"""What a till has set on its printer, followed token by token, and the bytes that bring it back.

Contract: `PrinterState.apply(token)` takes the tokens of one printer in order, for as many jobs as it prints: a
printer keeps its settings between jobs. `restore_bytes()` undoes whatever a slip of ours has changed. A setting is
*touched* when the till has set it since the last ESC @; an untouched one is the printer's own, which only ESC @
brings back. Never raises; standard library only (the tap may import it).

| the printer                                   | `restore_bytes()`                                             |
| --------------------------------------------- | ------------------------------------------------------------- |
| was reset by the till, holds no downloads     | ESC @, then every touched setting                             |
| was never reset before us, or holds downloads | every touched setting, and documented defaults of what a slip |
| (characters, images, which ESC @ would erase) | changes (never a code page or character set)                  |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Token

INITIALIZE: Final = b"\x1b@"

# What a slip may change, with the value that Epson documents as the default. Restored when ESC @ must not be sent.
SLIP_DEFAULTS: Final[dict[str, bytes]] = {
    "font": b"\x1bM\x00",
    "emphasized": b"\x1bE\x00",
    "double_strike": b"\x1bG\x00",
    "underline": b"\x1b-\x00",
    "size": b"\x1d!\x00",
    "reverse": b"\x1dB\x00",
    "rotation": b"\x1bV\x00",
    "upside_down": b"\x1b{\x00",
    "justification": b"\x1ba\x00",
    "line_spacing": b"\x1b2",
    "barcode_height": b"\x1dh\xa2",
    "barcode_width": b"\x1dw\x03",
    "hri_position": b"\x1dH\x00",
    "hri_font": b"\x1df\x00",
}

# Settings that are nothing but the last command that set them: command name -> setting. Written back in this order,
# motion units first because margins and spacings are counted in them.
_SETTINGS: Final[dict[str, str]] = {
    "GsSetHorizontalVerticalMotionUnits": "motion_units",
    "EscSelectInternationalCharacterSet": "international",
    "EscSelectCharacterCodeTable": "code_page",
    "FsSelectCharacterEncodeSystem": "encoding",
    "FsSetFontPriority": "font_priority",
    "FsSelectKanjiCharacterCodeSystem": "kanji_code",
    "FsSelectKanjiCharacterMode": "kanji",
    "FsCancelKanjiCharacterMode": "kanji",
    "FsSelectKanjiCharacterFont": "kanji_font",
    "FsSelectPrintModeKanji": "kanji_print_mode",
    "FsTurnKanjiUnderlineMode": "kanji_underline",
    "FsTurnQuadrupleSizeMode": "kanji_quadruple",
    "FsSetKanjiCharacerSpacing": "kanji_spacing",
    "EscSelectCharacterFont": "font",
    "EscTurnEmphasizedMode": "emphasized",
    "EscTurnDoubleStrikeMode": "double_strike",
    "EscUnderlineMode": "underline",
    "GsSelectCharacterSize": "size",
    "GsTurnWhiteBlackReversePrintMode": "reverse",
    "GsTurnSmoothingMode": "smoothing",
    "EscTurn90digreeClockwiseRotationMode": "rotation",
    "EscTurnUpsideDownPrintMode": "upside_down",
    "EscSelectPrinterColor": "color",
    "EscRightSideSpacing": "right_spacing",
    "EscSelectDefaultLineSpacing": "line_spacing",
    "EscLineSpacing": "line_spacing",
    "EscSelectJustification": "justification",
    "GsSetLeftMargin": "left_margin",
    "GsSetPrintAreaWidth": "print_width",
    "EscHorizontalTabPosition": "tabs",
    "EscSelectUserDefinedCharacterSet": "user_defined",
    "EscTurnUnidirectionalPrintMode": "unidirectional",
    "GsSetBarcodeHight": "barcode_height",
    "GsSetBarcodeWidth": "barcode_width",
    "GsSelectPrintPositionHRICharacters": "hri_position",
    "GsSelectFontHRICharacters": "hri_font",
    "GsEnableDisableAutomaticStatusBack": "status_back",
    "GsVendorSelect2DCodeType": "vendor_code_type",
    "GsQRCodeSelectModel": "qr_model",
    "GsQRCodeSetSizeOfModule": "qr_size",
    "GsQRCodeSetErrorCollectionLevel": "qr_correction",
    "GsPDF417SetNumberOfColumns": "pdf417_columns",
    "GsPDF417SetNumberOfRows": "pdf417_rows",
    "GsPDF417SetWidthOfModule": "pdf417_width",
    "GsPDF417SetRowHeight": "pdf417_height",
    "GsPDF417SetErrorCollectionLevel": "pdf417_correction",
}
_ORDER: Final = tuple(dict.fromkeys(_SETTINGS.values()))
_DOWNLOADS: Final = frozenset(
    (
        "EscDefineUserDefinedCharacters",
        "FsDefineUserDefinedKanjiCharacters2424",
        "GsObsoleteDefineDownloadedBitimage",
        "GsDefineDownloadGraphicsDataRasterW",
        "GsDefineDownloadGraphicsDataColumnW",
    )
)


class PrinterState:
    """See the module's contract."""

    __slots__ = (
        "at_display",
        "at_line_start",
        "downloads",
        "graphics_buffered",
        "in_macro",
        "in_page_mode",
        "known",
        "touched",
        "unknown_seen",
    )

    def __init__(self) -> None:
        self.touched: dict[str, bytes] = {}
        self.known = False  # the till has reset the printer since we follow it
        self.downloads = False  # the printer holds characters or images that ESC @ would erase
        self.at_line_start = True
        self.in_page_mode = False
        self.in_macro = False
        self.at_display = False
        self.graphics_buffered = False  # GS ( L stored an image that GS ( L 50 has yet to print
        self.unknown_seen = False  # a command we do not know: what we follow may be wrong

    def is_like(self, other: object) -> bool:
        """Whether another printer is set alike."""
        return type(other) is type(self) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __repr__(self) -> str:
        flags = [name for name in self.__slots__ if name != "touched" and getattr(self, name)]
        return f"<PrinterState {' '.join(flags)}; touched: {' '.join(sorted(self.touched))}>"

    def apply(self, token: Token) -> None:
        """Follow one token."""
        kind = token.kind
        if kind is TokenKind.TEXT:
            self.at_line_start = self.at_line_start and self.at_display
        elif (setting := _SETTINGS.get(token.name)) is not None:
            self.touched[setting] = token.data
        elif (action := _ACTIONS.get(token.name)) is not None:
            action(self, token)
        elif kind is TokenKind.UNKNOWN or kind is TokenKind.INCOMPLETE:
            self.unknown_seen = True
        elif token.name in _DOWNLOADS:
            self.downloads = True

    @property
    def clean(self) -> bool:
        """Whether something of ours may be printed now: at a line's start, in no mode that would catch it."""
        return self.at_line_start and not (
            self.in_page_mode or self.in_macro or self.at_display or self.graphics_buffered or self.unknown_seen
        )

    def code_page(self) -> int | None:
        """Return the till's code page by its number, or None where it is the printer's own."""
        command = self.touched.get("code_page")
        return command[2] if command else None

    def restores(self, setting: str) -> bool:
        """Return whether `restore_bytes()` would undo a change of a setting; a slip changes no other."""
        return setting in self.touched or setting in SLIP_DEFAULTS or (self.known and not self.downloads)

    def restore_bytes(self) -> bytes:
        """Return the bytes that bring the printer back to this state from whatever a slip has set."""
        restored = {name: self.touched[name] for name in _ORDER if name in self.touched}
        if self.known and not self.downloads:
            return INITIALIZE + b"".join(restored.values())
        defaults = b"".join(command for name, command in SLIP_DEFAULTS.items() if name not in restored)
        return defaults + b"".join(restored.values())


def _initialize(state: PrinterState, _token: Token) -> None:
    state.touched.clear()
    state.known = True
    state.downloads = state.in_page_mode = state.graphics_buffered = False
    state.at_line_start = True


def _print_mode(state: PrinterState, token: Token) -> None:
    """ESC ! sets font, emphasis, size and underline at once; each can be changed alone afterwards."""
    mode = token.data[2]
    state.touched["font"] = bytes((0x1B, 0x4D, mode & 1))
    state.touched["emphasized"] = bytes((0x1B, 0x45, mode >> 3 & 1))
    state.touched["size"] = bytes((0x1D, 0x21, (mode >> 5 & 1) << 4 | mode >> 4 & 1))
    state.touched["underline"] = bytes((0x1B, 0x2D, mode >> 7))


def _line_done(state: PrinterState, _token: Token) -> None:
    state.at_line_start = True


def _mid_line(state: PrinterState, _token: Token) -> None:
    state.at_line_start = False


def _page_mode(state: PrinterState, token: Token) -> None:
    state.in_page_mode = token.name == "EscSelectPageMode"
    state.at_line_start = True


def _macro(state: PrinterState, _token: Token) -> None:
    state.in_macro = not state.in_macro


def _device(state: PrinterState, token: Token) -> None:
    state.at_display = token.data[2] & 1 == 0


def _buffer_graphics(state: PrinterState, token: Token) -> None:
    state.graphics_buffered = token.name != "GsPrintGraphicsDataInPrintBuffer"


_ACTIONS: Final[dict[str, Callable[[PrinterState, Token], None]]] = {
    "EscInitialize": _initialize,
    "EscSelectPrintMode": _print_mode,
    "PrintAndLineFeed": _line_done,
    "PrintAndCarriageReturn": _line_done,
    "EscPrintAndFeedPaper": _line_done,
    "EscPrintAndFeedNLines": _line_done,
    "GsObsoletePrintRasterBitimage": _line_done,
    "EscSelectBitImageMode": _mid_line,
    "HorizontalTab": _mid_line,
    "FormFeedPrintAndReturnToStandardMode": _page_mode,
    "EscSelectStandardMode": _page_mode,
    "EscSelectPageMode": _page_mode,
    "GsStartEndMacroDefinition": _macro,
    "EscSelectPeripheralDevice": _device,
    "VfdEscSelectPeripheralDevice": _device,
    "GsStoreGraphicsDataToPrintBufferRasterW": _buffer_graphics,
    "GsStoreGraphicsDataToPrintBufferRasterDW": _buffer_graphics,
    "GsStoreGraphicsDataToPrintBufferColumnW": _buffer_graphics,
    "GsStoreGraphicsDataToPrintBufferColumnDW": _buffer_graphics,
    "GsPrintGraphicsDataInPrintBuffer": _buffer_graphics,
}

"""What a till has set on its Star printer, followed token by token, and the bytes that bring it back.

Contract: that of `receipt.escpos.state.PrinterState`: tokens of one printer in order, for as many jobs as it prints;
`restore_bytes()` undoes whatever a slip of ours has changed, by ESC @ where the till has reset the printer itself,
else by the touched settings and documented defaults. Never raises; standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Token

INITIALIZE: Final = b"\x1b@"

# What every slip changes, with the value that Star documents as the default. Restored when ESC @ must not be sent.
SLIP_DEFAULTS: Final[dict[str, bytes]] = {
    "width": b"\x1bW\x00",
    "height": b"\x1bh\x00",
    "bold": b"\x1bF",
    "underline": b"\x1b-\x00",
    "inverted": b"\x1b5",
    "upside_down": b"\x12",
    "line_spacing": b"\x1bz\x01",
    "justification": b"\x1b\x1da\x00",
}

# Settings that are nothing but the last command that set them.
_SETTINGS: Final[dict[str, str]] = {
    "StarInternational": "international",
    "StarCodePage": "code_page",
    "StarEncoding": "encoding",
    "StarShiftJis": "shift_jis",
    "StarKanjiOn": "kanji",
    "StarKanjiOff": "kanji",
    "StarCharacterSet": "character_set",
    "StarFont": "font",
    "StarFont12Dot": "font",
    "StarFont14Dot": "font",
    "StarFont15Dot": "font",
    "StarFont16Dot": "font",
    "StarExpandedWidth": "width",
    "StarExpandedHeight": "height",
    "StarBoldOn": "bold",
    "StarBoldOff": "bold",
    "StarUnderline": "underline",
    "StarUpperline": "upperline",
    "StarInvertedOn": "inverted",
    "StarInvertedOff": "inverted",
    "StarUpsideDownOn": "upside_down",
    "StarUpsideDownOff": "upside_down",
    "StarItalic": "italic",
    "StarSmoothing": "smoothing",
    "StarColor": "color",
    "StarRightSpacing": "right_spacing",
    "StarLineSpacing": "line_spacing",
    "StarLineSpacing3": "line_spacing",
    "StarLineSpacing4": "line_spacing",
    "StarLineSpacingDots": "line_spacing",
    "StarAlignment": "justification",
    "StarLeftMargin": "left_margin",
    "StarRightMargin": "right_margin",
    "StarWidth": "print_width",
    "StarHorizontalTabs": "tabs",
}
_QR_SETTINGS: Final = {b"S0": "qr_model", b"S1": "qr_correction", b"S2": "qr_size"}
_ORDER: Final = (*dict.fromkeys(_SETTINGS.values()), *_QR_SETTINGS.values())


class StarState:
    """See the module's contract."""

    __slots__ = ("at_line_start", "in_page_mode", "in_raster_mode", "known", "touched", "unknown_seen")

    def __init__(self) -> None:
        self.touched: dict[str, bytes] = {}
        self.known = False  # the till has reset the printer since we follow it
        self.at_line_start = True
        self.in_page_mode = False
        self.in_raster_mode = False
        self.unknown_seen = False

    def is_like(self, other: object) -> bool:
        """Whether another printer is set alike."""
        return type(other) is type(self) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __repr__(self) -> str:
        flags = [name for name in self.__slots__ if name != "touched" and getattr(self, name)]
        return f"<StarState {' '.join(flags)}; touched: {' '.join(sorted(self.touched))}>"

    def apply(self, token: Token) -> None:
        """Follow one token."""
        if token.kind is TokenKind.TEXT:
            self.at_line_start = False
        elif (setting := _SETTINGS.get(token.name)) is not None:
            self.touched[setting] = token.data
        elif (action := _ACTIONS.get(token.name)) is not None:
            action(self, token)
        elif token.kind is TokenKind.UNKNOWN or token.kind is TokenKind.INCOMPLETE:
            self.unknown_seen = True

    @property
    def clean(self) -> bool:
        """Whether something of ours may be printed now: at a line's start, in no mode that would catch it."""
        return self.at_line_start and not (self.in_page_mode or self.in_raster_mode or self.unknown_seen)

    def restores(self, setting: str) -> bool:
        """Return whether `restore_bytes()` would undo a change of a setting; a slip changes no other."""
        return setting in self.touched or setting in SLIP_DEFAULTS or self.known

    def restore_bytes(self) -> bytes:
        """Return the bytes that bring the printer back to this state from whatever a slip has set."""
        restored = {name: self.touched[name] for name in _ORDER if name in self.touched}
        if self.known:
            return INITIALIZE + b"".join(restored.values())
        defaults = b"".join(command for name, command in SLIP_DEFAULTS.items() if name not in restored)
        return defaults + b"".join(restored.values())


def _initialize(state: StarState, _token: Token) -> None:
    state.touched.clear()
    state.known = True
    state.in_page_mode = state.in_raster_mode = False
    state.at_line_start = True


def _character_size(state: StarState, token: Token) -> None:
    """ESC i sets height and width at once; each can be changed alone afterwards."""
    state.touched["height"] = b"\x1bh" + token.data[2:3]
    state.touched["width"] = b"\x1bW" + token.data[3:4]


def _double_width(state: StarState, token: Token) -> None:
    state.touched["width"] = b"\x1bW\x01" if token.name == "StarDoubleWidthOn" else b"\x1bW\x00"


def _qr(state: StarState, token: Token) -> None:
    setting = _QR_SETTINGS.get(token.data[3:5])
    if setting is not None:
        state.touched[setting] = token.data


def _line_done(state: StarState, _token: Token) -> None:
    state.at_line_start = True


def _mid_line(state: StarState, _token: Token) -> None:
    state.at_line_start = False


def _page(state: StarState, token: Token) -> None:
    """ESC GS P n: 0 begins page mode, 7 prints and leaves it, 8 drops it."""
    function = token.data[3] & 0x0F
    if function == 0:
        state.in_page_mode = True
    elif function in {7, 8}:
        state.in_page_mode = False


def _raster(state: StarState, token: Token) -> None:
    """ESC * r A enters raster mode, ESC * r B leaves it."""
    if token.data[3:4] in {b"A", b"B"}:
        state.in_raster_mode = token.data[3:4] == b"A"


_ACTIONS: Final[dict[str, Callable[[StarState, Token], None]]] = {
    "StarInitialize": _initialize,
    "StarCharacterSize": _character_size,
    "StarDoubleWidthOn": _double_width,
    "StarDoubleWidthOff": _double_width,
    "StarLineFeed": _line_done,
    "StarFormFeed": _line_done,
    "StarFeedLines": _line_done,
    "StarFeedEighths": _line_done,
    "StarFeedQuarters": _line_done,
    "StarHorizontalTab": _mid_line,
    "StarAbsolutePosition": _mid_line,
    "StarRelativePosition": _mid_line,
    "StarPageMode": _page,
    "StarRasterCommand": _raster,
    "StarQr": _qr,
}

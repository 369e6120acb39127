"""Cut a stream of Star bytes (Line Mode, StarPRNT) into the same tokens as `receipt.escpos.tokenizer`.

Contract: that of the ESC/POS tokenizer: nothing raises, no byte is lost, a command comes whole, runs and payloads too
long to be kept come in pieces. In raster mode (`ESC * r A` to `ESC * r B`) `b nL nH` begins a row of dots, not text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from receipt.escpos.commands import CONTINUED_NAME, CONTROLS_NAME, INCOMPLETE_NAME, TEXT_NAME, TokenKind
from receipt.escpos.lengths import WHOLE_BYTES_MAX, Rule
from receipt.escpos.tokenizer import Token
from receipt.star.commands import MEASURED, RASTER_ROW, SINGLE, fixed_commands

_ESC: Final = 0x1B
_SECOND_PREFIXES: Final = (0x06, 0x1C, 0x1D, 0x1E)  # ESC GS, ESC RS, ESC FS and ESC ACK need a third byte
_TEXT: Final = re.compile(rb"[\x20-\xff]+")
_CONTROLS: Final = re.compile(rb"[\x00-\x04\x06\x08\x10\x11\x13\x15-\x17\x1d-\x1f]+")
_ROW: Final = ord("b")
_REPEATED: Final = re.compile(rb"([\x1b-\x1e])\1+")
_ENTER_RASTER: Final = b"\x1b*rA"
_LEAVE_RASTER: Final = b"\x1b*rB"
_RASTER_RESET: Final = b"\x1b@"


@cache
def _commands() -> dict[bytes, tuple[TokenKind, str, Rule]]:
    """Return every command by its prefix, fixed and measured alike."""

    def fixed(length: int) -> Rule:
        return lambda command, _final: length if len(command) >= length else -length

    table = {
        prefix: (kind, name, fixed(len(prefix) + arguments))
        for prefix, (arguments, kind, name) in fixed_commands().items()
    }
    return table | MEASURED


class StarTokenizer:
    """See the module's contract."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._needed = 0
        self._offset = 0
        self._payload_left = 0
        self._payload_kind = TokenKind.RASTER
        self.in_raster_mode = False

    def __repr__(self) -> str:
        return (
            f"<StarTokenizer at {self._offset}, {len(self._held)} pending, {self._payload_left} of a payload to come>"
        )

    @property
    def pending(self) -> bytes:
        """The bytes of a command that is not complete yet."""
        return bytes(self._held)

    @property
    def in_payload(self) -> bool:
        """Whether the next bytes are no commands but the rest of an image."""
        return bool(self._payload_left) or self.in_raster_mode

    @property
    def at_rest(self) -> bool:
        """Whether the next bytes begin a command or text."""
        return not (self._held or self.in_payload)

    def feed(self, data: bytes) -> list[Token]:
        """Take the next bytes and return the tokens they complete."""
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return []
            data = bytes(self._held)
            self._held.clear()
        return self._read(bytes(data), final=False)

    def close(self) -> list[Token]:
        """Say that the job has ended; return what was pending."""
        data = bytes(self._held)
        self._held.clear()
        tokens = self._read(data, final=True)
        self._payload_left = 0
        self.in_raster_mode = False
        return tokens

    def _read(self, data: bytes, *, final: bool) -> list[Token]:
        tokens: list[Token] = []
        at, end = 0, len(data)
        while at < end:
            if self._payload_left:
                after = min(end, at + self._payload_left)
                self._payload_left -= after - at
                self._emit(tokens, data[at:after], CONTINUED_NAME, self._payload_kind)
            else:
                after = self._next(tokens, data, at, final=final)
                if after < 0:
                    return tokens
            at = after
        return tokens

    def _emit(self, tokens: list[Token], data: bytes, name: str, kind: TokenKind) -> None:
        tokens.append(Token(data, name, kind, self._offset))
        self._offset += len(data)

    def _next(self, tokens: list[Token], data: bytes, at: int, *, final: bool) -> int:
        first = data[at]
        if first == _ESC:
            return self._command(tokens, data, at, final=final)
        if first == _ROW and self.in_raster_mode:
            return self._measured(tokens, data, at, RASTER_ROW, final=final)
        for pattern, name, kind in (
            (_TEXT, TEXT_NAME, TokenKind.TEXT),
            (_CONTROLS, CONTROLS_NAME, TokenKind.CONTROL),
        ):
            run = pattern.match(data, at)
            if run:
                after = at + 1 if self.in_raster_mode else run.end()
                self._emit(tokens, data[at:after], name, kind)
                return after
        self._emit(tokens, data[at : at + 1], *SINGLE[first])
        return at + 1

    def _command(self, tokens: list[Token], data: bytes, at: int, *, final: bool) -> int:
        there = len(data) - at
        long = there > 1 and data[at + 1] in _SECOND_PREFIXES
        if there < (3 if long else 2):
            return self._incomplete(tokens, data, at, needed=0, final=final)
        table = _commands()
        command = table.get(data[at : at + 3]) if long else table.get(data[at : at + 2])
        if command is not None:
            return self._measured(tokens, data, at, command, final=final)
        length = 1 if not long and data[at + 1] < 0x20 else 3 if long else 2  # noqa: PLR2004
        if length == 1 and (run := _REPEATED.match(data, at)):  # the last of them may begin a command
            length = run.end() - 1 - at
        self._emit(tokens, data[at : at + length], "StarUnknown", TokenKind.UNKNOWN)
        return at + length

    def _measured(
        self, tokens: list[Token], data: bytes, at: int, command: tuple[TokenKind, str, Rule], *, final: bool
    ) -> int:
        kind, name, rule = command
        length = rule(data[at : at + WHOLE_BYTES_MAX], final)
        there = len(data) - at
        if 0 < length <= there:
            whole = data[at : at + length]
            self._emit(tokens, whole, name, kind)
            if whole in (_ENTER_RASTER, _LEAVE_RASTER, _RASTER_RESET):
                self.in_raster_mode = whole == _ENTER_RASTER
            return at + length
        if length > WHOLE_BYTES_MAX:
            self._payload_left = length - there
            self._payload_kind = kind
            self._emit(tokens, data[at:], name, kind)
            return len(data)
        if length < -WHOLE_BYTES_MAX:  # records without end: the head is passed on, the rest is read as it comes
            self._emit(tokens, data[at : at + 1], "StarUnknown", TokenKind.UNKNOWN)
            return at + 1
        return self._incomplete(tokens, data, at, needed=abs(length), final=final)

    def _incomplete(self, tokens: list[Token], data: bytes, at: int, *, needed: int, final: bool) -> int:
        if final:
            self._emit(tokens, data[at:], INCOMPLETE_NAME, TokenKind.INCOMPLETE)
            return len(data)
        self._held += data[at:]
        self._needed = needed
        return -1

"""Cut a stream of ESC/POS bytes into tokens: push bytes, pull tokens.

Contract
* Nothing raises, whatever the bytes; no byte is lost: the tokens' data, joined, is the input up to `pending`.
* A command comes as one token when its last byte is there; until then its bytes are `pending`. A run (text, stray
  control bytes) comes at once: fed in pieces it comes in pieces. So does a payload too long to be kept whole
  (`WHOLE_BYTES_MAX`): its first token carries the command's name, the others `PayloadContinued` with its kind.
* Memory is bounded by `WHOLE_BYTES_MAX` and the piece fed; time is linear in the bytes, also byte by byte.
* `ESC =` hands the line to a display and back (customer displays in line); the grammar follows.

How it works: one regular expression knows every command of fixed length, so runs of those, of text and of controls
(nearly all of a receipt) are cut in C. Whatever it does not know is measured by a rule of `lengths`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from receipt.escpos.commands import (
    CONTINUED_NAME,
    CONTROLS_NAME,
    DISPLAY_FIXED,
    DISPLAY_SINGLE,
    DLE,
    FIXED,
    FS,
    INCOMPLETE_NAME,
    SINGLE,
    TEXT_NAME,
    UNKNOWN_NAMES,
    TokenKind,
    fixed_commands,
)
from receipt.escpos.lengths import (
    DISPLAY_RULES,
    GLYPH_BYTES,
    PRINTER_RULES,
    WHOLE_BYTES_MAX,
    Rule,
    record_size,
    records_of,
)
from receipt.escpos.subfunctions import HEAD_BYTES, describe

_PRINTER_AND_DISPLAY: Final = 3  # ESC = n: bit 0 selects the printer, bit 1 the display
_DISPLAY_ONLY: Final = 2
_DLE_SECONDS: Final = frozenset((0x11, 0x12, 0x13, 0x15, 0x16, 0x17))  # undefined after DLE, but no text, no command
_REPEATED: Final = re.compile(rb"([\x10\x1b-\x1d\x1f])\1+")
_KEPT: Final = -1
_GLANCE_BYTES: Final = 320  # enough to measure nearly every command without copying an image
_CONTROLS: Final = rb"[\x00-\x08\x0b\x0e\x0f\x11-\x17\x19\x1a\x1e\x1f]+"
_DISPLAY_CONTROLS: Final = rb"[\x00-\x07\x0e-\x17\x19\x1a\x1c-\x1e]+"


class Token(NamedTuple):
    """A piece of the stream: its bytes, its name, what it is, and where in the stream it begins."""

    data: bytes
    name: str
    kind: TokenKind
    offset: int


class _Grammar(NamedTuple):
    """What the fast path knows: its pattern, the same as a run, and the name and kind by leading bytes."""

    token: re.Pattern[bytes]
    run: re.Pattern[bytes]
    names: dict[bytes, tuple[str, TokenKind]]
    rules: dict[bytes, Rule]


def _grammar(table: str, single: dict[int, str], controls: bytes, rules: dict[bytes, Rule]) -> _Grammar:
    names: dict[bytes, tuple[str, TokenKind]] = {bytes((b,)): (name, TokenKind.CONTROL) for b, name in single.items()}
    groups: dict[tuple[int, int], list[int]] = {}
    for prefix, (arguments, kind, name) in fixed_commands(table).items():
        names[prefix] = (name, kind)
        if prefix in rules:
            continue
        groups.setdefault((prefix[0], arguments), []).append(prefix[1])
    alternatives = [rb"[\x20-\xff]+", b"[" + b"".join(map(_escaped, single)) + b"]"]
    for (first, arguments), seconds in sorted(groups.items(), key=lambda group: -len(group[1])):
        alternatives.append(
            _escaped(first) + b"[" + b"".join(map(_escaped, seconds)) + b"]" + b"[\\x00-\\xff]" * arguments
        )
    alternatives.append(controls)
    pattern = b"|".join(alternatives)
    return _Grammar(re.compile(pattern), re.compile(b"(?:" + pattern + b")*+"), names, rules)


def _escaped(byte: int) -> bytes:
    return b"\\x%02x" % byte


@cache
def _printer() -> _Grammar:
    return _grammar(FIXED, SINGLE, _CONTROLS, PRINTER_RULES)


@cache
def _display() -> _Grammar:
    return _grammar(DISPLAY_FIXED, DISPLAY_SINGLE, _DISPLAY_CONTROLS, DISPLAY_RULES)


_TEXT: Final = (TEXT_NAME, TokenKind.TEXT)
_STRAY: Final = (CONTROLS_NAME, TokenKind.CONTROL)


class Tokenizer:
    """See the module's contract. One tokenizer reads one job; after `close` it reads the next one's bytes."""

    def __init__(self, *, display: bool = False) -> None:
        self._grammar = _display() if display else _printer()
        self._held = bytearray()
        self._needed = 0  # bytes that must be held before measuring again is worth while
        self._offset = 0  # of the first held byte
        self._payload_left = 0
        self._payload_kind = TokenKind.COMMAND
        self._records_left = 0
        self._record_head = b""
        self._record_first = 0
        self._kanji_font = 0

    def __repr__(self) -> str:
        return f"<Tokenizer at {self._offset}, {len(self._held)} pending, {self._payload_left} of a payload to come>"

    @property
    def pending(self) -> bytes:
        """The bytes of a command that is not complete yet."""
        return bytes(self._held)

    @property
    def in_payload(self) -> bool:
        """Whether the stream stands inside a payload that comes in pieces: the next bytes are no commands."""
        return bool(self._payload_left or self._records_left)

    @property
    def at_display(self) -> bool:
        """Whether the bytes go to a line display and not to the paper."""
        return self._grammar is _display()

    @property
    def at_rest(self) -> bool:
        """Whether the next bytes are the printer's, and begin a command or text."""
        return not (self._held or self._payload_left or self._records_left) and self._grammar is _printer()

    @property
    def offset(self) -> int:
        """Where in the job the next byte stands, when the tokenizer is at rest."""
        return self._offset

    def skip(self, count: int) -> None:
        """Pass over bytes that somebody else has read, at rest."""
        self._offset += count

    def feed(self, data: bytes) -> list[Token]:
        """Take the next bytes and return the tokens they complete."""
        if not self._held:
            return self._read(bytes(data), final=False)
        self._held += data
        if len(self._held) < self._needed:
            return []
        whole = bytes(self._held)
        self._held.clear()
        return self._read(whole, final=False)

    def close(self) -> list[Token]:
        """Say that the job has ended; return what was pending, a command that lost its end as INCOMPLETE."""
        if not self._held:
            self._payload_left = self._records_left = 0
            return []
        whole = bytes(self._held)
        self._held.clear()
        tokens = self._read(whole, final=True)
        self._payload_left = self._records_left = 0
        return tokens

    def _read(self, data: bytes, *, final: bool) -> list[Token]:
        tokens: list[Token] = []
        at, end = 0, len(data)
        while at != _KEPT and at < end:
            if self._payload_left:
                at = self._continue(tokens, data, at)
            elif self._records_left:
                at = self._next_record(tokens, data, at, final=final)
            else:
                at = self._cut_run(tokens, data, at)
                if at < end:
                    at = self._command(tokens, data, at, final=final)
        return tokens

    def _cut_run(self, tokens: list[Token], data: bytes, start: int) -> int:
        """Cut text, controls and commands of fixed length, as far as they go; return where they end."""
        run = self._grammar.run.match(data, start)
        stop = run.end() if run else start
        append, named, offset = tokens.append, self._grammar.names.get, self._offset
        make = tuple.__new__  # what Token(...) does, at half its cost
        for piece in self._grammar.token.findall(data, start, stop):
            name, kind = _TEXT if piece >= b" " else named(piece[:2], _STRAY)
            append(make(Token, (piece, name, kind, offset)))
            offset += len(piece)
        self._offset = offset
        return stop

    def _emit(self, tokens: list[Token], data: bytes, name: str, kind: TokenKind) -> None:
        tokens.append(tuple.__new__(Token, (data, name, kind, self._offset)))
        self._offset += len(data)

    def _command(self, tokens: list[Token], data: bytes, at: int, *, final: bool) -> int:
        """Measure the command at `at`, which the fast path does not know or which is not complete."""
        there = len(data) - at
        prefix = data[at : at + 2]
        rule = self._grammar.rules.get(prefix)
        if there < 2 or (rule is None and prefix in self._grammar.names):  # noqa: PLR2004
            return self._incomplete(tokens, data, at, needed=0, final=final)
        if rule is None:
            return self._unknown(tokens, data, at)
        length = rule(data[at : at + _GLANCE_BYTES], final)
        if -there <= length <= -_GLANCE_BYTES:
            length = rule(data[at : at + WHOLE_BYTES_MAX], final)
        if prefix == b"\x1c2":
            length += GLYPH_BYTES.get(self._kanji_font, 0) if length > 0 else 0
        if 0 < length <= there:
            return self._whole(tokens, data, at, at + length)
        if abs(length) > WHOLE_BYTES_MAX:
            if there >= HEAD_BYTES or final:
                return self._open_payload(tokens, data, at, length)
            length = HEAD_BYTES  # where its name stands
        return self._incomplete(tokens, data, at, needed=abs(length), final=final)

    def _incomplete(self, tokens: list[Token], data: bytes, at: int, *, needed: int, final: bool) -> int:
        if final:
            self._emit(tokens, data[at:], INCOMPLETE_NAME, TokenKind.INCOMPLETE)
            return len(data)
        self._held += data[at:]
        self._needed = needed
        return _KEPT

    def _whole(self, tokens: list[Token], data: bytes, at: int, after: int) -> int:
        command = data[at:after]
        prefix = command[:2]
        name, kind = self._grammar.names.get(prefix) or describe(command[:HEAD_BYTES], display=self.at_display)
        self._emit(tokens, command, name, kind)
        if prefix == b"\x1b=":
            self._grammar = _display() if command[2] & _PRINTER_AND_DISPLAY == _DISPLAY_ONLY else _printer()
        elif prefix == b"\x1c(" and len(command) > 6 and command[2] == ord("A"):  # noqa: PLR2004
            self._kanji_font = command[6] & 0x0F
        return after

    def _unknown(self, tokens: list[Token], data: bytes, at: int) -> int:
        """Pass over a command nobody documented: its two bytes, or only the first where the second acts by itself."""
        first, second = data[at], data[at + 1]
        alone = second not in _DLE_SECONDS if first == DLE else second < 0x20 and second != FS  # noqa: PLR2004
        after = at + 1 if alone else at + 2
        if alone and first == second and (run := _REPEATED.match(data, at)):  # the last of them may begin a command
            after = run.end() - 1
        self._emit(tokens, data[at:after], UNKNOWN_NAMES[first], TokenKind.UNKNOWN)
        return after

    def _open_payload(self, tokens: list[Token], data: bytes, at: int, length: int) -> int:
        """Begin to pass on in pieces what is too long to be kept."""
        name, self._payload_kind = describe(data[at : at + HEAD_BYTES])
        if length > 0:
            after = len(data)
            self._payload_left = length - (after - at)
        else:
            header, self._records_left, self._record_first = records_of(data[at : at + 5])
            after = at + header
            self._record_head = data[at:after]
        self._emit(tokens, data[at:after], name, self._payload_kind)
        return after

    def _continue(self, tokens: list[Token], data: bytes, at: int) -> int:
        after = min(len(data), at + self._payload_left)
        self._payload_left -= after - at
        self._emit(tokens, data[at:after], CONTINUED_NAME, self._payload_kind)
        return after

    def _next_record(self, tokens: list[Token], data: bytes, at: int, *, final: bool) -> int:
        if len(data) - at < self._record_first:
            return self._incomplete(tokens, data, at, needed=self._record_first, final=final)
        self._records_left -= 1
        self._payload_left = record_size(self._record_head, data[at : at + self._record_first])
        return at

"""Where in a register's stream a block of ours may go: immediately before a cut command, and nowhere unsure.

Push bytes, pull cuts. No I/O. The watch follows the stream with the tokenizer and answers two questions: which cuts
have become recognisable, and how many bytes at the end may be the beginning of one. Offsets count the bytes of the
whole stream, whatever pieces it came in.

A cut is recognised as early as its bytes allow: `ESC i`, `ESC m` with their second byte, `GS V m` with its third, also
when an argument is still to come. Not insertable is a cut in page mode, in a macro definition, while another device
than the printer is selected, and every cut after an unknown command: there the bytes may be data.
"""

from __future__ import annotations

from typing import NamedTuple

from pos_adapters.taps.dialects import ESCPOS, AnyTokenizer, Dialect, Mode
from receipt.escpos.commands import CONTINUED_NAME, TokenKind
from receipt.escpos.tokenizer import Token

TAIL_BYTES = 16  # a cut with its argument, and a drawer pulse behind it

_FOLLOWED_KINDS = frozenset((TokenKind.REALTIME, TokenKind.CUT, TokenKind.UNKNOWN))
_PRINTS = frozenset((TokenKind.TEXT, TokenKind.RASTER, TokenKind.CODE))
# DLE EOT, DLE ENQ; GS a, GS r, GS I, GS (; ESC u, ESC v, and Star's ESC ACK, ESC GS.
_ASKS = ((b"\x10", b"\x04\x05"), (b"\x1d", b"arI("), (b"\x1b", b"uv\x06\x1d"))
_FOREIGN_ASKS = (b"@P", b"%!")  # the heads of PJL and PostScript; texts are full of their first bytes
_BEGINNINGS_MAX = 512  # of commands in one piece: a receipt has 200; an image of 64 KB took 4 ms to look through
_UNSEEN_BYTES_MAX = 64 * 1024  # most receipts are over before that, and then nobody asks
_DEVICE_BITS = 3  # ESC = n: bit 0 the printer, bit 1 a display in line; a block is for the printer alone
_PRINTER_ALONE = 1


class Cut(NamedTuple):
    """A cut command: where it begins in the stream, and whether a block may go before it."""

    offset: int
    insertable: bool


def _asks(data: bytes) -> bool:
    """Return whether a status request seems to begin anywhere, looked for by first bytes (see `free_bytes`).

    Bytes with more beginnings than `_BEGINNINGS_MAX` are an image or a foreign language: who knows what they ask.
    """
    looked_at = 0
    for first, seconds in _ASKS:
        at = data.find(first)
        while at >= 0:
            looked_at += 1
            second = data[at + 1 : at + 2]
            if (second and second in seconds) or looked_at > _BEGINNINGS_MAX:
                return True
            at = data.find(first, at + 1)
    return any(head in data for head in _FOREIGN_ASKS)


def ends_like_a_cut(data: bytes, dialect: Dialect = ESCPOS) -> bool:
    """Return whether the last bytes of a job, which has not been read, look like a cut."""
    tail = data[-TAIL_BYTES:]
    return any(first + second.to_bytes() in tail for first, seconds in dialect.cut_starts for second in seconds)


class CutWatch:
    """Follows one connection's stream. A tokenizer that raises makes the rest of the job transparent, no more."""

    def __init__(self, dialect: Dialect = ESCPOS) -> None:
        self._dialect = dialect
        self._tokenizer: AnyTokenizer = dialect.tokenizer()
        self._base = 0  # where in the stream this tokenizer began
        self._page_mode = False
        self._macro = False
        self._other_device = False
        self._recognised = 0  # offset up to which cuts have been told
        self._start = bytearray()
        self._unseen: list[bytes] = []  # pieces that are not read, and have not been looked through either
        self._unseen_bytes = 0
        self._has_asked = False
        self.taken_bytes = 0
        self.transparent = False
        self.printed_since_cut = False
        self._requests: list[tuple[bytes, int]] = []  # status requests and where they end

    def skip(self, data: bytes) -> None:
        """Take bytes that nobody asks about (profile `off`): what follows cannot be read any more."""
        self.taken_bytes += len(data)
        self._skim(data)
        self.transparent = True

    def begin_job(self) -> None:
        """Believe again, from here on, that the stream can be read: a new job after silence.

        What the printer remembers of the old one (page mode, macro, device) is still so.
        """
        if self.transparent:
            self._tokenizer = self._dialect.tokenizer()
            self._base = self.taken_bytes
        self.transparent = False
        self._start.clear()

    def free_bytes(self, data: bytes) -> int:
        """Return how many bytes at the beginning of `data` can pass before they are read: no cut begins in them.

        Looked for by a cut's first byte, which runs through an image at memory speed; a regular expression is slow.
        """
        if self.transparent:
            return len(data)
        free = len(data)
        for first, seconds in self._dialect.cut_starts:
            at = data.find(first, 0, free)
            while at >= 0 and data[at + 1 : at + 2] not in seconds:  # at the end of the data the second may be anything
                at = data.find(first, at + 1, free)
            free = at if at >= 0 else free
        return free

    def feed(self, data: bytes) -> list[Cut]:
        """Take bytes and return the cuts that became recognisable, in order."""
        self.taken_bytes += len(data)
        if len(self._start) < self._dialect.foreign_start_bytes_max:
            self._start += data[: self._dialect.foreign_start_bytes_max]
            self.transparent = self.transparent or bytes(self._start).startswith(self._dialect.foreign_starts)
        if self.transparent or not self._dialect.requests:
            self._skim(data)
        if self.transparent:
            return []
        try:
            return self._cuts(data)
        except Exception:  # noqa: BLE001 - whatever a defect raises, the receipt goes on
            self.transparent = True
            return []

    def requests_until(self, offset: int) -> list[tuple[bytes, int]]:
        """Return the status requests that end by `offset`, and where, each only once."""
        told = [request for request in self._requests if request[1] <= offset]
        del self._requests[: len(told)]
        return told

    def _cuts(self, data: bytes) -> list[Cut]:
        """Read bytes and return the cuts that became recognisable."""
        tokens = self._tokenizer.feed(data)
        pending = self._tokenizer.pending
        cuts = []
        for token in tokens:
            # Written out here because it is done for every token of every receipt; `_follow` for one in fifty.
            if token[2] in _FOLLOWED_KINDS or token[0][:2] in self._dialect.followed:
                cut = self._follow(token)
                if cut is not None:
                    cuts.append(cut)
        self._printed(tokens)
        early = self._early_cut(pending)
        if early is not None:
            cuts.append(early)
        return cuts

    def _skim(self, data: bytes) -> None:
        """Keep what is not read, so that it can be looked through should anybody want to know (`may_have_asked`)."""
        if self._has_asked:
            return
        self._unseen.append(data)
        self._unseen_bytes += len(data)
        if self._unseen_bytes > _UNSEEN_BYTES_MAX:
            self._look_through()

    @property
    def may_have_asked(self) -> bool:
        """Whether bytes that are not read look as if they asked the printer something; an image may look so."""
        self._look_through()
        return self._has_asked

    def _look_through(self) -> None:
        data = b"".join(self._unseen)
        begins_foreign = self._unseen_bytes == self.taken_bytes and data.startswith(self._dialect.foreign_starts)
        self._has_asked = self._has_asked or begins_foreign or _asks(data)
        self._unseen = [data[-1:]]  # a request may have come in two pieces
        self._unseen_bytes = len(data[-1:])

    def prefix_bytes(self) -> int:
        """Return how many bytes at the end of the stream may be the beginning of a cut command."""
        return 0 if self.transparent else len(self._pending_prefix())

    def ends_in_bare_cut(self) -> bool:
        """Return whether the stream ends in a cut without its argument, as some tills end every receipt."""
        return not self.transparent and self._pending_prefix() == self._dialect.bare_cut

    @property
    def insertable(self) -> bool:
        """Whether a block could stand here, were a cut to come."""
        return not (self.transparent or self._page_mode or self._macro or self._other_device)

    @property
    def within_command(self) -> bool:
        """Whether the stream stands inside a command whose bytes have not all come."""
        return not self.transparent and (bool(self._tokenizer.pending) or self._tokenizer.in_payload)

    def _pending_prefix(self) -> bytes:
        pending = self._tokenizer.pending
        return pending if pending in self._dialect.cut_prefixes else b""

    def _early_cut(self, pending: bytes) -> Cut | None:
        """Return the cut whose command is clear though an argument is missing."""
        if len(pending) < self._dialect.recognised_bytes or not pending.startswith(self._dialect.bare_cut):
            return None
        return self._told(self.taken_bytes - len(pending))

    def _told(self, offset: int) -> Cut | None:
        """Return the cut at `offset` unless it was told before."""
        if offset < self._recognised:
            return None
        self._recognised = offset + 1
        return Cut(offset, self.insertable)

    def _follow(self, token: Token) -> Cut | None:
        if token.name == CONTINUED_NAME:  # the middle of an image: whatever its bytes look like
            return None
        if token.kind is TokenKind.CUT:
            return self._told(self._base + token.offset)
        if token.kind is TokenKind.UNKNOWN:
            self.transparent = True
        elif token.kind is TokenKind.REALTIME or token.data[:2] in self._dialect.requests:
            self._requests.append((token.data, self._base + token.offset + len(token.data)))
        else:
            self._follow_mode(token.data)
        return None

    def _printed(self, tokens: list[Token]) -> None:
        """Note whether something has been printed since the last cut."""
        for token in reversed(tokens):
            if token.kind is TokenKind.CUT:
                self.printed_since_cut = False
                return
            if token.kind in _PRINTS:
                self.printed_since_cut = True
                return

    def _follow_mode(self, data: bytes) -> None:
        mode = next((mode for head, mode in self._dialect.modes.items() if data.startswith(head)), None)
        if mode is Mode.PAGE_ON:
            self._page_mode = True
        elif mode is Mode.PAGE_OFF:
            self._page_mode = False
        elif mode is Mode.RESET:
            self._page_mode = self._macro = self._other_device = False
        elif mode is Mode.MACRO:
            self._macro = not self._macro
        elif mode is Mode.DEVICE:
            self._other_device = data[-1] & _DEVICE_BITS != _PRINTER_ALONE

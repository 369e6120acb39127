"""Where in a register's stream a block of ours may go: immediately before a cut command, and nowhere unsure.

Push bytes, pull cuts. No I/O. The watch follows the stream with the tokenizer and answers two questions: which cuts
have become recognisable, and how many bytes at the end may be the beginning of one. Offsets count the bytes of the
whole stream, whatever pieces it came in.

A cut is recognised as early as its bytes allow: `ESC i`, `ESC m` with their second byte, `GS V m` with its third, also
when an argument is still to come. Not insertable is a cut in page mode, in a macro definition, while another device
than the printer is selected, and every cut after an unknown command: there the bytes may be data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Token, Tokenizer

GS_CUT = b"\x1dV"
CUT_PREFIXES = (b"\x1d\x56", b"\x1b", b"\x1d")
GS_CUT_RECOGNISED_BYTES = 3  # GS V m; the feed argument of m = 65.. may still be on its way

# What a cut looks like, wherever it stands. Bytes without any of these hold no cut, so they need not wait to be read.
# Looked for by their first byte, because that runs through an image at memory speed; a regular expression is slow.
_CUT_SECONDS = ((b"\x1b", b"im"), (b"\x1d", b"V"))
TAIL_BYTES = 16  # a cut with its argument, and a drawer pulse behind it

_PRINTS = frozenset((TokenKind.TEXT, TokenKind.RASTER, TokenKind.CODE))
_MODES = frozenset((b"\x1bL", b"\x1bS", b"\x0c", b"\x1b@", b"\x1d:", b"\x1b="))  # see `_follow_mode`

# What a register asks its printer, answered on the way back: GS r, GS I, ESC u, ESC v, GS ( H.
REQUESTS = frozenset((b"\x1dr", b"\x1dI", b"\x1bu", b"\x1bv", b"\x1d("))
_FOLLOWED = _MODES | REQUESTS

# Jobs in another language than ESC/POS: PJL, PostScript, and the serial fiscal protocols (SOH Datecs, STX and ENQ
# Shtrih-M, ACK, NAK, SYN). In them a cut command's bytes are data.
_FOREIGN_STARTS = (b"\x1b%-12345X", b"%!", b"\x01", b"\x02", b"\x05", b"\x06", b"\x15", b"\x16")
_DEVICE_BITS = 3  # ESC = n: bit 0 the printer, bit 1 a display in line; a block is for the printer alone
_PRINTER_ALONE = 1
_FOREIGN_START_BYTES_MAX = max(map(len, _FOREIGN_STARTS))


class Cut(NamedTuple):
    """A cut command: where it begins in the stream, and whether a block may go before it."""

    offset: int
    insertable: bool


def ends_like_a_cut(data: bytes) -> bool:
    """Return whether the last bytes of a job, which has not been read, look like a cut."""
    return any(cut in data[-TAIL_BYTES:] for cut in (b"\x1bi", b"\x1bm", GS_CUT))


class CutWatch:
    """Follows one connection's stream. A tokenizer that raises makes the rest of the job transparent, no more."""

    def __init__(self, make_tokenizer: Callable[[], Tokenizer] = Tokenizer) -> None:
        self._make_tokenizer = make_tokenizer
        self._begin_tokenizer(at=0)
        self._page_mode = False
        self._macro = False
        self._other_device = False
        self._recognised = 0  # offset up to which cuts have been told
        self._start = bytearray()
        self.taken_bytes = 0
        self.transparent = False
        self.printed_since_cut = False
        self.requests: list[tuple[bytes, int]] = []  # status requests and where they end; whoever reads them, clears

    def skip(self, data: bytes) -> None:
        """Take bytes that nobody asks about (profile `off`): what follows cannot be read any more."""
        self.taken_bytes += len(data)
        self.transparent = True

    def begin_job(self) -> None:
        """Believe again, from here on, that the stream can be read: a new job after silence.

        What the printer remembers of the old one (page mode, macro, device) is still so.
        """
        if self.transparent:
            self._begin_tokenizer(at=self.taken_bytes)
        self.transparent = False
        self._start.clear()

    def free_bytes(self, data: bytes) -> int:
        """Return how many bytes at the beginning of `data` can pass before they are read: no cut begins in them."""
        if self.transparent:
            return len(data)
        free = len(data)
        for first, seconds in _CUT_SECONDS:
            at = data.find(first, 0, free)
            while at >= 0 and data[at + 1 : at + 2] not in seconds:  # at the end of the data the second may be anything
                at = data.find(first, at + 1, free)
            free = at if at >= 0 else free
        return free

    def feed(self, data: bytes) -> list[Cut]:
        """Take bytes and return the cuts that became recognisable, in order."""
        self.taken_bytes += len(data)
        if len(self._start) < _FOREIGN_START_BYTES_MAX:
            self._start += data[:_FOREIGN_START_BYTES_MAX]
            self.transparent = self.transparent or bytes(self._start).startswith(_FOREIGN_STARTS)
        if self.transparent:
            return []
        try:
            tokens = self._tokenizer.feed(data)
            pending = self._tokenizer.pending
        except Exception:  # noqa: BLE001 - whatever a defect raises, the receipt goes on
            self.transparent = True
            return []
        cuts = []
        for token in tokens:
            # Written out here because it is done for every token of every receipt; `_follow` for one in fifty.
            if token[2] > TokenKind.COMMAND or token[0][:2] in _FOLLOWED:
                cut = self._follow(token)
                if cut is not None:
                    cuts.append(cut)
        self._printed(tokens)
        early = self._early_cut(pending)
        if early is not None:
            cuts.append(early)
        return cuts

    def prefix_bytes(self) -> int:
        """Return how many bytes at the end of the stream may be the beginning of a cut command."""
        return 0 if self.transparent else len(self._pending_prefix())

    def ends_in_bare_cut(self) -> bool:
        """Return whether the stream ends in `GS V` without its argument, as some tills end every receipt."""
        return not self.transparent and self._pending_prefix() == GS_CUT

    @property
    def insertable(self) -> bool:
        """Whether a block could stand here, were a cut to come."""
        return not (self.transparent or self._page_mode or self._macro or self._other_device)

    @property
    def within_command(self) -> bool:
        """Whether the stream stands inside a command whose bytes have not all come."""
        return not self.transparent and (bool(self._tokenizer.pending) or self._tokenizer.in_payload)

    def _begin_tokenizer(self, *, at: int) -> None:
        self._tokenizer = self._make_tokenizer()
        self._base = at

    def _pending_prefix(self) -> bytes:
        pending = self._tokenizer.pending
        return pending if pending in CUT_PREFIXES else b""

    def _early_cut(self, pending: bytes) -> Cut | None:
        """Return the cut whose command is clear though an argument is missing."""
        if len(pending) < GS_CUT_RECOGNISED_BYTES or not pending.startswith(GS_CUT):
            return None
        return self._told(self.taken_bytes - len(pending))

    def _told(self, offset: int) -> Cut | None:
        """Return the cut at `offset` unless it was told before."""
        if offset < self._recognised:
            return None
        self._recognised = offset + 1
        return Cut(offset, self.insertable)

    def _follow(self, token: Token) -> Cut | None:
        if token.kind is TokenKind.CUT:
            return self._told(self._base + token.offset)
        if token.kind is TokenKind.UNKNOWN:
            self.transparent = True
        elif token.kind is TokenKind.REALTIME or token.data[:2] in REQUESTS:
            self.requests.append((token.data, self._base + token.offset + len(token.data)))
        elif token.kind is TokenKind.COMMAND or token.kind is TokenKind.CONTROL:
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
        head = data[:2]
        if head == b"\x1bL":
            self._page_mode = True
        elif head in {b"\x1bS", b"\x0c"}:  # ESC S, and FF, which prints the page and leaves page mode
            self._page_mode = False
        elif head == b"\x1b@":
            self._page_mode = self._macro = self._other_device = False
        elif head == b"\x1d:":
            self._macro = not self._macro
        elif head == b"\x1b=" and len(data) > len(head):
            self._other_device = data[2] & _DEVICE_BITS != _PRINTER_ALONE

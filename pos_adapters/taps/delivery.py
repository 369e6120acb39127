"""What became of our blocks and slips: handed to the kernel, said to be printed, or neither.

A block is `printed` only when the printer has said so; bytes that the kernel has taken are `unconfirmed`, because a
kernel takes megabytes for a printer that has no paper. We send no status request of our own: its answer would have to
be kept from the register, and the printer's bytes at the register must be exactly the printer's.
"""

from __future__ import annotations

from typing import NamedTuple

from pos_adapters.taps.book import JobBook
from pos_adapters.taps.dialects import Dialect
from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.job import Job
from pos_adapters.taps.side import AnySide
from receipt.escpos.commands import TokenKind

# A slip in raster is 576 x 800 dots, 58 KB. More is a defect of core, and would hold the register's cut for seconds.
BLOCK_BYTES_MAX = 256 * 1024

_NEVER_IN_A_BLOCK = frozenset((TokenKind.UNKNOWN, TokenKind.INCOMPLETE, TokenKind.CUT, TokenKind.REALTIME))
_NEVER_IN_A_SLIP = _NEVER_IN_A_BLOCK - {TokenKind.CUT}


def is_whole(block: bytes, dialect: Dialect, *, slip: bool = False) -> bool:
    """Return whether a block consists of whole, known commands and text.

    Then the till's next byte is read as it was meant. A block cuts no paper, a slip does. Core builds no other; this
    is for a core that has gone wrong.
    """
    if not block or len(block) > BLOCK_BYTES_MAX:
        return False
    tokenizer = dialect.tokenizer()
    never = _NEVER_IN_A_SLIP if slip else _NEVER_IN_A_BLOCK
    tokens = [*tokenizer.feed(block), *tokenizer.close()]
    return not any(token.kind in never for token in tokens)


class _Sent(NamedTuple):
    """A block in the printer's stream: it ends after `position` bytes of all that was written to the printer."""

    job: Job
    cut_no: int
    position: int


class Delivery:
    """Follows the blocks of one passage and settles each exactly once."""

    def __init__(self, book: JobBook, printer: AnySide, dialect: Dialect) -> None:
        self._book = book
        self._dialect = dialect
        self._whole = b""  # a block that may come, found to be whole before it
        self._printer = printer
        printer.on_worked_off = self.worked_off
        self._sent: list[_Sent] = []
        self.inserted_bytes = 0

    def look_through(self, block: bytes) -> None:
        """Take a block that may come: at its cut only its being the same is left to see."""
        self._whole = block if is_whole(block, self._dialect) else b""

    def may_send(self, block: bytes) -> bool:
        """Return whether a block is whole."""
        return bool(block) and (block == self._whole or is_whole(block, self._dialect))

    def send_lent(self, job: Job, offset: int) -> bool:
        """Write the block that was lent for the cut at `offset` of the job; whether there is one, and it is ours."""
        block = self._book.use_lent(job, offset, may_send=self.may_send)
        if block is not None:
            self.send(job, job.cuts_asked, block)
        return block is not None

    def send(self, job: Job, cut_no: int, block: bytes) -> None:
        """Write a block to the printer, or settle that it could not be sent."""
        if self._printer.deaf or self._printer.closed:
            self._book.settle(job, cut_no, Outcome.NOT_SENT)
            return
        self.inserted_bytes += len(block)
        position = self._printer.handed_bytes + self._printer.waiting_bytes + len(block)
        self._sent.append(_Sent(job, cut_no, position))
        self._printer.write(block)  # last: a printer that is found to be gone ends the job, which settles its blocks

    def knows(self, job: Job, cut_no: int) -> bool:
        """Return whether this cut has had its block: another one for it is core repeating itself."""
        return cut_no in job.outcomes or any(sent.job is job and sent.cut_no == cut_no for sent in self._sent)

    def send_outside_jobs(self, slip: bytes) -> bool:
        """Write a slip whose job is over; return whether the kernel has taken it."""
        self._printer.write(slip)
        self.inserted_bytes += len(slip)
        return not (self._printer.waiting_bytes or self._printer.deaf or self._printer.closed)

    @property
    def is_open(self) -> bool:
        """Whether a block has been sent that may still be said to be printed."""
        return bool(self._sent)

    def worked_off(self, position: int) -> None:
        """Settle what the printer has said to have worked off: everything up to `position` of its bytes."""
        for sent in [each for each in self._sent if each.position <= position]:
            self._sent.remove(sent)
            self._book.settle(sent.job, sent.cut_no, Outcome.PRINTED)

    def settle(self) -> None:
        """Settle what has been sent: nothing more will be heard of it."""
        for job, cut_no, position in self._sent:
            handed = position <= self._printer.handed_bytes
            self._book.settle(job, cut_no, Outcome.UNCONFIRMED if handed else Outcome.NOT_SENT)
        self._sent.clear()

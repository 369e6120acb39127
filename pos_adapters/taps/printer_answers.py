"""What a printer says on the way back to the register, read in passing: no byte is changed, held or added.

Push bytes, pull answers. Kinds are told by their fixed bits (Epson's and Citizen's public references):

    0**1**10             DLE EOT n, answered when it arrives, whatever waits to be printed
    0**1**00 + 3 bytes   automatic status (ASB), each of the three 0**0****
    0**0****             GS r, GS I, ESC u, ESC v, answered in order: what came before has been worked off
    37 .. 00, 3B, 3D, 5F blocks up to NUL; 37 22 is GS ( H function 48, the completion receipt; 3D and 5F answer GS I
    11, 13               XON, XOFF
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto

BLOCK_HEADS = frozenset((0x37, 0x3B, 0x3D, 0x5F))
BLOCK_BYTES_MAX = 256  # the longest are names of printers; a block without its NUL is none
ASB_BYTES = 4
XON, XOFF = 0x11, 0x13

_FIXED_BITS, _REALTIME_BITS, _AUTOMATIC_BITS = 0b1001_0011, 0b0001_0010, 0b0001_0000
_COMPLETION = b"\x37\x22"


class AnswerKind(Enum):
    """What an answer is."""

    REALTIME = auto()
    AUTOMATIC = auto()
    IN_ORDER = auto()
    IDENTITY = auto()  # a block that answers GS I, in order
    COMPLETION = auto()
    OTHER = auto()


class Trouble(Flag):
    """Why a printer does not print. Several may be so at once; none is `Trouble(0)`."""

    UNREACHABLE = auto()  # it refuses, or does not answer at all
    OFFLINE = auto()
    COVER_OPEN = auto()
    PAPER_END = auto()
    ERROR = auto()  # cutter, head temperature, or worse: the printer needs a look


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole."""

    kind: AnswerKind
    data: bytes


class AnswerReader:
    """Cuts the printer's bytes into answers; memory is bounded, nothing raises."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Answer]:
        """Take bytes and return the answers they complete."""
        self._pending += data
        answers = []
        at = 0
        while at < len(self._pending):
            length, kind = self._measure(at)
            if length == 0:
                break
            answers.append(Answer(kind, bytes(self._pending[at : at + length])))
            at += length
        del self._pending[:at]
        return answers

    def _measure(self, at: int) -> tuple[int, AnswerKind]:
        """Return length and kind of the answer at `at`; length 0 when its end has not come."""
        first = self._pending[at]
        if first in (XON, XOFF):
            return 1, AnswerKind.OTHER
        if first in BLOCK_HEADS:
            return self._measure_block(at)
        if first & _FIXED_BITS == _REALTIME_BITS:
            return 1, AnswerKind.REALTIME
        if first & _FIXED_BITS == _AUTOMATIC_BITS:
            return self._measure_automatic(at)
        if first & 0b1001_0000 == 0:
            return 1, AnswerKind.IN_ORDER
        return 1, AnswerKind.OTHER

    def _measure_block(self, at: int) -> tuple[int, AnswerKind]:
        end = self._pending.find(0, at)
        if end < 0:
            too_long = len(self._pending) - at > BLOCK_BYTES_MAX
            return (1, AnswerKind.OTHER) if too_long else (0, AnswerKind.OTHER)
        head = self._pending[at]
        if self._pending.startswith(_COMPLETION, at):
            return end + 1 - at, AnswerKind.COMPLETION
        kind = AnswerKind.IDENTITY if head in (0x3D, 0x5F) else AnswerKind.OTHER
        return end + 1 - at, kind

    def _measure_automatic(self, at: int) -> tuple[int, AnswerKind]:
        rest = self._pending[at + 1 : at + ASB_BYTES]
        if any(byte & 0b1001_0000 for byte in rest):
            return 1, AnswerKind.OTHER  # not followed by what a status is followed by
        return (ASB_BYTES, AnswerKind.AUTOMATIC) if len(rest) == ASB_BYTES - 1 else (0, AnswerKind.OTHER)


def trouble_of_automatic(status: bytes) -> Trouble:
    """Return what four bytes of automatic status tell."""
    trouble = Trouble(0)
    if status[0] & 0x08:
        trouble |= Trouble.OFFLINE
    if status[0] & 0x20:
        trouble |= Trouble.COVER_OPEN
    if status[1] & 0x6C:  # mechanical, cutter, unrecoverable, recovering
        trouble |= Trouble.ERROR
    if status[2] & 0x0C:
        trouble |= Trouble.PAPER_END
    return trouble


def trouble_of_paper_sensor(status: int) -> Trouble:
    """Return what the answer to `GS r 1` tells."""
    return Trouble.PAPER_END if status & 0x0C else Trouble(0)


def trouble_of_realtime(function: int, status: int) -> Trouble | None:
    """Return what the answer to `DLE EOT function` tells; None when it says nothing about printing."""
    if function == 1:
        return Trouble.OFFLINE if status & 0x08 else Trouble(0)
    if function == 2:  # noqa: PLR2004 - DLE EOT 2, the offline cause
        trouble = Trouble.COVER_OPEN if status & 0x04 else Trouble(0)
        if status & 0x20:
            trouble |= Trouble.PAPER_END
        return trouble | Trouble.ERROR if status & 0x40 else trouble
    if function == 3:  # noqa: PLR2004 - DLE EOT 3, the error cause
        return Trouble.ERROR if status & 0x6C else Trouble(0)
    if function == 4:  # noqa: PLR2004 - DLE EOT 4, the paper sensor
        return Trouble.PAPER_END if status & 0x60 else Trouble(0)
    return None

"""What a printer's answers prove: which of our blocks have been printed, and why it does not print.

A register asks its printer for status; the tap never does, because the answer would have to be kept from the register.
An answer that a printer gives *in order* (GS r, GS I, ESC u, ESC v, GS ( H 48) proves that everything before the
request has been worked off; blocks that stand before such a request are then printed. Real-time answers (DLE EOT) and
automatic status (which also comes unasked) prove nothing about a block; they tell of trouble.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pos_adapters.taps.printer_answers import (
    Answer,
    AnswerKind,
    AnswerReader,
    Trouble,
    trouble_of_automatic,
    trouble_of_paper_sensor,
    trouble_of_realtime,
)

# A printer that answers nothing lets requests pile up; a register sends a handful a receipt.
REQUESTS_MAX = 64

IDENTITY_BYTES = frozenset((1, 2, 3, 49, 50, 51))  # GS I n that are answered by one byte; the others by a block
GS_H_FUNCTION_AT = 5  # GS ( H pL pH fn m


class Request(NamedTuple):
    """A status request of the register's: what answers it, and its end in the bytes written to the printer."""

    answered_by: AnswerKind
    position: int
    asks_for_paper: bool


class Health(Protocol):
    """What is known of the printer, whichever connection told it."""

    trouble: Trouble

    def tell(self, trouble: Trouble) -> None:
        """Note what is wrong; a repeat changes nothing."""


class PrinterWatch:
    """Follows requests and answers of one connection."""

    def __init__(self, health: Health, *, on_worked_off: Callable[[int], None]) -> None:
        self._reader = AnswerReader()
        self._in_order: list[Request] = []
        self._realtime: list[int] = []
        self._on_worked_off = on_worked_off
        self._health = health
        self._spoken = False

    @property
    def is_spoken_with(self) -> bool:
        """Whether the register has asked something, or the printer has said something."""
        return self._spoken or bool(self._in_order) or bool(self._realtime)

    @property
    def expects_answer(self) -> bool:
        """Whether a request that is answered in order has not been."""
        return bool(self._in_order)

    def requested(self, command: bytes, position: int) -> None:
        """Note a status request that ends at `position` of the bytes written to the printer."""
        kind = _answered_by(command)
        if kind is AnswerKind.REALTIME:
            self._realtime.append(command[2])
            del self._realtime[:-REQUESTS_MAX]
        elif kind is not None:
            self._in_order.append(Request(kind, position, command in _PAPER_REQUESTS))
            del self._in_order[:-REQUESTS_MAX]

    def feed(self, data: bytes) -> None:
        """Read the printer's bytes in passing."""
        self._spoken = True
        for answer in self._reader.feed(data):
            if answer.kind is AnswerKind.REALTIME:
                self._realtime_answer(answer)
            elif answer.kind is AnswerKind.AUTOMATIC:
                self._health.tell(self._health.trouble & Trouble.UNREACHABLE | trouble_of_automatic(answer.data))
            elif answer.kind is not AnswerKind.OTHER:
                self._settle(answer)

    def _settle(self, answer: Answer) -> None:
        """Match an answer with the oldest request it can answer; older ones were not understood by this printer."""
        if not any(request.answered_by is answer.kind for request in self._in_order):
            return
        while (request := self._in_order.pop(0)).answered_by is not answer.kind:
            continue
        paper = trouble_of_paper_sensor(answer.data[0]) if request.asks_for_paper else Trouble(0)
        if request.asks_for_paper:
            self._health.tell((self._health.trouble & ~Trouble.PAPER_END) | paper)
        if not paper:
            self._on_worked_off(request.position)

    def _realtime_answer(self, answer: Answer) -> None:
        if not self._realtime:
            return
        function = self._realtime.pop(0)
        told = trouble_of_realtime(function, answer.data[0])
        if told is None:
            return
        about = _ABOUT[function]
        self._health.tell((self._health.trouble & ~about) | told)


_PAPER_REQUESTS = frozenset((b"\x1dr\x01", b"\x1dr1"))
_ABOUT = {
    1: Trouble.OFFLINE,
    2: Trouble.COVER_OPEN | Trouble.PAPER_END | Trouble.ERROR,
    3: Trouble.ERROR,
    4: Trouble.PAPER_END,
}


def _answered_by(command: bytes) -> AnswerKind | None:
    """Return what kind of answer a request gets; None for a command that is none."""
    head = command[:2]
    if head == b"\x10\x04":
        return AnswerKind.REALTIME
    if head in (b"\x1dr", b"\x1bu", b"\x1bv"):
        return AnswerKind.IN_ORDER
    if head == b"\x1dI":
        return AnswerKind.IN_ORDER if command[2] in IDENTITY_BYTES else AnswerKind.IDENTITY
    is_completion = command[:3] == b"\x1d(H" and command[GS_H_FUNCTION_AT : GS_H_FUNCTION_AT + 1] == b"\x30"
    return AnswerKind.COMPLETION if is_completion else None

"""The command languages a tap can follow: how each is cut into tokens, what begins a cut, what makes a block unsafe.

ESC/POS and Star share letters with other meanings (`ESC d` feeds in one and cuts in the other, `ESC i` the other way
round), so a tap follows the language of its printer (`--language`, from the printer's model) and never guesses: in a
stream of the other language it soon meets an unknown command, and is transparent from there on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

from receipt.escpos.tokenizer import Token, Tokenizer


class Mode(Enum):
    """What a command changes of what a tap must know."""

    PAGE_ON = auto()
    PAGE_OFF = auto()
    RESET = auto()
    MACRO = auto()
    DEVICE = auto()


class AnyTokenizer(Protocol):
    """What the tokenizers of all languages have in common."""

    @property
    def pending(self) -> bytes:
        """The bytes of a command that is not complete yet."""

    @property
    def in_payload(self) -> bool:
        """Whether the stream stands inside a payload that comes in pieces."""

    def feed(self, data: bytes) -> list[Token]:
        """Take the next bytes and return the tokens they complete."""

    def close(self) -> list[Token]:
        """Say that the job has ended; return what was pending."""


# Status requests, and nothing else: a till that keeps its connection may ask twice a second, all day.
_POLL = re.compile(rb"(?:\x10[\x04\x05].|\x1dr.|\x1dI.|\x1bu.|\x1bv|\x05|\x1b\x06[\x01\x18])+", re.DOTALL)
_POLL_BYTES_MAX = 64


def is_poll(data: bytes) -> bool:
    """Return whether bytes only ask the printer how it is: they print nothing and begin no job."""
    return len(data) <= _POLL_BYTES_MAX and _POLL.fullmatch(data) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One language. `cut_starts` are (first byte, possible second bytes); `bare_cut` is a cut that lacks its argument.

    `recognised_bytes` is the length from which a pending command that begins like `bare_cut` is a cut for sure.
    `modes` maps the leading bytes of a command to what it changes; `requests` are answered by the printer, in order.
    """

    name: str
    tokenizer: Callable[[], AnyTokenizer]
    cut_starts: tuple[tuple[bytes, bytes], ...]
    cut_prefixes: tuple[bytes, ...]
    bare_cut: bytes
    recognised_bytes: int
    modes: dict[bytes, Mode]
    requests: frozenset[bytes]
    foreign_starts: tuple[bytes, ...]
    foreign_start_bytes_max: int = field(init=False)  # so much of a job shows that it is in no language of ours
    followed: frozenset[bytes] = field(init=False)  # the first two bytes of commands that change something, or ask

    def __post_init__(self) -> None:
        object.__setattr__(self, "foreign_start_bytes_max", max(map(len, self.foreign_starts)))
        object.__setattr__(self, "followed", frozenset(key[:2] for key in self.modes) | self.requests)


# Jobs in which a cut command's bytes are data: PJL, PostScript, and the serial fiscal protocols (SOH Datecs, STX and
# ENQ Shtrih-M, ACK, NAK, SYN).
_PAGE_LANGUAGES = (b"\x1b%-12345X", b"%!")
_FISCAL_PROTOCOLS = (b"\x01", b"\x02", b"\x05", b"\x06", b"\x15", b"\x16")

ESCPOS = Dialect(
    name="escpos",
    tokenizer=Tokenizer,
    cut_starts=((b"\x1b", b"im"), (b"\x1d", b"V")),
    cut_prefixes=(b"\x1b", b"\x1d", b"\x1dV"),
    bare_cut=b"\x1dV",
    recognised_bytes=3,  # GS V m; the feed argument of m = 65.. may still be on its way
    modes={
        b"\x1bL": Mode.PAGE_ON,
        b"\x1bS": Mode.PAGE_OFF,
        b"\x0c": Mode.PAGE_OFF,  # FF prints the page and leaves page mode; in standard mode it changes nothing
        b"\x1b@": Mode.RESET,
        b"\x1d:": Mode.MACRO,
        b"\x1b=": Mode.DEVICE,
    },
    requests=frozenset((b"\x1dr", b"\x1dI", b"\x1bu", b"\x1bv", b"\x1d(")),
    foreign_starts=(*_PAGE_LANGUAGES, *_FISCAL_PROTOCOLS),
)


def star() -> Dialect:
    """Return Star Line Mode and StarPRNT; its tables are imported only where a Star printer is."""
    from receipt.star.tokenizer import StarTokenizer  # noqa: PLC0415

    return Dialect(
        name="star",
        tokenizer=StarTokenizer,
        cut_starts=((b"\x1b", b"d"),),
        cut_prefixes=(b"\x1b", b"\x1bd"),
        bare_cut=b"\x1bd",
        recognised_bytes=3,  # ESC d n, which is whole then
        modes={
            b"\x1b\x1dP0": Mode.PAGE_ON,
            b"\x1b\x1dP1": Mode.PAGE_OFF,
            b"\x1b\x1dP7": Mode.PAGE_OFF,
            b"\x1b*rA": Mode.PAGE_ON,  # raster mode: nothing but rows of dots
            b"\x1b*rB": Mode.PAGE_OFF,
            b"\x1b@": Mode.RESET,
        },
        requests=frozenset(),
        foreign_starts=_PAGE_LANGUAGES,
    )


def dialect_named(name: str) -> Dialect:
    """Return the language called `escpos` or `star`."""
    return star() if name == "star" else ESCPOS

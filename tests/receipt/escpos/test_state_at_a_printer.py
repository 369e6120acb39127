"""A block leaves a printer as the till had set it, for every byte that follows.

The judge is a printer written here from Epson's public command reference: it knows nothing of our tokenizer or of what
we follow. It writes down each printed byte with all that is set at that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from receipt.escpos.state import PrinterState
from receipt.escpos.tokenizer import Tokenizer
from receipt.printers import printer_model
from receipt.slip import encode_slip
from receipt.slip_blocks import Align, Barcode, BarcodeKind, Columns, Qr, Rule, Size, Slip, Text

POWER_ON: dict[str, Any] = {
    "font": 0, "bold": 0, "double strike": 0, "underline": 0, "size": 0, "reverse": 0, "rotation": 0, "upside down": 0,
    "justification": 0, "line spacing": None, "left margin": (0, 0), "area": None, "code page": 0, "character set": 0,
    "double byte": False, "double-byte code": 0, "double-byte mode": 0, "double-byte spacing": (0, 0), "spacing": 0,
    "tabs": None, "page mode": False, "smooth": 0, "units": None, "bar height": 162, "bar width": 3, "hri": 0,
    "hri font": 0,
}  # fmt: skip

ONE: dict[bytes, tuple[str, Callable[[int], Any]]] = {
    b"\x1bM": ("font", lambda n: n & 1), b"\x1bE": ("bold", lambda n: n & 1), b"\x1bG": ("double strike", lambda n: n & 1),
    b"\x1b-": ("underline", lambda n: n % 48), b"\x1d!": ("size", lambda n: n), b"\x1dB": ("reverse", lambda n: n & 1),
    b"\x1bV": ("rotation", lambda n: n % 48), b"\x1b{": ("upside down", lambda n: n & 1),
    b"\x1ba": ("justification", lambda n: n % 48), b"\x1b3": ("line spacing", lambda n: n),
    b"\x1bt": ("code page", lambda n: n), b"\x1bR": ("character set", lambda n: n),
    b"\x1cC": ("double-byte code", lambda n: n % 48), b"\x1c!": ("double-byte mode", lambda n: n),
    b"\x1b ": ("spacing", lambda n: n), b"\x1db": ("smooth", lambda n: n & 1), b"\x1dh": ("bar height", lambda n: n),
    b"\x1dw": ("bar width", lambda n: n), b"\x1dH": ("hri", lambda n: n % 48), b"\x1df": ("hri font", lambda n: n % 48),
}  # fmt: skip
TWO = {b"\x1dL": "left margin", b"\x1dW": "area", b"\x1cS": "double-byte spacing", b"\x1dP": "units"}
BARE: dict[bytes, dict[str, Any]] = {
    b"\x1b@": POWER_ON,
    b"\x1b2": {"line spacing": None},
    b"\x1c&": {"double byte": True},
    b"\x1c.": {"double byte": False},
    b"\x1bL": {"page mode": True},
    b"\x1bS": {"page mode": False},
}
FEEDS = (b"\x1bd", b"\x1bJ", b"\x1dV")


class Paper:
    """The printer: `printed` is every byte of text and every line end with what was set."""

    def __init__(self) -> None:
        self.set = dict(POWER_ON)
        self.printed: list[tuple[int, tuple[tuple[str, Any], ...]]] = []

    def take(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            at += self._one(data, at)

    def _one(self, data: bytes, at: int) -> int:
        head, rest = data[at : at + 2], data[at + 2 :]
        if head in ONE:
            name, value = ONE[head]
            self.set[name] = value(rest[0])
            return 3
        if head in TWO:
            self.set[TWO[head]] = (rest[0], rest[1])
            return 4
        if head in BARE:
            self.set.update(BARE[head])
            return 2
        return self._less_usual(data, at, head)

    def _less_usual(self, data: bytes, at: int, head: bytes) -> int:
        rest = data[at + 2 :]
        if head == b"\x1b!":
            self.set.update(font=rest[0] & 1, bold=rest[0] >> 3 & 1, underline=rest[0] >> 7)
            self.set["size"] = (rest[0] >> 5 & 1) << 4 | rest[0] >> 4 & 1
            return 3
        if head == b"\x1bD":
            self.set["tabs"] = rest[: rest.index(0)]
            return 3 + rest.index(0)
        return self._drawn(data, at, head)

    def _drawn(self, data: bytes, at: int, head: bytes) -> int:
        rest = data[at + 2 :]
        if head in FEEDS:
            return 3
        if head in {b"\x1d(", b"\x1c("}:
            return 5 + int.from_bytes(rest[1:3], "little")
        if head == b"\x1dv":
            return 8 + int.from_bytes(rest[2:4], "little") * int.from_bytes(rest[4:6], "little")
        if head == b"\x1dk":
            return 4 + rest[1]
        assert data[at] not in b"\x1b\x1c\x1d\x10", f"a command this printer does not have: {data[at : at + 8]!r}"
        if data[at] == 0x0C:
            self.set["page mode"] = False
        self.printed.append((data[at], tuple(self.set.items())))
        return 1


def byte(head: bytes, *values: int) -> st.SearchStrategy[bytes]:
    return st.sampled_from(values).map(lambda n: head + bytes((n,)))


SETTING = st.one_of(
    byte(b"\x1b!", 0, 1, 8, 16, 32, 128, 185), byte(b"\x1bM", 0, 1), byte(b"\x1bE", 0, 1), byte(b"\x1bG", 0, 1),
    byte(b"\x1b-", 0, 1, 2), byte(b"\x1d!", 0, 1, 17, 119), byte(b"\x1dB", 0, 1), byte(b"\x1bV", 0, 1, 49),
    byte(b"\x1b{", 0, 1), byte(b"\x1ba", 0, 1, 2, 50), byte(b"\x1b3", 0, 24, 60, 255), st.just(b"\x1b2"),
    byte(b"\x1bt", 0, 2, 17, 46), byte(b"\x1bR", 0, 2, 13), st.sampled_from([b"\x1c&", b"\x1c."]), byte(b"\x1cC", 0, 1),
    byte(b"\x1c!", 0, 4, 128), byte(b"\x1b ", 0, 3), st.just(b"\x1cS\x02\x03"), st.just(b"\x1bD\x08\x10\x00"),
    st.sampled_from([b"\x1dL\x20\x00", b"\x1dL\x00\x00", b"\x1dW\x00\x01"]), byte(b"\x1db", 0, 1), byte(b"\x1dh", 40),
    byte(b"\x1dw", 2), byte(b"\x1dH", 2), byte(b"\x1df", 1), st.just(b"\x1b@"), st.just(b"Milk 1.20\n"),
    st.just(b"\x1bLMilk\n\x0c"),
)  # fmt: skip
JOB = st.lists(SETTING, max_size=14).map(b"".join)
SLIP = Slip(
    blocks=(
        Text(text="Corner shop", align=Align.CENTRE, size=Size.DOUBLE, bold=True),
        Text(text="Анна, -15 %"),
        Columns(left="coffee", right="1,20"),
        Rule(),
        Qr(data="tsc1:ABCDEF"),
        Barcode(kind=BarcodeKind.EAN13, data="2099123456789"),
    ),
)


@pytest.mark.parametrize("model", ["TM-T88V", "generic-80mm"])
@given(reset=st.booleans(), before=JOB, after=JOB)
def test_every_byte_of_the_till_behind_a_block_is_printed_as_without_it(
    model: str, *, reset: bool, before: bytes, after: bytes
) -> None:
    first = (b"\x1b@" if reset else b"") + before + b"TOTAL 1.20\n"
    state = PrinterState()
    for token in Tokenizer().feed(first):
        state.apply(token)
    assume(state.clean)
    with_block, without = Paper(), Paper()
    for paper in (with_block, without):
        paper.take(first)
    with_block.take(encode_slip(SLIP, printer_model(model), restore=state))
    with_block.printed = with_block.printed[: len(without.printed)]
    for paper in (with_block, without):
        paper.take(b"\x1dV\x00" + after + b"next receipt\n")
    assert with_block.printed == without.printed


@pytest.mark.parametrize("name", sorted(POWER_ON))
def test_the_judge_prints_no_byte_without_what_is_set(name: str) -> None:
    paper = Paper()
    paper.take(b"x")
    assert name in dict(paper.printed[0][1])

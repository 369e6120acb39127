"""The printer's state is followed and can be brought back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipt.escpos.state import PrinterState
from receipt.escpos.tokenizer import Tokenizer


def state_after(data: bytes, state: PrinterState | None = None) -> PrinterState:
    state = state or PrinterState()
    tokenizer = Tokenizer()
    for token in tokenizer.feed(data) + tokenizer.close():
        state.apply(token)
    return state


SETTINGS = st.lists(
    st.sampled_from(
        [b"\x1b!\x38", b"\x1b!\x80", b"\x1bE\x01", b"\x1bE\x00", b"\x1d!\x11", b"\x1b-\x02", b"\x1bM\x01", b"\x1ba\x01", b"\x1bt\x11",
         b"\x1c&", b"\x1c.", b"\x1bR\x02", b"\x1b3\x18", b"\x1b2", b"\x1dL\x10\x00", b"\x1dW\x00\x02", b"\x1bD\x08\x10\x00",
         b"text\n", b"\x1b@", b"\x1dh\x40", b"\x1d(k\x03\x001C\x06"]
    ),
    max_size=20,
).map(b"".join)  # fmt: skip


@given(job=SETTINGS, slip=SETTINGS)
def test_what_a_slip_changes_is_brought_back(job: bytes, slip: bytes) -> None:
    before = state_after(b"\x1b@" + job)
    after = state_after(slip + before.restore_bytes(), state_after(b"\x1b@" + job))
    assert after.touched == before.touched


def test_a_printer_that_was_never_reset_is_not_reset_by_us() -> None:
    state = state_after(b"\x1bt\x11\x1ba\x01")
    assert not state.known
    restored = state.restore_bytes()
    assert b"\x1b@" not in restored
    assert b"\x1bt\x11" in restored
    assert b"\x1ba\x01" in restored
    assert b"\x1bE\x00" in restored


def test_downloaded_characters_are_not_erased_by_a_reset() -> None:
    assert b"\x1b@" not in state_after(b"\x1b@\x1b&\x03AA\x01abc").restore_bytes()


def test_an_untouched_code_page_is_never_guessed() -> None:
    state = state_after(b"Total\n")
    assert state.code_page() is None
    assert b"\x1bt" not in state.restore_bytes()


@pytest.mark.parametrize(
    ("data", "clean"),
    [
        (b"", True),
        (b"Total\n", True),
        (b"Total", False),
        (b"Total\x1bd\x03", True),
        (b"\x1bLTotal\n", False),
        (b"\x1bLTotal\n\x0c", True),
        (b"\x1bLTotal\n\x1bS", True),
        (b"\x1d:Total\n", False),
        (b"\x1d:Total\n\x1d:", True),
        (b"\x1b=\x02Total", False),
        (b"\x1b=\x02Total\x1b=\x01", True),
        (b"\x1d(L\x02\x0000", True),
        (b"\x1d8L\x0b\x00\x00\x000p0\x01\x011\x08\x00\x01\x00\xff", False),
        (b"\x1d8L\x0b\x00\x00\x000p0\x01\x011\x08\x00\x01\x00\xff\x1d(L\x02\x000\x32", True),
        (b"\x1b\x7f", False),
    ],
)
def test_whether_something_of_ours_may_be_printed_now(data: bytes, *, clean: bool) -> None:
    assert state_after(data).clean is clean

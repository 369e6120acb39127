from hypothesis import given
from hypothesis import strategies as st

from receipt.escpos.state import PrinterState
from receipt.escpos.tokenizer import Tokenizer
from receipt.follower import PrinterFollower
from receipt.printers import printer_model

MODEL = printer_model("generic-80mm")
PIECES = (
    *(b"Milk 1.20\n", b"Bread 2.40\r\n", b"\n", b"\r\n", b"TOTAL", b"\r", b"\t", b"\x1bE\x01", b"\x1bE\n", b"\x1b@"),
    *(b"\x1b=\x00", b"\x1b=\x02", b"\x1b=\x01", b"\x1bL", b"\x1bS", b"\x1d:", b"\x1bt\x10", b"\x1b!\x30", b"\x1b\x00"),
    *(b"\x1d(L\x06\x000p\x30\x01\x31\x0a", b"\x1dv0\x00\x01\x00\x02\x00\n\n", b"\x1dV\x00", b"\x1b", b"\x1d"),
)


def followed_by_tokens(job: bytes) -> PrinterState:
    state = PrinterState()
    for token in Tokenizer().feed(job):
        state.apply(token)
    return state


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.lists(st.integers(1, 20), max_size=20))
def test_lines_that_are_passed_over_leave_the_state_that_their_tokens_do(pieces, sizes):
    job, at = b"".join(pieces), 0
    follower = PrinterFollower(MODEL)
    for size in (*sizes, len(job)):
        follower.feed(job[at : at + size])
        at += size
        assert follower.state.is_like(followed_by_tokens(job[:at]))

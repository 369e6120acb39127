"""Fuzz what cuts a print job into commands: no exception, no lost byte, the same tokens in any pieces.

Some thousands of inputs a second, so that a million end in minutes: `python tests/receipt/fuzz/fuzz_tokens.py
-runs=1000000 -max_len=64`. Needs atheris.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

with atheris.instrument_imports(include=["receipt.escpos", "receipt.star"]):
    from receipt.escpos.state import PrinterState
    from receipt.escpos.tokenizer import Tokenizer
    from receipt.star.tokenizer import StarTokenizer

MAKERS: tuple[Callable[[], Tokenizer | StarTokenizer], ...] = (
    Tokenizer,
    lambda: Tokenizer(display=True),
    StarTokenizer,
)


def one_input(data: bytes) -> None:
    """Check the promises on one input; its first two bytes choose the dialect and where it is torn."""
    if len(data) < 2:
        return
    maker, cut_at, job = MAKERS[data[0] % len(MAKERS)], data[1], data[2:]
    tokenizer = maker()
    tokens = tokenizer.feed(job[:cut_at])
    tokens += tokenizer.feed(job[cut_at:])
    assert b"".join(token.data for token in tokens) + tokenizer.pending == job
    tokens += tokenizer.close()
    assert b"".join(token.data for token in tokens) == job
    at = 0
    state = PrinterState()
    for token in tokens:
        assert token.offset == at
        at += len(token.data)
        state.apply(token)
    state.restore_bytes()


def main() -> None:
    """Fuzz, with libFuzzer's own options."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

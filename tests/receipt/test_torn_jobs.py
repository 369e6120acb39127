"""A job that ends anywhere inside any command: nothing raises, and every byte is told."""

import pytest

from receipt.document import PaperReader
from receipt.escpos.commands import DISPLAY_FIXED, FIXED, fixed_commands
from receipt.escpos.lengths import DISPLAY_RULES, PRINTER_RULES
from receipt.escpos.state import PrinterState
from receipt.escpos.tokenizer import Tokenizer
from receipt.star.commands import FIXED as STAR_FIXED
from receipt.star.commands import MEASURED
from receipt.star.state import StarState
from receipt.star.tokenizer import StarTokenizer

PRINTER = sorted({*fixed_commands(FIXED), *PRINTER_RULES})
DISPLAY = sorted({*fixed_commands(DISPLAY_FIXED), *DISPLAY_RULES})
STAR = sorted({*fixed_commands(STAR_FIXED), *MEASURED})
FILLINGS = (b"\x00", b"\x30", b"\x31\x50", b"L\x04\x00", b"k\x08\x00\x31\x50\x30", b"\xff")
ARGUMENTS_MAX = 9


def jobs_of(prefixes: list[bytes]) -> list[bytes]:
    return [
        prefix + (filling * ARGUMENTS_MAX)[:length]
        for prefix in prefixes
        for filling in FILLINGS
        for length in range(ARGUMENTS_MAX + 1)
    ]


@pytest.mark.parametrize(("prefixes", "language"), [(PRINTER, "escpos"), (STAR, "star")], ids=["escpos", "star"])
def test_a_job_may_end_inside_any_command(prefixes: list[bytes], language: str) -> None:
    for job in jobs_of(prefixes):
        reader = PaperReader("generic-80mm", language)
        papers = [*reader.feed(b"x" + job), *reader.close()]
        assert 1 <= len(papers) <= 2, job.hex()


@pytest.mark.parametrize(
    ("prefixes", "tokenizer", "state"),
    [
        (PRINTER, Tokenizer, PrinterState),
        (DISPLAY, lambda: Tokenizer(display=True), PrinterState),
        (STAR, StarTokenizer, StarState),
    ],
    ids=["printer", "display", "star"],
)
def test_every_byte_of_a_torn_command_is_told(prefixes, tokenizer, state) -> None:
    for job in jobs_of(prefixes):
        torn = tokenizer()
        tokens = [*torn.feed(job), *torn.close()]
        assert b"".join(token.data for token in tokens) == job
        follower = state()
        for token in tokens:
            follower.apply(token)

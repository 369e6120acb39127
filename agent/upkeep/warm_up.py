"""What the first receipt would do first, done before anybody waits for it.

Lexicon, code pages and printer models are read on first use: 80 ms of a first cut that may wait 50. One made-up receipt
is read and one slip encoded for each printer, and both are thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable

from pos_adapters.reading.reader import read_paper
from receipt.document import PaperReader
from receipt.printers import PrinterModel
from receipt.slip import encode_slip
from receipt.slip_blocks import Align, Qr, Rule, Slip, Text
from retail.coupons import TOKEN_CHARS

RECEIPT = (
    b"\x1b@CORNER SHOP\nNo. 1  01.02.2026 10:00\n2 x 1.20  2.40\nRye bread  3.10\n"
    b"TOTAL EUR  5.50\nCash  5.50\n\x1dV\x00"
)
SLIP = Slip(
    blocks=(
        Rule(character="-"),
        Text(text="Für Käthe: 15 %, для Анны: 15 %", align=Align.CENTRE, bold=True),
        Qr(data="A" * TOKEN_CHARS),
        Qr(data="https://join.example/00000000-0000-0000-0000-000000000000"),
    ),
    language="en",
)


def warm_up(models: Iterable[PrinterModel]) -> None:
    """Read and encode once for each printer model; nothing is kept and nothing is written."""
    for model in models:
        reader = PaperReader(model)
        for paper in (*reader.feed(RECEIPT), *reader.close()):
            read_paper(paper)
        encode_slip(SLIP, model)

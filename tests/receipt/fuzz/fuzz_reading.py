"""Fuzz the reading of receipts: no exception, no hang; what is accepted adds up, ahead or at the end.

Inputs are receipts by structure: each byte chooses a piece (a word of a role, an amount, a line end), so that short
inputs are whole receipts. `python tests/receipt/fuzz/fuzz_reading.py -runs=1000000 -max_len=48`. Needs atheris.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

# Words are looked up in tables: their branches are those of the data, which the fuzzer need not count.
PLAIN = ["pos_adapters.reading.lexicon", "pos_adapters.reading.folding", "pos_adapters.reading.amounts"]

with atheris.instrument_imports(include=["pos_adapters.reading"], exclude=PLAIN):
    from pos_adapters.reading.reader import read_text
    from pos_adapters.reading.values import ReceiptText
    from retail.transaction import DocumentKind

# No word here names a kind: a document with one of REFUSING on a line of its own is never a sale.
WORDS = (
    "Milk", "Bread", "2 x 1.50", "Tea 1.00", "SUBTOTAL", "TOTAL", "CASH", "VISA", "CHANGE", "Discount", "-10%", "VAT 20%",
    "Tip", "Rounding", "Deposit 0.25", "VOID", "You saved", "Points", "Balance", "Card ****1234", "12.03.2024 14:31",
    "Receipt 0012", "ИТОГ", "СКИДКА", "НАЛИЧНЫМИ", "СДАЧА", "Summe EUR", "Bar", "Pfand", "Rendu", "合計", "お預り", "お釣り",
    "0.512 kg x", "DECLINED", "Items 3", "@", "%", "EUR", "$", "Service charge", "Paid",
)  # fmt: skip
AMOUNTS = (
    "1.00",
    "2.00",
    "3.00",
    "5.00",
    "1,50",
    "-1.00",
    "1.00-",
    "0.00",
    "4.50",
    "10.00",
    "1 234,50",
    "1,300",
    "7",
    "120",
)
REFUSING = (
    "*** TRAINING ***",
    "DUPLICATE RECEIPT",
    "QUOTATION",
    "Z REPORT",
    "TRANSACTION SUSPENDED",
    "LAYAWAY DEPOSIT",
)
GAPS = ("\n", "\n", "\n", "   ", " ", "\t", "\n\n", "\n----\n")
PIECES = (*WORDS, *(f"  {amount}\n" for amount in AMOUNTS), *(f" {amount}" for amount in AMOUNTS), *GAPS)


def receipt_of(data: bytes) -> tuple[str, bool]:
    """Return the receipt that bytes stand for, and whether a line of its own refuses the sale."""
    pieces = [PIECES[byte] if byte < len(PIECES) else chr(byte) for byte in data[1:]]
    refused = data[0] >= 128
    if refused:
        pieces.insert(0, f"{REFUSING[data[0] % len(REFUSING)]}\n")
    return "".join(pieces), refused


def one_input(data: bytes) -> None:
    """Check the promises on one input."""
    if len(data) < 2:
        return
    text, refused = receipt_of(data)
    reading = read_text(ReceiptText.of(text), explain=data[0] % 2 == 0)
    if reading.transaction is not None:
        assert reading.transaction.adds_up(), text
        assert reading.proof, text
        assert not (refused and reading.kind is DocumentKind.SALE), text
    else:
        assert reading.parked is not None or reading.kind is not DocumentKind.SALE, text


def main() -> None:
    """Fuzz, with libFuzzer's own options."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

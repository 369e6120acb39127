"""How fast a receipt becomes a proved transaction: lines as they stream in, what is left at the cut, the worst case.

There is no peer: nobody open gives structure without a profile. Times are of the processor, so that a neighbour on
the machine does not count. "First seen" lines have never been read before; at a shop most lines return.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import harness
from harness import Figure, figure

from pos_adapters.reading.lexicon import standard_lexicon
from pos_adapters.reading.lines import LineReader
from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

GOODS = ("Milk 3.5% 1L", "Rye bread", "Gouda young", "Bananas loose", "Coffee beans", "Tomato soup", "Tea bags 80")


def receipt(seed: int, goods: int = 28) -> ReceiptText:
    """Return a receipt of about 40 lines whose lines no other seed prints."""
    rng = random.Random(seed)
    lines = ["        CORNER SHOP", "     12 High Street", "VAT No GB 123 4567 89", "-" * 40]
    total = 0
    for number in range(goods):
        price = rng.randint(50, 2000)
        total += price
        lines.append(f"{rng.choice(GOODS)} {seed}-{number}".ljust(30) + f"{price / 100:10.2f}")
    handed = (total // 1000 + 1) * 1000
    lines += ["-" * 40, f"{'TOTAL':30s}{total / 100:10.2f}", f"{'CASH':30s}{handed / 100:10.2f}"]
    lines += [f"{'CHANGE':30s}{(handed - total) / 100:10.2f}", "12/03/2024 14:31", "Till 3 Receipt 4711", "Thank you"]
    return ReceiptText(lines=tuple(lines))


def hostile(seed: int) -> ReceiptText:
    """Return 120 lines that leave every question open."""
    rng = random.Random(seed)
    words = (
        "Discount",
        "You saved",
        "Tax",
        "Tip",
        "Rounding",
        "Service charge",
        "Return",
        "Void",
        "Total",
        "2 x 1.50 tea",
    )
    return ReceiptText(lines=tuple(f"{rng.choice(words):30s}{rng.randint(1, 900) / 100:8.2f}" for _ in range(120)))


def _took_us(work: Callable[[], object]) -> float:
    started = time.process_time_ns()
    work()
    return (time.process_time_ns() - started) / 1000


def measure(*, quick: bool) -> list[Figure]:
    """Measure reading; `quick` takes fewer receipts."""
    rounds = 60 if quick else 400
    reader = LineReader(standard_lexicon())
    read_text(receipt(-1), reader=reader)
    whole, at_cut, line = [], [], []
    for seed in range(rounds):
        text = receipt(seed)
        streamed = _took_us(lambda text=text: [reader.read(one) for one in text.lines])
        rest = _took_us(lambda text=text: read_text(text, reader=reader))
        line.append(streamed / len(text.lines))
        at_cut.append(rest)
        whole.append(streamed + rest)
    worst = max(_took_us(lambda seed=seed: read_text(hostile(seed), reader=reader)) for seed in range(20))
    p50 = statistics.median(whole)
    cut = statistics.median(at_cut)
    return [
        figure("a 39-line receipt, lines first seen, p50, us", p50, goal="<= 500 us with decoding", holds=p50 <= 500),
        figure("of that at the cut, lines streamed before, p50, us", cut, goal="<= 100 us", holds=cut <= 100),
        figure("one line first seen, p50, us", statistics.median(line)),
        figure("120 hostile lines, worst of 20, ms", worst / 1000, goal="<= 20 ms", holds=worst <= 20_000),
    ]


if __name__ == "__main__":
    harness.main("read", measure)

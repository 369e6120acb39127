"""How fast a print job becomes a proved transaction: bytes as they stream in, what is left at the cut, the worst case.

There is no peer: nobody open gives structure without a profile. Times are of the processor, so that a neighbour on
the machine does not count. No receipt is read twice: its prices, date and numbers are new. Names of goods are either
those of a shop's shelf, which return, or words that no receipt before had. The collector is set as the agent sets it
once it has started (`agent/core.py`).
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable
from functools import partial

import harness
from harness import Figure, figure

from pos_adapters.reading.reader import read_ahead, read_paper, read_text
from pos_adapters.reading.values import Reading, ReceiptText
from receipt.document import PaperReader

SHELF = ("Milk 3.5% 1L", "Rye bread", "Gouda young", "Bananas loose", "Coffee beans", "Tomato soup", "Tea bags 80")
LETTERS = "abcdefghijklmnoprstuvz"
PIECE_BYTES = 256  # as a till's printer driver writes: a few lines at a time


def receipt(seed: int, *, goods: int = 28, new_names: bool = False) -> tuple[str, ...]:
    """Return the 39 lines of a receipt that no other seed prints."""
    rng = random.Random(seed)
    lines = ["        CORNER SHOP", "     12 High Street", "VAT No GB 123 4567 89", "-" * 40]
    total = 0
    for _ in range(goods):
        price = rng.randint(50, 2000)
        total += price
        name = "".join(rng.choices(LETTERS, k=9)) if new_names else rng.choice(SHELF)
        lines.append(f"{name} {rng.randint(1, 99)}".ljust(30) + f"{price / 100:10.2f}")
    handed = (total // 1000 + 1) * 1000
    lines += ["-" * 40, f"{'TOTAL':30s}{total / 100:10.2f}", f"{'CASH':30s}{handed / 100:10.2f}"]
    stamp = f"{rng.randint(10, 28)}/03/2024 {rng.randint(10, 20)}:{rng.randint(10, 59)}"
    lines += [f"{'CHANGE':30s}{(handed - total) / 100:10.2f}", stamp, f"Till 3 Receipt {seed + 100000}", "Thank you"]
    return tuple(lines)


def job(lines: tuple[str, ...]) -> bytes:
    """Return the lines as a till sends them, up to before the cut."""
    return b"\x1b@\x1bt\x00" + "\n".join(lines).encode("ascii") + b"\n\n\n"


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


def undecided(seed: int) -> ReceiptText:
    """Return 120 lines of which every reading holds: whatever is open about them is open about nothing."""
    rng = random.Random(seed)
    words = ("Discount", "You saved", "Tax", "Tip", "Rounding", "Service charge", "Return", "Void")
    lines = [f"{f'tea {number}':30s}{1:8.2f}" for number in range(60)]
    lines += [f"{rng.choice(words):30s}{0:8.2f}" for _ in range(44)]
    return ReceiptText(lines=(*lines, *(f"{'TOTAL':30s}{60:8.2f}" for _ in range(16))))


def _took_us(work: Callable[[], object]) -> float:
    started = time.process_time_ns()
    work()
    return (time.process_time_ns() - started) / 1000


def measure(*, quick: bool) -> list[Figure]:
    """Measure reading; `quick` takes fewer receipts."""
    rounds = 60 if quick else 400
    for seed in range(rounds):  # a shop's day has begun: words, and the shelf's names, have been seen
        read_text(ReceiptText(lines=receipt(-1 - seed)))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    whole, cut = _streamed(range(rounds), new_names=False)
    new, new_cut = _streamed(range(rounds, 2 * rounds), new_names=True)
    worst = max(_took_us(partial(read_text, lines(seed))) for lines in (hostile, undecided) for seed in range(20))
    return [
        figure(
            "39 lines, bytes to transaction, goods at new prices, p50, us", whole, goal="<= 500 us", holds=whole <= 500
        ),
        figure("of that left at the cut, p50, us", cut, goal="<= 100 us", holds=cut <= 100),
        figure("39 lines, bytes to transaction, names never seen, p50, us", new, goal="<= 500 us", holds=new <= 500),
        figure("of that left at the cut, p50, us", new_cut, goal="<= 100 us", holds=new_cut <= 100),
        figure("120 hostile lines, worst of 40, ms", worst / 1000, goal="<= 20 ms", holds=worst <= 20_000),
    ]


def _streamed(seeds: range, *, new_names: bool) -> tuple[float, float]:
    """Return the median time of whole receipts, and of what was left when their cut came."""
    whole, cut = [], []
    for seed in seeds:
        data, reader = job(receipt(seed, new_names=new_names)), PaperReader()
        before = _took_us(partial(_feed, data, reader))
        left = _took_us(partial(_finish, reader))
        cut.append(left)
        whole.append(before + left)
    return statistics.median(whole), statistics.median(cut)


def _feed(data: bytes, reader: PaperReader) -> None:
    for at in range(0, len(data), PIECE_BYTES):
        reader.feed(data[at : at + PIECE_BYTES])
        read_ahead(reader.finished_lines())


def _finish(reader: PaperReader) -> Reading:
    paper = reader.finish_here()
    assert paper is not None
    reading = read_paper(paper)
    assert reading.transaction is not None, reading.parked
    return reading


if __name__ == "__main__":
    harness.main("read", measure)

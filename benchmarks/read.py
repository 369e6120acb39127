"""How fast a print job becomes a proved transaction: bytes as they stream in, what is left at the cut, the worst case.

There is no peer: nobody open gives structure without a profile. Times are of the processor, so that a neighbour on
the machine does not count. No receipt is read twice: its prices, date and numbers are new. Names of goods are either
those of a shop's shelf, which return, or words that no receipt before had. The collector is off, as it is in the agent
while anybody waits (`agent/collecting.py`).

Core reads each piece of a job when it comes. What is "left at the cut" is everything that is done from the moment when
the last piece is there - the one that the cut stands in, with whatever text comes before it - until the transaction
is. Tills part their jobs as their drivers do: by lines, as print libraries write; in pieces of 256 bytes that begin
anywhere, so that the payment now and then comes with the cut; or all at once, when nothing can be read ahead.

A shop prints a receipt now and then, and other programs run in between: "cold" is the same with 32 MB of other memory
walked directly before what is timed, so that neither code nor data stand in the processor's nearer caches.

Where a goal may be missed, a bare piece of the same work stands beside our figure, in the same run: for a whole receipt
its tokens, each word looked up in a dictionary and each amount made a number, and nothing else; for what is left at
the cut, the lines of the last piece printed and read one by one by our own reader, without any sum. Neither is a proof
that less is impossible. The hostile documents are read three times and the best counts: their lines, though not their
sums, are remembered from the first.
"""

from __future__ import annotations

import gc
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import harness
from harness import Figure, figure

from pos_adapters.profiles.profile import parse_profile
from pos_adapters.profiles.profiled import Profiled
from pos_adapters.reading.ahead import ReadingAhead
from pos_adapters.reading.lines import standard_reader
from pos_adapters.reading.reader import read_text, text_of
from pos_adapters.reading.values import Reading, ReceiptText
from receipt.document import PaperReader
from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Tokenizer

SHELF = ("Milk 3.5% 1L", "Rye bread", "Gouda young", "Bananas loose", "Coffee beans", "Tomato soup", "Tea bags 80")
LETTERS = "abcdefghijklmnoprstuvz"
PIECE_BYTES = 256
OTHER_PIECES_BYTES = (64, 100, 512, 1448)  # of serial adapters, small drivers, USB's fast packets and TCP's segments
COLD_BYTES = 32 * 1024 * 1024  # more than a core's own caches hold
COLD_RECEIPTS_MAX = 200  # walking takes twenty times as long as reading
WARM_UP_SEED = 1_000_000  # receipts that nobody measures


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
    """Return the lines as a till sends them, up to before the cut command."""
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


def read_at_once(data: bytes) -> Reading:
    """Read a job that comes in one piece with its cut."""
    return _finish(data, PaperReader(), ReadingAhead())


def _took_us(work: Callable[[], object]) -> float:
    started = time.process_time_ns()
    work()
    return (time.process_time_ns() - started) / 1000


def _least_us(work: Callable[[], object]) -> float:
    """Return the best of three times, so that one pause of the machine is not taken for the document's."""
    return min(_took_us(work) for _ in range(3))


def measure(*, quick: bool) -> list[Figure]:
    """Measure reading; `quick` takes fewer receipts."""
    rounds = 60 if quick else 400
    for seed in range(rounds):  # a shop's day has begun: words, and the shelf's names, have been seen
        read_text(ReceiptText(lines=receipt(WARM_UP_SEED + seed)))
    gc.collect()
    gc.disable()
    found = []
    for name, seeds, new_names in (
        ("goods at new prices", range(rounds), False),
        ("names never seen", range(rounds, 2 * rounds), True),
    ):
        whole, _ = _streamed(seeds, new_names=new_names, parted=_not_at_all)
        what = f"39 lines and their cut in one piece, to a transaction, {name}"
        found += _figures(what, whole, goal_us=500, least=_bare(_next(seeds), new_names=new_names), least_name=BARE)
        _, left = _streamed(_next(seeds), new_names=new_names, parted=_by_lines)
        found += _figures(f"sent by lines: left at the cut, {name}", left, goal_us=100)
        anew = _next(_next(seeds))
        whole, left = _streamed(anew, new_names=new_names, parted=_anywhere)
        last = _last_pieces(_next(anew), new_names=new_names)
        what = f"sent by 256 bytes: left at the cut, {name}"
        found += _figures(what, left, goal_us=100, least=last, least_name=LAST_LINES)
        found += _figures(f"sent by 256 bytes: all of it, {name}", whole)
    found += _in_other_pieces(range(40_000, 40_000 + rounds))
    found += _cold(range(200_000, 200_000 + min(rounds, COLD_RECEIPTS_MAX)))
    found += _figures("by lines, with a profile of the workstation: left at the cut", _profiled(range(rounds)))
    worst = max(_least_us(partial(read_text, lines(seed))) for lines in (hostile, undecided) for seed in range(20))
    what = "120 hostile lines, worst of 40 documents (the best of three times each), ms"
    return [*found, figure(what, worst / 1000, goal="<= 20 ms", holds=worst <= 20_000)]


def _in_other_pieces(seeds: range) -> list[Figure]:
    """Return what is left at the cut of pieces of other sizes; nothing is promised of them."""
    found = []
    for size_bytes in OTHER_PIECES_BYTES:
        for name, new_names in (("goods at new prices", False), ("names never seen", True)):
            _, left = _streamed(seeds, new_names=new_names, parted=partial(_anywhere, piece_bytes=size_bytes))
            found += _figures(f"sent by {size_bytes} bytes: left at the cut, {name}", left)
            seeds = _next(seeds)
    return found


def _cold(seeds: range) -> list[Figure]:
    """Return what receipts take that are read now and then; nothing is promised of them."""
    other = bytearray(COLD_BYTES)
    found = []
    for what, parted in (
        ("in one piece, to a transaction", _not_at_all),
        ("sent by lines: left at the cut", _by_lines),
        ("sent by 256 bytes: left at the cut", _anywhere),
    ):
        _, left = _streamed(seeds, new_names=False, parted=parted, rest=partial(other.count, 1))
        found += _figures(f"cold, goods at new prices, {what}", left)
        seeds = _next(seeds)
    return found


def _next(seeds: range) -> range:
    """Return the seeds of as many receipts that nobody has read."""
    return range(seeds.start + 10_000, seeds.stop + 10_000)


def _figures(
    what: str, samples: list[float], *, goal_us: int | None = None, least: Sequence[float] = (), least_name: str = ""
) -> list[Figure]:
    """Return the median and the 99th percentile of times in us; goal and bare work are the median's."""
    median, tail = harness.quantile(samples, 0.5), harness.quantile(samples, 0.99)
    goal, holds = ("reported only", None) if goal_us is None else (f"<= {goal_us} us", median <= goal_us)
    floor = harness.quantile(least, 0.5) if least else None
    return [
        figure(f"{what}, p50, us", median, floor, least_name, goal=goal, holds=holds),
        figure(f"{what}, p99, us", tail),
    ]


BARE = "tokens, words looked up and amounts alone"
LAST_LINES = "the last piece's lines printed and read one by one"
_WORD, _AMOUNT = re.compile(r"[^\W\d_]+"), re.compile(r"\d+[.,]\d\d")


def _bare(seeds: range, *, new_names: bool) -> list[float]:
    """Return the times of tokens, words looked up and amounts, of which reading is made."""
    roles = dict.fromkeys(("total", "cash", "change", "till", "receipt", "thank", "you", "vat"), "a role")
    jobs = [job(receipt(seed, new_names=new_names)) for seed in seeds]
    return [_took_us(partial(_words_and_amounts, data, roles)) for data in jobs]


def _words_and_amounts(data: bytes, roles: dict[str, str]) -> tuple[list[str | None], list[int]]:
    found: list[str | None] = []
    amounts: list[int] = []
    for token in Tokenizer().feed(data):
        if token.kind is TokenKind.TEXT:
            text = token.data.decode("ascii")
            found += [roles.get(word.lower()) for word in _WORD.findall(text)]
            amounts += [int(amount[:-3] + amount[-2:]) for amount in _AMOUNT.findall(text)]
    return found, amounts


def _last_pieces(seeds: range, *, new_names: bool) -> list[float]:
    """Return the times of printing and reading the lines of the last piece of 256 bytes, each by itself."""
    times = []
    for seed in seeds:
        reader = PaperReader()
        *before, last = _anywhere(job(receipt(seed, new_names=new_names)), random.Random(seed))
        for piece in before:
            reader.feed(piece)
            standard_reader().read_all([line.plain for line in reader.finished_lines()])
        times.append(_took_us(partial(_print_and_read, last, reader)))
    return times


def _print_and_read(data: bytes, reader: PaperReader) -> None:
    reader.feed(data)
    standard_reader().read_all([line.plain for line in reader.finished_lines()])
    reader.finish_here()


PROFILE = """
name = "corner"
[identify]
lines = ["CORNER SHOP"]
[words]
total = ["whatsit"]
"""


def _profiled(seeds: range) -> list[float]:
    """Return what was left at the cuts of a workstation whose receipts a profile reads."""
    profiled = Profiled([parse_profile(PROFILE, source="corner")])
    left = []
    for seed in _next(_next(_next(seeds))):
        reader = PaperReader()
        *before, last = job(receipt(seed)).splitlines(keepends=True)
        for piece in before:
            reader.feed(piece)
            profiled.note(reader.finished_lines())
        left.append(_took_us(partial(_finish_profiled, last, reader, profiled)))
    return left


def _finish_profiled(data: bytes, reader: PaperReader, profiled: Profiled) -> None:
    reader.feed(data)
    paper = reader.finish_here()
    assert paper is not None
    assert profiled.read(text_of(paper)).profile == "corner"


def _by_lines(data: bytes, rng: random.Random) -> list[bytes]:
    del rng
    return data.splitlines(keepends=True)


def _anywhere(data: bytes, rng: random.Random, *, piece_bytes: int = PIECE_BYTES) -> list[bytes]:
    first = rng.randint(1, piece_bytes)
    return [data[:first], *(data[at : at + piece_bytes] for at in range(first, len(data), piece_bytes))]


def _not_at_all(data: bytes, rng: random.Random) -> list[bytes]:
    del rng
    return [data]


def _streamed(
    seeds: range,
    *,
    new_names: bool,
    parted: Callable[[bytes, random.Random], list[bytes]],
    rest: Callable[[], object] = bool,
) -> tuple[list[float], list[float]]:
    """Return the times of whole receipts, and of what was left when the piece with the cut came, after a `rest`."""
    whole, left = [], []
    for seed in seeds:
        reader, ahead = PaperReader(), ReadingAhead()
        pieces = parted(job(receipt(seed, new_names=new_names)), random.Random(seed))
        before = _took_us(partial(_feed, pieces[:-1], reader, ahead))
        rest()
        at_the_cut = _took_us(partial(_finish, pieces[-1], reader, ahead))
        left.append(at_the_cut)
        whole.append(before + at_the_cut)
    return whole, left


def _feed(pieces: Iterable[bytes], reader: PaperReader, ahead: ReadingAhead) -> None:
    for piece in pieces:
        reader.feed(piece)
        ahead.note(reader.begun, reader.finished_lines())


def _finish(data: bytes, reader: PaperReader, ahead: ReadingAhead) -> Reading:
    reader.feed(data)
    paper = reader.finish_here()
    assert paper is not None
    reading = ahead.read(paper)
    assert reading.transaction is not None, reading.parked
    return reading


if __name__ == "__main__":
    harness.main("read", measure)

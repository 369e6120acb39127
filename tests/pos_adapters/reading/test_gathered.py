"""What is gathered of a document's lines does not depend on the pieces in which they come."""

import random

from pos_adapters.reading.gathered import LINES_MAX, Gathered
from pos_adapters.reading.lines import standard_reader


def gathered_of(*pieces):
    gathered = Gathered(standard_reader(), None)
    for piece in pieces:
        gathered.take(piece)
    return gathered


def told(gathered):
    """Return everything that readers take from what was gathered."""
    entries = [(each.line, each.part, each.amount, each.described, each.quantity) for each in gathered.usual.entries]
    sheet = gathered.usual
    return (
        gathered.active, gathered.lines, gathered.labelled, gathered.telling, gathered.dated, gathered.marks,
        gathered.signs, gathered.fashions.likeliest(gathered.lines), entries, sheet.others, sheet.start,
        sheet.first_goods, sheet.last_goods, sheet.carried,
    )  # fmt: skip


def test_lines_in_any_pieces_leave_what_they_leave_at_once(goldens):
    rng = random.Random(41)
    for golden in goldens[::2]:
        lines = list(golden.lines)
        cuts = sorted(rng.randrange(len(lines) + 1) for _ in range(3))
        pieces = [lines[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
        assert told(gathered_of(*pieces)) == told(gathered_of(lines)), (golden.name, cuts)


def test_a_fork_goes_its_own_way():
    gathered = gathered_of(["CORNER SHOP", "Milk  1.20"])
    fork = gathered.fork()
    fork.take(["Bread  3.10", "TOTAL  4.30"])
    assert told(gathered) == told(gathered_of(["CORNER SHOP", "Milk  1.20"]))
    assert told(fork) == told(gathered_of(["CORNER SHOP", "Milk  1.20", "Bread  3.10", "TOTAL  4.30"]))


def test_more_lines_than_a_receipt_has_are_left_out():
    assert len(gathered_of(["Milk  1.20"] * LINES_MAX, ["Bread  3.10"]).lines) == LINES_MAX

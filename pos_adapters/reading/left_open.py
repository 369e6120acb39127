"""What is still owed below a payment: "Outstanding: 13.50", or "Balance due 5.00" of a sale of 13.50 that was paid.

A receipt whose sums hold may be a payment on account of a greater bill, or not paid at all. Contract: pure but for the
words, which are data (`pos_adapters/profiles/word_parts.toml`) and are read once.
"""

from __future__ import annotations

from pos_adapters.reading.amounts import in_fashion
from pos_adapters.reading.folding import fold
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Sheet
from pos_adapters.reading.word_parts import due_part, open_part


def leaves_open(sheet: Sheet, solution: Solution) -> bool:
    """Whether a line below the last tender says that some money is open, or that another sum than the total is due."""
    if not solution.tenders:
        return False
    told = {solution.total.amount, *(paid.amount for paid in solution.tenders)}
    for facts in sheet.facts[max(paid.line for paid in solution.tenders) + 1 :]:
        if not facts.right:
            continue
        amount = in_fashion(facts.numbers[facts.right[0]], sheet.decimals)
        if amount is None or amount <= 0:
            continue
        text = fold(facts.text)
        if open_part().search(text) or (amount not in told and due_part().search(text)):
            return True
    return False

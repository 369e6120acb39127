"""What a token costs, and what it would cost a thief to try every card number."""

from __future__ import annotations

import time

import harness

from sync.protocol.tokens import PEPPER_BYTES, token_of

CARD_NUMBERS = 10**8


def measure(*, quick: bool) -> list[harness.Figure]:
    """Time single tokens on one core and state the enumeration they imply."""
    samples = []
    for number in range(20 if quick else 200):
        began = time.process_time()
        token_of(f"card:29{number:011d}", bytes(PEPPER_BYTES))
        samples.append(time.process_time() - began)
    cost_s = harness.quantile(samples, 0.5)
    days = cost_s * CARD_NUMBERS / 86_400
    return [
        harness.figure("one token, ms of one core", cost_s * 1e3),
        harness.figure("trying 10^8 card numbers, core-days", days, goal=">= 11", holds=days >= 11),
    ]


if __name__ == "__main__":
    harness.main("token_cost", measure)

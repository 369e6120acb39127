"""What a token costs, and what it would cost a thief to try every card number; beside a keyed hash, which is none."""

from __future__ import annotations

import hashlib
import hmac
import time

import harness

from sync.protocol.tokens import PEPPER_BYTES, token_of

CARD_NUMBERS = 10**8
DAY_S = 86_400


def measure(*, quick: bool) -> list[harness.Figure]:
    """Time single tokens on one core and state the enumeration they imply."""
    samples = []
    for number in range(20 if quick else 200):
        began = time.process_time()
        token_of(f"card:29{number:011d}", bytes(PEPPER_BYTES))
        samples.append(time.process_time() - began)
    cost_s, floor_s = harness.quantile(samples, 0.5), min(samples)
    hashed_s = _keyed_hash_s(20_000 if quick else 200_000)
    days = floor_s * CARD_NUMBERS / DAY_S
    return [
        harness.figure("one token, ms of one core, median", cost_s * 1e3),
        harness.figure("one token, ms of one core, fastest", floor_s * 1e3, hashed_s * 1e3, "HMAC-SHA-256"),
        harness.figure(
            "trying 10^8 card numbers, core-days at the fastest",
            days,
            hashed_s * CARD_NUMBERS / DAY_S,
            "HMAC-SHA-256",
            goal=">= 11",
            holds=days >= 11,
        ),
    ]


def _keyed_hash_s(count: int) -> float:
    """Return what one keyed hash of a card number costs: what others call protection."""
    key = bytes(PEPPER_BYTES)
    began = time.process_time()
    for number in range(count):
        hmac.digest(key, f"card:29{number:011d}".encode(), hashlib.sha256)
    return (time.process_time() - began) / count


if __name__ == "__main__":
    harness.main("token_cost", measure)

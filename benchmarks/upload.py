"""Bytes and CPU of an upload: 500 receipts of 20 lines as they travel, beside gzip JSON and the entropy of the draw.

Ours is the whole signed-for form: three records a receipt - sale, offer decided, coupon issued - each with its salt, so
16 bytes a record cannot be deflated by anybody. The peer is what others send: the receipts alone as JSON, gzipped. The
floor is what the generator drew, in bits: no form can be smaller.
"""

from __future__ import annotations

import gzip
import json
import math
import random
import uuid

import harness

from sync.delivery_plan import CourierPolicy, plan_batch
from sync.http_transport import _on_the_wire
from sync.protocol.body import encode
from sync.protocol.chain import GENESIS, RecordHeader, payload_hash, record_hash
from sync.protocol.messages import JournalUpload

RECEIPTS = 500
LINES = 20
CATALOGUE = 4000
GOAL_BYTES = 396  # what gzip JSON of a receipt took in the probe that set the goal
SALT_BYTES = 16


class Shop:
    """Draws receipts and keeps count of the bits it drew."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bits = 0.0
        weights = [1 / (rank + 10) for rank in range(CATALOGUE)]
        self.weights = weights
        self.total_weight = sum(weights)
        names = ["milk 1 l", "rye bread", "coffee crema", "apples", "butter 250 g", "mineral water", "yoghurt"]
        self.items = [
            (f"{names[number % len(names)]} {number}", f"{4006381000000 + number}", 49 + (number * 37) % 1900)
            for number in range(CATALOGUE)
        ]

    def receipt(self, number: int) -> dict[str, object]:
        """Draw one receipt."""
        lines: list[dict[str, object]] = []
        total = 0
        for _ in range(LINES):
            (index,) = self.random.choices(range(CATALOGUE), self.weights)
            quantity = self.random.choice((1, 1, 1, 2))
            self.bits -= math.log2(self.weights[index] / self.total_weight)
            self.bits -= math.log2(0.25 if quantity == 2 else 0.75)
            name, gtin, cents = self.items[index]
            amount = cents * quantity
            total += amount
            lines.append(
                {
                    "type": "sale",
                    "description": name,
                    "item_id": None,
                    "gtin": gtin,
                    "quantity": str(quantity),
                    "unit_price": f"{cents / 100:.2f}",
                    "amount": f"{amount / 100:.2f}",
                }
            )
        second = self.random.randrange(20, 200)
        self.bits += math.log2(180) + 1  # the time since the last one, and how it was paid
        tender = self.random.choice(("cash", "debit"))
        lines.append(
            {"type": "tender", "description": tender.upper(), "amount": f"{total / 100:.2f}", "tender_type": tender}
        )
        return {
            "transaction_id": str(uuid.uuid5(uuid.NAMESPACE_URL, str(number))),
            "job_id": f"2f1c-{number}",
            "status": "completed",
            "business_unit_id": "7781",
            "workstation_id": "1",
            "sequence_number": str(100_000 + number),
            "business_day": "2026-11-21",
            "occurred_at": f"2026-11-21T{8 + number // 60:02d}:{number % 60:02d}:{second % 60:02d}+01:00",
            "currency": "EUR",
            "total": f"{total / 100:.2f}",
            "line_items": lines,
            "loyalty": None,
        }


def canonical(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Record:
    """A journal record, chained."""

    def __init__(self, seq: int, kind: str, content: object, *, prev_hash: bytes, salt: bytes, at: str) -> None:
        self.epoch, self.seq, self.kind, self.workstation_id = 1, seq, kind, "1"
        self.occurred_at, self.clock_quality, self.business_day = at, "synchronised", "2026-11-21"
        self.salt: bytes | None = salt
        self.payload: bytes | None = canonical(content)
        self.payload_hash = payload_hash(salt, self.payload)
        self.prev_hash = prev_hash
        header = RecordHeader(
            epoch=1, seq=seq, kind=kind, workstation_id="1", occurred_at=at, clock_quality="synchronised",
            business_day="2026-11-21",
        )  # fmt: skip
        self.hash = record_hash(prev_hash, header, self.payload_hash)


def journal(receipts: list[dict[str, object]], *, per_receipt: int, seed: int) -> list[Record]:
    """Return the records that these receipts make."""
    salts = random.Random(seed)
    records: list[Record] = []
    for receipt in receipts:
        offer = {
            "transaction_id": receipt["transaction_id"],
            "channel": "receipt",
            "offers": [{"campaign_id": "coffee-back", "serial": None, "value": "15", "why": ["best", "not employee"]}],
        }
        contents = [("transaction.completed", {"transaction": receipt}), ("offer.decided", offer)]
        contents.append(("offer.printed", {**offer, "outcome": "unconfirmed"}))
        for kind, content in contents[:per_receipt]:
            prev = records[-1].hash if records else GENESIS
            records.append(
                Record(
                    len(records) + 1, kind, content, prev_hash=prev, salt=salts.randbytes(SALT_BYTES),
                    at=str(receipt["occurred_at"]),
                )
            )  # fmt: skip
    return records


def encoded(records: list[Record]) -> bytes:
    """Return all batches of these records as they travel."""
    sent = b""
    position = 0
    while position < len(records):
        batch = plan_batch(None, records[position:], parked=frozenset(), policy=CourierPolicy())
        assert batch is not None
        position += len(batch.records)
        upload = JournalUpload(
            epoch=1,
            first_seq=batch.first_seq,
            prev_hash=batch.prev_hash.hex(),
            records=[_on_the_wire(record, withheld=False) for record in batch.records],
            head_hash=batch.last.hash.hex(),
        )
        sent += encode(upload)
    return sent


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure bytes once - they do not vary - and CPU a few times."""
    repeats = 3 if quick else 9
    shop = Shop(seed=20261121)
    receipts = [shop.receipt(number) for number in range(RECEIPTS)]
    floor = shop.bits / 8 / RECEIPTS
    plain = b"\n".join(map(canonical, receipts))
    peer_bytes = len(gzip.compress(plain, 6)) / RECEIPTS
    peer_s = harness.median_seconds(lambda: gzip.compress(b"\n".join(map(canonical, receipts)), 6), repeats=repeats)
    one, three = journal(receipts, per_receipt=1, seed=1), journal(receipts, per_receipt=3, seed=1)
    one_bytes, three_bytes = len(encoded(one)) / RECEIPTS, len(encoded(three)) / RECEIPTS
    three_s = harness.median_seconds(lambda: encoded(three), repeats=repeats)
    return [
        harness.figure("entropy of a receipt, bytes", floor),
        harness.figure(
            "bytes a receipt, its sale record alone", one_bytes, peer_bytes, "gzip JSON of receipts",
            goal=f"<= {GOAL_BYTES} + a salt", holds=one_bytes <= GOAL_BYTES + SALT_BYTES,
        ),
        harness.figure(
            "bytes a receipt, with its two offer records", three_bytes, peer_bytes, "gzip JSON of receipts"
        ),
        harness.figure(
            "CPU a receipt, us, three records", three_s / RECEIPTS * 1e6, peer_s / RECEIPTS * 1e6, "gzip JSON"
        ),
        harness.figure("megabytes a store and day of 2,000 receipts", three_bytes * 2000 / 1e6),
    ]  # fmt: skip


if __name__ == "__main__":
    harness.main("upload", measure)

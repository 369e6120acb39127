"""What must hold of coupons and points, in the shape of `agent.drill.invariants`: nothing of value exists twice.

The rules are the product's (`agent.value`, `hub.value`); here is only what a customer and an auditor would see.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from agent.journal.records import JournalKind, StoredRecord

if TYPE_CHECKING:
    from agent.drill.world import Chain

SHOWN_MAX = 3  # examples in one message
SERIAL_SHOWN = 12  # characters of a token that tell one coupon from another to a reader


def coupons_are_taken_once(chain: Chain) -> Iterator[tuple[str, str]]:
    """I4: no customer hears twice that a coupon is taken, whatever died in between and wherever it is held out."""
    taken: Counter[str] = Counter()
    for (_store, token), count in chain.world.pockets.taken.items():
        taken[token] += count
    twice = sorted(token[-SERIAL_SHOWN:] for token, count in taken.items() if count > 1)
    if twice:
        yield "customers", f"{len(twice)} coupons were taken twice: {_some(twice)}"


def what_was_taken_is_on_disk(chain: Chain) -> Iterator[tuple[str, str]]:
    """I2: a coupon that a customer heard is taken stands as used in the journal of the store that said so."""
    heard = Counter(store for store, _token in chain.world.pockets.taken.elements())
    for store in chain.running():
        if store not in chain.stores:
            continue
        store_id = store.config.store.business_unit_id
        forgotten = sum(each.is_erased for each in chain.told_by(store, JournalKind.COUPON_REDEEMED))
        noted = len(_standing(chain.journal(store))) + forgotten
        if noted < heard[store_id]:
            yield store.name, f"{heard[store_id]} coupons were taken, {noted} stand as used on disk"


def value_is_told_once(chain: Chain) -> Iterator[tuple[str, str]]:
    """I4: one journal has one standing use of a coupon that it issued, and gives points for a sale once."""
    for store in chain.running():
        records = chain.journal(store)
        used = Counter(serial for serial, _use in _standing(records) if serial)  # without: another store's paper
        if twice := sorted(serial for serial, count in used.items() if count > 1):
            yield store.name, f"{len(twice)} coupons are used twice in the journal: {_some(twice)}"
        lots = Counter(str(each.content().get("lot_id")) for each in _of(records, JournalKind.POINTS_EARNED))
        if twice := sorted(lot for lot, count in lots.items() if count > 1):
            yield store.name, f"points of {len(twice)} sales were given twice: {_some(twice)}"


def value_adds_up(chain: Chain) -> Iterator[tuple[str, str]]:
    """I4: the chain's own reconciliation of coupons, accounts and leases finds nothing."""
    yield from chain.hub.value_findings()


def _standing(records: Iterable[StoredRecord]) -> set[tuple[str, str]]:
    """Return (serial, use) of the uses that were not given back; a use whose sale is told later is the same use."""
    used: set[tuple[str, str]] = set()
    for record in _of(records, JournalKind.COUPON_REDEEMED, JournalKind.COUPON_RESTORED):
        content = record.content()
        use = str(content.get("serial")), str(content.get("use_id"))
        if record.kind == JournalKind.COUPON_RESTORED.value:
            used.discard(use)
        elif not content.get("confirms"):
            used.add(use)
    return used


def _of(records: Iterable[StoredRecord], *kinds: JournalKind) -> Iterator[StoredRecord]:
    wanted = {kind.value for kind in kinds}
    return (each for each in records if each.kind in wanted and each.payload is not None)


def _some(found: list[str]) -> str:
    return json.dumps(found[:SHOWN_MAX]) + (" ..." if len(found) > SHOWN_MAX else "")

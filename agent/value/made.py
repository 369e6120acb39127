"""Where the value room's parts meet; `agent.bootstrap` calls it with what it has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.clock import Clock, ClockJudge
from agent.config import AgentConfig
from agent.control.server import Operation
from agent.identity.floor import Push
from agent.identity.recognition import Recogniser
from agent.identity.scanning import Scanning
from agent.intake.recording import RecordMaker
from agent.journal.records import ClockQuality
from agent.offering.offering import OfferDesk
from agent.ports import Journalling
from agent.value.counter import Trouble, ValueCounter
from agent.value.room import ValueRoom
from agent.value.rules import ValueRules
from agent.value.sales_on_disk import SalesOnDisk
from agent.value.till import TillDesk
from agent.value.till_operations import TillOperations


def make_value(
    config: AgentConfig,
    *,
    sign: Ed25519PrivateKey,
    judge: ClockJudge,
    clock: Clock,
    offers: OfferDesk,
    journal: Journalling,
    maker: RecordMaker,
    publish: Callable[[Push], None],
    trouble: Trouble,
    sales: SalesOnDisk,
) -> ValueCounter:
    """Return the value room at work, its ledger still empty: core loads it from the journal before it listens."""
    rules = ValueRules(
        store=config.business_unit_id,
        own_key=sign.public_key().public_bytes_raw(),
        currency=config.store.currency,
        on_trouble=trouble,
    )
    rules.clock_is_checked = lambda: judge.quality() is ClockQuality.SYNCHRONISED
    rules.factors = offers.factors
    return ValueCounter(
        ValueRoom(rules, basket_of=offers.basket, sales=sales),
        journal=journal,
        maker=maker,
        clock=clock,
        today=offers.today,
        publish=publish,
        trouble=trouble,
    )


def till_operations(
    counter: ValueCounter, *, offers: OfferDesk, scanning: Scanning, people: Recogniser, clock: Clock
) -> Mapping[str, Operation]:
    """Return what tills may ask of core."""
    desk = TillDesk(counter.room, offers=offers, today=offers.today)
    return TillOperations(desk, counter=counter, scanning=scanning, people=people, clock=clock).table()

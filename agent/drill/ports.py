"""The chain's end of a drill, as the story needs it. `hub` contributes one through the entry point `tillstream.drill`.

Neither package imports the other: what passes here are the wire's own values, numbers and texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from random import Random
from typing import Protocol

from retail.errors import ConfigurationError
from sync.protocol.signatures import Answer, Request

ENTRY_POINT_GROUP = "tillstream.drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSale:
    """A sale that the hub has applied; `total` as it is told."""

    store_id: str
    workstation_id: str
    sequence_number: str
    business_day: str
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRecord:
    """A journal record that the hub keeps."""

    epoch: int
    branch: int
    seq: int
    kind: str
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDay:
    """What the hub tells an auditor of one lane and day; `complete` is None without a Z report."""

    store_id: str
    workstation_id: str
    business_day: str
    captured_sales: int
    captured_total: str
    share_percent: str | None
    missing_count: int
    complete: bool | None


class HubSide(Protocol):
    """A whole hub on its real storage. Nothing here waits; every method may be called between two questions."""

    @property
    def is_up(self) -> bool:
        """Whether it answers now."""
        ...

    def enrolment_code(self, store_id: str) -> str:
        """Return a new single-use code for a store."""
        ...

    def publish(self, folder: Path) -> None:
        """Import the chain's files of a folder, and the rules of value in `value.toml`; hand them to the stores."""
        ...

    def answer(self, request: Request) -> Answer:
        """Answer one question as it came. Raises ConnectionError while the hub is down."""
        ...

    def kill(self, random: Random) -> None:
        """End the process and cut the power in the middle of whatever its disk was doing; it is down until `start`."""
        ...

    def start(self) -> None:
        """Start it again on what its disk kept."""
        ...

    def cut_next_commit(self) -> None:
        """Cut the power in the middle of the next commit; the question that caused it is never answered."""
        ...

    def back_up(self) -> None:
        """Keep a copy of the database, in the place of the one before."""
        ...

    def restore(self) -> bool:
        """Go back to the last copy; False when there is none."""
        ...

    def erase(self, customer_id: str) -> tuple[str, ...]:
        """Forget a customer; return the first halves of their tokens, hexadecimal. Raises ConnectionError when down."""
        ...

    def keep_house(self) -> None:
        """Do what a hub does by itself every few minutes; nothing while it is down."""
        ...

    def speaks_of(self, customer_id: str, locators: Sequence[str]) -> Sequence[str]:
        """Return which tables and files speak of a customer; an erasure's own line does not count."""
        ...

    def erased_through(self) -> int:
        """Return the number of the last erasure."""
        ...

    def sales(self) -> Sequence[HubSale]:
        """Return every sale applied."""
        ...

    def records(self, store_id: str) -> Sequence[HubRecord]:
        """Return every record kept of a store, by epoch, branch and place."""
        ...

    def days(self) -> Sequence[HubDay]:
        """Return the completeness of every lane and day."""
        ...

    def value_findings(self) -> Sequence[tuple[str, str]]:
        """Return what does not add up of coupons, accounts and leases: about what, and why."""
        ...

    def counts(self, store_id: str) -> dict[str, int]:
        """Return the counts that the hub keeps of a store (`sales`, `forks`, ...)."""
        ...

    def parked_without_reason(self) -> int:
        """Return how many refused records bear no reason."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class OpenHub(Protocol):
    """Makes the hub's side of a drill."""

    def __call__(self, folder: Path, *, clock: Callable[[], datetime]) -> HubSide:
        """Return a hub with its state in `folder`."""
        ...


def hub_side() -> OpenHub:
    """Return what the installed hub contributes. Raises ConfigurationError when none is installed."""
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == "hub":
            found: OpenHub = entry.load()
            return found
    raise ConfigurationError(
        "no hub is installed to drill with", fix="reinstall tillstream (from a clone: make setup)", code="no_hub"
    )

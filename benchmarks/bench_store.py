"""A whole store for benchmarks: enrolled, with customers and campaigns, at free ports of loopback."""

from __future__ import annotations

import json
import random
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import harness  # noqa: F401 - puts the product on the path

from agent.config import load_config
from agent.keys import FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from sync.enrolled import Enrolled
from sync.mirror import MirrorVersion, write_current
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot
from sync.protocol.tokens import CodeKind, normalise, token_of

PEPPER = bytes(32)
SNAPSHOT = "snapshot-1"
KEPT_FROM = 1_000_000  # customers; a smaller snapshot is made in seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchStore:
    """Where everything is."""

    config: Path
    state: StateDir
    tap_ports: list[int]
    printer_ports: list[int]
    desk_port: int
    cards: list[str]


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody holds."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def card_of(number: int) -> str:
    """Return a member card's number, an EAN-13 beginning with 29."""
    digits = f"29{number:010d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-weighted % 10)


def make_store(folder: Path, *, workstations: int, customers: int, campaigns: int, members: int = 0) -> BenchStore:
    """Write configuration, enrolment, mirror and campaigns; nothing runs yet.

    `members` of the customers have cards that can be scanned (one a workstation unless told); a token takes 12 ms.
    """
    ports = free_ports(2 * workstations + 1)
    taps, printers, desk = ports[:workstations], ports[workstations:-1], ports[-1]
    config = folder / "agent.toml"
    config.write_text(_config(taps, printers, desk), "utf-8")
    state = StateDir(load_config(config).agent.state_dir)
    state.create()
    load_or_create_keys(FileSecrets.of(state.keys, {}))
    cards = [card_of(number) for number in range(max(members, workstations))]
    overlays: tuple[str, ...] = ()
    if customers < KEPT_FROM:
        write_mirror(state, cards, customers)
    else:
        _fetch_mirror(state, customers)
        overlays = (_write_members(state, cards),)
    current = MirrorVersion(version=1, as_of=datetime.now(UTC), snapshot=SNAPSHOT, overlays=overlays)
    write_current(state.mirror, current)
    (state.mirror / "campaigns.json").write_text(
        json.dumps([_campaign(number) for number in range(campaigns)]), "utf-8"
    )
    _enrol(state)
    return BenchStore(config=config, state=state, tap_ports=taps, printer_ports=printers, desk_port=desk, cards=cards)


def _config(taps: list[int], printers: list[int], desk: int) -> str:
    head = f"""
[store]
business_unit_id = "7781"
name = "Corner shop"
country = "DE"
language = "en"
timezone = "Europe/Berlin"
currency = "EUR"
print_profile = "appendix"
[codes]
member = ["ean13:29"]
product = ["ean13"]
[agent]
state_dir = "state"
[desk]
listen = "127.0.0.1:{desk}"
"""
    lanes = [
        f'[[workstation]]\nid = "{number}"\n[workstation.tap]\nlisten = "127.0.0.1:{tap}"\n'
        f'printer = "tcp://127.0.0.1:{printer}"\n'
        for number, (tap, printer) in enumerate(zip(taps, printers, strict=True), start=1)
    ]
    return head + "\n".join(lanes)


def _fetch_mirror(state: StateDir, customers: int) -> None:
    """Take a large snapshot of strangers from the last run, or make it and keep it: it takes minutes."""
    kept = Path(tempfile.gettempdir()) / f"tillstream-bench-{customers}.snapshot"
    if not kept.exists():
        write_mirror(state, [], customers)
        shutil.copyfile(state.mirror / SNAPSHOT, kept.with_suffix(".part"))
        kept.with_suffix(".part").replace(kept)
    else:
        (state.mirror / SNAPSHOT).symlink_to(kept)


def _write_members(state: StateDir, cards: list[str]) -> str:
    """Write our members as a night's change brings them, and return the overlay's name."""
    entries = sorted(_members(cards, PEPPER).items(), key=lambda entry: entry[0])
    write_snapshot(state.mirror / "overlay-1", iter(entries), count=len(entries), chain="chain", version=1)
    return "overlay-1"


def _members(cards: list[str], pepper: bytes) -> dict[bytes, MirrorRecord]:
    return {
        token_of(normalise(card, CodeKind.CARD), pepper): MirrorRecord(
            customer_id=f"member-{number}", first_name="Katharina", language="en", segments={"best": None}
        )
        for number, card in enumerate(cards)
    }


def write_mirror(state: StateDir, cards: list[str], customers: int, *, pepper: bytes = PEPPER) -> None:
    """Write a snapshot of synthetic tokens with the real ones of our cards among them."""
    members = _members(cards, pepper)
    numbers = random.Random(20261121)
    strangers = (numbers.randbytes(32) for _ in range(customers - len(members)))
    tokens = sorted([*members, *strangers])

    def entries() -> Iterator[tuple[bytes, MirrorRecord]]:
        for number, token in enumerate(tokens):
            yield token, members.get(token) or MirrorRecord(customer_id=f"{number:08d}", first_name="Jo", language="en")

    write_snapshot(state.mirror / SNAPSHOT, entries(), count=len(tokens), chain="chain", version=1)


def _campaign(number: int) -> dict[str, object]:
    """Return a campaign; the first is for our members, the others for segments they are not in."""
    return {
        "id": f"campaign-{number}",
        "who": "best" if number == 0 else f"segment-{number} and not employee",
        "where": ["receipt", "cashier"],
        "starts": "2020-01-01",
        "ends": "2099-12-31",
        "benefit": {"kind": "percent", "value": "15"},
        "coupon": {"valid_days": 14},
        "text": {"en": {"receipt": "{{ first_name }}, 15 % off your next coffee", "cashier": "15 % off coffee"}},
    }


def _enrol(state: StateDir) -> None:
    enrolled = Enrolled(
        hub_url="http://127.0.0.1:1",
        tenant="chain",
        store="7781",
        agent="agent-1",
        epoch=1,
        hub_key=bytes(32),
        feed_key=bytes(32),
        pepper=PEPPER,
    )
    (state.keys / "enrolled.json").write_text(enrolled.to_json(), "utf-8")

"""Stores that are broken in one place each, and which check of `tillstream doctor` is to say so."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.upkeep.checks import chain, lanes, machine, store
from agent.upkeep.health import Check
from tests.agent.upkeep.shop_at_rest import CONFIG, NOW, Shop, free_port


def written_by_all(shop: Shop) -> None:
    shop.patient()
    (shop.folder / "agent.toml").chmod(0o666)


def state_open(shop: Shop) -> None:
    shop.state.root.chmod(0o755)


def key_readable(shop: Shop) -> None:
    next(shop.state.keys.iterdir()).chmod(0o644)


def journal_garbled(shop: Shop) -> None:
    shop.state.journal.write_bytes(b"no database at all" * 1000)


def journal_broken_before(shop: Shop) -> None:
    (shop.state.root / "journal.db.broken-20261101T000000Z").write_bytes(b"")


def backup_old(shop: Shop) -> None:
    (copy := shop.state.backups / "journal-1.db").write_bytes(b"")
    os.utime(copy, (NOW.timestamp() - 10 * 86_400,) * 2)


def restarting(shop: Shop) -> None:
    shop.state.supervisor_state.write_text(json.dumps({"children": [{"name": "core", "starts": 40}]}))


def printer_gone(shop: Shop) -> None:
    shop.printer = free_port()


def port_held(shop: Shop) -> None:
    shop.listen = shop.hub


def no_lane(shop: Shop) -> None:
    shop.text = shop.text[: shop.text.index("[[workstation]]")]


def scanner_unplugged(shop: Shop) -> None:
    shop.text += '[[workstation.scanner]]\nport = "serial:///dev/ttyNobody7"\n'


def job_in_spool(shop: Shop) -> None:
    (folder := shop.state.spools / "1").mkdir(parents=True)
    (folder / "job.sealed").write_bytes(b"x")
    os.utime(folder / "job.sealed", (NOW.timestamp() - 3600,) * 2)


def printing_off(shop: Shop) -> None:
    shop.text = shop.text.replace("separate_slip", "off")


def hub_misspelt(shop: Shop) -> None:
    shop.text = shop.text.replace("http://127.0.0.1:{hub}", "http://hub.invalid")


def hub_silent(shop: Shop) -> None:
    shop.hub = free_port()


def hub_not_http(shop: Shop) -> None:
    shop.hub = shop.printer


def hub_without_tls(shop: Shop) -> None:
    shop.text = shop.text.replace("http://127", "https://127")


def no_hub(shop: Shop) -> None:
    shop.text = shop.text.replace('[hub]\nurl = "http://127.0.0.1:{hub}"\n', "")


def credential_refused(shop: Shop) -> None:
    shop.desk(last_error="nobody here knows this key", last_error_code="unknown_key")


def far_behind(shop: Shop) -> None:
    shop.desk(backlog=50_000)


def records_parked(shop: Shop) -> None:
    shop.desk(parked=3)


def clock_of_1970(shop: Shop) -> None:
    shop.now = datetime(1970, 1, 1, tzinfo=UTC)


def cloned_to_a_second_shop(shop: Shop) -> None:
    shop.text = CONFIG.replace("7781", "4711")


def enrolment_garbled(shop: Shop) -> None:
    (shop.state.keys / "enrolled.json").write_text("{")


def never_enrolled(shop: Shop) -> None:
    (shop.state.keys / "enrolled.json").unlink()


def proxy_away(shop: Shop) -> None:
    shop.environment = {"HTTPS_PROXY": "http://127.0.0.1:1"}


BROKEN: list[tuple[Callable[[Shop], None], str]] = [
    (written_by_all, "configuration"),
    (state_open, "state_dir"),
    (key_readable, "keys"),
    (journal_garbled, "journal"),
    (journal_broken_before, "journal_set_aside"),
    (backup_old, "backup"),
    (restarting, "restarts"),
    (printer_gone, "printer_1"),
    (port_held, "port_1"),
    (no_lane, "lanes"),
    (scanner_unplugged, "device_1_0"),
    (job_in_spool, "spool"),
    (job_in_spool, "spool_growing"),
    (printing_off, "print_profile"),
    (hub_misspelt, "dns"),
    (hub_silent, "hub_reachable"),
    (hub_not_http, "hub_answers"),
    (hub_without_tls, "tls"),
    (no_hub, "hub_url"),
    (credential_refused, "credential"),
    (far_behind, "backlog"),
    (records_parked, "parked"),
    (clock_of_1970, "clock"),
    (cloned_to_a_second_shop, "enrolled"),
    (enrolment_garbled, "enrolled"),
    (never_enrolled, "enrolled"),
    (proxy_away, "proxy"),
]

Look = Callable[[Shop, dict[str, Any]], Check]

TOLD: list[tuple[str, Look, dict[str, Any], dict[str, Any]]] = [
    (
        "core",
        lambda _, told: store.running("core", told, start_it="tillstream agent run"),
        {"state": "running"},
        {"state": "stopped"},
    ),
    (
        "desk",
        lambda _, told: store.running("desk", told, start_it="tillstream agent run"),
        {"state": "running"},
        {"state": "starting"},
    ),
    (
        "tap_1",
        lambda shop, told: lanes.tap(shop.patient().config.workstation[0], [told], start_it="tillstream agent run"),
        {"workstation_id": "1", "connected": True},
        {"workstation_id": "1", "connected": False},
    ),
    (
        "hub",
        lambda shop, told: chain.contact(shop.patient(), told),
        {"last_contact": NOW.isoformat()},
        {"last_contact": (NOW - timedelta(days=3)).isoformat()},
    ),
    ("mirror", lambda _, told: chain.mirror(told), {"mirror": {"age_s": 60.0}}, {"mirror": {"age_s": 3 * 86_400.0}}),
    (
        "troubles",
        lambda _, told: store.troubles(told),
        {},
        {"troubles": [{"message": "the printer of lane 1 has no paper", "fix": "put in a roll"}]},
    ),
    ("service", lambda _, told: machine.watchdog(told["is-enabled"]), {"is-enabled": None}, {"is-enabled": "disabled"}),
    ("sqlite", lambda _, told: store.library(told["is"]), {"is": (3, 51, 3)}, {"is": (3, 40, 1)}),
]

SMALL_DISKS = [("size=4m", "disk"), ("nr_inodes=40", "inodes"), ("size=600m", "file_system")]  # options of a tmpfs

# Each has a test of its own in this folder: a printer or hub that answers, a journal full of parked receipts, a core
# that grew, receipts on a wrong code page, files of another user.
PROVOKED_BY_THEMSELVES = ["printer_state_1", "clock_hub", "reading", "core_memory", "memory", "code_page_1", "owner"]

"""A machine broken in one place has one more failing check, and its fix says what to type."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.journal.batch import Batch
from agent.journal.records import ClockQuality, NewRecord, canonical_json
from agent.keys import FileSecrets
from agent.upkeep import checks
from agent.upkeep.checks import lanes, machine
from agent.upkeep.checks import store as store_checks
from agent.upkeep.health import Patient, walk_to_hub
from agent.upkeep.patient import environment_of
from agent.upkeep.support_bundle import without_persons, write_bundle
from retail.errors import OnSiteError
from tests.agent.upkeep.broken_stores import (
    BROKEN,
    PROVOKED_BY_THEMSELVES,
    SMALL_DISKS,
    TOLD,
    Look,
    backup_old,
    credential_refused,
    key_readable,
    state_open,
    written_by_all,
)
from tests.agent.upkeep.shop_at_rest import NOW, Shop, http, open_journal, served


def test_a_store_at_rest_fails_only_in_what_does_not_run(shop: Shop) -> None:
    checks = shop.checks()
    assert {name for name, check in checks.items() if not check.ok} <= {
        *("core", "desk", "tap_1"),
        *("clock", "program", "service", "disk", "file_system"),  # what the machine of the test is like
    }
    assert len(checks) >= 30
    assert all(check.fix for check in checks.values() if not check.ok)


@pytest.mark.parametrize(
    ("break_it", "check"),
    BROKEN,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_fault_is_named_with_its_fix(shop: Shop, break_it: Callable[[Shop], None], check: str) -> None:
    before = shop.checks().get(check)
    break_it(shop)
    found = shop.checks()[check]
    assert before is None or before.ok or check == "clock"
    assert not found.ok
    assert found.fix


def state_missing(shop: Shop) -> None:
    shutil.rmtree(shop.state.root)


def state_read_only(shop: Shop) -> None:
    """Mount the folder over itself, for writing by nobody: what a disk with errors does to itself."""
    for words in ("--bind", "-o remount,bind,ro"):
        command = ["mount", *words.split(), shop.state.root, shop.state.root]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this container may not mount")


def a_file_in_its_place(shop: Shop) -> None:
    state_missing(shop)
    shop.state.root.write_text("a note of somebody's")


def files_of_root(shop: Shop) -> None:
    os.chown(shop.state.journal, 4711, 4711)


@pytest.mark.parametrize(
    ("break_it", "check"),
    [
        (written_by_all, "configuration"),
        (state_open, "state_dir"),
        (state_missing, "state_dir"),
        pytest.param(
            state_read_only, "state_dir", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
        ),
        (key_readable, "keys"),
        pytest.param(
            files_of_root, "owner", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fix_that_is_typed_as_it_stands_mends(shop: Shop, break_it: Callable[[Shop], None], check: str) -> None:
    shop.checks()
    break_it(shop)
    found = shop.checks()[check]
    assert not found.ok
    command = str(found.fix).rpartition("; then ")[2].removeprefix("sudo ")
    try:
        subprocess.run(["sh", "-ec", command], check=True, capture_output=True)
        assert shop.checks()[check].ok
    finally:
        subprocess.run(["umount", "-q", shop.state.root], capture_output=True, check=False)


def test_a_file_where_the_state_folder_should_be_is_put_aside_and_the_folder_made(shop: Shop) -> None:
    shop.checks()
    a_file_in_its_place(shop)
    aside = str(shop.checks()["state_dir"].fix)
    command = aside[aside.index("mv ") : aside.index(", then")]
    subprocess.run(["sh", "-ec", command], check=True, capture_output=True)
    subprocess.run(["sh", "-ec", str(shop.checks()["state_dir"].fix)], check=True, capture_output=True)
    assert shop.checks()["state_dir"].ok
    assert (shop.folder / "state.old").read_text() == "a note of somebody's"


def test_a_fix_that_is_a_command_of_ours_names_this_installation(shop: Shop) -> None:
    backup_old(shop)
    assert str(shop.checks()["backup"].fix).startswith(f"tillstream journal backup --config {shop.folder}/agent.toml;")
    credential_refused(shop)
    fix = str(shop.checks()["credential"].fix)
    assert "hub enrol-code --store 7781" in fix
    assert f"agent enrol --config {shop.folder}/agent.toml --code" in fix


def test_a_store_that_is_stopped_is_not_told_that_it_was_never_fed_and_never_reached_its_hub(shop: Shop) -> None:
    checks = shop.checks()
    assert not {"core", "desk"} & {name for name, check in checks.items() if check.ok}
    assert not {"hub", "mirror"} & checks.keys()
    shop.desk(last_contact=None)
    assert not shop.checks()["hub"].ok


def test_a_state_folder_that_is_missing_is_one_fault_and_not_the_disks(shop: Shop) -> None:
    state_missing(shop)
    checks = shop.checks()
    assert not checks["state_dir"].ok
    assert "owner" not in checks
    assert "MiB free" in str(checks["disk"].what)


@pytest.mark.parametrize(
    ("answer", "said"), [(b"\x16\x7e", "paper"), (b"\x1a\x12", "offline"), (b"HTTP/1.1", "no ESC/POS")]
)
def test_a_printer_that_answers_is_heard(shop: Shop, answer: bytes, said: str) -> None:
    with served(answer) as port:
        shop.printer = port
        found = lanes.printer_speaks(shop.patient().config.workstation[0], is_running=False)
    assert found is not None
    assert not found.ok
    assert said in str(found.what)


def test_a_hub_an_hour_away_is_a_clock_to_set(shop: Shop) -> None:
    with served(http(NOW - timedelta(hours=1))) as port:
        shop.hub = port
        found = walk_to_hub(shop.patient())[-1]
    assert (found.id, found.ok) == ("clock_hub", False)
    assert "timedatectl" in str(found.fix)


def test_the_proxy_of_the_service_is_known_from_its_unit() -> None:
    told = 'TILLSTREAM_CONFIG=/etc/tillstream/agent.toml "HTTPS_PROXY=http://proxy.example:3128" LANG=\n'
    assert environment_of(told)["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert environment_of('"torn') == {}


def test_a_till_that_is_not_understood_is_found(shop: Shop) -> None:
    parked = NewRecord(
        kind="document.parked",
        payload=canonical_json({"reason": "no_amounts"}),
        workstation_id="1",
        occurred_at=NOW,
        clock_quality=ClockQuality.UNKNOWN,
        business_day=NOW.date(),
    )
    store = open_journal(shop)
    store.append([Batch(records=(parked,) * 30)])
    store.close()
    found = store_checks.reading(shop.patient())
    assert not found.ok
    assert "learn" in str(found.fix)


def test_core_that_grew_and_core_that_still_reads_are_told(shop: Shop) -> None:
    patient = shop.patient()
    grown = {"core": {"state": "running", "rss_bytes": 10**9, "memory_complete": False, "started_at": NOW.isoformat()}}
    patient = Patient(config=patient.config, state=patient.state, environment={}, now=NOW, status=grown)
    assert not machine.memory(patient).ok
    assert not store_checks.since_start(patient).ok


@pytest.mark.parametrize(("check", "look", "well", "ill"), TOLD, ids=[check for check, *_ in TOLD])
def test_what_programs_tell_is_judged(
    shop: Shop, check: str, look: Look, well: dict[str, Any], ill: dict[str, Any]
) -> None:
    assert look(shop, well).ok
    found = look(shop, ill)
    assert (found.id, found.ok) == (check, False)
    assert found.fix


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
@pytest.mark.parametrize(("options", "check"), SMALL_DISKS, ids=[check for _, check in SMALL_DISKS])
def test_a_disk_that_is_too_small_or_none_is_found(shop: Shop, options: str, check: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "tillstream", shop.state.root]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount")
    try:
        found = shop.checks()[check]
        assert not found.ok
        assert found.fix
    finally:
        subprocess.run(["umount", shop.state.root], check=True)


def test_every_check_there_is_was_provoked() -> None:
    written = "".join(path.read_text("utf-8") for path in Path(checks.__file__).parent.glob("*.py"))
    there = set(re.findall(r'id=f?"([a-z_]+?)_?(?:\{workstation\.id\})?"', written))
    provoked = [check for _, check in BROKEN + SMALL_DISKS] + [check for check, *_ in TOLD] + PROVOKED_BY_THEMSELVES
    without_lane = {re.sub(r"_1(_0)?$", "", check) for check in provoked}
    assert there == without_lane - {"core", "desk", "device"}  # these three are named by a variable
    assert len(provoked) >= 30


def test_a_bundle_for_support_holds_no_card_no_person_and_no_secret(shop: Shop, tmp_path: Path) -> None:
    """The canary's number stands in the log-like files, the configuration and a file's own text."""
    shop.text = shop.text.replace(
        "[agent]",
        '# terminal 4111 1111 1111 1111, anna@example.org, token = "hunter2x", Ms Winterbottom pw=geheim\n[agent]',
    )
    (shop.state.root / "large").touch()
    os.truncate(shop.state.root / "large", 3 * 10**10)
    shop.state.supervisor_state.write_text('{"children": [], "note": "5500005555555559 +49 30 901820-77"}')
    patient = shop.patient()
    names = write_bundle(patient, tmp_path / "bundle.tar.gz")
    assert {"doctor.json", "agent.toml", "journal.json", "versions.json", "log.txt"} <= set(names)
    with tarfile.open(tmp_path / "bundle.tar.gz") as archive:
        packed = {Path(name).name: archive.extractfile(name).read().decode() for name in archive.getnames()}
    text = "".join(packed.values())
    assert all(json.loads(said) for name, said in packed.items() if name.endswith(".json"))
    assert json.loads(packed["files.json"])["large"] == 28_610.229  # MiB
    key = FileSecrets.of(shop.state.keys, {}).read("journal.key")
    for secret in (
        "4111",
        "hunter2x",
        "Winterbottom",
        "geheim",
        "5500005555555559",
        "901820",
        "anna@",
        key.hex() if key else "?",
    ):
        assert secret not in text
    assert "business_unit_id" in text
    with pytest.raises(OnSiteError):
        write_bundle(patient, tmp_path / "bundle.tar.gz")


@pytest.mark.parametrize(
    "kept", ["2026-11-22T09:00:00.123456+00:00", "127.0.0.1:9100", "started 40 times", "version 3.51.3", "15 ms"]
)
def test_what_support_needs_is_kept(kept: str) -> None:
    assert without_persons(kept) == kept

"""`tillstream hub …` as a person and a script use it."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from hub.__main__ import app
from hub.bootstrap import open_hub
from hub.config import HubConfig, load_config
from retail.errors import ConfigurationError, OnSiteError

ROOT = Path(__file__).resolve().parents[2]


def invoke(*arguments: object):
    return CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)


def test_a_code_is_told_once_to_a_person_and_to_a_program(tmp_path):
    told = invoke("enrol-code", "--store", "7781", "--state-dir", tmp_path)
    assert "for store 7781, once" in told.stdout
    as_json = json.loads(invoke("enrol-code", "--store", "7781", "--state-dir", tmp_path, "--json").stdout)
    assert as_json["store"] == "7781"
    assert len(as_json["code"]) == 23


def test_stores_are_listed_even_when_there_are_none(tmp_path):
    assert "enrol-code" in invoke("stores", "--state-dir", tmp_path).stdout
    invoke("enrol-code", "--store", "7781", "--name", "Corner", "--state-dir", tmp_path)
    (line,) = json.loads(invoke("stores", "--state-dir", tmp_path, "--json").stdout)["stores"]
    assert (line["store_id"], line["name"], line["sales"]) == ("7781", "Corner", 0)


def test_what_is_done_on_the_hubs_machine_stands_in_its_log_and_names_no_customer(tmp_path, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "anna")
    (tmp_path / "customers.csv").write_text("customer_id,first_name\nc-17,Ada\n")
    (tmp_path / "bundle.json").write_text("{}")
    for words in (
        "enrol-code --store 7781",
        f"import {tmp_path}/customers.csv",
        "place --store 7781 --region north",
        f"bundle {tmp_path}/bundle.json --region north",
        "rings --assign",
        "value",
        "wallet-secret tsw1:12345678",
        "stop printing --chain",
        "erase --customer c-17 --yes",
    ):
        assert invoke(*words.split(), "--state-dir", tmp_path / "hub").exit_code == 0, words
    log = json.loads(invoke("audit", "--state-dir", tmp_path / "hub", "--json").stdout)
    did = [each["did"] for each in log["entries"]]
    assert did == [
        "code.made", "file.imported", "store.placed", "bundle.published", "rings.assigned", "value.published",
        "wallet.secret_shown", "stop.pressed", "erased",
    ]  # fmt: skip
    assert {each["who"].partition(" as ")[0] for each in log["entries"]} == {"anna"}
    assert not any(word in json.dumps(log) for word in ("c-17", "Ada", "12345678"))


def test_a_stores_line_tells_what_the_fleets_page_tells(tmp_path):
    hub = open_hub(HubConfig(state_dir=tmp_path))
    health = {"backlog_age_s": 3600, "held_p99_ms": 31, "documents": 50, "captured_percent": 97, "disk_free_mb": 9_000}
    with hub.database.writing() as session:
        store = {"tenant_id": "main", "store_id": "7781", "now": datetime.now(UTC).isoformat()}
        session.run("put_store", **store, name="Corner")
        session.run(
            "report_store", **store, feed_cursor="c", erased_through=0, mirror_version=1, campaigns_version=1,
            backlog_records=7, parked_records=2, program="tillstream 1.0", health=json.dumps(health), feed_refused="[]",
        )  # fmt: skip
    hub.close()
    (line,) = json.loads(invoke("stores", "--state-dir", tmp_path, "--json").stdout)["stores"]
    assert health.items() - {("documents", 50)} <= line.items()
    assert (line["reading_percent"], line["troubles"]) == (100, ["parked", "incomplete"])
    said = invoke("stores", "--state-dir", tmp_path).stdout
    for told in (
        *("7781: parked incomplete; tillstream 1.0", "7 records wait for 60 min, 2 parked", "print delay 31 ms"),
        *("read 100 %", "captured 97 %", "free 9000 MB"),
    ):
        assert told in said


def test_rings_are_asked_for_by_their_own_name_too(tmp_path):
    invoke("enrol-code", "--store", "7781", "--state-dir", tmp_path)
    assert invoke("rings", "--state-dir", tmp_path).stdout == invoke("release", "rings", "--state-dir", tmp_path).stdout


def test_a_store_id_that_cannot_be_one_is_refused(tmp_path):
    with pytest.raises(ConfigurationError):
        invoke("enrol-code", "--store", "../etc", "--state-dir", tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[hub]\nlisten_on = 'x'", "hub.listen"),
        ("[hbu]\n", "hub"),
        ("[hub]\nlisten = 8080", "no text"),
        ("[hub]\nlisten = 'nowhere'", "HOST:PORT"),
        ("[hub]\nlisten = '127.0.0.1:\u00b2'", "HOST:PORT"),
        ("[hub]\nlisten = '127.0.0.1:65536'", "HOST:PORT"),
        ("[hub]\npages = 'some'", "local"),
        ("[hub\n", "TOML"),
    ],
)
def test_a_mistyped_setting_is_named_with_the_nearest(tmp_path, text, named):
    path = tmp_path / "hub.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=named):
        load_config(path)


def test_a_relative_state_folder_is_beside_its_file(tmp_path):
    path = tmp_path / "hub.toml"
    path.write_text('[hub]\nstate_dir = "state"\n')
    assert load_config(path).state_dir == tmp_path / "state"
    assert load_config(path, state_dir=Path("/elsewhere")).state_dir == Path("/elsewhere")


@pytest.mark.real
def test_a_hub_listens_says_where_and_ends_when_told(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "run", "--state-dir", str(tmp_path), "--listen", "127.0.0.1:0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        told = json.loads(process.stdout.readline())
        assert httpx.get(told["listening"] + "/healthz").json() == {"ok": True}
        in_use = subprocess.run(
            [
                *(sys.executable, "-m", "agent", "hub", "run", "--state-dir", str(tmp_path / "other"), "--json"),
                *("--listen", told["listening"].removeprefix("http://")),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
        )
        assert in_use.returncode == 2
        assert json.loads(in_use.stderr)["code"] == "listen"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


@pytest.mark.real
def test_keys_and_database_are_for_the_hubs_user_alone(tmp_path):
    invoke("enrol-code", "--store", "7781", "--state-dir", tmp_path / "hub")
    for path in (tmp_path / "hub" / "keys").rglob("*.key"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (tmp_path / "hub").stat().st_mode & 0o077 == 0


def test_an_import_of_which_nothing_could_be_taken_ends_with_1_and_says_why(tmp_path):
    file = tmp_path / "segments.csv"
    file.write_text("customer_id,segment,valid_until\nnobody,best,2026-12-31\n")
    answer = invoke("import", file, "--state-dir", tmp_path / "hub", "--json")
    assert answer.exit_code == 1
    (told,) = json.loads(answer.stdout)["files"]
    assert (told["rows"], told["rejected"]) == (1, 1)
    assert told["reasons"]


@pytest.mark.parametrize(("typed", "meant"), [("users", "people"), ("codes", "enrol-code"), ("ring", "rings")])
def test_a_command_under_another_name_leads_to_the_one_that_is_meant(typed, meant):
    done = invoke(typed)
    assert done.exit_code == 2
    assert f"Did you mean {meant!r}?" in done.output


def test_a_role_that_is_none_is_told_before_a_password_is_asked_for(tmp_path):
    with pytest.raises(ConfigurationError, match="'kning' is no role"):
        invoke("people", "add", "anna", "--role", "kning", "--state-dir", tmp_path)


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OnSiteError) as told:
        invoke("stores", "--state-dir", tmp_path / "file" / "hub")
    assert "--state-dir" in told.value.fix


def test_keys_that_are_elsewhere_are_told_without_the_systems_own_words(tmp_path):
    invoke("release", "init", "--repository", tmp_path / "releases", "--keys", tmp_path / "keys")
    words = ("release", "refresh", "--repository", tmp_path / "releases", "--keys")
    with pytest.raises(ConfigurationError, match=r"online\.pem cannot be read: No such file or directory$"):
        invoke(*words, tmp_path / "elsewhere")
    (tmp_path / "keys" / "online.pem").write_text("scribbled over")
    with pytest.raises(ConfigurationError, match="is no key"):
        invoke(*words, tmp_path / "keys")

"""Somebody is told when a store falls ill and when it is well again: once each, also when the web hook was away."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hub.config import HubConfig, load_config
from hub.feed.upkeep import FeedUpkeep
from hub.fleet_watch import FleetWatch
from retail.errors import ConfigurationError, TryAgainError

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Chat:
    """Takes messages, or is away."""

    def __init__(self) -> None:
        self.told, self.away = [], False

    def __call__(self, message) -> None:
        if self.away:
            raise TryAgainError("nobody takes the alarm")
        self.told.append(message)


@pytest.fixture
def chat():
    return Chat()


@pytest.fixture
def watch(hub_disk, chat):
    with hub_disk.database.writing() as session:
        session.run("put_tenant", tenant_id="main", country="DE", now=NOW.isoformat())
        for store_id in ("7781", "7782"):
            session.run("put_store", tenant_id="main", store_id=store_id, name="", now=NOW.isoformat())
    return FleetWatch(hub_disk.database, "main", chat)


def heard(watch, store_id, at, **health):
    with watch.database.writing() as session:
        session.run(
            "report_store",
            tenant_id="main",
            store_id=store_id,
            now=at.isoformat(),
            feed_cursor="",
            erased_through=0,
            mirror_version=None,
            campaigns_version=None,
            backlog_records=0,
            parked_records=0,
            program="tillstream 1",
            health=json.dumps(health),
            feed_refused="[]",
        )


def test_a_store_that_falls_silent_is_told_once_and_once_that_it_is_back(watch, chat):
    assert not watch.look(now=NOW, through=0)
    heard(watch, "7781", NOW)
    assert not watch.look(now=NOW, through=0)
    later = NOW + timedelta(hours=1)
    watch.look(now=later, through=0)
    watch.look(now=later, through=0)
    heard(watch, "7781", later)
    watch.look(now=later, through=0)
    assert [message["changes"] for message in chat.told] == [
        [{"store_id": "7781", "trouble": "silent", "over": False}],
        [{"store_id": "7781", "trouble": "silent", "over": True}],
    ]
    assert chat.told[0]["text"] == "7781: silent; 1 stores are in trouble now"


def test_what_could_not_be_told_is_told_at_the_next_look(watch, chat):
    heard(watch, "7781", NOW, spooled_jobs=3)
    chat.away = True
    with pytest.raises(TryAgainError):
        watch.look(now=NOW, through=0)
    chat.away = False
    assert [each.trouble for each in watch.look(now=NOW, through=0)] == ["spooled"]


def test_a_chain_that_goes_dark_is_one_message(watch, chat):
    for store_id in ("7781", "7782"):
        heard(watch, store_id, NOW)
    watch.look(now=NOW + timedelta(hours=1), through=0)
    assert [len(message["changes"]) for message in chat.told] == [2]


@pytest.mark.parametrize("address", ["http://chat.example/hook", "ftp://chat.example", "chat.example", "https://"])
def test_an_address_that_would_carry_it_in_clear_is_refused_at_the_start(tmp_path, address):
    (tmp_path / "hub.toml").write_text(f'[alerts]\nwebhook = "{address}"\n')
    with pytest.raises(ConfigurationError, match=r"alerts\.webhook"):
        load_config(tmp_path / "hub.toml")


@contextmanager
def hook():
    """Serve a web hook on this machine; yields its address and what it was told."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", told
    finally:
        server.shutdown()
        server.server_close()


def test_a_hub_that_serves_tells_by_itself(tmp_path):
    from hub.bootstrap import open_hub

    with hook() as (address, told):
        clock = [NOW]
        hub = open_hub(HubConfig(state_dir=tmp_path / "hub", alert_webhook=address), clock=lambda: clock[0])
        try:
            hub.registry.issue_code("main", "7781", name="", now=NOW)
            with hub.database.writing() as session:
                session.run("touch_store", tenant_id="main", store_id="7781", now=NOW.isoformat())
            clock[0] += timedelta(hours=1)
            FeedUpkeep(hub, told=print).turn()
        finally:
            hub.close()
    assert [message["changes"] for message in told] == [[{"store_id": "7781", "trouble": "silent", "over": False}]]

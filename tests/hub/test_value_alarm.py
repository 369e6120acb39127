"""What does not add up is told to whoever the chain has named; a store that there is not is granted nothing."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.__main__ import app
from hub.alarm import raise_alarm
from retail.errors import ConfigurationError, RefusedError
from tests.hub.test_value import NOW, chain, tell, used


def test_what_does_not_add_up_is_told_to_the_address_that_the_chain_names(tmp_path: Path):
    taken: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with chain(tmp_path / "hub") as (hub, _service):
        tell(hub, "7781", used("AAAA", "scan/1"), used("AAAA", "scan/2"))
    config = tmp_path / "hub.toml"
    config.write_text('[chain]\ntenant = "chain"\ncountry = "DE"\n', "utf-8")
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        named = ["--config", str(config), "--state-dir", str(tmp_path / "hub"), "--alarm", url]
        told = CliRunner().invoke(app, ["reconcile", *named])
        thread.join(30)
    assert told.exit_code == 1, told.output
    assert [each["finding"] for each in taken[0]["findings"]] == ["coupon_used_twice"]
    assert taken[0]["text"].startswith("value does not add up")


def test_an_alarm_is_not_sent_in_clear(tmp_path: Path):
    with pytest.raises(ConfigurationError):
        raise_alarm("http://chat.example/hook", {"text": "x"})


@pytest.mark.parametrize("address", ["http://chat.example/hook", "ftp://chat.example", "chat.example", "https://"])
def test_an_address_that_cannot_be_used_is_refused_before_it_is_needed(tmp_path: Path, address: str):
    with chain(tmp_path / "hub"):
        pass
    config = tmp_path / "hub.toml"
    config.write_text('[chain]\ntenant = "chain"\ncountry = "DE"\n', "utf-8")
    named = ["--config", str(config), "--state-dir", str(tmp_path / "hub"), "--alarm", address]
    told = CliRunner().invoke(app, ["reconcile", *named])
    assert isinstance(told.exception, ConfigurationError)
    assert told.output == ""


def test_a_store_that_there_is_not_is_granted_neither_points_nor_coupons(tmp_path: Path):
    with chain(tmp_path) as (_hub, service):
        with pytest.raises(RefusedError, match="no store '7718'"):
            service.lend("chain", account="c-1", store_id="7718", points=400, days=1, now=NOW)
        with pytest.raises(RefusedError, match="no store '7718'"):
            service.lend_coupon("chain", serial="abcd-efgh-ijklm", store_id="7718", days=2, now=NOW)
        assert service.lend("chain", account="c-1", store_id="7781", points=999, days=1, now=NOW)["points"] == 999

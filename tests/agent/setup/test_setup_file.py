"""What setup leaves alone in an agent.toml, and what it asks for where one is unfinished."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.setup import app as setup_app
from agent.config import PrintProfile, load_config, parse_config
from agent.setup.writing import changed
from retail.errors import ConfigurationError

FILE = """# the shop's own words
[store]
business_unit_id = "7781"   # never change
timezone = "Europe/Berlin"
currency = "EUR"

[codes]
member = ["ean13:29"]  # theirs

[[workstation]]
id = "1"
[workstation.tap]
listen = "0.0.0.0:9100"
printer = "tcp://192.0.2.10:9100"  # under the counter
allow = ["192.0.2.0/24"]

[[workstation]]
id = "2"
"""


def test_only_what_changed_is_changed_in_a_file() -> None:
    tap = {"listen": "0.0.0.0:9100", "printer": "tcp://192.0.2.10:9100"}
    store = {"store": {"business_unit_id": "7781", "currency": "EUR"}, "hub": {"url": None}}
    assert changed(FILE, sections=store, workstation={"id": "1"}, tap=tap, scanners=[]) == FILE
    text = changed(
        FILE, sections={"store": {"currency": "CHF"}, "hub": {"url": "https://hub.example"}}, workstation={"id": "1"},
        tap={**tap, "printer": "tcp://192.0.2.11:9100", "model": "TM-T20III"}, scanners=[{"port": "serial:///dev/ttyACM0"}],
    )  # fmt: skip
    config = parse_config(text)
    assert (config.store.currency, config.hub and config.hub.url) == ("CHF", "https://hub.example")
    lane = config.workstation_of("1")
    assert lane is not None
    assert lane.tap is not None
    assert (lane.tap.printer, lane.tap.allow, lane.scanner[0].port) == (
        "tcp://192.0.2.11:9100", ("192.0.2.0/24",), "serial:///dev/ttyACM0",
    )  # fmt: skip
    assert [each.id for each in config.workstation] == ["1", "2"]
    for words in ("# the shop's own words", "# never change", "# theirs", "# under the counter"):
        assert words in text
    again = changed(text, sections={}, workstation={"id": "1"}, tap={}, scanners=[{"port": "serial:///dev/ttyACM0"}])
    assert again == text


def test_another_checkout_is_added_behind_the_ones_that_are_there() -> None:
    tap = {"listen": "0.0.0.0:9101", "printer": "tcp://192.0.2.12:9100", "model": "generic-58mm"}
    config = parse_config(changed(FILE, sections={}, workstation={"id": "3"}, tap=tap, scanners=[]))
    assert [each.id for each in config.workstation] == ["1", "2", "3"]
    fresh = changed(
        "", sections={"store": {"business_unit_id": "1", "timezone": "UTC", "currency": "EUR"}},
        workstation={"id": "1"}, tap=tap, scanners=[{"port": "evdev:///dev/input/by-id/x"}],
    )  # fmt: skip
    assert parse_config(fresh).workstation[0].tap is not None


UNFINISHED = """# typed by hand
[store]
business_unit_id = "7781"
country = "DE"
day_ends_at = 03:00:00
[agent]
state_dir = "state"
[[workstation]]
[workstation.tap]
printer = "lpd://192.0.2.10"
[[workstation]]
id = "2"
"""


def test_an_unfinished_file_is_asked_for_what_it_lacks_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(UNFINISHED, "utf-8")
    told = CliRunner().invoke(setup_app, ["--yes", "--no-sheet", "--config", str(file)])
    assert "lacks store.timezone, store.currency, workstation[0].tap.listen, workstation[0].id:" in told.output
    config = load_config(file)
    assert (config.store.timezone, config.store.currency) == ("Europe/Berlin", "EUR")
    assert config.store.print_profile is PrintProfile.OFF, "nobody chose one, and it was not missing"
    assert [each.id for each in config.workstation] == ["1", "2"]
    assert config.workstation[0].tap is not None
    assert config.workstation[0].tap.printer == "lpd://192.0.2.10"
    assert set(UNFINISHED.splitlines()) <= set(file.read_text("utf-8").splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[store]\ncountry = "DE"\n', "not told: --store"),
        ('[store]\nbusiness_unit_id = "7781"\ncuntry = "DE"\n', "store.cuntry: unknown key"),
        ('[update]\nchannel = "stable"\n', "update.url: is missing"),
    ],
    ids=["nobody says it", "and wrong", "never asked for"],
)
def test_what_an_unfinished_file_lacks_and_nobody_says_leaves_it_as_it_was(
    text: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text, "utf-8")
    told = CliRunner().invoke(setup_app, ["--yes", "--config", str(file), "--printer", "lpd://192.0.2.10"])
    assert isinstance(told.exception, ConfigurationError), told.output
    assert said in str(told.exception)
    assert file.read_text("utf-8") == text

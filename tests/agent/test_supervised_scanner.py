"""What the supervisor starts for the scanners of a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config import parse_config
from agent.state_dir import StateDir
from agent.supervisor import _scanner
from retail.errors import ConfigurationError

STORE = '[store]\nbusiness_unit_id = "1"\ntimezone = "Europe/Berlin"\ncurrency = "EUR"\n[[workstation]]\nid = "1"\n'


def started(scanner: str, folder: Path) -> list[str]:
    config = parse_config(
        f"{STORE}[[workstation.scanner]]\n{scanner}\n[codes]\ncoupon = ['qr:tsc1', 'ean13:2099', 'itf']"
    )
    child = _scanner(config.workstation[0], 0, config, StateDir(folder))
    assert child.name == "scanner 1.1"
    return [str(word) for word in child.command]


def test_a_scanner_in_line_asks_about_codes_that_begin_like_the_stores_coupons(tmp_path: Path):
    command = started('port = "serial:///dev/ttyACM0"\ntill = "serial:///dev/ttyS1"', tmp_path)
    assert [command[at + 1] for at, word in enumerate(command) if word == "--ask"] == ["tsc1", "2099"]
    assert command[command.index("--till") + 1] == "serial:///dev/ttyS1"


def test_a_scanner_of_our_own_has_no_till(tmp_path: Path):
    command = started('port = "evdev:///dev/input/by-id/usb-scanner"', tmp_path)
    assert not {"--till", "--ask"} & set(command)


@pytest.mark.parametrize(
    "scanner",
    [
        'port = "serial:///dev/ttyACM0?speed=9600"',
        'port = "usb://1"',
        'port = "serial:///dev/ttyACM0"\ntill = "uinput:"',
        'port = "evdev:///dev/input/event3"\ntill = "serial:///dev/ttyS1"',
    ],
)
def test_ports_that_cannot_work_are_refused_when_the_file_is_read(scanner: str, tmp_path: Path):
    with pytest.raises(ConfigurationError):
        started(scanner, tmp_path)

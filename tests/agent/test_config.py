"""agent.toml: the contract's example is taken, everything else is refused with its path."""

from datetime import time
from pathlib import Path

import pytest

from agent.config import Level, PrintProfile, load_config, parse_config
from agent.identity.codes import CodeKind
from retail.errors import ConfigurationError

EXAMPLE = """
[store]
business_unit_id = "7781"
name = "Corner shop"
country = "DE"
language = "de"
timezone = "Europe/Berlin"
currency = "EUR"
day_ends_at = "04:00"
print_profile = "separate_slip"

[hub]
url = "https://hub.example"

[[workstation]]
id = "1"
level = "P"
[workstation.tap]
listen = "0.0.0.0:9100"
printer = "tcp://192.0.2.10:9100"      # or serial:///dev/ttyUSB0?baud=115200
model = "generic-80mm"
[[workstation.scanner]]
port = "serial:///dev/ttyACM0"          # or evdev:///dev/input/by-id/...

[codes]                                 # what a scanned code is, first match wins
member = ["ean13:29", "qr:tillstream"]
coupon = ["qr:tsc1"]
product = ["ean13"]
"""


def test_the_documented_example_is_taken_whole():
    config = parse_config(EXAMPLE)
    assert config.store.print_profile is PrintProfile.SEPARATE_SLIP
    assert config.store.day_ends_at == time(4)
    assert config.workstation[0].level is Level.PRINT
    assert config.workstation[0].tap is not None
    assert config.workstation[0].tap.printer == "tcp://192.0.2.10:9100"
    assert config.workstation_of("1") is config.workstation[0]
    assert config.workstation_of("2") is None


def test_first_matching_rule_says_what_a_code_is():
    rules = parse_config(EXAMPLE).codes.rules()
    assert rules.classify(symbology="ean13", code="2912345678901") is CodeKind.MEMBER
    assert rules.classify(symbology="EAN-13", code="2912345678901") is CodeKind.MEMBER
    assert rules.classify(symbology="ean13", code="4006381333931") is CodeKind.PRODUCT
    assert rules.classify(symbology="", code="4006381333931") is CodeKind.PRODUCT
    assert rules.classify(symbology="qr", code="tsc1:abc") is CodeKind.COUPON
    assert rules.classify(symbology="", code="tsc1:abc") is CodeKind.COUPON
    assert rules.classify(symbology="code128", code="4006381333931") is CodeKind.UNKNOWN


def test_the_mark_that_windows_editors_set_before_a_text_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(EXAMPLE, "utf-8-sig")
    assert load_config(path).store == parse_config(EXAMPLE).store


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('model = "generic', 'modle = "generic', "workstation[0].tap.modle: unknown key; nearest known key: "),
        ("timezone =", "timzone =", "nearest known key: store.timezone"),
        ("[hub]", "[hbu]", "hbu: unknown key; nearest known key: hub"),
        ('port = "serial', 'prot = "serial', "workstation[0].scanner[0].prot: unknown key; nearest known key: "),
        ("Europe/Berlin", "Europe/Berlim", "store.timezone"),
        ("0.0.0.0:9100", "0.0.0.0:99999", "workstation[0].tap.listen"),
        ("tcp://192.0.2.10:9100", "cloudprnt://h", "workstation[0].tap: cloudprnt printers speak star"),
        (
            "tcp://192.0.2.10:9100",
            "lpd+tls://h",
            "workstation[0].tap.printer: 'lpd+tls://h': LPD knows no TLS",
        ),
        ("tcp://192.0.2.10:9100", "tcp://127.0.0.1:9100", "workstation[0].tap: printer: tcp://127.0.0.1:9100 is where"),
        (
            'model = "generic',
            'certificate = "tap.pem"\nmodel = "generic',
            "workstation[0].tap: certificate: an absolute",
        ),
        ("tcp://192.0.2.10:9100", "lpt1", "workstation[0].tap.printer: 'lpt1' is no printer, e.g. tcp://"),
        (
            "tcp://192.0.2.10:9100",
            "tcp://192.0.2.10",
            "workstation[0].tap.printer: 'tcp://192.0.2.10' is not HOST:PORT",
        ),
        ("tcp://192.0.2.10:9100", "tcp://192.0.2.10:99999", "workstation[0].tap.printer"),
        ("tcp://192.0.2.10:9100", "serial:///dev/ttyS0?buad=9600", "workstation[0].tap.printer: "),
        ("https://hub.example", "htps://hub.example", "hub.url: 'htps://hub.example' is no address of a hub, e.g."),
        ('"04:00"', '"25:00"', "store.day_ends_at"),
        ('"ean13:29"', '" "', "codes.member"),
        ("[hub]", "[hub", "no TOML"),
        ('"separate_slip"', '"appendx"', "store.print_profile"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(old, new, said):
    with pytest.raises(ConfigurationError) as caught:
        parse_config(EXAMPLE.replace(old, new, 1))
    assert said in caught.value.message


def test_a_key_like_nothing_we_know_gets_no_suggestion():
    with pytest.raises(ConfigurationError) as caught:
        parse_config(EXAMPLE.replace("[hub]", "zzz = 1\n[hub]", 1))
    assert "zzz: unknown key" in caught.value.message
    assert "nearest" not in caught.value.message


def test_two_workstations_may_share_neither_id_nor_address():
    twin = '[[workstation]]\nid = "1"\n[codes]'
    with pytest.raises(ConfigurationError, match="'1' stands twice"):
        parse_config(EXAMPLE.replace("[codes]", twin))
    other = '[[workstation]]\nid = "2"\n[workstation.tap]\nlisten = "0.0.0.0:9100"\nprinter = "tcp://h:1"\n[codes]'
    with pytest.raises(ConfigurationError, match=r"tap\.listen '0.0.0.0:9100' stands twice"):
        parse_config(EXAMPLE.replace("[codes]", other))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('[workstation.tap]\nlisten = "127.0.0.1:9100"\nprinter = "tcp://h:1"', "tcp://0.0.0.0:9100 is needed by two"),
        (
            (
                '[workstation.tap]\nlisten = "0.0.0.0:9101"\nprinter = "serial:///dev/ttyS7"\n'
                '[[workstation.scanner]]\nport = "serial:///dev/ttyS7?baud=9600"'
            ),
            "/dev/ttyS7 is needed by two",
        ),
    ],
)
def test_two_devices_need_no_address_and_no_cable_of_the_others(section, said):
    with pytest.raises(ConfigurationError, match=said):
        parse_config(EXAMPLE.replace("[codes]", f'[[workstation]]\nid = "2"\n{section}\n[codes]'))


def test_a_relative_state_folder_lies_beside_the_file(tmp_path: Path):
    path = tmp_path / "agent.toml"
    path.write_text(EXAMPLE + '\n[agent]\nstate_dir = "state"\n', "utf-8")
    assert load_config(path).agent.state_dir == tmp_path / "state"


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("generic-80mm", "generic-80", "no printer model is called 'generic-80'"),
        ("ean13:29", "ean31:29", "no symbology is called 'ean31'; nearest known name: ean13"),
    ],
)
def test_a_name_that_nobody_knows_is_refused_with_the_nearest(old, new, said):
    with pytest.raises(ConfigurationError) as caught:
        parse_config(EXAMPLE.replace(old, new, 1))
    assert said in caught.value.message

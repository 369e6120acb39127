"""No command shows a card's number in clear, however a till disguised it; nor do recordings and support bundles."""

import base64
import json

import pytest
from typer.testing import CliRunner

from agent.commands.reading import app
from agent.upkeep.support_bundle import without_persons
from pos_adapters.reading.masking import mask_bytes
from pos_adapters.taps.recording import Piece, RecordedJob, write_recorded
from tests.pos_adapters.reading.test_grouped_numbers import AMEX, CARD, EVERY, LONG, TEXTS

COMMANDS = (("read",), ("read", "--json"), ("render",), ("profiles", "explain"))


def stands_in(shown: str) -> bool:
    figures = "".join(str(int(letter)) for letter in shown if letter.isdecimal())
    return any(number in figures for number in (CARD, AMEX, LONG))


@pytest.mark.parametrize("name", EVERY)
def test_no_command_shows_it_and_no_recording_keeps_it(name, tmp_path):
    job = b"\x1b@SHOP\n" + EVERY[name] + b"\nTOTAL 5.00\nCASH 5.00\n\x1dV\x00"
    file = tmp_path / "job.bin"
    file.write_bytes(job)
    for command in COMMANDS:
        assert not stands_in(CliRunner().invoke(app, [*command, str(file)]).output), command
    picture = tmp_path / "slip.html"
    assert CliRunner().invoke(app, ["render", str(file), "-o", str(picture)]).exit_code == 0
    assert not stands_in(picture.read_text("utf-8"))
    tokens = json.loads(CliRunner().invoke(app, ["tokens", str(file), "--json"]).output)
    assert b"".join(bytes.fromhex(token["hex"]) for token in tokens) == mask_bytes(job)
    pieces = tuple(Piece(at, "register", job[at : at + 3]) for at in range(0, len(job), 3))
    recorded = RecordedJob(job_id="a", received_at="2026-11-23T08:00Z", workstation_id="1", profile="", pieces=pieces)
    kept = json.loads(write_recorded(tmp_path, recorded, free_bytes_min=0).read_text("utf-8"))
    assert b"".join(base64.b64decode(data) for _, _, data in kept["pieces"]) == mask_bytes(job)


@pytest.mark.parametrize("name", TEXTS)
def test_no_support_bundle_holds_it(name):
    log = without_persons(f"2026-11-23T08:00:00Z parked: {TEXTS[name]}\n")
    assert log.startswith("2026-11-23T08:00:00Z parked: ")
    assert not stands_in(log.partition("parked:")[2])

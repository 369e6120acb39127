"""A workstation's profiles: one that claims a document teaches its words; two that claim it teach nothing."""

import pytest
from typer.testing import CliRunner

from agent.commands.reading import app
from agent.config import load_config
from agent.intake.papers import StorePapers
from pos_adapters.profiles.profile import parse_profile
from pos_adapters.profiles.profiled import Profiled, load_profiles
from pos_adapters.reading.values import ReceiptText
from receipt.printers import printer_model
from retail.errors import ConfigurationError

SLIP = "ZZYZX KIOSK\nMilk   1.20\nBread  2.00\nFnord  3.20\nBlarp  3.20\n"
PROFILE = """
name = "zzyzx"
[identify]
lines = ["^ZZYZX"]
[words]
total = ["fnord"]
cash = ["blarp"]
"""


def profile(name):
    return parse_profile(PROFILE.replace('"zzyzx"', f'"{name}"'), source=name)


def test_the_one_profile_that_claims_a_document_teaches_its_words():
    text = ReceiptText.of(SLIP)
    assert Profiled([]).read(text).transaction is None
    reading = Profiled([profile("zzyzx")]).read(text)
    assert (str(reading.transaction.total), reading.profile) == ("3.20", "zzyzx")
    assert Profiled([profile("zzyzx")]).read(ReceiptText.of(SLIP.replace("ZZYZX", "OTHER"))).transaction is None


def test_two_profiles_that_claim_a_document_teach_nothing():
    assert Profiled([profile("one"), profile("two")]).read(ReceiptText.of(SLIP)).transaction is None


@pytest.fixture
def store(tmp_path):
    (tmp_path / "till.toml").write_text(PROFILE, "utf-8")
    file = tmp_path / "agent.toml"
    file.write_text(
        '[store]\nbusiness_unit_id = "1"\nname = "Kiosk"\ncountry = "GB"\nlanguage = "en"\n'
        'timezone = "Europe/London"\ncurrency = "GBP"\n[[workstation]]\nid = "1"\nprofiles = ["till.toml"]\n'
        '[[workstation]]\nid = "2"\n',
        "utf-8",
    )
    return file


def test_core_reads_with_the_profiles_of_the_workstation_that_prints(store):
    papers = StorePapers(load_config(store))
    job = papers.new_job(printer_model("generic-80mm"))
    (paper,) = [*job.feed(SLIP.encode()), *job.close()]
    assert papers.read(paper, "1").profile == "zzyzx"
    assert papers.read(paper, "2").transaction is None


def test_the_command_reads_with_the_stores_profiles(store, tmp_path):
    (tmp_path / "slip.bin").write_bytes(SLIP.encode())
    answer = CliRunner().invoke(app, ["read", str(tmp_path / "slip.bin"), "--store", str(store), "--json"])
    assert '"total": "3.20"' in answer.stdout


def test_a_profile_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"gone\.toml"):
        load_profiles([tmp_path / "gone.toml"])


def test_a_document_read_line_by_line_as_it_comes_is_read_with_its_profile_as_it_is_whole(store):
    papers = StorePapers(load_config(store))
    job = papers.new_job(printer_model("generic-80mm"), workstation_id="1")
    for byte in SLIP.encode():
        assert job.feed(bytes((byte,))) == []
    (paper,) = job.close()
    whole = StorePapers(load_config(store)).read(paper, "1")
    assert papers.read(paper, "1") == whole
    assert whole.profile == "zzyzx"

"""`tillstream offers explain`: the same answer that the paper would have got, from the agent's own files."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.offers import app
from agent.enrolment import save_enrolled
from agent.state_dir import StateDir
from retail.errors import ConfigurationError
from sync.enrolled import Enrolled
from sync.mirror import MirrorVersion, write_current
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot
from sync.protocol.tokens import CodeKind, normalise, token_of

PEPPER = bytes(range(32))
CARD = "2900000000018"
CAMPAIGNS = [
    {
        "id": "coffee-back",
        "who": "best and not (employee or bought category:coffee within 60 days)",
        "where": ["receipt"],
        "starts": "2026-11-01",
        "ends": "2026-11-30",
        "benefit": {"kind": "percent", "value": "15", "applies_to": "category:coffee"},
    },
    {
        "id": "bakery",
        "who": "best",
        "where": ["receipt"],
        "starts": "2026-11-01",
        "ends": "2026-11-30",
        "control_percent": 100,
        "benefit": {"kind": "amount", "value": "1.00"},
    },
]
ITEMS = [{"item_id": "1001", "receipt_text": "Coffee beans 500g", "category": "coffee"}]
BASKET = [{"description": "COFFEE  BEANS 500g", "amount": "6.49"}]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    state = StateDir(tmp_path / "state")
    for folder in (state.root, state.keys, state.mirror):
        folder.mkdir()
    enrolled = Enrolled(
        hub_url="http://127.0.0.1:1", tenant="t", store="7781", agent="a", epoch=1,
        hub_key=bytes(32), feed_key=bytes(32), pepper=PEPPER, country="DE",
    )  # fmt: skip
    save_enrolled(state, enrolled)
    token = token_of(normalise(CARD, CodeKind.CARD), PEPPER)
    record = MirrorRecord(customer_id="c1", first_name="Anna", segments={"best": date(2026, 12, 31)})
    write_snapshot(state.mirror / "s1", [(token, record)], count=1, chain="t", version=1)
    write_current(state.mirror, MirrorVersion(version=1, as_of=datetime(2026, 11, 21, tzinfo=UTC), snapshot="s1"))
    (state.mirror / "campaigns.json").write_text(json.dumps(CAMPAIGNS))
    (state.mirror / "items.json").write_text(json.dumps(ITEMS))
    path = tmp_path / "agent.toml"
    path.write_text(
        '[store]\nbusiness_unit_id = "7781"\ntimezone = "Europe/Berlin"\ncurrency = "EUR"\ncountry = "DE"\n'
        '[agent]\nstate_dir = "state"\n'
    )
    return path


def explained(config: Path, basket: object, *options: str) -> list[dict]:
    file = config.parent / "basket.json"
    file.write_text(json.dumps(basket))
    arguments = ["explain", "--config", str(config), "--basket", str(file), "--at", "2026-11-21T10:30", "--json"]
    result = CliRunner().invoke(app, [*arguments, *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_card_is_looked_up_and_every_campaign_says_why(config: Path) -> None:
    answer = explained(config, [], "--card", "29 0000 0000 018")
    assert [(each["campaign_id"], each["outcome"]) for each in answer] == [
        ("coffee-back", "offered"),
        ("bakery", "withheld"),
    ]
    assert answer[0]["why"] == ["best: yes", "employee: no; bought category:coffee within 60 days: no (never known)"]
    assert answer[1]["why"] == ["best: yes", "control group of 100 %"]


def test_the_basket_is_understood_by_the_chains_items(config: Path) -> None:
    answer = explained(config, BASKET, "--card", CARD)
    assert (answer[0]["outcome"], answer[0]["why"]) == (
        "not_matched",
        ["bought category:coffee within 60 days: yes (today)"],
    )


def test_a_transaction_as_read_prints_it_will_do_for_a_basket(config: Path) -> None:
    lines = [{"type": "sale", **BASKET[0]}, {"type": "tender", "description": "Cash", "amount": "6.49"}]
    document = {"kind": "sale", "transaction": {"currency": "EUR", "total": "6.49", "line_items": lines}}
    assert explained(config, document, "--card", CARD)[0]["outcome"] == "not_matched"
    assert explained(config, document["transaction"], "--card", CARD)[0]["outcome"] == "not_matched"


def test_an_unknown_card_is_a_stranger(config: Path) -> None:
    answer = explained(config, BASKET, "--card", "4006381333931")
    assert {each["outcome"] for each in answer} == {"not_matched"}


def test_an_account_and_campaigns_from_files_need_no_agent(tmp_path: Path) -> None:
    for name, content in (
        ("basket.json", BASKET),
        ("customer.json", {"customer_id": "c1", "segments": {"best": None}}),
        ("campaigns.json", {"campaign": CAMPAIGNS}),
    ):
        (tmp_path / name).write_text(json.dumps(content))
    result = CliRunner().invoke(
        app,
        [
            "explain", "--json", "--at", "2026-11-21T10:30:00+01:00", "--config", str(tmp_path / "none.toml"),
            "--basket", str(tmp_path / "basket.json"), "--customer", str(tmp_path / "customer.json"),
            "--campaigns", str(tmp_path / "campaigns.json"),
        ],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert [each["outcome"] for each in json.loads(result.stdout)] == ["offered", "withheld"]


@pytest.mark.parametrize(
    "basket",
    ["{", '"text"', "[1]", '{"line_items": 5}', '[{"amount": "much"}]', "[" * 5000],
)
def test_a_basket_that_is_none_is_refused_and_named(config: Path, basket: str) -> None:
    file = config.parent / "basket.json"
    file.write_text(basket)
    result = CliRunner().invoke(app, ["explain", "--config", str(config), "--basket", str(file), "--json"])
    assert result.exit_code != 0
    assert "basket" in str(result.exception)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% for each in segments %}{{ each }}{% endfor %}", "For is not allowed (line 1)"),
        ("{{ first_name.__class__ }}", "Getattr is not allowed (line 1)"),
        ("{{ frist_name }}, your coffee", "there is no word 'frist_name' (line 1)"),
    ],
)
def test_a_text_that_the_hub_would_refuse_is_refused_here_too(tmp_path: Path, text: str, said: str) -> None:
    campaign = {**CAMPAIGNS[0], "text": {"en": {"receipt": text}}}
    (tmp_path / "basket.json").write_text("[]")
    (tmp_path / "campaigns.json").write_text(json.dumps([campaign]))
    files = ["--basket", str(tmp_path / "basket.json"), "--campaigns", str(tmp_path / "campaigns.json")]
    result = CliRunner().invoke(app, ["explain", "--config", str(tmp_path / "none.toml"), *files])
    assert isinstance(result.exception, ConfigurationError)
    assert said in result.exception.message
    assert "coffee-back" in result.exception.message

"""Rules on the hub's own tables: the vectors that stores answer, brought in by the chain's files."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner

from hub.__main__ import app
from hub.feed.audience import accounts, audience_of
from retail.errors import ConfigurationError
from retail.facts import Facts
from retail.facts_json import facts_from_mapping
from retail.loyalty import Account
from retail.rule_words import parse_rule
from tests.hub.test_feed_of_hub import Chain

VECTORS = json.loads((Path(__file__).parents[1] / "retail" / "segment_vectors.json").read_text("utf-8"))
CUSTOMERS = "customer_id,first_name,language,birthday,tier,points,household_id,employee,paper_offers,rfm_cell,purchases,last_visit"


def files_of(people: list[Account]) -> dict[str, str]:
    """Return the chain's files that describe these people."""
    customers, codes, segments, bought = (
        [CUSTOMERS],
        ["code,customer_id"],
        ["customer_id,segment,valid_until,entered"],
        [],
    )
    for number, each in enumerate(people):
        who = each.customer_id
        birthday = f"{each.birthday.month:02d}-{each.birthday.day:02d}" if each.birthday else ""
        values = (
            who, each.first_name, each.language, birthday, each.tier, each.points, each.household_id or "",
            int(each.employee), int(each.paper_offers), each.rfm_cell,
            "" if each.purchases is None else each.purchases, each.last_visit or "",
        )  # fmt: skip
        customers.append(",".join(map(str, values)))
        codes.append(f"{number:08},{who}")
        segments += [
            f"{who},{name},{until or ''},{each.entered.get(name, '')}" for name, until in each.segments.items()
        ]
        bought += [f"{who},{key},{day}" for key, day in each.last_bought.items()]
    tables = {"customers": customers, "codes": codes, "segments": segments}
    tables["bought"] = ["customer_id,key,day", *bought]
    return {name: "\n".join(lines) + "\n" for name, lines in tables.items()}


def renamed(facts: Facts, number: int) -> Facts:
    """Give each vector's person an id of their own."""
    account = facts.account
    return facts if account is None else replace(facts, account=replace(account, customer_id=f"v{number}"))


def test_a_rule_says_of_the_hubs_own_tables_what_it_says_in_a_store(rig, tmp_path):
    asked = [(vector, renamed(facts_from_mapping(vector["facts"]), n)) for n, vector in enumerate(VECTORS)]
    chain = Chain(rig, tmp_path)
    chain.bring(**files_of([facts.account for _, facts in asked if facts.account]))
    known = {account.customer_id: account for account in accounts(chain.hub.database, "main")}
    assert len(known) > len(VECTORS) // 2
    for vector, facts in asked:
        here = replace(facts, account=known[facts.account.customer_id] if facts.account else None)
        assert parse_rule(vector["rule"]).holds(here).holds is vector["holds"], vector


def test_an_audience_is_counted_before_a_campaign_is_written(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    chain.bring(
        customers="customer_id,employee\nC1,no\nC2,yes\nC3,no\n",
        codes="code,customer_id\n11111111,C1\n22222222,C1\n33333333,C2\n44444444,C3\n",
        segments="customer_id,segment\nC1,best\nC2,best\n",
    )
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    told = audience_of(chain.hub.database, "main", parse_rule("best and not employee"), at=at, examples_max=5)
    assert (told.customers, told.meant, told.examples) == (3, 1, ("C1",)), "two cards are one customer"
    rig.hub.close()
    state = ["--state-dir", str(rig.config.state_dir)]
    done = CliRunner().invoke(app, ["audience", "best and not employee", "--json", *state], catch_exceptions=False)
    assert json.loads(done.stdout) == {"rule": "best and not employee", "customers": 3, "meant": 1, "examples": []}
    wrong = CliRunner().invoke(app, ["audience", "bets and not employee", *state])
    assert isinstance(wrong.exception, ConfigurationError)
    assert "at column 1 " in wrong.exception.message
    assert wrong.exception.fix == "did you mean 'best'?"

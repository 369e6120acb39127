"""The vectors of `tests/retail/segment_vectors.json` for accounts that went from hub to store in a sealed mirror."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from retail.facts_json import facts_from_mapping
from retail.loyalty import Account
from retail.rule_words import parse_rule
from sync.mirror import Mirror, MirrorVersion, write_current
from sync.protocol.mirror_account import account_of
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot

VECTORS = json.loads((Path(__file__).parents[1] / "retail" / "segment_vectors.json").read_text("utf-8"))


def record_of(account: Account) -> MirrorRecord:
    birthday = account.birthday
    return MirrorRecord(
        customer_id=account.customer_id,
        first_name=account.first_name,
        language=account.language,
        birthday=(birthday.month, birthday.day) if birthday else None,
        tier=account.tier,
        points=account.points,
        household_id=account.household_id or "",
        employee=account.employee,
        no_paper_offers=not account.paper_offers,
        segments=dict(account.segments),
        entered=dict(account.entered),
        rfm_cell=account.rfm_cell,
        purchases=account.purchases,
        last_visit=account.last_visit,
        last_bought=dict(account.last_bought),
        contacts=dict(account.contacts),
    )


def test_a_rule_says_of_the_account_that_a_store_opens_what_it_says_of_the_hubs(tmp_path: Path):
    asked = [(each, facts_from_mapping(each["facts"])) for each in VECTORS]
    known = [(number, facts.account) for number, (_, facts) in enumerate(asked, start=1) if facts.account]
    entries = [(number.to_bytes(32, "big"), record_of(account)) for number, account in known]
    write_snapshot(tmp_path / "snapshot-1", entries, count=len(entries), chain="chain", version=1)
    write_current(tmp_path, MirrorVersion(version=1, as_of=asked[0][1].moment, snapshot="snapshot-1"))
    mirror = Mirror(tmp_path)
    for number, (vector, facts) in enumerate(asked, start=1):
        record = mirror.look_up(number.to_bytes(32, "big"))
        there = replace(facts, account=account_of(record) if record else None)
        assert parse_rule(vector["rule"]).holds(there).holds is vector["holds"], vector
    mirror.close()
    assert len(known) > len(VECTORS) // 2

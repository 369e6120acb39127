"""What of a card goes further: an unknown code to the chain alone, a membership to the pages that may show it."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.identity.accounts import membership_content
from sync.protocol.enrolment import from_base64, open_sealed
from sync.protocol.mirror_account import account_of
from sync.protocol.mirror_record import MirrorRecord
from tests.agent.core_house import ANNA, PEPPER, Running, Tap, journal, make_store, receipt

STRANGE = "2900000099999"


def test_only_the_chain_reads_a_code_that_nobody_here_knows(tmp_path: Path):
    chain_key = X25519PrivateKey.generate()
    core = make_store(tmp_path / "state")

    async def run() -> None:
        async with Running(core) as running:
            core.people.use_pepper(PEPPER, country="DE", chain_key=chain_key.public_key().public_bytes_raw())
            tap = await Tap.connect(core)
            for number, code in enumerate((STRANGE, ANNA), start=1):
                await running.scan(code)
                await tap.print(receipt(number=number))
            tap.close()

    asyncio.run(run())
    strange, anna = [record.content() for record in journal(core) if record.kind == "customer.identified"]
    assert strange["customer_id"] is None
    assert open_sealed(chain_key, from_base64(strange["sealed_code"])).decode() == f"card:{STRANGE}"
    assert (anna["customer_id"], anna["sealed_code"]) == ("c-1", None)
    assert not any(STRANGE.encode() in (record.payload or b"") for record in journal(core))


def test_pages_hear_of_a_membership_and_not_of_what_was_bought():
    record = MirrorRecord(
        customer_id="c-1",
        member_since=date(2019, 3, 1),
        purchases=7,
        points_expiring=20,
        points_expire_on=date(2026, 12, 31),
        permissions=("email",),
        rfm_cell="555",
        last_bought={"category:coffee": date(2026, 11, 1)},
    )
    account = account_of(record)
    assert (account.rfm_cell, account.last_bought) == ("555", {"category:coffee": date(2026, 11, 1)}), "rules ask these"
    assert membership_content(account) == {
        "permissions": {"email": True},
        "member_since": "2019-03-01",
        "purchases": 7,
        "points_expiring": {"points": 20, "on": "2026-12-31"},
    }
    assert membership_content(account_of(MirrorRecord(customer_id="c-2"))) == {"permissions": {}}

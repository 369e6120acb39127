"""What of a card goes further: an unknown code to the chain alone, a membership to the pages that may show it."""

from __future__ import annotations

import asyncio
import sys
import threading
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.identity.accounts import membership_content
from sync.protocol.enrolment import from_base64, open_sealed
from sync.protocol.mirror_account import account_of
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.tokens import CodeKind, token_of
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


def test_who_is_scanned_first_is_found_first_however_many_tokens_are_worked_out_at_once(tmp_path: Path):
    core = make_store(tmp_path / "state")
    found: list[int] = []

    async def find(number: int) -> None:
        await core.people.recognise(f"scan-{number}", f"29{number:011d}", CodeKind.CARD)
        found.append(number)

    async def run() -> None:
        async with Running(core):
            await asyncio.gather(*(find(number) for number in range(30)))

    asyncio.run(run())
    assert found == list(range(30))


def test_a_token_being_worked_out_lets_others_run():
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # nobody loses the interpreter who does not let go of it
    try:
        assert any(_ran_beside_a_token() for _ in range(20))
    finally:
        sys.setswitchinterval(interval_s)


def _ran_beside_a_token() -> bool:
    began, ended = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        token_of("card:2900000000017", PEPPER)
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    began.wait()
    is_beside = not ended.is_set()
    thread.join()
    return is_beside


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

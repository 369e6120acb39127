"""A code that nobody knows is kept for the chain alone: no one in the store can read it, the hub links it later."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sync.protocol.enrolment import from_base64, open_sealed
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

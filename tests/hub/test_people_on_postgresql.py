"""Claims, joining and handover on a real PostgreSQL: what the SQLite tests tell in detail is told once in one breath."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from hub.claims.ledger import asked_for_erasure, consent_ledger
from hub.feed.upkeep import FeedUpkeep
from tests.hub.claim_house import Mailbox, ask, token
from tests.hub.rig import HubRig, PostgresqlHubDisk
from tests.hub.test_handover import ENGLISH, shown
from tests.hub.test_joined_soon import files, knows
from tests.hub.test_joining import joins
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.anyio, pytest.mark.real]


@pytest.fixture
def disk(postgresql_url: str) -> Iterator[PostgresqlHubDisk]:
    disk = PostgresqlHubDisk(postgresql_url, f"t_{uuid.uuid4().hex}")
    yield disk
    disk.close()


@pytest.fixture
def chain(tmp_path: Path, mailbox: Mailbox, disk: PostgresqlHubDisk) -> Iterator[HubRig]:
    rig = HubRig(
        tmp_path / "hub",
        database_url=disk.url,
        chain_name="Corner shops",
        country="DE",
        public_url="https://hub.example",
        claim_points="100",
        smtp=f"smtp://127.0.0.1:{mailbox.port}",
        mail_from="shop@example.org",
    )
    yield rig
    rig.hub.close()


async def test_people_join_confirm_claim_take_along_and_withdraw(
    chain: HubRig,
    mailbox: Mailbox,
    disk: PostgresqlHubDisk,
) -> None:
    upkeep = FeedUpkeep(chain.hub, told=print)
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url, headers=ENGLISH) as client:
        device = await chain.enrolled()
        joins(chain, device)
        code = shown(device)
        await deliver_all(chain, device)
        await asyncio.to_thread(upkeep.turn)
        assert (await client.post(mailbox.link())).status_code == 200
        await asyncio.to_thread(upkeep.freshen)
        assert knows(chain, "offers")

        told = token(device)
        assert (await ask(client, told, contact="vera@example.org")).status_code == 200
        assert (await client.post(mailbox.link())).status_code == 200
        assert disk.rows("SELECT count(*), count(DISTINCT customer_id) FROM claim WHERE customer_id IS NOT NULL") == [
            (2, 1)
        ], "the receipt is hers who joined at the screen"

        assert "Hello, Anna!" in (await client.post(f"/p/{code}")).text
        assert (await client.post(f"/p/{code}")).status_code == 410

        [(customer_id,)] = disk.rows("SELECT customer_id FROM customer")
        no = {"customer_id": customer_id, "purpose": "offers", "given": False}
        device.journal.append("consent.withdrawn", no)
        gone = {"customer_id": customer_id, "purpose": "membership", "given": False, "erasure_requested": True}
        device.journal.append("consent.withdrawn", gone)
        await deliver_all(chain, device)
        await asyncio.to_thread(upkeep.greet)
        await asyncio.to_thread(upkeep.freshen)
        assert not knows(chain, "offers")
    assert asked_for_erasure(chain.hub.database, "main") == [customer_id]
    ledger = consent_ledger(chain.hub.database, "main", customer_id=customer_id)
    assert {"given", "purpose", "occurred_at"} <= set(ledger[0])
    assert len(files(chain)) >= 1
    assert datetime.fromisoformat(ledger[-1]["occurred_at"]).astimezone(UTC)

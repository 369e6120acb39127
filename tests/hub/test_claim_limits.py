"""Who may claim a receipt, how often, and how many are written to about it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hub.claims.consents import sentences
from hub.claims.service import Wish
from retail.errors import RefusedError
from tests.hub.claim_house import FORM, SALE, Mailbox, ask, give_phone, make_staff, text_of, token
from tests.hub.rig import HubRig

pytestmark = [pytest.mark.anyio, pytest.mark.real]


async def test_staff_cannot_claim_and_nobody_learns_who_is_a_member(chain: HubRig, mailbox: Mailbox) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        (await ask(client, token(device))).raise_for_status()
        (await client.post(mailbox.link())).raise_for_status()
        make_staff(chain)
        known = await ask(client, token(device, sale=SALE[:-1] + "2"))
        unknown = await ask(client, token(device, sale=SALE[:-1] + "2"), contact="bert@example.org")
        assert known.text == unknown.text
        refused = await client.post(re.search(r"(/c/confirm/\S+)", text_of(mailbox.mails[-2]))[1] + "?lang=en")
        assert refused.status_code == 410
        assert "Staff" in refused.text


async def test_three_a_month_are_all_and_three_messages_a_day(chain: HubRig, mailbox: Mailbox) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        links = []
        for number in range(3):
            (await ask(client, token(device, sale=f"{SALE[:-1]}{number}"))).raise_for_status()
            links.append(mailbox.link())
        assert (await ask(client, token(device, sale=f"{SALE[:-1]}3"))).status_code == 429
        assert len(mailbox.mails) == 3
        for link in links:
            (await client.post(link)).raise_for_status()
        service, now = chain.hub.claims, datetime.now(UTC) + timedelta(days=2)
        late = token(device, sale=f"{SALE[:-1]}4", day=now.date())
        asked = Wish(first_name="", contact=FORM["contact"], language="en", consents=sentences("en"), survey={})
        await asyncio.to_thread(service.ask, late, asked, now=now)
        with pytest.raises(RefusedError) as refused:
            service.confirm(mailbox.link().rpartition("/")[2], now=now)
        assert refused.value.code == "claim_limit"


async def test_three_a_month_are_a_persons_by_whichever_contact(chain: HubRig, mailbox: Mailbox, gateway) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        for number in range(3):
            (await ask(client, token(device, sale=f"{SALE[:-1]}{number}"))).raise_for_status()
            (await client.post(mailbox.link())).raise_for_status()
        give_phone(chain, "+4930901820")
        (await ask(client, token(device, sale=f"{SALE[:-1]}3"), contact="+49 30 901820")).raise_for_status()
        link = re.search(r"(/c/confirm/\S+)", gateway[1][-1][0]["text"])[1]
        refused = await client.post(f"{link}?lang=en")
        assert refused.status_code == 429
        assert chain.rows("SELECT count(*) FROM claim WHERE customer_id IS NOT NULL") == [(3,)]


async def test_one_receipt_writes_to_five_contacts_a_day_and_no_more(chain: HubRig, mailbox: Mailbox) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        told = token(await chain.enrolled())
        answers = [(await ask(client, told, contact=f"town{n}@example.org")).status_code for n in range(7)]
        assert answers == [200] * 5 + [429] * 2
        assert len(mailbox.mails) == 5


async def test_one_receipt_claimed_by_two_becomes_the_firsts(chain: HubRig, mailbox: Mailbox) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        (await ask(client, token(device))).raise_for_status()
        first = mailbox.link()
        (await ask(client, token(device), contact="bert@example.org")).raise_for_status()
        second = mailbox.link()
        assert (await client.post(second)).status_code == 200
        assert (await client.post(first)).status_code == 410
        assert chain.rows("SELECT count(*) FROM claim WHERE customer_id IS NOT NULL") == [(1,)]

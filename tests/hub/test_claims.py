"""A stranger's receipt becomes theirs: over real HTTP, with messages taken by a mail server and a gateway of others."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.claims.consents import sentences
from hub.claims.ledger import consent_ledger
from hub.claims.pages import Pace, Pages
from hub.claims.wording import load_texts
from hub.config import load_config
from hub.feed.erasing import Erasing
from hub.feed.upkeep import FeedUpkeep
from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook
from retail.claims import SaleClaim, claim_text, pack_claim
from retail.errors import ConfigurationError, TryAgainError
from retail.identifiers import TransactionId
from sync.protocol.claims import verify_claim
from sync.protocol.mirror_record import CLAIMED_SALE
from tests.hub.claim_house import SALE, Mailbox, ask, token
from tests.hub.rig import Device, HubRig
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.anyio, pytest.mark.real]


async def test_a_stranger_joins_by_a_receipt_and_the_sale_becomes_theirs(chain: HubRig, mailbox: Mailbox) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        told = token(device)
        page = await client.get(f"/c/{told}", headers={"accept-language": "en"})
        assert page.status_code == 200
        assert "4.30 EUR" in page.text
        assert "on its way" in page.text
        assert "script-src" not in page.headers["content-security-policy"]
        assert (await ask(client, told)).status_code == 200
        assert chain.rows("SELECT count(*) FROM customer") == [(0,)]
        assert mailbox.mails[0]["To"] == "anna@example.org"
        link = mailbox.link()
        assert (await client.get(link)).status_code == 200
        assert chain.rows("SELECT count(*) FROM customer") == [(0,)], "a mail scanner confirms nothing"
        done = await client.post(link)
        assert done.status_code == 200
        [(customer_id, name, points)] = chain.rows("SELECT customer_id, first_name, points FROM customer")
        assert (name, points) == ("Anna", 100)
        assert chain.rows("SELECT customer_id, token IS NOT NULL, sealed FROM customer_code") == [
            (customer_id, 1, None)
        ]
        [(consents, survey)] = chain.rows("SELECT consents, survey FROM claim")
        assert json.loads(consents)[0]["text"] == sentences("en")[0].text
        assert json.loads(survey) == {"household": "two"}
        assert (await client.post(link)).status_code == 200, "a second press changes nothing"
        assert chain.rows("SELECT count(*) FROM customer") == [(1,)]
        again = await client.get(f"/c/{told}", headers={"accept-language": "en"})
        assert again.status_code == 410
        assert "claimed already" in again.text


async def test_what_was_allowed_answered_and_bought_counts_once_the_contact_has_confirmed(
    chain: HubRig, mailbox: Mailbox
) -> None:
    upkeep = FeedUpkeep(chain.hub, told=print)
    items = chain.config.state_dir / "items.csv"
    items.write_text("item_id,receipt_text,category\n1,Tea,drinks/tea\n")
    job = ImportJob(
        database=chain.hub.database,
        tenant_id="main",
        country="DE",
        book=CodeBook(chain.hub.keys.tenant("main")),
        progress=lambda *_: None,
    )
    import_files(job, [items])

    def facts() -> list[tuple]:
        return chain.rows("SELECT purchases, last_visit FROM customer")

    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        await ask(client, token(device), consent_offers="1")
        assert (await client.post(mailbox.link())).status_code == 200
        [(customer_id, permissions)] = chain.rows("SELECT customer_id, permissions FROM customer")
        assert permissions == "membership offers"
        assert chain.rows("SELECT segment FROM customer_segment") == [("survey-household-two",)]
        assert (f"{CLAIMED_SALE}{SALE}",) in chain.rows("SELECT key FROM customer_bought"), (
            "their store shows it to them"
        )
        await asyncio.to_thread(upkeep.greet)
        assert facts() == [(None, "")], "the sale has not arrived yet"
        line = {"type": "sale", "description": "Tea", "amount": "43.00"}
        body = {"transaction_id": SALE, "total": "43.00", "currency": "EUR", "line_items": [line]}
        device.journal.append("transaction.completed", {"transaction": body})
        await deliver_all(chain, device)
        for _ in range(2):
            await asyncio.to_thread(upkeep.greet)
            assert facts() == [(1, "2026-11-21")], "it is theirs, once"
        assert ("category:drinks/tea",) in chain.rows("SELECT key FROM customer_bought")
        told = consent_ledger(chain.hub.database, "main", customer_id=customer_id)
        assert [(each["kind"], each["purpose"], each["double_opt_in"]["state"]) for each in told] == [
            ("consent.confirmed", "membership", "confirmed"),
            ("consent.confirmed", "offers", "confirmed"),
        ]
        assert told[0]["text"] == sentences("en")[0].text
        assert told[0]["place"] == {"kind": "claim_page", "id": SALE}
        erasing = Erasing(chain.hub.database, chain.hub.files, chain.hub.feed)
        erasing.erase("main", erasing.look("main", [customer_id]), now=datetime.now(UTC))
        [(first_name, sealed, consents)] = chain.rows("SELECT first_name, contact_sealed, consents FROM claim")
        assert (first_name, sealed, consents) == ("", b"", "[]"), "that it was claimed stays, by whom is forgotten"


async def test_what_nobody_confirmed_is_kept_by_nobody(chain: HubRig) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        assert (await ask(client, token(device))).status_code == 200
    assert chain.hub.claims is not None
    assert chain.hub.claims.forget_stale(now=datetime.now(UTC) + timedelta(days=2)) == 0
    assert chain.hub.claims.forget_stale(now=datetime.now(UTC) + timedelta(days=4)) == 1
    assert chain.rows("SELECT count(*) FROM claim") == [(0,)]


async def test_the_goods_are_shown_once_the_receipt_has_arrived(chain: HubRig) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        lines = [{"type": "sale", "description": "Bread <b>", "amount": "4.30"}]
        sale = {"transaction_id": SALE, "total": "4.30", "line_items": lines}
        device.journal.append("transaction.completed", {"transaction": sale})
        await deliver_all(chain, device)
        page = await client.get(f"/c/{token(device)}")
        assert "Bread &lt;b&gt;" in page.text


async def test_a_phone_is_asked_by_text_message(chain: HubRig, gateway) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        answer = await ask(client, token(device), contact="030 901820")
        assert answer.status_code == 200
        [(body, authorization)] = gateway[1]
        assert body["to"] == "030 901820"
        assert "https://hub.example/c/confirm/" in body["text"]
        assert authorization == "Bearer secret"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"contact": "not a contact"}, 422),
        ({"contact": "a@b c.example"}, 422),
        ({"contact": "12"}, 422),
        ({"consent_membership": ""}, 422),
        ({"consent_membership": "another version"}, 422),
    ],
)
async def test_what_is_missing_is_said_and_what_was_typed_stays(chain: HubRig, changes, status) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        answer = await ask(client, token(await chain.enrolled()), **changes)
        assert answer.status_code == status
        assert 'role="alert"' in answer.text
        assert 'value="Anna"' in answer.text
        assert chain.rows("SELECT count(*) FROM claim") == [(0,)]


async def test_codes_that_are_old_foreign_forged_or_garbage_show_nothing(chain: HubRig) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        today = datetime.now(UTC).date()
        good = token(device)
        old = token(device, day=today - timedelta(days=9))
        stranger = Device()
        for told in (old, token(stranger), good[:-4] + "AAAA", "x", "A" * 154, "A" * 5000, "%00", good[:80]):
            answer = await client.get(f"/c/{told}")
            assert answer.status_code == 410, told
            assert "4.30" not in answer.text
        assert (await client.get(f"/c/{good.lower()}")).status_code == 200, "a scanner may change case"


async def test_a_mail_server_that_is_away_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    rig = HubRig(tmp_path / "hub", public_url="https://h.example", smtp="smtp://127.0.0.1:1", mail_from="a@b.example")
    async with rig.serving(), httpx.AsyncClient(base_url=rig.url) as client:
        device = await rig.enrolled()
        answer = await ask(client, token(device))
        assert answer.status_code == 503
        assert rig.rows("SELECT count(*) FROM claim") == [(0,)]
        refused = await ask(client, token(device), contact="+4930901820")
        assert refused.status_code == 422, "no gateway for text messages is configured"
    rig.hub.close()


async def test_a_form_that_is_too_large_or_no_form_is_refused(chain: HubRig) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        told = token(await chain.enrolled())
        for body in (b"a=" + b"x" * 100_000, b"\xff\xfe", b"&".join(b"a=1" for _ in range(100))):
            answer = await client.post(f"/c/{told}", content=body)
            assert answer.status_code in {410, 422}
        assert chain.rows("SELECT count(*) FROM claim") == [(0,)]


async def test_without_a_sender_there_is_no_claim_page(rig: HubRig) -> None:
    async with rig.serving(), httpx.AsyncClient(base_url=rig.url) as client:
        assert (await client.get("/c/" + "A" * 154)).status_code == 404


async def test_every_language_has_every_text() -> None:
    texts = load_texts()
    assert {frozenset(text) for text in texts.values()} == {frozenset(texts["en"])}


async def test_a_token_is_as_long_as_said_and_survives_its_round() -> None:
    key = Ed25519PrivateKey.generate()
    claim = SaleClaim(
        key_id=b"abcd", transaction_id=TransactionId(SALE), total_e4=-12, currency="JPY", last_day=date(2026, 11, 28)
    )
    told = claim_text(pack_claim(claim), key.sign(b"tsr1" + pack_claim(claim)))
    assert verify_claim(told, [key.public_key().public_bytes_raw()]) == claim


@pytest.mark.parametrize("text", ['[claims]\npoints = "many"', '[messages]\nsnmp = "x"', "[claims]\npoints = 5"])
async def test_a_mistyped_setting_is_refused(tmp_path: Path, text: str) -> None:
    (file := tmp_path / "hub.toml").write_text(text)
    with pytest.raises(ConfigurationError):
        load_config(file)


async def test_whoever_tries_codes_is_slowed_down_and_told_so_in_their_language(chain: HubRig) -> None:
    pace, at = Pace(60), datetime(2026, 11, 21, 12, tzinfo=UTC)
    for _ in range(60):
        pace.take(at)
    with pytest.raises(TryAgainError):
        pace.take(at)
    pace.take(at + timedelta(seconds=1))
    answer = Pages("Corner shops").refusal(TryAgainError("", fix="", code="too_many"), "ru")
    assert answer.status_code == 429
    assert "Слишком много" in bytes(answer.body).decode()

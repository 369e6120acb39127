"""A stranger's receipt becomes theirs: over real HTTP, with messages taken by a mail server and a gateway of others."""

from __future__ import annotations

import asyncio
import email
import json
import re
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.claims.consents import sentences
from hub.claims.ledger import consent_ledger
from hub.claims.pages import Pace, Pages
from hub.claims.service import Wish
from hub.claims.wording import load_texts
from hub.config import load_config
from hub.feed.erasing import Erasing
from hub.feed.upkeep import FeedUpkeep
from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook
from retail.claims import SaleClaim, claim_text, pack_claim
from retail.errors import ConfigurationError, RefusedError, TryAgainError
from retail.identifiers import TransactionId
from sync.protocol.claims import ClaimSigner, verify_claim
from sync.protocol.mirror_record import CLAIMED_SALE
from tests.hub.rig import Device, HubRig
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.anyio, pytest.mark.real]

SALE = "0f9c2f5e-6d6a-5a1e-9a73-6a1f5f2c9a01"


class Mailbox:
    """An SMTP server (aiosmtpd) that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's own name
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"

    def link(self) -> str:
        text = self.mails[-1].get_payload(decode=True).decode()
        return re.search(r"(/c/confirm/\S+)", text)[1]


@pytest.fixture
async def mailbox():
    box, loop = Mailbox(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


@pytest.fixture
def gateway():
    """An HTTP gateway for text messages that keeps what it is given."""
    taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            taken.append((body, self.headers["authorization"]))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server, taken
    server.shutdown()
    server.server_close()


@pytest.fixture
def chain(tmp_path: Path, mailbox: Mailbox, gateway):
    rig = HubRig(
        tmp_path / "hub",
        chain_name="Corner shops",
        country="DE",
        public_url="https://hub.example",
        claim_points="100",
        smtp=f"smtp://127.0.0.1:{mailbox.port}",
        mail_from="shop@example.org",
        sms=f"http://127.0.0.1:{gateway[0].server_port}/send",
        sms_token="secret",
    )
    yield rig
    rig.hub.close()


def token(device: Device, *, sale: str = SALE, day: date | None = None) -> str:
    signer = ClaimSigner(device.sign.private)
    day = day or datetime.now(UTC).date()
    return signer.token(TransactionId(sale), total_e4=43_000, currency="EUR", business_day=day)


FORM = {"first_name": "Anna", "contact": "anna@example.org", "consent_membership": "1", "household": "two"}


async def ask(client: httpx.AsyncClient, told: str, **changes: str) -> httpx.Response:
    return await client.post(f"/c/{told}", data=FORM | changes)


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


def make_staff(chain: HubRig) -> None:
    """Import the only customer again, as an employee."""
    [(customer_id,)] = chain.rows("SELECT customer_id FROM customer")
    take_in(chain, "customers.csv", f"customer_id,employee\n{customer_id},yes\n")


def give_phone(chain: HubRig, phone: str) -> None:
    """Import a phone number of the only customer."""
    [(customer_id,)] = chain.rows("SELECT customer_id FROM customer")
    take_in(chain, "codes.csv", f"code,kind,customer_id\n{phone},phone,{customer_id}\n")


def take_in(chain: HubRig, name: str, text: str) -> None:
    """Import one file of the chain's."""
    (file := chain.config.state_dir / name).write_text(text)
    hub = chain.hub
    import_files(
        ImportJob(
            database=hub.database,
            tenant_id=hub.config.tenant,
            country="DE",
            book=CodeBook(hub.keys.tenant(hub.config.tenant)),
            progress=lambda *_: None,
        ),
        [file],
    )


def text_of(mail: EmailMessage) -> str:
    return mail.get_payload(decode=True).decode()


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

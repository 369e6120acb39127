"""A chain that writes to people: its mail server, its gateway for text messages, its codes. Fixtures by import."""

from __future__ import annotations

import asyncio
import email
import json
import re
from datetime import UTC, date, datetime
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from aiosmtpd.smtp import SMTP

from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook
from retail.identifiers import TransactionId
from sync.protocol.claims import ClaimSigner
from tests.hub.rig import Device, HubRig

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

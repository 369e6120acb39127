"""The port through which a confirmation reaches a person: SMTP for e-mail, an HTTP gateway for text messages.

A sender is asked once and answers whether the message was taken over; it holds nothing and repeats nothing: the person
is at the page and presses again.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx

from retail.errors import ConfigurationError, TryAgainError
from sync.protocol.tokens import CodeKind

SEND_WITHIN_S = 10.0
"""Somebody waits at the page; a mail server that takes longer is as good as away."""

SUBMISSION_PORT = 587  # RFC 6409
SMTPS_PORT = 465  # RFC 8314


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One confirmation: to whom, in which language, and the link. `joins`: it is about joining, not about a receipt."""

    to: str
    language: str
    link: str
    joins: bool = False


class Sender(Protocol):
    """Sends one kind of message."""

    def send(self, message: Message, *, subject: str, text: str) -> None:
        """Hand over one message. Raises TryAgainError when it was not taken."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSender:
    """E-mail by `smtp://[USER:PASSWORD@]HOST[:PORT]` (STARTTLS where offered) or `smtps://` (TLS from the start)."""

    url: str
    sender: str

    def send(self, message: Message, *, subject: str, text: str) -> None:
        """Hand one e-mail over to the server."""
        parts = urlsplit(self.url)
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, message.to, subject
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answer comes back
        mail.set_content(text)
        try:
            with self._connection(parts.scheme, parts.hostname or "", parts.port) as server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise TryAgainError(
                f"the mail server did not take the message: {type(error).__name__}",
                fix="check [messages] smtp in hub.toml and the mail server",
                code="message_not_sent",
            ) from error

    def _connection(self, scheme: str, host: str, port: int | None) -> smtplib.SMTP:
        if scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port or SMTPS_PORT, timeout=SEND_WITHIN_S, context=context)
        server = smtplib.SMTP(host, port or SUBMISSION_PORT, timeout=SEND_WITHIN_S)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        return server


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsGateway:
    """Text messages by `POST url {"to", "text"}`, with `Authorization: Bearer` where a token is set."""

    url: str
    token: str = ""

    def send(self, message: Message, *, subject: str, text: str) -> None:
        """Hand one text message over to the gateway; it has no subject."""
        del subject
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            answer = httpx.post(self.url, json={"to": message.to, "text": text}, headers=headers, timeout=SEND_WITHIN_S)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise TryAgainError(
                f"the SMS gateway did not take the message: {type(error).__name__}",
                fix="check [messages] sms in hub.toml and the gateway",
                code="message_not_sent",
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """Which sender serves which kind of contact, and the words of the message by language."""

    by_kind: Mapping[CodeKind, Sender]
    texts: Mapping[str, Mapping[str, str]]
    chain: str

    def can_send(self, kind: CodeKind) -> bool:
        """Return whether this kind of contact can be answered."""
        return kind in self.by_kind

    def send(self, kind: CodeKind, message: Message) -> None:
        """Send the confirmation. Raises TryAgainError."""
        words = self.texts.get(message.language, self.texts["en"])
        text = (
            words["message_joining" if message.joins else "message"]
            .replace("{link}", message.link)
            .replace("{chain}", self.chain)
        )
        self.by_kind[kind].send(message, subject=words["subject"].replace("{chain}", self.chain), text=text)


def senders_of(*, smtp: str, sender: str, sms: str, sms_token: str) -> Mapping[CodeKind, Sender]:
    """Return what `[messages]` of hub.toml configures; nothing for what is empty. Raises ConfigurationError."""
    found: dict[CodeKind, Sender] = {}
    if smtp:
        if urlsplit(smtp).scheme not in {"smtp", "smtps"} or not sender:
            raise ConfigurationError(
                "[messages] smtp needs smtp://HOST or smtps://HOST, and `from` an address",
                fix='e.g. smtp = "smtps://user:password@mail.example", from = "shop@example.org"',
            )
        found[CodeKind.EMAIL] = SmtpSender(url=smtp, sender=sender)
    if sms:
        if urlsplit(sms).scheme not in {"http", "https"}:
            raise ConfigurationError("[messages] sms is no address", fix='e.g. sms = "https://sms.example/send"')
        found[CodeKind.PHONE] = SmsGateway(url=sms, token=sms_token)
    return found

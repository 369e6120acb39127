"""Asks those who joined at a screen whether the contact is theirs, and makes it theirs when they say so.

The message goes once what the store told has been learned; a mail server that is away is tried again at the next turn,
with the same link. A contact gets no more messages a day than from the claim page: nobody is annoyed through us.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.claims.joining import Joining, change_permissions, keep_answers
from hub.claims.senders import Message, Senders
from hub.imports.merging import merge_account
from hub.imports.tokenising import CodeBook, tokenise
from hub.storage.ports import Database, Row, Session
from retail.errors import RefusedError, TryAgainError
from sync.protocol.tokens import CodeKind

ASKED_AT_ONCE_MAX = 500
"""Messages of one turn; a chain's busiest five minutes bring a tenth of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Double opt-in of one chain. `links_max` within `since` is what a contact is sent."""

    database: Database
    joining: Joining
    senders: Senders
    public_url: str
    links_max: int

    def ask(self, *, now: datetime, since: datetime) -> int:
        """Send what is to be sent and return how many messages went; also pays for the tokens of new members' cards.

        A repeat sends nothing twice, except where power fails between message and note.
        """
        tenant_id, book = self.joining.tenant_id, CodeBook(self.joining.keys)
        tokenise(self.database, tenant_id, book, progress=lambda _done, _total: None)
        with self.database.reading() as session:
            rows = session.rows("to_be_asked", tenant_id=tenant_id, rows_max=ASKED_AT_ONCE_MAX)
        return sum(self._ask_one(row, book, now=now, since=since) for row in rows)

    def _ask_one(self, row: Sequence[Any], book: CodeBook, *, now: datetime, since: datetime) -> bool:
        claim_id, index, kind, sealed, language = str(row[0]), bytes(row[1]), CodeKind(row[2]), bytes(row[3]), row[4]
        if not self.senders.can_send(kind):
            return False
        tenant_id = self.joining.tenant_id
        with self.database.reading() as session:
            asked = session.row("count_asked", tenant_id=tenant_id, contact_index=index, since=_text(since))
        sends = not asked or int(asked[0]) < self.links_max
        if sends:
            link = f"{self.public_url}/c/confirm/{self.joining.link(claim_id)}?for=joining&lang={language}"
            try:
                self.senders.send(
                    kind, Message(to=_spelled(book, sealed, index), language=language, link=link, joins=True)
                )
            except TryAgainError:
                return False
        with self.database.writing() as session:
            session.run("was_asked", tenant_id=tenant_id, claim_id=claim_id, now=_text(now))
        return sends


def confirm_joining(session: Session, tenant_id: str, row: Sequence[Any]) -> str:
    """Make the contact of a row of `claim_by_link` its member's, and return who that is.

    Whose contact it is already, that account is theirs: the new one becomes it, with its card. Raises RefusedError
    `claim_link` when the member was erased meanwhile.
    """
    joined, index = {"tenant_id": tenant_id, "customer_id": str(row[0])}, bytes(row[2])
    if session.row("known_customer", **joined) is None:
        raise RefusedError("this link is not good any more", fix="join again in the shop", code="claim_link")
    numbered = session.row("next_change", tenant_id=tenant_id, what="customers")
    change_no = int(numbered[0]) if numbered else 0
    waiting = session.row("waiting_consents", tenant_id=tenant_id, claim_id=str(row[0]))
    holder = session.row("holder_of_code", tenant_id=tenant_id, code_index=index)
    if holder is None:
        session.run(
            "put_customer_code",
            tenant_id=tenant_id,
            code_index=index,
            kind=row[3],
            customer_id=joined["customer_id"],
            sealed=bytes(row[4]),
            change_no=change_no,
        )
        session.run("touch_customer", change_no=change_no, **joined)
    elif str(holder[0]) != joined["customer_id"]:
        answers = session.rows("answers_of", **joined)
        merge_account(session, {**joined, "into_id": str(holder[0]), "change_no": change_no})
        _bring_answers(session, {**joined, "customer_id": str(holder[0])}, answers, change_no=change_no)
    customer_id = str(holder[0]) if holder else joined["customer_id"]
    allowed = [str(each["purpose"]) for each in json.loads(waiting[0])] if waiting else []
    change_permissions(session, {"tenant_id": tenant_id, "customer_id": customer_id}, add=allowed, change_no=change_no)
    return customer_id


def _bring_answers(session: Session, who: Mapping[str, str], answers: Sequence[Row], *, change_no: int) -> None:
    """Give what somebody has answered when they joined anew to the account that they had: it is the newer answer."""
    for segment, day in answers:
        question, _, answer = str(segment).removeprefix("survey-").rpartition("-")
        keep_answers(session, who, [(question, answer)], day=str(day), change_no=change_no)


def _spelled(book: CodeBook, sealed: bytes, index: bytes) -> str:
    """Return a contact as a message is addressed."""
    kind, _, value = book.opened(sealed, index).partition(":")
    return f"+{value}" if kind == CodeKind.PHONE.value else value


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

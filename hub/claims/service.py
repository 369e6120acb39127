"""What a claim is allowed to do, step by step: look, ask, confirm. Nothing here knows of HTTP or of HTML.

A sale becomes somebody's once, at most seven days after it, at most three a month a person, never for staff, and only
after the contact has answered a message (double opt-in). Whether a contact is a member already is told to nobody who
has not answered from it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.claims.asking import Asking, confirm_joining
from hub.claims.consents import Sentence
from hub.claims.joining import CLAIMED, JOINED_AT_SCREEN, Joining, change_permissions, keep_answers
from hub.claims.senders import Message, Senders
from hub.imports.tokenising import CodeBook, tokenise
from hub.ingest.contents import content_of
from hub.storage.ports import Database, Session, TakenAlreadyError
from retail.claims import CLAIM_DAYS, SaleClaim
from retail.errors import RefusedError, TryAgainError
from sync.protocol.claims import read_claim, verify_claim
from sync.protocol.mirror_record import CLAIMED_SALE
from sync.protocol.tokens import CodeKind, locator_of, normalise

CLAIMS_MAX = 3
"""Sales a person may claim within `WITHIN`: who forgets the card more often collects receipts of others."""

WITHIN = timedelta(days=30)
LINKS_MAX = 3  # messages a contact is sent within a day: nobody is made to annoy a stranger through us
RECEIPT_LINKS_MAX = 5  # messages a receipt asks for within a day: one found on the floor must not write to a whole town
LINKS_WITHIN = timedelta(days=1)
LINK_LIFE = timedelta(days=2)
LINK_BYTES = 20
KEY_LIVES_ON = timedelta(days=CLAIM_DAYS + 1)  # receipts of a PC that was replaced are good as long as others


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody typed on the page; `consents` are the sentences that they said yes to, as shown."""

    first_name: str
    contact: str
    language: str
    consents: Sequence[Sentence]
    survey: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page may show of a sale. `receipt` is the store's record, None before it has arrived."""

    claim: SaleClaim
    receipt: Mapping[str, Any] | None
    is_claimed: bool


def _nobody_waits() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimService:
    """Claims of one chain. `points` is what joining brings; `public_url` is where people reach this hub.

    `let_in` is called when somebody's contact has become theirs: stores want to know soon.
    """

    database: Database
    tenant_id: str
    country: str
    book: CodeBook
    senders: Senders
    public_url: str
    points: int = 0
    let_in: Callable[[], None] = _nobody_waits

    def look(self, token: str, *, now: datetime) -> Shown:
        """Return what a token shows. Raises RefusedError: claim_unreadable, claim_forged, claim_expired."""
        key_id_known = read_claim(token)  # garbage never reaches the database
        with self.database.reading() as session:
            after = _text(now - KEY_LIVES_ON)
            keys = [bytes(row[0]) for row in session.rows("chain_keys", tenant_id=self.tenant_id, fenced_after=after)]
            mine = [key for key in keys if hashlib.sha256(key).digest().startswith(key_id_known.key_id)]
            claim = verify_claim(token, mine)
            if now.date() > claim.last_day + timedelta(days=1):  # somewhere it is still yesterday
                raise RefusedError(
                    f"this receipt could be claimed until {claim.last_day}",
                    fix="show your card at the till next time",
                    code="claim_expired",
                )
            record = session.row("sale_record", tenant_id=self.tenant_id, transaction_id=claim.transaction_id)
            taken = session.row("claimed", tenant_id=self.tenant_id, transaction_id=claim.transaction_id)
        payload = content_of(record[0]) if record and taken is None else None
        return Shown(claim=claim, receipt=payload, is_claimed=taken is not None)

    def ask(self, token: str, wish: Wish, *, now: datetime) -> str:
        """Keep what somebody wishes and send the link that confirms it; return `email` or `phone`.

        Raises RefusedError: those of `look`, claim_taken, claim_contact, claim_consent, claim_too_often;
        TryAgainError when the message could not be sent: then nothing was kept.
        """
        shown = self.look(token, now=now)
        if shown.is_claimed:
            raise _taken()
        if not any(sentence.purpose == "membership" for sentence in wish.consents):
            raise RefusedError("nobody joins without saying yes", fix="tick the first sentence", code="claim_consent")
        kind, spelled = self._contact(wish.contact)
        index, link, claim_id = self.book.index(spelled), secrets.token_urlsafe(LINK_BYTES), secrets.token_hex(16)
        with self.database.writing() as session:
            self._may_send(session, index, shown.claim.transaction_id, now=now)
            session.run(
                "put_claim",
                tenant_id=self.tenant_id,
                claim_id=claim_id,
                transaction_id=shown.claim.transaction_id,
                total_e4=shown.claim.total_e4,
                currency=shown.claim.currency,
                contact_index=index,
                contact_kind=kind.value,
                contact_sealed=self.book.seal(spelled, index),
                first_name=wish.first_name,
                language=wish.language,
                survey=json.dumps(dict(wish.survey), ensure_ascii=False, sort_keys=True),
                consents=json.dumps([each.evidence(now) for each in wish.consents], ensure_ascii=False),
                now=_text(now),
                confirm_digest=_digest(link),
            )
        address = f"{self.public_url}/c/confirm/{link}"
        try:
            self.senders.send(kind, Message(to=wish.contact.strip(), language=wish.language, link=address))
        except TryAgainError:
            with self.database.writing() as session:
                session.run("drop_claim", tenant_id=self.tenant_id, claim_id=claim_id)
            raise
        return kind.value

    def confirm(self, link: str, *, now: datetime) -> str:
        """Make the sale theirs, and them a member if they are none; return the customer's id. A repeat does nothing.

        Raises RefusedError: claim_link (no such link, or too old), claim_taken, claim_staff, claim_limit.
        """
        with self.database.writing() as session:
            row = session.row("claim_by_link", tenant_id=self.tenant_id, confirm_digest=_digest(link))
            if row is None or not row[7] or now > datetime.fromisoformat(row[7]) + LINK_LIFE:
                raise RefusedError("this link is not good any more", fix="scan the receipt again", code="claim_link")
            if row[9]:
                return str(row[9])
            joined_at_screen = str(row[1]).startswith(JOINED_AT_SCREEN)
            customer_id = (
                confirm_joining(session, self.tenant_id, row)
                if joined_at_screen
                else self._let_in(session, row, now=now)
            )
            if not joined_at_screen:
                self._make_theirs(session, row, customer_id, now=now)
            try:
                session.run(
                    "confirm_claim",
                    tenant_id=self.tenant_id,
                    claim_id=row[0],
                    customer_id=customer_id,
                    now=_text(now),
                )
            except TakenAlreadyError as error:
                raise _taken() from error
        tokenise(self.database, self.tenant_id, self.book, progress=lambda _done, _total: None)
        self.let_in()
        return customer_id

    def points_of(self, customer_id: str) -> int:
        """Return a member's balance as far as the chain knows; 0 for nobody."""
        with self.database.reading() as session:
            row = session.row("points_of_member", tenant_id=self.tenant_id, customer_id=customer_id)
        return int(row[0]) if row is not None else 0

    def ask_joined(self, joining: Joining, *, now: datetime) -> int:
        """Send those who joined at a screen the message that confirms their contact; return how many went."""
        asking = Asking(
            database=self.database,
            joining=joining,
            senders=self.senders,
            public_url=self.public_url,
            links_max=LINKS_MAX,
        )
        return asking.ask(now=now, since=now - LINKS_WITHIN)

    def forget_stale(self, *, now: datetime) -> int:
        """Drop what was asked for and can be confirmed no more; return how many rows that were."""
        with self.database.writing() as session:
            return session.run(
                "drop_stale_claims", tenant_id=self.tenant_id, before=_text(now - LINK_LIFE - LINKS_WITHIN)
            )

    def _may_send(self, session: Session, contact_index: bytes, transaction_id: str, *, now: datetime) -> None:
        """Let one more message go. Raises RefusedError `claim_too_often`: enough for this contact, or this receipt."""
        day = {"tenant_id": self.tenant_id, "since": _text(now - LINKS_WITHIN)}
        to_them = session.row("count_asked", contact_index=contact_index, **day)
        by_it = session.row("count_asked_by_receipt", transaction_id=transaction_id, **day)
        if (to_them and int(to_them[0]) >= LINKS_MAX) or (by_it and int(by_it[0]) >= RECEIPT_LINKS_MAX):
            raise RefusedError("enough messages were sent today", fix="try tomorrow", code="claim_too_often")

    def _let_in(self, session: Session, row: Sequence[Any], *, now: datetime) -> str:
        """Return whose the sale is going to be: the contact's holder, else a new member's."""
        if session.row("claimed", tenant_id=self.tenant_id, transaction_id=row[1]) is not None:
            raise _taken()
        index = bytes(row[2])
        holder = session.row("holder_of_code", tenant_id=self.tenant_id, code_index=index)
        if holder is None:
            return self._new_member(session, row, now=now)
        who = {"tenant_id": self.tenant_id, "customer_id": str(holder[0])}
        employee = session.row("employee", **who)
        if employee and employee[0]:
            raise RefusedError("staff cannot claim receipts", fix="leave it to the customer", code="claim_staff")
        count = session.row("count_claimed", since=_text(now - WITHIN), **who)
        if count and int(count[0]) >= CLAIMS_MAX:
            raise RefusedError(
                f"{CLAIMS_MAX} receipts in {WITHIN.days} days are all that can be claimed",
                fix="show your card at the till",
                code="claim_limit",
            )
        return who["customer_id"]

    def _make_theirs(self, session: Session, row: Sequence[Any], customer_id: str, *, now: datetime) -> None:
        """Let what was allowed and answered on the page count, and the sale itself once it has arrived."""
        numbered = session.row("next_change", tenant_id=self.tenant_id, what="customers")
        change_no, day = int(numbered[0]) if numbered else 0, now.date().isoformat()
        who = {"tenant_id": self.tenant_id, "customer_id": customer_id}
        told = session.row("told_on_page", tenant_id=self.tenant_id, claim_id=row[0])
        consents, survey = (json.loads(each) for each in told) if told else ([], {})
        change_permissions(session, who, add=[str(each["purpose"]) for each in consents], change_no=change_no)
        keep_answers(session, who, survey.items(), day=day, change_no=change_no)
        theirs = f"{CLAIMED_SALE}{row[1]}"  # their store shows it to them
        session.run("put_bought", key=theirs, day=day, change_no=change_no, **who)
        session.run("touch_customer", change_no=change_no, **who)
        session.run(
            "put_unknown_code",
            tenant_id=self.tenant_id,
            locator=locator_of(self.book.token(bytes(row[4]), bytes(row[2]))).hex(),
            transaction_id=row[1],
            store_id=CLAIMED,
            sealed="",
            day=day,
        )

    def _new_member(self, session: Session, row: Sequence[Any], *, now: datetime) -> str:
        customer_id = f"m-{secrets.token_hex(8)}"
        numbered = session.row("next_change", tenant_id=self.tenant_id, what="customers")
        change_no = int(numbered[0]) if numbered else 0
        nothing = dict.fromkeys(("no_paper", "permissions", "rfm_cell", "purchases", "last_visit"))
        session.run(
            "put_customer",
            tenant_id=self.tenant_id,
            customer_id=customer_id,
            first_name=row[5],
            language=row[6],
            birthday="",
            tier="",
            points=self.points,
            household_id="",
            employee=0,
            member_since=now.date().isoformat(),
            points_expiring=None,
            points_expire_on=None,
            change_no=change_no,
            **nothing,
        )
        session.run(
            "put_customer_code",
            tenant_id=self.tenant_id,
            code_index=bytes(row[2]),
            kind=row[3],
            customer_id=customer_id,
            sealed=bytes(row[4]),
            change_no=change_no,
        )
        session.run("touch_customer", tenant_id=self.tenant_id, customer_id=customer_id, change_no=change_no)
        return customer_id

    def _contact(self, contact: str) -> tuple[CodeKind, str]:
        kind = CodeKind.EMAIL if "@" in contact else CodeKind.PHONE
        spelled = normalise(contact, kind, country=self.country)
        value = spelled.partition(":")[2]
        local, _, domain = value.partition("@")
        whole = bool(local and "." in domain and not any(each.isspace() for each in value))
        if not (whole if kind is CodeKind.EMAIL else PHONE_DIGITS_MIN <= len(value) <= PHONE_DIGITS_MAX):
            raise RefusedError(
                "that is neither an e-mail address nor a phone number",
                fix="write e.g. anna@example.org or +49 30 901820",
                code="claim_contact",
            )
        if not self.senders.can_send(kind):
            raise RefusedError(
                f"this chain sends nothing by {kind.value}", fix="leave the other kind of contact", code="claim_contact"
            )
        return kind, spelled


PHONE_DIGITS_MIN, PHONE_DIGITS_MAX = 7, 15  # ITU-T E.164


def _taken() -> RefusedError:
    return RefusedError("this receipt was claimed already", fix="show your card next time", code="claim_taken")


def _digest(link: str) -> bytes:
    return hashlib.sha256(link.encode()).digest()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

"""What stores' screens told of people, taken into the chain's tables: new members, permissions, answers.

Read from the journals by `hub.feed.learning`, each record once and in order. Somebody who joined at a screen is a
member at once, by the card they hold; their contact becomes theirs, and what is allowed over it is allowed, only when
they have answered a message from it (double opt-in): until then nobody who types a stranger's number learns or gains
anything. Answers to the survey become memberships of segments, `survey-QUESTION-ANSWER`, so that every rule can ask
for them. The records themselves stay the ledger; what stands here can be made of them again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.imports.tokenising import CodeBook
from hub.keys import TenantKeys
from hub.storage.ports import Session
from retail.errors import RefusedError
from sync.protocol.enrolment import from_base64, open_sealed
from sync.protocol.tokens import CodeKind, normalise

KINDS = frozenset({"consent.given", "consent.withdrawn", "survey.answered"})

JOINED_AT_SCREEN = "enrolment:"
"""Begins the `transaction_id` of a claim that is no receipt's: somebody joined, their contact is to be confirmed."""

CLAIMED = ""
"""The store of a waiting code that stands for a claimed receipt: its sale may still be on its way to the hub."""

ERASURE_ASKED = "erasure_asked"
"""Stands among a customer's permissions when they asked to be erased: whoever finds a card must not erase its owner,
so a person at the chain looks at it (`tillstream hub consents --erasures`, then `tillstream hub erase`)."""

MEMBERSHIP = "membership"
TEXT_CHARS_MAX = 100
ANSWERS_MAX = 16
_CONTACT_KINDS = {"phone": CodeKind.PHONE, "email": CodeKind.EMAIL}
_EVIDENCE = (
    "purpose", "channel", "text", "text_sha256", "text_version", "text_language", "place", "by", "shown_how",
    "shown_at", "answered_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Takes the records of one chain; `country` spells national phone numbers."""

    tenant_id: str
    country: str
    keys: TenantKeys

    def take(self, session: Session, kind: str, content: Mapping[str, Any], *, day: str, change_no: int) -> None:
        """Take one record. A copy of it (a cloned disk's) changes nothing; one that is not what it says, neither."""
        enrolment_id, customer_id = _text(content, "enrolment_id"), _text(content, "customer_id")
        if enrolment_id and not customer_id:
            customer_id = member_id_of(self.keys, enrolment_id)
        if not customer_id:
            return
        who = _Who(customer_id=customer_id, enrolment_id=enrolment_id, day=day, change_no=change_no)
        if kind == "survey.answered":
            self._answers(session, who, content)
        elif kind == "consent.withdrawn":
            self._withdrawn(session, who, content)
        elif enrolment_id and isinstance(content.get("member"), dict):
            self._joins(session, who, content)
        else:
            self._allowed(session, who, content)

    def link(self, claim_id: str) -> str:
        """Return the secret of the link that confirms a joining: the same whenever it is asked for."""
        return _keyed(self.keys, f"confirm {claim_id}", 20).hex()

    def _joins(self, session: Session, who: _Who, content: Mapping[str, Any]) -> None:
        told = self._opened(content["member"])
        if told is None or session.row("known_customer", tenant_id=self.tenant_id, customer_id=who.customer_id):
            return
        nothing = dict.fromkeys(
            ("no_paper", "rfm_cell", "purchases", "last_visit", "points_expiring", "points_expire_on")
        )
        session.run(
            "put_customer",
            tenant_id=self.tenant_id,
            customer_id=who.customer_id,
            first_name=_text(told, "first_name"),
            language=_text(told, "language"),
            birthday="",
            tier="",
            points=0,
            household_id="",
            employee=0,
            member_since=who.day,
            permissions=MEMBERSHIP,
            change_no=who.change_no,
            **nothing,
        )
        self._touch(session, who)
        if card := _text(told, "code"):
            self._card(session, who, card)
        kind = _CONTACT_KINDS.get(_text(told, "contact_kind"))
        if kind is not None and (contact := _text(told, "contact")):
            self._to_be_asked(session, who, kind, contact, told=told, content=content)

    def _card(self, session: Session, who: _Who, card: str) -> None:
        """Lead a card to its new member; one that is somebody's already stays theirs."""
        book, spelled = CodeBook(self.keys), normalise(card, CodeKind.CARD)
        index = book.index(spelled)
        if session.row("holder_of_code", tenant_id=self.tenant_id, code_index=index) is None:
            session.run(
                "put_customer_code",
                tenant_id=self.tenant_id,
                code_index=index,
                kind=CodeKind.CARD.value,
                customer_id=who.customer_id,
                sealed=book.seal(spelled, index),
                change_no=who.change_no,
            )

    def _to_be_asked(
        self,
        session: Session,
        who: _Who,
        kind: CodeKind,
        contact: str,
        *,
        told: Mapping[str, Any],
        content: Mapping[str, Any],
    ) -> None:
        """Keep a contact, sealed, until its owner has answered; `asked_at` is empty until the message has gone."""
        book, spelled = CodeBook(self.keys), normalise(contact, kind, country=self.country)
        index, claim_id = book.index(spelled), who.customer_id
        session.run(
            "put_claim",
            tenant_id=self.tenant_id,
            claim_id=claim_id,
            transaction_id=f"{JOINED_AT_SCREEN}{who.enrolment_id}",
            total_e4=0,
            currency="",
            contact_index=index,
            contact_kind=kind.value,
            contact_sealed=book.seal(spelled, index),
            first_name=_text(told, "first_name"),
            language=_text(told, "language"),
            survey="{}",
            consents=json.dumps([_evidence(content)], ensure_ascii=False),
            now="",
            confirm_digest=hashlib.sha256(self.link(claim_id).encode()).digest(),
        )

    def _allowed(self, session: Session, who: _Who, content: Mapping[str, Any]) -> None:
        """Note a permission; one that waits for a second yes is kept beside the contact that has to say it."""
        waits = isinstance(content.get("double_opt_in"), dict) and content["double_opt_in"].get("state") == "requested"
        claim = {"tenant_id": self.tenant_id, "claim_id": who.customer_id}
        row = session.row("waiting_consents", **claim) if waits and who.enrolment_id else None
        if row is None:
            if not waits:
                self._change(session, who, add=(_text(content, "purpose"),))
            return
        kept = [each for each in json.loads(row[0]) if each["purpose"] != content.get("purpose")]
        session.run(
            "keep_waiting_consents", consents=json.dumps([*kept, _evidence(content)], ensure_ascii=False), **claim
        )

    def _withdrawn(self, session: Session, who: _Who, content: Mapping[str, Any]) -> None:
        asked = (ERASURE_ASKED,) if content.get("erasure_requested") is True else ()
        self._change(session, who, add=asked, drop=(_text(content, "purpose"),))

    def _change(self, session: Session, who: _Who, *, add: Sequence[str] = (), drop: Sequence[str] = ()) -> None:
        change_permissions(
            session,
            {"tenant_id": self.tenant_id, "customer_id": who.customer_id},
            add=add,
            drop=drop,
            change_no=who.change_no,
        )

    def _answers(self, session: Session, who: _Who, content: Mapping[str, Any]) -> None:
        person = {"tenant_id": self.tenant_id, "customer_id": who.customer_id}
        answers = content.get("answers")
        if session.row("known_customer", **person) is None or not isinstance(answers, list):
            return
        told = [(_text(each, "question_id"), _text(each, "answer")) for each in answers[:ANSWERS_MAX]]
        keep_answers(session, person, told, day=who.day, change_no=who.change_no)

    def _touch(self, session: Session, who: _Who) -> None:
        session.run("touch_customer", tenant_id=self.tenant_id, customer_id=who.customer_id, change_no=who.change_no)

    def _opened(self, member: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what a new member told; None when it was not sealed to this chain."""
        if member.get("sealed") is not True:
            told = member.get("told")
            return told if isinstance(told, dict) else None
        try:
            told = json.loads(open_sealed(self.keys.contact, from_base64(str(member.get("box")))))
        except (RefusedError, ValueError):
            return None
        return told if isinstance(told, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    """Whom a record speaks of, and in which change."""

    customer_id: str
    enrolment_id: str
    day: str
    change_no: int


def change_permissions(
    session: Session,
    who: Mapping[str, str],
    *,
    add: Sequence[str] = (),
    drop: Sequence[str] = (),
    change_no: int,
) -> None:
    """Change what a customer allows; one that is not known has nothing to change."""
    row = session.row("permissions_of", **who)
    if row is None:
        return
    words = set(row[0].split())
    now = (words - set(drop)) | {word for word in add if word.isidentifier()}
    if now != words:
        session.run("keep_permissions", permissions=" ".join(sorted(now)), change_no=change_no, **who)
        session.run("touch_customer", change_no=change_no, **who)


def keep_answers(
    session: Session, who: Mapping[str, str], answers: Iterable[tuple[str, str]], *, day: str, change_no: int
) -> None:
    """Turn (question, answer) into memberships; the newest answer to a question is the only one."""
    for question, answer in answers:
        if not (question and answer):
            continue
        session.run("drop_answers", prefix=f"survey-{question}-", **who)
        session.run(
            "put_segment",
            segment=f"survey-{question}-{answer}",
            valid_until="",
            entered=day,
            today=day,
            change_no=change_no,
            **who,
        )
    session.run("touch_customer", change_no=change_no, **who)


def _evidence(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: content[name] for name in _EVIDENCE if name in content}


def member_id_of(keys: TenantKeys, enrolment_id: str) -> str:
    """Return the customer id of who joined under an enrolment's id: the same whenever it is asked for."""
    return f"m-{_keyed(keys, f'enrolment {enrolment_id}', 8).hex()}"


def _keyed(keys: TenantKeys, what: str, size: int) -> bytes:
    return hashlib.blake2b(what.encode(), key=keys.codes, digest_size=size, person=b"ts joining 1").digest()


def _text(content: object, name: str) -> str:
    """Return a short text member of a record that somebody else has written; empty for anything else."""
    value = content.get(name) if isinstance(content, Mapping) else None
    return value if isinstance(value, str) and len(value) <= TEXT_CHARS_MAX and value.isprintable() else ""

"""Tenants, stores, enrolment codes and the keys of agents: who may speak, and for whom."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from hub.callers import Caller
from hub.keys import HubKeys
from hub.storage.ports import Database, Session
from retail.errors import ConfigurationError, RefusedError
from sync.protocol.enrolment import KEY_BYTES, code_digest, from_base64, new_code, parse_code, seal_to, to_base64
from sync.protocol.messages import EnrolAnswer, EnrolQuestion
from sync.protocol.signatures import Signed, key_id_of

CODE_LIFE = timedelta(hours=24)
"""A technician enrols a shop on the day he is there; a code that lies around longer is a risk without a use."""

AGENT_ID_BYTES = 8  # random: an agent's id tells nothing of the chain

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class FencedError(RefusedError):
    """Another device was enrolled for this store since; this one must not speak for it any more."""

    code = "fenced"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentCode:
    """A code as it is told to a person, once; the hub keeps its hash."""

    code: str
    store_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A key and whom it speaks for; `fenced` when another device took its place."""

    public: Ed25519PublicKey
    caller: Caller
    fenced: bool


class Registry:
    """The one place that turns credentials into callers."""

    def __init__(self, database: Database, keys: HubKeys) -> None:
        self._database = database
        self._keys = keys

    def make_tenant(self, tenant_id: str, *, country: str, now: datetime) -> None:
        """Make a chain and its keys; a repeat changes nothing. Raises ConfigurationError for an unusable id."""
        _check_id("tenant", tenant_id)
        self._keys.tenant(tenant_id)
        with self._database.writing() as session:
            session.run("put_tenant", tenant_id=tenant_id, country=country, now=now.isoformat())

    def issue_code(self, tenant_id: str, store_id: str, *, name: str, now: datetime) -> EnrolmentCode:
        """Return a new single-use code for a store, making the store when it is new."""
        _check_id("store", store_id)
        code = new_code()
        expires_at = now + CODE_LIFE
        with self._database.writing() as session:
            if session.row("tenant", tenant_id=tenant_id) is None:
                raise ConfigurationError(f"no tenant {tenant_id!r} here", fix="start the hub once with this tenant")
            session.run("put_store", tenant_id=tenant_id, store_id=store_id, name=name, now=now.isoformat())
            session.run(
                "put_code",
                digest=code_digest(parse_code(code)),
                tenant_id=tenant_id,
                store_id=store_id,
                now=now.isoformat(),
                expires_at=expires_at.isoformat(),
            )
        return EnrolmentCode(code=code, store_id=store_id, expires_at=expires_at)

    def known_key(self, key_id: str) -> KnownKey | None:
        """Return whom a key speaks for; None for a stranger's."""
        with self._database.reading() as session:
            row = session.row("caller", key_id=key_id)
        if row is None:
            return None
        public_key, epoch, fenced_at, agent_id, tenant_id, store_id = row
        return KnownKey(
            public=Ed25519PublicKey.from_public_bytes(bytes(public_key)),
            caller=Caller(tenant_id=tenant_id, store_id=store_id, agent_id=agent_id, epoch=epoch, key_id=key_id),
            fenced=fenced_at is not None,
        )

    def enrol(self, question: EnrolQuestion, signed: Signed, *, now: datetime) -> EnrolAnswer:
        """Register the key that signed `question` for the store that its code is bound to.

        The same key with the same code is answered again, because an answer may be lost; any other second use is
        refused. Raises RefusedError: code_mistyped, code_unknown, code_expired, code_used, code_other_store, invalid.
        """
        public_key = from_base64(question.public_key, length=KEY_BYTES)
        seal_key = from_base64(question.seal_key, length=KEY_BYTES)
        key_id = key_id_of(Ed25519PublicKey.from_public_bytes(public_key))
        if key_id != signed.key_id:
            raise RefusedError("signed by another key than it registers", fix="sign with the new key", code="invalid")
        with self._database.writing() as session:
            tenant_id, store_id, repeat = _use_code(session, question, key_id, now=now)
            if repeat:
                agent_id, epoch = _agent_of(session, tenant_id, store_id)
            else:
                agent_id, epoch = _next_epoch(session, tenant_id, store_id, question.epoch, now=now)
                session.run(
                    "put_key",
                    key_id=key_id,
                    agent_id=agent_id,
                    epoch=epoch,
                    public_key=public_key,
                    now=now.isoformat(),
                )
                session.run("fence_other_keys", agent_id=agent_id, key_id=key_id, now=now.isoformat())
            tenant = session.row("tenant", tenant_id=tenant_id)
        assert tenant is not None, tenant_id
        keys = self._keys.tenant(tenant_id)
        return EnrolAnswer(
            tenant=tenant_id,
            store=store_id,
            agent=agent_id,
            epoch=epoch,
            key_id=key_id,
            hub_key=to_base64(self._keys.sign.private.public_key().public_bytes_raw()),
            feed_key=to_base64(keys.feed.private.public_key().public_bytes_raw()),
            contact_key=to_base64(keys.contact.public_key().public_bytes_raw()),
            sealed_pepper=to_base64(seal_to(X25519PublicKey.from_public_bytes(seal_key), keys.pepper)),
            country=str(tenant[1]),
        )


def _use_code(session: Session, question: EnrolQuestion, key_id: str, *, now: datetime) -> tuple[str, str, bool]:
    """Take a code for a key; return its tenant, its store, and whether this key had taken it already."""
    digest = code_digest(parse_code(question.code))
    row = session.row("code_for_use", digest=digest)
    fix = "ask for a new code: `tillstream hub enrol-code --store ID`"
    if row is None:
        raise RefusedError("this hub never gave out this code", fix=fix, code="code_unknown")
    tenant_id, store_id, expires_at, used_at, used_by_key_id = row
    if question.store is not None and question.store != store_id:
        raise RefusedError(
            f"this code is for another store than {question.store}: a PC that was cloned, or a code mixed up",
            fix=f"mend business_unit_id in agent.toml, or `tillstream hub enrol-code --store {question.store}`",
            code="code_other_store",
        )
    if used_at is not None:
        if used_by_key_id == key_id:
            return tenant_id, store_id, True
        raise RefusedError("this code was used by another device", fix=fix, code="code_used")
    if datetime.fromisoformat(expires_at) <= now:
        raise RefusedError("this code is no longer valid", fix=fix, code="code_expired")
    session.run("use_code", digest=digest, key_id=key_id, now=now.isoformat())
    return tenant_id, store_id, False


def _agent_of(session: Session, tenant_id: str, store_id: str) -> tuple[str, int]:
    row = session.row("agent_of_store", tenant_id=tenant_id, store_id=store_id)
    assert row is not None, "a used code has made its agent in the same transaction"
    return str(row[0]), int(row[1])


def _next_epoch(session: Session, tenant_id: str, store_id: str, told_epoch: int, *, now: datetime) -> tuple[str, int]:
    """Return the store's agent with an epoch above all that hub and device have seen."""
    row = session.row("agent_of_store", tenant_id=tenant_id, store_id=store_id)
    if row is None:
        agent_id, epoch = secrets.token_hex(AGENT_ID_BYTES), told_epoch + 1
        session.run(
            "put_agent", agent_id=agent_id, tenant_id=tenant_id, store_id=store_id, epoch=epoch, now=now.isoformat()
        )
        return agent_id, epoch
    agent_id, epoch = str(row[0]), max(int(row[1]), told_epoch) + 1
    session.run("raise_epoch", agent_id=agent_id, epoch=epoch)
    return agent_id, epoch


def _check_id(what: str, value: str) -> None:
    if not _ID.fullmatch(value):
        raise ConfigurationError(
            f"{what} id {value!r}: letters, digits, dot, dash and underscore, at most 64",
            fix=f"choose another {what} id",
        )

"""Users of the chain: local accounts, and the browsers they are signed in with.

A wrong name and a wrong password take as long and are told alike. After `FAILURES_MAX` wrong passwords an account waits
`WAIT`, whoever asks; a right one during that time is refused too, so that a guesser learns nothing. A browser is signed
in for `SESSION_MAX`, and `IDLE_MAX` after it was used last; the cookie is kept as its hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.storage.ports import Database
from hub.users.audit import note_in
from hub.users.passwords import is_password, nobodys_password, sealed_password
from hub.users.roles import Right, Role, may
from retail.errors import ConfigurationError, RefusedError, TryAgainError

FAILURES_MAX = 5
WAIT = timedelta(minutes=15)
"""Five guesses in a quarter of an hour are 175,000 a year: too few for any password that is long enough."""

SESSION_MAX = timedelta(hours=10)  # a shift
IDLE_MAX = timedelta(minutes=30)  # OWASP: 15 to 30 minutes for what is no bank
SEEN_EVERY = timedelta(minutes=1)  # a page that refreshes itself every ten seconds writes once a minute

BY_DIRECTORY = "(directory)"  # who has changed an account when somebody's groups were changed

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class WrongPasswordError(RefusedError):
    """No such person, or another password; which of the two is not told."""

    code = "wrong_password"


class NotAllowedError(RefusedError):
    """The person is known, and their role has no such right."""

    code = "not_allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody of the chain. `signs_in_elsewhere`: the chain's own directory knows the password."""

    name: str
    role: Role
    created_at: str
    left_at: str | None
    signs_in_elsewhere: bool

    def need(self, right: Right) -> None:
        """Raise NotAllowedError unless this person has a right."""
        if not may(self.role, right):
            raise NotAllowedError(f"a {self.role.value} may not {right.value.replace('_', ' ')}", fix="ask who may")


@dataclass(frozen=True, slots=True)
class Users:
    """The accounts and sessions of one chain."""

    database: Database
    tenant_id: str
    clock: Callable[[], datetime]

    def all(self) -> list[User]:
        """Return everybody, those who have left last."""
        with self.database.reading() as session:
            return [_user(row) for row in session.rows("users", tenant_id=self.tenant_id)]

    def any_here(self) -> bool:
        """Return whether anybody can sign in: from then on everybody has to."""
        return any(each.left_at is None for each in self.all())

    def put(self, name: str, role: Role, password: str, *, by: str) -> None:
        """Make an account, or give it another role and password; its browsers are signed out.

        An empty password is for who signs in by the chain's directory. Raises ConfigurationError.
        """
        _check_name(name)
        sealed = sealed_password(password) if password else ""
        with self.database.writing() as session:
            now = self.clock()
            session.run(
                "put_user",
                tenant_id=self.tenant_id,
                name=name,
                role=role.value,
                password=sealed,
                now=now.isoformat(),
            )
            session.run("end_sessions_of", tenant_id=self.tenant_id, name=name)
            note_in(session, self.tenant_id, who=by, did="person.put", subject=name, detail=role.value, now=now)

    def end(self, name: str, *, by: str) -> bool:
        """End an account and all its browsers at once; return False when there was none."""
        with self.database.writing() as session:
            now = self.clock()
            ended = session.run("end_user", tenant_id=self.tenant_id, name=name, now=now.isoformat())
            session.run("end_sessions_of", tenant_id=self.tenant_id, name=name)
            if ended:
                note_in(session, self.tenant_id, who=by, did="person.ended", subject=name, now=now)
        return bool(ended)

    def sign_in(self, name: str, password: str) -> str:
        """Return the cookie of a new session. Raises WrongPasswordError, or TryAgainError after too many of them."""
        kept = self._kept_password(name)
        if not is_password(password, kept or nobodys_password()) or not kept:
            raise WrongPasswordError("no such name with this password", fix="try again, or ask who made your account")
        return self.open_session(name, how="password")

    def sign_in_elsewhere(self, name: str) -> str:
        """Return the cookie of somebody whom the chain's directory has named. Raises WrongPasswordError for others."""
        if not any(each.name == name and each.left_at is None and each.signs_in_elsewhere for each in self.all()):
            raise WrongPasswordError(
                f"{name} has no account here", fix=f"tillstream hub people add {name} --elsewhere --role ..."
            )
        return self.open_session(name, how="directory")

    def sign_in_by_groups(self, name: str, role: Role | None) -> str:
        """Return the cookie of somebody whose groups in the directory mean `role`; their account here follows.

        None means that they are in no group of ours (any more): they are not let in, and what they had here ends.
        Raises WrongPasswordError, also for a name that has a password here: that account is another's.
        """
        known = next((each for each in self.all() if each.name == name and each.left_at is None), None)
        if known is not None and not known.signs_in_elsewhere:
            raise WrongPasswordError(f"{name} has a password here", fix="sign in with it, or have the account ended")
        if role is None:
            self.end(name, by=BY_DIRECTORY)
            raise WrongPasswordError(f"{name} is in no group that may sign in", fix="ask who looks after the directory")
        if known is None or known.role is not role:
            self.put(name, role, "", by=BY_DIRECTORY)
        return self.open_session(name, how="directory")

    def open_session(self, name: str, *, how: str) -> str:
        """Return the cookie of a new session of somebody who has proved who they are."""
        cookie = secrets.token_urlsafe(32)
        with self.database.writing() as session:
            now = self.clock()
            session.run("forget_failures", tenant_id=self.tenant_id, name=name)
            session.run(
                "end_old_sessions",
                tenant_id=self.tenant_id,
                idle=(now - IDLE_MAX).isoformat(),
                old=(now - SESSION_MAX).isoformat(),
            )
            session.run(
                "open_session", digest=_digest(cookie), tenant_id=self.tenant_id, name=name, now=now.isoformat()
            )
            note_in(session, self.tenant_id, who=name, did="signed.in", detail=how, now=now)
        return cookie

    def whose(self, cookie: str) -> User | None:
        """Return who a browser is signed in as; None for a stranger's, an old or an idle one."""
        if not cookie:
            return None
        digest, now = _digest(cookie), self.clock()
        with self.database.reading() as session:
            row = session.row("session_of", digest=digest, tenant_id=self.tenant_id)
        if row is None:
            return None
        name, role, started_at, seen_at = row
        seen = datetime.fromisoformat(seen_at)
        if now - datetime.fromisoformat(started_at) > SESSION_MAX or now - seen > IDLE_MAX:
            return None
        if now - seen > SEEN_EVERY:
            with self.database.writing() as session:
                session.run("see_session", digest=digest, now=now.isoformat())
        return User(name=name, role=Role(role), created_at="", left_at=None, signs_in_elsewhere=False)

    def sign_out(self, cookie: str) -> None:
        """End one browser's session. A repeat changes nothing."""
        with self.database.writing() as session:
            session.run("end_session", digest=_digest(cookie))

    def _kept_password(self, name: str) -> str:
        """Count a try before it is looked at, so that guesses beside each other all count; return what is kept."""
        now = self.clock()
        with self.database.writing() as session:
            row = session.row("user", tenant_id=self.tenant_id, name=name)
            if row is None or row[4] is not None:
                return ""
            failures, failed_at = row[5], row[6]
            left_s = (datetime.fromisoformat(failed_at) + WAIT - now).total_seconds() if failed_at else 0.0
            if failures >= FAILURES_MAX and left_s > 0:
                raise TryAgainError(
                    "too many wrong passwords", fix="wait a quarter of an hour", code="too_many", retry_after_s=left_s
                )
            session.run("count_failure", tenant_id=self.tenant_id, name=name, now=now.isoformat())
            if failures + 1 == FAILURES_MAX:
                note_in(session, self.tenant_id, who=name, did="passwords.wrong", now=now)
        return str(row[2])


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name for an account",
            fix="up to 64 of a-z 0-9 . _ @ -, e.g. anna or anna@example.org",
            code="name",
        )


def _user(row: tuple[Any, ...]) -> User:
    name, role, password, created_at, left_at, _, _ = row
    return User(name=name, role=Role(role), created_at=created_at, left_at=left_at, signs_in_elsewhere=not password)


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()

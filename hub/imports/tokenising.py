"""Tokens for codes: paid once for each new code (about 12 ms of one core), on all cores, resumably.

Between import and token a code lies in the database sealed by a key that is not in it; with the token it goes. What
tells a known code from a new one is a keyed hash, so that importing the same ten million codes again costs seconds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.keys import TenantKeys
from hub.storage.ports import Database, Session
from sync.protocol.tokens import token_of

BATCH_CODES = 64
"""Codes between two commits: under a second of work, all that a kill costs."""

_INDEX_PERSON = b"ts code index 1"
_SEAL_PERSON = b"ts code seal 1"
_NONCE_BYTES = 12


class CodeBook:
    """Turns the one spelling of a code into what the database keeps."""

    def __init__(self, keys: TenantKeys) -> None:
        self._index_key = hashlib.blake2b(key=keys.codes, digest_size=32, person=_INDEX_PERSON).digest()
        self._seal = AESGCM(hashlib.blake2b(key=keys.codes, digest_size=32, person=_SEAL_PERSON).digest())
        self._pepper = keys.pepper

    def index(self, spelled: str) -> bytes:
        """Return the keyed hash by which a known code is recognised."""
        return hashlib.blake2b(spelled.encode(), key=self._index_key, digest_size=16).digest()

    def seal(self, spelled: str, index: bytes) -> bytes:
        """Return the code, sealed to this hub and to its row."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, spelled.encode(), index)

    def opened(self, sealed: bytes, index: bytes) -> str:
        """Return a sealed code in its one spelling, for a message to its holder."""
        return self._seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], index).decode()

    def token(self, sealed: bytes, index: bytes) -> bytes:
        """Open a sealed code and return its token; releases the interpreter while it works."""
        return token_of(self.opened(sealed, index), self._pepper)


def tokenise(
    database: Database,
    tenant_id: str,
    book: CodeBook,
    *,
    progress: Callable[[int, int], None],
    threads: int | None = None,
) -> int:
    """Compute every token that is missing and return how many; `progress` gets (done, of how many).

    May be killed and run again at any point: what is done stays done.
    """
    with database.reading() as session:
        row = session.row("count_waiting_codes", tenant_id=tenant_id)
    waiting = int(row[0]) if row else 0
    done = 0
    progress(done, waiting)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        while True:
            with database.reading() as session:
                rows = session.rows("waiting_codes", tenant_id=tenant_id, rows_max=BATCH_CODES)
            if not rows:
                return done
            tokens = list(pool.map(lambda row: book.token(bytes(row[1]), bytes(row[0])), rows))
            with database.writing() as session:
                session.many(
                    "keep_token",
                    sets=[
                        {"tenant_id": tenant_id, "code_index": bytes(row[0]), "token": token}
                        for row, token in zip(rows, tokens, strict=True)
                    ],
                )
                _touch_holders(session, tenant_id, [bytes(row[0]) for row in rows])
            done += len(rows)
            progress(done, max(waiting, done))


def _touch_holders(session: Session, tenant_id: str, indexes: list[bytes]) -> None:
    """Note that these codes lead to their holders from now on."""
    numbered = session.row("next_change", tenant_id=tenant_id, what="customers")
    change_no = int(numbered[0]) if numbered else 0
    holders = {
        str(row[0])
        for index in indexes
        if (row := session.row("holder_of_code", tenant_id=tenant_id, code_index=index)) is not None
    }
    session.many(
        "touch_customer",
        sets=[{"tenant_id": tenant_id, "customer_id": each, "change_no": change_no} for each in sorted(holders)],
    )

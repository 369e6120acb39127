"""Before anything of a request is believed: bounds on its body, its signature, its age, and whether it came before.

The order matters. Sizes are checked while bytes arrive, the signature before anything is inflated or parsed, so a
stranger costs one hash and one look-up. What is refused is counted by code, and nothing of it is kept.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.callers import Caller
from hub.registry import FencedError, KnownKey, Registry
from retail.errors import RefusedError, TryAgainError
from sync.protocol.body import BODY_BYTES_MAX, BodyRefusedError, inflate
from sync.protocol.messages import BODY_ENCODING, MEDIA_TYPE
from sync.protocol.signatures import SKEW_MAX, Request, Signed, verify_request

NONCES_MAX = 200_000
"""Nonces that are remembered, about 40 MB: 10,000 stores calling every 15 s for the ten minutes a signature is valid.
When it is full the oldest go; an upload that is played back is a repeat and changes nothing anyway."""

ENROLMENTS_PER_MINUTE_MAX = 30
"""Over all callers: a fleet of 3,000 enrols in two hours; guessing 95 bits at this rate does not finish."""


class ReplayedError(TryAgainError):
    """This very message came before; sign it anew."""

    code = "replayed"


class Refusals:
    """How often each refusal was given since this process started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, code: str) -> None:
        """Count one refusal."""
        with self._lock:
            self._counts[code] += 1

    def counts(self) -> dict[str, int]:
        """Return the counts by code, in alphabetical order."""
        with self._lock:
            return dict(sorted(self._counts.items()))


class Nonces(Protocol):
    """Knows which messages came before; `hub.nonces` shares it between workers."""

    def take(self, signed: Signed, *, now: datetime) -> None:
        """Remember a nonce. Raises ReplayedError when it was used before."""


class NonceMemory:
    """The nonces seen in the time in which a signature is valid, by one process."""

    def __init__(self, *, nonces_max: int = NONCES_MAX) -> None:
        self._nonces_max = nonces_max
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()

    def take(self, signed: Signed, *, now: datetime) -> None:
        """Remember a nonce. Raises ReplayedError when it was used before."""
        oldest = now.timestamp() - 2 * SKEW_MAX.total_seconds()
        with self._lock:
            while self._seen and (len(self._seen) >= self._nonces_max or next(iter(self._seen.values())) < oldest):
                self._seen.popitem(last=False)
            if (signed.key_id, signed.nonce) in self._seen:
                raise ReplayedError("this very message came before", fix="sign it anew")
            self._seen[signed.key_id, signed.nonce] = now.timestamp()


class EnrolmentPace:
    """A bucket that holds one minute of enrolments."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = float(ENROLMENTS_PER_MINUTE_MAX)
        self._at: datetime | None = None

    def take(self, *, now: datetime) -> None:
        """Let one enrolment through. Raises TryAgainError with the time to wait."""
        with self._lock:
            passed_s = max(0.0, (now - self._at).total_seconds()) if self._at else 0.0
            self._at = now
            per_s = ENROLMENTS_PER_MINUTE_MAX / 60
            self._left = min(float(ENROLMENTS_PER_MINUTE_MAX), self._left + passed_s * per_s)
            if self._left < 1:
                raise TryAgainError(
                    "too many enrolments at once", fix="wait a minute", code="too_many", retry_after_s=1 / per_s
                )
            self._left -= 1


async def read_body(chunks: AsyncIterator[bytes], headers: Mapping[str, str]) -> bytes:
    """Return a whole body as it travelled. Raises BodyRefusedError as soon as it is too large; the rest is not read."""
    told = headers.get("content-length", "0")
    if not told.isdigit() or int(told) > BODY_BYTES_MAX:
        raise _too_large()
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise _too_large()
    return bytes(body)


def _too_large() -> BodyRefusedError:
    return BodyRefusedError(
        f"the body is larger than {BODY_BYTES_MAX} bytes",
        code="too_large",
        status=413,
        fix="send fewer records at once",
    )


def open_body(request: Request) -> bytes:
    """Return the JSON text of a body. Raises BodyRefusedError for another content type or encoding."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise BodyRefusedError(
            "the body is not JSON by its content-type", code="content_type", status=415, fix=f"send {MEDIA_TYPE}"
        )
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == BODY_ENCODING:
        return inflate(request.body)
    if encoding == "identity":
        return request.body
    raise BodyRefusedError(
        "the body's encoding is not known here",
        code="content_encoding",
        status=415,
        fix=f"send content-encoding: {BODY_ENCODING}",
    )


class Gate:
    """Lets signed requests of enrolled agents through."""

    def __init__(self, registry: Registry, nonces: Nonces | None = None) -> None:
        self._registry = registry
        self._nonces = nonces or NonceMemory()

    def admit(self, request: Request, *, now: datetime) -> Caller:
        """Return who sent a request.

        Raises RefusedError (unsigned, bad_signature, unknown_key, clock_wrong, fenced) or ReplayedError.
        """
        found: list[KnownKey] = []

        def public_key_of(key_id: str) -> Ed25519PublicKey | None:
            known = self._registry.known_key(key_id)
            found.extend([known] if known else [])
            return known.public if known else None

        signed = verify_request(request, public_key_of, now=now)
        (known,) = found
        if known.fenced:
            raise FencedError(
                f"another device was enrolled for store {known.caller.store_id}",
                fix="if this is the right one, enrol it again with a new code; its sales are kept until then",
            )
        self._nonces.take(signed, now=now)
        return known.caller

    def admit_newcomer(self, request: Request, public_key: bytes, *, now: datetime) -> Signed:
        """Return the signature of a request by a key that it brings itself; raises like `admit`."""
        try:
            public = Ed25519PublicKey.from_public_bytes(public_key)
        except ValueError as error:
            raise RefusedError("no Ed25519 key", fix="see docs/wire-protocol.md", code="invalid") from error
        return verify_request(request, lambda _key_id: public, now=now)

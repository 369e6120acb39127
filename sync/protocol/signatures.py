"""Who sent this message, and is it whole: HTTP message signatures (RFC 9421) by Ed25519 over RFC 9530 digests.

A request is signed over its method, path, query, and - when it has a body - content-type, content-encoding and
content-digest. The host is left out on purpose: a key belongs to one hub, and reverse proxies rewrite hosts. An
answer is signed over its status, content-type, content-digest and the signature of the request that it answers, so
that no answer can be kept and given to another request. Bodies are digested as they travel, before decompression:
whoever verifies first never inflates a stranger's bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail.errors import RefusedError
from sync.protocol.structured_fields import (
    LISTS_KEPT,
    InnerList,
    Item,
    MalformedFieldError,
    parse_dictionary,
    serialise,
    serialise_each,
)

LABEL = "tillstream"
TAG = "tillstream-1"
ALGORITHM = "ed25519"
NONCE_BYTES = 16

SKEW_MAX = timedelta(minutes=5)
"""How far a signature's time may be from the verifier's clock: the bound that Kerberos and AWS have used for decades.
A store PC with a wrong clock is told the hub's time and signs again with it."""

_REQUEST_PARTS: tuple[str, ...] = ("@method", "@path", "@query")
_BODY_PARTS: tuple[str, ...] = ("content-type", "content-encoding", "content-digest")
_ANSWER_PARTS: tuple[str, ...] = ("@status", "content-type", "content-digest")


class UnsignedError(RefusedError):
    """The message carries no signature of ours at all: a portal, a proxy, a stranger."""

    code = "unsigned"


class BadSignatureError(RefusedError):
    """The message carries a signature that does not hold."""

    code = "bad_signature"


class ClockWrongError(RefusedError):
    """The signature holds, but was made too long ago or lies in the future."""

    code = "clock_wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is signed of a request. Header names are lower case; `query` is without its question mark."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is signed of an answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature that holds has told: who, when, and a number used once."""

    key_id: str
    created_at_s: int
    nonce: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key under the name that the other side knows it by."""

    private: Ed25519PrivateKey = field(repr=False)
    key_id: str = field(init=False)
    """The thumbprint of the public half."""

    def __post_init__(self) -> None:
        """Work the name out once: it is written into every message."""
        object.__setattr__(self, "key_id", key_id_of(self.private.public_key()))


def key_id_of(public: Ed25519PublicKey) -> str:
    """Return the name of a key: the first 16 bytes of SHA-256 over its 32 raw bytes, as hexadecimal."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:32]


def content_digest(body: bytes) -> str:
    """Return the value of the Content-Digest header (RFC 9530) of a body as it travels."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def sign_request(request: Request, key: SigningKey, *, now: datetime, nonce: str = "") -> dict[str, str]:
    """Return the headers that sign `request`: content-digest where there is a body, signature-input, signature."""
    added: dict[str, str] = {}
    parts = _REQUEST_PARTS
    if request.body:
        added["content-digest"] = content_digest(request.body)
        parts += _BODY_PARTS if "content-encoding" in request.headers else _without_encoding()
    signed = replace(request, headers={**request.headers, **added})
    listed = _list_of(parts, key, now=now, nonce=nonce or secrets.token_hex(NONCE_BYTES))
    base = signature_base(listed, _RequestParts(signed))
    return added | _signature_headers(listed, key, base)


def sign_answer(answer: Answer, request: Request, key: SigningKey, *, now: datetime) -> dict[str, str]:
    """Return the headers that sign `answer` and bind it to the signature of `request`, which must carry one."""
    added = {"content-digest": content_digest(answer.body)}
    signed = replace(answer, headers={**answer.headers, **added})
    listed = _list_of(_ANSWER_PARTS, key, now=now, nonce=secrets.token_hex(NONCE_BYTES))
    listed = InnerList((*listed.items, _REQUEST_SIGNATURE), listed.parameters)
    base = signature_base(listed, _AnswerParts(signed, request))
    return added | _signature_headers(listed, key, base)


def verify_request(
    request: Request, public_key_of: Callable[[str], Ed25519PublicKey | None], *, now: datetime
) -> Signed:
    """Return who signed `request`.

    `public_key_of` turns a key's name into the key, None for a name nobody knows. Raises UnsignedError,
    BadSignatureError (code `unknown_key` for a stranger's key) or ClockWrongError, in that order of checks.
    """
    required = _REQUEST_PARTS + (("content-type", "content-digest") if request.body else ())
    if request.body and "content-encoding" in request.headers:
        required += ("content-encoding",)
    return _verify(
        request.headers, _RequestParts(request), public_key_of, required=required, body=request.body, now=now
    )


def verify_answer(answer: Answer, request: Request, public: Ed25519PublicKey, *, now: datetime | None) -> Signed:
    """Check that the hub signed `answer` to exactly this `request` (as sent, signature included).

    `now` is None while the caller's own clock is not to be trusted; the binding to the request's nonce already keeps
    old answers out. Raises like `verify_request`.
    """
    known = {key_id_of(public): public}
    required = (*_ANSWER_PARTS, _REQUEST_SIGNATURE_TEXT)
    return _verify(
        answer.headers, _AnswerParts(answer, request), known.get, required=required, body=answer.body, now=now
    )


_REQUEST_SIGNATURE = Item("signature", (("req", True), ("key", LABEL)))
_REQUEST_SIGNATURE_TEXT = serialise(_REQUEST_SIGNATURE)


class _RequestParts:
    """The components of a request by name (RFC 9421 section 2)."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def value(self, item: Item) -> str:
        name = str(item.value)
        if item.parameters:
            raise BadSignatureError(f"component {serialise(item)} is not used here", fix="see docs/wire-protocol.md")
        match name:
            case "@method":
                return self._request.method.upper()
            case "@path":
                return self._request.path or "/"
            case "@query":
                return f"?{self._request.query}"
        return _header(self._request.headers, name)


class _AnswerParts:
    """The components of an answer by name, and the signature of the request it belongs to."""

    def __init__(self, answer: Answer, request: Request) -> None:
        self._answer = answer
        self._request = request

    def value(self, item: Item) -> str:
        if item == _REQUEST_SIGNATURE:
            member = parse_dictionary(_header(self._request.headers, "signature")).get(LABEL)
            if not isinstance(member, Item):
                raise BadSignatureError("the request bears no signature of ours", fix="sign the request")
            return serialise(member)
        if item.parameters:
            raise BadSignatureError(f"component {serialise(item)} is not used here", fix="see docs/wire-protocol.md")
        name = str(item.value)
        return str(self._answer.status) if name == "@status" else _header(self._answer.headers, name)


def signature_base(listed: InnerList, parts: _RequestParts | _AnswerParts) -> bytes:
    """Return the bytes that are signed (RFC 9421 section 2.5)."""
    texts = serialise_each(listed.items)
    lines = [f"{text}: {parts.value(item)}" for text, item in zip(texts, listed.items, strict=True)]
    lines.append(f'"@signature-params": {serialise(listed)}')
    return "\n".join(lines).encode("latin-1", "strict")


def _verify(
    headers: Mapping[str, str],
    parts: _RequestParts | _AnswerParts,
    public_key_of: Callable[[str], Ed25519PublicKey | None],
    *,
    required: tuple[str, ...],
    body: bytes,
    now: datetime | None,
) -> Signed:
    listed, signature = _signature_of(headers)
    covered = {
        text if item.parameters else str(item.value)
        for text, item in zip(serialise_each(listed.items), listed.items, strict=True)
    }
    if missing := [name for name in required if name not in covered]:
        raise BadSignatureError(f"the signature does not cover {', '.join(missing)}", fix="see docs/wire-protocol.md")
    key_id, created, nonce = (listed.parameter(name) for name in ("keyid", "created", "nonce"))
    if not isinstance(key_id, str) or not isinstance(created, int) or not isinstance(nonce, str):
        raise BadSignatureError("the signature lacks keyid, created or nonce", fix="see docs/wire-protocol.md")
    if listed.parameter("tag") != TAG or listed.parameter("alg") != ALGORITHM:
        raise BadSignatureError(f"the signature is not {TAG} by {ALGORITHM}", fix="see docs/wire-protocol.md")
    public = public_key_of(key_id)
    if public is None:
        raise BadSignatureError(
            "nobody here knows this key", fix="enrol this agent with a new code", code="unknown_key"
        )
    try:
        public.verify(signature, signature_base(listed, parts))
    except (InvalidSignature, UnicodeEncodeError, MalformedFieldError) as error:
        raise BadSignatureError("the signature does not hold", fix="check what changes messages on the way") from error
    if (body or "content-digest" in covered) and not _digest_holds(headers.get("content-digest", ""), body):
        raise BadSignatureError("the body is not the one that was signed", fix="check what changes bodies on the way")
    _check_clock(created, now)
    return Signed(key_id=key_id, created_at_s=created, nonce=nonce)


def _signature_of(headers: Mapping[str, str]) -> tuple[InnerList, bytes]:
    try:
        listed = parse_dictionary(headers.get("signature-input", "")).get(LABEL)
        signature = parse_dictionary(headers.get("signature", "")).get(LABEL)
    except MalformedFieldError as error:
        raise BadSignatureError(
            f"signature headers cannot be read: {error}", fix="see docs/wire-protocol.md"
        ) from error
    if listed is None and signature is None:
        raise UnsignedError("the message bears no signature", fix="sign it as docs/wire-protocol.md says")
    if not isinstance(listed, InnerList) or not isinstance(signature, Item) or not isinstance(signature.value, bytes):
        raise BadSignatureError("signature and signature-input do not belong together", fix="see docs/wire-protocol.md")
    return listed, signature.value


def _digest_holds(told: str, body: bytes) -> bool:
    try:
        member = parse_dictionary(told).get("sha-256")
    except MalformedFieldError:
        return False
    if not isinstance(member, Item) or not isinstance(member.value, bytes):
        return False
    return hmac.compare_digest(member.value, hashlib.sha256(body).digest())


def _check_clock(created: int, now: datetime | None) -> None:
    if now is None:
        return
    skew_s = created - now.timestamp()
    if abs(skew_s) > SKEW_MAX.total_seconds():
        raise ClockWrongError(
            f"signed {skew_s:+.0f} s from this clock, at most {SKEW_MAX.total_seconds():.0f} s are taken",
            fix="set the clock, or sign with the time this answer tells",
        )


def _header(headers: Mapping[str, str], name: str) -> str:
    if name not in headers:
        raise BadSignatureError(f"signed header {name} is not there", fix="check what strips headers on the way")
    return headers[name].strip().replace("\n", " ")


def _without_encoding() -> tuple[str, ...]:
    return tuple(part for part in _BODY_PARTS if part != "content-encoding")


@lru_cache(maxsize=LISTS_KEPT)
def _items_of(parts: tuple[str, ...]) -> tuple[Item, ...]:
    return tuple(map(Item, parts))


def _list_of(parts: tuple[str, ...], key: SigningKey, *, now: datetime, nonce: str) -> InnerList:
    return InnerList(
        _items_of(parts),
        (
            ("created", int(now.timestamp())),
            ("nonce", nonce),
            ("keyid", key.key_id),
            ("alg", ALGORITHM),
            ("tag", TAG),
        ),
    )


def _signature_headers(listed: InnerList, key: SigningKey, base: bytes) -> dict[str, str]:
    return {
        "signature-input": f"{LABEL}={serialise(listed)}",
        "signature": f"{LABEL}={serialise(Item(key.private.sign(base)))}",
    }

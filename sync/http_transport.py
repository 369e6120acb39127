"""The only place that speaks HTTP to the hub: httpx with bounds, signed questions, verified answers.

An answer counts only when the hub's pinned key signed it, bound to this very request. Everything else - a captive
portal's page with status 200, a proxy's 502, a redirect, half a body - is AnswerInvalidError: try again. Refusals of
the hub become errors by their code, never by their text. Foreign exceptions end here (`_translated`).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from retail.errors import ConfigurationError, RefusedError
from sync.answers import AnswerT, ClockWrongError, parsed, refusal_error, retry_after_s
from sync.enrolled import Enrolled, enrolled_from
from sync.errors import (
    AnswerInvalidError,
    LinkDownError,
    RecordRefusedError,
)
from sync.ports import Batch, Delivered, Located, Pace, ParkReason, RefusedRecord, StoredRecord
from sync.protocol.body import encode
from sync.protocol.enrolment import KEY_BYTES, from_base64, parse_code, to_base64
from sync.protocol.feed_messages import AppliedAnswer, AppliedReport, ErasuresProof, ErasuresTaken, SignedManifest
from sync.protocol.messages import (
    BODY_ENCODING,
    MEDIA_TYPE,
    Absence,
    EnrolAnswer,
    EnrolQuestion,
    JournalAck,
    JournalRecord,
    JournalUpload,
    Mark,
    Message,
    PositionAnswer,
    PositionQuestion,
)
from sync.protocol.signatures import Answer, Request, SigningKey, sign_request, verify_answer

TIMEOUTS = httpx.Timeout(connect=10, read=60, write=60, pool=10)
"""A 100 kB batch takes 13 s on a 64 kbit line, and a hub under load may need as long again to answer."""

ANSWER_BYTES_MAX = 1024 * 1024
"""Acks and manifests take a few kB; what is larger is no answer of a hub."""

REASONS = {reason.value: reason for reason in ParkReason}


@dataclass(frozen=True, slots=True)
class Contact:
    """A valid answer of the hub. `hub_ahead` is how far the hub's clock is ahead of ours."""

    at: datetime
    hub_ahead: timedelta


class HubConnection:
    """Signed calls to one hub. One instance serves courier and feed; close it when both have ended."""

    def __init__(
        self,
        hub_url: str,
        key: SigningKey,
        *,
        hub_key: Ed25519PublicKey | None,
        pace: Pace,
        program: str = "tillstream",
        wire: httpx.AsyncBaseTransport | None = None,
        timeouts: httpx.Timeout = TIMEOUTS,
    ) -> None:
        """Prepare calls to `hub_url`; nothing is sent yet. `wire` stands in for the network (the drill's).

        `hub_key` None trusts whoever answers, which only enrolment does. Raises ConfigurationError for plain http to
        anywhere but this machine.
        """
        _check_url(hub_url)
        self._base = hub_url.rstrip("/")
        self._base_path = urlsplit(self._base).path
        self._key = key
        self._hub_key = hub_key
        self._pace = pace
        self._ahead = timedelta()
        self.last_contact: Contact | None = None
        self._client = httpx.AsyncClient(
            timeout=timeouts,
            follow_redirects=False,
            trust_env=wire is None,
            headers={"user-agent": program},
            transport=wire,
        )

    def __repr__(self) -> str:
        return f"<HubConnection {self._base} last_contact={self.last_contact}>"

    async def close(self) -> None:
        """Close every connection. A repeat changes nothing."""
        await self._client.aclose()

    async def ask(self, path: str, question: Message, answer: type[AnswerT]) -> AnswerT:
        """Post a message and return the hub's answer. Raises as `sync.ports.TransportPort` says."""
        return await self.post(path, encode(question), answer)

    async def post(self, path: str, body: bytes, answer: type[AnswerT]) -> AnswerT:
        """Post an encoded message and return the hub's answer. Raises like `ask`."""
        headers = {"content-type": MEDIA_TYPE, "content-encoding": BODY_ENCODING}
        found = await self._call(Request(method="POST", path=path, headers=headers, body=body), answer)
        if found is None:
            raise AnswerInvalidError("the hub answered without a body", fix="it is tried again")
        return found

    async def get(self, path: str, query: str, answer: type[AnswerT]) -> AnswerT | None:
        """Get a message; None when the hub says that nothing is new (304). Raises like `ask`."""
        return await self._call(Request(method="GET", path=path, query=query), answer)

    @asynccontextmanager
    async def stream(self, path: str, *, start: int) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """Get a file from byte `start` on; yields (where it really starts, its bytes).

        The bytes are not signed: the caller checks their hash. Raises like `ask`.
        """
        request = self._signed(Request(method="GET", path=path))
        headers = {**request.headers, "accept-encoding": "identity"} | ({"range": f"bytes={start}-"} if start else {})
        with _translated():
            async with self._client.stream("GET", self._base + path, headers=headers) as response:
                if response.status_code == HTTPStatus.PARTIAL_CONTENT:
                    told = response.headers.get("content-range", "")
                    if not told.startswith(f"bytes {start}-"):
                        raise AnswerInvalidError(
                            "another part of the file came than was asked for", fix="it is tried again"
                        )
                    yield start, response.aiter_raw()
                elif response.status_code == HTTPStatus.OK:
                    yield 0, response.aiter_raw()
                else:
                    answer = await _read(response)
                    self._verify(answer, request)
                    raise refusal_error(answer)

    async def _call(self, request: Request, model: type[AnswerT]) -> AnswerT | None:
        try:
            return await self._call_once(request, model)
        except ClockWrongError as error:
            self._ahead = error.hub_time - self._pace.now()
            return await self._call_once(request, model)

    async def _call_once(self, request: Request, model: type[AnswerT]) -> AnswerT | None:
        signed = self._signed(request)
        url = self._base + request.path + (f"?{request.query}" if request.query else "")
        with _translated():
            async with self._client.stream(
                request.method, url, content=signed.body or None, headers=dict(signed.headers)
            ) as response:
                answer = await _read(response)
        if model is EnrolAnswer and self._hub_key is None and answer.status == HTTPStatus.OK:
            self._hub_key = _introduced(answer)
        self._verify(answer, signed)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        if answer.status != HTTPStatus.OK:
            raise refusal_error(answer)
        return parsed(model, answer)

    def _signed(self, request: Request) -> Request:
        sent = replace(request, path=self._base_path + request.path)
        headers = sign_request(sent, self._key, now=self._pace.now() + self._ahead)
        return replace(sent, headers={**sent.headers, **headers})

    def _verify(self, answer: Answer, request: Request) -> None:
        if self._hub_key is None:
            if answer.headers.get("content-type", "").startswith(MEDIA_TYPE):
                return  # a refusal before anybody introduced themselves: shown to the person who is enrolling
            raise AnswerInvalidError("something else than a hub answers here", fix="check the hub's address")
        try:
            signed = verify_answer(answer, request, self._hub_key, now=None)
        except RefusedError as error:
            raise AnswerInvalidError(
                f"status {answer.status} came, but not from the hub: {error.message}",
                fix="look for a login page or a proxy between this store and its hub; nothing is lost",
                retry_after_s=retry_after_s(answer.headers),
            ) from error
        here = self._pace.now()
        ahead = timedelta(seconds=signed.created_at_s - here.timestamp())
        self.last_contact = Contact(here, ahead)


class HubTransport:
    """The hub as a destination of the journal (`sync.ports.TransportPort`)."""

    def __init__(self, connection: HubConnection) -> None:
        self._connection = connection

    async def deliver(self, batch: Batch) -> Delivered:
        """Upload a batch."""
        upload = JournalUpload(
            epoch=batch.epoch,
            first_seq=batch.first_seq,
            prev_hash=batch.prev_hash.hex(),
            lost_before=batch.lost_before,
            follows=batch.follows,
            records=[_on_the_wire(record, withheld=record.seq in batch.withheld) for record in batch.records],
            head_hash=batch.last.hash.hex(),
        )
        body = encode(upload)
        ack = await self._connection.post("/v1/journal", body, JournalAck)
        if ack.epoch != batch.epoch:
            raise AnswerInvalidError("the hub answered for another epoch", fix="it is tried again")
        return Delivered(
            acked_seq=ack.acked_seq,
            head_hash=ack.head_hash,
            forked=ack.forked,
            wire_bytes=len(body),
            refused=tuple(
                RefusedRecord(
                    seq=parked.seq,
                    reason=REASONS.get(parked.reason, ParkReason.REFUSED),
                    detail=f"{parked.code}: {parked.message}",
                )
                for parked in ack.parked
                if parked.seq not in batch.withheld
            ),
        )

    async def locate(self, epoch: int, marks: Sequence[Mark]) -> Located:
        """Ask which of these records the hub has."""
        question = PositionQuestion(epoch=epoch, marks=list(marks))
        found = await self._connection.ask("/v1/journal/position", question, PositionAnswer)
        if found.acked_seq and (found.acked_seq, found.head_hash) not in {(mark.seq, mark.hash) for mark in marks}:
            raise AnswerInvalidError("the hub answered with a mark that was not asked for", fix="it is tried again")
        return Located(
            seq=found.acked_seq,
            head_hash=found.head_hash,
            head_seq=found.head_seq,
            missing=tuple((each.first_seq, each.last_seq) for each in found.missing),
        )


async def enrol(
    hub_url: str,
    code: str,
    *,
    sign: SigningKey,
    seal: X25519PrivateKey,
    epoch: int,
    pace: Pace,
    program: str,
    store: str | None = None,
    wire: httpx.AsyncBaseTransport | None = None,
) -> Enrolled:
    """Redeem a code: register this agent's keys, and return who it is from now on.

    `epoch` is the newest in the journal, 0 for an empty one; `store` is where the agent believes to be: a code of
    another one stays unused. A repeat with the same code and keys is answered the same. Raises RefusedError
    (code_mistyped, code_unknown, code_expired, code_used, code_other_store), TryAgainError, ConfigurationError.
    """
    question = EnrolQuestion(
        code=parse_code(code),
        store=store,
        public_key=to_base64(sign.private.public_key().public_bytes_raw()),
        seal_key=to_base64(seal.public_key().public_bytes_raw()),
        epoch=epoch,
        program=program,
    )
    connection = HubConnection(hub_url, sign, hub_key=None, pace=pace, program=program, wire=wire)
    try:
        answer = await connection.ask("/v1/enrolment", question, EnrolAnswer)
    finally:
        await connection.close()
    return enrolled_from(answer, hub_url=hub_url, seal=seal)


class HubFeedSource:
    """The hub as the source of the feed (`sync.feed.FeedSource`)."""

    def __init__(self, connection: HubConnection) -> None:
        self._connection = connection

    async def manifest(self, cursor: str) -> SignedManifest | None:
        """Ask what this store should have; None when it was told already."""
        return await self._connection.get("/v1/feed", f"cursor={cursor}", SignedManifest)

    def file(self, sha256: str, *, start: int) -> AbstractAsyncContextManager[tuple[int, AsyncIterator[bytes]]]:
        """Open a file from a byte on."""
        return self._connection.stream(f"/v1/feed/files/{sha256}", start=start)

    async def report(self, report: AppliedReport) -> bool:
        """Tell the hub what this store has in use; return whether it asks for orders of erasure."""
        return (await self._connection.ask("/v1/feed/applied", report, AppliedAnswer)).wants_erasures

    async def prove(self, proof: ErasuresProof) -> None:
        """Tell the hub of orders of erasure that it has lost."""
        await self._connection.ask("/v1/feed/erasures", proof, ErasuresTaken)


def _on_the_wire(record: StoredRecord, *, withheld: bool) -> JournalRecord:
    """Return a record as it travels. Raises RecordRefusedError when it is larger than a record may be, or no text."""
    present = record.salt is not None and record.payload is not None and not withheld
    absent = None if present else Absence.WITHHELD if record.payload is not None else Absence.ERASED
    try:
        return JournalRecord(
            kind=record.kind,
            workstation_id=record.workstation_id,
            occurred_at=record.occurred_at,
            clock_quality=record.clock_quality,
            business_day=record.business_day,
            salt=record.salt.hex() if present and record.salt is not None else None,
            payload=record.payload.decode() if present and record.payload is not None else None,
            payload_hash=None if present else record.payload_hash.hex(),
            absent=absent,
        )
    except ValueError as error:  # pydantic's and the decoder's errors are both ValueErrors
        raise RecordRefusedError(
            f"record {record.seq} does not fit the wire",
            seq=record.seq,
            fix=f"look at it with `tillstream journal show {record.seq}`",
        ) from error


async def _read(response: httpx.Response) -> Answer:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise AnswerInvalidError(f"an answer of more than {ANSWER_BYTES_MAX} bytes", fix="it is tried again")
    return Answer(status=response.status_code, headers=dict(response.headers), body=bytes(body))


def _introduced(answer: Answer) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(from_base64(parsed(EnrolAnswer, answer).hub_key, length=KEY_BYTES))


def _check_url(hub_url: str) -> None:
    try:
        parts = urlsplit(hub_url)
    except ValueError:  # a bracket that is not closed
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"{hub_url!r} is no address of a hub", fix="e.g. https://hub.example")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ConfigurationError(
            f"{hub_url}: plain http leaves this machine", fix="use https, so that nobody on the way reads receipts"
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what httpx raises into our errors, by class."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise LinkDownError("the hub did not answer in time", fix="it is tried again") from error
    except (httpx.TransportError, httpx.StreamError, ssl.SSLError, OSError) as error:
        raise LinkDownError(f"the hub cannot be reached: {error}", fix="it is tried again") from error
    except (httpx.DecodingError, httpx.InvalidURL, httpx.TooManyRedirects) as error:
        raise AnswerInvalidError("an answer that is no HTTP of a hub", fix="it is tried again") from error

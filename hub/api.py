"""What agents call: signed requests in, signed answers out, errors as `{code, message, fix}` with the status that fits.

An answer to a request that bears a signature is signed and bound to it, refusals too, so that an agent acts on nothing
that a portal or proxy on the way has said. Handlers below are plain functions; they run on threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import APIRouter
from fastapi import Request as HttpRequest
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from hub.bootstrap import Hub
from hub.callers import Caller
from hub.claims.joining import KINDS as JOINING_KINDS
from hub.feed.erasing import Erasing
from hub.gate import open_body, read_body
from hub.ingest.batch import check_chain
from hub.ingest.plan import GapError
from hub.lingering import LingeringResponse
from hub.value.service import ValueService
from retail.errors import RefusedError, TillstreamError, TryAgainError
from sync.protocol.body import BodyRefusedError, parse
from sync.protocol.enrolment import KEY_BYTES, from_base64
from sync.protocol.feed_messages import AppliedAnswer, AppliedReport, ErasuresProof, ErasuresTaken, SignedManifest
from sync.protocol.messages import (
    MEDIA_TYPE,
    WIRE_ACCEPTED,
    EnrolAnswer,
    EnrolQuestion,
    JournalAck,
    JournalUpload,
    Message,
    PositionAnswer,
    PositionQuestion,
    Refusal,
)
from sync.protocol.signatures import Answer, Request, sign_answer
from sync.protocol.value_messages import CouponAnswer, CouponQuestion, LeaseQuestion, LeasesAnswer

MessageT = TypeVar("MessageT", bound=Message)

_STATUS_BY_CODE: Mapping[str, HTTPStatus] = {
    "unsigned": HTTPStatus.UNAUTHORIZED,
    "bad_signature": HTTPStatus.UNAUTHORIZED,
    "unknown_key": HTTPStatus.UNAUTHORIZED,
    "clock_wrong": HTTPStatus.UNAUTHORIZED,
    "replayed": HTTPStatus.UNAUTHORIZED,
    "fenced": HTTPStatus.FORBIDDEN,
    "code_unknown": HTTPStatus.FORBIDDEN,
    "code_expired": HTTPStatus.FORBIDDEN,
    "code_used": HTTPStatus.FORBIDDEN,
    "code_other_store": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "gap": HTTPStatus.CONFLICT,
    "unknown_ancestor": HTTPStatus.CONFLICT,
    "too_many": HTTPStatus.TOO_MANY_REQUESTS,
}

_Handler = Callable[[Hub, Request], "_Reply"]

RETRY_AFTER_S = 15.0  # told with 503 when the error itself names no time


@dataclass(frozen=True, slots=True)
class _Reply:
    """A status and a message; None is an answer without a body (304)."""

    status: int
    message: Message | bytes | None
    headers: Mapping[str, str]


def agent_routes(hub: Hub) -> APIRouter:
    """Return the routes that agents call."""
    routes = APIRouter()

    @routes.post("/v1/enrolment", **_described(EnrolQuestion, EnrolAnswer, "Register an agent's key with a code"))
    async def enrolment(request: HttpRequest) -> Response:
        return await _answered(hub, request, _enrol)

    @routes.post("/v1/journal", **_described(JournalUpload, JournalAck, "Upload records of one epoch"))
    async def journal(request: HttpRequest) -> Response:
        return await _answered(hub, request, _take)

    @routes.post("/v1/journal/position", **_described(PositionQuestion, PositionAnswer, "Ask how far the hub has read"))
    async def position(request: HttpRequest) -> Response:
        return await _answered(hub, request, _locate)

    @routes.post("/v1/feed/applied", **_described(AppliedReport, AppliedAnswer, "Report what is in use"))
    async def applied(request: HttpRequest) -> Response:
        return await _answered(hub, request, _note)

    @routes.post("/v1/feed/erasures", **_described(ErasuresProof, ErasuresTaken, "Give back lost orders of erasure"))
    async def erasures(request: HttpRequest) -> Response:
        return await _answered(hub, request, _take_back)

    @routes.get("/v1/feed", **_described(None, SignedManifest, "What a store should have; 304 when it was told"))
    async def feed(request: HttpRequest, cursor: str = "") -> Response:
        return await _answered(hub, request, partial(_manifest, cursor=cursor))

    @routes.get("/v1/feed/files/{sha256}", **_described(None, None, "One file by its hash; Range is honoured"))
    async def feed_file(request: HttpRequest, sha256: str) -> Response:
        return await _served(hub, request, sha256)

    @routes.post("/v1/leases", **_described(LeaseQuestion, LeasesAnswer, "Ask for points, and for leases held"))
    async def leases(request: HttpRequest) -> Response:
        return await _answered(hub, request, _lend)

    @routes.post("/v1/coupons", **_described(CouponQuestion, CouponAnswer, "Ask whether a coupon may be redeemed"))
    async def coupons(request: HttpRequest) -> Response:
        return await _answered(hub, request, _look_up_coupon)

    return routes


def _described(question: type[Message] | None, answer: type[Message] | None, summary: str) -> dict[str, Any]:
    """Return what OpenAPI tells of a route: bodies are read by `gate`, so FastAPI cannot see them."""
    extra: dict[str, Any] = {"parameters": [_header("signature"), _header("signature-input")]}
    if question:
        schema = question.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        extra["requestBody"] = {"required": True, "content": {MEDIA_TYPE: {"schema": schema}}}
    refused = {"model": Refusal}
    return {
        "summary": summary,
        "responses": {200: {"model": answer} if answer else {}, 400: refused, 401: refused, 403: refused, 409: refused},
        "openapi_extra": extra,
        "response_model": None,
    }


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": "RFC 9421"}


def _enrol(hub: Hub, told: Request) -> _Reply:
    hub.pace.take(now=hub.clock())
    question = parse(EnrolQuestion, open_body(told))
    signed = hub.gate.admit_newcomer(told, from_base64(question.public_key, length=KEY_BYTES), now=hub.clock())
    enrolled = hub.registry.enrol(question, signed, now=hub.clock())
    hub.news.set()  # a new store may lack its slice of the customers
    return _ok(enrolled)


def _take(hub: Hub, told: Request) -> _Reply:
    caller, upload = _opened(hub, told, JournalUpload)
    batch = check_chain(upload)
    taken = hub.ingest.take(caller, batch, now=hub.clock())
    if any(record.kind in JOINING_KINDS for record in batch.records):
        hub.news.set()
    return _ok(taken)


def _locate(hub: Hub, told: Request) -> _Reply:
    caller, question = _opened(hub, told, PositionQuestion)
    return _ok(hub.ingest.locate(caller, question.epoch, question.marks))


def _note(hub: Hub, told: Request) -> _Reply:
    caller, report = _opened(hub, told, AppliedReport)
    return _ok(hub.feed.note(caller, report, now=hub.clock()))


def _take_back(hub: Hub, told: Request) -> _Reply:
    caller, proof = _opened(hub, told, ErasuresProof)
    noted = Erasing(hub.database, hub.files, hub.feed).take_back(caller.tenant_id, proof)
    return _ok(ErasuresTaken(noted=noted))


def _lend(hub: Hub, told: Request) -> _Reply:
    caller, question = _opened(hub, told, LeaseQuestion)
    return _ok(ValueService(hub.database, hub.files).leases(caller, question, now=hub.clock()))


def _look_up_coupon(hub: Hub, told: Request) -> _Reply:
    caller, question = _opened(hub, told, CouponQuestion)
    return _ok(ValueService(hub.database, hub.files).coupon(caller, question, now=hub.clock()))


def _manifest(hub: Hub, told: Request, *, cursor: str) -> _Reply:
    manifest = hub.feed.manifest(hub.gate.admit(told, now=hub.clock()), cursor, now=hub.clock())
    if manifest is None:
        return _Reply(HTTPStatus.NOT_MODIFIED, None, {})
    return _ok(manifest)


def _opened(hub: Hub, told: Request, model: type[MessageT]) -> tuple[Caller, MessageT]:
    """Return who sent what: the signature first, then the body."""
    caller = hub.gate.admit(told, now=hub.clock())
    return caller, parse(model, open_body(told))


def _ok(message: Message) -> _Reply:
    return _Reply(HTTPStatus.OK, message, {})


async def _answered(hub: Hub, request: HttpRequest, handle: _Handler) -> Response:
    told = _told(request, b"")
    try:
        told = _told(request, await read_body(request.stream(), told.headers))
    except TillstreamError as error:
        return await run_in_threadpool(_signed, hub, told, _refusal(hub, error))
    answer = await run_in_threadpool(_handled, hub, told, handle)
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))


def answer_of(hub: Hub, told: Request) -> Answer:
    """Return the signed answer to a whole request, as the routes give it: for a caller without a web server."""
    handlers: Mapping[tuple[str, str], _Handler] = {
        ("POST", "/v1/enrolment"): _enrol,
        ("POST", "/v1/journal"): _take,
        ("POST", "/v1/journal/position"): _locate,
        ("POST", "/v1/feed/applied"): _note,
        ("POST", "/v1/feed/erasures"): _take_back,
        ("GET", "/v1/feed"): partial(_manifest, cursor=dict(parse_qsl(told.query)).get("cursor", "")),
    }
    return _handled(hub, told, handlers.get((told.method, told.path), _file))


def _file(hub: Hub, told: Request) -> _Reply:
    caller = hub.gate.admit(told, now=hub.clock())
    file = hub.files.open(caller.tenant_id, told.path.rpartition("/")[2])
    return _Reply(HTTPStatus.OK, file.path.read_bytes(), {})


def _handled(hub: Hub, told: Request, handle: _Handler) -> Answer:
    try:
        reply = handle(hub, told)
    except TillstreamError as error:
        reply = _refusal(hub, error)
    return _signed_answer(hub, told, reply)


async def _served(hub: Hub, request: HttpRequest, sha256: str) -> Response:
    """Serve a file. It is not signed: its name is its hash, and the manifest that named it is."""
    told = _told(request, b"")
    try:
        caller = await run_in_threadpool(lambda: hub.gate.admit(told, now=hub.clock()))
        file = await run_in_threadpool(hub.feed.file, caller, sha256)
    except TillstreamError as error:
        return _signed(hub, told, _refusal(hub, error))
    return FileResponse(file.path, media_type="application/octet-stream", headers={"etag": f'"{sha256}"'})


def _told(request: HttpRequest, body: bytes) -> Request:
    """Return a request as it was sent: raw path and query, headers joined as RFC 9421 says."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Request(
        method=request.method,
        path=request.scope["raw_path"].partition(b"?")[0].decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
    )


def _refusal(hub: Hub, error: TillstreamError) -> _Reply:
    hub.refusals.add(error.code)
    if isinstance(error, BodyRefusedError):
        status = error.status
    elif isinstance(error, TryAgainError):
        status = _STATUS_BY_CODE.get(error.code, HTTPStatus.SERVICE_UNAVAILABLE)
    elif isinstance(error, RefusedError):
        status = _STATUS_BY_CODE.get(error.code, HTTPStatus.BAD_REQUEST)
    else:
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    wait_s = error.retry_after_s if isinstance(error, TryAgainError) else None
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is None:
        wait_s = RETRY_AFTER_S
    message = Refusal(
        code=error.code,
        message=error.message,
        fix=error.fix,
        expected_seq=error.expected_seq if isinstance(error, GapError) else None,
        retry_after_s=wait_s,
        wire_accepted=list(WIRE_ACCEPTED) if error.code == "wire_unknown" else None,
        hub_time=hub.clock().isoformat() if error.code == "clock_wrong" else None,
    )
    headers = {"retry-after": str(math.ceil(wait_s))} if wait_s is not None else {}
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers["connection"] = "close"  # what is still under way is no next question
    return _Reply(status, message, headers)


def _signed(hub: Hub, told: Request, reply: _Reply) -> Response:
    answer = _signed_answer(hub, told, reply)
    form = LingeringResponse if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else Response
    return form(answer.body, status_code=answer.status, headers=dict(answer.headers))


def _signed_answer(hub: Hub, told: Request, reply: _Reply) -> Answer:
    message = reply.message
    body = message if isinstance(message, bytes) else b"" if message is None else _json(message)
    headers = {"content-type": MEDIA_TYPE, **reply.headers}
    answer = Answer(status=reply.status, headers=headers, body=body)
    try:
        signed = sign_answer(answer, told, hub.keys.sign, now=hub.clock())
    except RefusedError:
        return answer  # nothing was signed, so there is nothing to bind an answer to
    return Answer(status=reply.status, headers={**headers, **signed}, body=body)


def _json(message: Message) -> bytes:
    return message.model_dump_json(exclude_none=True).encode()

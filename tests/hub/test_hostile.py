"""Bad input at the hub: refused with {code, message, fix}, counted, nothing kept half."""

import asyncio
import contextlib
import http.client
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from hub.app import create_app
from sync.protocol.body import BODY_BYTES_MAX, INFLATED_BYTES_MAX
from sync.protocol.feed_messages import FeedKind
from sync.protocol.messages import JournalUpload
from sync.protocol.signatures import Request
from tests.hub.rig import Device

pytestmark = [pytest.mark.anyio, pytest.mark.real]


def upload(device: Device, **changes) -> dict:
    records = [
        {
            "kind": record.kind,
            "workstation_id": record.workstation_id,
            "occurred_at": record.occurred_at,
            "clock_quality": record.clock_quality,
            "business_day": record.business_day,
            "salt": record.salt.hex(),
            "payload": record.payload.decode(),
        }
        for record in device.journal.records
    ]
    first = device.journal.records[0]
    whole = {
        "wire": 1,
        "epoch": first.epoch,
        "first_seq": first.seq,
        "prev_hash": first.prev_hash.hex(),
        "records": records,
        "head_hash": device.journal.records[-1].hash.hex(),
    }
    return whole | changes


def body_of(message: object) -> bytes:
    return zlib.compress(json.dumps(message).encode())


@pytest.fixture
async def served(rig):
    async with rig.serving():
        device = await rig.enrolled()
        for number in range(3):
            device.journal.sale(number)
        yield rig, device


async def refused(rig, request, *, status: int, code: str) -> dict:
    before = rig.hub.refusals.counts().get(code, 0)
    response = await rig.send(request)
    told = response.json()
    assert (response.status_code, told["code"]) == (status, code), told
    assert told["message"]
    assert told["fix"]
    assert rig.hub.refusals.counts()[code] == before + 1
    assert rig.rows("SELECT count(*) FROM journal_record") == [(0,)]
    assert rig.totals() == {}
    return told


async def test_the_upload_these_tests_change_is_a_good_one(served):
    rig, device = served
    response = await rig.send(device.signed("POST", "/v1/journal", body=body_of(upload(device))))
    assert response.status_code == 200, response.text
    assert response.json() == {
        "wire": 1,
        "epoch": 1,
        "acked_seq": 3,
        "head_hash": device.journal.records[-1].hash.hex(),
        "forked": False,
        "parked": [],
    }


async def test_a_batch_from_a_stranger(served):
    rig, device = served
    stranger = Device(journal=device.journal)
    await refused(
        rig, stranger.signed("POST", "/v1/journal", body=body_of(upload(device))), status=401, code="unknown_key"
    )
    unsigned = replace(stranger.signed("POST", "/v1/journal", body=body_of(upload(device))), headers={})
    await refused(rig, unsigned, status=401, code="unsigned")


async def test_a_replay_is_refused_and_changes_nothing(served):
    rig, device = served
    request = device.signed("POST", "/v1/journal/position", body=body_of({"epoch": 1, "marks": []}))
    assert (await rig.send(request)).status_code == 200
    await refused(rig, request, status=401, code="replayed")


@pytest.mark.parametrize("moved", [timedelta(minutes=-6), timedelta(minutes=6), timedelta(days=-56 * 365)])
async def test_a_signature_of_another_time_is_told_the_hubs(served, moved):
    rig, device = served
    request = device.signed("POST", "/v1/journal", body=body_of(upload(device)), now=datetime.now(UTC) + moved)
    told = await refused(rig, request, status=401, code="clock_wrong")
    assert abs(datetime.fromisoformat(told["hub_time"]) - datetime.now(UTC)) < timedelta(seconds=10)


def send_first_and_read_then(url: str, headers: dict[str, str], size_bytes: int) -> tuple[int, dict]:
    """Send a body in chunks as most clients do: the whole of it before a look at the answer."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    body = (bytes(1 << 16) for _ in range(size_bytes >> 16))
    with contextlib.closing(connection):
        connection.request("POST", "/v1/journal", body=body, headers=headers, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("size_bytes", [BODY_BYTES_MAX + (1 << 16), 256 << 20])
async def test_who_sends_too_much_in_pieces_and_reads_at_the_end_is_told_why(served, size_bytes):
    rig, device = served
    request = device.signed("POST", "/v1/journal", body=b"x")
    told = await asyncio.to_thread(send_first_and_read_then, rig.url, dict(request.headers), size_bytes)
    assert (told[0], told[1]["code"]) == (413, "too_large")
    assert rig.hub.refusals.counts()["too_large"] == 1


async def test_the_answer_to_too_much_does_not_wait_for_the_rest(served):
    rig, device = served
    request = device.signed("POST", "/v1/journal", body=b"x")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(rig.url.rpartition(":")[2]))
    headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    writer.write(f"POST /v1/journal HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n{headers}\r\n".encode())
    writer.write(b"200001\r\n" + bytes(BODY_BYTES_MAX + 1))  # and never an end
    answer = await asyncio.wait_for(reader.readuntil(b"}"), 60)
    writer.close()
    assert b" 413 " in answer
    assert b"too_large" in answer


async def test_a_body_that_says_it_is_a_gigabyte_is_not_even_begun(served):
    rig, device = served
    request = device.signed("POST", "/v1/journal", body=b"x")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(rig.url.rpartition(":")[2]))
    headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    writer.write(f"POST /v1/journal HTTP/1.1\r\nhost: x\r\ncontent-length: 1073741824\r\n{headers}\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.close()
    assert b" 413 " in answer


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/journal", 405, "method_not_allowed"),
        ("PUT", "/nowhere", 404, "not_found"),
        ("GET", "/v1/feed/files/../../etc/passwd", 404, "not_found"),
    ],
)
async def test_what_no_route_answers_for_is_refused_in_the_same_shape(served, method, path, status, code):
    rig, _ = served
    told = await rig.send(Request(method=method, path=path))
    assert (told.status_code, told.json()["code"], set(told.json())) == (status, code, {"code", "message", "fix"})


async def test_a_zip_bomb_costs_no_more_than_the_bound(served):
    rig, device = served
    bomb = zlib.compress(b" " * (8 * INFLATED_BYTES_MAX), 9)
    assert len(bomb) < BODY_BYTES_MAX
    await refused(rig, device.signed("POST", "/v1/journal", body=bomb), status=413, code="too_large")


async def test_a_strangers_bomb_is_not_even_opened(served):
    rig, _ = served
    bomb = zlib.compress(b" " * INFLATED_BYTES_MAX, 9)
    await refused(rig, Device().signed("POST", "/v1/journal", body=bomb), status=401, code="unknown_key")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content_type": "text/html"}, "content_type"),
        ({"content_type": "application/xml"}, "content_type"),
        ({"content_encoding": "gzip"}, "content_encoding"),
        ({"content_encoding": "br"}, "content_encoding"),
    ],
)
async def test_a_wrong_content_type_or_encoding(served, headers, code):
    rig, device = served
    request = device.signed("POST", "/v1/journal", body=body_of(upload(device)), **headers)
    await refused(rig, request, status=415, code=code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"no zlib at all", 400, "not_deflate"),
        (zlib.compress(b"<html>Welcome to our WiFi</html>"), 400, "not_json"),
        (zlib.compress(b"[" * 200_000), 400, "not_json"),
        (zlib.compress(b'{"wire": 2, "columns": []}'), 415, "wire_unknown"),
        (zlib.compress(b"{}"), 422, "invalid"),
        (zlib.compress(b"null"), 422, "invalid"),
    ],
)
async def test_a_body_that_is_no_upload(served, body, status, code):
    rig, device = served
    await refused(rig, device.signed("POST", "/v1/journal", body=body), status=status, code=code)


async def test_records_that_do_not_make_their_hash(served):
    rig, device = served
    forged = upload(device)
    forged["records"][1]["payload"] = forged["records"][1]["payload"].replace("4.30", "9.99")
    await refused(rig, device.signed("POST", "/v1/journal", body=body_of(forged)), status=400, code="bad_chain")


async def test_a_gap_is_refused_with_the_number_that_is_expected(served):
    rig, device = served
    first, *rest = device.journal.records
    gap = upload(device, first_seq=2, prev_hash=first.hash.hex())
    gap["records"] = gap["records"][1:]
    told = await refused(rig, device.signed("POST", "/v1/journal", body=body_of(gap)), status=409, code="gap")
    assert "expected_seq" not in told  # nothing is known of this epoch: ask for the position
    whole = upload(device)
    start = whole | {"records": whole["records"][:1], "head_hash": first.hash.hex()}
    await rig.send(device.signed("POST", "/v1/journal", body=body_of(start)))
    beyond = whole | {"first_seq": 3, "prev_hash": rest[0].hash.hex(), "records": whole["records"][2:]}
    response = await rig.send(device.signed("POST", "/v1/journal", body=body_of(beyond)))
    assert (response.status_code, response.json()["expected_seq"]) == (409, 2)
    assert rig.totals() == {"sales": 1}


async def test_a_path_query_or_body_changed_on_the_way(served):
    rig, device = served
    request = device.signed("POST", "/v1/journal", body=body_of(upload(device)))
    for changed in (
        replace(request, path="/v1/journal/position"),
        replace(request, query="tenant=other"),
        replace(request, body=request.body[:-1] + b"x"),
        replace(request, body=b""),
    ):
        await refused(rig, changed, status=401, code="bad_signature")


async def test_every_refusal_to_a_signed_request_is_signed_and_bound_to_it(served):
    from sync.protocol.signatures import Answer, verify_answer

    rig, device = served
    request = device.signed("POST", "/v1/journal", body=b"noise")
    response = await rig.send(request)
    answer = Answer(status=response.status_code, headers=dict(response.headers), body=response.content)
    assert verify_answer(answer, request, device.enrolled.hub_public_key, now=None)


async def test_a_store_sees_only_files_of_its_own_chain(served):
    rig, device = served
    rig.hub.registry.make_tenant("other", country="", now=rig.hub.clock())
    foreign = rig.hub.files.publish_bytes("other", FeedKind.MIRROR, b"another chain's customers", now=rig.hub.clock())
    for sha256 in (foreign.sha256, "0" * 64, "..", "%2e%2e%2fhub.db", "../../hub.db"):
        response = await rig.send(device.signed("GET", f"/v1/feed/files/{sha256}"))
        assert response.status_code in {404, 401}, sha256
    response = await rig.send(device.signed("GET", "/v1/feed"))
    assert foreign.sha256 not in response.text


async def test_the_tenant_comes_from_the_credential_alone(served):
    rig, device = served
    claims = upload(device, tenant="other", store="4711", agent="somebody")
    response = await rig.send(device.signed("POST", "/v1/journal", body=body_of(claims)))
    assert response.status_code == 200
    assert rig.rows("SELECT DISTINCT tenant_id, store_id FROM sale") == [("main", "7781")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "Robert'); DROP TABLE sale;--"), ("occurred_at", "x" * 41), ("business_day", "tomorrow"), ("salt", "00")],
)
async def test_fields_out_of_their_form(served, field, value):
    rig, device = served
    wrong = upload(device)
    wrong["records"][0][field] = value
    await refused(rig, device.signed("POST", "/v1/journal", body=body_of(wrong)), status=422, code="invalid")


async def test_the_upload_model_and_the_test_agree(served):
    _, device = served
    assert JournalUpload.model_validate_json(json.dumps(upload(device))).records[0].salt


class BrokenIngest:
    """An ingest with a mistake in it."""

    def take(self, caller, batch, *, now):
        raise ZeroDivisionError

    locate = take


async def test_a_mistake_of_ours_is_told_in_the_shape_of_every_refusal_and_counted(served):
    rig, device = served
    app = create_app(replace(rig.hub, ingest=BrokenIngest()))
    request = device.signed("POST", "/v1/journal", body=body_of(upload(device)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        answer = await client.post(request.path, content=request.body, headers=dict(request.headers))
    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "defect")
    assert told["message"]
    assert told["fix"]
    assert rig.hub.refusals.counts()["defect"] == 1

"""The local API's promises to pages, tills and scripts."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kiosk_fakes import CONTENT

HOST = "127.0.0.1:8090"
ORIGIN = {"origin": f"http://{HOST}"}


def test_a_scan_is_taken_and_named(desk):
    client, core = desk
    body = {"workstation_id": "1", "code": "2912345678901", "symbology": "ean13", "source": "api"}
    answer = client.post("/v1/scans", json=body, headers=ORIGIN)
    assert (answer.status_code, answer.json()) == (202, {"scan_id": "s1"})
    assert core.scans == [body]


@pytest.mark.parametrize(
    "change",
    [
        {"code": ""},
        {"code": "   "},
        {"code": "x" * 513},
        {"code": 17},
        {"workstation_id": "../1"},
        {"workstation_id": ""},
        {"symbology": "EAN 13"},
        {"source": "somewhere"},
        {"extra": True},
    ],
)
def test_a_malformed_scan_is_refused_with_the_field_and_without_its_value(desk, change):
    client, core = desk
    body = {"workstation_id": "1", "code": "4915112345678"} | change
    answer = client.post("/v1/scans", json=body, headers=ORIGIN)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert next(iter(change)) in answer.json()["message"]
    assert "4915112345678" not in answer.text
    assert core.scans == []


def test_a_body_that_is_no_json_is_refused_in_the_same_shape(desk):
    client, _ = desk
    answer = client.post("/v1/scans", content=b"{", headers={**ORIGIN, "content-type": "application/json"})
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "message", "fix"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/workstations/9/events"),
        ("GET", "/v1/kiosks/9/events"),
        ("GET", "/cashier/9"),
        ("GET", "/display/9"),
        ("GET", "/kiosk/9"),
        ("GET", "/static/../app.py"),
        ("GET", "/static/%2e%2e/app.py"),
        ("GET", "/static/vendor/VERSION"),
        ("GET", "/nowhere"),
        ("DELETE", "/v1/scans/x1"),
    ],
)
def test_what_is_not_there_is_said_in_one_shape(desk, method, path):
    client, _ = desk
    answer = client.request(method, path, headers=ORIGIN)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.json()["fix"]


def test_a_scan_at_a_workstation_that_the_store_does_not_have_is_refused(desk):
    client, core = desk
    answer = client.post("/v1/scans", json={"workstation_id": "9", "code": "12345"}, headers=ORIGIN)
    assert answer.status_code == 404
    assert "1, 2" in answer.json()["fix"]
    assert core.scans == []


def test_with_core_away_the_answer_is_503_and_says_what_to_do(desk):
    client, core = desk
    core.away = True
    for answer in (
        client.post("/v1/scans", json={"workstation_id": "1", "code": "12345"}, headers=ORIGIN),
        client.delete("/v1/scans/s1", headers=ORIGIN),
        client.get("/v1/status"),
    ):
        assert answer.status_code == 503
        assert answer.json()["code"] == "core_away"
        assert answer.json()["fix"]
        assert int(answer.headers["retry-after"]) >= 1
    assert client.get("/kiosk").status_code == 200
    assert client.get("/v1/content").status_code == 200


def test_paper_on_request_is_asked_for_at_a_place_that_exists(desk):
    client, core = desk
    assert client.post("/v1/workstations/1/paper", json={}, headers=ORIGIN).status_code == 202
    assert client.post("/v1/workstations/9/paper", json={}, headers=ORIGIN).status_code == 404
    assert core.papers == ["1"]


def test_content_names_the_store_and_no_person(desk):
    client, _ = desk
    answer = client.get("/v1/content").json()
    assert answer["store_name"] == CONTENT.store_name
    assert answer["workstations"] == ["1", "2"]
    assert answer["consents"][0]["text"]["ru"]


def test_every_operation_is_described(desk):
    client, _ = desk
    schema = client.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    operations = [(path, method, each) for path, methods in schema["paths"].items() for method, each in methods.items()]
    assert ("/v1/scans", "post") in [(path, method) for path, method, _ in operations]
    for path, method, operation in operations:
        assert operation.get("description"), (method, path)
        assert "503" in operation["responses"], (method, path)


def test_a_file_that_the_browser_has_is_not_sent_again(desk):
    client, _ = desk
    first = client.get("/static/js/kiosk.js")
    again = client.get("/static/js/kiosk.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def json_values():
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=80)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    )


BODIES = {
    "/v1/scans": ["workstation_id", "code", "symbology", "source"],
    "/v1/members": [
        "request_id",
        "workstation_id",
        "source",
        "shown_at",
        "language",
        "permissions",
        "survey",
        "contact",
    ],
    "/v1/visits": ["request_id", "workstation_id", "scan_id", "campaigns"],
    "/v1/withdrawals": ["request_id", "workstation_id", "source", "shown_at", "scan_id", "purpose", "erasure"],
    "/v1/interests": ["request_id", "workstation_id", "code", "wish"],
    "/v1/devices": ["code", "right", "name"],
    "/v1/pairings": [],
}


@pytest.mark.parametrize("path", BODIES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_whatever_makes_the_desk_fail(desk, path, data):
    """Every answer to nonsense is a refusal in the one shape, and the next request is answered."""
    client, _ = desk
    members = {name: json_values() for name in BODIES[path]}
    body = data.draw(json_values() | st.fixed_dictionaries({}, optional=members))
    content = json.dumps(body).encode()  # Infinity included, which is no JSON and which many clients send
    answer = client.post(path, content=content, headers={**ORIGIN, "content-type": "application/json"})
    assert answer.status_code < 500 or answer.json()["code"] == "too_many_pairings"
    if answer.status_code >= 400:
        assert set(answer.json()) == {"code", "message", "fix"}
    assert client.get("/v1/content").status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"[" * 50_000, b"{" * 1000, b'{"code":1e999999}', b"\xff\xfe", b"", b"nul", b'{"a":"\\ud800"}', b"1" * 60_000],
)
def test_hostile_json_is_refused(desk, body):
    client, core = desk
    answer = client.post("/v1/scans", content=body, headers={**ORIGIN, "content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) == {"code", "message", "fix"}
    assert core.scans == []

"""The header matrix: who gets in, who does not, and what every answer carries."""

import itertools
import socket

import pytest
from kiosk_fakes import PATIENCE_S

from kiosk.guard import BODY_BYTES_MAX

HOST = "127.0.0.1:8090"
ORIGIN = f"http://{HOST}"
SCAN = {"workstation_id": "1", "code": "2912345678901"}


def post(client, **headers):
    return client.post("/v1/scans", json=SCAN, headers=headers)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8091",
        "127.0.0.1:8090.evil.example",
        "evil.example:8090",
        "[::1]:8090",
        "2130706433:8090",
        "127.1:8090",
        "localhost.:8090",
        "127.0.0.1.:8090",
        "127.0.0.1:08090",
        "somebody@127.0.0.1:8090",
        "[0:0:0:0:0:0:0:1]:8090",
        "[::ffff:127.0.0.1]:8090",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/kiosk", "/v1/content", "/static/js/kiosk.js", "/openapi.json", "/v1/status"])
def test_a_name_that_is_not_ours_is_refused_everywhere(desk, host, path):
    """DNS rebinding: the browser believes that evil.example is this machine."""
    client, _ = desk
    answer = client.get(path, headers={"host": host})
    assert answer.status_code == 403
    assert answer.json()["code"] == "wrong_host"
    assert answer.json()["fix"]


@pytest.mark.parametrize("host", [HOST, "LOCALHOST:8090"])
def test_our_own_names_are_answered_in_any_case(desk, host):
    client, _ = desk
    assert client.get("/v1/content", headers={"host": host}).status_code == 200


ORIGINS = {
    ORIGIN: True,
    "http://localhost:8090": True,
    "https://127.0.0.1:8090": True,
    None: False,
    "null": False,
    "": False,
    "http://127.0.0.1": False,
    "http://127.0.0.1:8091": False,
    "http://evil.example": False,
    "http://127.0.0.1:8090.evil.example": False,
    "file://": False,
}
SITES = {None: True, "same-origin": True, "none": False, "same-site": False, "cross-site": False, "nonsense": False}


@pytest.mark.parametrize(("origin", "site"), list(itertools.product(ORIGINS, SITES)))
def test_a_change_must_come_from_our_own_page(desk, origin, site):
    client, core = desk
    headers = {"origin": origin, "sec-fetch-site": site}
    answer = post(client, **{name: value for name, value in headers.items() if value is not None})
    allowed = ORIGINS[origin] and SITES[site]
    assert answer.status_code == (202 if allowed else 403)
    assert len(core.scans) == (1 if allowed else 0)
    if not allowed:
        assert set(answer.json()) == {"code", "message", "fix"}


def test_an_undo_is_a_change_like_any_other(desk):
    client, core = desk
    assert client.delete("/v1/scans/s1").status_code == 403
    assert client.delete("/v1/scans/s1", headers={"origin": "http://evil.example"}).status_code == 403
    assert core.undone == []
    assert client.delete("/v1/scans/s1", headers={"origin": ORIGIN}).status_code == 204


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_only_json_is_read(desk, content_type):
    """What an HTML form can send without asking must never be understood."""
    client, core = desk
    answer = client.post(
        "/v1/scans",
        content=b'{"workstation_id":"1","code":"29"}',
        headers={"origin": ORIGIN, "content-type": content_type},
    )
    assert answer.status_code == 415
    assert core.scans == []


def test_a_body_that_is_too_large_is_refused_by_its_declared_length(desk):
    client, _ = desk
    answer = client.post(
        "/v1/scans",
        content=b" " * (BODY_BYTES_MAX + 1),
        headers={"origin": ORIGIN, "content-type": "application/json"},
    )
    assert answer.status_code == 413


def test_a_body_that_hides_its_length_is_cut_off(desk):
    client, core = desk

    def chunks():
        for _ in range(40):
            yield b" " * 4096

    answer = client.post("/v1/scans", content=chunks(), headers={"origin": ORIGIN, "content-type": "application/json"})
    assert answer.status_code >= 400
    assert core.scans == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_load_our_data_or_scripts(desk, site):
    client, _ = desk
    for path in ("/v1/content", "/static/js/kiosk.js", "/v1/workstations/1/events"):
        answer = client.get(path, headers={"sec-fetch-site": site, "sec-fetch-mode": "no-cors"})
        assert answer.status_code == 403, path
        assert answer.json()["code"] == "cross_site"


def test_a_link_on_another_site_may_lead_to_a_page(desk):
    client, _ = desk
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/kiosk", headers=headers).status_code == 200
    assert client.get("/v1/content", headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/kiosk", "/cashier/1", "/v1/content", "/nowhere", "/v1/scans"])
def test_every_answer_carries_the_security_headers_and_allows_no_other_origin(desk, path):
    client, _ = desk
    answer = client.get(path, headers={"origin": "http://evil.example"})
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_preflight_is_answered_with_no(desk):
    client, _ = desk
    answer = client.options(
        "/v1/scans", headers={"origin": "http://evil.example", "access-control-request-method": "POST"}
    )
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_reading_changes_nothing(desk):
    """Every GET of the API, and every page, leaves core exactly as it was."""
    client, core = desk
    for path in ("/", "/kiosk", "/cashier", "/cashier/1", "/display/1", "/v1/content", "/v1/status", "/openapi.json"):
        assert client.get(path).status_code == 200, path
    assert (core.scans, core.undone, core.appended) == ([], [], [])


def test_no_page_has_an_inline_script_or_style():
    """The policy would block them; better that nobody writes one."""
    from kiosk.assets import load_assets

    for asset in load_assets().values():
        if asset.name.endswith(".html"):
            text = asset.body.decode()
            assert "<style" not in text
            assert "style=" not in text
            assert "onclick" not in text
            assert text.count("<script") == text.count('<script type="module" src="/static/')


def spoken(desk_server, *lines):
    """Send a request's head by hand; return the status line of the answer."""
    host, _, port = desk_server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        return link.makefile("rb").readline().decode()


@pytest.mark.parametrize(
    "lines",
    [
        ["GET /v1/content HTTP/1.1", f"Host: {HOST}", "Host: evil.example"],
        ["GET /v1/content HTTP/1.1", "Host: evil.example", f"Host: {HOST}"],
        ["GET /v1/content HTTP/1.1"],
        ["GET /v1/content HTTP/1.0"],
        [f"GET http://{HOST}/v1/content HTTP/1.1", "Host: evil.example"],
        ["GET /v1/content HTTP/1.1", "Host: evil.example", f"X-Forwarded-Host: {HOST}"],
        ["TRACE /v1/content HTTP/1.1", f"Host: {HOST}"],
        ["CONNECT evil.example:80 HTTP/1.1", f"Host: {HOST}"],
        ["GET /v1/workstations/1/events HTTP/1.1", f"Host: {HOST}", "Sec-Fetch-Site: cross-site"],
    ],
)
def test_a_head_that_no_page_of_ours_sends_is_refused(desk_server, lines):
    assert spoken(desk_server, *lines).split()[1] in {"400", "403"}


def test_a_websocket_is_not_spoken(desk_server):
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="]
    head = ["GET /v1/workstations/1/events HTTP/1.1", f"Host: {HOST}", "Origin: http://evil.example", *upgrade]
    assert "101" not in spoken(desk_server, *head)

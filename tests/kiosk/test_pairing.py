"""Devices on the store's network: a stranger gets nothing, a kiosk is no cashier, the store's machine decides."""

import asyncio

import httpx
import pytest
from kiosk_fakes import FakeClock, app_over_fake

from kiosk.gate import may
from kiosk.pairing import CODE_FOR_S, COOKIE, PENDING_MAX, Right

HOST = "192.0.2.1:8090"
ORIGIN = {"origin": f"http://{HOST}"}


class Store:
    """The application as it is seen from the store's own machine and from a device on its network."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.app, self.core, _ = app_over_fake(clock=self.clock, hosts=(HOST,))
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, *, near: bool = False, **more) -> httpx.Response:
        async def call() -> httpx.Response:
            client = ("127.0.0.1" if near else "192.0.2.77", 50_000)
            transport = httpx.ASGITransport(app=self.app, client=client)
            cookies = {} if near else self.cookies
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", cookies=cookies) as browser:
                answer = await browser.request(method, path, headers=ORIGIN, **more)
                if not near:
                    self.cookies.update(answer.cookies)
                return answer

        return asyncio.run(call())

    def pair(self, right: str) -> None:
        begun = self.ask("POST", "/v1/pairings", json={}).json()
        assert self.ask("POST", f"/v1/pairings/{begun['pairing_id']}/claim", json={}).json() == {"paired": False}
        confirmed = self.ask("POST", "/v1/devices", near=True, json={"code": begun["code"].lower(), "right": right})
        assert confirmed.status_code == 201
        assert self.ask("POST", f"/v1/pairings/{begun['pairing_id']}/claim", json={}).json() == {"paired": True}


@pytest.fixture
def store():
    return Store()


PRIVATE = [
    ("GET", "/v1/workstations/1/events"),
    ("GET", "/v1/kiosks/1/events"),
    ("GET", "/v1/status"),
    ("GET", "/v1/devices"),
    ("POST", "/v1/devices"),
    ("DELETE", "/v1/devices/x"),
    ("POST", "/v1/scans"),
    ("DELETE", "/v1/scans/s1"),
    ("POST", "/v1/members"),
    ("POST", "/v1/visits"),
    ("POST", "/v1/withdrawals"),
    ("GET", "/v1/anything-new"),
    ("GET", "/openapi.json"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_a_device_that_is_not_paired_learns_and_changes_nothing(store, method, path):
    answer = store.ask(method, path, **({"json": {}} if method == "POST" else {}))
    assert answer.status_code in ({401, 302} if path == "/openapi.json" else {401})
    if answer.status_code == 401:
        assert answer.json()["code"] == "not_paired"
        assert answer.headers["content-security-policy"]
    assert (store.core.scans, store.core.appended, store.core.undone) == ([], [], [])


@pytest.mark.parametrize("path", ["/kiosk", "/cashier/1", "/display/1", "/"])
def test_its_pages_lead_to_pairing(store, path):
    answer = store.ask("GET", path)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/pair?to={path}")
    assert store.ask("GET", "/pair").status_code == 200


def test_a_paired_kiosk_is_a_kiosk_and_nothing_else(store):
    store.pair("kiosk")
    assert store.ask("GET", "/kiosk").status_code == 200
    scan = {"workstation_id": "1", "code": "2912345678901"}
    assert store.ask("POST", "/v1/scans", json={**scan, "source": "kiosk"}).status_code == 202
    for source in ("cashier", "api", "display"):
        answer = store.ask("POST", "/v1/scans", json={**scan, "source": source})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert store.ask("GET", "/v1/workstations/1/events").status_code == 403
    assert store.ask("DELETE", "/v1/scans/s1").status_code == 403
    assert store.ask("POST", "/v1/workstations/1/paper", json={}).status_code == 403
    assert store.core.undone == []
    assert store.ask("GET", "/v1/devices").status_code == 403
    assert store.ask("GET", "/cashier/1").status_code == 302
    assert len(store.core.scans) == 1


def test_a_paired_cashier_is_no_kiosk_and_no_administrator(store):
    store.pair("cashier")
    assert store.ask("GET", "/cashier/1").status_code == 200
    assert store.ask("GET", "/v1/kiosks/1/events").status_code == 403
    confirm = {"code": "ABCDEF", "right": "admin"}
    assert store.ask("POST", "/v1/devices", json=confirm).status_code == 403
    kiosk = {"workstation_id": "1", "code": "2912345678901", "source": "kiosk"}
    assert store.ask("POST", "/v1/scans", json=kiosk).status_code == 403


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(store):
    begun = store.ask("POST", "/v1/pairings", json={}).json()
    store.ask("POST", "/v1/devices", near=True, json={"code": begun["code"], "right": "kiosk"})
    cookie = store.ask("POST", f"/v1/pairings/{begun['pairing_id']}/claim", json={}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_token_is_handed_out_once(store):
    begun = store.ask("POST", "/v1/pairings", json={}).json()
    store.ask("POST", "/v1/devices", near=True, json={"code": begun["code"], "right": "kiosk"})
    claim = f"/v1/pairings/{begun['pairing_id']}/claim"
    assert store.ask("POST", claim, json={}).json() == {"paired": True}
    assert store.ask("POST", claim, json={}).status_code == 404


def test_a_code_dies_after_ten_minutes(store):
    begun = store.ask("POST", "/v1/pairings", json={}).json()
    store.clock.elapsed_s += CODE_FOR_S
    answer = store.ask("POST", "/v1/devices", near=True, json={"code": begun["code"], "right": "kiosk"})
    assert answer.status_code == 404


def test_a_code_that_nobody_shows_pairs_nothing(store):
    store.ask("POST", "/v1/pairings", json={})
    answer = store.ask("POST", "/v1/devices", near=True, json={"code": "000000", "right": "cashier"})
    assert answer.status_code == 404
    assert store.ask("GET", "/v1/devices", near=True).json() == []


def test_a_revoked_device_is_a_stranger_again(store):
    store.pair("kiosk")
    [device] = store.ask("GET", "/v1/devices", near=True).json()
    assert "token" not in str(device)
    assert store.ask("DELETE", f"/v1/devices/{device['device_id']}", near=True).status_code == 204
    assert store.ask("GET", "/v1/kiosks/1/events").status_code == 401


@pytest.mark.parametrize("cookie", ["", "nonsense", "=;=;", "x" * 4000])
def test_a_made_up_token_opens_nothing(store, cookie):
    store.cookies = {COOKIE: cookie}
    assert store.ask("GET", "/v1/status").status_code == 401


def test_devices_that_wait_are_bounded(store):
    for _ in range(PENDING_MAX):
        assert store.ask("POST", "/v1/pairings", json={}).status_code == 201
    answer = store.ask("POST", "/v1/pairings", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_pairings")


def test_whatever_no_rule_names_is_for_the_stores_own_machine():
    assert not may(frozenset({Right.KIOSK, Right.CASHIER, Right.DISPLAY}), "/v1/something-new")
    assert may(frozenset({Right.ADMIN}), "/v1/something-new")
    assert not may(frozenset({Right.KIOSK}), "/kioskfoo")


def test_the_code_that_a_screen_shows_is_printed_too() -> None:
    store = Store()
    begun = store.ask("POST", "/v1/pairings", json={}).json()
    assert store.core.printer.codes == [begun["code"]]


def test_only_a_kiosk_hands_over_and_prints() -> None:
    asked = {"workstation_id": "1", "scan_id": "s1"}
    store = Store()
    for path in ("/v1/handovers", "/v1/prints"):
        assert store.ask("POST", path, json=asked).status_code == 401
    store.pair("cashier")
    for path in ("/v1/handovers", "/v1/prints"):
        assert store.ask("POST", path, json=asked).status_code == 403
    assert store.ask("GET", "/v1/qr.svg?text=x").status_code == 200
    kiosk = Store()
    kiosk.pair("kiosk")
    assert kiosk.ask("POST", "/v1/handovers", json=asked).json()["url"] == "https://hub.example/p/1-s1"
    assert kiosk.ask("POST", "/v1/prints", json=asked).json() == {"outcome": "printed"}
    assert kiosk.ask("POST", "/v1/prints", json=asked | {"workstation_id": "9"}).status_code == 404


def test_a_picture_of_a_code_is_bounded_and_loads_nothing() -> None:
    store = Store()
    picture = store.ask("GET", "/v1/qr.svg?text=https%3A%2F%2Fhub.example", near=True)
    assert picture.headers["content-type"] == "image/svg+xml"
    assert b"<script" not in picture.content
    assert store.ask("GET", "/v1/qr.svg?text=" + "a" * 513, near=True).status_code == 422
    assert store.ask("GET", "/v1/qr.svg", near=True).status_code == 422

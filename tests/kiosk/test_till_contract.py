"""The till API keeps its own OpenAPI: whatever is asked, the answer has a status and a shape that it declares."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kiosk.kiosk_fakes import FakeClock, app_over_fake

HOST = "127.0.0.1:8090"
OPERATIONS = ("identify", "quote", "reserve", "commit", "reverse")
PROBLEM = {"code", "message", "fix"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
likely = st.fixed_dictionaries(
    {},
    optional={
        "workstation_id": st.sampled_from(["1", "2", "9", ""]) | json_values,
        "code": st.text(max_size=40) | json_values,
        "scan_id": st.text(max_size=20) | json_values,
        "lines": st.lists(st.fixed_dictionaries({"amount": st.text(max_size=8) | json_values}), max_size=3)
        | json_values,
        "coupons": st.lists(st.text(max_size=10), max_size=3) | json_values,
        "points": st.integers() | json_values,
        "reservation_id": st.text(max_size=20) | json_values,
    },
)


class Till:
    """A till's program on this machine; the application answers in this process."""

    def __init__(self) -> None:
        app, _core, _switchboard = app_over_fake(clock=FakeClock(), hosts=(HOST,))
        self._transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_a_till_sends_is_answered_as_declared(operation: str):
    till = Till()
    declared = till.request("GET", "/openapi.json").json()["paths"][f"/v1/loyalty/{operation}"]["post"]["responses"]

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(body=likely | json_values, key=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20))
    def ask(body: Any, key: str) -> None:
        headers = {"origin": f"http://{HOST}", "content-type": "application/json", "idempotency-key": key}
        answer = till.request("POST", f"/v1/loyalty/{operation}", content=json.dumps(body), headers=headers)
        assert str(answer.status_code) in declared, answer.text
        assert answer.status_code < 500, answer.text
        assert set(answer.json()) == PROBLEM

    ask()


def test_every_operation_is_described_with_its_answer_and_its_key():
    document = Till().request("GET", "/openapi.json").json()
    for operation in OPERATIONS:
        described = document["paths"][f"/v1/loyalty/{operation}"]["post"]
        assert described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"], operation
        keys = [each["name"] for each in described.get("parameters", []) if each["required"]]
        assert keys == (["Idempotency-Key"] if operation in ("reserve", "commit", "reverse") else []), operation

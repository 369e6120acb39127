"""docs/wire-protocol.md says what the models say."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from hub import api
from hub.__main__ import app
from hub.reference import BEGIN, END, json_schema, markdown
from sync.protocol.signatures import Request, SigningKey, sign_request

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "wire-protocol.md").read_text("utf-8")


def test_the_tables_are_those_of_the_models():
    """When this fails: `tillstream hub schema --markdown`, and put it between the two marks."""
    made = BEGIN + DOCUMENT.partition(BEGIN)[2].partition(END)[0] + END + "\n"
    assert made == markdown()


def test_every_field_says_what_it_means():
    for name, schema in json_schema()["$defs"].items():
        assert schema.get("description"), name
        for field, told in schema.get("properties", {}).items():
            assert told.get("description"), f"{name}.{field}"


def test_the_worked_example_is_what_the_code_signs():
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    request = Request(
        method="POST", path="/v1/journal/position", headers={"content-type": "application/json"}, body=b"{}"
    )
    headers = sign_request(request, key, now=datetime.fromtimestamp(1795262400, UTC), nonce="0000")
    for name, value in headers.items():
        assert f"{name}: {value}\n" in DOCUMENT
    assert replace(request, headers=headers)


def test_every_refusal_that_has_a_status_of_its_own_is_in_the_document():
    missing = [code for code in api._STATUS_BY_CODE if f"`{code}`" not in DOCUMENT]
    assert missing == []


def test_json_schema_is_printed_and_knows_every_message():
    told = CliRunner().invoke(app, ["schema"])
    assert set(json.loads(told.stdout)["$defs"]) >= {"JournalUpload", "JournalAck", "Refusal", "Manifest"}


def test_openapi_is_printed_without_a_hub_and_knows_every_call():
    told = json.loads(CliRunner().invoke(app, ["schema", "--openapi"]).stdout)
    assert told["openapi"].startswith("3.")
    assert set(told["paths"]["/v1/journal"]["post"]["responses"]) >= {"200", "400", "401", "403", "409"}


@pytest.mark.anyio
@pytest.mark.real
async def test_openapi_describes_every_call_of_the_document(rig):
    import httpx

    async with rig.serving(), httpx.AsyncClient() as client:
        paths = (await client.get(rig.url + "/openapi.json")).json()["paths"]
    calls = re.findall(r"^\| `(GET|POST) (/v1/[a-z/{}0-9]+)", DOCUMENT, re.MULTILINE)
    assert len(calls) >= 6
    for method, path in calls:
        assert method.lower() in paths[path], path

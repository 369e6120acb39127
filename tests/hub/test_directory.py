"""Signing in by OpenID Connect, against a provider of somebody else's in a process of its own."""

import re
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from hub.users.accounts import WrongPasswordError
from hub.users.audit import AuditLog
from hub.users.directory import Directory
from hub.users.groups import GroupRoles
from hub.users.roles import Role
from retail.errors import RefusedError, TryAgainError
from tests.hub.rig import HubRig

pytestmark = [pytest.mark.anyio, pytest.mark.real]

NOW = datetime.now(UTC)
RETURNED_TO = "http://127.0.0.1:1/sign-in/returned"


@pytest.fixture(scope="module")
def issuer():
    """Start the provider; it signs in whoever is asked for, with the claims given here."""
    if find_spec("oidc_provider_mock") is None:  # looked for and not imported: it warns of its own libraries
        pytest.skip("pip install oidc-provider-mock: an OpenID provider of somebody else's")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    claims = (
        '{"sub": "anna", "email": "Anna@Example.org", "email_verified": true, "groups": ["shops-it", "canteen"]}',
        '{"sub": "bert", "email": "b@x.org"}',
    )
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port), "-n", "true"]
    for each in claims:
        command += ["--user-claims", each]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    until, never = time.monotonic() + 60, threading.Event()
    while True:
        try:
            if httpx.get(f"{url}/.well-known/openid-configuration").is_success:
                break
        except httpx.HTTPError:
            assert time.monotonic() < until, "the provider never answered"
            never.wait(0.05)
    yield url
    process.terminate()
    process.wait()


def at_the_provider(to: str, subject: str) -> dict[str, str]:
    """Do what a browser does there, and return what it brings back."""
    answer = httpx.post(to, data={"sub": subject}, follow_redirects=False)
    assert answer.status_code in {302, 303}, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def directory(issuer: str, **changes) -> Directory:
    told = {"issuer": issuer, "client_id": "hub", "client_secret": "secret", "returned_to": RETURNED_TO}
    return Directory(**told | changes)


async def test_who_is_known_to_the_directory_and_here_is_signed_in(tmp_path, issuer):
    rig = HubRig(
        tmp_path / "hub",
        oidc_issuer=issuer,
        oidc_client_id="hub",
        oidc_client_secret="secret",
        oidc_public_url="http://127.0.0.1:1",
    )
    rig.hub.users.put("anna@example.org", Role.AUDITOR, "", by="root")
    try:
        async with rig.serving(), httpx.AsyncClient(base_url=rig.url) as client:
            assert "/sign-in/directory" in (await client.get("/sign-in")).text
            to = (await client.get("/sign-in/directory")).headers["location"]
            told = at_the_provider(to, "anna")
            back = await client.get("/sign-in/returned", params=told)
            assert (back.status_code, "url=/fleet" in back.text) == (200, True)
            assert re.search(r"anna@example\.org", (await client.get("/fleet")).text)
            async with httpx.AsyncClient(base_url=rig.url) as other:
                stolen = await other.get("/sign-in/returned", params=told)
                assert stolen.status_code == 403
    finally:
        rig.hub.close()


async def test_the_groups_of_the_directory_are_the_roles_here_and_follow_it(tmp_path, issuer):
    told = {"oidc_issuer": issuer, "oidc_client_id": "hub", "oidc_client_secret": "secret"}
    rig = HubRig(tmp_path / "hub", **told, oidc_public_url="http://127.0.0.1:1", group_store_it="night-it, shops-it")
    try:
        async with rig.serving(), httpx.AsyncClient(base_url=rig.url) as client:
            to = (await client.get("/sign-in/directory")).headers["location"]
            back = await client.get("/sign-in/returned", params=at_the_provider(to, "anna"))
            assert back.status_code == 200
            assert [(each.name, each.role) for each in rig.hub.users.all()] == [("anna@example.org", Role.STORE_IT)]
            assert "anna@example.org" in (await client.get("/fleet")).text
            rig.hub.users.sign_in_by_groups("anna@example.org", Role.AUDITOR)
            assert (await client.get("/fleet")).status_code == 303  # another role: signed out
            with pytest.raises(WrongPasswordError, match="no group"):
                rig.hub.users.sign_in_by_groups("anna@example.org", None)
            assert not rig.hub.users.any_here()
            assert (await client.get("/fleet")).status_code == 303  # nobody is left, and nothing is open for it
            noted = AuditLog(rig.hub.database).entries(rig.hub.config.tenant)
            assert {entry.who for entry in noted if "person" in entry.did} == {"(directory)"}
    finally:
        rig.hub.close()


async def test_a_name_with_a_password_here_is_not_taken_over_by_the_directory(rig):
    rig.hub.users.put("anna@example.org", Role.AUDITOR, "a long enough password", by="root")
    with pytest.raises(WrongPasswordError, match="has a password here"):
        rig.hub.users.sign_in_by_groups("anna@example.org", Role.STORE_IT)
    assert [each.role for each in rig.hub.users.all()] == [Role.AUDITOR]


async def test_who_is_in_the_groups_of_two_roles_is_neither():
    roles = GroupRoles(groups={Role.AUDITOR: frozenset({"audit"}), Role.STORE_IT: frozenset({"it"})})
    assert roles.role_of(["it", "canteen"]) is Role.STORE_IT
    assert roles.role_of(["canteen"]) is None
    with pytest.raises(WrongPasswordError, match="makes you"):
        roles.role_of(["it", "audit"])


async def test_who_has_no_account_here_or_no_verified_address_is_not_let_in(issuer, rig):
    way = directory(issuer).begin(now=NOW)
    told = at_the_provider(way.to, "bert")
    with pytest.raises(WrongPasswordError, match="verified"):
        directory(issuer).named(told, way.to_text(), now=NOW)
    with pytest.raises(WrongPasswordError, match="no account"):
        rig.hub.users.sign_in_elsewhere("anna@example.org")


@pytest.mark.parametrize("lost", ["state", "cookie", "late", "code"])
async def test_a_way_that_was_begun_elsewhere_or_long_ago_ends_here(issuer, lost):
    way = directory(issuer).begin(now=NOW)
    told, kept, now = at_the_provider(way.to, "anna"), way.to_text(), NOW
    if lost == "state":
        told["state"] = "another"
    elif lost == "cookie":
        kept = "no cookie of ours"
    elif lost == "late":
        now += timedelta(minutes=11)
    else:
        told["code"] = "a guess"
    with pytest.raises(RefusedError):
        directory(issuer).named(told, kept, now=now)


async def test_a_token_for_somebody_else_is_not_believed(issuer):
    way = directory(issuer).begin(now=NOW)
    other = directory(issuer).begin(now=NOW)
    told = at_the_provider(other.to, "anna") | {"state": way.state}
    with pytest.raises(RefusedError):
        directory(issuer).named(told, way.to_text(), now=NOW)


async def test_a_directory_that_is_away_is_said_so(issuer):
    with pytest.raises(TryAgainError, match="does not answer"):
        directory("http://127.0.0.1:9").begin(now=NOW)

"""Signing in with a browser's requests: who sees what, who may press what, and what another site cannot do."""

import re
from contextlib import asynccontextmanager

import httpx
import pytest

from hub.users.accounts import FAILURES_MAX
from hub.users.audit import AuditLog
from hub.users.roles import Role
from receipt.qr_svg import qr_svg
from sync.protocol.invitation import Invitation, invitation_text
from tests.hub.rig import HubRig

PASSWORD = "correct horse battery staple"

pytestmark = [pytest.mark.anyio, pytest.mark.real]


@asynccontextmanager
async def browser(rig, name: str = ""):
    async with httpx.AsyncClient(base_url=rig.url, headers={"origin": rig.url}) as client:
        if name:
            answer = await client.post("/sign-in", data={"name": name, "password": PASSWORD})
            assert (answer.status_code, answer.headers["location"]) == (303, "/fleet")
        yield client


ROLES = {"ina": Role.STORE_IT, "mia": Role.MARKETER, "ada": Role.AUDITOR, "cara": Role.CUSTOMER_CARE}


@asynccontextmanager
async def with_people(rig, *names: str):
    for name in names or ("ina",):
        rig.hub.users.put(name, ROLES[name], PASSWORD, by="root")
    rig.code("7781")
    async with rig.serving():
        yield


def told(rig) -> list[tuple[str, str, str]]:
    return [
        (each.who, each.did, each.subject)
        for each in AuditLog(rig.hub.database).entries("main")
        if each.did != "person.put"
    ]


async def test_without_an_account_this_machine_sees_everything_and_presses_nothing(rig):
    rig.code("7781")
    async with rig.serving(), browser(rig) as client:
        page = await client.get("/fleet?lang=en")
        pressed = await client.post("/fleet/stop", data={"what": "printing", "where": "chain"})
    assert page.status_code == 200
    assert "7781" in page.text
    assert '<form class="narrow"' not in page.text
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/sign-in")


async def test_from_the_first_account_on_nobody_sees_anything_without_signing_in(rig):
    async with with_people(rig), browser(rig) as client:
        for path in ("/", "/fleet", "/audit"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        for path in ("/v1/stores", "/v1/fleet", "/v1/status", "/v1/completeness"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")
        assert (await client.get("/healthz")).status_code == 200


async def test_the_cookie_is_for_this_place_alone_and_no_script_reads_it(rig):
    async with with_people(rig), browser(rig) as client:
        answer = await client.post("/sign-in", data={"name": "ina", "password": PASSWORD})
        assert re.search(r"HttpOnly.*SameSite=strict", answer.headers["set-cookie"])
        await client.post("/sign-out")
        stolen = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
        assert (await client.get("/v1/fleet", headers=stolen)).status_code == 401


async def test_store_it_stops_printing_and_takes_it_back_and_both_stand_in_the_log(rig):
    async with with_people(rig), browser(rig, "ina") as client:
        wish = {"what": "printing", "where": "store", "place": "7781", "why": "printer on fire"}
        assert (await client.post("/fleet/stop", data=wish)).status_code == 303
        page = (await client.get("/fleet?lang=en")).text
        assert "printer on fire" in page
        assert (await client.post("/fleet/resume", data={"stop": "1"})).status_code == 303
        assert "printer on fire" not in (await client.get("/fleet")).text
        again = await client.post("/fleet/resume", data={"stop": "1"})
        assert again.status_code == 422
    assert told(rig) == [
        ("ina", "signed.in", ""),
        ("ina", "stop.pressed", "1: printing in store:7781"),
        ("ina", "stop.taken_back", "1"),
    ]


@pytest.mark.parametrize(
    ("name", "path", "form"),
    [
        ("mia", "/fleet/stop", {"what": "printing", "where": "chain"}),
        ("mia", "/fleet/code", {"store": "7781"}),
        ("ada", "/fleet/stop", {"what": "burning", "where": "chain"}),
        ("ada", "/fleet/code", {"store": "7781"}),
    ],
)
async def test_who_may_not_is_told_so_and_nothing_happens(rig, name, path, form):
    async with with_people(rig, name), browser(rig, name) as client:
        answer = await client.post(path, data=form)
    assert answer.status_code == 403
    assert "may not" in answer.text
    assert told(rig) == [(name, "signed.in", "")]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
async def test_a_form_on_another_site_presses_nothing(rig, origin):
    async with with_people(rig), browser(rig, "ina") as client:
        answer = await client.post(
            "/fleet/stop", data={"what": "printing", "where": "chain"}, headers={"origin": origin}
        )
    assert answer.status_code == 403
    assert told(rig) == [("ina", "signed.in", "")]


MISTYPED = (
    {},
    {"what": "everything", "where": "chain"},
    {"what": "printing"},
    {"what": "printing", "where": "store", "place": "9999"},
    {"what": "campaign", "where": "chain", "campaign": ""},
    {"what": "printing", "where": "chain", "until": "soon"},
    {"what": "printing", "where": "chain", "until": "2001-01-01T00:00"},
    {"what": "printing", "where": "chain", "why": "x" * 5000},
    {"what": "printing", "where": "chain", "why": "x" * 10_000},
)


async def test_a_mistyped_form_is_answered_with_what_to_do_and_the_page(rig):
    async with with_people(rig), browser(rig, "ina") as client:
        for form in MISTYPED:
            answer = await client.post("/fleet/stop", data=form)
            assert answer.status_code in {403, 422}, form
            assert 'role="alert"' in answer.text, form
    assert told(rig) == [("ina", "signed.in", "")]


async def test_a_code_made_on_the_page_is_shown_once_and_logged_without_itself(rig):
    async with with_people(rig), browser(rig, "ina") as client:
        answer = await client.post("/fleet/code?lang=en", data={"store": "4711", "name": "New shop"})
        code = re.search(r'class="code">([^<]+)<', answer.text).group(1)
        scanned = invitation_text(Invitation(code=code, store="4711")).encode()
        assert qr_svg(scanned).decode() in answer.text, (
            "the picture is drawn by the page itself: its policy loads nothing"
        )
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script|\sstyle=|<img", answer.text)
        assert code not in (await client.get("/fleet")).text
        bad = await client.post("/fleet/code", data={"store": "../etc"})
        assert bad.status_code == 422
    assert told(rig)[1:] == [("ina", "code.made", "4711")]
    assert code not in repr(AuditLog(rig.hub.database).entries("main"))


async def test_the_auditor_reads_the_log_and_others_do_not(rig):
    async with with_people(rig, "ada", "ina"):
        async with browser(rig, "ada") as client:
            page = (await client.get("/audit?lang=en")).text
        async with browser(rig, "ina") as client:
            other = await client.get("/audit")
    assert "the log is whole" in page
    assert "person.put" in page
    assert (other.status_code, other.headers["location"]) == (303, "/fleet")


async def test_a_guesser_is_slowed_down_on_the_page_too(rig):
    async with with_people(rig), browser(rig) as client:
        answers = [
            (await client.post("/sign-in", data={"name": "ina", "password": "guess"})).status_code
            for _ in range(FAILURES_MAX + 1)
        ]
        right = await client.post("/sign-in?lang=ru", data={"name": "ina", "password": PASSWORD})
    assert answers == [403] * FAILURES_MAX + [429]
    assert right.status_code == 429
    assert "Подождите" in right.text
    assert told(rig) == [("ina", "passwords.wrong", "")]


async def test_a_stop_of_many_stores_is_taken_back_by_two_people(tmp_path):
    rig = HubRig(tmp_path / "hub", four_eyes_stores="2")
    for store_id in ("7781", "7782"):
        rig.code(store_id)
    async with with_people(rig, "ina", "mia", "ada"):
        async with browser(rig, "ina") as client:
            await client.post("/fleet/stop", data={"what": "burning", "where": "chain"})
            await client.post("/fleet/resume", data={"stop": "1"})
            await client.post("/fleet/resume", data={"stop": "1"})
            own = await client.post("/fleet/decide", data={"proposal": "1", "allowed": "yes"})
            assert (own.status_code, "somebody else" in own.text) == (403, True)
        async with browser(rig, "ada") as client:
            auditor = await client.post("/fleet/decide", data={"proposal": "1", "allowed": "yes"})
            assert auditor.status_code == 403
        async with browser(rig, "mia") as client:
            assert "wanted by ina" in (await client.get("/fleet?lang=en")).text
            assert (await client.post("/fleet/decide", data={"proposal": "1", "allowed": "yes"})).status_code == 303
            again = await client.post("/fleet/decide", data={"proposal": "1", "allowed": "yes"})
            assert again.status_code == 422
    did = [each for each in told(rig) if each[1] != "signed.in"]
    rig.hub.close()
    assert did == [
        ("ina", "stop.pressed", "1: burning in the chain"),
        ("ina", "resume.proposed", "1"),
        ("mia", "resume.allowed", "1"),
        ("ina and mia", "stop.taken_back", "1"),
    ]


async def test_what_a_second_person_refuses_does_not_happen(tmp_path):
    rig = HubRig(tmp_path / "hub", four_eyes_stores="1")
    async with with_people(rig, "ina", "mia"):
        async with browser(rig, "ina") as client:
            await client.post("/fleet/stop", data={"what": "burning", "where": "store", "place": "7781"})
            await client.post("/fleet/resume", data={"stop": "1"})
        async with browser(rig, "mia") as client:
            await client.post("/fleet/decide", data={"proposal": "1", "allowed": "no"})
            page = (await client.get("/fleet?lang=en")).text
    rig.hub.close()
    assert "wanted by" not in page
    assert "Take back" in page


async def test_customer_care_forgets_somebody_by_an_id_typed_twice_and_the_log_names_nobody(rig):
    (rig.config.state_dir / "customers.csv").write_text("customer_id,first_name\nc-17,Anna\n")
    import_customers(rig)
    async with with_people(rig, "cara", "ina"):
        async with browser(rig, "ina") as client:
            refused = await client.post("/fleet/erase", data={"customer": "c-17", "again": "c-17"})
            assert refused.status_code == 403
        async with browser(rig, "cara") as client:
            for typed in ({"customer": "c-17", "again": "c-71"}, {"customer": "c-99", "again": "c-99"}, {}):
                assert (await client.post("/fleet/erase", data=typed)).status_code == 422
            assert rig.rows("SELECT count(*) FROM customer") == [(1,)]
            assert (await client.post("/fleet/erase", data={"customer": "c-17", "again": "c-17"})).status_code == 303
    assert rig.rows("SELECT count(*) FROM customer") == [(0,)]
    assert told(rig)[-1] == ("cara", "erased", "1 customers")
    assert "c-17" not in repr(AuditLog(rig.hub.database).entries("main"))


def import_customers(rig) -> None:
    from hub.commands import import_paths

    import_paths(
        None,
        state_dir=rig.config.state_dir,
        paths=[rig.config.state_dir / "customers.csv"],
        rejects=None,
        replace=False,
        dry_run=False,
        quiet=True,
    )

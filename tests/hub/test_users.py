"""Accounts, sessions, roles and the audit log; what depends on the database, on both."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from hub.__main__ import app
from hub.users.accounts import FAILURES_MAX, IDLE_MAX, SESSION_MAX, WAIT, NotAllowedError, Users, WrongPasswordError
from hub.users.audit import AuditLog
from hub.users.passwords import is_password, sealed_password
from hub.users.roles import RIGHTS, Right, Role, may
from retail.errors import ConfigurationError, TryAgainError
from tests.hub.rig import SqliteHubDisk

PASSWORD = "correct horse battery staple"
START = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def disk(tmp_path):
    disk = SqliteHubDisk(tmp_path)
    yield disk
    disk.close()


def people_on(disk, clock):
    with disk.database.writing() as session:
        session.run("put_tenant", tenant_id="main", country="DE", now=START.isoformat())
    people = Users(disk.database, "main", clock)
    people.put("anna", Role.STORE_IT, PASSWORD, by="root")
    return people


@pytest.fixture
def people(disk, clock):
    return people_on(disk, clock)


def test_who_knows_the_password_is_signed_in_until_the_shift_is_over(people, clock):
    cookie = people.sign_in("anna", PASSWORD)
    assert people.whose(cookie).role is Role.STORE_IT
    while clock.now - START <= SESSION_MAX:
        assert people.whose(cookie).name == "anna"
        clock.now += IDLE_MAX / 2
    assert people.whose(cookie) is None


def test_a_browser_that_nobody_uses_is_signed_out(people, clock):
    cookie = people.sign_in("anna", PASSWORD)
    clock.now += IDLE_MAX + timedelta(seconds=1)
    assert people.whose(cookie) is None


@pytest.mark.parametrize("cookie", ["", "x", "0" * 43, "\u0430" * 43])
def test_a_cookie_that_nobody_was_given_is_nobodys(people, cookie):
    assert people.whose(cookie) is None


@pytest.mark.parametrize(("name", "password"), [("anna", "another"), ("bert", PASSWORD), ("", ""), ("anna", "a" * 999)])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(people, name, password):
    with pytest.raises(WrongPasswordError) as refused:
        people.sign_in(name, password)
    assert refused.value.message == "no such name with this password"


def test_after_five_wrong_passwords_even_the_right_one_waits(people, clock):
    for _ in range(FAILURES_MAX):
        with pytest.raises(WrongPasswordError):
            people.sign_in("anna", "a guess of somebody")
    with pytest.raises(TryAgainError) as refused:
        people.sign_in("anna", PASSWORD)
    assert refused.value.code == "too_many"
    assert refused.value.retry_after_s == WAIT.total_seconds()
    clock.now += WAIT
    assert people.whose(people.sign_in("anna", PASSWORD)).name == "anna"
    people.sign_in("anna", PASSWORD)


def test_who_leaves_is_signed_out_everywhere_at_once_and_stays_in_the_log(people):
    cookies = [people.sign_in("anna", PASSWORD) for _ in range(2)]
    assert people.end("anna", by="root")
    assert [people.whose(cookie) for cookie in cookies] == [None, None]
    with pytest.raises(WrongPasswordError):
        people.sign_in("anna", PASSWORD)
    assert not people.any_here()
    assert not people.end("anna", by="root")
    assert [each.name for each in people.all()] == ["anna"]


def test_another_role_takes_effect_in_no_open_browser(people):
    cookie = people.sign_in("anna", PASSWORD)
    people.put("anna", Role.AUDITOR, PASSWORD, by="root")
    assert people.whose(cookie) is None
    assert people.whose(people.sign_in("anna", PASSWORD)).role is Role.AUDITOR


def test_who_signs_in_elsewhere_has_no_password_here(people):
    people.put("carl@example.org", Role.MARKETER, "", by="root")
    with pytest.raises(WrongPasswordError):
        people.sign_in("carl@example.org", "")
    assert people.whose(people.open_session("carl@example.org", how="directory")).role is Role.MARKETER


@pytest.mark.parametrize("password", ["short", "x" * 11, "x" * 257])
def test_a_password_too_short_or_too_long_is_refused_and_nothing_is_made(people, password):
    with pytest.raises(ConfigurationError, match="12 to 256"):
        people.put("dora", Role.AUDITOR, password, by="root")
    assert [each.name for each in people.all()] == ["anna"]


@pytest.mark.parametrize("name", ["", "Anna", "a b", "../x", "a" * 65, "анна"])
def test_a_name_that_is_none_is_refused(people, name):
    with pytest.raises(ConfigurationError, match="no name"):
        people.put(name, Role.AUDITOR, PASSWORD, by="root")


def test_the_same_password_is_never_kept_alike_and_no_clear_one_lies_on_disk(people, disk):
    one, other = sealed_password(PASSWORD), sealed_password(PASSWORD)
    assert one != other
    assert is_password(PASSWORD, one)
    assert is_password(PASSWORD, other)
    cookie = people.sign_in("anna", PASSWORD)
    everything = repr([disk.rows(f"SELECT * FROM {table}") for table in ("hub_user", "hub_user_session")])
    assert PASSWORD not in everything
    assert cookie not in everything


def test_a_role_may_do_what_is_in_its_row_and_nothing_else(people):
    anna = people.whose(people.sign_in("anna", PASSWORD))
    anna.need(Right.STOP_PRINTING)
    with pytest.raises(NotAllowedError, match="a store_it may not erase"):
        anna.need(Right.ERASE)
    assert {role for role in Role if may(role, Right.SEE_AUDIT)} == {Role.AUDITOR}
    assert {role for role in Role if may(role, Right.ERASE)} == {Role.CUSTOMER_CARE}
    assert RIGHTS.keys() == set(Role)
    assert RIGHTS[Role.AUDITOR] == {Right.SEE_FLEET, Right.SEE_AUDIT}


def test_the_log_says_who_did_what_and_when(hub_disk, clock):
    people = people_on(hub_disk, clock)
    clock.now += timedelta(minutes=5)
    people.sign_in("anna", PASSWORD)
    people.end("anna", by="root")
    told = [(each.who, each.did, each.subject) for each in AuditLog(hub_disk.database).entries("main")]
    assert told == [("root", "person.put", "anna"), ("anna", "signed.in", ""), ("root", "person.ended", "anna")]
    assert [each.entry_no for each in AuditLog(hub_disk.database).entries("main", first_no=2)] == [2, 3]


@pytest.mark.parametrize(
    ("sql", "entry_no", "why"),
    [
        ("UPDATE audit_entry SET who = 'bert' WHERE entry_no = 2", 2, "changed"),
        ("DELETE FROM audit_entry WHERE entry_no = 2", 2, "taken out"),
        ("DELETE FROM audit_entry WHERE entry_no = 1", 1, "taken out"),
    ],
)
def test_a_log_that_was_changed_says_where(hub_disk, clock, sql, entry_no, why):
    people = people_on(hub_disk, clock)
    people.sign_in("anna", PASSWORD)
    people.sign_in("anna", PASSWORD)
    log = AuditLog(hub_disk.database)
    assert log.check("main") is None
    hub_disk.run(sql)
    found = log.check("main")
    assert (found.entry_no, found.why) == (entry_no, why)


def test_an_account_without_a_password_is_made_for_the_directorys_people_only(tmp_path):
    where = ["--state-dir", str(tmp_path), "--role", "auditor"]
    refused = CliRunner().invoke(app, ["people", "add", "anna", *where], input="")
    assert isinstance(refused.exception, ConfigurationError)
    assert "--elsewhere" in refused.exception.fix
    assert CliRunner().invoke(app, ["people", "add", "anna@example.org", "--elsewhere", *where]).exit_code == 0

"""Joining, permissions, visits: what is journalled convinces somebody who was not there."""

import hashlib

import pytest
from kiosk_fakes import CONTENT

ORIGIN = {"origin": "http://127.0.0.1:8090"}
SHOWN_AT = "2026-11-21T12:00:00.000Z"


def permission(purpose, language="en"):
    consent = next(each for each in CONTENT.consents if each.purpose == purpose)
    return {
        "purpose": purpose,
        "channel": consent.channel,
        "version": consent.version,
        "language": language,
        "text": consent.text[language],
    }


def joining(**changes):
    return {
        "request_id": "r-1",
        "workstation_id": "1",
        "source": "cashier",
        "shown_how": "read_aloud",
        "shown_at": SHOWN_AT,
        "first_name": "Vera",
        "contact": "+49 151 12345678",
        "code": "2912345678999",
        "language": "en",
        "permissions": [permission("offers"), permission("membership")],
        **changes,
    }


def post(client, path, body):
    return client.post(path, json=body, headers=ORIGIN)


def test_a_new_member_is_journalled_consent_by_consent_terms_first(desk):
    client, core = desk
    answer = post(client, "/v1/members", joining())
    assert (answer.status_code, answer.json()) == (201, {"enrolment_id": "r-1", "confirm_by": "phone"})
    assert [(each["kind"], each["payload"]["purpose"]) for each in core.appended] == [
        ("consent.given", "membership"),
        ("consent.given", "offers"),
    ]


def test_a_consent_record_says_everything_that_proves_it(desk):
    client, core = desk
    post(client, "/v1/members", joining())
    record = core.appended[1]["payload"]
    text = CONTENT.consents[1].text["en"]
    assert record["text"] == text
    assert record["text_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (record["text_version"], record["text_language"]) == ("2026-11", "en")
    assert record["place"] == {"kind": "workstation", "id": "1"}
    assert (record["by"], record["shown_how"]) == ("cashier", "read_aloud")
    assert (record["shown_at"], bool(record["answered_at"])) == (SHOWN_AT, True)
    assert record["double_opt_in"] == {"state": "requested", "channel": "phone"}
    assert record["enrolment_id"] == "r-1"


def test_name_and_contact_leave_the_desk_sealed_only(desk):
    client, core = desk
    post(client, "/v1/members", joining())
    assert core.appended[0]["payload"]["member"]["sealed"] is True
    told = str(core.appended)
    assert "Vera" not in told
    assert "12345678" not in told.replace("2026-11-21", "")


def test_a_repeat_carries_the_same_ids_so_that_core_keeps_it_once(desk):
    client, core = desk
    for _ in range(2):
        post(client, "/v1/members", joining())
    ids = [each["payload"]["request_id"] for each in core.appended]
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2


def test_nobody_joins_without_the_terms(desk):
    client, core = desk
    answer = post(client, "/v1/members", joining(permissions=[permission("offers")]))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_membership_consent")
    assert core.appended == []


@pytest.mark.parametrize("changes", [{"text": "Yes to everything."}, {"version": "2020-01"}, {"language": "de"}])
def test_words_that_the_ledger_cannot_show_are_refused(desk, changes):
    client, core = desk
    answer = post(client, "/v1/members", joining(permissions=[{**permission("membership"), **changes}]))
    assert (answer.status_code, answer.json()["code"]) == (409, "text_changed")
    assert core.appended == []


@pytest.mark.parametrize("shown_at", ["2099-99-99T99:99:99Z", "2026-11-22T12:00:00", "yesterday"])
def test_a_time_that_no_clock_shows_proves_nothing_and_is_refused(desk, shown_at):
    client, core = desk
    assert post(client, "/v1/members", joining(shown_at=shown_at)).status_code == 422
    assert core.appended == []


@pytest.mark.parametrize("contact", ["+49 151 12345678", "vera@example.org", "8 (495) 123-45-67", ""])
def test_a_phone_or_an_address_is_a_contact(desk, contact):
    client, _ = desk
    assert post(client, "/v1/members", joining(contact=contact)).status_code == 201


@pytest.mark.parametrize("contact", ["vera", "12345", "vera@", "@example.org", "a b@c.d", "vera@example"])
def test_anything_else_is_not_and_is_not_repeated_in_the_answer(desk, contact):
    client, core = desk
    answer = post(client, "/v1/members", joining(contact=contact))
    assert answer.status_code == 422
    assert "contact" in answer.json()["message"]
    assert core.appended == []


@pytest.mark.parametrize("name", ["<b>", "a\x1b@", "x" * 61])
def test_a_name_carries_no_command(desk, name):
    client, _ = desk
    assert post(client, "/v1/members", joining(first_name=name)).status_code == 422


def test_survey_answers_are_kept_by_their_ids_and_unknown_ones_refused(desk):
    client, core = desk
    assert post(client, "/v1/members", joining(survey={"shops_for": "family"})).status_code == 201
    assert core.appended[-1]["kind"] == "survey.answered"
    assert core.appended[-1]["payload"]["answers"] == [{"question_id": "shops_for", "answer": "family"}]
    assert post(client, "/v1/members", joining(survey={"shops_for": "martians"})).status_code == 409


def test_a_visit_shows_and_activates_the_offers_of_today(desk):
    client, core = desk
    body = {"request_id": "v-1", "workstation_id": "1", "scan_id": "s1", "campaigns": ["coffee-back", "bread"]}
    assert post(client, "/v1/visits", body).status_code == 201
    assert [each["kind"] for each in core.appended] == ["visit", "offer.shown", "offer.activated"]
    assert core.appended[0]["payload"]["place"] == {"kind": "kiosk", "id": "1"}
    assert core.appended[2]["payload"]["offers"] == [{"campaign_id": "coffee-back"}, {"campaign_id": "bread"}]


def test_a_withdrawal_needs_no_text_but_somebody(desk):
    client, core = desk
    body = {
        "request_id": "w-1",
        "workstation_id": "1",
        "source": "kiosk",
        "shown_at": SHOWN_AT,
        "scan_id": "s1",
        "purpose": "offers",
    }
    assert post(client, "/v1/withdrawals", body).status_code == 201
    assert core.appended[0]["kind"] == "consent.withdrawn"
    assert core.appended[0]["payload"]["purpose"] == "offers"
    assert post(client, "/v1/withdrawals", {**body, "scan_id": ""}).json()["code"] == "nobody"


def test_who_asks_to_be_erased_is_journalled_as_such(desk):
    client, core = desk
    body = {
        "request_id": "w-2",
        "workstation_id": "1",
        "source": "kiosk",
        "shown_at": SHOWN_AT,
        "scan_id": "s1",
        "purpose": "",
        "erasure": True,
    }
    assert post(client, "/v1/withdrawals", body).status_code == 201
    assert core.appended[0]["payload"]["purpose"] == "membership"
    assert core.appended[0]["payload"]["erasure_requested"] is True


def test_a_wish_is_kept_with_or_without_a_name(desk):
    client, core = desk
    body = {"request_id": "i-1", "workstation_id": "1", "code": "4006381333931", "wish": "waiting"}
    assert post(client, "/v1/interests", body).status_code == 201
    assert core.appended[0]["payload"]["wish"] == "waiting"
    assert post(client, "/v1/interests", {**body, "wish": "steal"}).status_code == 422


@pytest.mark.parametrize("path", ["/v1/members", "/v1/visits", "/v1/withdrawals", "/v1/interests", "/v1/consents"])
def test_none_of_this_is_taken_from_another_origin(desk, path):
    client, core = desk
    answer = client.post(path, json=joining(), headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert core.appended == []

"""Joining at the kiosk, in a real browser: by touch, by keyboard, in both languages."""

import pytest
from page_browser import page_of
from page_words import open_kiosk
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def join_by_touch(page, words):
    """Walk through joining as a person does who has a kiosk and no keyboard."""
    page.get_by_role("button", name=words["join"]).click()
    page.get_by_role("button", name=words["go_on"]).click()
    for key in "+491511234567":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name=words["go_on"]).click()
    for key in words["name"]:
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name=words["go_on"]).click()
    page.get_by_role("button", name=words["answer"]).click()
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(3)
    assert [each.is_checked() for each in boxes.all()] == [False, False, False]
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name=words["join_now"], exact=True).click()


ENGLISH = {
    "join": "Join in a minute",
    "go_on": "Continue",
    "name": "Vera",
    "answer": "For a family",
    "join_now": "Join",
}
RUSSIAN = {
    "join": "Вступить за минуту",
    "go_on": "Дальше",
    "name": "Вера",
    "answer": "Для семьи",
    "join_now": "Вступить",
}


@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("ru", RUSSIAN)])
def test_somebody_joins_at_the_kiosk_with_fingers_alone(browser, store, language, words):
    with page_of(browser, language=language) as page:
        open_kiosk(page, store)
        join_by_touch(page, words)
        expect(page.locator("h1")).to_contain_text(words["name"])
        kinds = [(each["kind"], each["payload"].get("purpose")) for each in store.core.appended]
        assert kinds == [("consent.given", "membership"), ("consent.given", "offers"), ("survey.answered", None)]
        record = store.core.appended[1]["payload"]
        assert (record["by"], record["shown_how"], record["text_language"]) == ("self", "screen", language)
        assert record["double_opt_in"] == {"state": "requested", "channel": "phone"}


def test_an_address_can_be_typed_by_touch_and_by_keyboard(browser, store):
    with page_of(browser) as page:
        open_kiosk(page, store)
        page.get_by_role("button", name="Join in a minute").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="E-mail instead").click()
        for key in "vera@":
            page.get_by_role("button", name=key, exact=True).click()
        page.locator("#told").focus()
        page.keyboard.press("End")
        page.keyboard.type("example.org", delay=60)
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("h1")).to_have_text("What may we call you?")

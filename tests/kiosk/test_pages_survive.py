"""What all pages do alike: they survive the agent's restart and its absence, and run no script of others."""

import pytest
from kiosk_fakes import running_desk
from page_browser import page_of
from page_words import open_cashier, open_kiosk, scan
from playwright.sync_api import expect

from kiosk.events import EventName

pytestmark = pytest.mark.browser


def test_a_desk_that_restarts_is_found_again_and_nobody_stays_on_the_screen(browser):
    with running_desk() as first, page_of(browser) as page:
        port = int(first.address.rpartition(":")[2])
        open_cashier(page, first)
        scan(first)
        expect(page.locator("h1")).to_have_text("Anna")
        first.stop()
        expect(page.locator(".care")).to_contain_text("No connection to the agent on this PC.")
        with running_desk(port=port, boot="b2") as second:
            expect(page.locator(".care")).to_have_count(0)
            expect(page.locator("main")).not_to_contain_text("Anna")
            scan(second)
            expect(page.locator("h1")).to_have_text("Anna")


@pytest.mark.parametrize("path", ["/cashier/1", "/kiosk", "/display/1"])
def test_a_reload_with_the_agent_gone_still_shows_the_page(browser, path):
    with running_desk() as desk, page_of(browser, service_workers="allow", language="ru") as page:
        page.goto(desk.url + path)
        page.evaluate("navigator.serviceWorker.ready")
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        desk.stop()
        page.reload()
        if path != "/display/1":
            expect(page.locator(".care")).to_contain_text("Нет связи с программой на этом компьютере.")
        expect(page.locator("body")).to_contain_text("Corner shop")


def test_the_language_is_switched_and_kept(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        page.get_by_role("button", name="Русский").click()
        expect(page.locator(".idle")).to_have_text("Отсканируйте карту или введите номер.")
        assert page.evaluate("document.documentElement.lang") == "ru"


def test_the_list_of_places_leads_to_every_screen(browser, store):
    with page_of(browser) as page:
        page.goto(f"{store.url}/cashier")
        expect(page.locator("main a")).to_have_count(5)
        links = [each.get_attribute("href") for each in page.locator("main a").all()]
        assert links == ["/cashier/1", "/cashier/2", "/display/1", "/display/2", "/kiosk/1"]


def test_a_customer_display_shows_the_basket_and_thanks(browser, store):
    with page_of(browser) as page:
        page.goto(f"{store.url}/display/1")
        expect(page.locator("h1")).to_have_text("Welcome")
        expect(page.locator(".age")).to_have_text("Connected")
        lines = [{"description": "Milk", "quantity": "1", "amount": "1.20"}]
        store.publish(EventName.SALE, {"state": "open", "lines": lines, "total": "1.20", "currency": "EUR"})
        expect(page.locator(".basket")).to_contain_text("Milk")
        expect(page.locator(".age")).to_have_text("Updated just now")
        store.publish(EventName.SALE, {"state": "completed", "total": "1.20", "currency": "EUR", "points_earned": 12})
        expect(page.locator("h1")).to_have_text("Thank you!")
        expect(page.locator("main")).to_contain_text("12 points earned")


def test_the_policy_lets_no_inline_script_run(browser, store):
    with page_of(browser) as page:
        open_kiosk(page, store)
        ran = page.evaluate(
            """() => new Promise((tell) => {
                const script = document.createElement('script');
                script.textContent = 'window.ran = true';
                document.addEventListener('securitypolicyviolation', () => tell(false));
                document.body.append(script);
                setTimeout(() => tell(Boolean(window.ran)), 500);
            })"""
        )
        assert ran is False
        page.wrongs.clear()

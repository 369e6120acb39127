"""The plain page: numbers that are right, nothing from elsewhere, nobody else's business."""

import re

import httpx
import pytest

from hub.web.texts import LANGUAGES, language_of, load_texts
from tests.hub.rig import HubRig
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.anyio, pytest.mark.real]


async def get(rig: HubRig, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(rig.url + path, headers=headers)


async def story(rig: HubRig) -> None:
    device = await rig.enrolled()
    for number in range(4):
        device.journal.sale(number)
    offer = {"campaign_id": "coffee-back", "serial": None}
    for kind, times in (("offer.decided", 3), ("offer.printed", 2), ("offer.withheld", 1), ("coupon.redeemed", 1)):
        for _ in range(times):
            device.journal.append(kind, {"transaction_id": "tx-1", "offers": [offer], "outcome": "unconfirmed"})
    device.journal.append("transaction.completed", {"noise": 1})
    await deliver_all(rig, device)
    clone = device.journal.copy()
    device.journal.sale(5)
    clone.sale(6)
    await deliver_all(rig, device)
    await deliver_all(rig, device, clone)
    rig.code("4711")


async def test_the_page_shows_what_the_stores_have_done(rig):
    async with rig.serving():
        await story(rig)
        page = (await get(rig, "/?lang=en")).text
        lines = (await get(rig, "/v1/stores")).json()["stores"]
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", page, re.DOTALL)]
    row = cells[cells.index("7781") :][:8]
    assert row[2:] == ["6", "2", "1", "1", "1", "1"]
    assert "never" in cells[cells.index("4711") :][1]
    assert 'role="alert"' in page
    assert [line["store_id"] for line in lines] == ["4711", "7781"]
    assert lines[1]["totals"]["unconfirmed"] == 2


async def test_the_page_loads_nothing_from_elsewhere_and_runs_no_script(rig):
    async with rig.serving():
        response = await get(rig, "/")
        css = await get(rig, "/hub.css")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in response.text
    assert not re.search(r"(src|href)=\"(https?:)?//", response.text + css.text)
    assert css.headers["content-type"].startswith("text/css")


async def test_the_page_renews_itself_for_whoever_asks_for_it(rig):
    async with rig.serving():
        still, live = (await get(rig, "/?lang=en")).text, (await get(rig, "/?lang=en&live=1")).text
    assert 'http-equiv="refresh"' not in still
    assert 'http-equiv="refresh" content="10"' in live
    assert "every ten seconds" in still
    assert "no more" in live


@pytest.mark.parametrize("language", [code for code, _ in LANGUAGES])
async def test_the_page_speaks_each_language(rig, language):
    async with rig.serving():
        page = (await get(rig, "/", **{"accept-language": f"{language}-XX,en;q=0.5"})).text
    assert f'<html lang="{language}">' in page
    assert load_texts()[language]["title"] in page


async def test_a_store_name_is_text_and_never_markup(rig):
    rig.hub.registry.issue_code("main", "1", name="<script>alert(1)</script>", now=rig.hub.clock())
    async with rig.serving():
        page = (await get(rig, "/")).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


async def test_other_machines_are_shown_nothing_unless_the_settings_say_so(rig, tmp_path):
    from hub.app import create_app

    for pages, status in (("local", 403), ("all", 200)):
        other = HubRig(tmp_path / pages, pages=pages)
        transport = httpx.ASGITransport(create_app(other.hub), client=("192.0.2.7", 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            for path in ("/", "/v1/stores", "/v1/status"):
                assert (await client.get(path)).status_code == status, (pages, path)
            assert (await client.get("/healthz")).status_code == 200
        other.hub.close()


def test_every_language_says_everything():
    texts = load_texts()
    assert {frozenset(text) for text in texts.values()} == {frozenset(texts["en"])}
    assert language_of("xx", "fr,ru;q=0.8") == "ru"
    assert language_of("", "") == "en"

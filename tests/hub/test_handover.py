"""What a kiosk has shown is opened on a telephone: once, within ten minutes, with a code that a store has signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync.protocol.handover import new_handover
from tests.hub.rig import Device, HubRig
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.anyio, pytest.mark.real]

COUPON = {"serial": "ABC", "title": "15 % off <b>", "valid_until": "2026-12-01", "token": "tsc1" + "A" * 150}
ENGLISH = {"accept-language": "en"}


def shown(device: Device, *, ago: timedelta = timedelta(0), **changes: object) -> str:
    """Journal what a kiosk has shown and return the code it shows (`agent/control/kiosk_operations.py`)."""
    handover, token = new_handover(device.sign.private, now=datetime.now(UTC) - ago)
    content = {
        "channel": "phone",
        "handover": handover.number,
        "customer_id": "c-1",
        "first_name": "Anna",
        "points": 240,
        "offers": [{"campaign_id": "bread", "text": "Third loaf free", "valid_until": "2026-11-30"}],
        "coupons": [COUPON],
    }
    device.journal.append("offer.shown", content | changes)
    return token


async def test_the_page_opens_once_and_only_by_its_button(rig: HubRig) -> None:
    async with rig.serving(), httpx.AsyncClient(base_url=rig.url, headers=ENGLISH) as client:
        device = await rig.enrolled()
        token = shown(device)
        await deliver_all(rig, device)
        for _ in range(2):
            page = await client.get(f"/p/{token}")
            assert page.status_code == 200, "a messenger's preview uses nothing up"
            assert "Anna" not in page.text
        opened = await client.post(f"/p/{token}")
        assert opened.status_code == 200
        for word in ("Hello, Anna!", "15 % off &lt;b&gt;", "Third loaf free", "240", "data:image/svg+xml;base64,"):
            assert word in opened.text
        assert opened.headers["cache-control"] == "no-store"
        assert "img-src data:" in opened.headers["content-security-policy"]
        for again in (await client.post(f"/p/{token}"), await client.get(f"/p/{token}")):
            assert again.status_code == 410
            assert "opened already" in again.text
            assert "Anna" not in again.text


async def test_before_the_store_has_told_the_code_stays_good(rig: HubRig) -> None:
    async with rig.serving(), httpx.AsyncClient(base_url=rig.url, headers=ENGLISH) as client:
        device = await rig.enrolled()
        token = shown(device)
        waiting = await client.post(f"/p/{token}")
        assert waiting.status_code == 200
        assert "on their way" in waiting.text
        await deliver_all(rig, device)
        assert "Hello, Anna!" in (await client.post(f"/p/{token}?lang=en")).text


async def test_codes_that_are_over_foreign_or_garbage_show_nothing(rig: HubRig) -> None:
    async with rig.serving(), httpx.AsyncClient(base_url=rig.url, headers=ENGLISH) as client:
        device = await rig.enrolled()
        old, good = shown(device, ago=timedelta(minutes=11)), shown(device)
        ahead, foreign = shown(device, ago=-timedelta(hours=2)), shown(Device())
        await deliver_all(rig, device)
        for token in (old, ahead, foreign, good[:-4] + "AAAA", "x", "A" * 136, "A" * 5000, "%00"):
            for answer in (await client.get(f"/p/{token}"), await client.post(f"/p/{token}")):
                assert answer.status_code == 410, token
                assert "Anna" not in answer.text
        assert (await client.get(f"/p/{good.lower()}")).status_code == 200, "a scanner may change case"


@pytest.mark.parametrize(
    "content",
    [{"offers": 7, "coupons": [1, {}]}, {"offers": [], "coupons": [], "points": "many"}, {"first_name": None}],
)
async def test_a_record_that_is_not_what_it_says_shows_what_is_left(rig: HubRig, content: dict) -> None:
    async with rig.serving(), httpx.AsyncClient(base_url=rig.url, headers=ENGLISH) as client:
        device = await rig.enrolled()
        token = shown(device, **content)
        await deliver_all(rig, device)
        assert (await client.post(f"/p/{token}")).status_code == 200


async def test_a_replaced_pcs_codes_are_not_good(rig: HubRig) -> None:
    async with rig.serving(), httpx.AsyncClient(base_url=rig.url, headers=ENGLISH) as client:
        device = await rig.enrolled()
        token = shown(device)
        await deliver_all(rig, device)
        await rig.enrolled()
        assert (await client.post(f"/p/{token}")).status_code == 410

"""A pole display over a real serial line: a pseudo-terminal that is written to, and unplugged."""

import asyncio
import os

import pytest

from agent.clock import SystemClock
from agent.desk.poles import PoleSettings, open_serial, pole_settings, pole_words, run_pole
from kiosk.broadcast import Channel
from kiosk.events import EventName
from kiosk.pole import PoleLanguage


def channel() -> Channel:
    return Channel(clock=SystemClock(), boot="b", personal_for_s=900, reopens_with_person=True)


def test_an_address_says_where_a_display_is_and_what_it_speaks():
    assert pole_settings("serial:///dev/ttyUSB1?baud=19200&language=escpos") == PoleSettings(
        device="/dev/ttyUSB1", baud=19200, commands=PoleLanguage.ESCPOS
    )
    assert pole_settings("serial:///dev/ttyUSB1").commands is PoleLanguage.CD5220


@pytest.mark.parametrize(
    "address", ["tcp://1.2.3.4", "serial://", "serial:///d?speed=1", "serial:///d?language=x", "serial:///d?baud=x"]
)
def test_anything_else_is_refused(address):
    with pytest.raises(ValueError, match=r"."):
        pole_settings(address)


def test_a_display_shows_what_happens_at_its_workstation():
    async def story() -> bytes:
        near, far = os.openpty()
        here = channel()
        settings = PoleSettings(device=os.ttyname(far), baud=9600, commands=PoleLanguage.CD5220)
        words = pole_words("en", store_name="Corner shop")
        running = asyncio.create_task(run_pole(settings, here, words=words, language="en", open_line=open_serial))
        seen = b""
        async with asyncio.timeout(10):
            while b"Corner shop" not in seen:
                seen += await asyncio.to_thread(os.read, near, 1000)
            here.publish(EventName.CUSTOMER, {"known": True, "first_name": "Anna"})
            while b"Hello, Anna" not in seen:
                seen += await asyncio.to_thread(os.read, near, 1000)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        os.close(near)
        os.close(far)
        return seen

    assert b"\x1bQA" in asyncio.run(story())


def test_a_display_that_is_not_there_is_one_line_of_trouble():
    async def story() -> list[dict]:
        here = channel()
        settings = PoleSettings(device="/dev/no-such-display", baud=9600, commands=PoleLanguage.CD5220)
        words = pole_words("en", store_name="")
        running = asyncio.create_task(run_pole(settings, here, words=words, language="en"))
        await here.wait_after(0, timeout_s=10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return [dict(each.data) for each in here.opening("")]

    [trouble] = asyncio.run(story())
    assert trouble["code"] == "pole_display"
    assert trouble["fix"]


def test_words_exist_in_every_language_of_the_pages():
    assert pole_words("ru", store_name="").thanks == "Спасибо!"
    assert pole_words("xx", store_name="").thanks == "Thank you!"

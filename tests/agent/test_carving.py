"""A thief has the disk: what stands on it after a day's sales, byte by byte, and then with the sealed keys too."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from agent.bootstrap import Core
from agent.journal.upkeep import backup
from pos_adapters.taps.frames import FrameType
from tests.agent.core_house import ANNA, BORIS, Running, Tap, make_store, receipt
from tests.agent.test_erasing import said_anywhere

PHONE, SHORT_PHONE = "+49 170 7654321", "1707654321"
EMAIL = "anna.schmidt@example.org"
PAN = "4111111111111111"
NAMES = ("Anna", "Boris", "Schmidt")


def spellings(*codes: str) -> list[bytes]:
    """Return codes as bytes in the ways that programs write them."""
    found: list[bytes] = []
    for code in codes:
        found += [code.encode(), code.encode("utf-16-le"), code.encode().hex().encode(), code[::-1].encode()]
    return found


def raw_bytes(core: Core) -> bytes:
    """Return every byte of every file of the state folder, keys included, as an image of the disk holds them."""
    files = [path for path in sorted(core.state.root.rglob("*")) if path.is_file()]
    assert len(files) > 5
    return b"\n".join(path.read_bytes() for path in files)


@pytest.fixture
def day(tmp_path: Path, caplog) -> tuple[Core, str]:
    """Run a day: cards and a phone scanned, a card and a phone printed, a paper too large for the journal, a copy."""
    core = make_store(tmp_path / "state")
    answers = []

    async def run() -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core)
            for number, code in enumerate((ANNA, BORIS, PHONE, EMAIL), start=1):
                await running.scan(code, source="cashier")
                answers.append((await tap.print(receipt(number=number))).type)
            await tap.print(receipt(number=10, remark=f"Card {PAN}"))
            await tap.print(receipt(number=12, remark=f"Card No {ANNA}"))
            await tap.print(receipt(number=11, items=[("Coffee", "4.99")] * 700, remark=f"Member {ANNA}"))
            backup(core.state.journal, core.keys.journal, folder=core.state.backups, now=core.clock.now())
            tap.close()

    with caplog.at_level(logging.DEBUG):
        asyncio.run(run())
    assert answers[0] is FrameType.BLOCK, "Anna was known and spoken to"
    logged = caplog.text + repr(core.log.events)
    return core, logged


def test_an_image_of_the_disk_holds_no_card_no_phone_no_address_and_no_name(day):
    core, _ = day
    image = raw_bytes(core)
    wanted = spellings(ANNA, BORIS, PHONE, SHORT_PHONE, EMAIL, PAN, *(name for name in NAMES))
    assert [needle for needle in wanted if needle in image] == []


def test_whoever_has_the_keys_too_finds_no_card_no_phone_and_no_address(day):
    """The journal's key lies on the same disk where no TPM keeps it: what it opens names nobody by a code."""
    core, _ = day
    said = said_anywhere(core)
    assert b"Coffee beans" in said, "the journal was opened"
    wanted = spellings(ANNA, BORIS, PHONE, SHORT_PHONE, EMAIL, PAN)
    assert [needle for needle in wanted if needle in said] == []


def test_no_log_line_holds_a_code_or_a_name(day):
    _, logged = day
    assert [code for code in (ANNA, BORIS, SHORT_PHONE, EMAIL, PAN, *NAMES) if code in logged] == []

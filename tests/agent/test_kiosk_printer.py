"""The printer beside the kiosk: whole slips, and no word about them that the printer has not said."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.desk.kiosk_printer import ASK_PAPER, DAY_S, PAIRING_EVERY_S, PAIRINGS_A_DAY, KioskPrinter
from kiosk.ports import PaperOutcome
from receipt.printers import printer_model
from receipt.slip import encode_slip
from receipt.slip_blocks import Slip, Text
from retail.errors import OnSiteError

SLIP = encode_slip(Slip(blocks=(Text(text="Free coffee"),)), printer_model("generic-80mm"), cut=True)


class Core:
    """Core, as far as a printer asks it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    async def ask(self, op: str, *, answer_s: float = 3.0, **values: Any) -> dict[str, Any]:
        self.told.append((op, values.get("outcome")))
        return {"slip": SLIP.hex(), "serials": ["A"]} if op == "coupon_slip" else {}


class Clock:
    """Time that stands still until it is told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s


def printer_at(address: str, core: Core | None = None, clock: Clock | None = None) -> KioskPrinter:
    return KioskPrinter(
        address=address, model="generic-80mm", store="Corner shop", pairing_text="Compare this code.",
        control=core or Core(), clock=clock or Clock(),
    )  # fmt: skip


def with_printer(story: Callable[[str, list[bytes]], Awaitable[None]], *, answers: bool) -> None:
    """Run a story beside a printer that keeps what it gets, and answers the question behind it or ends."""

    async def run() -> None:
        papers: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            papers.append(await reader.read())
            if answers and papers[-1].endswith(ASK_PAPER):
                writer.write(b"\x00")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await story(f"tcp://127.0.0.1:{port}", papers)
        server.close()

    asyncio.run(run())


@pytest.mark.parametrize(("answers", "outcome"), [(True, PaperOutcome.PRINTED), (False, PaperOutcome.UNCONFIRMED)])
def test_printed_is_what_the_printer_says(answers: bool, outcome: PaperOutcome) -> None:
    async def story(address: str, papers: list[bytes]) -> None:
        core = Core()
        assert await printer_at(address, core).print_coupons(scan_id="s1", kiosk_id="1") is outcome
        assert papers == [SLIP + ASK_PAPER]
        assert core.told == [("coupon_slip", None), ("coupon_printed", outcome.value)]

    with_printer(story, answers=answers)


def test_a_printer_that_is_off_is_told_as_such() -> None:
    async def story(address: str, papers: list[bytes]) -> None:
        core = Core()
        off = "tcp://127.0.0.1:1"
        assert await printer_at(off, core).print_coupons(scan_id="s1", kiosk_id="1") is PaperOutcome.NOT_SENT
        assert core.told[-1] == ("coupon_printed", "not_sent")
        assert papers == []

    with_printer(story, answers=True)


def test_a_kiosk_without_a_printer_says_so_before_it_asks_anybody() -> None:
    core = Core()
    with pytest.raises(OnSiteError):
        asyncio.run(printer_at("", core).print_coupons(scan_id="s1", kiosk_id="1"))
    assert core.told == []
    assert asyncio.run(printer_at("").print_pairing("7KX4PM")) is PaperOutcome.NOT_SENT


def test_a_screens_code_is_printed_once_in_a_while_only() -> None:
    async def story(address: str, papers: list[bytes]) -> None:
        clock = Clock()
        printer = printer_at(address, clock=clock)
        assert await printer.print_pairing("7KX4PM") is PaperOutcome.PRINTED
        assert b"7KX4PM" in papers[0]
        assert await printer.print_pairing("ABCDEF") is PaperOutcome.NOT_SENT, "nobody empties the roll"
        clock.now_s += PAIRING_EVERY_S
        assert await printer.print_pairing("ABCDEF") is PaperOutcome.PRINTED

    with_printer(story, answers=True)


def test_a_screen_that_nobody_pairs_empties_no_roll_by_asking_all_night() -> None:
    async def story(address: str, papers: list[bytes]) -> None:
        clock = Clock()
        printer = printer_at(address, clock=clock)
        for _ in range(PAIRINGS_A_DAY + 3):
            await printer.print_pairing("7KX4PM")
            clock.now_s += 600
        assert len(papers) == PAIRINGS_A_DAY
        clock.now_s += DAY_S
        assert await printer.print_pairing("ABCDEF") is PaperOutcome.PRINTED

    with_printer(story, answers=True)


def test_two_customers_do_not_get_each_others_lines() -> None:
    async def story(address: str, papers: list[bytes]) -> None:
        printer = printer_at(address)
        both = (printer.print_coupons(scan_id=each, kiosk_id="1") for each in ("s1", "s2"))
        assert await asyncio.gather(*both) == [PaperOutcome.PRINTED] * 2
        assert papers == [SLIP + ASK_PAPER] * 2

    with_printer(story, answers=True)


def test_a_cable_takes_the_slip_and_nobody_claims_to_know_more() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    try:
        printer = printer_at(f"serial://{os.ttyname(theirs)}")
        assert asyncio.run(printer.print_coupons(scan_id="s1", kiosk_id="1")) is PaperOutcome.UNCONFIRMED
        assert os.read(ours, 10_000) == SLIP
    finally:
        os.close(ours)
        os.close(theirs)
    gone = printer_at("serial:///dev/nothing-here")
    assert asyncio.run(gone.print_coupons(scan_id="s1", kiosk_id="1")) is PaperOutcome.NOT_SENT

"""The printer beside the kiosk: customers' coupons, and the codes of screens that want to be paired.

It gets whole slips of our own making, one at a time, each on a connection of its own: a tap's address does as well as a
printer's, and a register that prints through the same tap has its turn like after another register. What became of a
paper is what the printer says: `printed` once it has answered that everything before the question is worked off.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from agent.desk.loyalty import Asking
from kiosk.ports import PaperOutcome
from pos_adapters.taps.addresses import SerialAddress, device_address
from receipt.printers import PrinterModel, printer_model
from receipt.slip import encode_slip
from receipt.slip_blocks import Align, Size, Slip, Text
from retail.errors import OnSiteError

REACH_WITHIN_S = 3.0
"""A printer that is switched on answers within milliseconds; the customer waits at the kiosk."""

PRINTED_WITHIN_S = 15.0
"""Six coupons with codes are 60 cm of paper: ten seconds of a slow printer."""

ASK_PAPER = b"\x1dr\x01"
"""GS r 1: answered when everything before it has been worked off."""

PAIRING_EVERY_S = 30.0
"""A code on paper for each screen that a person brings; somebody who plays on the network empties no roll."""

PAIRINGS_A_DAY = 20
"""A shop's screens all on one day. A screen that nobody pairs asks for a new code every ten minutes, all night."""

DAY_S = 86_400.0


class Clock(Protocol):
    """Seconds that never go backwards."""

    def monotonic_s(self) -> float:
        """Return them; only differences mean anything."""
        ...


@dataclass(slots=True, kw_only=True)
class KioskPrinter:
    """Fulfils `kiosk.ports.PrinterPort`; used by the desk's one loop."""

    address: str
    model: str
    store: str
    pairing_text: str
    control: Asking
    clock: Clock
    language: str = "en"
    _turn: asyncio.Lock | None = None
    _paired_at_s: float = -PAIRING_EVERY_S
    _day_began_s: float = 0.0
    _pairings_today: int = 0

    @property
    def is_there(self) -> bool:
        """Whether this store has such a printer."""
        return self.address != ""

    async def print_coupons(self, *, scan_id: str, kiosk_id: str) -> PaperOutcome:
        """Print a customer's coupons and journal what became of it.

        Raises OnSiteError without a printer, RefusedError for nobody or nothing to print, TryAgainError without core.
        """
        if not self.is_there:
            raise OnSiteError("this kiosk has no printer", fix="[desk] printer in agent.toml", code="no_printer")
        paper = await self.control.ask("coupon_slip", scan_id=scan_id, model=self.model)
        outcome = await self._print(bytes.fromhex(str(paper["slip"])))
        await self.control.ask(
            "coupon_printed", scan_id=scan_id, kiosk_id=kiosk_id, serials=paper["serials"], outcome=outcome.value
        )
        return outcome

    async def print_pairing(self, code: str) -> PaperOutcome:
        """Print the code that a screen shows; what goes wrong is no trouble: the code is on the screen, too."""
        now_s = self.clock.monotonic_s()
        if not self.is_there or not self._may_print_pairing(now_s):
            return PaperOutcome.NOT_SENT
        self._paired_at_s = now_s
        self._pairings_today += 1
        blocks = (
            Text(text=self.store, align=Align.CENTRE, bold=True),
            Text(text=self.pairing_text, align=Align.CENTRE),
            Text(text=code, align=Align.CENTRE, bold=True, size=Size.DOUBLE),
        )
        slip = Slip(blocks=blocks, language=self.language)
        return await self._print(encode_slip(slip, self._facts(), cut=True))

    def _may_print_pairing(self, now_s: float) -> bool:
        if now_s - self._day_began_s >= DAY_S:
            self._day_began_s, self._pairings_today = now_s, 0
        return now_s - self._paired_at_s >= PAIRING_EVERY_S and self._pairings_today < PAIRINGS_A_DAY

    def _facts(self) -> PrinterModel:
        return printer_model(self.model)

    async def _print(self, slip: bytes) -> PaperOutcome:
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            address = device_address(self.address)
            if isinstance(address, SerialAddress):
                return await asyncio.to_thread(_print_on_cable, slip, address)
            return await _print_over_network(slip, address, asks=self._facts().language == "escpos")


async def _print_over_network(slip: bytes, address: Any, *, asks: bool) -> PaperOutcome:
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address.host, address.port), REACH_WITHIN_S)
    except (OSError, TimeoutError):
        return PaperOutcome.NOT_SENT
    try:
        async with asyncio.timeout(PRINTED_WITHIN_S):
            writer.write(slip + (ASK_PAPER if asks else b""))
            await writer.drain()
            writer.write_eof()
            answered = asks and bool(await reader.read(1))
            return PaperOutcome.PRINTED if answered else PaperOutcome.UNCONFIRMED
    except (OSError, TimeoutError):
        return PaperOutcome.UNCONFIRMED
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _print_on_cable(slip: bytes, address: SerialAddress) -> PaperOutcome:
    """Write to a cable; its printer may never answer, so nobody knows more than that the bytes have left."""
    import serial  # noqa: PLC0415 - only a cable needs it

    try:
        line = serial.Serial(
            port=address.port, baudrate=address.baud, bytesize=address.bits, parity=address.parity,
            stopbits=address.stop_bits, write_timeout=PRINTED_WITHIN_S,
        )  # fmt: skip
    except (OSError, serial.SerialException):
        return PaperOutcome.NOT_SENT
    with line, suppress(OSError, serial.SerialException):
        line.write(slip)
        line.flush()
    return PaperOutcome.UNCONFIRMED

"""How long an offer's block takes to build, beside python-escpos: its QR command, its QR picture, and a whole slip.

The same payload (a coupon's token, 151 characters) at level M. Pictures: ours are drawn with every second dot and
doubled by the printer, and kept when they repeat; python-escpos draws each anew.
"""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

import harness
from escpos.printer import Dummy

from agent.speech.phrases import load_phrases
from agent.speech.speech import CouponPaper, Occasion, SlipForm, Speaker, Speech
from receipt.escpos.encoder import qr_command
from receipt.printers import printer_model
from receipt.qr_codes import module_dots, qr_picture
from receipt.slip import encode_slip
from receipt.slip_blocks import Slip
from receipt.templates import TemplateShelf
from retail.coupons import TOKEN_CHARS
from retail.identifiers import CampaignId, CouponSerial, CustomerId
from retail.loyalty import Account
from retail.money import Money
from retail.offers.campaign_file import campaign_from_mapping
from retail.offers.decision import Decision, Reward

TOKEN = "tsc1:" + "A2B3C4D5" * 18 + "AB"
TODAY = date(2026, 11, 21)
LINES = (
    "For Anna", "15 % off coffee", "Anna, your coffee: 15 % off until 05.12.2026",
    "Show this code at the till", "Once only. Not for cash.", "The till's own offers may come first.",
)  # fmt: skip
_READY = (bytes(40), bytes(8))
SERIAL_MS_AT_115200 = 10 / 115_200 * 1e3  # a byte on a serial line: 10 bits


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure command, picture and slip."""
    assert len(TOKEN) == TOKEN_CHARS, len(TOKEN)
    repeats = 200 if quick else 1_000
    payload = TOKEN.encode()
    dots = module_dots(payload, dots=576)
    native = harness.median_seconds(lambda: _thousand_commands(payload, dots), repeats=repeats)
    floor = harness.median_seconds(lambda: _thousand_joins(payload), repeats=repeats)
    peer_native = harness.median_seconds(lambda: _peer_qr(native=True), repeats=repeats)
    numbers = itertools.count()
    fresh = harness.median_seconds(
        lambda: qr_picture(f"{TOKEN[:-6]}{next(numbers):06}".encode(), dots // 2), repeats=repeats // 4
    )
    kept = harness.median_seconds(lambda: qr_picture(payload, dots // 2), repeats=repeats)
    peer_raster = harness.median_seconds(lambda: _peer_qr(native=False), repeats=max(repeats // 20, 5))
    slip = _slip()
    ours, theirs = printer_model("TM-T88V"), printer_model("generic-80mm")
    whole = harness.median_seconds(lambda: encode_slip(slip, ours), repeats=repeats)
    peer_whole = harness.median_seconds(_peer_slip, repeats=repeats)
    raster_bytes, peer_bytes = len(encode_slip(slip, theirs)), len(_peer_qr(native=False))
    return [
        harness.figure(
            "QR as the printer's own command, us", native * 1e3, peer_native * 1e6, "python-escpos native",
            goal=">= 100 x faster", holds=native <= peer_native * 10,
        ),
        harness.figure(
            "floor: a function that puts bytes before and behind a payload, us", floor * 1e3, peer_native * 1e6,
            "python-escpos native",
        ),
        harness.figure(
            "QR as a picture, a new one, us", fresh * 1e6, peer_raster * 1e6, "python-escpos raster",
        ),
        harness.figure(
            "QR as a picture, one that repeats, us", kept * 1e6, peer_raster * 1e6, "python-escpos raster",
            goal=">= 100 x faster", holds=kept * 100 <= peer_raster,
        ),
        harness.figure(
            "whole slip, texts and native QR, us", whole * 1e6, peer_whole * 1e6, "python-escpos, texts not wrapped",
        ),
        harness.figure(
            "slip with the QR as a picture on a 115,200 baud line, ms", raster_bytes * SERIAL_MS_AT_115200,
            peer_bytes * SERIAL_MS_AT_115200, "python-escpos, the picture alone",
        ),
    ]  # fmt: skip


def _thousand_commands(payload: bytes, dots: int) -> None:
    for _each in range(1000):
        qr_command(payload, dots)


def _thousand_joins(payload: bytes) -> None:
    for _each in range(1000):
        _joined(payload, _READY)


def _joined(payload: bytes, around: tuple[bytes, bytes]) -> bytes:
    return payload.join(around)


def _peer_qr(*, native: bool) -> bytes:
    printer = Dummy(profile="TM-T88V")
    printer.qr(TOKEN, ec=1, size=6, native=native)
    return bytes(printer.output)


def _peer_slip() -> bytes:
    printer = Dummy(profile="TM-T88V")
    printer.set(align="center")
    for line in LINES:
        printer.textln(line)
    printer.qr(TOKEN, ec=1, size=6, native=True)
    return bytes(printer.output)


def _slip() -> Slip:
    campaign = campaign_from_mapping(
        {
            "id": "coffee-back",
            "where": ["receipt"],
            "starts": "2026-11-01",
            "ends": "2026-11-30",
            "benefit": {"kind": "percent", "value": "15"},
            "coupon": {"valid_days": 14},
            "text": {"en": {"title": "15 % off coffee", "receipt": "{{ first_name }}, your coffee: 15 % off"}},
        }
    )
    reward = Reward(
        campaign=campaign, value=Decimal(15), cost=Money.of("1", "EUR"), valid_until=date(2026, 12, 5), why=()
    )
    speech = Speech(
        Speaker(store="Corner shop", country="DE"),
        phrases=load_phrases(),
        shelf=TemplateShelf([campaign]),
        on_trouble=_raise,
    )
    occasion = Occasion(
        account=Account(customer_id=CustomerId("c1"), first_name="Anna"),
        today=TODAY,
        coupons={CampaignId("coffee-back"): CouponPaper(token=TOKEN, serial=CouponSerial("ABCDEFGHIJKLM"))},
    )
    slip = speech.slip(Decision(rewards=(reward,)), occasion, form=SlipForm.APPENDIX)
    assert slip is not None
    return slip


def _raise(error: Exception) -> None:
    raise error


if __name__ == "__main__":
    harness.main("offer_block", measure)

"""A card number is masked however the printer's commands tear it apart, fed whole or byte by byte."""

import re

import pytest

from pos_adapters.reading.masking import StreamMasker, mask_bytes

TORN = {
    "bold last digits": b"VISA 411111111111\x1bE\x011111\x1bE\x00\n",
    "bold in the middle": b"VISA 4\x1bE\x0111111111111\x1bE\x001111\n",
    "a position before each group": b"4111\x1b$@\x00 1111\x1b$\x80\x00 1111\x1b$\xc0\x00 1111\n",
    "a status request": b"VISA 411111\x10\x04\x011111111111\n",
    "Star's bold, which has no argument": b"VISA 4111111\x1bE111111\x1bF111\n",
    "a place on a page": b"4111\x1d$ \x00\x1b$@\x00 1111\x1b$\x80\x00 1111\x1d\\\x00\x00 1111\n",
    "in a barcode of Star's": b"\x1bb62104111111111111111\x1e",
    "a page of characters": b"VISA 41111111\x1bt\x1011111111\n",
    "a position by tabs, a line's height": b"VISA 4111\x1b\\\x00\x001111\x1b21111\x1bp\x00\x19\xfa1111\n",
    "double-byte text off": b"VISA 41111111\x1c.\x1c-\x0011111111\n",
    "sensors": b"VISA 41111111\x1bc5\x0011111111\n",
    "margins and units": b"VISA 41111111\x1dL\x10\x00\x1dP\x10\x1011111111\n",
    "Star's page of characters, alignment": b"VISA 41111111\x1b\x1dt\x20\x1b\x1da\x0011111111\n",
    "Star's font": b"VISA 41111111\x1b\x1eF\x0011111111\n",
    "in a QR code": b"\x1d(k\x13\x001P04111111111111111\x1d(k\x03\x001Q0\n",
    "filled up with noughts": b"PAN 0004111111111111111\n",
}
PLAIN = {
    "amounts in bold": b"4111 \x1bE\x0112.50\x1bE\x00 1111 \x1bE\x018.00\x1bE\x00\n",
    "a document number that passes no check": b"411111111111\x1bE\x011112\n",
    "an article number in bold": b"\x1bE\x014006381333931\x1bE\x00\n",
}


@pytest.mark.parametrize("job", TORN.values(), ids=TORN)
def test_a_torn_number_keeps_six_and_four_digits_and_every_byte_its_place(job):
    masked = mask_bytes(job)
    assert len(masked) == len(job)
    assert masked.count(b"*") == 6
    assert re.sub(rb"\*", b"1", masked) == job, "nothing but digits was touched"
    masker = StreamMasker()
    assert b"".join(masker.feed(job[at : at + 1]) for at in range(len(job))) + masker.close() == masked


def test_a_number_torn_by_stars_size_is_masked_and_a_cut_that_reads_alike_is_not_held_back():
    assert mask_bytes(b"VISA 41111111\x1bi\x00\x0111111111\n") == b"VISA 411111**\x1bi\x00\x01****1111\n"
    assert StreamMasker().feed(b"AUTH 41111111\n\x1bi") == b"AUTH 41111111\n\x1bi"


@pytest.mark.parametrize("job", PLAIN.values(), ids=PLAIN)
def test_what_is_no_card_stays(job):
    assert mask_bytes(job) == job


def test_digits_and_commands_without_end_are_looked_at_once():
    hostile = b"4\x1bE\x01" * 20_000
    assert len(mask_bytes(hostile)) == len(hostile)


def test_commands_without_a_number_behind_them_are_passed_over_once():
    """In quadratic time a megabyte of single digits between two-byte commands took hours."""
    digits = b"".join(b"%d\x1bE" % (at % 10) for at in range(100_000))
    assert len(mask_bytes(digits)) == len(digits)


def test_figures_without_end_before_a_torn_number_do_not_hide_it():
    """However many digits stand before it, each behind a command of its own."""
    for before in range(40):
        torn = b"".join(b"\x1bE\x01%c" % digit for digit in b"7" * before + b"4111111111111111")
        shown = mask_bytes(torn).replace(b"\x1bE\x01", b"")
        assert b"411111******1111" in shown, before

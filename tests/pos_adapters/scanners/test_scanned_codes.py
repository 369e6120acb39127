"""What scanners send, cut into codes and let pass: whole, byte by byte, with noise between."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_adapters.scanners.code_reader import CODE_BYTES_MAX, CodeReader, ScannedCode
from pos_adapters.scanners.gate import CodeGate, Held, Pass
from pos_adapters.scanners.keys import (
    EV_KEY,
    EVENT,
    LEFT_SHIFT,
    LETTERS,
    PRESSED,
    RELEASED,
    KeyEvent,
    KeyReader,
    key_events,
    typing,
)

ANNA = "2900000000017"


def read(*pieces: bytes) -> list[ScannedCode]:
    reader = CodeReader()
    return [code for piece in pieces for code in reader.feed(piece)]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"2900000000017\r", ScannedCode(text=ANNA)),
        (b"2900000000017\r\n", ScannedCode(text=ANNA)),
        (b"\x022900000000017\x03", ScannedCode(text=ANNA)),
        (b"2900000000017\t", ScannedCode(text=ANNA)),
        (b"]E02900000000017\r", ScannedCode(text=ANNA, symbology="ean13")),
        (b"]E496385074\r", ScannedCode(text="96385074", symbology="ean8")),
        (b"]Q3tsc1.abc\r", ScannedCode(text="tsc1.abc", symbology="qr")),
        (b"]C1\x1d0104012345678901\r", ScannedCode(text="0104012345678901", symbology="code128")),
        (b"]X0something\r", ScannedCode(text="something")),
        (b"]\r", ScannedCode(text="]")),
        ("Größe\r".encode(), ScannedCode(text="Größe")),
        ("Größe\r".encode("latin-1"), ScannedCode(text="Größe")),
    ],
)
def test_a_code_is_read_whole_and_byte_by_byte(sent: bytes, code: ScannedCode):
    assert read(sent) == [code]
    assert read(*(sent[at : at + 1] for at in range(len(sent)))) == [code]


def test_a_code_without_an_end_ends_with_silence():
    reader = CodeReader()
    assert reader.feed(b"290000000") == []
    assert reader.is_open
    assert reader.feed(b"0017") == []
    assert reader.end() == [ScannedCode(text=ANNA)]
    assert reader.end() == []


def test_ten_thousand_scans_of_noise_cost_no_code_and_no_memory():
    noise, reader = Random(6), CodeReader()
    codes = 0
    for _ in range(10_000):
        junk = bytes(noise.choices(range(0x0E, 0x1D), k=noise.randrange(1, 40)))
        codes += len(reader.feed(junk + b"\r"))
    assert codes == 0
    assert reader.noise == 10_000
    assert reader.feed(ANNA.encode() + b"\r") == [ScannedCode(text=ANNA)]


def test_what_is_longer_than_any_code_is_noise_up_to_its_end():
    reader = CodeReader()
    assert reader.feed(b"9" * (CODE_BYTES_MAX + 1) + b"\r") == []
    assert reader.feed(b"1\r") == [ScannedCode(text="1")]


# The gate

OURS = (b"tsc1", b"2099")


def through(gate: CodeGate, *pieces: bytes) -> list[Pass | Held]:
    return [each for piece in pieces for each in gate.feed(piece)]


def test_without_a_code_of_ours_every_byte_passes_in_the_piece_it_came_in():
    assert through(CodeGate(()), b"29", b"\x00\xff\r") == [Pass(data=b"29"), Pass(data=b"\x00\xff\r")]
    assert through(CodeGate(OURS), b"4006381333931\r") == [Pass(data=b"4006381333931\r")]


def test_a_code_that_begins_like_ours_waits_until_it_cannot_be():
    gate = CodeGate(OURS)
    assert gate.feed(b"20") == []
    assert gate.holds
    assert gate.feed(b"0") == [Pass(data=b"200")]
    assert gate.feed(b"99\r") == [Pass(data=b"99\r")]


@pytest.mark.parametrize("head", [b"", b"\x02", b"]Q3", b"\x02]Q1"])
@pytest.mark.parametrize("tail", [b"\r", b"\x03"])
def test_a_whole_code_of_ours_is_held_with_what_stands_around_it(head: bytes, tail: bytes):
    sent = head + b"tsc1.abc" + tail
    held = Held(head=head, code=b"tsc1.abc", tail=tail, symbology="qr" if b"]" in head else "")
    assert through(CodeGate(OURS), sent) == [held]
    assert through(CodeGate(OURS), *(sent[at : at + 1] for at in range(len(sent)))) == [held]
    assert held.data == sent


def test_a_code_of_ours_without_an_end_is_held_until_silence():
    gate = CodeGate(OURS)
    assert gate.feed(b"tsc1.abc") == []
    assert gate.silence() == [Held(head=b"", code=b"tsc1.abc", tail=b"")]
    assert gate.feed(b"tsc") == []
    assert gate.silence() == [Pass(data=b"tsc")]


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"tsc1.a\r", b"]Q3tsc1", b"2099", b"\r", b"]", b"\x02"])))
def test_no_byte_is_lost_made_or_moved_whatever_comes(pieces: list[bytes]):
    gate = CodeGate(OURS)
    out = [*through(gate, *pieces), *gate.silence()]
    assert b"".join(each.data for each in out) == b"".join(pieces)


# Keys


def test_every_letter_that_a_key_has_is_typed_and_read_back():
    letters = "".join(sorted({letter for pair in LETTERS.values() for letter in pair}))
    events = typing(letters)
    assert KeyReader().feed(key_events(b"".join(each.encode() for each in events))).decode() == letters


def test_only_presses_type_and_shift_holds_until_it_is_released():
    events = [
        KeyEvent(EV_KEY, LEFT_SHIFT, PRESSED),
        KeyEvent(EV_KEY, 30, PRESSED),
        KeyEvent(EV_KEY, 30, 2),  # a repeat
        KeyEvent(EV_KEY, 30, RELEASED),
        KeyEvent(EV_KEY, LEFT_SHIFT, RELEASED),
        KeyEvent(EV_KEY, 30, PRESSED),
        KeyEvent(EV_KEY, 113, PRESSED),  # mute: types nothing
        KeyEvent(4, 4, 458756),  # EV_MSC
    ]
    assert KeyReader().feed(events) == b"Aa"


def test_half_an_event_at_the_end_is_left_out():
    whole = KeyEvent(EV_KEY, 2, PRESSED).encode()
    assert len(whole) == EVENT.size
    assert key_events(whole + whole[:5]) == [KeyEvent(EV_KEY, 2, PRESSED)]


def test_a_letter_without_a_key_is_left_out():
    assert KeyReader().feed(typing("aé1")) == b"a1"

"""What a printer says is understood in passing, whatever pieces it comes in."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_adapters.taps.printer_answers import Answer, AnswerKind, AnswerReader, Trouble, trouble_of_automatic
from pos_adapters.taps.printer_watch import PrinterWatch

KNOWN = [
    (b"\x16", AnswerKind.REALTIME),
    (b"\x12", AnswerKind.REALTIME),
    (b"\x14\x00\x00\x0f", AnswerKind.AUTOMATIC),
    (b"\x00", AnswerKind.IN_ORDER),
    (b"\x0f", AnswerKind.IN_ORDER),
    (b"\x11", AnswerKind.OTHER),
    (b"\x37\x220001\x00", AnswerKind.COMPLETION),
    (b"\x3b0\x00", AnswerKind.OTHER),
    (b"_TM-T88V\x00", AnswerKind.IDENTITY),
    (b"=\x23\x00", AnswerKind.IDENTITY),
]


@given(answers=st.lists(st.sampled_from(KNOWN), max_size=12), cuts=st.lists(st.integers(0, 60)))
def test_answers_are_told_apart_in_any_pieces(answers: list[tuple[bytes, AnswerKind]], cuts: list[int]) -> None:
    stream = b"".join(data for data, _ in answers)
    marks = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader = AnswerReader()
    read = [answer for a, b in itertools.pairwise(marks) for answer in reader.feed(stream[a:b])]
    assert read == [Answer(kind, data) for data, kind in answers]


@given(noise=st.binary(max_size=2000))
def test_noise_is_taken_whole_and_kept_bounded(noise: bytes) -> None:
    reader = AnswerReader()
    read = b"".join(answer.data for answer in reader.feed(noise))
    assert noise.startswith(read)
    assert len(noise) - len(read) <= 256


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (b"\x14\x00\x00\x0f", Trouble(0)),
        (b"\x1c\x00\x0c\x0f", Trouble.OFFLINE | Trouble.PAPER_END),
        (b"\x3c\x00\x00\x0f", Trouble.OFFLINE | Trouble.COVER_OPEN),
        (b"\x1c\x08\x00\x0f", Trouble.OFFLINE | Trouble.ERROR),
    ],
)
def test_automatic_status_tells_why_a_printer_does_not_print(status: bytes, trouble: Trouble) -> None:
    assert trouble_of_automatic(status) == trouble


class Heard:
    def __init__(self) -> None:
        self.worked_off: list[int] = []
        self.troubles: list[Trouble] = []
        self.trouble = Trouble(0)
        self.watch = PrinterWatch(self, on_worked_off=self.worked_off.append)

    def tell(self, trouble: Trouble) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self.troubles.append(trouble)


def test_an_answer_in_order_proves_what_came_before_its_request() -> None:
    heard = Heard()
    heard.watch.requested(b"\x1dr\x01", 100)
    heard.watch.requested(b"\x1dI\x43", 200)
    heard.watch.feed(b"\x00")
    assert heard.worked_off == [100]
    heard.watch.feed(b"_EPSON\x00")
    assert heard.worked_off == [100, 200]


def test_real_time_answers_and_automatic_status_prove_nothing() -> None:
    heard = Heard()
    heard.watch.requested(b"\x10\x04\x01", 10)
    heard.watch.requested(b"\x1dr\x01", 20)
    heard.watch.feed(b"\x16\x14\x00\x00\x0f")
    assert heard.worked_off == []


def test_a_request_this_printer_does_not_know_does_not_delay_the_next() -> None:
    heard = Heard()
    heard.watch.requested(b"\x1d(H\x06\x0000" + b"0001", 10)
    heard.watch.requested(b"\x1dr\x01", 20)
    heard.watch.feed(b"\x00")
    assert heard.worked_off == [20]


def test_paper_end_is_told_once_and_its_end_too() -> None:
    heard = Heard()
    for answer in (b"\x72", b"\x72", b"\x12"):
        heard.watch.requested(b"\x10\x04\x04", 10)
        heard.watch.feed(answer)
    assert heard.troubles == [Trouble.PAPER_END, Trouble(0)]


def test_a_paper_sensor_that_says_end_proves_no_printing() -> None:
    heard = Heard()
    heard.watch.requested(b"\x1dr\x01", 10)
    heard.watch.feed(b"\x0c")
    assert heard.worked_off == []
    assert heard.troubles == [Trouble.PAPER_END]

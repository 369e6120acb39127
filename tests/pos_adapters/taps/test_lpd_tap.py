"""LPD: many jobs a connection, files in any order, the printer's own yes and no; every fault costs the block at most."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver

import pytest

from pos_adapters.taps.frames import Outcome
from tests.pos_adapters.taps.fake_core import PATIENCE_S, FakeCore
from tests.pos_adapters.taps.rig import CUT, Rig, Tap
from tests.pos_adapters.taps.service_devices import BLOCK, TEXT, Received, serving, stopped

pytestmark = pytest.mark.real

RECEIPT = TEXT + CUT


class Printer(socketserver.StreamRequestHandler):
    """Writes down all it hears; `server.refuses` names commands it says no to, `server.hangs` those it never answers."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            self._hear(line)
            if line[:1] == b"\x04":
                self.wfile.write(b"lp is ready\nno entries\n")
                return
            if self.server.hangs(line):
                self.rfile.read()
                return
            if self.server.closes(line):
                return
            refused = self.server.refuses(line)
            self.wfile.write(b"\1" if refused else b"\0")
            file = re.fullmatch(rb"[\x02\x03](\d+) \S+\n", line)
            if file is None or refused:
                continue
            size = int(file[1]) + 1
            data = self.rfile.read(size if size < 10**9 else -1)
            self._hear(data)
            if len(data) == size:
                self.wfile.write(b"\0")

    def _hear(self, data: bytes) -> None:
        self.server.received.take(data)


class Bench:
    """A printer, a tap, a core that always has a block."""

    def __init__(self, rig: Rig, *more: str, profile: str = "appendix") -> None:
        self.rig = rig
        self.received = Received()
        self.server = serving(Printer, self.received, 0)
        self.server.refuses = self.server.hangs = self.server.closes = lambda line: False
        self.core: FakeCore = rig.core(lambda job, cut_no, offset: BLOCK)
        self.tap = rig.keep(
            Tap(
                *("--listen", "127.0.0.1:0", "--printer", f"lpd://127.0.0.1:{self.server.server_address[1]}"),
                *("--workstation", "1", "--agent", f"unix://{rig.core_path}", "--profile", profile),
                *("--budget-ms", "1000", *more),
            )
        )
        self.core.wait_connected()

    def till(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.tap.port), PATIENCE_S)

    def close(self) -> None:
        stopped(self.server)


@pytest.fixture
def bench(rig: Rig):
    bench = Bench(rig)
    yield bench
    bench.close()


def tell(till: socket.socket, data: bytes) -> bytes:
    till.sendall(data)
    return till.recv(1)


def whole(kind: bytes, name: bytes, data: bytes) -> list[bytes]:
    return [kind + b"%d %s\n" % (len(data), name), data + b"\0"]


def test_several_jobs_on_one_connection_in_either_order_of_files_each_get_their_block(bench: Bench) -> None:
    control, data = whole(b"\x02", b"cfA1till", b"Htill\n"), whole(b"\x03", b"dfA1till", RECEIPT)
    expected = whole(b"\x03", b"dfA1till", TEXT + BLOCK + CUT)
    with bench.till() as till:
        for order in ([b"\x02lp\n", *control, *data], [b"\x02lp\n", *data, *control]):
            assert [tell(till, each) for each in order] == [b"\0"] * 5
    heard = [b"\x02lp\n", *control, *expected, b"\x02lp\n", *expected, *control]
    bench.received.wait(len(heard) - 1)
    assert bench.received.jobs == heard
    assert [bench.core.wait_job(number).data for number in range(2)] == [RECEIPT] * 2


def test_a_till_that_waits_for_no_answer_is_served_in_order(bench: Bench) -> None:
    sent = [b"\x02lp\n", *whole(b"\x03", b"dfA1till", RECEIPT), *whole(b"\x02", b"cfA1till", b"Htill\n")]
    with bench.till() as till:
        till.sendall(b"".join(sent))
        till.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: till.recv(10), b"")) == b"\0" * 5
    assert bench.received.jobs[2] == TEXT + BLOCK + CUT + b"\0"


def test_a_printer_that_has_no_room_is_heard_by_the_till_and_the_block_was_not_sent(bench: Bench) -> None:
    bench.server.refuses = lambda line: line[:1] == b"\x03"
    announced, data = whole(b"\x03", b"dfA1till", RECEIPT)
    with bench.till() as till:
        assert [tell(till, each) for each in (b"\x02lp\n", announced, data)] == [b"\0", b"\0", b"\1"]
    assert bench.core.wait_job(0).outcomes == [(1, Outcome.NOT_SENT)]


def test_a_printer_that_closes_in_the_middle_has_the_till_reset_and_the_next_job_prints(bench: Bench) -> None:
    bench.server.closes = lambda line: line[:1] == b"\x03"
    announced, data = whole(b"\x03", b"dfA1till", RECEIPT)
    with bench.till() as till:
        assert [tell(till, each) for each in (b"\x02lp\n", announced)] == [b"\0", b"\0"]
        till.sendall(data)
        with contextlib.suppress(ConnectionError):
            assert till.recv(1) == b""
    assert bench.core.wait_job(0).outcomes == [(1, Outcome.NOT_SENT)]
    bench.server.closes = lambda line: False
    with bench.till() as till:
        assert [tell(till, each) for each in (b"\x02lp\n", announced, data)] == [b"\0"] * 3


def test_a_till_that_closes_in_the_middle_leaves_the_printer_what_it_had_sent(bench: Bench) -> None:
    with bench.till() as till:
        assert tell(till, b"\x02lp\n") == b"\0"
        assert tell(till, b"\x03%d dfA1till\n" % len(RECEIPT)) == b"\0"
        till.sendall(RECEIPT[:20])
    bench.received.wait(2)
    assert bench.received.jobs[1:] == [b"\x03%d dfA1till\n" % len(RECEIPT), RECEIPT[:20]]
    assert bench.core.wait_job(0).data == RECEIPT[:20]


def test_a_printer_that_hangs_with_a_job_costs_the_next_one_its_block_not_its_receipt(bench: Bench) -> None:
    bench.server.hangs = lambda line: line[:1] == b"\x03" and bench.received.jobs.count(line) == 1
    announced, data = whole(b"\x03", b"dfA1till", RECEIPT)
    with bench.till() as first, bench.till() as second:
        assert [tell(first, each) for each in (b"\x02lp\n", announced)] == [b"\0"] * 2
        first.sendall(data)
        bench.core.wait_job(0, ended=False)
        bench.received.seen.until(lambda: len(bench.received.jobs) == 2, "the first job at the printer")
        bench.server.hangs = lambda line: False
        assert [tell(second, each) for each in (b"\x02lp\n", announced, data)] == [b"\0"] * 3
    assert bench.received.jobs[-1] == RECEIPT + b"\0"
    assert bench.core.wait_job(1).data == RECEIPT


@pytest.mark.parametrize("job", [b"\x1b%-12345X@PJL JOB\r\n" + RECEIPT, b"%!PS\n" + RECEIPT, b"\x1bL" + RECEIPT[2:]])
def test_what_is_no_receipt_passes_as_it_is(bench: Bench, job: bytes) -> None:
    with bench.till() as till:
        assert [tell(till, each) for each in (b"\x02lp\n", *whole(b"\x03", b"dfA1till", job))] == [b"\0"] * 3
    assert bench.received.jobs[2] == job + b"\0"


def test_a_job_of_unknown_or_great_length_passes_as_it_comes_and_memory_stays_flat(bench: Bench) -> None:
    before_kb = bench.tap.rss_kb()
    with bench.till() as till:
        assert [tell(till, each) for each in (b"\x02lp\n", b"\x03125899906843000 dfA1till\n")] == [b"\0"] * 2
        for _ in range(1000):
            till.sendall(bytes(100_000))
        till.shutdown(socket.SHUT_WR)
        bench.received.seen.until(lambda: len(bench.received.jobs) == 3, "all of it at the printer", within_s=60)
    assert bench.received.jobs[2] == bytes(100_000_000)
    assert bench.tap.rss_kb() - before_kb < 12_000, "2 MB of it are kept for core, the rest is passed on"


def test_questions_about_the_queue_are_answered_by_the_printer(bench: Bench) -> None:
    with bench.till() as till:
        till.sendall(b"\x04lp\n")
        assert b"".join(iter(lambda: till.recv(100), b"")) == b"lp is ready\nno entries\n"


def test_in_profile_off_nothing_waits_for_the_end_of_a_file(rig: Rig) -> None:
    bench = Bench(rig, profile="off")
    try:
        with bench.till() as till:
            assert tell(till, b"\x02lp\n") == b"\0"
            assert tell(till, b"\x03%d dfA1till\n" % len(RECEIPT)) == b"\0"
            bench.received.wait(1)
            assert tell(till, RECEIPT + b"\0") == b"\0"
        assert bench.received.jobs[2] == RECEIPT + b"\0"
        assert bench.core.wait_job(0).data == RECEIPT
    finally:
        bench.close()

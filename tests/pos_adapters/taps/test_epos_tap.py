"""ePOS-Print through the tap: elements in front of the cut, the printer's answer untouched, everything else as it is."""

from __future__ import annotations

import base64
import contextlib
import http.client
import signal
import socket

import pytest

from pos_adapters.taps.frames import Outcome
from tests.pos_adapters.taps.fake_core import PATIENCE_S, FakeCore
from tests.pos_adapters.taps.rig import Rig, Tap
from tests.pos_adapters.taps.service_devices import (
    BLOCK,
    EPOS_ANSWER,
    SOAP,
    EposEdge,
    EposPrinter,
    Received,
    serving,
    stopped,
)

pytestmark = pytest.mark.real

SERVICE = "/cgi-bin/epos/service.cgi?devid=local_printer&timeout=10000"
OUT_OF_PAPER = (
    EPOS_ANSWER.replace(b'"true"', b'"false"')
    .replace(b'code=""', b'code="EPTR_REC_EMPTY"')
    .replace(b"251854870", b"252444732")
)


class Printer(EposPrinter):
    """One whose answer the test chooses; it answers questions of browsers, too."""

    def do_POST(self) -> None:  # noqa: N802 - the server's name for it
        self.server.received.take(self.body())
        if self.server.breaks:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<half")
            self.close_connection = True
        else:
            self.say(200, self.server.answer, "text/xml; charset=utf-8")

    def do_OPTIONS(self) -> None:  # noqa: N802 - the server's name for it
        self.send_response(204)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()


class Bench:
    """A printer, a tap, a core that always has a block."""

    def __init__(self, rig: Rig) -> None:
        self.received = Received()
        self.server = serving(Printer, self.received, 0)
        self.server.answer, self.server.breaks = EPOS_ANSWER, False
        self.core: FakeCore = rig.core(lambda job, cut_no, offset: BLOCK)
        self.tap = rig.keep(
            Tap(
                *("--listen", "127.0.0.1:0", "--printer", f"epos://127.0.0.1:{self.server.server_address[1]}"),
                *("--workstation", "1", "--agent", f"unix://{rig.core_path}", "--profile", "appendix"),
                *("--model", "TM-T88V", "--budget-ms", "1000"),
            )
        )
        self.core.wait_connected()
        self.edge = EposEdge(rig)

    def till(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.tap.port, timeout=PATIENCE_S)

    def post(self, body: bytes) -> bytes:
        with contextlib.closing(self.till()) as till:
            till.request("POST", SERVICE, body, {"Content-Type": "text/xml"})
            with till.getresponse() as response:
                return response.read()

    def close(self) -> None:
        self.edge.close()
        stopped(self.server)


@pytest.fixture
def bench(rig: Rig):
    bench = Bench(rig)
    yield bench
    bench.close()


def test_what_the_printer_says_it_printed_is_printed_and_what_not_is_not(bench: Bench) -> None:
    job, whole = bench.edge.job(), bench.edge.with_blocks()
    assert bench.post(job) == EPOS_ANSWER
    assert bench.core.wait_job(0).outcomes == [(1, Outcome.PRINTED)]
    bench.server.answer = OUT_OF_PAPER
    assert bench.post(job) == OUT_OF_PAPER
    assert bench.core.wait_job(1).outcomes == [(1, Outcome.NOT_SENT)]
    assert "paper_end" in bench.tap.wait_event("printer_trouble")["cause"]
    assert bench.received.jobs == [whole, whole]


def test_one_kept_connection_carries_pages_preflights_and_receipts(bench: Bench) -> None:
    till = bench.till()
    till.request("GET", "/index.html")
    assert till.getresponse().read() == b"<html>a printer</html>"
    for number in range(2):
        till.request("OPTIONS", SERVICE)
        preflight = till.getresponse()
        assert (preflight.read(), preflight.headers["Access-Control-Allow-Origin"]) == (b"", "*")
        till.request("POST", SERVICE, bench.edge.job(), {"Content-Type": "text/xml", "Expect": "100-continue"})
        assert till.getresponse().read() == EPOS_ANSWER
        assert bench.received.wait(number) == bench.edge.with_blocks()
    till.close()


@pytest.mark.parametrize(
    "job",
    [
        b"",
        b"<html/>",
        b"not even XML \xff\xfe",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + SOAP.encode().split(b"?>", 1)[1] % b"<cut/>",
        (SOAP % "<cut/>").encode("utf-16"),
        (SOAP % "<page><text>x</text><cut/></page>").encode(),
        (SOAP % "<hologram/><text>x</text><cut/>").encode(),
        (SOAP % "<text>open").encode(),
    ],
)
def test_what_is_doubtful_passes_as_it_is(bench: Bench, job: bytes) -> None:
    assert bench.post(job) == EPOS_ANSWER
    assert bench.received.wait(0) == job


def test_a_cut_among_raw_commands_gets_no_block_and_the_next_receipt_does(bench: Bench) -> None:
    """The printer's service does not know what they have set, so it could not be restored; nothing is a defect."""
    raw = b"Corner shop\n\x1dV\x00\x1bp\x00\x32\xfa".hex()
    job = (SOAP % f"<command>{raw}</command>").encode()
    assert bench.post(job) == EPOS_ANSWER
    assert bench.core.wait_job(0).outcomes == [(1, Outcome.NOT_SENT)]
    assert "<command>" in bench.tap.wait_event("block_refused")["cause"]
    assert bench.post(bench.edge.job()) == EPOS_ANSWER
    assert bench.received.jobs == [job, bench.edge.with_blocks()]


def test_a_receipt_that_is_a_picture_and_a_prefix_on_every_element_are_read(bench: Bench) -> None:
    dots = base64.b64encode(bytes(range(72)) * 2).decode()
    inside = f'<e:image width="576" height="2" color="color_1" mode="mono">{dots}</e:image>%s<e:cut type="no_feed"/><e:pulse/>'
    job = SOAP.replace("<epos-print xmlns=", "<e:epos-print xmlns:e=").replace("</epos-print>", "</e:epos-print>")
    block = "<e:text>&#10;15 % off coffee&#10;</e:text>"
    assert bench.post((job.replace("%s", inside % "")).encode()) == EPOS_ANSWER
    assert bench.received.wait(0) == job.replace("%s", inside.replace("%s", block)).encode()
    assert bench.core.wait_job(0).data.endswith(bytes(range(72)) * 2 + b"\x1dV\x01\x1bp\x00\x32\xfa")


def test_a_printer_that_breaks_off_its_answer_has_the_till_see_it(bench: Bench) -> None:
    bench.server.breaks = True
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        bench.post(bench.edge.job())
    bench.server.breaks = False
    assert bench.post(bench.edge.job()) == EPOS_ANSWER


def test_a_job_larger_than_any_receipt_passes_and_memory_stays_flat(bench: Bench) -> None:
    before_kb = bench.tap.rss_kb()
    job = (SOAP % ("<text>" + "x" * 20_000_000 + "</text><cut/>")).encode()
    assert bench.post(job) == EPOS_ANSWER
    assert bench.received.wait(0) == job
    assert bench.tap.rss_kb() - before_kb < 6_000


def test_what_is_no_http_is_reset_and_the_next_till_is_served(bench: Bench) -> None:
    for noise in (
        b"\x1b@receipt\n\x1dV\x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", bench.tap.port), PATIENCE_S) as till:
            till.sendall(noise)
            with pytest.raises(ConnectionError):
                till.recv(10)
    assert bench.post(bench.edge.job()) == EPOS_ANSWER


def test_a_tap_that_is_stopped_lets_idle_tills_go_without_a_word(bench: Bench) -> None:
    with contextlib.closing(bench.till()) as idle:
        idle.request("GET", "/index.html")
        idle.getresponse().read()
        assert bench.tap.stop() == 0
    assert [event["event"] for event in bench.tap.events if event["event"] in {"not_json", "defect"}] == []


def test_a_tap_that_is_stopped_in_the_middle_of_an_upload_prints_it_first(bench: Bench) -> None:
    body = bench.edge.job()
    head = f"POST {SERVICE} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", bench.tap.port), PATIENCE_S) as till:
        till.sendall(head.encode() + body[: len(body) // 2])
        assert till.recv(65536).startswith(b"HTTP/1.1 100 ")
        bench.tap.signal(signal.SIGTERM)
        till.sendall(body[len(body) // 2 :])
        assert b" 200 " in till.recv(65536)
    assert bench.received.wait(0) in (bench.edge.job(), bench.edge.with_blocks())
    assert bench.tap.stop() == 0

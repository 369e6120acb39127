"""CloudPRNT through the tap: the job is edited as it is fetched; confirmation and status say what became of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from pathlib import Path

import pytest

from pos_adapters.taps.frames import Outcome
from tests.pos_adapters.taps.certificates import certificate
from tests.pos_adapters.taps.fake_core import PATIENCE_S, FakeCore
from tests.pos_adapters.taps.rig import Rig, Tap
from tests.pos_adapters.taps.service_devices import BLOCK, STAR_CUT, STAR_TEXT, CloudServer, Received, serving, stopped

pytestmark = pytest.mark.real

JOB, WHOLE = STAR_TEXT + STAR_CUT, STAR_TEXT + BLOCK + STAR_CUT
STARPRNT, TEXT = "application/vnd.star.starprnt", "text/plain; charset=utf-8"


class Server(CloudServer):
    """One whose job and media type the test chooses; it keeps its job until it is told otherwise."""

    def do_GET(self) -> None:  # noqa: N802 - the server's name for it
        self.say(200, self.server.job, self.server.media_type)

    def do_DELETE(self) -> None:  # noqa: N802 - the server's name for it
        self.say(200, b"", "text/plain")


class Bench:
    """A server, a tap, a core that always has a block, a printer that is the test."""

    def __init__(self, rig: Rig, *, tls: tuple[Path, Path] | None = None) -> None:
        self.server = serving(Server, Received(), 0)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls[0])
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.job, self.server.media_type = JOB, STARPRNT
        scheme = "cloudprnt" if tls is None else "cloudprnt+tls"
        self.core: FakeCore = rig.core(lambda job, cut_no, offset: BLOCK)
        self.tap = rig.keep(
            Tap(
                *("--listen", "127.0.0.1:0", "--printer", f"{scheme}://127.0.0.1:{self.server.server_address[1]}"),
                *("--workstation", "1", "--agent", f"unix://{rig.core_path}", "--profile", "appendix"),
                *("--language", "star", "--model", "TSP600", "--budget-ms", "1000"),
                environment={} if tls is None else {"SSL_CERT_FILE": str(tls[1])},
            )
        )
        self.core.wait_connected()
        self.printer = http.client.HTTPConnection("127.0.0.1", self.tap.port, timeout=PATIENCE_S)

    def ask(self, method: str, target: str, body: bytes | None = None) -> bytes:
        self.printer.request(method, target, body)
        return self.printer.getresponse().read()

    def close(self) -> None:
        self.printer.close()
        stopped(self.server)


@pytest.fixture
def bench(rig: Rig):
    bench = Bench(rig)
    yield bench
    bench.close()


@pytest.mark.parametrize(
    ("target", "method", "outcome"),
    [
        ("/print?code=200%20OK&mac=1", "DELETE", Outcome.PRINTED),
        ("/print?code=OK&mac=1", "DELETE", Outcome.PRINTED),
        ("/print?code=410%20Out%20of%20paper&mac=1", "DELETE", Outcome.NOT_SENT),
        ("/print?code=520&mac=1", "DELETE", Outcome.NOT_SENT),
        ("/print?delete&code=200%20OK&mac=1", "GET", Outcome.PRINTED),
    ],
)
def test_the_code_of_the_confirmation_says_whether_it_printed(
    bench: Bench, target: str, method: str, outcome: Outcome
) -> None:
    assert bench.ask("GET", "/print?mac=1&type=x") == WHOLE
    bench.ask(method, target)
    assert bench.core.wait_job(0).outcomes == [(1, outcome)]
    assert bench.core.order[0].data == JOB


def test_a_job_that_nobody_confirms_is_unconfirmed_when_the_next_one_is_fetched(bench: Bench) -> None:
    assert bench.ask("GET", "/print?mac=1") == WHOLE
    assert bench.ask("GET", "/print?mac=1") == WHOLE
    bench.server.job = b"Second\n" + JOB
    assert bench.ask("GET", "/print?mac=1") == b"Second\n" + WHOLE
    assert bench.core.wait_job(0).outcomes == [(1, Outcome.UNCONFIRMED)]
    assert len(bench.core.order) == 2, "a repeated fetch is no second receipt"
    bench.ask("DELETE", "/print?code=200%20OK")


def test_plain_text_is_captured_and_passes_as_it_is(bench: Bench) -> None:
    bench.server.job, bench.server.media_type = b"Corner shop\nTOTAL 1.20\n", TEXT
    assert bench.ask("GET", "/print?mac=1") == bench.server.job
    assert bench.ask("GET", "/print?mac=1") == bench.server.job
    bench.ask("DELETE", "/print?code=200%20OK")
    assert bench.core.wait_job(0).data == bench.server.job
    assert len(bench.core.order) == 1


def test_pictures_pass_unread(bench: Bench) -> None:
    bench.server.job, bench.server.media_type = b"\x89PNG\r\n" + bytes(5000), "image/png"
    assert bench.ask("GET", "/print?mac=1") == bench.server.job
    assert bench.core.order == []


def test_the_status_in_a_poll_tells_why_the_printer_does_not_print(bench: Bench) -> None:
    for code, cause in (("410%20Out%20of%20Paper", "paper_end"), ("420%20Cover%20Open", "cover_open")):
        told = json.dumps({"printerMAC": "1", "statusCode": code}).encode()
        assert json.loads(bench.ask("POST", "/print", told))["jobReady"]
        assert bench.tap.wait_event("printer_trouble", cause=cause)
    bench.ask("POST", "/print", json.dumps({"statusCode": "200%20OK"}).encode())
    bench.tap.wait_event("printer_well")


def test_a_server_in_the_cloud_is_reached_by_tls_and_its_job_gets_its_block(rig: Rig, tmp_path: Path) -> None:
    with contextlib.closing(Bench(rig, tls=certificate(tmp_path, "server"))) as bench:
        assert bench.ask("GET", "/cloudprnt?mac=00:11:62:00:00:01&type=application/vnd.star.starprnt") == WHOLE
        bench.ask("DELETE", "/cloudprnt?code=200%20OK")


def test_a_server_whose_certificate_nobody_signed_is_not_spoken_to(rig: Rig, tmp_path: Path) -> None:
    server, _ = certificate(tmp_path, "server")
    _, other = certificate(tmp_path, "other")
    with contextlib.closing(Bench(rig, tls=(server, other))) as bench:
        with pytest.raises(ConnectionError):
            bench.ask("GET", "/cloudprnt?mac=00:11:62:00:00:01&type=application/vnd.star.starprnt")
        bench.tap.wait_event("printer_refused")

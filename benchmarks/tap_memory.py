"""A tap's memory over 100,000 receipts, a connection each: without a core, and with one that answers every cut.

Growth is counted from the hundredth part of the run, when every path has been taken once, to its end; the largest of
eleven looks stands beside it, so that a hill in between is seen. `--quick` prints 2,000 receipts.

Last, the tap of a browser's printer, which speaks TLS: beside it the least that Python can do with TLS on both sides,
two copying tasks over asyncio's streams (`naive_proxy.py`), after the same receipts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import ssl
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import harness
from print_path_faults import HOST, core, print_job, printing, rss_mb, tap
from tap_overhead import free_port, running

from tests.pos_adapters.taps.certificates import certificate

LOOKS = 10
GROWTH_MAX_MB = 1.0
RSS_MAX_MB = 25.0
TLS_RECEIPTS = 200
SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>%s</s:Body></s:Envelope>'
EPOS = b'xmlns="http://www.epson-pos.com/schemas/2011/03/epos-print"'
RECEIPT = SOAP % (b"<epos-print %s><text>Milk 1.20&#10;</text><cut/></epos-print>" % EPOS)
ANSWER = SOAP % (b'<response %s success="true" code="" status="251854870"/>' % EPOS)


def measure(*, quick: bool) -> list[harness.Figure]:
    """Print, look, print."""
    jobs = 2_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder, printing() as (printer, port):
        socket_path = str(Path(folder) / "core.sock")
        with tap(port, printer) as process:
            alone = looks_over(jobs, lambda: print_job(port, printer), process.pid)
        with core(socket_path, "none"), tap(port, printer, agent=socket_path) as process:
            log = process.stderr
            assert log is not None
            os.set_blocking(log.fileno(), False)

            def print_and_read_log() -> None:
                print_job(port, printer)
                with contextlib.suppress(OSError):  # nothing was logged
                    os.read(log.fileno(), 65536)

            asked = looks_over(jobs, print_and_read_log, process.pid)
    return [
        *figures(f"{jobs} receipts, no core", alone),
        *figures(f"{jobs} receipts, every cut asked", asked),
        *over_tls(),
    ]


def looks_over(jobs: int, print_one: Callable[[], object], pid: int) -> list[float]:
    """Return the tap's resident memory in MB, first after a hundredth of the jobs, then after each tenth."""
    for _ in range(jobs // 100):
        print_one()
    looks = [rss_mb(pid)]
    for _ in range(LOOKS):
        for _ in range(jobs // LOOKS):
            print_one()
        looks.append(rss_mb(pid))
    return looks


def figures(what: str, looks: list[float]) -> Iterator[harness.Figure]:
    """Yield growth, hill and size."""
    grown = looks[-1] - looks[0]
    goal = f"<= {GROWTH_MAX_MB:g} MB"
    yield harness.figure(f"{what}: memory grown, MB", grown, goal=goal, holds=grown <= GROWTH_MAX_MB)
    yield harness.figure(f"{what}: most grown at any look, MB", max(looks) - looks[0])
    yield harness.figure(f"{what}: memory, MB", looks[-1], goal=f"<= {RSS_MAX_MB:g}", holds=looks[-1] <= RSS_MAX_MB)


def over_tls() -> Iterator[harness.Figure]:
    """Yield the memory of a tap with TLS on both sides, and of the floor under it."""
    with tempfile.TemporaryDirectory() as folder, browsers_printer(Path(folder)) as (printer, pem, pin):
        port = free_port()
        ours = [sys.executable, "-m", "pos_adapters.taps", "--listen", f"{HOST}:{port}", "--workstation", "1"]
        ours += ["--printer", f"epos+tls://{HOST}:{printer}?sha256={pin}", "--certificate", str(pem)]
        bare = [sys.executable, str(harness.ROOT / "benchmarks" / "naive_proxy.py"), str(port), str(printer), str(pem)]
        for when, receipts in (("after one receipt", 1), (f"after {TLS_RECEIPTS} receipts", TLS_RECEIPTS)):
            tap_mb, bare_mb = (memory_over_tls(command, port, receipts) for command in (ours, bare))
            yield harness.figure(
                f"TLS on both sides, {when}: memory, MB",
                tap_mb,
                bare_mb,
                "two copying tasks, the floor in Python",
                goal=f"<= {RSS_MAX_MB:g}",
                holds=tap_mb <= RSS_MAX_MB,
            )


def memory_over_tls(command: list[str], port: int, receipts: int) -> float:
    """Return the resident memory of a proxy that has passed so many receipts on, MB."""
    trusting = ssl._create_unverified_context()  # noqa: SLF001 - the register of a benchmark
    with running(command, port) as process:
        for _ in range(receipts):
            url = f"https://{HOST}:{port}/cgi-bin/epos/service.cgi?devid=local_printer&timeout=10000"
            job = urllib.request.Request(url, RECEIPT, {"Content-Type": "text/xml"})
            with urllib.request.urlopen(job, context=trusting) as answer:
                answer.read()
        return rss_mb(process.pid)


@contextlib.contextmanager
def browsers_printer(folder: Path) -> Iterator[tuple[int, Path, str]]:
    """Run a printer that browsers print to; yield its port, key and certificate in a file, and the fingerprint."""
    pem, public = certificate(folder, "printer")
    pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(public.read_text())).hexdigest()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ThreadingHTTPServer((HOST, 0), _Printer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], pem, pin
        server.shutdown()


class _Printer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        del format, args


if __name__ == "__main__":
    harness.main("tap_memory", measure)

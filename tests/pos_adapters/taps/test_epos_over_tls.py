"""ePOS-Print over https: to a printer whose certificate nobody has signed, and from registers that trust the tap's."""

from __future__ import annotations

import contextlib
import http.client
import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.pos_adapters.taps.certificates import certificate
from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import Rig, Tap
from tests.pos_adapters.taps.service_devices import (
    BLOCK,
    EPOS_ANSWER,
    EposEdge,
    EposPrinter,
    Received,
    serving,
    stopped,
)

pytestmark = pytest.mark.real

SERVICE = "/cgi-bin/epos/service.cgi?devid=local_printer&timeout=10000"


def fingerprint(public: Path) -> str:
    return sha256(ssl.PEM_cert_to_DER_cert(public.read_text())).hexdigest()


class Bench:
    """A printer that speaks https only, with a certificate of its own making."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        both, self.public = certificate(folder, "printer")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        self.received = Received()
        self.server = serving(EposPrinter, self.received, 0)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.rig = rig
        self.core = rig.core(lambda job, cut_no, offset: BLOCK)
        self.edge = EposEdge(rig)

    def tap(self, query: str, *more: str) -> Tap:
        printer = f"epos+tls://127.0.0.1:{self.server.server_address[1]}{query}"
        tap = self.rig.keep(
            Tap(
                *("--listen", "127.0.0.1:0", "--printer", printer, "--workstation", "1", "--budget-ms", "1000"),
                *("--agent", f"unix://{self.rig.core_path}", "--profile", "appendix", *more),
            )
        )
        self.core.wait_connected()
        return tap

    def close(self) -> None:
        self.edge.close()
        stopped(self.server)


@pytest.fixture
def bench(rig: Rig, tmp_path: Path) -> Iterator[Bench]:
    with contextlib.closing(Bench(rig, tmp_path)) as bench:
        yield bench


def printed(till: http.client.HTTPConnection, job: bytes) -> bytes:
    with contextlib.closing(till):
        till.request("POST", SERVICE, job, {"Content-Type": "text/xml; charset=utf-8"})
        return till.getresponse().read()


def test_a_printer_with_its_own_certificate_is_known_by_its_fingerprint(bench: Bench) -> None:
    tap = bench.tap(f"?sha256={fingerprint(bench.public)}")
    till = http.client.HTTPConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)
    assert printed(till, bench.edge.job()) == EPOS_ANSWER
    assert bench.received.wait(0) == bench.edge.with_blocks()


@pytest.mark.parametrize("query", ["", f"?sha256={'ab' * 32}"])
def test_a_printer_that_is_not_known_is_not_spoken_to_and_its_fingerprint_is_said(bench: Bench, query: str) -> None:
    tap = bench.tap(query)
    till = http.client.HTTPConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        printed(till, bench.edge.job())
    cause = tap.wait_event("printer_refused")["cause"]
    assert (fingerprint(bench.public) if query else "self-signed certificate") in cause


def test_a_register_that_speaks_https_prints_through_a_tap_whose_certificate_it_trusts(
    bench: Bench, tmp_path: Path
) -> None:
    both, public = certificate(tmp_path, "tap")
    tap = bench.tap(f"?sha256={fingerprint(bench.public)}", "--certificate", str(both))
    trusting = ssl.create_default_context(cafile=str(public))
    till = http.client.HTTPSConnection("127.0.0.1", tap.port, timeout=PATIENCE_S, context=trusting)
    assert printed(till, bench.edge.job()) == EPOS_ANSWER
    assert bench.received.wait(0) == bench.edge.with_blocks()
    stranger = http.client.HTTPSConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)
    with pytest.raises(ssl.SSLCertVerificationError):
        printed(stranger, bench.edge.job())
    plain = http.client.HTTPConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        printed(plain, bench.edge.job())
    till = http.client.HTTPSConnection("127.0.0.1", tap.port, timeout=PATIENCE_S, context=trusting)
    assert printed(till, bench.edge.job()) == EPOS_ANSWER

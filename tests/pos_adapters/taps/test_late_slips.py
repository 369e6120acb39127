"""A slip that comes when its receipt is over, on printers that take jobs whole: what becomes of it when they say no."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pos_adapters.taps.frames import Outcome
from tests.pos_adapters.taps.edge_devices import Edge
from tests.pos_adapters.taps.fake_core import PATIENCE_S, CoreJob, FakeCore
from tests.pos_adapters.taps.rig import Rig, Tap
from tests.pos_adapters.taps.service_devices import (
    EPOS_ANSWER,
    CloudPrntEdge,
    EposEdge,
    LpdEdge,
)

pytestmark = pytest.mark.real


class Asked:
    """A tap in `on_request` whose first receipt is over, and its core."""

    def __init__(self, rig: Rig, edge: Edge) -> None:
        self.core: FakeCore = rig.core(lambda job, cut_no, offset: None)
        self.tap = rig.keep(
            Tap(
                *("--listen", edge.listen, "--printer", edge.printer_address, "--workstation", "1", *edge.options),
                *("--agent", f"unix://{rig.core_path}", "--profile", "on_request"),
            )
        )
        self.core.wait_connected()
        assert edge.print(self.tap, edge.job())
        self.job: CoreJob = self.core.wait_job(0)

    def outcome(self) -> Outcome:
        self.core.seen.until(lambda: self.job.outcomes, "an outcome of the slip")
        ((_, outcome),) = self.job.outcomes
        return outcome


@pytest.fixture
def cloud(rig: Rig) -> Iterator[CloudPrntEdge]:
    edge = CloudPrntEdge(rig)
    yield edge
    edge.close()


@contextlib.contextmanager
def printer_of(tap: Tap) -> Iterator[Any]:
    """The printer's own connection: `ask(method, target)` returns the answer's body."""
    line = http.client.HTTPConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)

    def ask(method: str, target: str, body: bytes | None = None) -> bytes:
        line.request(method, target, body)
        return line.getresponse().read()

    with contextlib.closing(line):
        yield ask


def offered(ask: Any) -> dict[str, Any]:
    """Poll until a job is offered."""
    until_s = time.monotonic() + PATIENCE_S
    while not (told := json.loads(ask("POST", "/print", b"{}")))["jobReady"]:
        assert time.monotonic() < until_s, "nothing is ever offered"
    return told


def test_a_printer_that_says_it_did_not_print_the_slip_it_fetched_is_believed(rig: Rig, cloud: CloudPrntEdge) -> None:
    asked = Asked(rig, cloud)
    asked.core.slip(asked.job, cloud.slip)
    with printer_of(asked.tap) as ask:
        token = offered(ask)["jobToken"]
        assert ask("GET", f"/print?mac=1&token={token}") == cloud.slip
        assert ask("GET", f"/print?mac=1&token={token}") == cloud.slip, "a fetch that is repeated gets the same"
        ask("DELETE", f"/print?mac=1&token={token}&code=410%20Out%20of%20paper")
        assert asked.outcome() is Outcome.NOT_SENT
        assert not json.loads(ask("POST", "/print", b"{}"))["jobReady"], "it is not offered again"


def test_a_printer_that_knows_no_tokens_gets_the_slip_as_well(rig: Rig, cloud: CloudPrntEdge) -> None:
    asked = Asked(rig, cloud)
    asked.core.slip(asked.job, cloud.slip)
    with printer_of(asked.tap) as ask:
        offered(ask)
        assert ask("GET", "/print?mac=1&type=application/vnd.star.starprnt") == cloud.slip
        ask("DELETE", "/print?mac=1&code=200%20OK")
    assert asked.outcome() is Outcome.PRINTED


def test_a_job_of_the_server_goes_before_a_slip_that_was_not_fetched(rig: Rig, cloud: CloudPrntEdge) -> None:
    asked = Asked(rig, cloud)
    asked.core.slip(asked.job, cloud.slip)
    assert cloud.print(asked.tap, cloud.job(2))
    assert cloud.printed(1) == cloud.job(2)
    assert asked.outcome() is Outcome.NOT_SENT


def test_a_printer_without_paper_says_that_the_slip_was_not_printed(rig: Rig) -> None:
    edge = EposEdge(rig)
    asked = Asked(rig, edge)
    edge.answer = EPOS_ANSWER.replace(b'"true" code=""', b'"false" code="EPTR_REC_EMPTY"')
    asked.core.slip(asked.job, edge.slip)
    assert edge.printed(1) == edge.alone()
    assert asked.outcome() is Outcome.NOT_SENT
    edge.close()


def test_a_printer_that_says_no_to_a_job_gets_no_slip(rig: Rig) -> None:
    edge = LpdEdge(rig)
    asked = Asked(rig, edge)
    edge.says_no = True
    asked.core.slip(asked.job, edge.slip)
    assert asked.outcome() is Outcome.NOT_SENT
    edge.says_no = False
    assert edge.print(asked.tap, edge.job())
    assert edge.printed(1) == edge.job(), "the refused slip is not printed later"
    edge.close()

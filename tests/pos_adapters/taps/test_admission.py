"""Who may print: addresses and networks, refused connections counted and said."""

from __future__ import annotations

import pytest

from pos_adapters.taps.admission import Admission
from pos_adapters.taps.clock import utc_now
from pos_adapters.taps.events import EventLog
from tests.pos_adapters.taps.rig import Rig, Tap


@pytest.mark.parametrize(
    ("allowed", "peer", "admitted"),
    [
        ((), "203.0.113.9", True),
        (("192.0.2.7",), "192.0.2.7", True),
        (("192.0.2.7",), "192.0.2.8", False),
        (("192.0.2.0/24", "198.51.100.1"), "198.51.100.1", True),
        (("192.0.2.0/24",), "::ffff:192.0.2.99", True),
        (("2001:db8::/64",), "2001:db8::5%eth0", True),
        (("2001:db8::/64",), "192.0.2.1", False),
        (("192.0.2.0/24",), "no address", False),
    ],
)
def test_a_list_admits_whom_it_names(allowed: tuple[str, ...], peer: str, admitted: bool) -> None:
    admission = Admission(allowed, EventLog(-1, now=utc_now, as_json=True))
    assert admission.admits((peer, 40000)) is admitted
    assert admission.refused == (not admitted)


@pytest.mark.real
@pytest.mark.parametrize("printer_scheme", ["tcp", "lpd", "epos"])
def test_a_stranger_is_reset_counted_and_never_reaches_the_printer(rig: Rig, printer_scheme: str) -> None:
    printer = rig.printer()
    tap = rig.keep(
        Tap(
            *("--listen", "127.0.0.1:0", "--printer", f"{printer_scheme}://127.0.0.1:{printer.port}"),
            *("--workstation", "1", "--allow", "192.0.2.0/24"),
        )
    )
    for _ in range(3):
        with pytest.raises(ConnectionError):
            rig.register(tap).send_for_ever(b"receipt\n")
    assert tap.wait_event("register_refused")["address"] == "127.0.0.1"
    assert printer.jobs == []


@pytest.mark.real
def test_who_is_on_the_list_prints(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer, "--allow", "192.0.2.0/24", "--allow", "127.0.0.1", profile="off")
    rig.print_job(tap, b"receipt\n")
    assert printer.wait_jobs(1)[0].data == b"receipt\n"

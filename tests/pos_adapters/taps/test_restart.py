"""A tap that is killed listens again at once; registers that connect meanwhile wait instead of being refused."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import CUT, ROOT, Register, Rig, Tap

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"

pytestmark = pytest.mark.real


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_register_that_connects_while_the_tap_is_dead_prints_when_it_is_back(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, "--supervised")
    core.wait_connected()
    port = tap.port
    in_flight = Register(port)
    in_flight.send(RECEIPT)
    printer.wait_bytes(0, len(RECEIPT))
    (child,) = children_of(tap.process.pid)
    os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ConnectionError):
        assert in_flight.receive_all() == b"", "the job in flight is lost, and the register is told"
    in_flight.close()
    waiting = Register(port)  # connects at once, whether the tap is back or not
    core.wait_connected(2)
    waiting.send(RECEIPT + CUT)
    waiting.close()
    assert printer.wait_jobs(2)[1].data == RECEIPT + BLOCK + CUT
    assert tap.wait_event("tap_died")["code"] == -9
    assert tap.stop() == 0
    assert children_of(os.getpid()) == []


def test_a_supervised_tap_that_is_stopped_while_the_tap_is_dead_ends_well(rig: Rig) -> None:
    tap = rig.tap(rig.printer(), "--supervised")
    for deaths in range(4):  # the fourth is answered half a second later
        tap.wait_event("listening", deaths)
        (child,) = children_of(tap.process.pid)
        os.kill(child, signal.SIGKILL)
        tap.wait_event("tap_died", deaths)
    assert tap.stop() == 0


def test_sockets_handed_over_by_a_service_manager_are_used(rig: Rig) -> None:
    printer = rig.printer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        early = Register(port)
        early.send(RECEIPT)
        early.half_close()
        command = f'exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'
        options = ["--listen", "127.0.0.1:1", "--printer", printer.address, "--workstation", "1"]
        tap = subprocess.Popen(
            ["bash", "-c", command, sys.executable, "-m", "pos_adapters.taps", *options],
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
        assert early.receive_all() == b""
        early.close()
    assert printer.wait_jobs(1)[0].data == RECEIPT
    tap.terminate()
    assert tap.wait(PATIENCE_S) == 0


def test_an_address_in_use_is_a_problem_and_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        options = ["--listen", address, "--printer", "tcp://127.0.0.1:1", "--workstation", "1"]
        run = subprocess.run(
            [sys.executable, "-m", "pos_adapters.taps", *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 1
    assert address in run.stderr
    assert "fix:" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--listen"),
        (["--listen", "nowhere"], "HOST:PORT"),
        (["--budget-ms", "0"], "milliseconds"),
        (["--profile", "apendix"], "appendix"),
        (["--workstation", "../../etc"], "is no id"),
        (["--agent", "tcp://h:1"], "unix:///"),
        (["--agent-key", "/nonexistent"], "public key"),
        (["--printer", "tcp://127.0.0.1:9100"], "one printer a listener"),
    ],
)
def test_a_wrong_command_line_is_exit_2_and_says_what_is_wrong(arguments: list[str], said: str) -> None:
    good = ["--listen", "127.0.0.1:0", "--printer", "tcp://127.0.0.1:1", "--workstation", "1"] if arguments else []
    run = subprocess.run(
        [sys.executable, "-m", "pos_adapters.taps", *good, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert said in run.stderr


def test_help_shows_an_example_that_is_a_right_command_line() -> None:
    from pos_adapters.taps.command_line import parse

    run = subprocess.run(
        [sys.executable, "-m", "pos_adapters.taps", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    example = run.stdout.partition("example:")[2].partition("\n\n")[0].replace("\\\n", " ").split()[1:]
    without_key = example[: example.index("--agent-key")] + example[example.index("--agent-key") + 2 :]
    assert parse(without_key).policy.holds


def test_two_lanes_in_one_process_print_to_their_own_printers(rig: Rig) -> None:
    printers = [rig.printer(), rig.printer()]
    tap = Tap(
        *("--listen", "127.0.0.1:0", "--printer", printers[0].address, "--workstation", "1"),
        *("--listen", "127.0.0.1:0", "--printer", printers[1].address, "--workstation", "2"),
    )
    ports = [int(tap.wait_event("listening", number)["port"]) for number in range(2)]
    for number, port in enumerate(ports):
        register = Register(port)
        register.send(b"lane %d" % number)
        register.half_close()
        register.receive_all()
        register.close()
    assert [bytes(printer.wait_jobs(1)[0].data) for printer in printers] == [b"lane 0", b"lane 1"]
    assert tap.stop() == 0


def test_the_tap_imports_nothing_heavy() -> None:
    """Standard library, the taps and the light part of ESC/POS: that is how it stays small."""
    code = (
        "import sys; sys.modules.setdefault('ssl', None); before = set(sys.modules);"
        "import pos_adapters.taps.serving;"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(roots - set(sys.stdlib_module_names)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["pos_adapters", "receipt"]

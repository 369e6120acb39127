"""`tillstream scanner`: read a scanner for core; with `--till`, stand between it and the till."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pos_adapters.scanners.core_scans import CoreScans
from pos_adapters.scanners.gate import CodeGate
from pos_adapters.scanners.lane import Open, Scanner
from pos_adapters.scanners.lines import SerialCable
from pos_adapters.scanners.stop_signals import stop_on_signals
from pos_adapters.taps.addresses import serial_address
from pos_adapters.taps.clock import utc_now
from pos_adapters.taps.events import EventLog

STDERR = 2
AGENT_EXAMPLE = "unix:///var/lib/tillstream/control.sock"
EVDEV, UINPUT, SERIAL, UNIX = "evdev://", "uinput:", "serial:", "unix://"


def run(arguments: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    options = _parser().parse_args(arguments)
    is_keyboard = str(options.port).startswith(EVDEV)
    try:
        core_socket = _core_socket(options.agent)
        open_scanner = _scanner(options.port)
        open_till = _till(options.till, port=options.port) if options.till else None
    except ValueError as error:
        sys.stderr.write(f"scanner: {error}\n")
        return 2
    log = EventLog(STDERR, now=utc_now, as_json=options.as_json).bind(workstation=options.workstation)
    core = CoreScans(core_socket, workstation_id=options.workstation, log=log)
    gate = CodeGate([prefix.encode() for prefix in options.ask] if open_till else [])
    scanner = Scanner(open_scanner, open_till=open_till, core=core, gate=gate, log=log, is_keyboard=is_keyboard)
    stop_on_signals(scanner.stop)
    core.start()
    scanner.run()
    core.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tillstream scanner", description=__doc__)
    parser.add_argument("--port", required=True, help="serial:///dev/ttyACM0?baud=9600 or evdev:///dev/input/by-id/...")
    parser.add_argument(
        "--till", default="", help="where the till reads: serial:///dev/... for a cable, uinput: for keys"
    )
    parser.add_argument("--agent", required=True, help=f"core's control socket: {AGENT_EXAMPLE}")
    parser.add_argument("--workstation", required=True, help="the workstation this scanner stands at")
    parser.add_argument("--ask", action="append", default=[], metavar="PREFIX", help="codes that core is asked about")
    parser.add_argument("--json", dest="as_json", action="store_true", help="log one JSON object a line")
    return parser


def _scanner(port: str) -> Open:
    if port.startswith(EVDEV):
        if sys.platform != "linux":
            raise ValueError("evdev is Linux's; elsewhere a wedge scanner types into the cashier's page")
        from pos_adapters.scanners.keyboards import Keyboard  # noqa: PLC0415 - Linux only

        return partial(Keyboard, port.removeprefix(EVDEV))
    return partial(SerialCable, serial_address(port))


def _core_socket(agent: str) -> Path:
    if not agent.startswith(f"{UNIX}/"):
        raise ValueError(f"{agent!r} is not unix:///PATH, for example {AGENT_EXAMPLE}")
    return Path(agent.removeprefix(UNIX))


def _till(address: str, *, port: str) -> Open:
    if address == port:
        raise ValueError(f"{port} is named twice: scanner and till have a port each")
    is_keyboard = port.startswith(EVDEV)
    if is_keyboard != address.startswith(UINPUT):
        raise ValueError("a keyboard's till is uinput:, a cable's till is serial:///dev/...")
    if not is_keyboard:
        return partial(SerialCable, serial_address(address))
    from pos_adapters.scanners.keyboards import VirtualKeyboard  # noqa: PLC0415 - Linux only

    return VirtualKeyboard

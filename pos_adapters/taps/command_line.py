"""The tap's command line: reads it, builds the lanes, runs until told to stop."""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import receipt
from pos_adapters.taps.addresses import (
    Edge,
    PrinterAddress,
    SerialAddress,
    ServiceAddress,
    TcpAddress,
    UnixAddress,
    contested,
    core_address,
    device_address,
    printer_address,
    prints_to_itself,
    tcp_address,
)
from pos_adapters.taps.admission import networks_of
from pos_adapters.taps.listeners import listening_sockets
from pos_adapters.taps.own_program import CERTIFICATE
from pos_adapters.taps.policy import BUDGET_S, Policy, Profile
from pos_adapters.taps.public_key import read_public_key

SUPERVISED = "--supervised"
EXIT_PROBLEM = 1
EXIT_USAGE = 2
HELP_COLUMNS = 100
BUDGET_MS_MAX = 1000  # above it a cashier waits for the cut

EXAMPLE = """example:
  tillstream-tap --listen 0.0.0.0:9100 --printer tcp://192.0.2.10:9100 --workstation 1 \\
      --agent unix:///var/lib/tillstream/core.sock --state-dir /var/lib/tillstream \\
      --agent-key /var/lib/tillstream/keys/agent_seal.pub --profile appendix

A register that speaks another protocol than raw bytes is served by naming the printer by that protocol:
  tillstream-tap --listen 0.0.0.0:515 --printer lpd://192.0.2.10 --workstation 1 ...
  tillstream-tap --listen 0.0.0.0:80 --printer epos://192.0.2.10 --workstation 1 ...
  tillstream-tap --listen 0.0.0.0:8080 --printer cloudprnt+tls://print.example --language star --workstation 1 ...

Repeat --listen and --printer for several printers; --workstation, --model and --language are then given once or as
often.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSettings:
    """One listener and its printer."""

    workstation_id: str
    listen: TcpAddress | SerialAddress
    printer: PrinterAddress
    model: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TapSettings:
    """All of one command line."""

    lanes: tuple[LaneSettings, ...]
    agent: UnixAddress | None
    policy: Policy
    state_dir: Path | None
    agent_key: Path | None
    as_json: bool
    supervised: bool
    record: Path | None
    allowed: tuple[str, ...] = ()
    snmp: TcpAddress | None = None
    certificate: Path | None = None

    def network_addresses(self) -> list[TcpAddress]:
        """Return where registers connect to, one an address; cables are opened by their lanes."""
        return [lane.listen for lane in self.lanes if isinstance(lane.listen, TcpAddress)]


def run(arguments: Sequence[str]) -> int:
    """Parse and serve; returns the exit code."""
    settings = parse(arguments)
    try:
        listeners = listening_sockets(settings.network_addresses(), os.environ)
    except OSError as error:
        sys.stderr.write(f"tillstream-tap: cannot listen on {error.filename}: {error.strerror}\n{_fix(error)}\n")
        return EXIT_PROBLEM
    if settings.supervised:
        from pos_adapters.taps.supervise import supervise  # noqa: PLC0415 - only the parent needs it

        unsupervised = [each for each in arguments if each != SUPERVISED]
        return supervise(unsupervised, listeners, as_json=settings.as_json)
    from pos_adapters.taps.serving import serve  # noqa: PLC0415 - registers can connect from here on

    return serve(settings, listeners)


def _fix(error: OSError) -> str:
    """Say what to do about an address that cannot be listened on."""
    if error.errno == errno.EADDRINUSE:
        return "fix: another program listens there (a second tap?): stop it, or name another port"
    if error.errno == errno.EACCES:
        return "fix: ports below 1024 take the capability cap_net_bind_service; 9100 does not"
    return "fix: name an address of this machine, for example 0.0.0.0:9100"


def parse(arguments: Sequence[str]) -> TapSettings:
    """Return the settings; a wrong command line ends the program with exit code 2 and says what is wrong."""
    parser = _parser()
    given = parser.parse_args(list(arguments))
    given.model = given.model or ["generic-80mm"]
    given.language = given.language or ["escpos"]
    count = len(given.listen)
    if len(given.printer) != count:
        parser.error(f"{count} --listen and {len(given.printer)} --printer: give one printer a listener")
    once_or_each = (
        ("--workstation", given.workstation),
        ("--model", given.model),
        ("--language", given.language),
    )
    for name, values in once_or_each:
        if len(values) not in (1, count):
            parser.error(f"{len(values)} {name} for {count} --listen: give it once or {count} times")
    for name in given.model:
        _check_model(parser, name)
    _check_edges(parser, given)
    if shared := contested(given.listen, given.printer):
        parser.error(f"{shared} is named twice: each register has a listener, and each cable one device, of its own")
    if given.state_dir is None and given.agent_key is not None:
        parser.error("--agent-key seals jobs into --state-dir: give both or neither")
    return TapSettings(
        lanes=tuple(_lanes(given, count)),
        agent=given.agent,
        policy=Policy(profile=Profile(given.profile), budget_s=given.budget_ms / 1000),
        state_dir=given.state_dir,
        agent_key=given.agent_key,
        as_json=given.json,
        supervised=given.supervised,
        record=given.record,
        allowed=tuple(given.allow or ()),
        snmp=given.snmp,
        certificate=given.certificate,
    )


def _check_edges(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Refuse pairs of listener, printer and language that cannot work."""
    count = len(given.printer)
    lanes = zip(given.listen, given.printer, _each(given.language, count), strict=False)
    for listen, printer, language in lanes:
        if prints_to_itself(listen, printer):
            parser.error(f"--printer {printer} is where this tap itself listens: name the printer's own address")
        speaks_http = isinstance(printer, ServiceAddress) and printer.edge is not Edge.LPD
        if given.certificate is not None and not speaks_http:
            parser.error(f"{printer}: {CERTIFICATE} is for registers that speak https: epos:// and cloudprnt://")
        if not isinstance(printer, ServiceAddress):
            continue
        if isinstance(listen, SerialAddress):
            parser.error(f"{printer}: a cable brings no {printer.edge.value} jobs: give --listen HOST:PORT")
        wanted = {Edge.EPOS: "escpos", Edge.CLOUDPRNT: "star", Edge.LPD: language}[printer.edge]
        if language != wanted:
            parser.error(f"{printer}: such a printer's language is {wanted}: give --language {wanted}")


def _check_model(parser: argparse.ArgumentParser, name: str) -> None:
    """Refuse a name that no model has: core would print to it as to the generic one, codes and widths wrong."""
    if _is_declared(name):
        return
    from receipt.printers import printer_model  # noqa: PLC0415 - 2 MB: only a name that looks wrong is worth them
    from retail.errors import ConfigurationError  # noqa: PLC0415

    try:
        printer_model(name)
    except ConfigurationError as error:
        parser.error(f"--model: {error.message}; {error.fix}")


def _is_declared(name: str) -> bool:
    """Return whether a file of the printer models has a table of this name, without reading what is in it."""
    head = re.compile(rf'^\["?{re.escape(name)}"?\]', re.MULTILINE | re.IGNORECASE)
    files = Path(receipt.__file__).parent.joinpath("printers").glob("*.toml")
    return any(head.search(file.read_text("utf-8")) for file in files if file.stem != "code_pages")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tillstream-tap",
        description="Stand between a register and its printer. The register always prints; the agent is asked for"
        " a block at every cut, and only as long as the budget lasts.",
        epilog=EXAMPLE,
        formatter_class=_help_formatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--listen", type=_address, action="append", required=True, metavar="HOST:PORT", help="where registers print to")
    add(
        "--printer",
        type=_printer,
        action="append",
        required=True,
        metavar="ADDRESS",
        help="the real printer: tcp://HOST:PORT, serial:///dev/ttyUSB0?baud=115200, lpd://HOST, epos://HOST,"
        " epos+tls://HOST?sha256=FINGERPRINT, or the server of CloudPRNT printers: cloudprnt://HOST,"
        " cloudprnt+tls://HOST",
    )
    add("--workstation", type=_word, action="append", required=True, metavar="ID", help="the checkout position")
    add("--agent", type=_agent, metavar="unix:///PATH", help="core's socket; without it everything only passes")
    add("--model", action="append", default=None, metavar="NAME", help="printer model (default: generic-80mm)")
    add("--language", action="append", choices=["escpos", "star"], help="the printer's commands (default: escpos)")
    add("--profile", choices=[each.value for each in Profile], default=Profile.OFF.value, help="default: %(default)s")
    add("--state-dir", type=Path, metavar="DIR", help="jobs that the agent did not take are sealed to DIR/spool/ID")
    add("--agent-key", type=_key_file, metavar="FILE", help="the agent's public key to seal to (agent_seal.pub)")
    add(
        "--budget-ms",
        type=_budget,
        default=BUDGET_S * 1000,
        metavar="N",
        help="a cut waits N ms (default: %(default)g)",
    )
    add(
        "--allow",
        type=_network,
        action="append",
        metavar="ADDRESS",
        help="only these may print: 192.0.2.7, 192.0.2.0/24",
    )
    add(
        CERTIFICATE,
        type=_certificate,
        metavar="FILE",
        help="registers speak https: PEM file of key and certificate, which the registers must trust (epos, cloudprnt)",
    )
    add("--snmp", type=_network_address, metavar="HOST:161", help="answer a Windows printer port (UDP)")
    add("--record", type=Path, metavar="DIR", help="for support: write each job with timing, card numbers masked")
    add(SUPERVISED, action="store_true", help="a parent holds the sockets and restarts the tap when it dies")
    add("--json", action="store_true", help="log lines as JSON")
    return parser


def _help_formatter(prog: str) -> argparse.HelpFormatter:
    """Lay out the help: told no width, argparse imports what it takes to ask the terminal, a megabyte in every tap."""
    return argparse.RawDescriptionHelpFormatter(prog, width=HELP_COLUMNS)


def _lanes(given: argparse.Namespace, count: int) -> Iterator[LaneSettings]:
    each = (_each(values, count) for values in (given.workstation, given.model, given.language))
    for listen, printer, workstation_id, model, language in zip(given.listen, given.printer, *each, strict=True):
        yield LaneSettings(
            workstation_id=workstation_id, listen=listen, printer=printer, model=model, language=language
        )


def _each(values: list[str], count: int) -> list[str]:
    return values if len(values) == count else values * count


def _address(text: str) -> TcpAddress | SerialAddress:
    try:
        return device_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _printer(text: str) -> PrinterAddress:
    try:
        address = printer_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if isinstance(address, TcpAddress) and address.port == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: nothing listens on port 0: printers do on 9100")
    return address


def _network_address(text: str) -> TcpAddress:
    try:
        return tcp_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _network(text: str) -> str:
    try:
        networks_of([text])
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}: give 192.0.2.7 or 192.0.2.0/24") from error
    return text


def _agent(text: str) -> UnixAddress:
    try:
        return core_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _word(text: str) -> str:
    """Take an id that is also the name of a folder."""
    if not re.fullmatch(r"[\w][\w.-]{0,63}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no id: letters, digits, '-', '_' and '.', at most 64")
    return text


def _key_file(text: str) -> Path:
    path = Path(text)
    try:
        read_public_key(path)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"no public key of 32 bytes: {error}") from error
    return path


def _certificate(text: str) -> Path:
    """Take a file that registers can be served with, found out now and not at the first receipt."""
    from pos_adapters.taps.stream_lane import served_tls  # noqa: PLC0415 - only where it is asked for

    path = Path(text)
    try:
        served_tls(path)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: no PEM file of a key and its certificate: {error}") from error
    return path


def _budget(text: str) -> float:
    try:
        budget_ms = float(text)
    except ValueError:
        budget_ms = -1
    if not 0 < budget_ms <= BUDGET_MS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds up to {BUDGET_MS_MAX}")
    return budget_ms

"""`tillstream print-test`: print the proof slip on a printer, straight or through a tap, and measure the way there."""

from __future__ import annotations

import json
import socket
import ssl
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pos_adapters.taps.addresses import PrinterAddress, SerialAddress, ServiceAddress
from pos_adapters.taps.replay import open_cable
from pos_adapters.taps.whole_jobs import ask_service, print_whole, printer_to_print_on
from receipt.printers import DEFAULT_MODEL, printer_model
from receipt.proof_slip import MODULE_DOTS, proof_bytes
from retail.errors import ConfigurationError, OnSiteError

app = typer.Typer()

ASK = b"\x10\x04\x01"  # DLE EOT 1: answered at once by every printer that answers at all
ASKED_TIMES = 20
SERVICE_ASKED_TIMES = 3  # each is a connection, which such printers take a tenth of a second for
ANSWER_WITHIN_S = 1.0
CONNECT_WITHIN_S = 5.0
PRINTED_WITHIN_S = 30.0
ASK_PAPER = b"\x1dr\x01"  # GS r 1: answered when everything before it has been worked off


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The way to a printer, in milliseconds; None where it does not answer."""

    connect_ms: float
    answer_p50_ms: float | None
    answer_max_ms: float | None

    def __str__(self) -> str:
        if self.answer_p50_ms is None:
            return f"connected in {self.connect_ms:.2f} ms, no status answer"
        return f"connected in {self.connect_ms:.2f} ms, answers in {self.answer_p50_ms:.2f} ms"


@app.command("print-test", epilog="Example: tillstream print-test tcp://192.0.2.20:9100 --direct tcp://192.0.2.10:9100")
def print_test(
    printer: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]",
            help="A printer or a tap: tcp://HOST:PORT, serial:///DEVICE?baud=N, lpd://HOST or epos://HOST.",
        ),
    ] = None,
    *,
    direct: Annotated[
        str | None, typer.Option("--direct", metavar="ADDRESS", help="The same printer without the tap, to compare.")
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="The printer's model.")] = DEFAULT_MODEL,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the slip's bytes to a file as well.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print nothing, connect to nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the proof slip: widths, code pages, QR codes at three sizes, the measured delay."""
    if printer is None and not dry_run:
        raise ConfigurationError("no printer is named", fix="name it: tcp://HOST:PORT, or --dry-run --out FILE")
    facts = printer_model(model)
    address = printer_to_print_on(printer) if printer is not None else None
    beside = printer_to_print_on(direct) if direct is not None else None
    ways = {"printer": None, "direct": None} if dry_run else {"printer": _way(address), "direct": _way(beside)}
    lines = [f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}", f"to {address}" if address else "to no printer"]
    lines += [f"{name}: {way}" for name, way in ways.items() if way is not None]
    if (added_ms := _added(ways["printer"], ways["direct"])) is not None:
        lines.append(f"the tap adds {added_ms:.2f} ms")
    slip = proof_bytes(facts, facts=lines)
    if out is not None:
        _write(out, slip)
    finished = None if dry_run or address is None else print_slip(slip, address, answers=ways["printer"])
    told = {
        "model": facts.name,
        "bytes": len(slip),
        "qr_module_dots": list(MODULE_DOTS),
        **{name: asdict(way) if way is not None else None for name, way in ways.items()},
        "tap_adds_ms": added_ms,
        "sent": not dry_run,
        "printed": finished,
    }
    _tell(told, lines, as_json=as_json)


def _tell(told: Mapping[str, object], lines: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told))
        return
    for line in lines:
        typer.echo(line)
    outcome = {True: "the printer has printed it", False: "sent; the printer does not say whether it printed"}
    finished = told["printed"]
    typer.echo(f"{told['bytes']} bytes; " + (outcome[finished] if isinstance(finished, bool) else "nothing was sent"))


def _added(through: Measured | None, direct: Measured | None) -> float | None:
    if through is None or direct is None or through.answer_p50_ms is None or direct.answer_p50_ms is None:
        return None
    return round(through.answer_p50_ms - direct.answer_p50_ms, 3)


def _way(address: PrinterAddress | None) -> Measured | None:
    """Measure the way to a network printer; nothing is asked of a cable, whose printer may not answer."""
    if address is None or isinstance(address, SerialAddress):
        return None
    if isinstance(address, ServiceAddress):
        return _way_of_service(address)
    try:
        started_s = time.perf_counter()
        with socket.create_connection((address.host, address.port), CONNECT_WITHIN_S) as connection:
            connect_ms = (time.perf_counter() - started_s) * 1000
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers_ms = _answers_ms(connection)
    except OSError as error:
        raise _unreachable(address, error) from error
    return Measured(
        connect_ms=round(connect_ms, 3),
        answer_p50_ms=round(statistics.median(answers_ms), 3) if answers_ms else None,
        answer_max_ms=round(max(answers_ms), 3) if answers_ms else None,
    )


def _way_of_service(address: ServiceAddress) -> Measured:
    """Measure a connection, and a question with its answer, each on a connection of its own, as such printers do it."""
    try:
        started_s = time.perf_counter()
        socket.create_connection((address.host, address.port), CONNECT_WITHIN_S).close()
        connect_ms = (time.perf_counter() - started_s) * 1000
        answers_ms = []
        for _ in range(SERVICE_ASKED_TIMES):
            started_s = time.perf_counter()
            ask_service(address)
            answers_ms.append((time.perf_counter() - started_s) * 1000)
    except OSError as error:
        raise _unreachable(address, error) from error
    return Measured(
        connect_ms=round(connect_ms, 3),
        answer_p50_ms=round(statistics.median(answers_ms), 3),
        answer_max_ms=round(max(answers_ms), 3),
    )


def _answers_ms(connection: socket.socket) -> list[float]:
    """Ask for status some times; empty when the printer does not answer the first time."""
    connection.settimeout(ANSWER_WITHIN_S)
    found: list[float] = []
    for _ in range(ASKED_TIMES):
        started_s = time.perf_counter()
        connection.sendall(ASK)
        try:
            answer = connection.recv(1)
        except TimeoutError:
            return found
        if not answer:
            raise ConnectionResetError(0, "the printer closed the connection")
        found.append((time.perf_counter() - started_s) * 1000)
    return found


def print_slip(slip: bytes, address: PrinterAddress, *, answers: Measured | None) -> bool:
    """Print, and return whether the printer has said that it has."""
    try:
        if isinstance(address, ServiceAddress):
            return print_whole(slip, address).says_printed
        if isinstance(address, SerialAddress):
            _print_on_cable(slip, address)
            return False
        with socket.create_connection((address.host, address.port), CONNECT_WITHIN_S) as connection:
            asks = answers is not None and answers.answer_p50_ms is not None
            connection.sendall(slip + ASK_PAPER if asks else slip)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(PRINTED_WITHIN_S)
            return bool(connection.recv(1)) if asks else False
    except TimeoutError:
        return False
    except OSError as error:
        raise _unreachable(address, error) from error


def _print_on_cable(slip: bytes, address: SerialAddress) -> None:
    with open_cable(address, write_within_s=PRINTED_WITHIN_S) as line:
        line.write(slip)
        line.flush()


def _write(out: Path, slip: bytes) -> None:
    try:
        out.write_bytes(slip)
    except OSError as error:
        raise OnSiteError(
            f"{out}: {error.strerror or error}", fix="name a file that can be written", code="unwritable"
        ) from error


def _unreachable(address: PrinterAddress, error: OSError) -> OnSiteError:
    return OnSiteError(f"{address}: {error.strerror or error}", fix=fix_of(address, error), code="printer_unreachable")


def fix_of(address: PrinterAddress, error: OSError) -> str:
    """Return what to look at when a printer cannot be reached."""
    if isinstance(address, SerialAddress):
        return "is it plugged in, is the port free, and may you open it? Linux: ls /dev/serial/by-id, group dialout"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "printers sign their own certificates: name the one that is meant, epos+tls://HOST?sha256=FINGERPRINT"
    if isinstance(error, socket.gaierror):
        return "nobody knows a printer of that name: mend the name, or type its address, as on its self-test slip"
    return "is it switched on, and nobody else printing? A tap resets the connection when its printer is off"

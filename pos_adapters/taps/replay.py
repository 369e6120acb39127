"""Plays recorded jobs against a printer, with the register's own timing: what support does with `--record`.

A printer that takes jobs whole (LPD, ePOS-Print) gets each in one piece: there the register's pauses are none.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pos_adapters.taps.addresses import FlowControl, PrinterAddress, SerialAddress, ServiceAddress
from pos_adapters.taps.recorder import REGISTER
from pos_adapters.taps.recording import RecordedJob
from pos_adapters.taps.whole_jobs import print_whole

if TYPE_CHECKING:
    import serial

CONNECT_WITHIN_S = 5.0
ANSWER_WITHIN_S = 2.0  # after the job the printer may still answer; then the connection is closed
ANSWER_BYTES_MAX = 64 * 1024
PRINTED_WITHIN_S = 120.0  # a cable of 9,600 baud takes a minute for a picture; a printer without paper takes nothing


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one job: bytes sent, and what the printer answered."""

    job_id: str
    sent_bytes: int
    answer: bytes


def replay(job: RecordedJob, printer: PrinterAddress, *, wait: Callable[[float], None]) -> Replayed:
    """Print a job on a connection of its own. `wait(seconds)` passes time (or does not).

    Raises OSError, and what `whole_jobs.print_whole` raises.
    """
    if isinstance(printer, SerialAddress):
        return _on_cable(job, printer, wait=wait)
    if isinstance(printer, ServiceAddress):
        whole = b"".join(data for _, data in register_pieces(job))
        return Replayed(job.job_id, len(whole), print_whole(whole, printer).answer)
    sent = 0
    with socket.create_connection((printer.host, printer.port), CONNECT_WITHIN_S) as connection:
        for pause_s, data in register_pieces(job):
            wait(pause_s)
            connection.sendall(data)
            sent += len(data)
        connection.shutdown(socket.SHUT_WR)
        answer = _answer(connection)
    return Replayed(job.job_id, sent, answer)


def _on_cable(job: RecordedJob, printer: SerialAddress, *, wait: Callable[[float], None]) -> Replayed:
    with open_cable(printer, write_within_s=PRINTED_WITHIN_S) as line:
        sent = 0
        for pause_s, data in register_pieces(job):
            wait(pause_s)
            sent += line.write(data) or 0
        line.flush()
        answer = bytes(line.read(ANSWER_BYTES_MAX))  # a cable has no end: what comes before the time is over
    return Replayed(job.job_id, sent, answer)


def open_cable(printer: SerialAddress, *, write_within_s: float) -> serial.Serial:
    """Open the port of a printer at a cable. Raises OSError (pyserial's errors are OSErrors, but for some speeds)."""
    import serial  # noqa: PLC0415 - only a cable needs it

    flow = printer.flow
    try:
        return serial.Serial(
            port=printer.port,
            baudrate=printer.baud,
            bytesize=printer.bits,
            parity=printer.parity,
            stopbits=printer.stop_bits,
            xonxoff=flow is FlowControl.XON_XOFF,
            rtscts=flow is FlowControl.RTS_CTS,
            dsrdtr=flow is FlowControl.DSR_DTR,
            timeout=ANSWER_WITHIN_S,
            write_timeout=write_within_s,
        )
    except ValueError as error:
        raise OSError(errno.EINVAL, f"the port cannot be set so: {error}", printer.port) from error


def register_pieces(job: RecordedJob) -> Iterator[tuple[float, bytes]]:
    """Yield the register's pieces, each with the seconds since the one before."""
    before_ms = 0
    for piece in job.pieces:
        if piece.sender == REGISTER:
            yield max(0, piece.at_ms - before_ms) / 1000, piece.data
            before_ms = piece.at_ms


def _answer(connection: socket.socket) -> bytes:
    connection.settimeout(ANSWER_WITHIN_S)
    answer = b""
    try:
        while len(answer) < ANSWER_BYTES_MAX and (more := connection.recv(ANSWER_BYTES_MAX)):
            answer += more
    except (TimeoutError, ConnectionError):
        return answer
    return answer

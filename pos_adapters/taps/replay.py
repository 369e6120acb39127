"""Plays recorded jobs against a printer, with the register's own timing: what support does with `--record`."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pos_adapters.taps.addresses import FlowControl, SerialAddress, TcpAddress
from pos_adapters.taps.recorder import REGISTER
from pos_adapters.taps.recording import RecordedJob

CONNECT_WITHIN_S = 5.0
ANSWER_WITHIN_S = 2.0  # after the job the printer may still answer; then the connection is closed
ANSWER_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one job: bytes sent, and what the printer answered."""

    job_id: str
    sent_bytes: int
    answer: bytes


def replay(job: RecordedJob, printer: TcpAddress | SerialAddress, *, wait: Callable[[float], None]) -> Replayed:
    """Print a job on a connection of its own. `wait(seconds)` passes time (or does not). Raises OSError."""
    if isinstance(printer, SerialAddress):
        return _on_cable(job, printer, wait=wait)
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
    import serial  # noqa: PLC0415 - only a cable needs it

    flow = printer.flow
    with serial.Serial(
        port=printer.port,
        baudrate=printer.baud,
        bytesize=printer.bits,
        parity=printer.parity,
        stopbits=printer.stop_bits,
        xonxoff=flow is FlowControl.XON_XOFF,
        rtscts=flow is FlowControl.RTS_CTS,
        dsrdtr=flow is FlowControl.DSR_DTR,
        timeout=ANSWER_WITHIN_S,
    ) as line:
        sent = 0
        for pause_s, data in register_pieces(job):
            wait(pause_s)
            sent += line.write(data) or 0
        line.flush()
        answer = bytes(line.read(ANSWER_BYTES_MAX))  # a cable has no end: what comes before the time is over
    return Replayed(job.job_id, sent, answer)


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

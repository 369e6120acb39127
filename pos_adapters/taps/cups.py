"""`tillstream-cups`: a CUPS backend that prints through a tap; link it as /usr/lib/cups/backend/tillstream.

Device URI `tillstream://HOST:PORT` names where the tap listens. The job goes there as it comes and the printer's
answers go to CUPS's back channel (descriptor 3), so everything that holds for a register on the network holds here:
one mechanism. Without arguments the backend announces itself, as CUPS asks of every backend (backend(7)).

A job of which the tap has taken nothing is tried again later; one that broke off half-way is cancelled and said so,
because printing it again could make two receipts.
"""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pos_adapters.taps.addresses import TcpAddress, tcp_address

# cups/backend.h
OK, STOP, CANCEL, RETRY = 0, 4, 5, 6

ANNOUNCEMENT = 'network tillstream "Unknown" "Receipt printer behind a Tillstream tap"\n'
WORDS_WITH_FILE, WORDS_WITHOUT = 6, 5  # job user title copies options [file]
COPIES_MAX = 100  # CUPS's own default limit (MaxCopies)
BACK_CHANNEL = 3
PIECE_BYTES = 64 * 1024
CONNECT_WITHIN_S = 10.0

# A tap accepts and then resets when its printer refuses, within 100 ms. Bytes sent before that would look like a job
# that broke off half-way, and be cancelled although nothing was printed; CUPS takes longer than this to start us.
REFUSAL_WITHIN_S = 0.1
UNWRITTEN_ANSWER_BYTES_MAX = 64 * 1024  # nobody reads the back channel: answers are dropped, the receipt is not


def main() -> int:
    """Run as CUPS runs a backend; returns the exit code that CUPS understands."""
    words = sys.argv[1:]
    if not words:
        sys.stdout.write(ANNOUNCEMENT)
        return OK
    if len(words) not in (WORDS_WITHOUT, WORDS_WITH_FILE):
        return _said(STOP, "usage: tillstream job-id user title copies options [file]")
    uri = os.environ.get("DEVICE_URI", "")
    try:
        address = tcp_address(uri.replace("tillstream://", "tcp://", 1))
        jobs = _jobs(words)
    except (OSError, ValueError) as error:
        return _said(STOP, f"{uri or 'no DEVICE_URI'}: {error}")
    return print_jobs(address, jobs)


def print_jobs(address: TcpAddress, jobs: Iterator[int]) -> int:
    """Print what each descriptor holds, each on a connection of its own; returns CUPS's exit code."""
    for source in jobs:
        try:
            tap = socket.create_connection((address.host, address.port), CONNECT_WITHIN_S)
        except OSError as error:
            return _said(RETRY, f"the tap at {address} does not answer: {error}")
        with tap:
            sent, problem = _pass_on(source, tap)
        if problem is not None:
            code = CANCEL if sent else RETRY
            return _said(code, f"the printer behind {address} broke off after {sent} bytes: {problem}")
    return OK


def _jobs(words: Sequence[str]) -> Iterator[int]:
    """Yield a descriptor a copy: CUPS leaves copies of a file to the backend, those of a pipe are in it already."""
    if len(words) == WORDS_WITHOUT:
        return iter((0,))
    copies = min(max(1, int(words[3])), COPIES_MAX)
    return _opened(Path(words[5]), copies)


def _opened(path: Path, copies: int) -> Iterator[int]:
    for _ in range(copies):
        with path.open("rb") as file:
            yield file.fileno()


def _pass_on(source: int, tap: socket.socket) -> tuple[int, OSError | None]:
    """Copy the job to the tap and answers to CUPS until both have ended; return bytes sent, and what went wrong.

    A filter may ask the printer and wait for its answer before it goes on: answers are passed on while the job pauses.
    """
    sent = 0
    tap.settimeout(None)
    try:
        if _readable(tap, within_s=REFUSAL_WITHIN_S) and not _heard(tap):
            return 0, ConnectionResetError(0, "closed before the job")
        answering = True
        while True:
            watched = [source, tap.fileno()] if answering else [source]
            ready, _, _ = select.select(watched, [], [])
            if tap.fileno() in ready:
                answering = _heard(tap)  # once the printer has closed, the next piece says so itself
            if source in ready:
                if not (piece := os.read(source, PIECE_BYTES)):
                    break
                sent += _send(tap, piece)
        tap.shutdown(socket.SHUT_WR)
        while answering and _heard(tap):
            continue
    except OSError as error:
        return sent, error
    return sent, None


def _readable(tap: socket.socket, *, within_s: float) -> bool:
    return bool(select.select([tap], [], [], within_s)[0])


def _heard(tap: socket.socket) -> bool:
    """Pass on what the printer says; return whether it has not closed."""
    answer = tap.recv(PIECE_BYTES)
    if answer:
        _tell_cups(answer)
    return bool(answer)


def _send(tap: socket.socket, piece: bytes) -> int:
    """Send a piece, passing on what is answered meanwhile: a printer whose answers nobody takes may stop reading."""
    left = memoryview(piece)
    answering = True
    while left:
        ready, room, _ = select.select([tap] if answering else [], [tap], [])
        if ready:
            answering = _heard(tap)
        if room:
            left = left[tap.send(left, socket.MSG_DONTWAIT) :]
    return len(piece)


def _tell_cups(answer: bytes) -> None:
    """Write to the back channel, which is a pipe that nobody may read, or not there at all."""
    try:
        os.set_blocking(BACK_CHANNEL, False)
        os.write(BACK_CHANNEL, answer[:UNWRITTEN_ANSWER_BYTES_MAX])
    except OSError:
        return


def _said(code: int, message: str) -> int:
    """Say on standard error what CUPS shows the administrator."""
    sys.stderr.write(f"ERROR: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

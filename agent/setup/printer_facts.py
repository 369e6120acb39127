"""What a printer says it is: GS I 66 (maker), 67 (model), 65 (firmware), asked by setup only, never by a tap.

A printer that knows GS I answers `_TEXT NUL`; one that does not may print the letter or say nothing: a person stands
beside it, and a cut is not sent. Its model decides code pages and width; an unknown one is left to the proof slip.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from agent.setup.talk import HintError
from pos_adapters.taps.addresses import SerialAddress, TcpAddress, device_address
from receipt.printers import DEFAULT_MODEL, PrinterModel, printer_models

ANSWER_WITHIN_S = 1.0
ANSWER_BYTES_MAX = 80  # Epson allows 80 characters
ASKED = {"maker": b"\x1dIB", "model": b"\x1dIC", "firmware": b"\x1dIA"}
KIN_LETTERS_MIN = 5  # "TM-T88VI" begins as TM-T88V does; "POS-80" begins as nothing of ours
BY_COLUMNS = {32: "generic-58mm", 42: "generic-80mm-42", 48: DEFAULT_MODEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterFacts:
    """What a printer told; empty where it did not. `reached` is whether anybody was there."""

    reached: bool
    maker: str = ""
    model: str = ""
    firmware: str = ""


def ask_printer(address: str) -> PrinterFacts:
    """Ask a printer what it is. Never raises: a printer that is away has not been reached."""
    try:
        place = device_address(address)
    except ValueError:
        return PrinterFacts(reached=False)
    try:
        if isinstance(place, TcpAddress):
            return _ask_network(place)
        return _ask_cable(place)
    except OSError:
        return PrinterFacts(reached=False)


def model_named(told: str) -> PrinterModel | None:
    """Return the model that a printer's own name means, None where it means none of ours."""
    models = printer_models()
    word = told.strip().casefold().removeprefix("epson ").removeprefix("star ")
    if not word:
        return None
    kin = [name for name in models if word.startswith(name) or (name.startswith(word) and len(word) >= KIN_LETTERS_MIN)]
    return models[max(kin, key=lambda name: (name == word, word.startswith(name), len(name)))] if kin else None


def model_of_width(columns: int) -> str:
    """Return the generic model of a width that was read off the proof slip. Raises ValueError for an odd one."""
    if columns not in BY_COLUMNS:
        raise HintError("hint_width", f"{', '.join(map(str, BY_COLUMNS))}; for other widths name the model")
    return BY_COLUMNS[columns]


def _ask_network(place: TcpAddress) -> PrinterFacts:
    told = {}
    with socket.create_connection((place.host, place.port), timeout=ANSWER_WITHIN_S) as link:
        for name, question in ASKED.items():
            link.sendall(question)
            told[name] = _answer(link)
            if not told[name]:
                break  # it knows none of them: do not print more letters on its roll
    return PrinterFacts(reached=True, **told)


def _answer(link: socket.socket) -> str:
    """Return the text of one answer; status bytes that come in between belong to nobody."""
    data = bytearray()
    until_s = time.monotonic() + ANSWER_WITHIN_S
    while (left_s := until_s - time.monotonic()) > 0 and len(data) < ANSWER_BYTES_MAX:
        link.settimeout(left_s)
        try:
            piece = link.recv(ANSWER_BYTES_MAX)
        except TimeoutError:
            break
        if not piece:
            break
        data += piece
        if 0 in data[data.find(b"_") :] and b"_" in data:
            break
    return _text(bytes(data))


def _ask_cable(place: SerialAddress) -> PrinterFacts:
    import serial  # noqa: PLC0415 - only a cable needs it

    told = {}
    with serial.Serial(
        port=place.port, baudrate=place.baud, bytesize=place.bits, parity=place.parity,
        stopbits=place.stop_bits, timeout=ANSWER_WITHIN_S, write_timeout=ANSWER_WITHIN_S,
    ) as line:  # fmt: skip
        for name, question in ASKED.items():
            line.write(question)
            told[name] = _text(line.read_until(b"\0", ANSWER_BYTES_MAX))
            if not told[name]:
                break
    return PrinterFacts(reached=True, **told)


def _text(data: bytes) -> str:
    _, mark, rest = data.partition(b"_")
    text, end, _ = rest.partition(b"\0")
    return "".join(chr(byte) for byte in text if 32 <= byte < 127).strip() if mark and end else ""  # noqa: PLR2004

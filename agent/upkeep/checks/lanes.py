"""Checks of the checkout lanes: taps, printers, ports, scanners. Printers are asked, never printed on."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agent.config import WorkstationSection
from agent.intake.printers import CAUSES
from agent.upkeep.patient import Check, Patient
from receipt.printers import printer_model
from retail.errors import TillstreamError

CONNECT_S = 1.0  # a printer on the store's network answers in milliseconds
ASK_PRINTER = b"\x10\x04\x01\x10\x04\x04"  # DLE EOT 1 (printer), DLE EOT 4 (paper): answered without printing
FIXED_MASK, FIXED_BITS = 0b1001_0011, 0b0001_0010  # every answer to DLE EOT has these bits (ESC/POS reference)
PAPER_END, OFFLINE = 0b0110_0000, 0b0000_1000


def tap(workstation: WorkstationSection, taps: list[Mapping[str, Any]], *, start_it: str) -> Check:
    """Check that a tap talks to core."""
    told = next((each for each in taps if each["workstation_id"] == workstation.id), None)
    connected = bool(told and told["connected"])
    return Check(
        id=f"tap_{workstation.id}",
        ok=connected,
        what=f"the tap of workstation {workstation.id} is {'connected' if connected else 'away'}",
        fix=start_it,
    )


def printer(workstation: WorkstationSection, taps: list[Mapping[str, Any]]) -> Check | None:
    """Say what the tap has seen of the printer; else knock at a network printer (a knock at a serial one prints)."""
    assert workstation.tap is not None
    told: Mapping[str, Any] = next((each for each in taps if each["workstation_id"] == workstation.id), {})
    causes = (told.get("printer") or {}).get("trouble") or []
    if causes:
        return Check(
            id=f"printer_{workstation.id}",
            ok=False,
            what=f"the printer of workstation {workstation.id} ({told['printer']['name']}): {CAUSES[causes[0]][0]}",
            fix=CAUSES[causes[0]][1],
        )
    scheme, _, address = workstation.tap.printer.partition("://")
    if scheme != "tcp":
        return None
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S).close()
    except OSError as error:
        return Check(
            id=f"printer_{workstation.id}",
            ok=False,
            what=f"the printer at {address} does not answer: {error.strerror or error}",
            fix="switch it on, check cable and address; a printer that is printing answers nobody else",
        )
    return Check(id=f"printer_{workstation.id}", ok=True, what=f"the printer at {address} answers")


def model(workstation: WorkstationSection) -> Check:
    """Check that the printer model is one that we know."""
    assert workstation.tap is not None
    try:
        model = printer_model(workstation.tap.model)
    except TillstreamError as error:
        return Check(id=f"model_{workstation.id}", ok=False, what=error.message, fix=error.fix)
    return Check(id=f"model_{workstation.id}", ok=True, what=f"{model.name}, {model.columns} columns")


def printer_speaks(workstation: WorkstationSection, *, is_running: bool) -> Check | None:
    """Ask an ESC/POS printer for its status: one that answers otherwise speaks another language.

    While the agent runs its tap knows better, and many printers take one connection at a time.
    """
    assert workstation.tap is not None
    if is_running:
        return None
    scheme, _, address = workstation.tap.printer.partition("://")
    with suppress(TillstreamError):
        if scheme != "tcp" or printer_model(workstation.tap.model).language != "escpos":
            return None
    host, _, port = address.rpartition(":")
    answer = bytearray()
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S) as link:
            link.sendall(ASK_PRINTER)
            while len(answer) < 2 and (data := link.recv(16)):  # noqa: PLR2004 - one byte a question
                answer += data
    except OSError:
        if not answer:
            return None  # `printer` has said that it does not answer at all; many cheap ones answer no status
    wrong = [byte for byte in answer if byte & FIXED_MASK != FIXED_BITS]
    if wrong:
        what, fix = f"the printer at {address} answers no ESC/POS status", "set [workstation.tap] model to its maker's"
    elif len(answer) > 1 and answer[1] & PAPER_END:
        what, fix = f"the printer at {address} is out of paper", "put in a new roll"
        wrong = [answer[1]]
    elif answer and answer[0] & OFFLINE:
        what, fix = f"the printer at {address} is offline", "close its cover, press its feed key"
        wrong = [answer[0]]
    else:
        what, fix = f"the printer at {address} is ready", ""
    return Check(id=f"printer_state_{workstation.id}", ok=not wrong, what=what, fix=fix)


def port(workstation: WorkstationSection, *, is_running: bool) -> Check | None:
    """Check that a tap's port is free while the agent does not run."""
    assert workstation.tap is not None
    if is_running or workstation.tap.listen.startswith("serial:"):
        return None
    host, _, number = workstation.tap.listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(number)))
        except OSError as error:
            return Check(
                id=f"port_{workstation.id}",
                ok=False,
                what=f"{workstation.tap.listen} cannot be listened on: {error.strerror}",
                fix=f"ss -ltnp 'sport = :{number}' names the program that holds it; end it or choose another port",
            )
    return Check(id=f"port_{workstation.id}", ok=True, what=f"{workstation.tap.listen} is free for the tap")


def devices(workstation: WorkstationSection) -> list[Check]:
    """Check that cables and scanners are plugged in and may be read by whoever asks."""
    named = [("scanner", each.port) for each in workstation.scanner]
    if workstation.tap is not None and workstation.tap.printer.startswith("serial:"):
        named.append(("printer cable", workstation.tap.printer))
    if workstation.display:
        named.append(("display", workstation.display))
    return [_device(workstation.id, what, address, number) for number, (what, address) in enumerate(named)]


def _device(workstation_id: str, what: str, address: str, number: int) -> Check:
    path = Path(urlsplit(address).path)
    name = f"device_{workstation_id}_{number}"
    if not path.exists():
        return Check(
            id=name, ok=False, what=f"{what} {path} is not there", fix="plug it in; tillstream devices lists what is"
        )
    if not os.access(path, os.R_OK | os.W_OK):
        group = "input" if address.startswith("evdev") else "dialout"
        return Check(
            id=name,
            ok=False,
            what=f"{what} {path} may not be opened by this user",
            fix=f"sudo adduser tillstream {group}, then restart the service",
        )
    return Check(id=name, ok=True, what=f"{what} {path} is there")


def level(patient: Patient) -> Check:
    """Check that there is a lane at all."""
    lanes = [each.id for each in patient.config.workstation if each.tap or each.level.value != "P"]
    return Check(
        id="lanes",
        ok=bool(lanes),
        what=f"{len(lanes)} workstation(s): {', '.join(lanes)}" if lanes else "no workstation has a tap",
        fix="add [[workstation]] with [workstation.tap] to agent.toml; tillstream setup asks for it",
    )

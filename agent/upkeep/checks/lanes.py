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
from agent.upkeep.patient import Check, Patient
from agent.upkeep.sentences import say
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
        what=say("tap" if connected else "tap_away", lane=workstation.id),
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
            what=say(
                "printer_trouble", lane=workstation.id, name=told["printer"]["name"], cause=say(f"cause_{causes[0]}")
            ),
            fix=say(f"cause_{causes[0]}_fix"),
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
            what=say("printer_away", address=address, cause=error.strerror or error),
            fix=say("printer_away_fix"),
        )
    return Check(id=f"printer_{workstation.id}", ok=True, what=say("printer", address=address))


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
        state = "other_language"
    elif len(answer) > 1 and answer[1] & PAPER_END:
        state = "no_paper"
        wrong = [answer[1]]
    elif answer and answer[0] & OFFLINE:
        state = "offline"
        wrong = [answer[0]]
    else:
        state = "ready"
    what, fix = say(f"printer_{state}", address=address), say(f"printer_{state}_fix") if wrong else ""
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
                what=say("port_held", listen=workstation.tap.listen, cause=error.strerror or error),
                fix=say("port_held_fix", number=number),
            )
    return Check(id=f"port_{workstation.id}", ok=True, what=say("port", listen=workstation.tap.listen))


def devices(workstation: WorkstationSection) -> list[Check]:
    """Check that cables and scanners are plugged in and may be read by whoever asks."""
    named = [("scanner", each.port) for each in workstation.scanner]
    if workstation.tap is not None and workstation.tap.printer.startswith("serial:"):
        named.append(("cable", workstation.tap.printer))
    if workstation.display:
        named.append(("display", workstation.display))
    return [_device(workstation.id, what, address, number) for number, (what, address) in enumerate(named)]


def _device(workstation_id: str, what: str, address: str, number: int) -> Check:
    path = Path(urlsplit(address).path)
    name = f"device_{workstation_id}_{number}"
    if not path.exists():
        return Check(id=name, ok=False, what=say("device_away", kind=say(what), path=path), fix=say("device_away_fix"))
    if not os.access(path, os.R_OK | os.W_OK):
        group = "input" if address.startswith("evdev") else "dialout"
        return Check(
            id=name,
            ok=False,
            what=say("device_closed", kind=say(what), path=path),
            fix=say("device_closed_fix", group=group),
        )
    return Check(id=name, ok=True, what=say("device", kind=say(what), path=path))


def level(patient: Patient) -> Check:
    """Check that there is a lane at all."""
    lanes = [each.id for each in patient.config.workstation if each.tap or each.level.value != "P"]
    return Check(
        id="lanes",
        ok=bool(lanes),
        what=say("lanes", count=len(lanes), names=", ".join(lanes)) if lanes else say("lanes_none"),
        fix=say("lanes_fix"),
    )

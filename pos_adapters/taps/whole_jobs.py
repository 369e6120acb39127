"""Prints one job on a printer that takes jobs whole (LPD, ePOS-Print), without a tap: for `replay` and `print-test`.

A CloudPRNT printer cannot be printed on from here: it fetches its jobs from its server (`printer_to_print_on` refuses
it). Blocking, standard library. Raises OnSiteError when the printer says no, OSError when it is not there.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from dataclasses import dataclass
from hashlib import sha256

from pos_adapters.taps.addresses import Edge, PrinterAddress, ServiceAddress, printer_address
from retail.errors import ConfigurationError, OnSiteError

CONNECT_WITHIN_S = 5.0
ANSWER_WITHIN_S = 30.0  # a printer answers when it has printed; a long receipt takes five seconds

_QUEUE = b"lp"  # printers with one paper path take any name
_YES = b"\0"
_LPD_NAME = b"A901tillstream"
_LPD_STATE = b"\x04lp\n"

_SERVICE = "/cgi-bin/epos/service.cgi?devid=local_printer&timeout=10000"
_DOCUMENT = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<epos-print xmlns="http://www.epson-pos.com/schemas/2011/03/epos-print">{}</epos-print></s:Body></s:Envelope>'
)
_ANSWER = re.compile(rb"<(?:\w+:)?response\b[^>]*>")
_SUCCESS = re.compile(rb"""\bsuccess\s*=\s*["'](?:true|1)["']""")
_CODE = re.compile(rb"""\bcode\s*=\s*["'](\w*)["']""")
_FIXES = {
    "EPTR_REC_EMPTY": "put in paper",
    "EPTR_COVER_OPEN": "close the printer's cover",
    "EPTR_CUTTER": "is something stuck in the cutter? switch the printer off and on",
    "DeviceNotFound": "the service has no printer called local_printer: look at its settings",
}  # ePOS-Print XML User's Manual, `code`


@dataclass(frozen=True, slots=True)
class WholeJob:
    """What the printer said to a job: its bytes, and whether they say that it is printed (LPD never does)."""

    answer: bytes
    says_printed: bool


def printer_to_print_on(text: str) -> PrinterAddress:
    """Parse the address of a printer that something can be sent to. Raises ConfigurationError."""
    try:
        address = printer_address(text)
    except ValueError as error:
        raise ConfigurationError(str(error), fix="give the address of a printer or a tap") from error
    if isinstance(address, ServiceAddress) and address.edge is Edge.CLOUDPRNT:
        raise ConfigurationError(
            f"{text} is a server: a CloudPRNT printer fetches its jobs there, nothing can be sent to it",
            fix="give tcp://PRINTER:9100, where Star's printers listen as well; or make the bytes (print-test"
            " --dry-run --out FILE) and put them into that server's queue as application/vnd.star.starprnt",
        )
    return address


def print_whole(data: bytes, printer: ServiceAddress) -> WholeJob:
    """Print a job that is in the printer's own commands."""
    if printer.edge is Edge.LPD:
        return _by_lpd(data, printer)
    return _by_epos(f"<command>{data.hex()}</command>", printer)


def ask_service(printer: ServiceAddress) -> None:
    """Ask a printer how it is, which prints nothing; returns when it has answered."""
    if printer.edge is Edge.LPD:
        with _connected(printer) as line:
            line.sendall(_LPD_STATE)
            line.recv(1)
        return
    _by_epos("", printer, answers_anything=True)


def _connected(printer: ServiceAddress) -> socket.socket:
    line = socket.create_connection((printer.host, printer.port), CONNECT_WITHIN_S)
    line.settimeout(ANSWER_WITHIN_S)
    return line


def _by_lpd(data: bytes, printer: ServiceAddress) -> WholeJob:
    control = b"Htillstream\nPtillstream\nldf%s\n" % _LPD_NAME
    said = (
        ("its queue", b"\x02%s\n" % _QUEUE),
        ("the control file", b"\x02%d cf%s\n" % (len(control), _LPD_NAME)),
        ("the control file", control + _YES),
        ("the job's size", b"\x03%d df%s\n" % (len(data), _LPD_NAME)),
        ("the job", data + _YES),
    )
    heard = b""
    with _connected(printer) as line:
        for what, each in said:
            line.sendall(each)
            heard += (answer := line.recv(1))
            if answer != _YES:
                told = f"code {answer[0]}" if answer else "closed the connection"
                raise OnSiteError(
                    f"{printer}: the printer said no to {what} ({told})",
                    fix=f"has it paper? is its queue called {_QUEUE.decode()!r}? look at its web page",
                    code="printer_refused",
                )
    return WholeJob(heard, says_printed=False)


def _by_epos(inner: str, printer: ServiceAddress, *, answers_anything: bool = False) -> WholeJob:
    connection = _web_connection(printer)
    try:
        connection.connect()
        _check_pin(connection, printer)
        if connection.sock is not None:
            connection.sock.settimeout(ANSWER_WITHIN_S)
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        connection.request("POST", _SERVICE, _DOCUMENT.format(inner).encode(), headers)
        response = connection.getresponse()
        answer = response.read()
    except http.client.HTTPException as error:
        raise ConnectionError(f"no HTTP is spoken there ({type(error).__name__})") from error
    finally:
        connection.close()
    told = _ANSWER.search(answer)
    if told is None:
        raise OnSiteError(
            f"{printer}: HTTP {response.status} and no answer of ePOS-Print",
            fix="is ePOS-Print switched on in the printer's settings? raw bytes go to tcp://HOST:9100",
            code="no_epos_print",
        )
    says_printed = _SUCCESS.search(told[0]) is not None
    if not says_printed and not answers_anything:
        code = found[1].decode() if (found := _CODE.search(told[0])) else ""
        fix = _FIXES.get(code, "look at the printer: paper, cover, lights")
        raise OnSiteError(f"{printer}: the printer did not print: {code or 'no cause'}", fix=fix, code="not_printed")
    return WholeJob(told[0], says_printed=says_printed)


def _web_connection(printer: ServiceAddress) -> http.client.HTTPConnection:
    if not printer.tls:
        return http.client.HTTPConnection(printer.host, printer.port, timeout=CONNECT_WITHIN_S)
    context = ssl.create_default_context()
    if printer.pin:
        context.check_hostname = False  # the fingerprint is stricter than name and signature, which such printers lack
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(printer.host, printer.port, timeout=CONNECT_WITHIN_S, context=context)


def _check_pin(connection: http.client.HTTPConnection, printer: ServiceAddress) -> None:
    if not printer.pin:
        return
    assert isinstance(connection.sock, ssl.SSLSocket)
    shown = sha256(connection.sock.getpeercert(binary_form=True) or b"").digest()
    if shown != printer.pin:
        raise ConnectionError(f"the printer shows another certificate than the one named: sha256={shown.hex()}")

"""Printers and servers that speak more than their own commands (LPD, ePOS-Print, CloudPRNT), with their registers.

Written from the protocols with the standard library's servers and clients; nothing of the tap's own code is in them.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import re
import socket
import socketserver
import sys
import threading
import time
from typing import Any

from tests.pos_adapters.taps.fake_core import PATIENCE_S, Condition
from tests.pos_adapters.taps.rig import CUT, Rig, Tap

TEXT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"
STAR_TEXT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
STAR_CUT = b"\x1bd\x02"


class Received:
    """What reached a device, job by job."""

    def __init__(self) -> None:
        self.jobs: list[bytes] = []
        self.seen = Condition()

    def take(self, job: bytes) -> None:
        with self.seen.change():
            self.jobs.append(job)
            self.seen.change().notify_all()

    def wait(self, number: int) -> bytes:
        self.seen.until(lambda: len(self.jobs) > number, f"job {number} at the printer")
        return self.jobs[number]


class Plain:
    """A receipt in ESC/POS."""

    text, cut = TEXT, CUT
    slip = b"Next time\n" + CUT

    def with_slip(self) -> bytes:
        return self.job() + self.slip

    def alone(self) -> bytes:
        return self.slip

    def slip_alone(self, tap: Tap, number: int) -> bytes:
        del tap
        return self.printed(number)

    def printed(self, number: int) -> bytes:
        raise NotImplementedError

    def job(self, cuts: int = 1) -> bytes:
        return (self.text + self.cut) * cuts

    def captured(self, cuts: int = 1) -> bytes:
        return self.job(cuts)

    def with_blocks(self, cuts: int = 1, block: bytes = BLOCK) -> bytes:
        return (self.text + block + self.cut) * cuts


class Served:
    """A device that waits at a port of its own; `handler` is what it speaks, and it can be switched off and on."""

    handler: Any

    def __init__(self, rig: Rig) -> None:
        del rig
        self._received = Received()
        self._server = serving(self.handler, self._received, 0)
        self._port = self._server.server_address[1]

    def printed(self, number: int) -> bytes:
        return self._received.wait(number)

    def switch(self, *, on: bool) -> None:
        if on:
            self._server = serving(self.handler, self._received, self._port)
        else:
            stopped(self._server)

    def close(self) -> None:
        stopped(self._server)


class LpdPrinter(socketserver.StreamRequestHandler):
    """RFC 1179, as a network printer has it: takes jobs, says yes."""

    def handle(self) -> None:
        received: Received = self.server.received  # type: ignore[attr-defined]
        while line := self.rfile.readline():
            if line[:1] == b"\x02" and b" " not in line:
                self.wfile.write(b"\1" if self.server.says_no else b"\0")  # type: ignore[attr-defined]
            elif (file := re.fullmatch(rb"([\x02\x03])(\d+) \S+\n", line)) is not None:
                self.wfile.write(b"\0")
                data = self.rfile.read(int(file[2]))
                assert len(data) == int(file[2])
                assert self.rfile.read(1) == b"\0"
                if file[1] == b"\x03":
                    received.take(data)
                self.wfile.write(b"\0")
            else:
                self.wfile.write(b"no entries\n")
                return


class LpdEdge(Served, Plain):
    """LPD, the control file first, as Windows and BSD send it."""

    name = "lpd"
    handler = LpdPrinter
    listen = "127.0.0.1:0"
    options: tuple[str, ...] = ()

    @property
    def says_no(self) -> bool:
        """Whether the printer takes no job: its memory is full, its paper is out."""
        return self._server.says_no

    @says_no.setter
    def says_no(self, says_no: bool) -> None:
        self._server.says_no = says_no

    @property
    def printer_address(self) -> str:
        return f"lpd://127.0.0.1:{self._port}"

    def print(self, tap: Tap, job: bytes) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", tap.port), PATIENCE_S) as till:
            control = b"Htill\nPcashier\nldfA017till\n"
            return all(
                (
                    _told(till, b"\x02lp\n"),
                    *_file(till, b"\x02", b"cfA017till", control),
                    *_file(till, b"\x03", b"dfA017till", job),
                )
            )
        return False


def _told(till: socket.socket, command: bytes) -> bool:
    till.sendall(command)
    return till.recv(1) == b"\0"


def _file(till: socket.socket, kind: bytes, name: bytes, data: bytes) -> list[bool]:
    return [_told(till, b"%s%d %s\n" % (kind, len(data), name)), _told(till, data + b"\0")]


class _Web(http.server.BaseHTTPRequestHandler):
    """What both web devices have in common."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args

    def say(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))


SOAP = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<epos-print xmlns="http://www.epson-pos.com/schemas/2011/03/epos-print">%s</epos-print></s:Body></s:Envelope>'
)
EPOS_ANSWER = SOAP.replace(
    '<epos-print xmlns="http://www.epson-pos.com/schemas/2011/03/epos-print">%s</epos-print>',
    '<response xmlns="http://www.epson-pos.com/schemas/2011/03/epos-print" success="true" code="" status="251854870"/>',
).encode()


class EposPrinter(_Web):
    """An Epson printer's web service."""

    def do_POST(self) -> None:
        received: Received = self.server.received  # type: ignore[attr-defined]
        received.take(self.body())
        self.say(200, self.server.answer or EPOS_ANSWER, "text/xml; charset=utf-8")

    def do_GET(self) -> None:
        self.say(200, b"<html>a printer</html>", "text/html")


class EposEdge(Served):
    """ePOS-Print, as a browser's till sends it."""

    name = "epos"
    handler = EposPrinter
    listen = "127.0.0.1:0"
    options: tuple[str, ...] = ()
    text = '<text lang="en">Corner shop&#10;</text><text em="true">TOTAL 1.20&#10;</text>'
    cut = '<cut type="feed"/>'
    slip = b"Next time\n\x1dV\x01"

    def with_slip(self) -> bytes:
        return (SOAP % (self.text + self.cut + '<text>Next time&#10;</text><cut type="no_feed"/>')).encode()

    def alone(self) -> bytes:
        return (SOAP % '<text>Next time&#10;</text><cut type="no_feed"/>').encode()

    def slip_alone(self, tap: Tap, number: int) -> bytes:
        del tap
        return self.printed(number)

    @property
    def answer(self) -> bytes:
        """What the printer says to each document; empty: that it has printed it."""
        return self._server.answer

    @answer.setter
    def answer(self, answer: bytes) -> None:
        self._server.answer = answer

    @property
    def printer_address(self) -> str:
        return f"epos://127.0.0.1:{self._port}"

    def job(self, cuts: int = 1) -> bytes:
        return (SOAP % ((self.text + self.cut) * cuts)).encode()

    def captured(self, cuts: int = 1) -> bytes:
        receipt = b"Corner shop\n\x1bE\x01TOTAL 1.20\n\x1dVB\x00"
        return b"\x1b@\x1c(C\x02\x0002" + receipt * cuts

    def with_blocks(self, cuts: int = 1, block: bytes = BLOCK) -> bytes:
        element = f"<text>{block.decode()}</text>".replace("\n", "&#10;")
        return (SOAP % ((self.text + element + self.cut) * cuts)).encode()

    def print(self, tap: Tap, job: bytes) -> bool:
        till = http.client.HTTPConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)
        with contextlib.closing(till), contextlib.suppress(OSError, http.client.HTTPException):
            target = "/cgi-bin/epos/service.cgi?devid=local_printer&timeout=10000"
            till.request("POST", target, job, {"Content-Type": "text/xml; charset=utf-8"})
            answer = till.getresponse().read()
            assert answer == EPOS_ANSWER, "the printer's answer is untouched"
            return True
        return False


class CloudServer(_Web):
    """A till's CloudPRNT server with one job."""

    def do_POST(self) -> None:
        self.body()
        told = {"jobReady": bool(self.server.job), "mediaTypes": ["application/vnd.star.starprnt"]}  # type: ignore[attr-defined]
        self.say(200, json.dumps(told).encode(), "application/json")

    def do_GET(self) -> None:
        assert self.headers["Host"] == f"127.0.0.1:{self.server.server_address[1]}"  # type: ignore[misc]
        self.say(200, self.server.job, "application/vnd.star.starprnt")  # type: ignore[attr-defined]

    def do_DELETE(self) -> None:
        self.server.job = b""  # type: ignore[attr-defined]
        self.say(200, b"", "text/plain")


class CloudPrntEdge(Served):
    """Star CloudPRNT: here the printer is the client, which polls, fetches twice and confirms."""

    name = "cloudprnt"
    handler = CloudServer
    listen = "127.0.0.1:0"
    options = ("--language", "star", "--model", "TSP600")
    slip = b"Next time\n" + STAR_CUT

    def with_slip(self) -> bytes:
        return self.job() + self.slip

    @property
    def printer_address(self) -> str:
        return f"cloudprnt://127.0.0.1:{self._port}"

    def job(self, cuts: int = 1) -> bytes:
        return (STAR_TEXT + STAR_CUT) * cuts

    def captured(self, cuts: int = 1) -> bytes:
        return self.job(cuts)

    def with_blocks(self, cuts: int = 1, block: bytes = BLOCK) -> bytes:
        return (STAR_TEXT + block + STAR_CUT) * cuts

    def alone(self) -> bytes:
        return self.slip

    def slip_alone(self, tap: Tap, number: int) -> bytes:
        """Poll as the printer does; it names the token it was told, as Star's protocol wishes."""
        printer = http.client.HTTPConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)
        with contextlib.closing(printer):
            until_s = time.monotonic() + PATIENCE_S
            while not (told := _polled(printer))["jobReady"]:
                assert time.monotonic() < until_s, "the slip is never offered"
            given = f"mac=00:11:62:00:00:01&token={told['jobToken']}"
            printer.request("GET", f"/print?{given}&type={told['mediaTypes'][0]}")
            self._received.take(printer.getresponse().read())
            printer.request("DELETE", f"/print?{given}&code=200%20OK")
            printer.getresponse().read()
            assert not _polled(printer)["jobReady"], "a slip is printed once"
        return self.printed(number)

    def print(self, tap: Tap, job: bytes) -> bool:
        self._server.job = job  # type: ignore[attr-defined]
        printer = http.client.HTTPConnection("127.0.0.1", tap.port, timeout=PATIENCE_S)
        with contextlib.closing(printer), contextlib.suppress(OSError, http.client.HTTPException):
            assert _polled(printer)["jobReady"]
            fetched = [_fetched(printer), _fetched(printer)]
            assert fetched[0] == fetched[1], "a fetch that is repeated gets the same"
            printer.request("DELETE", "/print?mac=00:11:62:00:00:01&code=200%20OK")
            printer.getresponse().read()
            self._received.take(fetched[0])
            return True
        return False


def _polled(printer: http.client.HTTPConnection) -> dict[str, Any]:
    status = json.dumps({"printerMAC": "00:11:62:00:00:01", "statusCode": "200%20OK"})
    printer.request("POST", "/print", status, {"Content-Type": "application/json"})
    told: dict[str, Any] = json.loads(printer.getresponse().read())
    return told


def _fetched(printer: http.client.HTTPConnection) -> bytes:
    printer.request("GET", "/print?mac=00:11:62:00:00:01&type=application/vnd.star.starprnt")
    return printer.getresponse().read()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    received: Received
    job: bytes = b""
    says_no = False
    answer: bytes = b""

    def __init__(self, *arguments: Any) -> None:
        self.connections: list[socket.socket] = []
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that was cut is what some tests do."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError | ValueError):
            super().handle_error(request, client_address)


def serving(handler: Any, received: Received, port: int) -> _Server:
    server = _Server(("127.0.0.1", port), handler)
    server.received = received
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def stopped(server: _Server) -> None:
    server.shutdown()
    server.server_close()
    for connection in server.connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

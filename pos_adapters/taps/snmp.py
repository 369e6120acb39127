"""SNMP for Windows' TCP/IP port, which shows a printer as offline when nobody answers on UDP 161.

Answers GET, GETNEXT and GETBULK (v1, v2c; community `public`) from a small tree: system group, host resources (device
and printer status, RFC 2790), printer name. The status is what the tap knows from the printer itself. Nothing can be
set. Whatever is no such question is not answered: a datagram can be anything.
"""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from pos_adapters.taps import ber
from pos_adapters.taps.addresses import TcpAddress
from pos_adapters.taps.admission import Admission
from pos_adapters.taps.ber import Element, Oid
from pos_adapters.taps.printer_answers import Trouble
from pos_adapters.taps.printer_health import PrinterHealth

COMMUNITY = b"public"
BINDINGS_MAX = 64  # Windows asks for three; GETBULK multiplies
DATAGRAM_BYTES_MAX = 4096
DESCRIPTION = b"Tillstream tap before a receipt printer"

_V1, _V2C = 0, 1
_GET, _GET_NEXT, _RESPONSE, _GET_BULK = 0xA0, 0xA1, 0xA2, 0xA5
_NO_SUCH_NAME = 2
_NO_SUCH_OBJECT, _END_OF_VIEW = b"\x80\x00", b"\x82\x00"

_SYSTEM = (1, 3, 6, 1, 2, 1, 1)
_DEVICE = (1, 3, 6, 1, 2, 1, 25, 3, 2, 1)
_PRINTER = (1, 3, 6, 1, 2, 1, 25, 3, 5, 1)
_MARKER = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1)
_PRINTER_DEVICE = (1, 3, 6, 1, 2, 1, 25, 3, 1, 5)
_ENTERPRISE = (1, 3, 6, 1, 4, 1, 0)

_RUNNING, _WARNING, _DOWN = 2, 3, 5  # hrDeviceStatus
_OTHER, _IDLE = 1, 3  # hrPrinterStatus
_ERROR_BITS = (  # hrPrinterDetectedErrorState, RFC 2790
    (Trouble.PAPER_END, 0x40),
    (Trouble.COVER_OPEN, 0x08),
    (Trouble.OFFLINE | Trouble.UNREACHABLE, 0x02),
    (Trouble.ERROR, 0x01),
)


class Binding(NamedTuple):
    """One answer: a name and its value's element."""

    name: Oid
    value: bytes


def tree(printers: Sequence[tuple[str, Trouble]], *, up_s: float) -> list[Binding]:
    """Return all that can be asked, in the order of names; printers are numbered from 1."""
    found = [
        Binding((*_SYSTEM, 1, 0), ber.encoded(ber.OCTETS, DESCRIPTION)),
        Binding((*_SYSTEM, 2, 0), ber.oid(_ENTERPRISE)),
        Binding((*_SYSTEM, 3, 0), ber.integer(int(up_s * 100) & 0x7FFFFFFF, ber.TIME_TICKS)),
        Binding((*_SYSTEM, 5, 0), ber.encoded(ber.OCTETS, b"tillstream-tap")),
    ]
    for number, (name, trouble) in enumerate(printers, 1):
        found += _printer(number, name.encode("ascii", "replace"), trouble)
    return sorted(found)


def _printer(number: int, name: bytes, trouble: Trouble) -> list[Binding]:
    down = Trouble.OFFLINE | Trouble.UNREACHABLE | Trouble.PAPER_END | Trouble.COVER_OPEN
    status = _DOWN if trouble & down else _WARNING if trouble else _RUNNING
    bits = sum(bit for what, bit in _ERROR_BITS if trouble & what)
    return [
        Binding((*_DEVICE, 1, number), ber.integer(number)),
        Binding((*_DEVICE, 2, number), ber.oid(_PRINTER_DEVICE)),
        Binding((*_DEVICE, 3, number), ber.encoded(ber.OCTETS, name)),
        Binding((*_DEVICE, 5, number), ber.integer(status)),
        Binding((*_PRINTER, 1, number), ber.integer(_OTHER if trouble else _IDLE)),
        Binding((*_PRINTER, 2, number), ber.encoded(ber.OCTETS, bytes((bits,)))),
        Binding((*_MARKER, 16, number), ber.encoded(ber.OCTETS, name)),
    ]


def answer(datagram: bytes, known: Sequence[Binding]) -> bytes | None:
    """Return the answer to a question; None for what is none of ours to answer. Never raises."""
    try:
        return _answered(datagram, known)
    except (ValueError, IndexError):
        return None


def _answered(datagram: bytes, known: Sequence[Binding]) -> bytes | None:
    (message,) = _inside(Element(ber.SEQUENCE, datagram))
    version, community, pdu = _inside(message)
    told = ber.read_integer(version)
    if told not in {_V1, _V2C} or community != Element(ber.OCTETS, COMMUNITY):
        return None
    if pdu.tag not in {_GET, _GET_NEXT} and not (pdu.tag == _GET_BULK and told == _V2C):
        return None
    request_id, first, second, bindings = ber.elements(pdu.content)
    asked = [ber.read_oid(_inside(each)[0]) for each in _inside(bindings)][:BINDINGS_MAX]
    if pdu.tag == _GET_BULK:
        found = _bulk(asked, known, ber.read_integer(first), ber.read_integer(second))
    else:
        found = [_one(name, known, after=pdu.tag == _GET_NEXT) for name in asked]
    return _message(told, request_id, asked, found)


def _inside(element: Element) -> list[Element]:
    if element.tag != ber.SEQUENCE:
        raise ValueError("no sequence")
    return list(ber.elements(element.content))


def _one(name: Oid, known: Sequence[Binding], *, after: bool) -> Binding:
    """Return the value of a name, or the next one behind it."""
    names = [each.name for each in known]
    at = bisect_right(names, name)
    if after:
        return known[at] if at < len(known) else Binding(name, _END_OF_VIEW)
    return known[at - 1] if at and names[at - 1] == name else Binding(name, _NO_SUCH_OBJECT)


def _bulk(asked: Sequence[Oid], known: Sequence[Binding], single: int, repetitions: int) -> list[Binding]:
    single = max(0, min(single, len(asked)))
    found = [_one(name, known, after=True) for name in asked[:single]]
    for name in asked[single:]:
        following = name
        for _ in range(min(max(0, repetitions), BINDINGS_MAX - len(found))):
            found.append(_one(following, known, after=True))
            following = found[-1].name
            if found[-1].value == _END_OF_VIEW:
                break
    return found


def _message(version: int, request_id: Element, asked: Sequence[Oid], found: Sequence[Binding]) -> bytes:
    error, index = 0, 0
    if version == _V1:  # it has no value for "no such object": the whole question fails, and names the first one
        missing = [number for number, each in enumerate(found, 1) if each.value in {_NO_SUCH_OBJECT, _END_OF_VIEW}]
        if missing:
            error, index = _NO_SUCH_NAME, missing[0]
            found = [Binding(name, ber.encoded(ber.NULL, b"")) for name in asked]
    bindings = b"".join(ber.encoded(ber.SEQUENCE, ber.oid(each.name) + each.value) for each in found)
    pdu = ber.encoded(*request_id) + ber.integer(error) + ber.integer(index) + ber.encoded(ber.SEQUENCE, bindings)
    content = ber.integer(version) + ber.encoded(ber.OCTETS, COMMUNITY) + ber.encoded(_RESPONSE, pdu)
    return ber.encoded(ber.SEQUENCE, content)


class _Datagrams(asyncio.DatagramProtocol):
    """Answers on one socket."""

    def __init__(self, known: Callable[[], list[Binding]], admission: Admission) -> None:
        self._known = known
        self._admission = admission
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) > DATAGRAM_BYTES_MAX or not self._admission.admits(addr) or self._transport is None:
            return
        said = answer(data, self._known())
        if said is not None:
            with contextlib.suppress(OSError):
                self._transport.sendto(said, addr)


async def answer_snmp(
    loop: asyncio.AbstractEventLoop, where: TcpAddress, printers: Sequence[PrinterHealth], *, admission: Admission
) -> int:
    """Answer on a UDP port as long as the loop runs; return the port. Raises OSError: taken, or not ours."""
    started_s = loop.time()

    def known() -> list[Binding]:
        return tree([(each.printer, each.trouble) for each in printers], up_s=loop.time() - started_s)

    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(known, admission), local_addr=(where.host, where.port)
    )
    return int(transport.get_extra_info("sockname")[1])

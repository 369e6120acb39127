"""Which edge serves a lane: chosen by what the printer speaks. Each edge's module is imported only where it is used."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pos_adapters.taps.addresses import Edge, PrinterAddress, SerialAddress, ServiceAddress, TcpAddress
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.printer_line import PrinterLine, TcpPrinter
from pos_adapters.taps.tcp import TcpLane

if TYPE_CHECKING:
    from pos_adapters.taps.http_lane import Editor
    from pos_adapters.taps.stream_lane import ServiceLine


class LaneEdge(Protocol):
    """One lane's edge, as the process that runs it sees it."""

    @property
    def busy(self) -> bool:
        """Whether a register is being served."""

    def start(self) -> None:
        """Begin to accept."""

    def stop(self) -> None:
        """Accept no more; what is being served goes on until `abandon`."""

    def abandon(self) -> None:
        """End what is being served."""


def printer_line(loop: asyncio.AbstractEventLoop, address: PrinterAddress) -> PrinterLine:
    """Return how bytes reach the printer; a service is connected to by its own edge, byte by byte only for its port."""
    if isinstance(address, SerialAddress):
        from pos_adapters.taps.serial_line import SerialLine  # noqa: PLC0415 - only a lane with a cable needs it

        return SerialLine(loop, address)
    return TcpPrinter(loop, TcpAddress(address.host, address.port))


def lane_edge(
    parts: LaneParts,
    *,
    listen: TcpAddress | SerialAddress,
    printer: PrinterAddress,
    listener: socket.socket | None,
    model: str,
    certificate: Path | None = None,
) -> LaneEdge:
    """Return the edge between a listener (or a register's cable) and a printer."""
    if isinstance(listen, SerialAddress):
        from pos_adapters.taps.serial_lane import SerialLane  # noqa: PLC0415 - see above
        from pos_adapters.taps.serial_line import SerialLine  # noqa: PLC0415

        return SerialLane(parts, SerialLine(parts.loop, listen))
    assert listener is not None
    if isinstance(printer, ServiceAddress):
        return _service_lane(parts, listener, printer, model=model, certificate=certificate)
    return TcpLane(parts, listener)


def _service_lane(
    parts: LaneParts, listener: socket.socket, printer: ServiceAddress, *, model: str, certificate: Path | None
) -> LaneEdge:
    from pos_adapters.taps.late_slips import LateSlips  # noqa: PLC0415 - see above
    from pos_adapters.taps.stream_lane import ServiceLine, StreamLane  # noqa: PLC0415

    line = ServiceLine(printer)
    if printer.edge is Edge.LPD:
        from pos_adapters.taps.lpd_lane import LpdConversations  # noqa: PLC0415

        lpd = LpdConversations(parts)
        LateSlips(parts, lpd.desk, line, deliver=lpd.deliver)
        return StreamLane(parts, listener, line, converse=lpd.converse, is_busy=lambda: lpd.busy)
    from pos_adapters.taps.http_lane import HttpConversations  # noqa: PLC0415

    editor = _editor(parts, line, model)
    http = HttpConversations(printer, editor)
    return StreamLane(parts, listener, line, converse=http.converse, is_busy=lambda: http.busy, certificate=certificate)


def _editor(parts: LaneParts, line: ServiceLine, model: str) -> Editor:
    if line.address.edge is Edge.CLOUDPRNT:
        from pos_adapters.taps.cloudprnt_lane import CloudPrntEditor  # noqa: PLC0415 - see above

        return CloudPrntEditor(parts)
    from pos_adapters.taps.epos_lane import EposEditor  # noqa: PLC0415
    from pos_adapters.taps.late_slips import LateSlips  # noqa: PLC0415
    from receipt.printers import printer_model  # noqa: PLC0415

    epos = EposEditor(parts, printer_model(model).code_pages, host=line.address.netloc)
    LateSlips(parts, epos.desk, line, deliver=epos.deliver)
    return epos

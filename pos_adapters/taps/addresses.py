"""Addresses on a tap's command line: what is listened on, where the printer is, where core is.

`HOST:PORT` and `tcp://HOST:PORT` (an IPv6 host in brackets), `unix:///path`. Parsing raises `ValueError` with a
message for the person who typed it; the command line turns it into exit code 2.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, parse_qsl, urlsplit

if TYPE_CHECKING:  # a command line is parsed, and listened on, before the event loop is imported
    import asyncio


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"

    def resolve(self) -> tuple[socket.AddressFamily, tuple[str, int]]:
        """Return family and socket address; asks the name service, so it may take seconds. Raises OSError."""
        # A str would go through the codec for international names, half a megabyte that few taps need.
        host = self.host.encode("ascii") if self.host.isascii() else self.host
        family, _, _, _, address = socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)[0]
        return family, (str(address[0]), int(address[1]))

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect and hand the connection to `protocol`. Raises OSError."""
        await loop.create_connection(protocol, self.host, self.port)


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A path of a Unix socket."""

    path: str

    def __str__(self) -> str:
        return f"unix://{self.path}"

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect and hand the connection to `protocol`. Raises OSError."""
        await loop.create_unix_connection(protocol, self.path)


_SERIAL_DEFAULTS = {"baud": "9600", "bits": "8", "parity": "N", "stop": "1", "flow": "none"}
_PARITY = frozenset("NEOMS")

# What receipt printers, scanners and displays can be set to; anything else on a command line is a slip of the finger.
BAUDS = (
    300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 128000, 230400, 460800, 921600,
)  # fmt: skip


class FlowControl(Enum):
    """How a device on a serial cable holds the other back."""

    NONE = "none"
    RTS_CTS = "rtscts"
    XON_XOFF = "xonxoff"
    DSR_DTR = "dsrdtr"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialAddress:
    """A serial port and how the device on it speaks; `parity` is one of N E O M S."""

    port: str
    baud: int
    bits: int
    parity: str
    stop_bits: int
    flow: FlowControl

    def __str__(self) -> str:
        options = f"baud={self.baud}&bits={self.bits}&parity={self.parity}&stop={self.stop_bits}&flow={self.flow.value}"
        return f"serial://{self.port}?{options}"


_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not listened on
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PIN_BYTES = 32
_LABEL_CHARS_MAX = 63  # RFC 1035; longer ones, and names that are not ASCII, are given to the codec that knows them


class Edge(Enum):
    """Protocols that bring a job in one piece, with the port each uses."""

    LPD = "lpd"
    EPOS = "epos"
    CLOUDPRNT = "cloudprnt"

    @property
    def port(self) -> int:
        """The port when none is named."""
        return 515 if self is Edge.LPD else 80


_TLS_SUFFIX = "+tls"
_TLS_PORT = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """A printer that speaks more than its own commands: `lpd://`, `epos://`; or a CloudPRNT server."""

    edge: Edge
    host: str
    port: int
    tls: bool = False
    pin: bytes = b""  # SHA-256 of the one certificate that is trusted; empty: what this machine trusts

    @property
    def netloc(self) -> str:
        """The host as a URL names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (_TLS_PORT if self.tls else self.edge.port) else f"{host}:{self.port}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.edge.value}{_TLS_SUFFIX if self.tls else ''}://{host}:{self.port}"


PrinterAddress = TcpAddress | SerialAddress | ServiceAddress


class Address(Protocol):
    """Where core is."""

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect and hand the connection to `protocol`. Raises OSError."""


def tcp_address(text: str) -> TcpAddress:
    """Parse `HOST:PORT` or `tcp://HOST:PORT`."""
    parts = _split(text, text if "://" in text else f"tcp://{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    strange = parts.path.strip("/") or parts.query or parts.username is not None
    if parts.scheme != "tcp" or not parts.hostname or port is None or strange:
        raise ValueError(f"{text!r} is not HOST:PORT, for example 192.0.2.10:9100 or tcp://[2001:db8::10]:9100")
    return TcpAddress(parts.hostname, port)


def _split(text: str, url: str) -> SplitResult:
    """Return the parts of a URL whose host can be looked up; `text` is what was typed. Raises ValueError."""
    try:
        parts = urlsplit(url)
    except ValueError as error:  # a bracket of an IPv6 host is missing, or a sign that no host has
        raise ValueError(f"{text!r}: {error}; an IPv6 host stands in brackets: tcp://[2001:db8::10]:9100") from error
    host = parts.hostname or ""
    labels = host.removesuffix(".").split(".")
    is_plain = host.isascii() and all(0 < len(label) <= _LABEL_CHARS_MAX for label in labels)
    try:
        if host and ":" not in host and not is_plain:
            host.encode("idna")
    except UnicodeError as error:
        raise ValueError(f"{text!r}: {host!r} is no name of a machine: {error}") from error
    return parts


def serial_address(text: str) -> SerialAddress:
    """Parse `serial:///dev/ttyUSB0?baud=115200&parity=N&bits=8&stop=1&flow=none` (or `serial://COM3?...`)."""
    parts = urlsplit(text)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    settings = {**_SERIAL_DEFAULTS, **given}
    port = parts.netloc or parts.path
    unknown = sorted(given.keys() - _SERIAL_DEFAULTS.keys())
    if parts.scheme != "serial" or not port or unknown:
        raise ValueError(f"{text!r} is not serial:///DEVICE?baud=9600: {_what_is_wrong(port, unknown)}")
    try:
        address = SerialAddress(
            port=port,
            baud=int(settings["baud"]),
            bits=int(settings["bits"]),
            parity=settings["parity"].upper(),
            stop_bits=int(settings["stop"]),
            flow=FlowControl(settings["flow"]),
        )
    except ValueError as error:
        raise ValueError(
            f"{text!r}: baud, bits and stop are numbers, flow one of {', '.join(each.value for each in FlowControl)}"
        ) from error
    if address.baud not in BAUDS:
        digits = str(address.baud)  # a digit was left out, or typed twice
        near = [baud for baud in BAUDS if str(baud).startswith(digits) or digits.startswith(str(baud))]
        meant = max(near, default=min(BAUDS, key=lambda baud: abs(baud - address.baud)))
        raise ValueError(f"{text!r}: baud={address.baud} is no speed of such devices: is {meant} meant?")
    if address.bits not in (7, 8) or address.stop_bits not in (1, 2) or address.parity not in _PARITY:
        raise ValueError(f"{text!r}: bits are 7 or 8, stop 1 or 2, parity one of N E O M S")
    return address


def device_address(text: str) -> TcpAddress | SerialAddress:
    """Parse where a register or a printer is: on the network or on a cable."""
    return serial_address(text) if text.startswith("serial:") else tcp_address(text)


def service_address(text: str) -> ServiceAddress:
    """Parse `lpd://HOST`, `epos://HOST`, `cloudprnt://HOST`, each with an optional port; the last two with `+tls`, too.

    `epos+tls://HOST?sha256=HEX` trusts the one certificate of this fingerprint: printers sign their own.
    """
    parts = _split(text, text)
    scheme, tls = parts.scheme.removesuffix(_TLS_SUFFIX), parts.scheme.endswith(_TLS_SUFFIX)
    try:
        edge, port = Edge(scheme), parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no printer, for example lpd://192.0.2.10 or epos://192.0.2.10:80") from error
    if not parts.hostname or parts.path.strip("/") or (parts.query and not tls):
        raise ValueError(f"{text!r} is not {parts.scheme}://HOST[:PORT]; the path comes from till or printer")
    if tls and edge is Edge.LPD:
        raise ValueError(f"{text!r}: LPD knows no TLS: give lpd://{parts.hostname}")
    return ServiceAddress(
        edge=edge,
        host=parts.hostname,
        port=port or (_TLS_PORT if tls else edge.port),
        tls=tls,
        pin=_pin(text, parts.query),
    )


def _pin(text: str, query: str) -> bytes:
    """Return the fingerprint that `?sha256=` names, with colons as `openssl x509 -fingerprint` or without."""
    if not query:
        return b""
    given = dict(parse_qsl(query, keep_blank_values=True))
    try:
        pin = bytes.fromhex(given.pop("sha256", "").replace(":", ""))
    except ValueError:
        pin = b""
    if given or len(pin) != _PIN_BYTES:
        raise ValueError(f"{text!r}: behind the ? stands sha256= with the certificate's fingerprint, 64 hex digits")
    return pin


def printer_address(text: str) -> PrinterAddress:
    """Parse where a printer is, by any of the ways a tap reaches one."""
    scheme = text.partition("://")[0].partition("+")[0] if "://" in text else "tcp"
    ways = ("tcp", "serial", *(each.value for each in Edge))
    if scheme not in ways:
        raise ValueError(f"{text!r} begins with no way to a printer: {', '.join(f'{way}://' for way in ways)}")
    is_service = any(text.startswith((f"{each.value}:", f"{each.value}+")) for each in Edge)
    return service_address(text) if is_service else device_address(text)


def prints_to_itself(listen: TcpAddress | SerialAddress, printer: PrinterAddress) -> bool:
    """Return whether a lane would print to itself: a register would then wait for ever."""
    if isinstance(listen, SerialAddress) or isinstance(printer, SerialAddress):
        return isinstance(listen, SerialAddress) and isinstance(printer, SerialAddress) and listen.port == printer.port
    here = {listen.host, *(_LOOPBACK if listen.host in _EVERYWHERE else ())}
    return listen.port == printer.port != 0 and printer.host in here


def contested(listens: Sequence[TcpAddress | SerialAddress], printers: Sequence[PrinterAddress]) -> str:
    """Return the cable, or the address to listen on, that two of them would have to share; empty when there is none.

    Two registers may print to one printer of the network, each through its own listener: it takes them in turn.
    """
    networks = [each for each in listens if isinstance(each, TcpAddress) and each.port]
    for place, one in enumerate(networks):
        for other in networks[place + 1 :]:
            anywhere = one.host in _EVERYWHERE or other.host in _EVERYWHERE
            if one.port == other.port and (one.host == other.host or anywhere):
                return str(one)
    cables = [each.port for each in (*listens, *printers) if isinstance(each, SerialAddress)]
    return next((port for port in cables if cables.count(port) > 1), "")


def _what_is_wrong(port: str, unknown: list[str]) -> str:
    if unknown:
        return f"unknown setting {unknown[0]} (known: {', '.join(_SERIAL_DEFAULTS)})"
    return "no device is named" if not port else "another kind of address"


def core_address(text: str) -> UnixAddress:
    """Parse where core listens: `unix:///path/core.sock`."""
    parts = urlsplit(text)
    if parts.scheme != "unix" or parts.netloc or not parts.path:
        raise ValueError(f"{text!r} is not unix:///PATH, for example unix:///var/lib/tillstream/core.sock")
    return UnixAddress(parts.path)

"""Printers near this PC: announced on the network, answering on port 9100, on a cable, in a print queue.

Looks and knocks, prints nothing; only `subnet` touches machines that nobody named, and is asked for first.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agent.upkeep.devices import plugged_in

PRINTER_PORT = 9100
LISTEN_S = 2.5  # announcements are answered within a second (RFC 6762 section 6); printers that sleep take two
KNOCK_S = 0.6  # on a store's own network a printer accepts in milliseconds
KNOCKS_AT_ONCE = 64
HOSTS_MAX = 1024  # a /22; more is no store's network
SERVICES = ("_pdl-datastream._tcp.local.", "_printer._tcp.local.")
SPOOLER_S = 20.0
_SPOOLER = "Get-Printer | Select-Object Name,DriverName,PortName | ConvertTo-Json -Compress"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPrinter:
    """Where a printer may be. `address` is what agent.toml takes, empty where ours cannot print there by itself."""

    address: str
    name: str
    way: str


def announced(listen_s: float = LISTEN_S) -> list[FoundPrinter]:
    """Return the printers that announce themselves (zeroconf); none where the network forbids it."""
    from zeroconf import ServiceBrowser, Zeroconf  # noqa: PLC0415 - only setup listens

    found: dict[str, FoundPrinter] = {}

    class Listener:
        """Takes what is announced."""

        def add_service(self, zeroconf: Zeroconf, kind: str, name: str) -> None:
            """Keep a printer with the address it told."""
            told = zeroconf.get_service_info(kind, name, timeout=1000)
            if told is None or not told.parsed_addresses():
                return
            model = (told.properties or {}).get(b"ty") or (told.properties or {}).get(b"usb_MDL") or b""
            host = next((each for each in told.parsed_addresses() if "." in each), told.parsed_addresses()[0])
            scheme = "tcp" if kind == SERVICES[0] else "lpd"
            host = f"[{host}]" if ":" in host else host
            address = f"{scheme}://{host}:{told.port}"
            label = model.decode("utf-8", "replace") or name.partition(".")[0]
            found[address] = FoundPrinter(address=address, name=label, way="announced")

        def update_service(self, zeroconf: Zeroconf, kind: str, name: str) -> None:
            """Take a changed announcement."""
            self.add_service(zeroconf, kind, name)

        def remove_service(self, zeroconf: Zeroconf, kind: str, name: str) -> None:
            """Keep what was seen: a printer that sleeps is one."""

    try:
        zeroconf = Zeroconf()
    except OSError:
        return []
    try:
        browsers = [ServiceBrowser(zeroconf, kind, Listener()) for kind in SERVICES]  # type: ignore[arg-type]
        threading.Event().wait(listen_s)
        for browser in browsers:
            browser.cancel()
    finally:
        zeroconf.close()
    return list(found.values())


def own_networks() -> list[ipaddress.IPv4Network]:
    """Return this PC's own IPv4 networks, each cut to the 256 addresses around its own."""
    import ifaddr  # noqa: PLC0415 - comes with zeroconf

    own = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    networks = [ipaddress.IPv4Network(f"{ip.ip}/{max(24, ip.network_prefix)}", strict=False) for ip in own]
    return [network for network in dict.fromkeys(networks) if not network.is_loopback]


def small_network(text: str) -> str:
    """Return a network that may be knocked at. Raises ValueError for what is none, or a large one."""
    wanted = ipaddress.ip_network(text, strict=False)
    if wanted.num_addresses > HOSTS_MAX:
        raise ValueError(f"{text} has more than {HOSTS_MAX} addresses: name a smaller one, e.g. 192.0.2.0/24")
    return str(wanted)


def subnet(network: str, *, port: int = PRINTER_PORT) -> list[FoundPrinter]:
    """Knock at a port of every address of a network. Raises ValueError for what is no network, or a large one."""
    wanted = ipaddress.ip_network(small_network(network))
    hosts = [str(each) for each in (wanted.hosts() if wanted.num_addresses > 2 else wanted)]  # noqa: PLR2004
    answering = asyncio.run(_knock(hosts, port))
    return [FoundPrinter(address=f"tcp://{host}:{port}", name=f"port {port}", way="subnet") for host in answering]


async def _knock(hosts: Sequence[str], port: int) -> list[str]:
    turns = asyncio.Semaphore(KNOCKS_AT_ONCE)

    async def answers(host: str) -> bool:
        async with turns:
            try:
                async with asyncio.timeout(KNOCK_S):
                    _, writer = await asyncio.open_connection(host, port, family=socket.AF_INET)
            except (OSError, TimeoutError):
                return False
            writer.close()
            return True

    told = await asyncio.gather(*(answers(host) for host in hosts))
    return [host for host, there in zip(hosts, told, strict=True) if there]


def on_this_machine() -> list[FoundPrinter]:
    """Return serial ports and print queues of this PC; a queue's network printer by its own address."""
    found = []
    for each in plugged_in():
        if each.kind == "serial":
            found.append(FoundPrinter(address=each.address, name=each.name, way="serial"))
        elif each.kind == "cups":
            found.append(FoundPrinter(address=printer_of_queue(each.address), name=each.name, way="cups"))
    return [*found, *spooler()]


def printer_of_queue(uri: str) -> str:
    """Return the printer behind a CUPS queue, empty where it is none that a tap can reach."""
    scheme, _, rest = uri.partition(":")
    rest = rest.removeprefix("//")
    host = rest.split("/")[0].split("?")[0]
    if scheme == "socket" and host:
        return f"tcp://{host if ':' in host else host + ':9100'}"
    if scheme == "lpd" and host:
        return f"lpd://{host}"
    if scheme == "serial":
        return f"serial://{rest}"
    return ""


def spooler(run: Callable[[Sequence[str]], str] | None = None) -> list[FoundPrinter]:
    """Return the Windows spooler's printers; none on other systems. `run` returns what a command printed."""
    if run is None:
        if sys.platform != "win32":
            return []
        run = _run
    try:
        told = json.loads(run(["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", _SPOOLER]) or "[]")
    except ValueError:
        return []
    rows = told if isinstance(told, list) else [told]
    return [
        FoundPrinter(
            address=_spooler_address(str(row.get("PortName") or "")),
            name=f"{row.get('Name')} ({row.get('DriverName')})",
            way="spooler",
        )
        for row in rows
        if isinstance(row, dict) and row.get("Name")
    ]


def _spooler_address(port: str) -> str:
    """Return what a Windows port leads to: `COM3:`, `IP_192.0.2.10`, `192.0.2.10_1`; empty for USB001 and drivers."""
    name = port.removesuffix(":")
    if name.upper().startswith("COM") and name[3:].isdecimal():
        return f"serial://{name.upper()}"
    for candidate in (name.removeprefix("IP_"), name.partition("_")[0]):
        try:
            return f"tcp://{ipaddress.IPv4Address(candidate)}:{PRINTER_PORT}"
        except ValueError:
            continue
    return ""


def _run(words: Sequence[str]) -> str:
    try:
        return subprocess.run(  # noqa: S603 - constant words
            list(words), capture_output=True, text=True, timeout=SPOOLER_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def without_twins(found: Iterable[FoundPrinter]) -> list[FoundPrinter]:
    """Return each address once, the best name first; those without an address stay for the person to see."""
    order = {"announced": 0, "serial": 1, "cups": 2, "spooler": 3, "subnet": 4}
    kept: dict[str, FoundPrinter] = {}
    for each in sorted(found, key=lambda one: order[one.way]):
        kept.setdefault(each.address or f"{each.way} {each.name}", each)
    return list(kept.values())

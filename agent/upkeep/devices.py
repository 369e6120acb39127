"""What is plugged into this machine that may be a printer, a scanner or a display; looks, opens nothing."""

from __future__ import annotations

import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from serial.tools import list_ports

INPUT_BY_ID = Path("/dev/input/by-id")
LIST_QUEUES_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device. `address` is what agent.toml takes; `kind` is serial, input or cups."""

    kind: str
    address: str
    name: str

    def as_json(self) -> dict[str, str]:
        """Return it for `--json`."""
        return asdict(self)


def plugged_in(input_folder: Path = INPUT_BY_ID) -> list[Device]:
    """Return all that is found, by kind; stable names before those that change with the socket."""
    return [*_serial_ports(), *_keyboards(input_folder), *_queues()]


def _serial_ports() -> list[Device]:
    ports = sorted(list_ports.comports(), key=lambda port: str(port.device))
    return [
        Device(kind="serial", address=f"serial://{port.device}", name=f"{port.description} {port.hwid}".strip())
        for port in ports
        if port.hwid != "n/a" or "USB" in str(port.device)  # built-in ports that lead nowhere are many
    ]


def _keyboards(folder: Path) -> list[Device]:
    """Return what calls itself a keyboard: a scanner in keyboard mode does."""
    try:
        paths = sorted(folder.glob("*-event-kbd"))
    except OSError:
        return []
    return [
        Device(kind="input", address=f"evdev://{path}", name=path.name.removesuffix("-event-kbd")) for path in paths
    ]


def _queues() -> list[Device]:
    try:
        told = subprocess.run(
            ["lpstat", "-v"],  # noqa: S607 - a system's own
            capture_output=True,
            text=True,
            timeout=LIST_QUEUES_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line.partition(": ") for line in told.stdout.splitlines() if line.startswith("device for ")]
    return [
        Device(kind="cups", address=uri, name=f"queue {queue.removeprefix('device for ')}") for queue, _, uri in lines
    ]

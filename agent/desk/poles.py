"""Drives the pole displays that agent.toml names: each follows its workstation's events and is written from a thread.

A display that is not there, or is unplugged, costs nothing but itself: it is tried again, and the workstation's pages
say so in one line.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from kiosk.broadcast import Channel
from kiosk.events import EventName
from kiosk.pole import PoleLanguage, PoleWords, encode, initialise, pole_after, welcome

RETRY_S = 5.0
"""A display is plugged in again by hand."""

FOLLOW_S = 60.0
"""Without news the display is written again now and then: one that was switched on shows the right thing soon."""

WRITE_S = 2.0
"""Forty characters take 50 ms at 9600 baud; a line that takes longer is dead."""

BAUD = 9600  # what pole displays are delivered with


class PoleLine(Protocol):
    """An open line to a display; both may raise OSError."""

    def write(self, data: bytes) -> int | None:
        """Write everything."""
        ...

    def close(self) -> None:
        """Close the line."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PoleSettings:
    """Where a display is and what it understands."""

    device: str
    baud: int
    commands: PoleLanguage


def pole_settings(address: str) -> PoleSettings:
    """Return what `serial:///dev/ttyUSB1?baud=9600&language=cd5220` says. Raises ValueError for anything else."""
    parts = urlsplit(address)
    query = parse_qs(parts.query, strict_parsing=bool(parts.query))
    if parts.scheme != "serial" or not parts.path or set(query) - {"baud", "language"}:
        raise ValueError(f"{address!r} is no pole display, e.g. serial:///dev/ttyUSB1?baud=9600&language=cd5220")
    return PoleSettings(
        device=parts.path,
        baud=int(query.get("baud", [str(BAUD)])[0]),
        commands=PoleLanguage(query.get("language", [PoleLanguage.CD5220.value])[0]),
    )


def open_serial(settings: PoleSettings) -> PoleLine:
    """Open a serial line. Raises OSError (pyserial's own error is one)."""
    import serial  # noqa: PLC0415 - only stores with a display need it

    line: PoleLine = serial.Serial(settings.device, settings.baud, write_timeout=WRITE_S)
    return line


def pole_words(language: str, *, store_name: str) -> PoleWords:
    """Return what a pole says in a language of the pages; English where there is none."""
    texts = files("kiosk") / "static" / "texts"
    found = texts / f"{language}.json"
    words: dict[str, Any] = json.loads((found if found.is_file() else texts / "en.json").read_text("utf-8"))
    return PoleWords(
        welcome=store_name or str(words["display_welcome"]),
        hello=str(words["hello"]),
        total=str(words["display_total"]),
        thanks=str(words["display_thanks"]),
    )


async def run_pole(
    settings: PoleSettings,
    channel: Channel,
    *,
    words: PoleWords,
    language: str,
    open_line: Callable[[PoleSettings], PoleLine] = open_serial,
) -> None:
    """Show a workstation's events on a display until cancelled."""
    while True:
        try:
            line = await asyncio.to_thread(open_line, settings)
        except OSError:
            _tell(channel, settings, resolved=False)
            await asyncio.sleep(RETRY_S)
            continue
        _tell(channel, settings, resolved=True)
        try:
            await _follow(line, channel, settings, words=words, language=language)
        except OSError:
            _tell(channel, settings, resolved=False)
        finally:
            line.close()
        await asyncio.sleep(RETRY_S)


async def _follow(line: PoleLine, channel: Channel, settings: PoleSettings, *, words: PoleWords, language: str) -> None:
    shown = welcome(words)
    await asyncio.to_thread(line.write, initialise(language=language))
    position = channel.position
    for event in channel.opening(""):
        shown = pole_after(shown, event.name, event.data, words=words)
    while not channel.is_closed:
        await asyncio.to_thread(line.write, encode(shown, commands=settings.commands, language=language))
        await channel.wait_after(position, timeout_s=FOLLOW_S)
        for event in channel.after(position):
            shown = pole_after(shown, event.name, event.data, words=words)
        position = channel.position


def _tell(channel: Channel, settings: PoleSettings, *, resolved: bool) -> None:
    channel.publish(
        EventName.TROUBLE,
        {
            "code": "pole_display",
            "message": f"The customer display at {settings.device} does not answer.",
            "fix": "Look at its cable and power; it comes back by itself.",
            "resolved": resolved,
        },
    )

"""What setup may be told: every answer once, as a flag, as what stands in the file, or asked; and what makes one valid.

Parsers raise ValueError with a hint that fits behind "does not fit:"; the same parser serves flag and question.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from zoneinfo import available_timezones

from agent.config import HubSection, PrintProfile, ScannerSection, TapSection
from agent.identity.codes import parse_code_rule
from agent.sections import WrongSettingsError, read_section
from agent.setup.talk import HintError
from receipt.printers import printer_model
from retail.errors import ConfigurationError

HINTS = MappingProxyType(  # by the setting that refuses
    {"url": "hub", "listen": "listen", "printer": "printer", "port": "scanner"}
)
WORD = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The flags of one run; None and empty mean "not said"."""

    store: str | None = None
    name: str | None = None
    country: str | None = None
    language: str | None = None
    timezone: str | None = None
    currency: str | None = None
    print_profile: str | None = None
    hub: str | None = None
    member: str | None = None
    workstation: str | None = None
    listen: str | None = None
    printer: str | None = None
    model: str | None = None
    columns: str | None = None
    scanners: Sequence[str] = ()
    subnet: str | None = None
    scan_subnet: bool | None = None
    find: bool = True
    scan: bool | None = None
    proof: bool | None = None
    receipts: Sequence[Path] = field(default=())
    learn: bool | None = None
    code: str | None = None
    start: bool | None = None
    sheet: bool = True


def word(text: str) -> str:
    """Return an id. Raises ValueError."""
    if not WORD.match(text):
        raise HintError("hint_word", "letters, digits, . _ - and no blanks, e.g. 7781")
    return text


def two_letters(text: str) -> str:
    """Return a language's code. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z]{2}", text):
        raise HintError("hint_two_letters", "two letters, e.g. de")
    return text.lower()


def zone(text: str) -> str:
    """Return an IANA zone. Raises ValueError with the nearest."""
    known = available_timezones()
    if text in known:
        return text
    by_fold = {name.casefold(): name for name in known}
    if text.casefold() in by_fold:
        return by_fold[text.casefold()]
    by_town = {name.rpartition("/")[2].casefold(): name for name in sorted(known)}
    near = difflib.get_close_matches(text.rpartition("/")[2].casefold().replace(" ", "_"), by_town, n=1, cutoff=0.6)
    raise ValueError(f"{by_town[near[0]]}?") if near else HintError("hint_zone", "e.g. Europe/Berlin")


def currency(text: str) -> str:
    """Return a currency's code. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise HintError("hint_three_letters", "three letters, e.g. EUR")
    return text.upper()


def profile(text: str) -> str:
    """Return a print profile, by name or by its number in the list. Raises ValueError."""
    names = [each.value for each in PrintProfile]
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    if text in names:
        return text
    near = difflib.get_close_matches(text.replace("-", "_"), names, n=1, cutoff=0.4)
    raise ValueError(f"{near[0]}?" if near else ", ".join(names))


def hub(text: str) -> str:
    """Return a hub's address, empty for none. Raises ValueError."""
    if not text or text == "-":
        return ""
    if "://" not in text and "." in text:
        raise ValueError(f"https://{text}?")
    return _by(HubSection, "url", text)


def member_codes(text: str) -> str:
    """Return rules of member codes, with blanks between. Raises ValueError."""
    rules = text.replace(",", " ").split()
    for rule in rules:
        try:
            parse_code_rule(rule)
        except ValueError as error:
            raise HintError("hint_member", str(error)) from error
    return " ".join(rules)


def listen(text: str) -> str:
    """Return where a tap listens; a bare port is taken on every address of this PC. Raises ValueError."""
    wanted = f"0.0.0.0:{text}" if text.isdecimal() else text
    return _by(TapSection, "listen", wanted, printer="tcp://192.0.2.1:9100")


def printer(text: str) -> str:
    """Return a printer's address; a bare host or HOST:PORT is a network printer. Raises ValueError."""
    wanted = text
    if "://" not in text:
        if text.startswith("/dev/") or re.fullmatch(r"COM\d+", text):
            wanted = f"serial://{text}"
        elif re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?", text) and ("." in text or ":" in text):
            wanted = f"tcp://{text if ':' in text else text + ':9100'}"
    return _by(TapSection, "printer", wanted, listen="0.0.0.0:9100", model=_model_for(wanted))


def scanner(text: str) -> str:
    """Return a scanner's port. Raises ValueError."""
    return _by(ScannerSection, "port", text)


def _model_for(address: str) -> str:
    return "generic-star-80mm" if address.startswith("cloudprnt") else "generic-80mm"


def model(text: str) -> str:
    """Return a printer model's own name. Raises ValueError with the nearest."""
    try:
        return printer_model(text).name
    except ConfigurationError as error:
        raise HintError("hint_model", error.fix) from error


def _by(section: type[TapSection | HubSection | ScannerSection], name: str, value: str, **rest: str) -> str:
    """Check a value as the configuration will. Raises ValueError with the configuration's own words."""
    try:
        return str(getattr(read_section(section, {name: value, **rest}), name))
    except WrongSettingsError as error:
        raise HintError(f"hint_{HINTS[name]}", str(error).removeprefix(f"{name}: ")) from error


Parser = Callable[[str], str]

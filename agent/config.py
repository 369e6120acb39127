"""The store's `agent.toml` as typed values; the shape stands in `docs/` and a wrong file is refused whole.

`load_config` reads and checks a file and does nothing else: no folder is made, no device is opened. Whatever is wrong
is a `ConfigurationError` whose message carries the path of the setting (`workstation[0].tap.modle`) and, for a key
nobody knows, the nearest key that exists.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.identity.codes import CodeRule, CodeRules, parse_code_rule
from agent.sections import AtMost, Between, Matches, Section, WrongSettingsError, read_section, read_unfinished
from pos_adapters.taps.addresses import (
    Edge,
    SerialAddress,
    ServiceAddress,
    contested,
    device_address,
    printer_address,
    prints_to_itself,
    serial_address,
)
from pos_adapters.taps.admission import networks_of
from receipt.printers import printer_model
from retail.errors import ConfigurationError, NotPermittedError
from retail.identifiers import BusinessUnitId, WorkstationId

T = TypeVar("T")

CONFIG_BYTES_MAX = 1_000_000  # 12 workstations take 4 KB; a larger file is no agent.toml


class PrintProfile(StrEnum):
    """What may be printed for the customer, by the law and the wish of the store."""

    OFF = "off"
    ON_REQUEST = "on_request"
    SEPARATE_SLIP = "separate_slip"
    APPENDIX = "appendix"


class Level(StrEnum):
    """How far a workstation is integrated: print only, scanner in line, or the till calls us."""

    PRINT = "P"
    SCANNER = "S"
    TILL = "T"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone, e.g. Europe/Berlin") from error
    return name


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 65536):  # noqa: PLR2004 - the range of TCP ports
        raise ValueError(f"{text!r} is no address, e.g. 127.0.0.1:9100")
    return text


def _printer(text: str) -> str:
    if "://" not in text:
        raise ValueError(f"{text!r} is no printer, e.g. tcp://192.0.2.10:9100 or serial:///dev/ttyUSB0?baud=115200")
    printer_address(text)  # its ValueError says what is wrong
    return text


def _printer_of_kiosks(text: str) -> str:
    return str(device_address(text)) if text else text


def _register(text: str) -> str:
    return str(device_address(text)) if text.startswith("serial:") else _address(text)


def _network(text: str) -> str:
    networks_of([text])  # its ValueError says what is wrong
    return text


def _hub(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(each.isspace() for each in text):
        raise ValueError(f"{text!r} is no address of a hub, e.g. https://hub.example")
    return text


def _update_source(text: str) -> str:
    parts = urlsplit(text)
    is_folder = parts.scheme == "file" and parts.path.startswith("/")
    if is_folder or (parts.scheme in {"http", "https"} and parts.hostname):
        return text
    raise ValueError(f"{text!r} is no place of releases, e.g. https://hub.example/releases")


def _known_model(name: str) -> str:
    try:
        printer_model(name)
    except ConfigurationError as error:
        raise ValueError(f"{error.message}; {error.fix}") from error
    return name


def _scanner_port(text: str) -> str:
    if not text.startswith("evdev:///"):
        serial_address(text)
    return text


def _till_port(text: str) -> str:
    if text not in {"", "uinput:"}:
        serial_address(text)
    return text


Word = Annotated[str, Matches(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")]
Address = Annotated[str, _address]
Rules = tuple[Annotated[CodeRule, parse_code_rule], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSection(Section):
    """`[store]`: who and where this store is."""

    business_unit_id: Word
    name: Annotated[str, AtMost(200)] = ""
    country: Annotated[str, Matches(r"([A-Z]{2})?")] = ""
    language: Annotated[str, Matches(r"[a-z]{2}")] = "en"
    timezone: Annotated[str, _known_zone]
    currency: Annotated[str, Matches(r"[A-Z]{3}")]
    day_ends_at: time = time(4, 0)  # the last bar has closed, the first bakery has not opened
    claim_url: Annotated[str, Matches(r"(https?://\S+)?")] = ""  # a QR of strangers; {token} inside
    print_profile: PrintProfile = PrintProfile.OFF  # law differs: nothing is printed until somebody chose

    @property
    def zone(self) -> ZoneInfo:
        """Return the IANA zone that printed times are in."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSection(Section):
    """`[hub]`: where journals go and customers come from."""

    url: Annotated[str, _hub]
    upload_kbit_s: Annotated[int, Between(8, 1_000_000)] | None = None  # a line shared with card payments
    upload_from: time | None = None  # both or none: hours, in the store's time, in which records are sent
    upload_until: time | None = None

    def __post_init__(self) -> None:
        if (self.upload_from is None) is not (self.upload_until is None):
            raise ValueError("upload_from and upload_until belong together, e.g. 22:00 and 06:00")

    @property
    def upload_window(self) -> tuple[time, time] | None:
        """Return the hours in which records are sent; None is always."""
        return (self.upload_from, self.upload_until) if self.upload_from and self.upload_until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TapSection(Section):
    """`[workstation.tap]`: the process that stands between register and printer."""

    listen: Annotated[str, _register]
    printer: Annotated[str, _printer]
    model: Annotated[str, _known_model] = "generic-80mm"
    allow: tuple[Annotated[str, _network], ...] = ()  # empty: everybody, as at a printer
    snmp: Address | None = None  # one tap a machine can have port 161
    certificate: Path | None = None  # PEM of key and certificate: the register speaks https

    def __post_init__(self) -> None:
        printer = printer_address(self.printer)
        language = printer_model(self.model).language
        if prints_to_itself(device_address(self.listen), printer):
            raise ValueError(f"printer: {printer} is where the tap itself listens: name the printer's own address")
        speaks_http = isinstance(printer, ServiceAddress) and printer.edge is not Edge.LPD
        if self.certificate is not None and not (speaks_http and self.certificate.is_absolute()):
            raise ValueError("certificate: an absolute path, for registers that speak https (epos://, cloudprnt://)")
        if not isinstance(printer, ServiceAddress):
            return
        if isinstance(device_address(self.listen), SerialAddress):
            raise ValueError(f"a cable brings no {printer.edge.value} jobs: listen on HOST:PORT")  # noqa: TRY004 - a value
        wanted = {Edge.EPOS: "escpos", Edge.CLOUDPRNT: "star"}.get(printer.edge, language)
        if language != wanted:
            raise ValueError(f"{printer.edge.value} printers speak {wanted}: name a model of that language")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerSection(Section):
    """`[[workstation.scanner]]`: a scanner this machine reads itself."""

    port: Annotated[str, _scanner_port]
    till: Annotated[str, _till_port] = ""  # the till's own scanner port, when the scanner is the till's

    def __post_init__(self) -> None:
        if self.till and self.port.startswith("evdev:") != self.till.startswith("uinput:"):
            raise ValueError("a keyboard's till is uinput:, a cable's till is serial:///dev/...")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkstationSection(Section):
    """`[[workstation]]`: one checkout position."""

    id: Word
    level: Level = Level.PRINT
    tap: TapSection | None = None
    scanner: tuple[ScannerSection, ...] = ()
    profiles: tuple[Path, ...] = ()  # how this make of till prints, where `learn` had to be told
    display: Annotated[str, Matches(r"serial:///\S+")] | None = None  # a pole display; `agent/desk/poles.py` reads it

    @property
    def workstation_id(self) -> WorkstationId:
        """Return the id in the trade's type."""
        return WorkstationId(self.id)

    @property
    def cables(self) -> tuple[str, ...]:
        """Return the cables of scanners, their tills and the pole display."""
        ports = (self.display or "", *(port for each in self.scanner for port in (each.port, each.till)))
        return tuple(port.partition("?")[0] for port in ports if port.startswith("serial:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesSection(Section):
    """`[codes]`: what a scanned code is; the first match wins, from member over coupon to product."""

    member: Rules = ()
    coupon: Rules = (CodeRule(symbology="qr", prefix="tsc1"),)
    product: Rules = ()

    def rules(self) -> CodeRules:
        """Return the rules as a value of their own."""
        return CodeRules(member=self.member, coupon=self.coupon, product=self.product)


def _user_state_dir() -> Path:
    from platformdirs import user_state_path  # noqa: PLC0415 - half a megabyte in core, where setup names the folder

    return user_state_path("tillstream")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSection(Section):
    """`[agent]`: where this agent keeps what must survive."""

    state_dir: Path = field(default_factory=_user_state_dir)
    journal_days: Annotated[int, Between(7, 3650)] = 100  # rules look back 90 days; the hub has it all
    capture_days: Annotated[int, Between(1, 3650)] = 30  # what is misread is read again within a month


RING_CHANNEL: Final = "ring"
"""Stands in `[update] channel` for the ring that the hub tells this store, and for `stable` where it tells none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSection(Section):
    """`[update]`: whether and when this store replaces its own program by one that the chain has released."""

    url: Annotated[str, _update_source]
    root: Path = Path("update-root.json")  # beside agent.toml; a relative one is taken from its folder
    channel: Word = RING_CHANNEL
    hours_from: time = time(2, 0)  # the last bar has closed at most shops; a bakery sets its own
    hours_until: time = time(5, 0)
    ready_within_s: Annotated[int, Between(5, 3600)] = 90  # core reads a journal of 300,000 rows in a few seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSection(Section):
    """`[desk]`: where pages and local API listen; loopback unless somebody wants kiosks on other machines."""

    listen: Address = "127.0.0.1:8090"
    hosts: tuple[Address, ...] = ()  # further exact names (with port) that browsers in the store use for this machine
    kiosks: tuple[Word, ...] = ("1",)  # ids of the kiosks that this agent serves
    printer: Annotated[str, _printer_of_kiosks] = ""  # coupons on paper and pairing codes: tcp://HOST:PORT or a cable
    printer_model: Annotated[str, _known_model] = "generic-80mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig(Section):
    """A whole `agent.toml`."""

    store: StoreSection
    hub: HubSection | None = None
    workstation: tuple[WorkstationSection, ...] = ()
    codes: CodesSection = field(default_factory=CodesSection)
    agent: AgentSection = field(default_factory=AgentSection)
    desk: DeskSection = field(default_factory=DeskSection)
    update: UpdateSection | None = None

    @property
    def business_unit_id(self) -> BusinessUnitId:
        """Return the store's id in the trade's type."""
        return BusinessUnitId(self.store.business_unit_id)

    def workstation_of(self, workstation_id: str) -> WorkstationSection | None:
        """Return the section of a workstation; None when the file does not name it."""
        return next((each for each in self.workstation if each.id == workstation_id), None)


def load_config(path: Path) -> AgentConfig:
    """Read and check one `agent.toml`.

    A relative `state_dir`, or profile, is taken from the folder of the file, so that a demo folder can be moved. Raises
    ConfigurationError: no such file, no TOML, a key nobody knows, a value out of range.
    """
    text = read_config_text(path)
    config = parse_config(text, source=str(path))
    folder = path.resolve().parent
    agent = replace(config.agent, state_dir=folder / config.agent.state_dir)
    workstations = tuple(
        replace(each, profiles=tuple(folder / file for file in each.profiles)) for each in config.workstation
    )
    update = config.update and replace(config.update, root=folder / config.update.root)
    return replace(config, agent=agent, workstation=workstations, update=update)


def read_config_text(path: Path) -> str:
    """Return a file's text, without the mark that Windows editors set before it. Raises ConfigurationError."""
    try:
        if path.stat().st_size > CONFIG_BYTES_MAX:
            raise ConfigurationError(f"{path}: larger than {CONFIG_BYTES_MAX} bytes", fix="name an agent.toml")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        fix = f"tillstream setup --config {path} asks for it, with --browser on a page; or name another"
        raise ConfigurationError(f"{path}: cannot be read: there is no such file", fix=fix) from error
    except PermissionError as error:
        raise NotPermittedError(f"{path}: cannot be read by you", fix="type the same behind sudo") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}", fix="name a readable agent.toml") from error


def parse_config(text: str, *, source: str = "agent.toml") -> AgentConfig:
    """Check the text of an `agent.toml`; `source` names it in messages. Raises ConfigurationError."""
    config = _read(text, source, read_section)
    _refuse_twins(config, source)
    return config


def parse_unfinished(text: str, *, source: str = "agent.toml") -> tuple[AgentConfig, list[str]]:
    """Return what stands in an `agent.toml`, and what is missing, as `read_unfinished` does: setup asks for it.

    Raises ConfigurationError for all else that is wrong.
    """
    config, missing = _read(text, source, read_unfinished)
    if not missing:
        _refuse_twins(config, source)
    return config, missing


def _read(text: str, source: str, read: Callable[[type[AgentConfig], Mapping[str, Any]], T]) -> T:
    try:
        return read(AgentConfig, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source}: no TOML: {error}", fix="mend the line named above") from error
    except WrongSettingsError as error:
        raise ConfigurationError(f"{source}: {error}", fix=f"mend {source}") from error


def _refuse_twins(config: AgentConfig, source: str) -> None:
    """Raise where two workstations share an id or two taps an address."""
    ids = [each.id for each in config.workstation]
    listens = [each.tap.listen for each in config.workstation if each.tap]
    for what, values in (("id", ids), ("tap.listen", listens)):
        twins = sorted({value for value in values if values.count(value) > 1})
        if twins:
            raise ConfigurationError(
                f"{source}: workstation: {what} {twins[0]!r} stands twice", fix="give each workstation its own"
            )
    taps = [each.tap for each in config.workstation if each.tap]
    cables = [port for each in config.workstation for port in each.cables]
    shared = contested(
        [device_address(each.listen) for each in taps],
        [*(printer_address(each.printer) for each in taps), *map(serial_address, cables)],
    )
    if shared:
        raise ConfigurationError(
            f"{source}: workstation: {shared} is needed by two taps or devices", fix="name another port for one of them"
        )

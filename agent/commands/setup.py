"""`tillstream setup`: a store set up by questions, or by flags alone (`--yes`); again, it changes what changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.options import JsonOption
from agent.commands.print_test import print_slip
from agent.config import AgentConfig, load_config
from agent.setup.answers import Given
from agent.setup.finding import announced, on_this_machine
from agent.setup.interview import Around
from agent.setup.printer_facts import ask_printer
from agent.setup.scans import Heard, hear_scan
from agent.setup.terminal import LANGUAGES, LeftError, Terminal, words_of
from agent.setup.wizard import PACKAGE_CONFIG, Done, Outside, Wizard
from agent.state_dir import StateDir
from agent.upkeep.devices import plugged_in
from agent.upkeep.health import Check, Patient, examine
from pos_adapters.taps.addresses import SerialAddress, TcpAddress, device_address
from retail.errors import ConfigurationError, OnSiteError
from sync.protocol.invitation import read_invitation

app = typer.Typer()

EXIT_LEFT = 130  # what a shell calls a program that Ctrl-C ended
START = ["systemctl", "enable", "--now", "tillstream.service"]
START_WITHIN_S = 90


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="TILLSTREAM_CONFIG", metavar="FILE", help="The agent.toml to write or change."
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: flags, what stands in the file, defaults.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would change; write, print and enrol nothing.")
]
SpeakOption = Annotated[str | None, typer.Option("--speak", help="Language of the questions: en or ru.")]
StoreOption = Annotated[str | None, typer.Option("--store", help="The store's number in the chain.")]
NameOption = Annotated[str | None, typer.Option("--name", help="What people call the store.")]
CountryOption = Annotated[str | None, typer.Option("--country", help="Country, code or name.")]
LanguageOption = Annotated[str | None, typer.Option("--language", help="The customers' language.")]
TimezoneOption = Annotated[str | None, typer.Option("--timezone", help="IANA time zone.")]
CurrencyOption = Annotated[str | None, typer.Option("--currency", help="ISO 4217 currency.")]
PrintProfileOption = Annotated[
    str | None, typer.Option("--print-profile", help="off, on_request, separate_slip, appendix.")
]
HubOption = Annotated[str | None, typer.Option("--hub", help="The hub's address; - for none.")]
MemberOption = Annotated[
    str | None, typer.Option("--member", help='What member codes look like, e.g. "ean13:29 qr:tillstream".')
]
WorkstationOption = Annotated[str | None, typer.Option("--workstation", help="The checkout that is set up.")]
ListenOption = Annotated[str | None, typer.Option("--listen", help="Where the till prints to, HOST:PORT of this PC.")]
PrinterOption = Annotated[str | None, typer.Option("--printer", help="The receipt printer's address.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="The printer's model.")]
ColumnsOption = Annotated[
    str | None, typer.Option("--columns", help="The longest line of the proof slip: 32, 42 or 48.")
]
FindOption = Annotated[bool, typer.Option("--find/--no-find", help="Look for printers.")]
ScanSubnetOption = Annotated[
    bool | None, typer.Option("--scan-subnet/--no-scan-subnet", help="Knock at port 9100 of this PC's networks.")
]
SubnetOption = Annotated[
    str | None, typer.Option("--subnet", metavar="NETWORK", help="Knock at this network instead, e.g. 192.0.2.0/24.")
]
ScannerOption = Annotated[
    list[str] | None, typer.Option("--scanner", metavar="PORT", help="A scanner of this checkout.")
]
ScanOption = Annotated[bool | None, typer.Option("--scan/--no-scan", help="Find the scanner by a scan.")]
ProofOption = Annotated[bool | None, typer.Option("--proof/--no-proof", help="Print the proof slip.")]
ReceiptOption = Annotated[
    list[Path] | None, typer.Option("--receipt", exists=True, dir_okay=False, help="A captured receipt to learn from.")
]
LearnOption = Annotated[bool | None, typer.Option("--learn/--no-learn", help="Learn from the next three receipts.")]
CodeOption = Annotated[
    str | None, typer.Option("--code", help="The enrolment code of the hub, typed, or what its QR code holds.")
]
StartOption = Annotated[bool | None, typer.Option("--start/--no-start", help="Start the service.")]
SheetOption = Annotated[bool, typer.Option("--sheet/--no-sheet", help="Print the sheet at the end.")]


@app.command(
    "setup", epilog="Example: sudo tillstream setup     or: tillstream setup --yes --config agent.toml --store 7781 ..."
)
def setup(
    config: ConfigOption = None,
    *,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    speak: SpeakOption = None,
    store: StoreOption = None,
    name: NameOption = None,
    country: CountryOption = None,
    language: LanguageOption = None,
    timezone: TimezoneOption = None,
    currency: CurrencyOption = None,
    print_profile: PrintProfileOption = None,
    hub: HubOption = None,
    member: MemberOption = None,
    workstation: WorkstationOption = None,
    listen: ListenOption = None,
    printer: PrinterOption = None,
    model: ModelOption = None,
    columns: ColumnsOption = None,
    find: FindOption = True,
    scan_subnet: ScanSubnetOption = None,
    subnet: SubnetOption = None,
    scanner: ScannerOption = None,
    scan: ScanOption = None,
    proof: ProofOption = None,
    receipt: ReceiptOption = None,
    learn: LearnOption = None,
    code: CodeOption = None,
    start: StartOption = None,
    sheet: SheetOption = True,
    as_json: JsonOption = False,
) -> None:
    """Set a store up: country, printer, scanner, proof slip, the till's receipts, the hub; a sheet proves it."""
    if not yes and not sys.stdin.isatty():
        raise ConfigurationError(
            "there is nobody to ask: this is no terminal",
            fix="add --yes, and flags for what it asks",
            code="no_terminal",
        )
    scanned = read_invitation(code or "")
    store, hub = store or scanned.store or None, hub or scanned.hub or None
    given = Given(
        store=store, name=name, country=country, language=language, timezone=timezone, currency=currency,
        print_profile=print_profile, hub=hub, member=member,
        workstation=workstation, listen=listen, printer=printer, model=model,
        columns=columns, scanners=tuple(scanner or ()), subnet=subnet, scan_subnet=scan_subnet, find=find, scan=scan,
        proof=proof, receipts=tuple(receipt or ()), learn=learn, code=code, start=start, sheet=sheet,
    )  # fmt: skip
    spoken = _spoken(speak)
    terminal = Terminal(read=_lines, out=sys.stderr if as_json else sys.stdout, words=words_of(spoken))
    wizard = Wizard(
        given, path=config or _place(), outside=_outside(), around=_around(), terminal=terminal,
        attended=not yes, dry_run=dry_run, speak=spoken,
    )  # fmt: skip
    try:
        done = wizard.run()
    except (LeftError, KeyboardInterrupt):
        state = (
            terminal.text("left_written", path=wizard.done.config)
            if wizard.done.written
            else terminal.text("left_nothing")
        )
        terminal.say("left", state=state)
        raise typer.Exit(EXIT_LEFT) from None
    if as_json:
        typer.echo(json.dumps(_told(done), ensure_ascii=False))
    if done.trouble:
        raise typer.Exit(1)


def _place() -> Path:
    """Return the file that is meant when nobody names one: the one that is there, else the package's, else here."""
    here = Path("agent.toml")
    return here if here.is_file() or not PACKAGE_CONFIG.parent.is_dir() else PACKAGE_CONFIG


def _spoken(named: str | None) -> str:
    if named is not None and named not in LANGUAGES:
        raise ConfigurationError(
            f"--speak {named}: not spoken here", fix=f"one of {', '.join(LANGUAGES)}", code="usage"
        )
    wanted = named or (os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")[:2]
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def _lines() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _around() -> Around:
    return Around(
        find=lambda: [*announced(), *on_this_machine()],
        ask_printer=ask_printer,
        hear_scan=_hear,
    )


def _hear() -> Heard:
    devices = [each for each in plugged_in() if each.kind in {"serial", "input"}]
    heard = hear_scan(devices, sys.stdin.fileno())
    if heard.skipped or heard.address.startswith("evdev:"):
        sys.stdin.readline()  # the Enter, or what a keyboard scanner typed here as well
    return heard


def _outside() -> Outside:
    return Outside(
        print_bytes=_print, enrol=_enrol, start=_start, examine=_examine, now=lambda: datetime.now().astimezone()
    )


def _print(data: bytes, address: str) -> None:
    place = device_address(address) if address.partition(":")[0] in {"tcp", "serial"} else None
    if not isinstance(place, TcpAddress | SerialAddress):
        raise OnSiteError(
            f"setup prints on no {address}", fix="print through the tap: tillstream print-test", code="no_way"
        )
    print_slip(data, place, answers=None)


def _enrol(config: AgentConfig, code: str) -> tuple[str, str]:
    from agent.enrolment import enrol_store  # noqa: PLC0415 - imports httpx

    enrolled = enrol_store(config, code=code, program=f"tillstream {installed_version('tillstream')}")
    return enrolled.store, enrolled.tenant


def _start() -> str | None:
    """Start the service; return the command where a person must."""
    words: Sequence[str] = START
    if os.geteuid() != 0 or shutil.which("systemctl") is None or not Path("/run/systemd/system").is_dir():
        return f"sudo {' '.join(words)}" if shutil.which("systemctl") else "tillstream agent run --config FILE"
    done = subprocess.run(words, capture_output=True, text=True, timeout=START_WITHIN_S, check=False)  # noqa: S603
    return None if done.returncode == 0 else f"sudo {' '.join(words)}"


def _examine(path: Path) -> list[Check]:
    loaded = load_config(path)
    state = StateDir(loaded.agent.state_dir)
    return examine(Patient(config=loaded, state=state, environment=os.environ, now=datetime.now(UTC), config_path=path))


def _told(done: Done) -> dict[str, object]:
    return {
        "config": str(done.config), "written": done.written, "changed": done.changed, "printer": done.printer,
        "proof_printed": done.proof_printed, "learnt": done.learnt, "enrolled": done.enrolled,
        "trouble": done.trouble, "sheet_printed": done.sheet_printed,
        "checks": [check.as_json() for check in done.checks],
    }  # fmt: skip

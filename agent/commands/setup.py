"""`tillstream setup`: a store set up by questions, or by flags alone (`--yes`); again, it changes what changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, TextIO

import typer

from agent.commands.options import JsonOption
from agent.commands.print_test import print_slip
from agent.config import AgentConfig, load_config
from agent.problems import EXIT_LEFT
from agent.setup.answers import Given
from agent.setup.finding import announced, on_this_machine
from agent.setup.interview import Around
from agent.setup.page_channel import PageChannel
from agent.setup.printer_facts import ask_printer
from agent.setup.scans import Heard, hear_scan
from agent.setup.talk import LANGUAGES, Channel, LeftError, Talk, words_of
from agent.setup.terminal import Terminal
from agent.setup.wizard import PACKAGE_CONFIG, Done, Outside, Wizard
from agent.state_dir import StateDir
from agent.upkeep.devices import Device, plugged_in
from agent.upkeep.health import Check, Patient, examine
from agent.upkeep.sentences import own_language
from pos_adapters.taps.addresses import SerialAddress, TcpAddress, device_address
from retail.errors import ConfigurationError, OnSiteError, TillstreamError
from sync.protocol.invitation import read_invitation

app = typer.Typer()

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
BrowserOption = Annotated[
    bool, typer.Option("--browser", help="Ask on a page of this PC instead, opened by a code that is shown here.")
]
BrowserPortOption = Annotated[
    int | None, typer.Option("--browser-port", min=0, max=65535, help="The page's port; 0: any. Else 8764 or any.")
]
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
    browser: BrowserOption = False,
    browser_port: BrowserPortOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a store up: country, printer, scanner, proof slip, the till's receipts, the hub; a sheet proves it."""
    if yes and browser:
        raise ConfigurationError("--yes asks nothing, --browser asks on a page", fix="take one of them", code="usage")
    if not yes and not browser and not sys.stdin.isatty():
        raise ConfigurationError(
            "there is nobody to ask: this is no terminal",
            fix="add --yes, and flags for what it asks; or --browser, to be asked on a page",
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
    run = _Run(
        given, path=config or _place(), attended=not yes, dry_run=dry_run, out=sys.stderr if as_json else sys.stdout
    )
    ended = run.in_browser(_spoken(speak), browser_port) if browser else run.in_terminal(_spoken(speak))
    if not ended:
        raise typer.Exit(EXIT_LEFT)
    assert run.done is not None
    if as_json:
        typer.echo(json.dumps(_told(run.done), ensure_ascii=False))
    if run.done.trouble:
        raise typer.Exit(1)


class _Run:
    """One run of the wizard, at a terminal or on a page; `done` is what it did, None before it ended."""

    def __init__(self, given: Given, *, path: Path, attended: bool, dry_run: bool, out: TextIO) -> None:
        self._given, self._path, self._attended, self._dry_run, self._out = given, path, attended, dry_run, out
        self.done: Done | None = None

    def in_terminal(self, language: str) -> bool:
        """Ask here; return whether the person stayed to the end."""
        return self._run(Terminal(read=_lines, out=self._out), language, _around(_hear))

    def in_browser(self, language: str, port: int | None) -> bool:
        """Ask on a page; return whether the person stayed to the end. Raises TillstreamError as the wizard does."""
        from agent.setup.page_server import page_words, serve_page  # noqa: PLC0415 - the web stack, for a page alone

        channel, wrong = PageChannel(), list[TillstreamError]()

        def run(chosen: str) -> str:
            try:
                around = _around(lambda: _hear_beside(channel))
                stayed = self._run(channel, chosen, around, words=page_words(chosen))
            except TillstreamError as error:
                wrong.append(error)
                channel.show(f"! {error.message}\n  fix: {error.fix}")
                return "failed"
            return "done" if stayed else "left"

        def tell(address: str, code: str) -> None:
            here = Talk(Terminal(read=_lines, out=self._out), words=words_of(language))
            here.say("browser_go", address=address)
            here.say("browser_code", code=code)

        was_there = self._path.exists()
        ended = serve_page(
            port, channel=channel, run=run, tell=tell, is_needed=lambda: was_there or not self._path.exists()
        )
        if wrong:
            raise wrong[0]
        return ended == "done"

    def _run(self, channel: Channel, language: str, around: Around, *, words: Mapping[str, str] | None = None) -> bool:
        talk = Talk(channel, words=words or words_of(language))
        wizard = Wizard(
            self._given, path=self._path, outside=_outside(), around=around, talk=talk, attended=self._attended,
            dry_run=self._dry_run, speak=language,
        )  # fmt: skip
        try:
            self.done = wizard.run()
        except (LeftError, KeyboardInterrupt):
            written = wizard.done.written
            state = talk.text("left_written", path=wizard.done.config) if written else talk.text("left_nothing")
            talk.say("left", state=state)
            return False
        return True


def _place() -> Path:
    """Return the file that is meant when nobody names one: the one that is there, else the package's, else here."""
    here = Path("agent.toml")
    return here if here.is_file() or not PACKAGE_CONFIG.parent.is_dir() else PACKAGE_CONFIG


def _spoken(named: str | None) -> str:
    if named is not None and named not in LANGUAGES:
        raise ConfigurationError(
            f"--speak {named}: not spoken here", fix=f"one of {', '.join(LANGUAGES)}", code="usage"
        )
    return named or own_language()


def _lines() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _around(hear: Callable[[], Heard]) -> Around:
    return Around(find=lambda: [*announced(), *on_this_machine()], ask_printer=ask_printer, hear_scan=hear)


def _hear() -> Heard:
    heard = hear_scan(_scanners(), sys.stdin.fileno())
    if heard.skipped or heard.address.startswith("evdev:"):
        sys.stdin.readline()  # the Enter, or what a keyboard scanner typed here as well
    return heard


def _hear_beside(channel: PageChannel) -> Heard:
    return hear_scan(_scanners(), channel.begin_wait("scan"))


def _scanners() -> list[Device]:
    return [each for each in plugged_in() if each.kind in {"serial", "input"}]


def _outside() -> Outside:
    return Outside(
        print_bytes=_print,
        enrol=_enrol,
        start=_start,
        examine=_examine,
        now=lambda: datetime.now().astimezone(),
        pause=time.sleep,
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

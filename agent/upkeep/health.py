"""What `tillstream doctor` checks: each check is a question with an answer and, where it is no, what to do.

Every check looks for itself and never raises; a store that is down is a store whose checks fail.
"""

from __future__ import annotations

import shutil
import socket
import stat
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.config import AgentConfig, PrintProfile, WorkstationSection
from agent.control.call import ask_core
from agent.desk.report import read_desk_report
from agent.intake.printers import CAUSES
from agent.journal.chain import ChainVerifier
from agent.journal.database import SQLITE_MIN, library_version
from agent.journal.reader import JournalReader
from agent.keys import JOURNAL_KEY, FileSecrets
from agent.state_dir import StateDir
from receipt.printers import printer_model
from retail.errors import TillstreamError

FREE_BYTES_MIN = 500 * 1024 * 1024  # a month of journal and captures of a busy store
CONTACT_OLD_S = 3600.0  # a link that is down for an hour is worth a look; nothing stops
MIRROR_OLD_S = 2 * 86_400.0  # segments and points of the day before yesterday
CONNECT_S = 1.0  # a printer on the store's network answers in milliseconds
TAIL_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check's result in the contracts' shape."""

    id: str
    ok: bool
    what: str
    fix: str = ""

    def as_json(self) -> dict[str, object]:
        """Return `{"id","ok","what","fix"}`."""
        return {"id": self.id, "ok": self.ok, "what": self.what, "fix": "" if self.ok else self.fix}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The agent that is looked at."""

    config: AgentConfig
    state: StateDir
    environment: Mapping[str, str]
    now: datetime


def examine(patient: Patient) -> list[Check]:
    """Return all checks, in the order in which a person would look."""
    status = _status(patient)
    checks = [
        _library(),
        _state_folder(patient),
        _private_keys(patient),
        _disk(patient),
        _journal(patient),
        _set_aside(patient),
        _running("core", status["core"]),
        _running("desk", status["desk"]),
        *(_tap(each, status["taps"]) for each in patient.config.workstation if each.tap),
        *(_printer(each, status["taps"]) for each in patient.config.workstation if each.tap),
        *(_model(each) for each in patient.config.workstation if each.tap),
        _spool(patient),
        _profile(patient),
        _enrolled(patient),
        _hub(patient, status["hub"]),
        _mirror(status),
        _parked(status["hub"]),
        _troubles(status["core"]),
    ]
    return [check for check in checks if check is not None]


def _status(patient: Patient) -> dict[str, Any]:
    told: dict[str, Any] = {"core": {"state": "stopped", "troubles": []}, "taps": [], "mirror": {}}
    try:
        told |= ask_core(patient.state.control_socket, "status")
    except TillstreamError as error:
        told["core"]["cause"] = error.message
    return told | read_desk_report(patient.state.root, now=patient.now)


def _library() -> Check:
    found = ".".join(map(str, library_version()))
    return Check(
        id="sqlite",
        ok=library_version() >= SQLITE_MIN,
        what=f"SQLite {found} inside SQLCipher",
        fix="install sqlcipher3 >= 0.6",
    )


def _state_folder(patient: Patient) -> Check:
    root = patient.state.root
    try:
        mode = stat.S_IMODE(root.stat().st_mode)
        probe = root / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Check(
            id="state_dir", ok=False, what=f"{root}: {error.strerror}", fix=f"give the agent's user {root}, writable"
        )
    private = not mode & 0o077
    return Check(id="state_dir", ok=private, what=f"{root}, mode {mode:o}", fix=f"chmod 700 {root}")


def _private_keys(patient: Patient) -> Check:
    folder = patient.state.keys
    open_keys = [path.name for path in _files(folder) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    has_key = _journal_key(patient) is not None
    return Check(
        id="keys",
        ok=has_key and not open_keys,
        what="keys are here and private" if has_key else "this agent has no keys yet",
        fix=f"chmod 600 {folder}/*" if open_keys else "tillstream agent run --config FILE makes them",
    )


def _disk(patient: Patient) -> Check:
    try:
        free = shutil.disk_usage(patient.state.root).free
    except OSError as error:
        return Check(id="disk", ok=False, what=f"{patient.state.root}: {error.strerror}", fix="mend the disk")
    return Check(
        id="disk",
        ok=free >= FREE_BYTES_MIN,
        what=f"{free // 2**20} MiB free at {patient.state.root}",
        fix="free at least 500 MiB",
    )


def _journal(patient: Patient) -> Check:
    """Open the journal as a reader does and verify its newest records."""
    key = _journal_key(patient)
    if key is None:
        return Check(id="journal", ok=False, what="there is no journal yet", fix="tillstream agent run --config FILE")
    try:
        with closing(JournalReader(patient.state.journal, key)) as reader:
            records = reader.newest(limit_rows=TAIL_ROWS)
            anchor = (records[0].seq - 1, records[0].prev_hash) if records else None
            findings = list(ChainVerifier(anchor=anchor).feed(records))
            quarantined = len(reader.quarantined())
            head = reader.head()[1]
    except TillstreamError as error:
        return Check(id="journal", ok=False, what=error.message, fix=error.fix)
    damaged = len(findings) + quarantined
    return Check(
        id="journal",
        ok=not damaged,
        what=f"{head} records, {damaged} damaged",
        fix="tillstream journal verify; send the result to support",
    )


def _set_aside(patient: Patient) -> Check:
    aside = sorted(patient.state.root.glob("journal.db.broken-*[0-9Z]"))
    return Check(
        id="journal_set_aside",
        ok=not aside,
        what=f"{len(aside)} broken journals kept" if aside else "no journal was ever broken",
        fix=f"check the disk; keep or delete {aside[-1].name if aside else ''} once the hub is up to date",
    )


def _running(name: str, told: Mapping[str, Any]) -> Check:
    running = told.get("state") == "running"
    return Check(
        id=name, ok=running, what=f"{name} is {told.get('state', 'stopped')}", fix="tillstream agent run --config FILE"
    )


def _tap(workstation: WorkstationSection, taps: list[Mapping[str, Any]]) -> Check:
    told = next((each for each in taps if each["workstation_id"] == workstation.id), None)
    connected = bool(told and told["connected"])
    return Check(
        id=f"tap_{workstation.id}",
        ok=connected,
        what=f"the tap of workstation {workstation.id} is {'connected' if connected else 'away'}",
        fix="tillstream agent run --config FILE starts it; see its log",
    )


def _printer(workstation: WorkstationSection, taps: list[Mapping[str, Any]]) -> Check | None:
    """Say what the tap has seen of the printer; else knock at a network printer (a knock at a serial one prints)."""
    assert workstation.tap is not None
    told: Mapping[str, Any] = next((each for each in taps if each["workstation_id"] == workstation.id), {})
    causes = (told.get("printer") or {}).get("trouble") or []
    if causes:
        return Check(
            id=f"printer_{workstation.id}",
            ok=False,
            what=f"the printer of workstation {workstation.id} ({told['printer']['name']}): {CAUSES[causes[0]][0]}",
            fix=CAUSES[causes[0]][1],
        )
    scheme, _, address = workstation.tap.printer.partition("://")
    if scheme != "tcp":
        return None
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S).close()
    except OSError as error:
        return Check(
            id=f"printer_{workstation.id}",
            ok=False,
            what=f"the printer at {address} does not answer: {error.strerror or error}",
            fix="switch it on, check cable and address; a printer that is printing answers nobody else",
        )
    return Check(id=f"printer_{workstation.id}", ok=True, what=f"the printer at {address} answers")


def _model(workstation: WorkstationSection) -> Check:
    assert workstation.tap is not None
    try:
        model = printer_model(workstation.tap.model)
    except TillstreamError as error:
        return Check(id=f"model_{workstation.id}", ok=False, what=error.message, fix=error.fix)
    return Check(id=f"model_{workstation.id}", ok=True, what=f"{model.name}, {model.columns} columns")


def _spool(patient: Patient) -> Check:
    waiting = sum(len(_files(folder)) for folder in _folders(patient.state.spools))
    return Check(
        id="spool",
        ok=not waiting,
        what=f"{waiting} jobs wait in spools",
        fix="they are taken when core and tap run; a job that stays was sealed to another agent's key",
    )


def _profile(patient: Patient) -> Check:
    profile = patient.config.store.print_profile
    return Check(
        id="print_profile",
        ok=profile is not PrintProfile.OFF,
        what=f"print_profile is {profile.value}",
        fix='choose one by your country\'s law, e.g. [store] print_profile = "separate_slip"',
    )


def _enrolled(patient: Patient) -> Check:
    there = (patient.state.keys / "enrolled.json").is_file()
    return Check(
        id="enrolled",
        ok=there,
        what="enrolled at the hub" if there else "not enrolled: every code is unknown",
        fix="ask the hub for a code (tillstream hub enrol-code) and enrol with it",
    )


def _hub(patient: Patient, told: Mapping[str, Any]) -> Check:
    contact = told.get("last_contact")
    age_s = (patient.now - datetime.fromisoformat(contact)).total_seconds() if contact else None
    return Check(
        id="hub",
        ok=age_s is not None and age_s < CONTACT_OLD_S,
        what=f"last contact {contact or 'never'}, {told.get('backlog', 0)} records behind",
        fix=told.get("last_error") or "check the store's internet connection and [hub] url",
    )


def _mirror(status: Mapping[str, Any]) -> Check:
    told = status["mirror"]
    age_s = told.get("age_s")
    return Check(
        id="mirror",
        ok=age_s is not None and age_s < MIRROR_OLD_S,
        what=f"{told.get('customers', 0)} codes, {'never fed' if age_s is None else f'{age_s:.0f} s old'}",
        fix="it comes with the next contact to the hub",
    )


def _parked(told: Mapping[str, Any]) -> Check:
    count = told.get("parked", 0)
    return Check(
        id="parked",
        ok=not count,
        what=f"{count} records parked",
        fix="tillstream journal parked",
    )


def _troubles(told: Mapping[str, Any]) -> Check:
    troubles = told.get("troubles", [])
    first = troubles[0] if troubles else {}
    return Check(
        id="troubles",
        ok=not troubles,
        what=first.get("message", "core has no trouble to tell"),
        fix=first.get("fix", ""),
    )


def _journal_key(patient: Patient) -> bytes | None:
    try:
        return FileSecrets.of(patient.state.keys, patient.environment).read(JOURNAL_KEY)
    except TillstreamError:
        return None


def _files(folder: Path) -> list[Path]:
    return _listed(folder, Path.is_file)


def _folders(folder: Path) -> list[Path]:
    return _listed(folder, Path.is_dir)


def _listed(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if wanted(path) and not path.name.startswith(".")]
    except OSError:
        return []

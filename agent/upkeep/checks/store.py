"""Checks of this store's own state: folder, keys, journal, programs, spools, backups."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from agent.config import PrintProfile
from agent.journal.chain import ChainVerifier
from agent.journal.database import SQLITE_MIN, library_version
from agent.journal.reader import JournalReader
from agent.upkeep.patient import PACKAGE_CONFIG, Check, Patient, files, folders, journal_key
from retail.errors import TillstreamError

TAIL_ROWS = 1000
BACKUP_OLD_S = 3 * 86_400.0  # one a night; a weekend off is no reason to call
SPOOL_OLD_S = 600.0  # core takes a job in seconds; after ten minutes it will not without help
RESTARTS_MAX = 5  # a night of updates restarts twice
READ_SHARE_MIN = 0.5  # below it the till's receipts are not understood: they need a profile
DOCUMENTS_MIN = 20  # fewer say nothing about a till


def library() -> Check:
    """Check the SQLite that writes the journal."""
    found = ".".join(map(str, library_version()))
    return Check(
        id="sqlite",
        ok=library_version() >= SQLITE_MIN,
        what=f"SQLite {found} inside SQLCipher",
        fix="install sqlcipher3 >= 0.6",
    )


def state_folder(patient: Patient) -> Check:
    """Check that the state is here, writable and private."""
    root = patient.state.root
    try:
        mode = stat.S_IMODE(root.stat().st_mode)
        probe = root / ".doctor"
        probe.touch()
        probe.unlink()
    except PermissionError as error:
        return Check(id="state_dir", ok=False, what=f"{root}: {error.strerror}", fix=_look_as_root(patient))
    except OSError as error:
        mend = f"sudo install -d -m 0700 -o tillstream -g tillstream {root}" if patient.as_root else f"mkdir -p {root}"
        return Check(id="state_dir", ok=False, what=f"{root}: {error.strerror}", fix=mend)
    private = not mode & 0o077
    return Check(id="state_dir", ok=private, what=f"{root}, mode {mode:o}", fix=f"{patient.as_root}chmod 700 {root}")


def _look_as_root(patient: Patient) -> str:
    path = patient.config_path or PACKAGE_CONFIG
    return f"sudo tillstream doctor --config {path}: the store's folder is the service's alone"


def private_keys(patient: Patient) -> Check:
    """Check that there are keys and that nobody else reads them."""
    folder = patient.state.keys
    open_keys = [path.name for path in files(folder) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    has_key = journal_key(patient) is not None
    what = "keys are here and private" if has_key else "this agent has no keys yet"
    if open_keys:
        what = f"others may read {', '.join(open_keys[:3])} in {folder}"
    return Check(
        id="keys",
        ok=has_key and not open_keys,
        what=what,
        fix=f"{patient.as_root}chmod -R u=rwX,go= {folder}" if open_keys else patient.start_it,
    )


def journal(patient: Patient) -> Check:
    """Open the journal as a reader does and verify its newest records."""
    key = journal_key(patient)
    if key is None:
        return Check(id="journal", ok=False, what="there is no journal yet", fix=patient.start_it)
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


def set_aside(patient: Patient) -> Check:
    """Check whether a broken journal was ever set aside."""
    aside = sorted(patient.state.root.glob("journal.db.broken-*[0-9Z]"))
    return Check(
        id="journal_set_aside",
        ok=not aside,
        what=f"{len(aside)} broken journals kept" if aside else "no journal was ever broken",
        fix=f"{patient.as_root}dmesg tells of a bad disk; once no records wait for the hub: "
        f"{patient.as_root}rm {' '.join(map(str, aside))}",
    )


def running(name: str, told: Mapping[str, Any], *, start_it: str) -> Check:
    """Check that a program runs."""
    running = told.get("state") == "running"
    return Check(id=name, ok=running, what=f"{name} is {told.get('state', 'stopped')}", fix=start_it)


def spool(patient: Patient) -> Check:
    """Check that no job waits for core."""
    waiting = sum(len(files(folder)) for folder in folders(patient.state.spools))
    return Check(
        id="spool",
        ok=not waiting,
        what=f"{waiting} jobs wait in spools",
        fix=f"{patient.start_it} (core takes them by itself); a job that stays was sealed to another agent's key",
    )


def print_profile(patient: Patient) -> Check:
    """Check that somebody chose what may be printed."""
    profile = patient.config.store.print_profile
    return Check(
        id="print_profile",
        ok=profile is not PrintProfile.OFF,
        what=f"print_profile is {profile.value}",
        fix='choose one by your country\'s law, e.g. [store] print_profile = "separate_slip"',
    )


def troubles(told: Mapping[str, Any]) -> Check:
    """Show the first trouble that core tells of."""
    troubles = told.get("troubles", [])
    first = troubles[0] if troubles else {}
    return Check(
        id="troubles",
        ok=not troubles,
        what=first.get("message", "core has no trouble to tell"),
        fix=first.get("fix", ""),
    )


def backups(patient: Patient) -> Check:
    """Check that a copy of the journal is made every night."""
    newest = max((path.stat().st_mtime for path in files(patient.state.backups)), default=None)
    age_s = patient.now.timestamp() - newest if newest else None
    there = patient.state.journal.exists()
    return Check(
        id="backup",
        ok=not there or age_s is None or age_s < BACKUP_OLD_S,
        what="no copy of the journal yet" if age_s is None else f"newest copy of the journal {age_s / 3600:.0f} h old",
        fix="tillstream journal backup; a full disk makes none",
    )


def spool_age(patient: Patient) -> Check:
    """Check that what waits in spools is not growing old: then core does not take it."""
    waiting = [path.stat().st_mtime for folder in folders(patient.state.spools) for path in files(folder)]
    age_s = patient.now.timestamp() - min(waiting) if waiting else 0.0
    return Check(
        id="spool_growing",
        ok=age_s < SPOOL_OLD_S,
        what=f"the oldest job waits for {age_s / 60:.0f} minutes" if waiting else "no job grows old in a spool",
        fix="see what core says: tillstream status; a job sealed to another agent's key is moved away by support",
    )


def restarts(told: Mapping[str, Any]) -> Check:
    """Check that no program ends again and again."""
    often = [each for each in told.get("children", []) if each.get("starts", 0) > RESTARTS_MAX]
    names = ", ".join(f"{each['name']} {each['starts']} times" for each in often)
    return Check(
        id="restarts",
        ok=not often,
        what=f"started again and again: {names}" if often else "no program ends again and again",
        fix="journalctl -u tillstream shows why; tillstream support-bundle packs it for support",
    )


def reading(patient: Patient) -> Check:
    """Check that receipts are understood: too many parked documents mean a till that needs a profile."""
    key = journal_key(patient)
    read = parked = 0
    if key is not None and patient.state.journal.exists():
        try:
            with closing(JournalReader(patient.state.journal, key)) as reader:
                kinds = [record.kind for record in reader.newest(limit_rows=TAIL_ROWS)]
        except TillstreamError:
            kinds = []
        read = sum(kind in {"transaction.completed", "transaction.returned", "transaction.voided"} for kind in kinds)
        parked = kinds.count("document.parked")
    share = read / (read + parked) if read + parked else 1.0
    return Check(
        id="reading",
        ok=read + parked < DOCUMENTS_MIN or share >= READ_SHARE_MIN,
        what=f"{share:.0%} of the last {read + parked} receipts were read",
        fix="tillstream learn SAMPLES -o PROFILE.toml teaches how this till prints",
    )


def since_start(patient: Patient) -> Check:
    """Check that what this store remembers of its own sales is complete: without it no offer is made."""
    complete = bool(patient.core.get("memory_complete", True))
    started = patient.core.get("started_at")
    since = f"core runs since {datetime.fromisoformat(started):%Y-%m-%d %H:%M}" if started else "core does not run"
    return Check(
        id="memory",
        ok=complete,
        what=since if complete else "core still reads its journal: no offers until it is through",
        fix="wait a minute; if it stays, tillstream journal verify",
    )

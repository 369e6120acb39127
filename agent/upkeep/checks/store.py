"""Checks of this store's own state: folder, keys, journal, programs, spools, backups."""

from __future__ import annotations

import errno
import stat
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from agent.config import PrintProfile
from agent.journal.chain import ChainVerifier
from agent.journal.database import SQLITE_MIN
from agent.journal.reader import JournalReader
from agent.upkeep.checks.machine import FREE_BYTES_MIN, mount_point
from agent.upkeep.patient import PACKAGE_CONFIG, Check, Patient, files, folders, journal_key
from agent.upkeep.sentences import Sentence, say
from retail.errors import TillstreamError

TAIL_ROWS = 1000
BACKUP_OLD_S = 3 * 86_400.0  # one a night; a weekend off is no reason to call
SPOOL_OLD_S = 600.0  # core takes a job in seconds; after ten minutes it will not without help
RESTARTS_MAX = 5  # a night of updates restarts twice
READ_SHARE_MIN = 0.5  # below it the till's receipts are not understood: they need a profile
DOCUMENTS_MIN = 20  # fewer say nothing about a till


def library(version: tuple[int, ...]) -> Check:
    """Check the SQLite that writes the journal."""
    return Check(
        id="sqlite",
        ok=version >= SQLITE_MIN,
        what=say("sqlite", version=".".join(map(str, version))),
        fix=say("sqlite_fix"),
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
        return Check(
            id="state_dir", ok=False, what=say("says", place=root, cause=error.strerror), fix=_look_as_root(patient)
        )
    except OSError as error:
        what = say("says", place=root, cause=error.strerror)
        return Check(id="state_dir", ok=False, what=what, fix=_mend_folder(patient, error))
    private = not mode & 0o077
    return Check(
        id="state_dir",
        ok=private,
        what=say("mode", place=root, mode=f"{mode:o}"),
        fix=f"{patient.as_root}chmod 700 {root}",
    )


def _mend_folder(patient: Patient, error: OSError) -> Sentence | str:
    """Return what makes a state folder that can be written: a folder that is missing is made, a disk is mended."""
    root = patient.state.root
    if error.errno == errno.EROFS:
        return say("remount", place=mount_point(root))
    if error.errno == errno.ENOSPC:
        return say("disk_fix", at_least=FREE_BYTES_MIN // 2**20)
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return say("no_folder", place=root, sudo=patient.as_root)
    if error.errno != errno.ENOENT:
        return say("mend_disk")
    if patient.as_root:
        return f"sudo install -d -m 0700 -o tillstream -g tillstream {root}"
    return f"mkdir -p -m 0700 {root}"


def _look_as_root(patient: Patient) -> Sentence:
    path = patient.config_path or PACKAGE_CONFIG
    return say("state_dir_closed", path=path)


def private_keys(patient: Patient) -> Check:
    """Check that there are keys and that nobody else reads them."""
    folder = patient.state.keys
    open_keys = [path.name for path in files(folder) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    has_key = journal_key(patient) is not None
    what = say("keys") if has_key else say("keys_none")
    if open_keys:
        what = say("keys_open", names=", ".join(open_keys[:3]), folder=folder)
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
        return Check(id="journal", ok=False, what=say("journal_none"), fix=patient.start_it)
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
        what=say("journal", head=head, damaged=damaged),
        fix=say("journal_fix", command=patient.command("journal verify")),
    )


def set_aside(patient: Patient) -> Check:
    """Check whether a broken journal was ever set aside."""
    aside = sorted(patient.state.root.glob("journal.db.broken-*[0-9Z]"))
    return Check(
        id="journal_set_aside",
        ok=not aside,
        what=say("journal_set_aside", count=len(aside)) if aside else say("journal_never_broken"),
        fix=say("journal_set_aside_fix", sudo=patient.as_root, names=" ".join(map(str, aside))),
    )


def _state(told: Mapping[str, Any]) -> Sentence | str:
    state = str(told.get("state", "stopped"))
    return say(state) if state in {"running", "stopped"} else state


def running(name: str, told: Mapping[str, Any], *, start_it: str) -> Check:
    """Check that a program runs."""
    running = told.get("state") == "running"
    return Check(id=name, ok=running, what=say("program", name=name, state=_state(told)), fix=start_it)


def spool(patient: Patient) -> Check:
    """Check that no job waits for core."""
    waiting = sum(len(files(folder)) for folder in folders(patient.state.spools))
    return Check(
        id="spool",
        ok=not waiting,
        what=say("spool", count=waiting),
        fix=say("spool_fix", start=patient.start_it),
    )


def print_profile(patient: Patient) -> Check:
    """Check that somebody chose what may be printed."""
    profile = patient.config.store.print_profile
    return Check(
        id="print_profile",
        ok=profile is not PrintProfile.OFF,
        what=say("print_profile", profile=profile.value),
        fix=say("print_profile_fix"),
    )


def troubles(told: Mapping[str, Any]) -> Check:
    """Show the first trouble that core tells of."""
    troubles = told.get("troubles", [])
    first = troubles[0] if troubles else {}
    return Check(
        id="troubles",
        ok=not troubles,
        what=first.get("message") or say("troubles_none"),
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
        what=say("backup_none") if age_s is None else say("backup", hours=f"{age_s / 3600:.0f}"),
        fix=say("backup_fix", command=patient.command("journal backup")),
    )


def spool_age(patient: Patient) -> Check:
    """Check that what waits in spools is not growing old: then core does not take it."""
    waiting = [path.stat().st_mtime for folder in folders(patient.state.spools) for path in files(folder)]
    age_s = patient.now.timestamp() - min(waiting) if waiting else 0.0
    return Check(
        id="spool_growing",
        ok=age_s < SPOOL_OLD_S,
        what=say("spool_growing", minutes=f"{age_s / 60:.0f}") if waiting else say("spool_young"),
        fix=say("spool_growing_fix"),
    )


def restarts(patient: Patient, told: Mapping[str, Any]) -> Check:
    """Check that no program ends again and again."""
    often = [each for each in told.get("children", []) if each.get("starts", 0) > RESTARTS_MAX]
    names = ", ".join(f"{each['name']} x {each['starts']}" for each in often)
    return Check(
        id="restarts",
        ok=not often,
        what=say("restarts", names=names) if often else say("restarts_none"),
        fix=say("restarts_fix", bundle=patient.command("support-bundle")),
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
        what=say("reading", share=f"{share:.0%}", count=read + parked),
        fix=say("reading_fix"),
    )


def since_start(patient: Patient) -> Check:
    """Check that what this store remembers of its own sales is complete: without it no offer is made."""
    complete = bool(patient.core.get("memory_complete", True))
    started = patient.core.get("started_at")
    since = say("memory", at=f"{datetime.fromisoformat(started):%Y-%m-%d %H:%M}") if started else say("memory_none")
    return Check(
        id="memory",
        ok=complete,
        what=since if complete else say("memory_reading"),
        fix=say("memory_fix", command=patient.command("journal verify")),
    )

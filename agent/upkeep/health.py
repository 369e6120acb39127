"""What `tillstream doctor` checks: each check is a question with an answer and, where it is no, what to do.

Every check looks for itself and never raises; a store that is down is a store whose checks fail.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from agent.control.call import ask_core
from agent.desk.report import read_desk_report
from agent.journal.database import library_version
from agent.upkeep.checks import chain, lanes, machine, pages, store
from agent.upkeep.patient import Check, Patient
from retail.errors import TillstreamError

__all__ = ["Check", "Patient", "examine", "walk_to_hub"]


def examine(patient: Patient) -> list[Check]:
    """Return all checks, in the order in which a person would look."""
    patient = replace(patient, status=_status(patient))
    checks = [*_of_machine(patient), *_of_store(patient), *_of_lanes(patient), *_of_chain(patient)]
    return [check for check in checks if check is not None]


def walk_to_hub(patient: Patient) -> list[Check]:
    """Return the steps of the way to the hub, up to the first that fails (`tillstream netcheck`)."""
    return chain.way(patient)


def _of_machine(patient: Patient) -> list[Check | None]:
    return [
        store.library(library_version()),
        machine.configuration_file(patient),
        machine.disk(patient),
        machine.inodes(patient),
        machine.file_system(patient),
        machine.clock(patient),
        machine.watchdog(machine.unit_state()),
        machine.memory(patient),
    ]


def _of_store(patient: Patient) -> list[Check | None]:
    return [
        store.state_folder(patient),
        machine.user(patient),
        store.private_keys(patient),
        store.journal(patient),
        store.set_aside(patient),
        store.backups(patient),
        store.running("core", patient.core, start_it=patient.start_it),
        store.running("desk", patient.status["desk"], start_it=patient.start_it),
        store.restarts(patient, _children(patient)),
        store.since_start(patient),
        store.troubles(patient.core),
    ]


def _of_lanes(patient: Patient) -> list[Check | None]:
    found: list[Check | None] = [lanes.level(patient)]
    for each in patient.config.workstation:
        if each.tap:
            found += [
                lanes.port(each, is_running=patient.is_running),
                lanes.tap(each, patient.taps, start_it=patient.start_it),
                lanes.printer(each, patient.taps),
                lanes.printer_speaks(each, is_running=patient.is_running),
                pages.code_page(patient, each),
            ]
        found += lanes.devices(each)
    return [
        *found,
        store.spool(patient),
        store.spool_age(patient),
        store.print_profile(patient),
        store.reading(patient),
    ]


def _of_chain(patient: Patient) -> list[Check | None]:
    """Look at the chain; what a stopped program would tell is not asked: that it is stopped is the fault."""
    hub, desk = patient.hub, patient.status["desk"]
    return [
        chain.enrolled(patient),
        *chain.way(patient),
        chain.contact(patient, hub) if desk.get("state") == "running" else None,
        chain.credential(patient, hub),
        chain.backlog(hub),
        chain.parked(patient, hub),
        chain.mirror(patient.status) if patient.is_running else None,
    ]


def _status(patient: Patient) -> dict[str, Any]:
    told: dict[str, Any] = {"core": {"state": "stopped", "troubles": []}, "taps": [], "mirror": {}}
    try:
        told |= ask_core(patient.state.control_socket, "status")
    except TillstreamError as error:
        told["core"]["cause"] = error.message
    return told | read_desk_report(patient.state.root, now=patient.now)


def _children(patient: Patient) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(patient.state.supervisor_state.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told

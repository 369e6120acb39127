"""What the commands of people and the audit log do, apart from how they are called."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from hub.commands import opened
from hub.users.at_the_machine import machine_user
from hub.users.audit import AuditLog
from hub.users.roles import RIGHTS, Role
from retail.errors import ConfigurationError


def list_people(config: Path | None, *, state_dir: Path | None) -> dict[str, Any]:
    """Return everybody, and what each role may do."""
    with opened(config, state_dir) as hub:
        people = [asdict(each) for each in hub.users.all()]
    return {"people": people, "roles": {role.value: sorted(rights) for role, rights in RIGHTS.items()}}


def role_named(name: str) -> Role:
    """Return a role. Raises ConfigurationError for one that is none."""
    if name.replace("-", "_") not in set(Role):
        known = ", ".join(each.replace("_", "-") for each in Role)
        raise ConfigurationError(f"{name!r} is no role", fix=f"say one of {known}", code="role")
    return Role(name.replace("-", "_"))


def put_person(config: Path | None, *, state_dir: Path | None, name: str, role: Role, password: str) -> dict[str, Any]:
    """Make or change an account."""
    with opened(config, state_dir) as hub:
        hub.users.put(name, role, password, by=machine_user())
    return {"name": name, "role": role.value, "may": sorted(RIGHTS[role])}


def end_person(config: Path | None, *, state_dir: Path | None, name: str) -> dict[str, Any]:
    """End an account and say whether there was one."""
    with opened(config, state_dir) as hub:
        return {"name": name, "ended": hub.users.end(name, by=machine_user())}


def read_audit(config: Path | None, *, state_dir: Path | None, first_no: int) -> dict[str, Any]:
    """Return the audit log from an entry on, and where it was changed, if it was."""
    with opened(config, state_dir) as hub:
        log = AuditLog(hub.database)
        found = log.check(hub.config.tenant)
        entries = [each.to_json() for each in log.entries(hub.config.tenant, first_no=first_no)]
    return {"entries": entries, "whole": found is None, "broken_at": asdict(found) if found else None}

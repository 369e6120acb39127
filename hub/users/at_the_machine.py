"""What commands on the hub's own machine do: it stands in the audit log as what people do on pages does."""

from __future__ import annotations

import getpass
import os

from hub.bootstrap import Hub
from hub.users.audit import AuditLog


def machine_user() -> str:
    """Return what the audit log calls whoever types commands here; behind sudo, who called it, too."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return "command line"
    asked = os.environ.get("SUDO_USER")
    return f"{asked} as {user} (command line)" if asked else f"{user} (command line)"


def note_typed(hub: Hub, did: str, *, subject: str = "", detail: str = "") -> None:
    """Write down what a command has done; neither `subject` nor `detail` may name a customer."""
    AuditLog(hub.database).note(
        hub.config.tenant, who=machine_user(), did=did, subject=subject, detail=detail, now=hub.clock()
    )

"""Reads `desk.json`, the report that a running desk writes every two seconds; imports nothing of the desk itself.

A report outlives whoever wrote it: it is believed while it is young and its process lives.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

DESK_FILE = "desk.json"
OLD_AFTER_S = 10.0  # five beats: a desk that has not written for so long does not run


def read_desk_report(folder: Path, *, now: datetime) -> dict[str, Any]:
    """Return the desk's part of the status; its state is `stopped` where nobody writes the report any more."""
    try:
        report: dict[str, Any] = json.loads((folder / DESK_FILE).read_text("utf-8"))
        as_of = datetime.fromisoformat(report["desk"]["as_of"])
        age_s = (now - as_of).total_seconds()
    except (OSError, ValueError, KeyError, TypeError):
        return {"desk": {"state": "stopped"}, "hub": {"last_contact": None, "backlog": 0, "parked": 0}}
    if age_s > OLD_AFTER_S or _has_ended(report["desk"].get("pid")):
        report["desk"]["state"] = "stopped"
    return report


def _has_ended(pid: object) -> bool:
    """Return whether there is surely no such process; only Linux shows, and to whoever may read the state folder."""
    return sys.platform == "linux" and pid is not None and not Path(f"/proc/{pid}").exists()

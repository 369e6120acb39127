"""Reads `desk.json`, the report that a running desk writes every two seconds; imports nothing of the desk itself."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

DESK_FILE = "desk.json"
OLD_AFTER_S = 10.0  # five beats: a desk that has not written for so long does not run


def read_desk_report(folder: Path, *, now: datetime) -> dict[str, Any]:
    """Return the desk's part of the status; its state is `stopped` when the report is old or not there."""
    try:
        report: dict[str, Any] = json.loads((folder / DESK_FILE).read_text("utf-8"))
        as_of = datetime.fromisoformat(report["desk"]["as_of"])
        age_s = (now - as_of).total_seconds()
    except (OSError, ValueError, KeyError, TypeError):
        return {"desk": {"state": "stopped"}, "hub": {"last_contact": None, "backlog": 0, "parked": 0}}
    if age_s > OLD_AFTER_S:
        report["desk"]["state"] = "stopped"
    return report

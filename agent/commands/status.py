"""`tillstream status [--json]`: what runs and how far behind the hub is; `app` holds the command `status`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import typer

from agent.commands.options import ConfigOption, JsonOption, open_journal, state_of
from agent.control.call import ask_core
from agent.desk.report import read_desk_report
from agent.state_dir import StateDir
from retail.errors import TillstreamError

app = typer.Typer()


@app.command(epilog="Example: tillstream status --json")
def status(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Show what runs, what is wrong, and how much the hub has not taken yet."""
    told = status_of(state_of(config), now=datetime.now(UTC))
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _text(told))


def status_of(state: StateDir, *, now: datetime) -> dict[str, Any]:
    """Return the contracts' shape, whatever runs. Never raises for a store that is down: that is its status."""
    told: dict[str, Any] = {
        "core": {"state": "stopped"},
        "desk": {"state": "stopped"},
        "taps": [],
        "hub": {"last_contact": None, "backlog": 0, "parked": 0},
        "mirror": {"version": None, "age_s": None, "customers": 0},
        "journal": {"head_seq": None},
    }
    try:
        told |= ask_core(state.control_socket, "status")
    except TillstreamError:
        told["journal"] = _journal_on_disk(state)
    told |= read_desk_report(state.root, now=now)
    return told


def _journal_on_disk(state: StateDir) -> dict[str, Any]:
    try:
        reader = open_journal(state)
    except TillstreamError as error:
        return {"head_seq": None, "trouble": error.code}
    try:
        return {"head_seq": reader.head()[1], "trouble": None}
    except TillstreamError as error:
        return {"head_seq": None, "trouble": error.code}
    finally:
        reader.close()


def _text(told: dict[str, Any]) -> str:
    hub, mirror, journal = told["hub"], told["mirror"], told["journal"]
    lines = [f"{name:<8} {told[name].get('state', 'stopped')}" for name in ("core", "desk")]
    lines += [
        f"tap {tap['workstation_id']:<4} {'connected' if tap['connected'] else 'away'}  {tap['listen']}{_trouble(tap)}"
        for tap in told["taps"]
    ]
    whose = " (who shops here or near)" if mirror.get("is_slice") else ""
    behind = f"{hub.get('backlog', 0)} behind, {hub.get('parked', 0)} parked"
    lines += [
        f"hub      last contact {hub.get('last_contact') or 'never'}, {behind}",
        f"mirror   version {mirror['version'] or 'none'}, {mirror['customers']} codes{whose}",
        f"journal  {journal['head_seq'] or 0} records",
    ]
    lines += [f"! {each['message']}\n  fix: {each['fix']}" for each in told["core"].get("troubles", [])]
    return "\n".join(lines)


def _trouble(tap: dict[str, Any]) -> str:
    """Return why a tap's printer does not print, nothing when it does."""
    printer = tap.get("printer") or {}
    causes = printer.get("trouble") or []
    return f"  printer {printer['name']}: {', '.join(causes)} since {printer['since']}" if causes else ""

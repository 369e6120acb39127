"""`tillstream doctor [--json]`: one line a check, and under each that fails what to do; `app` holds `doctor`."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import typer

from agent.commands.options import ConfigOption, JsonOption, config_of
from agent.state_dir import StateDir
from agent.upkeep.health import Patient, examine

app = typer.Typer()


@app.command(epilog="Example: tillstream doctor")
def doctor(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Check this installation; exit 1 when something needs a person, and say what to do."""
    loaded = config_of(config)
    patient = Patient(
        config=loaded, state=StateDir(loaded.agent.state_dir), environment=os.environ, now=datetime.now(UTC)
    )
    checks = examine(patient)
    if as_json:
        typer.echo(json.dumps({"checks": [check.as_json() for check in checks]}, ensure_ascii=False))
    else:
        for check in checks:
            typer.echo(f"{'✓' if check.ok else '!'} {check.what}")
            if not check.ok:
                typer.echo(f"  fix: {check.fix}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)

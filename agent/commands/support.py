"""`tillstream support-bundle`: one file for support, without a person in it; `app` holds the command."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.options import ConfigOption, JsonOption, find_config
from agent.config import load_config
from agent.state_dir import StateDir
from agent.upkeep.patient import Patient
from agent.upkeep.support_bundle import default_name, write_bundle

app = typer.Typer()


@app.command("support-bundle", epilog="Example: tillstream support-bundle -o shop-7781.tar.gz")
def support_bundle(
    config: ConfigOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write it.", metavar="FILE")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Pack checks, status, versions and log for support; card numbers, persons and secrets are taken out first.

    Nothing is sent: look through the archive, then send it yourself.
    """
    path = find_config(config)
    loaded, now = load_config(path), datetime.now(UTC)
    patient = Patient(
        config=loaded, state=StateDir(loaded.agent.state_dir), environment=os.environ, now=now, config_path=path
    )
    target = output or Path(default_name(now))
    names = write_bundle(patient, target)
    if as_json:
        typer.echo(json.dumps({"file": str(target), "bytes": target.stat().st_size, "holds": names}))
    else:
        typer.echo(f"{target}: {', '.join(names)}; nothing was sent")

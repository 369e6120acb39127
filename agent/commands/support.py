"""`tillstream support-bundle`: one file for support, without a person in it; `app` holds the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.doctor import patient_of
from agent.commands.options import ConfigOption, JsonOption
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
    patient = patient_of(config)
    target = output or Path(default_name(patient.now))
    names = write_bundle(patient, target)
    if as_json:
        typer.echo(json.dumps({"file": str(target), "bytes": target.stat().st_size, "holds": names}))
    else:
        typer.echo(f"{target}: {', '.join(names)}; nothing was sent")

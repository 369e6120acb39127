"""`tillstream doctor`, `netcheck`, `devices`: one line a check, and under each that fails what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from agent.commands.options import ConfigOption, JsonOption, find_config
from agent.config import load_config
from agent.state_dir import StateDir
from agent.upkeep.health import Check, Patient, examine, walk_to_hub
from agent.upkeep.patient import PACKAGE_CONFIG, service_environment
from agent.upkeep.sentences import LANGUAGES, own_language
from retail.errors import ConfigurationError

app = typer.Typer()

SpeakOption = Annotated[str | None, typer.Option("--speak", help="Language of the sentences: en or ru.")]


@app.command(epilog="Example: tillstream doctor")
def doctor(config: ConfigOption = None, *, speak: SpeakOption = None, as_json: JsonOption = False) -> None:
    """Check this installation; exit 1 when something needs a person, and say what to do."""
    _tell(examine(patient_of(config)), speak=speak, as_json=as_json)


@app.command(epilog="Example: tillstream netcheck")
def netcheck(config: ConfigOption = None, *, speak: SpeakOption = None, as_json: JsonOption = False) -> None:
    """Walk to the hub step by step - proxy, name, connection, TLS, clock - and stop at the step that fails."""
    _tell(walk_to_hub(patient_of(config)), speak=speak, as_json=as_json)


@app.command(epilog="Example: tillstream devices --json")
def devices(*, as_json: JsonOption = False) -> None:
    """List what is plugged in: serial ports, input devices that may be scanners, CUPS queues."""
    from agent.upkeep.devices import plugged_in  # noqa: PLC0415 - pyserial is imported only here

    found = plugged_in()
    if as_json:
        typer.echo(json.dumps({"devices": [each.as_json() for each in found]}, ensure_ascii=False))
        return
    for each in found:
        typer.echo(f"{each.kind:<8} {each.address:<44} {each.name}")
    if not found:
        typer.echo("nothing is plugged in that could be a printer or a scanner")


def patient_of(config: ConfigOption) -> Patient:
    """Return the agent that is looked at, in its service's environment. Raises ConfigurationError."""
    path = find_config(config)
    loaded = load_config(path)
    return Patient(
        config=loaded,
        state=StateDir(loaded.agent.state_dir),
        environment=os.environ | service_environment() if path == PACKAGE_CONFIG else os.environ,
        now=datetime.now(UTC),
        config_path=path,
    )


def _tell(checks: Sequence[Check], *, speak: str | None, as_json: bool) -> None:
    """Tell a person in their language; JSON is English wherever it is made, unless somebody asks otherwise."""
    if speak is not None and speak not in LANGUAGES:
        raise ConfigurationError(
            f"--speak {speak}: not spoken here", fix=f"one of {', '.join(LANGUAGES)}", code="usage"
        )
    if as_json:
        told = [check.as_json(speak or LANGUAGES[0]) for check in checks]
        typer.echo(json.dumps({"checks": told}, ensure_ascii=False))
    else:
        for check in checks:
            what, fix = check.in_language(speak or own_language())
            typer.echo(f"{'✓' if check.ok else '!'} {what}")
            if not check.ok:
                typer.echo(f"  fix: {fix}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)

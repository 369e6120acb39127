"""`tillstream version`: which program this is, and which versions of the contracts it speaks."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from agent.journal.database import library_version
from pos_adapters.taps.frames import PROTOCOL_VERSION

app = typer.Typer()


@app.command(epilog="Example: tillstream version --json")
def version(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Show the version of the program, of the tap's protocol, of Python and of the journal's SQLite."""
    answer = {
        "tillstream": installed_version("tillstream"),
        "tap_protocol": PROTOCOL_VERSION,
        "python": platform.python_version(),
        "sqlite": ".".join(map(str, library_version())),
    }
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        typer.echo(f"tillstream {answer['tillstream']} (tap protocol {PROTOCOL_VERSION}, Python {answer['python']})")

"""`tillstream replay DIR`: play jobs that a tap recorded (`tillstream tap --record DIR`) against any printer."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.print_test import fix_of
from pos_adapters.taps.recording import recorded_jobs
from pos_adapters.taps.replay import replay as replay_job
from pos_adapters.taps.whole_jobs import printer_to_print_on
from retail.errors import ConfigurationError, OnSiteError

app = typer.Typer()


@app.command(epilog="Example: tillstream replay recorded --printer tcp://192.0.2.10:9100")
def replay(
    folder: Annotated[Path, typer.Argument(help="What `tillstream tap --record` wrote.", metavar="DIR")],
    *,
    printer: Annotated[
        str,
        typer.Option(
            "--printer",
            help="Where to print: tcp://HOST:PORT, serial:///DEVICE?baud=N, lpd://HOST or epos://HOST.",
            metavar="ADDRESS",
        ),
    ],
    fast: Annotated[bool, typer.Option("--fast", help="Do not keep the register's pauses.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Play recorded jobs against a printer, in order and with the register's own timing."""
    address = printer_to_print_on(printer)
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder", fix="name a folder that --record wrote")
    try:
        jobs = list(recorded_jobs(folder))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{folder}: {error}", fix="name a folder that --record wrote") from error
    if not jobs:
        raise ConfigurationError(f"{folder}: no recorded job in it", fix="name a folder that --record wrote")
    done = []
    for job in jobs:
        try:
            done.append(replay_job(job, address, wait=_no_time if fast else time.sleep))
        except OSError as error:
            raise OnSiteError(f"{printer}: {error.strerror or error}", fix=fix_of(address, error)) from error
        if not as_json:
            typer.echo(f"{done[-1].job_id}: {done[-1].sent_bytes} bytes, answer {done[-1].answer.hex() or 'none'}")
    if as_json:
        told = [{"job_id": each.job_id, "sent_bytes": each.sent_bytes, "answer": each.answer.hex()} for each in done]
        typer.echo(json.dumps(told))


def _no_time(seconds: float) -> None:
    del seconds

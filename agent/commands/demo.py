"""`tillstream demo`: a shop, its chain and its customers on this machine, to look at or to check."""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from retail.errors import ConfigurationError

app = typer.Typer()

EXAMPLE = "Examples: tillstream demo; tillstream demo --once --json; tillstream demo --job receipt.bin"


@app.command(epilog=EXAMPLE)
def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Play the fixed story, check it, exit 0 or 1.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report of --once as one JSON object.")] = False,
    job: Annotated[Path | None, typer.Option("--job", help="Send this captured print job instead of sales.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Draws the baskets and the customers.")] = 1,
    model: Annotated[
        str, typer.Option("--model", help="Printer model of both workstations, e.g. TM-T88V.")
    ] = "TM-T20III",
    folder: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep everything in this new folder: papers, journal, the hub's base, logs."),
    ] = None,
) -> None:
    """Run a register, a printer, the agent and the hub on this machine, and sell until Ctrl-C.

    Nothing leaves loopback. Receipts are made by python-escpos, an encoder that is not ours.
    """
    if sys.platform == "win32":
        raise ConfigurationError("the demo stops processes by signals that Windows lacks", fix="run it on Linux")
    if job is not None and not job.is_file():
        raise ConfigurationError(f"{job}: no such file", fix="name a captured print job")
    if as_json and not once:
        raise ConfigurationError("a demo without end has no report", fix="tillstream demo --once --json")
    if folder is not None:
        _make_new(folder)
    from agent.demo.performance import Performance  # noqa: PLC0415 - `--help` needs no printers

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops us finds nothing left behind
    with tempfile.TemporaryDirectory(prefix="tillstream-") as temporary:
        wanted = Performance(folder=folder or Path(temporary), model=model, seed=seed, as_json=as_json)
        with suppress(KeyboardInterrupt):
            if job is not None:
                raise typer.Exit(wanted.send(job, once=once))
            raise typer.Exit(wanted.play_once() if once else wanted.sell())


def _make_new(folder: Path) -> None:
    """Make the folder to keep everything in: an older demo's state would be taken for this one's.

    Raises ConfigurationError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_new = not any(folder.iterdir())
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: no such folder can be made: {error.strerror}", fix="name a new folder with --keep"
        ) from error
    if not is_new:
        raise ConfigurationError(f"{folder}: is not empty", fix="name a new folder with --keep")

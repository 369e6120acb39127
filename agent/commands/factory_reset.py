"""`tillstream factory-reset`: at the end of a PC's life in a store, or before it goes to another one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.options import ConfigOption, JsonOption, config_of
from agent.config import AgentConfig
from agent.state_dir import StateDir
from agent.updating.running import RunningAgent
from agent.upkeep.end_of_life import Left, what_is_left, wipe
from retail.errors import ConfigurationError, OnSiteError, TillstreamError

app = typer.Typer()

WAIT_S = 60.0
LOOK_EVERY_S = 0.5
END_WITHIN_S = 30.0
UNITS = ["tillstream-update.timer", "tillstream.socket", "tillstream.service"]


@app.command("factory-reset", epilog="Example: sudo tillstream factory-reset --dry-run")
def factory_reset(
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; what is not uploaded is lost.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be lost; change nothing.")] = False,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to let a running agent upload what is left.")
    ] = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Wipe keys, journal, customers and queues. What is left is uploaded first, or told: nothing is lost unsaid."""
    loaded = config_of(config)
    state = StateDir(loaded.agent.state_dir)
    if not state.root.is_dir():
        raise OnSiteError(f"{state.root} is not here", fix="nothing is to be done: no agent ran here", code="reset")
    running = RunningAgent(state)
    left = _after_uploading(state, running, loaded, wait_s=0 if dry_run else wait)
    if dry_run:
        _tell(left, [], as_json=as_json)
        return
    if not yes:
        _agree(left, loaded)
    _stop(running)
    left = what_is_left(state, os.environ) if yes else left
    hub_told = _farewell(state, left)
    removed = wipe(state)
    _tell(left, removed, hub_told=hub_told, as_json=as_json)


def _after_uploading(state: StateDir, running: RunningAgent, config: AgentConfig, *, wait_s: float) -> Left:
    """Give a running agent its time to upload; return what is left then."""
    until_s = time.monotonic() + wait_s
    while True:
        left = what_is_left(state, os.environ)
        uploads = config.hub is not None and (state.keys / "enrolled.json").is_file() and running.is_running()
        if left.is_nothing or not uploads or time.monotonic() >= until_s:
            return left
        time.sleep(LOOK_EVERY_S)


def _agree(left: Left, config: AgentConfig) -> None:
    """Have the store's number typed. Raises ConfigurationError where nobody can, or somebody does not."""
    number = config.store.business_unit_id
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "nobody agreed: this is no terminal", fix="look with --dry-run, then add --yes", code="not_agreed"
        )
    for line in left.lines() or ["nothing: the hub has everything"]:
        typer.echo(f"lost for ever: {line}")
    typer.echo(f"type the store's number ({number}) to wipe this PC: ", nl=False)
    if sys.stdin.readline().strip() != number:
        raise ConfigurationError(
            "that is not this store's number; nothing was wiped", fix="try again", code="not_agreed"
        )


def _stop(running: RunningAgent) -> None:
    """Stop the agent. Raises OnSiteError when it stays, or comes back."""
    if os.geteuid() == 0 and shutil.which("systemctl") and Path("/run/systemd/system").is_dir():
        words = ["systemctl", "disable", "--now", *UNITS]
        subprocess.run(words, capture_output=True, timeout=END_WITHIN_S * 2, check=False)  # noqa: S603 - constant words
    running.restart()
    until_s = time.monotonic() + END_WITHIN_S
    while running.is_running() and time.monotonic() < until_s:
        time.sleep(LOOK_EVERY_S)
    if running.is_running():
        raise OnSiteError(
            "the agent still runs; nothing was wiped",
            fix="sudo systemctl disable --now tillstream.socket tillstream.service; then again",
            code="agent_runs",
        )


def _farewell(state: StateDir, left: Left) -> bool | None:
    """Tell the hub that this PC leaves; return whether it knows now, None where no hub knows this PC."""
    from agent.upkeep.farewell import say_farewell  # noqa: PLC0415 - imports httpx

    try:
        return say_farewell(state, left, os.environ) or None
    except (TillstreamError, TimeoutError):
        return False  # what is wiped is wiped: the person is told to pass it on


def _tell(left: Left, removed: list[str], *, as_json: bool, hub_told: bool | None = None) -> None:
    if as_json:
        lost = {"unsent": dict(left.unsent), "parked": left.parked, "spooled_jobs": left.spooled_jobs}
        told = {"lost": lost | {"unreadable": left.unreadable}, "nothing_lost": left.is_nothing, "removed": removed}
        told["hub_told"] = hub_told
        typer.echo(json.dumps(told))
        return
    word = "lost" if removed else "would be lost"
    for line in left.lines() or ["nothing: the hub has everything"]:
        typer.echo(f"{word}: {line}")
    if removed:
        typer.echo(
            f"wiped: {len(removed)} keys, files and folders; agent.toml stays, sudo apt purge tillstream takes it too"
        )
        if hub_told:
            typer.echo("the hub knows that this PC has left its store")
        elif hub_told is False:
            typer.echo("the hub was not reached: tell its people that this PC has left its store")

"""`tillstream update --check | --apply | --rollback`: the program replaced by one that the chain has released."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.clock import SystemClock
from agent.commands.options import ConfigOption, JsonOption, config_of
from agent.config import RING_CHANNEL, AgentConfig
from agent.state_dir import StateDir
from retail.errors import ConfigurationError, OnSiteError, TillstreamError
from sync.feed_files import load_state

if TYPE_CHECKING:
    from agent.updating.applying import House

app = typer.Typer()

NO_RING_CHANNEL = "stable"
"""What a store follows whose hub has given it no ring, or one to which nothing was released yet."""

BAD_STATES = frozenset({"taken_back"})
WORDS = {
    "nothing_new": "nothing newer than {was} is released",
    "available": "{version} is released, {was} runs: tillstream update --apply",
    "outside_hours": "{version} waits for the night",
    "applied": "{version} runs and has said READY; {was} is kept for --rollback",
    "next_start": "{version} is tried at the next start; {was} is kept",
    "taken_back": "the update did not hold: {version} runs again",
    "rolled_back": "{version} runs again instead of {was}",
}


@app.command("update", epilog="Example: tillstream update --check")
def update(
    config: ConfigOption = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Say what is released; change nothing (this is the default).")
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Fetch it, switch to it, watch it, take it back if it fails.")
    ] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Run what ran before the last update.")] = False,
    now: Annotated[bool, typer.Option("--now", help="With --apply: do not wait for [update] hours.")] = False,
    scheduled: Annotated[
        bool,
        typer.Option("--scheduled", help="With --apply: without [update], or with no way there, end well and say why."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Replace the program by a released one; a program that does not say READY is taken back by itself."""
    from agent.updating import applying  # noqa: PLC0415 - imports the TUF client, which nothing else needs

    if check + apply + rollback > 1:
        raise ConfigurationError(
            "name one of --check, --apply, --rollback", fix="tillstream update --help", code="usage"
        )
    try:
        house = _house(config_of(config))
        if apply:
            outcome = applying.apply(house, at_once=now)
        else:
            outcome = applying.roll_back(house) if rollback else applying.check(house)
    except TillstreamError as error:
        if not scheduled or error.code not in {
            "update_off",
            "update_away",
            "update_busy",
            "update_trial",
            "update_none",
        }:
            raise
        typer.echo(f"{error.message}; {error.fix}")
        return
    told = asdict(outcome) | {"state": outcome.state.value}
    said = WORDS[outcome.state.value].format(**told) + (f" ({outcome.why})" if outcome.why else "")
    typer.echo(json.dumps(told) if as_json else said)
    if outcome.state.value in BAD_STATES:
        raise typer.Exit(1)


def _house(config: AgentConfig) -> House:
    from agent.updating.applying import Hours, House  # noqa: PLC0415 - the TUF client comes with it
    from agent.updating.running import RunningAgent  # noqa: PLC0415
    from agent.updating.slots import Slots  # noqa: PLC0415
    from agent.updating.trust import Trust  # noqa: PLC0415

    section, state, clock = config.update, StateDir(config.agent.state_dir), SystemClock()
    if section is None:
        raise ConfigurationError(
            "this store does not update itself: agent.toml has no [update]",
            fix='add [update] url = "https://hub.example/releases"; docs/updates.md',
            code="update_off",
        )
    _become_owner(state.root)
    return House(
        slots=Slots(state.slots),
        running=RunningAgent(state),
        clock=clock,
        pause=time.sleep,
        package_version=installed_version("tillstream"),
        hours=Hours(begin=section.hours_from, end=section.hours_until, zone=config.store.zone),
        channels=_channels(section.channel, state),
        ready_within_s=section.ready_within_s,
        trust=lambda: Trust(url=section.url, folder=state.updates, root=_root(section.root), now=clock.now()),
    )


def _channels(configured: str, state: StateDir) -> tuple[str, ...]:
    """Return which channels to look at, in order: the hub's word for this store, unless the file names a channel."""
    if configured != RING_CHANNEL:
        return (configured,)
    ring = load_state(state.mirror).ring
    return (ring, NO_RING_CHANNEL) if ring else (NO_RING_CHANNEL,)


def _root(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the chain's first trusted root is missing: {error.strerror}",
            fix="copy it from the hub: tillstream hub release init made it (metadata/1.root.json)",
            code="update_root",
        ) from error


def _become_owner(root: Path) -> None:
    """Go on as whoever owns the state when root asked: a file of root's there stops the agent's own user."""
    try:
        told = root.stat()
    except OSError as error:
        raise OnSiteError(
            f"{root}: {error.strerror}", fix="start the agent once: sudo systemctl start tillstream", code="state_dir"
        ) from error
    if os.geteuid() == 0 and told.st_uid != 0:
        os.setgroups([])
        os.setgid(told.st_gid)
        os.setuid(told.st_uid)

"""`tillstream offers explain`: which offers a customer would get with a basket, and what stopped the others."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agent.clock import SystemClock
from agent.commands.options import ConfigOption, JsonOption, config_of
from agent.config import AgentConfig
from agent.keys import FileSecrets
from agent.offering.explaining import (
    Question,
    StoreFiles,
    answer,
    find_account,
    read_account,
    read_campaigns,
    read_document,
    read_store,
)
from agent.state_dir import StateDir
from retail.errors import ConfigurationError
from retail.loyalty import Account
from retail.offers.campaign import Channel
from retail.offers.decision import Decision

app = typer.Typer(no_args_is_help=True, help="Explain which offers a customer would get, and why.")


@app.callback()
def offers() -> None:
    """Explain which offers a customer would get, and why."""


@app.command("explain", epilog="Example: tillstream offers explain --card 2900000000018 --basket basket.json --json")
def explain(
    *,
    basket: Annotated[Path, typer.Option(help="JSON: a list of lines, or a transaction as `read --json` prints it.")],
    card: Annotated[str, typer.Option(help="The customer's code, looked up in this agent's mirror.")] = "",
    customer: Annotated[Path | None, typer.Option(help="JSON: an account, instead of a code.")] = None,
    campaigns: Annotated[Path | None, typer.Option(help="campaigns.toml, instead of the agent's own.")] = None,
    config: ConfigOption = None,
    channel: Annotated[Channel, typer.Option(help="Where the offer would be made.")] = Channel.RECEIPT,
    workstation: Annotated[str, typer.Option(help="The checkout position.")] = "",
    at: Annotated[str, typer.Option(help="When, ISO 8601; now when not said.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Print every campaign with its outcome and the rule that passed or failed.

    Without a code and without --customer the customer is a stranger.
    """
    settings = _settings(config, needed=bool(card) or campaigns is None)
    files = read_store(settings, _secrets(settings)) if settings is not None else StoreFiles()
    question = Question(
        basket=read_document(basket),
        at=_moment(at, settings),
        account=_customer(card, customer, settings),
        campaigns=read_campaigns(campaigns) if campaigns is not None else None,
        channel=channel,
        workstation_id=workstation,
    )
    for trouble in files.troubles:
        typer.echo(f"tillstream: {trouble}", err=True)
    if card and question.account is None:
        typer.echo("tillstream: nobody is known by this code: explained for a stranger", err=True)
    decision = answer(question, files)
    typer.echo(_as_json(decision) if as_json else _as_text(decision))


def _settings(named: Path | None, *, needed: bool) -> AgentConfig | None:
    """Return the configuration; None where there is none and nothing asks for one."""
    try:
        return config_of(named)
    except ConfigurationError:
        if needed or (named is not None and named.exists()):
            raise
        return None


def _secrets(settings: AgentConfig) -> FileSecrets:
    return FileSecrets.of(StateDir(settings.agent.state_dir).keys, os.environ)


def _customer(card: str, file: Path | None, settings: AgentConfig | None) -> Account | None:
    if card and file is not None:
        raise ConfigurationError("--card and --customer name two customers", fix="give one of them")
    if file is not None:
        return read_account(file)
    return find_account(settings, card) if card and settings is not None else None


def _moment(text: str, settings: AgentConfig | None) -> datetime:
    """Return the moment in the store's time; a time without a zone is the store's."""
    if not text:
        now = SystemClock().now()
        return now if settings is None else now.astimezone(settings.store.zone)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--at {text!r} is no time", fix="write e.g. 2026-11-21T10:30") from error
    if settings is None:
        return moment.astimezone() if moment.tzinfo is None else moment
    return (
        moment.replace(tzinfo=settings.store.zone) if moment.tzinfo is None else moment.astimezone(settings.store.zone)
    )


def _as_json(decision: Decision) -> str:
    return json.dumps([each.as_json() for each in decision.considered], ensure_ascii=False, indent=1)


def _as_text(decision: Decision) -> str:
    if not decision.considered:
        return "There are no campaigns."
    lines = []
    for each in decision.considered:
        lines.append(f"{each.outcome.value:<12} {each.campaign_id}")
        lines += [f"{'':<12} - {why}" for why in each.why]
    return "\n".join(lines)

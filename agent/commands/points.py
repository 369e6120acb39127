"""`tillstream points exposure`: what spending points without a link may cost at worst, before it is switched on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.options import JsonOption
from agent.offering.explaining import read_document
from retail.errors import ConfigurationError
from retail.leases import Exposure, exposure, policy_from_mapping

app = typer.Typer(no_args_is_help=True, help="Say what spending points without a link may cost at worst.")


@app.callback()
def points() -> None:
    """Say what spending points without a link may cost at worst."""


@app.command("exposure", epilog="Example: tillstream points exposure --policy burn.toml --stores 300 --currency EUR")
def exposed(
    *,
    policy: Annotated[Path, typer.Option(help="TOML or JSON: the chain's policy, its table [burn].")],
    stores: Annotated[int, typer.Option(min=1, max=100_000, help="How many stores the chain has.")],
    currency: Annotated[str, typer.Option(help="ISO 4217, what a point is worth money in.")],
    lease_days: Annotated[int, typer.Option(min=1, max=365, help="How long a lease lasts.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Print the worst cases in points and in money, one a cause."""
    document = read_document(policy)
    if not isinstance(document, dict) or "burn" not in document:
        raise ConfigurationError(f"{policy}: holds no table [burn]", fix="write [burn] with offline, caps, point_value")
    cases = exposure(policy_from_mapping(document["burn"]), stores=stores, lease_days=lease_days, currency=currency)
    typer.echo(json.dumps([_as_json(case) for case in cases]) if as_json else "\n".join(map(_as_text, cases)))


def _as_json(case: Exposure) -> dict[str, object]:
    return {"points": case.points, "money": str(case.money), "currency": case.money.currency, "because": case.because}


def _as_text(case: Exposure) -> str:
    return f"{case.money!s:>14} {case.money.currency} ({case.points} points): {case.because}"

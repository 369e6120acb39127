"""`tillstream hub consents`: the consent ledger on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to `tillstream hub`."""
    app.command(epilog="Example: tillstream hub consents --customer c-4711 --json")(consents)


def consents(
    *,
    customer: Annotated[str | None, typer.Option("--customer", help="Of one customer only.")] = None,
    erasures: Annotated[bool, typer.Option("--erasures", help="Who asked to be forgotten at a screen.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="A hub.toml.")] = None,
    state_dir: Annotated[Path | None, typer.Option("--state-dir", help="Where the hub keeps everything.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what people allowed or withdrew at the stores' screens: the words, where, when, how, by whom."""
    from hub.claims.ledger import asked_for_erasure, consent_ledger  # noqa: PLC0415 - imported by who asks only
    from hub.commands import opened  # noqa: PLC0415

    with opened(config, state_dir) as hub:
        if erasures:
            people = asked_for_erasure(hub.database, hub.config.tenant)
            typer.echo(json.dumps(people) if as_json else "\n".join(people))
            return
        found = consent_ledger(hub.database, hub.config.tenant, customer_id=customer)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found:
        who = each.get("customer_id") or each.get("enrolment_id") or "?"
        word = "yes" if each.get("given") else "no"
        typer.echo(
            f"{each['occurred_at']}  {each['store']}  {who}  {each.get('purpose', '')}: {word}  ({each.get('by', '')})"
        )

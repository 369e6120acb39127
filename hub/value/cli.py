"""The chain's value on the command line: `tillstream hub reconcile liability suspicions points value lease ...`."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retail.errors import ConfigurationError

if TYPE_CHECKING:
    from hub.bootstrap import Hub
    from hub.value.service import ValueService

Config = Annotated[Path | None, typer.Option("--config", help="A hub.toml.")]
StateDir = Annotated[Path | None, typer.Option("--state-dir", help="Where the hub keeps everything.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def reconcile(
    alarm: Annotated[str, typer.Option("--alarm", help="An https address to which findings are posted as JSON.")] = "",
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say whether coupons, points and leases add up to the cent; exits 1 when they do not."""
    from hub.alarm import check_address, raise_alarm  # noqa: PLC0415 - imported by the command that needs it

    if alarm:
        check_address(alarm)  # now, and not on the day on which it is needed
    with closing(_hub(config, state_dir)) as hub:
        told = _value(hub).reconcile(hub.config.tenant, now=hub.clock()).to_json()
    lines = [f"{each['finding']}: {each['subject']}, {each['money']}: {each['why']}" for each in told["findings"]]
    _tell(told, "\n".join(lines) or f"it adds up: {told['accounts']} accounts, {told['leases']} leases", as_json)
    if lines and alarm:
        first = told["findings"][0]
        text = f"value does not add up: {len(lines)} findings, first {first['finding']} of {first['subject']}"
        raise_alarm(alarm, {"text": text, **told})
    if lines:
        raise typer.Exit(1)


def liability(config: Config = None, state_dir: StateDir = None, *, as_json: AsJson = False) -> None:
    """Say what the chain owes its members in points and money, and what will expire unspent."""
    with closing(_hub(config, state_dir)) as hub:
        told = _value(hub).liability(hub.config.tenant, now=hub.clock())
    names = ("liability", "pending", "breakage", "debt", "waived")
    _tell(
        told, "\n".join(f"{name:<10} {told[name]['points']:>12} {told[name]['money']:>14}" for name in names), as_json
    )


def suspicions(
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Of how many days, until now.")] = 7,
    store: Annotated[str, typer.Option("--store", help="Of this store only.")] = "",
    config: Config = None,
    state_dir: StateDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what stores found odd: staff cards, split baskets, cards after payment. Each is a question to a person."""
    from hub.value.suspicions import suspicions as told_by  # noqa: PLC0415 - imported by the command that needs it

    with closing(_hub(config, state_dir)) as hub:
        found = told_by(hub.database, hub.config.tenant, since=hub.clock() - timedelta(days=days))
    picked = [each for each in found if store in {"", each.store}]
    lines = [
        f"{each.at[:16].replace('T', ' ')}  store {each.store} till {each.workstation_id}  {each.pattern}  "
        f"{each.customer_id or 'nobody'}: {each.why}"
        for each in picked
    ]
    told = {"suspicions": [each.to_json() for each in picked]}
    _tell(told, "\n".join(lines) or f"nothing odd in {days} days", as_json)


def points(
    account: Annotated[str, typer.Option("--account", help="A customer's id, or a household's that pools points.")],
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one account's points lot by lot, what will expire and when, and its tier and how long it is safe."""
    with closing(_hub(config, state_dir)) as hub:
        told = _value(hub).account(hub.config.tenant, account, now=hub.clock())
    lines = [f"{told['points']} points, {told['pending']} pending, {told['debt']} owed"]
    lines += [f"{told['expiring']} expire from {told['expire_on']} on"] if told["expiring"] else []
    lines += [f"tier {told['tier']}, safe until {told['tier_safe_until']}"] if told["tier"] else []
    lines += [f"{each['state']:<9} {each['remaining']:>8}  {each['lot_id']}" for each in told["lots"]]
    _tell(told, "\n".join(lines), as_json)


def value(
    rules: Annotated[
        Path | None, typer.Argument(help="value.toml: the tables earn, coupons, burn, tiers, fraud.")
    ] = None,
    *,
    accepted: Annotated[
        str, typer.Option("--accept-exposure", help="The worst case a day that the chain agrees to, in money.")
    ] = "",
    config: Config = None,
    state_dir: StateDir = None,
    as_json: AsJson = False,
) -> None:
    """Publish the chain's rules for coupons and points to all stores, with every store's coupon key."""
    with closing(_hub(config, state_dir)) as hub:
        told = _value(hub).publish(hub.config.tenant, rules, now=hub.clock(), accepted=_amount(accepted))
        _note(hub, "value.published", f"version {told['version']}")
    _tell(told, f"published version {told['version']} with {told['keys']} keys", as_json)


def lease(
    *,
    account: Annotated[str, typer.Option("--account", help="A customer's id, or a household's that pools points.")],
    store: Annotated[str, typer.Option("--store", help="The store that may spend them without asking.")],
    points: Annotated[int, typer.Option("--points", min=1, help="How many at most.")],
    days: Annotated[int, typer.Option("--days", min=1, max=31, help="For how long.")] = 1,
    config: Config = None,
    state_dir: StateDir = None,
    as_json: AsJson = False,
) -> None:
    """Grant a store points of one account to spend without a link; never more than the balance."""
    with closing(_hub(config, state_dir)) as hub:
        told = _value(hub).lend(
            hub.config.tenant, account=account, store_id=store, points=points, days=days, now=hub.clock()
        )
        _note(hub, "points.lent", store, f"{told['points']} points until {told['expires_at']}")
    _tell(told, f"{told['points']} points of {account} for store {store} until {told['expires_at']}", as_json)


def lease_coupon(
    *,
    serial: Annotated[str, typer.Option("--serial", help="The coupon's number, as it stands on its paper.")],
    store: Annotated[str, typer.Option("--store", help="The only store that may redeem it then.")],
    days: Annotated[int, typer.Option("--days", min=1, max=31, help="For how long.")] = 1,
    config: Config = None,
    state_dir: StateDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a store a coupon to redeem without a link; no other store may until it has told what became of it."""
    with closing(_hub(config, state_dir)) as hub:
        told = _value(hub).lend_coupon(hub.config.tenant, serial=serial, store_id=store, days=days, now=hub.clock())
        _note(hub, "coupon.lent", store, f"until {told['expires_at']}")
    _tell(told, f"coupon {told['serial']} is store {store}'s until {told['expires_at']}", as_json)


def revoke_key(
    store: Annotated[str, typer.Option("--store", help="The store whose machine was stolen.")],
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Revoke a store's coupon keys: what they signed is good only where a ledger knows it as issued."""
    with closing(_hub(config, state_dir)) as hub:
        told = _value(hub).revoke(hub.config.tenant, store, now=hub.clock())
        _note(hub, "key.revoked", store, ", ".join(told["revoked"]))
    _tell(told, f"revoked {', '.join(told['revoked'])}", as_json)


def register(app: typer.Typer) -> None:
    """Add these commands to the hub's group."""
    app.command("reconcile", epilog="Example: tillstream hub reconcile --alarm https://alerts.example/hook")(reconcile)
    app.command("liability", epilog="Example: tillstream hub liability --json")(liability)
    app.command("points", epilog="Example: tillstream hub points --account c-1")(points)
    app.command("suspicions", epilog="Example: tillstream hub suspicions --days 30 --store 7781")(suspicions)
    app.command("value", epilog="Example: tillstream hub value value.toml")(value)
    app.command("lease", epilog="Example: tillstream hub lease --account c-1 --store 7781 --points 400")(lease)
    app.command("lease-coupon", epilog="Example: tillstream hub lease-coupon --serial ABCDEFGHJKLMN --store 7782")(
        lease_coupon
    )
    app.command("revoke-key", epilog="Example: tillstream hub revoke-key --store 7781")(revoke_key)


def _hub(config: Path | None, state_dir: Path | None) -> Hub:
    from hub.bootstrap import open_hub  # noqa: PLC0415 - imported by the command that runs
    from hub.config import load_config  # noqa: PLC0415

    return open_hub(load_config(config, state_dir=state_dir))


def _note(hub: Hub, did: str, subject: str, detail: str = "") -> None:
    from hub.users.at_the_machine import note_typed  # noqa: PLC0415 - as above

    note_typed(hub, did, subject=subject, detail=detail)


def _value(hub: Hub) -> ValueService:
    from hub.value.service import ValueService  # noqa: PLC0415 - as above

    return ValueService(hub.database, hub.files)


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except ArithmeticError as error:
        raise ConfigurationError(f"{text!r:.40} is no amount", fix="write it as 30000.00") from error


def _tell(told: dict[str, Any], text: str, as_json: bool) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else text)

"""`tillstream points exposure` and `liability`: what deciding without a link may cost, and what this store promised."""

from __future__ import annotations

import json
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.clock import SystemClock
from agent.commands.options import ConfigOption, JsonOption, config_of, open_journal
from agent.offering.explaining import read_document
from agent.state_dir import StateDir
from agent.value.book import NEVER, ValueBook
from agent.value.owed import owed
from agent.value.rules import published_policy
from retail.errors import ConfigurationError
from retail.exposure import coupon_exposure
from retail.leases import Exposure, exposure
from retail.value_policy import value_policy_from_mapping

app = typer.Typer(no_args_is_help=True, help="Say what points and coupons may cost at worst, and what is owed.")

CURRENCY_LETTERS = 3  # ISO 4217

LIABILITY_NAMES = ("liability", "pending", "expiring", "breakage", "debt", "waived", "leased")


@app.callback()
def points() -> None:
    """Say what points and coupons may cost at worst, and what is owed."""


@app.command("exposure", epilog="Example: tillstream points exposure --policy value.toml --stores 300 --currency EUR")
def exposed(
    *,
    policy: Annotated[Path, typer.Option(help="TOML or JSON: the chain's rules, their tables [burn] and [coupons].")],
    stores: Annotated[int, typer.Option(min=1, max=100_000, help="How many stores the chain has.")],
    currency: Annotated[str, typer.Option(help="ISO 4217, what a point is worth money in.")],
    lease_days: Annotated[int, typer.Option(min=1, max=365, help="How long a lease lasts.")] = 1,
    coupons: Annotated[int, typer.Option(min=0, help="How many coupons are out.")] = 1,
    coupon_worth: Annotated[str, typer.Option(help="What one coupon takes off at most.")] = "5.00",
    as_json: JsonOption = False,
) -> None:
    """Print the worst cases in points and in money, one a cause."""
    if not (len(currency) == CURRENCY_LETTERS and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise ConfigurationError(f"{currency!r:.20} is no currency", fix="write its three letters, e.g. EUR")
    document = read_document(policy)
    if not isinstance(document, dict) or "burn" not in document:
        raise ConfigurationError(f"{policy}: holds no table [burn]", fix="write [burn] with offline, caps, point_value")
    rules = value_policy_from_mapping(document, path=str(policy))
    cases = exposure(rules.burn, stores=stores, lease_days=lease_days, currency=currency)
    of_coupons = coupon_exposure(
        rules.coupons, stores=stores, coupons=coupons, worth=_amount(coupon_worth), currency=currency
    )
    told = [_as_json(case) for case in cases], _as_json(of_coupons) | {"coupons": coupons}
    if as_json:
        typer.echo(json.dumps([*told[0], told[1]]))
        return
    typer.echo("\n".join([*map(_as_text, cases), _as_text(of_coupons, what=f"{coupons} coupons")]))


@app.command("liability")
def liability(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Print what this store's sales promised in points and money, what of it has expired, and what is lent to it."""
    settings = config_of(config)
    state = StateDir(settings.agent.state_dir)
    book, now = ValueBook(), SystemClock().now()
    with closing(open_journal(state)) as journal:
        book.load(journal.value_rows(sales_since=NEVER))  # points stand in rows of their own
    told: dict[str, Any] = {
        "as_of": now.isoformat(timespec="seconds"),
        "store": settings.business_unit_id,
        **owed(
            book,
            today=now.astimezone(settings.store.zone).date(),
            point_value=published_policy(state.mirror).burn.point_value,
            currency=settings.store.currency,
        ),
    }
    if as_json:
        typer.echo(json.dumps(told))
        return
    lines = [f"{name:<10} {told[name]['points']:>12} {told[name]['money']:>14}" for name in LIABILITY_NAMES]
    lines += [f"points expire from {told['expires_next']} on"] if told["expires_next"] else []
    typer.echo(
        "\n".join([*lines, "points earned in this store; what members may spend in all: tillstream hub liability"])
    )


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError as error:
        raise ConfigurationError(f"{text!r:.40} is no amount", fix="write it as 5.00") from error


def _as_json(case: Exposure) -> dict[str, object]:
    return {"points": case.points, "money": str(case.money), "currency": case.money.currency, "because": case.because}


def _as_text(case: Exposure, what: str = "") -> str:
    return f"{case.money!s:>14} {case.money.currency} ({what or f'{case.points} points'}): {case.because}"

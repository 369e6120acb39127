"""Commands of the feed: forget people, press stop buttons, publish config bundles, say where stores are.

`register` puts them into `tillstream hub`; each imports what it needs when it runs.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from retail.errors import ConfigurationError

Config = Annotated[Path | None, typer.Option("--config", help="A hub.toml.")]
StateDir = Annotated[Path | None, typer.Option("--state-dir", help="Where the hub keeps everything.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Store = Annotated[str | None, typer.Option("--store", help="One store, by its id.")]
Region = Annotated[str | None, typer.Option("--region", help="All stores of a region.")]
Chain = Annotated[bool, typer.Option("--chain", help="All stores.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `tillstream hub`."""
    app.command()(erase)
    app.command()(erasures)
    app.command()(stop)
    app.command()(resume)
    app.command()(bundle)
    app.command()(place)
    app.command(name="wallet-secret")(wallet_secret)
    app.command()(audience)
    app.add_typer(items, name="items")


def erase(
    *,
    customer: Annotated[list[str] | None, typer.Option("--customer", help="A customer id; may be repeated.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Customer ids, one a line.")] = None,
    config: Config = None,
    state_dir: StateDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; a program must say so.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget customers for ever, here and in every store. Stores get the order before anything else.

    Exits 1 when somebody is not known; the others are erased all the same.
    """
    from hub.feed.commands import erase_people, look_at_people  # noqa: PLC0415

    wanted = _ids(customer or [], file)
    found = look_at_people(config, state_dir=state_dir, customer_ids=wanted)
    there = [each for each in found if each["known"] or each["journal_records"] or each["erased_at"]]
    unknown = [each["customer_id"] for each in found if each not in there]
    done: dict[str, Any] = {"people": found, "unknown": unknown, "erased": 0, "through": None, "dry_run": dry_run}
    if there and not dry_run:
        if not yes and as_json:
            raise ConfigurationError("erasing cannot be undone", fix="say --yes as well, or look first with --dry-run")
        if not yes:
            typer.echo(_erase_text(done | {"dry_run": True}))
            typer.confirm(f"Forget {len(there)} customers for ever, here and in every store?", abort=True)
        ids = [each["customer_id"] for each in there]
        done["through"] = erase_people(config, state_dir=state_dir, customer_ids=ids)
        done["erased"] = len(there)
    _tell(done, _erase_text(done), as_json=as_json)
    if unknown:
        raise typer.Exit(1)


def erasures(config: Config = None, state_dir: StateDir = None, *, as_json: AsJson = False) -> None:
    """Show how far every store is with forgetting people: the number of the last erasure it has carried out."""
    from hub.feed.commands import erasure_marks  # noqa: PLC0415

    told = erasure_marks(config, state_dir=state_dir)
    lines = [f"erasures ordered: {told['through']}"]
    lines += [
        f"{each['store_id']:<12} erased through {each['erased_through']}"
        + (f"  {each['behind']} BEHIND, last contact {each['last_contact_at'] or 'never'}" if each["behind"] else "")
        for each in told["stores"]
    ]
    _tell(told, "\n".join(lines), as_json=as_json)


def stop(
    what: Annotated[str | None, typer.Argument(help="printing, burning, redeeming or campaign.")] = None,
    campaign: Annotated[str | None, typer.Argument(help="Which campaign.")] = None,
    *,
    store: Store = None,
    region: Region = None,
    until: Annotated[str | None, typer.Option("--until", help="When it ends by itself, e.g. 2026-12-01T08:00.")] = None,
    why: Annotated[str, typer.Option("--why", help="What people in the stores are told.")] = "",
    config: Config = None,
    state_dir: StateDir = None,
    chain: Chain = False,
    listing: Annotated[bool, typer.Option("--list", help="Show what is stopped.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop printing, burning, redeeming or one campaign, within a minute in every store that is online.

    With `--until` it ends by itself, in stores that are offline too; else with `tillstream hub resume`.
    """
    from hub.feed.commands import list_stops, press_stop  # noqa: PLC0415

    if listing or what is None:
        told = list_stops(config, state_dir=state_dir)
        text = "\n".join(_stop_line(each) for each in told["stops"]) or "nothing is stopped"
        _tell(told, text, as_json=as_json)
        return
    told = press_stop(
        config,
        state_dir=state_dir,
        kind=what,
        campaign_id=campaign or "",
        scope=_scope(store, region, chain=chain),
        until=_moment(until),
        why=why,
    )
    _tell(told, _stop_line(told), as_json=as_json)


def resume(
    stop_no: Annotated[int, typer.Argument(help="The number that `hub stop --list` shows.")],
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take a stop back. Stores that are online go on within a minute."""
    from hub.feed.commands import lift_stop  # noqa: PLC0415

    told = lift_stop(config, state_dir=state_dir, stop_no=stop_no)
    _tell(told, f"stop {stop_no} is taken back" if told["lifted"] else f"no stop {stop_no} acts", as_json=as_json)
    if not told["lifted"]:
        raise typer.Exit(1)


def bundle(
    file: Annotated[Path | None, typer.Argument(help="A config bundle (JSON); none shows what is published.")] = None,
    *,
    store: Store = None,
    region: Region = None,
    ring: Annotated[str | None, typer.Option("--ring", help="All stores of a ring.")] = None,
    config: Config = None,
    state_dir: StateDir = None,
    chain: Chain = False,
    advance: Annotated[
        bool, typer.Option("--advance", help="One step: to the next ring when stores are well, or back. Run it hourly.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --advance: judge and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a config bundle to a store, a ring, a region or the chain, or show who has which and who refused it.

    A store that cannot use it keeps its last good one and says why; `--advance` goes ring by ring, and takes a bundle
    back (exit 1) that a store refuses or a ring falls ill of.
    """
    from hub.feed.commands import publish_bundle, show_bundles  # noqa: PLC0415

    if advance:
        _advance(file, config, state_dir=state_dir, dry_run=dry_run, as_json=as_json)
        return
    if file is not None:
        scope = f"ring:{ring}" if ring and not (store or region or chain) else _scope(store, region, chain=chain)
        publish_bundle(config, state_dir=state_dir, path=file, scope=scope)
    told = show_bundles(config, state_dir=state_dir)
    lines = [
        f"{each['scope'] or 'chain':<24} version {each['version']:<4} {each['sha256'][:12]} of {each['as_of']}"
        for each in told["bundles"]
    ]
    lines += [f"{each['store_id']} REFUSED {each['kind']}: {each['message']}" for each in told["refused"]]
    _tell(told, "\n".join(lines) or "no bundle is published", as_json=as_json)


def _advance(file: Path | None, config: Path | None, *, state_dir: Path | None, dry_run: bool, as_json: bool) -> None:
    from hub.feed.bundle_rings import advance_bundle  # noqa: PLC0415

    if file is None:
        raise ConfigurationError("--advance of what?", fix="tillstream hub bundle FILE --advance", code="usage")
    told = advance_bundle(config, state_dir=state_dir, path=file, dry_run=dry_run)
    lines = [
        f"{each['ring']}: {each['running']} of {each['stores']} stores have it, {each['ill']} ill; {each['why']}"
        for each in told["states"]
    ]
    where = ", ".join(each or "chain" for each in told["scopes"])
    _tell(told, "\n".join([*lines, f"{where}: {told['why']}" if where else told["why"]]), as_json=as_json)
    if told["back"]:
        raise typer.Exit(1)


def place(
    *,
    store: Annotated[str, typer.Option("--store", help="Which store.")],
    region: Annotated[str | None, typer.Option("--region", help="Its region; empty for none.")] = None,
    ring: Annotated[str | None, typer.Option("--ring", help="Its ring; empty for none.")] = None,
    customers: Annotated[
        str | None, typer.Option("--customers", help="all, nearby (who shops there or near), or auto: as the chain.")
    ] = None,
    near: Annotated[
        list[str] | None, typer.Option("--near", help="A store whose customers come here, too; '' for none.")
    ] = None,
    config: Config = None,
    state_dir: StateDir = None,
    as_json: AsJson = False,
) -> None:
    """Say in which region and ring a store is and whose customers it gets; without any of it, show it."""
    from hub.feed.commands import Placing, place_store  # noqa: PLC0415

    placing = Placing(region=region, ring=ring, customers=customers, near=near)
    told = place_store(config, state_dir=state_dir, store_id=store, placing=placing)
    near_text = f" (near: {', '.join(told['near'])})" if told["near"] else ""
    place_text = f"{store}: region {told['region'] or '-'}, ring {told['ring'] or '-'}"
    _tell(told, f"{place_text}, customers {told['customers']}{near_text}", as_json=as_json)


def wallet_secret(
    wallet: Annotated[str, typer.Argument(help="The wallet's code, as codes.csv names it: tsw1:ID.")],
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say the secret that a wallet computes its rotating code with; whoever has it can be the customer."""
    from hub.feed.commands import rotating_secret  # noqa: PLC0415

    told = rotating_secret(config, state_dir=state_dir, wallet=wallet)
    _tell(told, f"{told['shows']}  secret {told['secret_base32']} (RFC 6238, {told['algorithm']})", as_json=as_json)


items = typer.Typer(help="The chain's items, and what receipts call by no name it knows.", no_args_is_help=True)


@items.command("unmapped")
def unmapped(
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many lines.")] = 100,
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the lines of receipts that no item means, by what they brought in: the next lines of items.csv."""
    from hub.feed.commands import unmapped_lines  # noqa: PLC0415

    told = unmapped_lines(config, state_dir=state_dir, limit=limit)
    lines = [
        f"{each['revenue']:>14} {each['lines']:>7} lines  {each['receipt_text']}  {each['gtin']}".rstrip()
        for each in told["unmapped"]
    ]
    share = f"{told['mapped_percent']} % of the revenue is mapped" if told["mapped_percent"] is not None else ""
    _tell(told, "\n".join([*lines, share]).strip() or "no line of a receipt has come yet", as_json=as_json)


def audience(
    rule: Annotated[str, typer.Argument(help="A rule, as in a campaign's `who`.")],
    *,
    examples: Annotated[int, typer.Option("--examples", min=0, max=1000, help="How many customer ids to show.")] = 0,
    config: Config = None,
    state_dir: StateDir = None,
    as_json: AsJson = False,
) -> None:
    """Count whom a rule means, by what the hub knows; baskets and lanes are known in stores only."""
    from hub.feed.commands import audience_told  # noqa: PLC0415

    told = audience_told(config, state_dir=state_dir, rule=rule, examples=examples)
    text = f"{told['meant']} of {told['customers']} customers: {told['rule']}"
    _tell(told, "\n".join([text, *told["examples"]]), as_json=as_json)


def _ids(customers: list[str], file: Path | None) -> list[str]:
    listed = list(customers)
    if file is not None:
        try:
            text = file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{file}: cannot be read: {error}", fix="name a text file of customer ids"
            ) from error
        lines = [line.strip().strip('"') for line in text.splitlines()]
        listed += [line for line in lines if line and line.lower() != "customer_id"]
    if not listed:
        raise ConfigurationError("who is to be forgotten?", fix="tillstream hub erase --customer ID")
    return listed


def _scope(store: str | None, region: str | None, *, chain: bool) -> str:
    if sum((store is not None, region is not None, chain)) != 1:
        raise ConfigurationError("where?", fix="say one of --store ID, --region NAME, --chain")
    return f"store:{store}" if store is not None else f"region:{region}" if region is not None else ""


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--until {text!r} is no time", fix="e.g. 2026-12-01T08:00+01:00") from error
    return moment if moment.tzinfo else moment.astimezone()  # as the clock on this machine's wall


def _erase_text(told: dict[str, Any]) -> str:
    lines = []
    for each in told["people"]:
        if each["customer_id"] in told["unknown"]:
            lines.append(f"{each['customer_id']}: nobody here knows them")
            continue
        before = f", erased on {each['erased_at']}" if each["erased_at"] else ""
        lines.append(f"{each['customer_id']}: {each['codes']} codes, {each['journal_records']} journal records{before}")
    if told["through"] is not None:
        lines.append(f"{told['erased']} erased; the order to the stores is published (through {told['through']})")
        lines.append("tillstream hub erasures shows which stores have carried it out")
    return "\n".join(lines)


def _stop_line(each: dict[str, Any]) -> str:
    what = f"campaign {each['campaign_id']}" if each["campaign_id"] else each["kind"]
    until = f"until {each['until']}" if each["until"] else "until it is taken back"
    why = f"  ({each['why']})" if each["why"] else ""
    return f"stop {each['stop_no']}: {what} in {each['scope'] or 'the whole chain'} {until}{why}"


def _tell(told: dict[str, Any], text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else text)

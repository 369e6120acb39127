"""`tillstream hub`: the chain's commands. Each imports what it needs when it runs.

`app` is found by the entry point group `tillstream.commands`. With `--json` a command prints one JSON object;
`hub run --json` prints it as soon as it listens. Errors leave as `TillstreamError`; whoever runs the command line
turns them into a message, a fix and an exit code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
import typer.core

from hub.claims import cli as claims_cli
from hub.feed import cli as feed_cli
from hub.releases import cli as release_cli
from hub.users import cli as people_cli
from hub.value import cli as value_cli

CALLED_OTHERWISE: Mapping[str, str] = MappingProxyType(
    {"users": "people", "accounts": "people", "codes": "enrol-code", "fleet": "stores", "log": "audit"}
)
"""What people look for under another name; letters alone lead from `users` to `erase`."""


class HubGroup(typer.core.TyperGroup):
    """The group `hub`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Name the command that is meant where its name is another one."""
        if args[0] in CALLED_OTHERWISE:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {CALLED_OTHERWISE[args[0]]!r}?")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=HubGroup,
    name="hub",
    help="The chain's end: receives journals, imports customers and campaigns, enrols stores.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[Path | None, typer.Option("--config", help="A hub.toml.")]
StateDir = Annotated[Path | None, typer.Option("--state-dir", help="Where the hub keeps everything.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def run(
    config: Config = None,
    state_dir: StateDir = None,
    listen: Annotated[str | None, typer.Option("--listen", help="HOST:PORT; port 0 takes a free one.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Serve agents and the page until stopped, e.g. `tillstream hub run --listen 127.0.0.1:8080`."""
    from hub.commands import run_hub  # noqa: PLC0415 - the web stack is imported by the command that serves

    run_hub(config, state_dir=state_dir, listen=listen, as_json=as_json)


@app.command("enrol-code")
def enrol_code(
    store: Annotated[str, typer.Option("--store", help="The store's id (business_unit_id in agent.toml).")],
    name: Annotated[str, typer.Option("--name", help="What people call the store.")] = "",
    config: Config = None,
    state_dir: StateDir = None,
    *,
    qr: Annotated[bool, typer.Option("--qr", help="Draw it as a QR code, too, for the store's scanner.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a single-use code with which one machine speaks for a store; it is good for a day."""
    from hub.commands import issue_code  # noqa: PLC0415
    from receipt.qr_svg import qr_terminal  # noqa: PLC0415

    told = issue_code(config, state_dir=state_dir, store_id=store, name=name)
    drawn = f"{qr_terminal(told['scanned'].encode())}\n" if qr else ""
    _tell(told, f"{drawn}{told['code']}\nfor store {store}, once, until {told['expires_at']}", as_json=as_json)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="customers.csv codes.csv segments.csv items.csv campaigns.toml")],
    config: Config = None,
    state_dir: StateDir = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Folder for rejected rows; else beside the file.")
    ] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="The file is the whole truth; drop the rest.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import the chain's files and hand them to the stores. Importing a file again changes only what changed.

    Exits 1 when nothing of a file could be taken; rejected rows stand in a file of their own, with reasons.
    """
    from hub.commands import import_paths  # noqa: PLC0415

    told = import_paths(
        config, state_dir=state_dir, paths=files, rejects=rejects, replace=replace, dry_run=dry_run, quiet=as_json
    )
    lines = [_import_line(each, dry_run=dry_run) for each in told["files"]]
    if told["tokens"]:
        lines.append(f"{told['tokens']} new codes tokenised")
    lines += [f"published {each['kind']} version {each['version']}" for each in told["published"]]
    _tell(told, "\n".join(lines), as_json=as_json)
    if any(each["rows"] and each["rejected"] == each["rows"] for each in told["files"]):
        raise typer.Exit(1)


@app.command()
def stores(config: Config = None, state_dir: StateDir = None, *, as_json: AsJson = False) -> None:
    """List the stores, the worst first: program, last contact, what waits, print delay, reading, completeness, disk."""
    from hub.commands import list_stores  # noqa: PLC0415

    told = list_stores(config, state_dir=state_dir)
    _tell(
        told,
        "\n".join(map(_store_line, told["stores"])) or "no store yet: tillstream hub enrol-code --store ID",
        as_json=as_json,
    )


@app.command()
def completeness(
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="How many days back.")] = 7,
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare what was captured with what the tills' Z reports told, per lane and business day."""
    from hub.commands import compare_days  # noqa: PLC0415

    told = compare_days(config, state_dir=state_dir, days=days)
    _tell(told, "\n".join(map(_day_line, told["days"])) or "no sale and no Z report in these days", as_json=as_json)


@app.command()
def schema(
    *,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print tables instead of JSON Schema.")] = False,
    openapi: Annotated[bool, typer.Option("--openapi", help="Print OpenAPI instead, with all calls.")] = False,
) -> None:
    """Print the wire protocol as JSON Schema, as OpenAPI, or as the tables of docs/wire-protocol.md."""
    from hub import reference  # noqa: PLC0415

    if openapi:
        typer.echo(json.dumps(reference.openapi(), indent=1))
        return
    typer.echo(reference.markdown() if markdown else json.dumps(reference.json_schema(), indent=1))


def _day_line(told: dict[str, Any]) -> str:
    mark = {True: "\u2713", False: "!", None: "?"}[told["complete"]]
    lane = f"{mark} {told['business_day']} {told['store_id']:<12} lane {told['workstation_id']:<4}"
    captured = f"captured {told['captured']['sales']:>5} {told['captured']['total']:>12}"
    if told["told"] is None:
        return f"{lane} {captured}  no Z report"
    difference = told["difference"]
    missing = f"  missing {', '.join(told['missing_numbers'])}" if told["missing_numbers"] else ""
    return (
        f"{lane} {captured}  Z report {told['told']['sales']} {told['told']['total']}"
        f"  share {told['share_percent']} %  difference {difference['total']}{missing}"
    )


def _import_line(told: dict[str, Any], *, dry_run: bool) -> str:
    changed = "checked only" if dry_run else f"{told['changed']} changed"
    lines = [f"{told['file']}: {told['rows']} rows, {changed}, {told['rejected']} rejected"]
    lines += [f"  {reason}" for reason in told["reasons"]]
    if told["rejects_file"]:
        where = told["file"] if told["kind"] == "campaigns" else told["rejects_file"]
        lines.append(f"  fix: all reasons stand in {told['rejects_file']}; mend {where} and import it again")
    return "\n".join(lines)


def _store_line(line: dict[str, Any]) -> str:
    waits = f"{line['backlog_records'] or 0} records wait"
    if line["backlog_age_s"] is not None:
        waits += f" for {line['backlog_age_s'] // 60} min"
    measured = (
        ("print delay", line["held_p99_ms"], "ms"),
        ("late", line["late_percent"], "%"),
        ("read", line["reading_percent"], "%"),
        ("captured", line["captured_percent"], "%"),
        ("free", line["disk_free_mb"], "MB"),
    )
    return ", ".join(
        [
            f"{line['store_id']}: {' '.join(line['troubles']) or 'well'}; {line['program'] or 'never heard of'}",
            f"ring {line['ring'] or '-'}",
            f"last contact {line['last_contact_at'] or 'never'}",
            f"{waits}, {line['parked']} parked",
            *(f"{name} {value} {unit}" for name, value, unit in measured if value is not None),
            f"{line['sales']} sales, {line['offers_printed']} offers printed",
        ]
    )


def _tell(told: dict[str, Any], text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else text)


claims_cli.register(app)
feed_cli.register(app)
people_cli.register(app)
value_cli.register(app)
app.add_typer(release_cli.release_app, name="release")
app.command("rings", epilog="Example: tillstream hub rings --assign")(release_cli.rings)

if __name__ == "__main__":
    app()

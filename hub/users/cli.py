"""Users of the chain on the command line: `tillstream hub people add|list|end`, `tillstream hub audit`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from retail.errors import ConfigurationError

Config = Annotated[Path | None, typer.Option("--config", help="A hub.toml.")]
StateDir = Annotated[Path | None, typer.Option("--state-dir", help="Where the hub keeps everything.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="What somebody signs in as, e.g. anna@example.org.")]

people = typer.Typer(help="Who of the chain may sign in at the hub, and as what.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to `tillstream hub`."""
    app.add_typer(people, name="people")
    app.command()(audit)


@people.command("add")
def add(
    name: Name,
    role: Annotated[str, typer.Option("--role", help="marketer, store-it, customer-care or auditor.")],
    config: Config = None,
    state_dir: StateDir = None,
    *,
    elsewhere: Annotated[bool, typer.Option("--elsewhere", help="The chain's directory knows the password.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account, or give it another role and password, e.g. `tillstream hub people add anna --role store-it`.

    The password is asked for; a program writes it to standard input. From the first account on, the hub's pages are
    shown to nobody who has not signed in.
    """
    from hub.users.commands import put_person, role_named  # noqa: PLC0415 - imported by the command that needs it

    wanted = role_named(role)  # before anybody thinks of a password
    password = "" if elsewhere else _password()
    told = put_person(config, state_dir=state_dir, name=name, role=wanted, password=password)
    _tell(told, f"{name} may sign in as {told['role']}: {', '.join(told['may'])}", as_json=as_json)


@people.command("list")
def list_(config: Config = None, state_dir: StateDir = None, *, as_json: AsJson = False) -> None:
    """Show who may sign in, and what each role may do."""
    from hub.users.commands import list_people  # noqa: PLC0415

    told = list_people(config, state_dir=state_dir)
    lines = [
        f"{each['name']:<24} {each['role']:<14} since {each['created_at'][:10]}"
        + (f"  left {each['left_at'][:10]}" if each["left_at"] else "")
        for each in told["people"]
    ]
    lines = lines or ["nobody; the first is made by: tillstream hub people add NAME --role store-it"]
    lines += ["", *(f"{role:<14} {', '.join(rights)}" for role, rights in told["roles"].items())]
    _tell(told, "\n".join(lines), as_json=as_json)


@people.command("end")
def end(name: Name, config: Config = None, state_dir: StateDir = None, *, as_json: AsJson = False) -> None:
    """End an account: its browsers are signed out at once, its name stays in the audit log."""
    from hub.users.commands import end_person  # noqa: PLC0415

    told = end_person(config, state_dir=state_dir, name=name)
    _tell(told, f"{name} may not sign in any more" if told["ended"] else f"nobody is called {name}", as_json=as_json)
    if not told["ended"]:
        raise typer.Exit(1)


def audit(
    since: Annotated[int, typer.Option("--from", min=1, help="The first entry to show.")] = 1,
    config: Config = None,
    state_dir: StateDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show who did what at the hub, and whether the log is whole; exits 1 when somebody changed it."""
    from hub.users.commands import read_audit  # noqa: PLC0415

    told = read_audit(config, state_dir=state_dir, first_no=since)
    lines = [
        f"{each['entry_no']:>6} {each['at']} {each['who']}: {each['did']} {each['subject']} {each['detail']}".rstrip()
        for each in told["entries"]
    ]
    lines += [] if told["whole"] else [f"entry {told['broken_at']['entry_no']} was {told['broken_at']['why']}"]
    _tell(told, "\n".join(lines) or "nothing has been done yet", as_json=as_json)
    if not told["whole"]:
        raise typer.Exit(1)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    told = sys.stdin.readline().rstrip("\r\n")
    if not told:
        raise ConfigurationError(
            "no password was told", fix="write it to standard input, or say --elsewhere", code="no_password"
        )
    return told


def _tell(told: dict[str, Any], text: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else text)

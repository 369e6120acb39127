"""The command line behind `tillstream`: a table of commands, each imported only when it is asked for.

A module of `agent/commands/` exports `app`, a typer application. It either holds the commands named in the table
(`reading` holds `read`, `tokens`, ...) or is itself the group of that name (`journal` is `journal tail`, ...).
"""

from __future__ import annotations

import difflib
import importlib
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

import typer
import typer.core
import typer.main
from typer.exceptions import TyperException

from agent.problems import EXIT_PROBLEM, tell
from retail.errors import ConfigurationError, NotPermittedError, TillstreamError

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "demo": ("agent.commands.demo", "Run the whole way of a receipt here, and watch."),
        "setup": ("agent.commands.setup", "Set a store up, by questions or by flags alone."),
        "agent": ("agent.commands.agent", "Run the store's agent: core and desk, supervised."),
        "tap": ("", "Stand in a print stream, between register and printer."),
        "scanner": ("", "Read a scanner for core; stand between it and the till."),
        "print-test": ("agent.commands.print_test", "Print the proof slip: widths, code pages, QR codes, the delay."),
        "replay": ("agent.commands.replay", "Play jobs that a tap recorded against any printer."),
        "hub": ("", "Run the chain's hub, import its files, enrol its stores."),
        "status": ("agent.commands.status", "Show what runs and how far behind the hub is."),
        "doctor": ("agent.commands.doctor", "Check the installation; say what to do."),
        "configcheck": ("agent.commands.agent", "Check an agent.toml; say what is wrong, and where."),
        "netcheck": ("agent.commands.doctor", "Walk to the hub step by step; say which one fails."),
        "devices": ("agent.commands.doctor", "List serial ports, scanners and print queues of this machine."),
        "support-bundle": ("agent.commands.support", "Pack what support needs, without a person in it."),
        "tail": ("agent.commands.journal", "Show the newest records of the journal."),
        "journal": ("agent.commands.journal", "Read the journal: what happened, in order."),
        "kiosk": ("agent.commands.kiosk", "Pair the store's screens; look at content before it goes out."),
        "offers": ("agent.commands.offers", "Explain which offers a customer would get, and why."),
        "points": ("agent.commands.points", "Say what points and coupons may cost at worst, and what is owed."),
        "read": ("agent.commands.reading", "Read captured print jobs into documents and transactions."),
        "tokens": ("agent.commands.reading", "Take a print job apart, every byte once."),
        "render": ("agent.commands.reading", "Draw a print job as the paper it makes."),
        "learn": ("agent.commands.reading", "Learn how a till prints from captured jobs."),
        "profiles": ("agent.commands.reading", "Score how well tills are read, by source and language."),
        "drill": ("agent.commands.drill", "Break a simulated chain on purpose; count what was lost."),
        "update": ("agent.commands.update", "Look for, apply or take back a released program."),
        "factory-reset": ("agent.commands.factory_reset", "Wipe this PC; say what would be lost."),
        "version": ("agent.commands.version", "Show the version of program, wire and frames."),
    }
)
"""Command -> (module, one line of help). No module: `tap` and `scanner` never come this far (see `agent.__main__`),
the hub contributes its own by entry point."""

OF_GROUPS = ("agent enrol", "agent sockets", "hub enrol-code", "hub import", "hub stores", "hub rings", "hub release")
"""Commands that people look for without their group."""

ENTRY_POINT_GROUP = "tillstream.commands"


class LazyGroup(typer.core.TyperGroup):
    """The group `tillstream`: lists the table, imports a command's module when that command is run."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the names in the order of the table: what a newcomer needs first stands first."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Return the command, or None when nobody has one of that name."""
        if cmd_name not in COMMANDS:
            return None
        if ctx.resilient_parsing or _only_listing(ctx):
            return _placeholder(cmd_name)
        return command_named(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that was named; listing all of them (`--help`) imports none. A typo hears its nearest."""
        ctx.meta["tillstream.resolving"] = True
        if args[0] not in COMMANDS:
            whole = {each.rpartition(" ")[2]: each for each in (*OF_GROUPS, *COMMANDS)}
            if near := difflib.get_close_matches(args[0], whole, n=1):
                ctx.fail(f"No such command {args[0]!r}. Did you mean {whole[near[0]]!r}?")
        return super().resolve_command(ctx, args)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code, having told a person or a program what went wrong."""
    as_json = "--json" in arguments
    try:
        root = typer.main.get_command(_root())
        code = root.main(args=list(arguments), prog_name="tillstream", standalone_mode=not as_json)
    except NotPermittedError as error:
        error.fix = f"sudo tillstream {shlex.join(arguments)}"
        return tell(error, as_json=as_json)
    except TillstreamError as error:
        return tell(error, as_json=as_json)
    except TyperException as error:  # typer shows its own where a person asked
        usage = ConfigurationError(error.format_message(), fix=_help_for(error), code="usage")
        return tell(usage, as_json=as_json)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_PROBLEM
    return code if isinstance(code, int) else 0


def _help_for(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'tillstream'} --help"


def _root() -> typer.Typer:
    app = typer.Typer(
        cls=LazyGroup,
        name="tillstream",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="The store-side half of a loyalty programme: captures receipts, knows the customer, prints the offer.",
        epilog="Example: tillstream demo",
    )
    app.callback()(_nothing_in_common)
    return app


def _nothing_in_common() -> None:
    """Make this a group: a typer app with no callback and one command would be that command."""


def _only_listing(ctx: Any) -> bool:
    return "tillstream.resolving" not in ctx.meta


def _placeholder(name: str) -> Any:
    return typer.core.TyperCommand(name=name, help=COMMANDS[name][1])


def command_named(name: str) -> Any:
    """Import and return the command (or group) of that name, as typer made it. Raises ConfigurationError."""
    module, _ = COMMANDS[name]
    app = _contributed(name).load() if not module else importlib.import_module(module).app
    group = typer.main.get_group(app)
    is_the_group = not module or module.endswith(f".{name}")
    if name not in group.commands and not is_the_group:
        raise _missing(name, f"`{module}` holds no such command")
    command = group.commands.get(name, group)
    command.name = name
    return command


def _contributed(name: str) -> EntryPoint:
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == name:
            return entry
    raise _missing(name, f"no entry point {ENTRY_POINT_GROUP}:{name}")


def _missing(name: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the command `{name}` is not installed: {why}",
        fix="reinstall tillstream (from a clone: make setup)",
        code="command_missing",
    )

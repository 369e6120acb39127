"""`tillstream hub release ...`: make the repository of programs, release, move a ring on, sign anew, replace keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hub.releases.repository import Repository

release_app = typer.Typer(no_args_is_help=True, help="Release programs to stores, signed, by channels.")

Folder = Annotated[Path, typer.Option("--repository", metavar="FOLDER", help="What a web server serves to stores.")]
Keys = Annotated[Path, typer.Option("--keys", metavar="FOLDER", help="Where the private keys lie.")]
Version = Annotated[str, typer.Option("--version", help="The program's version.")]
Architecture = Annotated[str, typer.Option("--arch", help="amd64 or arm64.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@release_app.command("init", epilog="Example: tillstream hub release init --repository releases --keys keys")
def init(repository: Folder, keys: Keys, *, as_json: AsJson = False) -> None:
    """Make keys and an empty repository; give its first root to every store."""
    made = _of(repository, keys)
    made.init()
    told = {"root": str(made.first_root), "keys": str(keys)}
    typer.echo(json.dumps(told) if as_json else f"{told['root']} goes to every store as update-root.json")


@release_app.command("add", epilog="Example: tillstream hub release add program.tar.gz --version 0.2.0 ...")
def add(
    archive: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The program, packed.")],
    repository: Folder,
    keys: Keys,
    version: Version,
    arch: Architecture = "amd64",
    *,
    channel: Annotated[list[str] | None, typer.Option("--channel", help="Channels that offer it from now on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Release a program; stores of the named channels take it in their next hours."""
    channels = channel or []
    name = _of(repository, keys).add(archive, version=version, architecture=arch, channels=channels)
    told = {"target": name, "channels": channels}
    typer.echo(json.dumps(told) if as_json else f"{name} is released to {', '.join(channels) or 'no channel yet'}")


@release_app.command("point", epilog="Example: tillstream hub release point --channel stable --version 0.2.0 ...")
def point(
    repository: Folder,
    keys: Keys,
    channel: Annotated[str, typer.Option("--channel", help="The channel to move.")],
    version: Version,
    arch: Architecture = "amd64",
) -> None:
    """Let a channel offer a program that was released before: the next ring."""
    _of(repository, keys).point(channel, version=version, architecture=arch)
    typer.echo(f"{channel} offers {version}")


@release_app.command("advance", epilog="Example: tillstream hub release advance --version 0.2.0 --keys keys ...")
def advance(
    repository: Folder,
    keys: Keys,
    version: Version,
    arch: Architecture = "amd64",
    config: Annotated[Path | None, typer.Option("--config", help="A hub.toml.")] = None,
    *,
    state_dir: Annotated[Path | None, typer.Option("--state-dir", help="Where the hub keeps everything.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a release to the next ring when the stores that have it are well, or back when they are not; run it hourly.

    ring-1 is one store in a hundred, then ten, fifty, all. Exits 1 when it goes back.
    """
    from hub.releases.commands import advance_release  # noqa: PLC0415

    made = _of(repository, keys)
    told = advance_release(config, state_dir=state_dir, repository=made, version=version, architecture=arch,
                           dry_run=dry_run)  # fmt: skip
    lines = [
        f"{each['ring']}: {each['running']} of {each['stores']} stores have it, {each['ill']} ill; {each['why']}"
        for each in told["states"]
    ]
    lines.append(f"{', '.join(told['pointed'])} -> {told['to']}" if told["pointed"] else told["why"])
    typer.echo(json.dumps(told) if as_json else "\n".join(lines))
    if told["pointed"] and told["to"] != version:
        raise typer.Exit(1)


@release_app.command("rings", epilog="Example: tillstream hub release rings --assign")
def rings(
    config: Annotated[Path | None, typer.Option("--config", help="A hub.toml.")] = None,
    *,
    state_dir: Annotated[Path | None, typer.Option("--state-dir", help="Where the hub keeps everything.")] = None,
    assign: Annotated[bool, typer.Option("--assign", help="Give every store without a ring its own.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which stores are in which ring and what they run; `--assign` gives a ring to those that have none."""
    from hub.releases.commands import show_rings  # noqa: PLC0415

    told = show_rings(config, state_dir=state_dir, assign=assign)
    lines = [
        f"{each['ring'] or '-':<8} {each['stores']:>6} stores, {each['in_trouble']} in trouble: "
        + ", ".join(f"{program} {count}" for program, count in each["programs"].items())
        for each in told["rings"]
    ]
    typer.echo(json.dumps(told) if as_json else "\n".join(lines) or "no store yet")


@release_app.command("refresh", epilog="Example: tillstream hub release refresh --repository releases --keys online")
def refresh(repository: Folder, keys: Keys) -> None:
    """Sign anew what must be fresh; run it daily (only the online key is needed)."""
    _of(repository, keys).refresh()
    typer.echo("signed for another 14 days")


@release_app.command("rotate", epilog="Example: tillstream hub release rotate online --repository releases --keys keys")
def rotate(
    key: Annotated[str, typer.Argument(help="root-1, root-2, targets or online.")], repository: Folder, keys: Keys
) -> None:
    """Replace a key; stores follow from root to root, however long they were off line."""
    typer.echo(f"root {_of(repository, keys).rotate(key)} is signed; keep the new {key}.pem as the old one was kept")


@release_app.command("list", epilog="Example: tillstream hub release list --repository releases")
def listed(repository: Folder, keys: Keys = Path(), *, as_json: AsJson = False) -> None:
    """List what is released, and what channels offer."""
    found = _of(repository, keys).released()
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found:
        offers = each["custom"].get("version", "")
        typer.echo(f"{each['target']:<56} {'offers ' + offers if offers else str(each['bytes']) + ' bytes'}")


def _of(folder: Path, keys: Path) -> Repository:
    from hub.bootstrap import system_clock  # noqa: PLC0415
    from hub.releases.repository import Repository  # noqa: PLC0415 - imports the TUF library

    return Repository(folder, keys, now=system_clock())

"""`tillstream agent run`, `core`, `desk`, `configcheck`; the command line takes `app` as the group `agent`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.options import ConfigOption, JsonOption, config_of, find_config
from agent.config import AgentConfig, load_config

app = typer.Typer(help="Run the store's agent: core and desk, supervised.", no_args_is_help=True)


@app.command(epilog="Example: tillstream agent run --config agent.toml")
def run(config: ConfigOption = None) -> None:
    """Run core, desk and the configured taps until told to stop; what ends is started again."""
    from agent.starting import run_agent  # noqa: PLC0415 - only this process needs it

    run_agent(find_config(config))


@app.command(epilog="Example: tillstream agent core --config agent.toml")
def core(config: ConfigOption = None) -> None:
    """Run the core process alone: taps, scans, journal."""
    from agent.core import serve  # noqa: PLC0415 - the desk's process must not import it

    serve(find_config(config))


@app.command(epilog="Example: tillstream agent desk --config agent.toml")
def desk(config: ConfigOption = None) -> None:
    """Run the desk process alone: pages, local API, courier, feed."""
    from agent.desk.process import desk as serve_desk  # noqa: PLC0415 - the core's process must not import the web stack

    serve_desk(find_config(config))


@app.command(epilog="Example: tillstream agent sockets --config agent.toml > /etc/systemd/system/tillstream.socket")
def sockets(config: ConfigOption = None) -> None:
    """Print the systemd socket unit of this store's taps: with it registers wait while the agent is upgraded."""
    from agent.listeners import socket_unit  # noqa: PLC0415 - opens nothing

    typer.echo(socket_unit(_addresses(config_of(config))), nl=False)


@app.command(epilog="Example: tillstream agent enrol --config agent.toml --code XXXXX-XXXXX-XXXXX-XXXXX")
def enrol(
    code: Annotated[
        str, typer.Option("--code", help="The single-use code that the hub issued, or what its QR code holds.")
    ],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Introduce this agent to its hub with a single-use code; a running agent takes it over by itself."""
    from agent.enrolment import enrol_store  # noqa: PLC0415 - imports httpx, which core never needs

    enrolled = enrol_store(config_of(config), code=code, program="tillstream")
    told = {"tenant": enrolled.tenant, "store": enrolled.store, "agent": enrolled.agent, "epoch": enrolled.epoch}
    typer.echo(json.dumps(told) if as_json else f"enrolled as store {enrolled.store} of {enrolled.tenant}")


@app.command("seal-keys", epilog="Example: sudo tillstream agent seal-keys --config /etc/tillstream/agent.toml")
def seal_keys(
    config: ConfigOption = None,
    to: Annotated[Path, typer.Option("--to", help="Where sealed keys lie.")] = Path("/etc/credstore.encrypted"),
    *,
    install: Annotated[bool, typer.Option("--install", help="Write the drop-in, too.")] = False,
    unit: Annotated[Path, typer.Option("--unit", help="The folder of the unit's drop-ins.")] = Path(
        "/etc/systemd/system/tillstream.service.d"
    ),
    as_json: JsonOption = False,
) -> None:
    """Seal the agent's keys to this machine (systemd-creds, its TPM where it has one) and print the unit's drop-in."""
    from agent.key_sealing import install_drop_in  # noqa: PLC0415 - nobody else needs it
    from agent.key_sealing import seal_keys as seal  # noqa: PLC0415
    from agent.state_dir import StateDir  # noqa: PLC0415

    done = seal(StateDir(config_of(config).agent.state_dir).keys, to)
    installed = str(install_drop_in(done.drop_in, unit)) if install else None
    told = {
        "sealed": list(done.sealed), "already": list(done.already), "drop_in": done.drop_in, "installed": installed
    }  # fmt: skip
    shown = (
        f"{installed}\nnow: systemctl daemon-reload && systemctl restart tillstream\n" if installed else done.drop_in
    )
    typer.echo(json.dumps(told) if as_json else shown, nl=as_json)


@app.command(epilog="Example: tillstream agent configcheck agent.toml")
def configcheck(
    file: Annotated[
        Path | None, typer.Argument(help="The file to check; else the one that other commands take.", metavar="FILE")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Check an agent.toml; exit 2 and say what is wrong, and where, when it is refused."""
    path = find_config(file)
    loaded = load_config(path)
    told = {"ok": True, "business_unit_id": loaded.store.business_unit_id, "workstations": len(loaded.workstation)}
    typer.echo(json.dumps(told) if as_json else f"{path}: ok, {told['workstations']} workstation(s)")


def _addresses(config: AgentConfig) -> list[str]:
    """Return where registers connect to; those at a cable do not."""
    taps = (each.tap for each in config.workstation if each.tap)
    return [tap.listen for tap in taps if not tap.listen.startswith("serial:")]

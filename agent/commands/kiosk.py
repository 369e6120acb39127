"""`tillstream kiosk pair|devices|revoke|preview`: the store's screens, from its own machine."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from agent.config import AgentConfig, load_config, parse_config
from retail.errors import ConfigurationError, RefusedError, TryAgainError

app = typer.Typer(help="Pair the store's screens, and look at content before it goes out.", no_args_is_help=True)

Config = Annotated[Path, typer.Option("--config", "-c", help="The store's agent.toml.", metavar="FILE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]

ANSWER_S = 10.0
PREVIEW_LISTEN = "127.0.0.1:8091"


@app.command(epilog="Example: tillstream kiosk pair 7KX4PM --as kiosk --config agent.toml")
def pair(
    code: Annotated[str, typer.Argument(help="The code on the device's screen.", metavar="CODE")],
    config: Config,
    right: Annotated[str, typer.Option("--as", help="What the device is: kiosk, cashier or display.")] = "kiosk",
    name: Annotated[str, typer.Option(help="How people call it.")] = "",
) -> None:
    """Confirm the code that a device shows, and say what the device is."""
    _ask(config, "POST", "/v1/devices", {"code": code, "right": right, "name": name})
    typer.echo(f"paired as {right}")


@app.command(epilog="Example: tillstream kiosk devices --config agent.toml")
def devices(config: Config, *, as_json: AsJson = False) -> None:
    """List the paired devices."""
    found = _ask(config, "GET", "/v1/devices")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found:
        typer.echo(f"{each['device_id']}  {each['right']:8}  {each['paired_at']}  {each['name']}")


@app.command(epilog="Example: tillstream kiosk revoke 3f2a9c81d05be647 --config agent.toml")
def revoke(
    device_id: Annotated[str, typer.Argument(help="As `tillstream kiosk devices` lists it.", metavar="ID")],
    config: Config,
) -> None:
    """Forget a device: it shows a code again."""
    _ask(config, "DELETE", f"/v1/devices/{device_id}")
    typer.echo("forgotten")


@app.command(epilog="Example: tillstream kiosk preview content.json")
def preview(
    bundle: Annotated[Path, typer.Argument(help="A content bundle: posters, consent texts, survey.", metavar="BUNDLE")],
    listen: Annotated[str, typer.Option(help="Where to show it.")] = PREVIEW_LISTEN,
    language: Annotated[str, typer.Option(help="The store's language.")] = "en",
) -> None:
    """Show a content bundle as a kiosk would, without a store: nobody is known, nothing is kept."""
    from agent.desk.content import proofread  # noqa: PLC0415 - imported by who previews only

    try:
        proofread(bundle.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{bundle} cannot be read: {error.strerror}", fix="name a bundle's file") from error
    except ValueError as error:
        raise ConfigurationError(f"{bundle}: {error}", fix="mend the bundle; docs/screens.md shows one") from error
    from agent.desk.process import run_desk  # noqa: PLC0415

    typer.echo(f"http://{listen}/kiosk shows {bundle}; end with Ctrl+C")
    with tempfile.TemporaryDirectory() as folder:
        config = _preview_store(Path(folder), bundle, listen=listen, language=language)
        asyncio.run(run_desk(config, expects_core=False))


def _preview_store(folder: Path, bundle: Path, *, listen: str, language: str) -> AgentConfig:
    """Return a store that has nothing but this content."""
    mirror = folder / "mirror"
    mirror.mkdir()
    (mirror / "config.json").write_text(json.dumps({"content": json.loads(bundle.read_bytes())}), "utf-8")
    store = {"business_unit_id": "preview", "name": "Preview", "language": language}
    lines = [f"{name} = {json.dumps(value)}" for name, value in store.items()]
    text = "[store]\n" + "\n".join(lines) + '\ntimezone = "UTC"\ncurrency = "EUR"\n'
    text += f"[agent]\nstate_dir = {json.dumps(str(folder))}\n[desk]\nlisten = {json.dumps(listen)}\n"
    text += '[[workstation]]\nid = "1"\n'
    return parse_config(text, source="preview")


def _ask(config: Path, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Ask the desk of this machine. Raises TryAgainError when it does not run, RefusedError with its own words."""
    url = f"http://{_near(load_config(config).desk.listen)}"
    try:
        answer = httpx.request(method, url + path, json=body, headers={"origin": url}, timeout=ANSWER_S)
    except httpx.HTTPError as error:
        raise TryAgainError(
            f"no desk answers at {url}", fix="tillstream agent run --config FILE", code="desk_away"
        ) from error
    if answer.is_error:
        told = answer.json()
        raise RefusedError(told["message"], fix=told["fix"], code=told["code"])
    return answer.json() if answer.content else None


def _near(listen: str) -> str:
    """Return the address under which a desk that listens everywhere answers its own machine."""
    host, _, port = listen.rpartition(":")
    return f"127.0.0.1:{port}" if host in {"0.0.0.0", "[::]"} else listen  # noqa: S104 - compared, not bound

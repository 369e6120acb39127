"""What the hub's commands do, apart from how they are called and how the result is shown."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hub.app import create_app
from hub.bootstrap import Hub, open_hub
from hub.completeness import completeness
from hub.config import load_config
from hub.feed.erasing import Erasing
from hub.feed.upkeep import FeedUpkeep
from hub.fleet import fleet_view
from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook, tokenise
from hub.serving import HubServer
from hub.users.at_the_machine import note_typed
from retail.errors import ConfigurationError
from sync.protocol.invitation import Invitation, invitation_text

BACKLOG = 2048  # connections that wait while a fleet comes back at once


def run_hub(config: Path | None, *, state_dir: Path | None, listen: str | None, as_json: bool) -> None:
    """Serve until stopped by a signal, answering what was begun. Raises ConfigurationError for a taken address."""
    settings = load_config(config, state_dir=state_dir, listen=listen)
    hub = open_hub(settings)
    try:
        listener = _bind(settings.host, settings.port)
        host, port = listener.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        told = {"listening": url, "state_dir": str(settings.state_dir), "tenant": settings.tenant}
        typer.echo(
            json.dumps(told) if as_json else f"hub of {settings.tenant} listens on {url} (state: {settings.state_dir})"
        )
        sys.stdout.flush()
        with FeedUpkeep(hub, told=lambda trouble: typer.echo(trouble, err=True)):
            HubServer(create_app(hub), refused=hub.refusals.add).serve_until_stopped(listener)
    finally:
        hub.close()


def issue_code(config: Path | None, *, state_dir: Path | None, store_id: str, name: str) -> dict[str, Any]:
    """Make an enrolment code and return it."""
    with opened(config, state_dir) as hub:
        code = hub.registry.issue_code(hub.config.tenant, store_id, name=name, now=hub.clock())
        note_typed(hub, "code.made", subject=store_id)
        scanned = invitation_text(
            Invitation(code=code.code, store=store_id, hub=hub.config.public_url or hub.config.oidc_public_url)
        )
    return {
        "code": code.code, "store": code.store_id, "expires_at": code.expires_at.isoformat(), "scanned": scanned
    }  # fmt: skip


def import_paths(
    config: Path | None,
    *,
    state_dir: Path | None,
    paths: Sequence[Path],
    rejects: Path | None,
    replace: bool,
    dry_run: bool,
    quiet: bool,
) -> dict[str, Any]:
    """Import files, tokenise new codes, publish what changed; return what became of each."""
    with opened(config, state_dir) as hub, _Bars(quiet=quiet) as bars:
        tenant_id = hub.config.tenant
        book = CodeBook(hub.keys.tenant(tenant_id))
        job = ImportJob(
            database=hub.database,
            tenant_id=tenant_id,
            country=hub.config.country,
            book=book,
            progress=bars.show,
            dry_run=dry_run,
            replace=replace,
            rejects_folder=rejects,
            own_folder=hub.config.state_dir / "rejected",
            today=hub.clock().date(),
        )
        files = import_files(job, paths)
        tokens, published = 0, []
        if not dry_run:
            tokens = tokenise(hub.database, tenant_id, book, progress=bars.counter("tokens"))
            published = hub.publisher.publish(tenant_id, now=hub.clock())
            for each in files:
                detail = f"{each.changed} changed, {each.rejected} rejected"
                note_typed(hub, "file.imported", subject=each.kind, detail=detail)
    return {
        "files": [asdict(each) for each in files],
        "tokens": tokens,
        "published": [each.model_dump(mode="json") for each in published],
        "dry_run": dry_run,
    }


def list_stores(config: Path | None, *, state_dir: Path | None) -> dict[str, Any]:
    """Return every store with its counts and how it is, as the fleet's page shows it; the worst first."""
    with opened(config, state_dir) as hub:
        stores = hub.reports.stores(hub.config.tenant)
        through = Erasing(hub.database, hub.files, hub.feed).through(hub.config.tenant)
        view = fleet_view(stores, now=hub.clock(), through=through, count=len(stores))
    counted = {store.store_id: store.to_json() for store in stores}
    return {"stores": [counted[line.store_id] | line.to_json() for line in view.lines]}


def compare_days(config: Path | None, *, state_dir: Path | None, days: int) -> dict[str, Any]:
    """Return how complete the last days are, today included."""
    with opened(config, state_dir) as hub:
        last_day = hub.clock().date() + timedelta(days=1)  # somewhere it is tomorrow already
        lines = completeness(
            hub.database, hub.config.tenant, first_day=last_day - timedelta(days=days), last_day=last_day
        )
    return {"days": [line.to_json() for line in lines]}


class opened:  # noqa: N801 - used like a function in `with`
    """A hub's state, closed at the end."""

    def __init__(self, config: Path | None, state_dir: Path | None) -> None:
        self._hub = open_hub(load_config(config, state_dir=state_dir))

    def __enter__(self) -> Hub:
        return self._hub

    def __exit__(self, *_: object) -> None:
        self._hub.close()


class _Bars:
    """Progress on the terminal, on stderr; nothing where nobody looks."""

    def __init__(self, *, quiet: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=quiet or not sys.stderr.isatty(),
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, what: str, done: int, total: int) -> None:
        """Move the bar of `what`, making it when it is new."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=max(1, total))
        self._progress.update(self._tasks[what], completed=done, total=max(1, total))

    def counter(self, what: str) -> Callable[[int, int], None]:
        """Return a function that moves one bar."""
        return lambda done, total: self.show(what, done, total)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # Told that it is TCP, asyncio switches Nagle's algorithm off; else each answer's body waits 40 ms for an ACK.
        listener = socket.socket(made.family, made.type, socket.IPPROTO_TCP, fileno=made.detach())
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}",
            fix="stop whoever holds it, or name another with --listen",
            code="listen",
        ) from error
    return listener

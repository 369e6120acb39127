"""The hub, put together in one place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.claims.joining import Joining
from hub.claims.senders import Senders, senders_of
from hub.claims.service import ClaimService
from hub.claims.wording import load_texts
from hub.config import HubConfig
from hub.feed.erasing import Erasing
from hub.feed.files import FeedFiles
from hub.feed.nearby import Nearby, Whose
from hub.feed.publishing import Publisher
from hub.feed.service import FeedService
from hub.gate import EnrolmentPace, Gate, Refusals
from hub.imports.tokenising import CodeBook
from hub.ingest.ports import Ingest
from hub.ingest.service import IngestService
from hub.keys import HubKeys, sync_folder
from hub.nonces import SharedNonces
from hub.registry import Registry
from hub.reports import Reports
from hub.storage.ports import Database
from hub.storage.sqlite import SqliteDatabase
from hub.users.accounts import Users
from retail.errors import ConfigurationError, NotPermittedError, OnSiteError

Clock = Callable[[], datetime]
"""Returns the aware time of day, UTC."""


def system_clock() -> datetime:
    """Return the machine's time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Everything that a hub's process is made of; `news` is set when a person or a store joined and need not wait."""

    config: HubConfig
    clock: Clock
    database: Database
    keys: HubKeys
    registry: Registry
    gate: Gate
    pace: EnrolmentPace
    refusals: Refusals
    ingest: Ingest
    files: FeedFiles
    feed: FeedService
    publisher: Publisher
    reports: Reports
    nonces: SharedNonces
    users: Users
    news: threading.Event = field(default_factory=threading.Event)
    claims: ClaimService | None = None

    @property
    def joining(self) -> Joining:
        """What takes the records of those who joined at a screen."""
        config = self.config
        return Joining(tenant_id=config.tenant, country=config.country, keys=self.keys.tenant(config.tenant))

    def close(self) -> None:
        """Release the database."""
        self.nonces.close()
        self.database.close()


def open_hub(config: HubConfig, *, clock: Clock = system_clock) -> Hub:
    """Open or make a hub's state and return the hub. Raises TillstreamError with what to do."""
    _make_folder(config.state_dir)
    keys = HubKeys(config.state_dir / "keys")
    database = _open_database(config, clock)
    registry = Registry(database, keys)
    nonces = SharedNonces(config.state_dir / "nonces.db")
    registry.make_tenant(config.tenant, country=config.country, now=clock())
    files, nearby = FeedFiles(database, config.state_dir / "feed"), nearby_of(config)
    feed = FeedService(database, keys, files, nearby=nearby)
    files.forget_lost(config.tenant)
    Erasing(database, files, feed).redo(config.tenant, now=clock())
    news = threading.Event()
    return Hub(
        config=config,
        clock=clock,
        database=database,
        keys=keys,
        registry=registry,
        gate=Gate(registry, nonces),
        pace=EnrolmentPace(),
        refusals=Refusals(),
        ingest=IngestService(database),
        files=files,
        feed=feed,
        publisher=Publisher(database, files, nearby),
        reports=Reports(database),
        nonces=nonces,
        users=Users(database, config.tenant, clock),
        news=news,
        claims=_claims(config, database, keys, let_in=news.set),
    )


def nearby_of(config: HubConfig) -> Nearby:
    """Return which stores get a slice of the customers."""
    return Nearby(
        whose=Whose(config.customers),
        country=config.country,
        seen_days=int(config.seen_days),
        unplaced=config.unplaced == "everywhere",
    )


def _claims(config: HubConfig, database: Database, keys: HubKeys, *, let_in: Callable[[], None]) -> ClaimService | None:
    """Return the claims of strangers' receipts, None where the chain can send nobody a message."""
    by_kind = senders_of(smtp=config.smtp, sender=config.mail_from, sms=config.sms, sms_token=config.sms_token)
    if not by_kind or not config.public_url:
        return None
    return ClaimService(
        database=database,
        tenant_id=config.tenant,
        country=config.country,
        book=CodeBook(keys.tenant(config.tenant)),
        senders=Senders(by_kind=by_kind, texts=load_texts(), chain=config.chain_name or config.tenant),
        public_url=config.public_url.rstrip("/"),
        points=int(config.claim_points),
        let_in=let_in,
    )


def _make_folder(state_dir: Path) -> None:
    """Make the hub's folder. Raises NotPermittedError, OnSiteError."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except PermissionError as error:
        raise NotPermittedError(f"{state_dir}: may not be made by you", fix="type the same behind sudo") from error
    except OSError as error:
        raise OnSiteError(
            f"{state_dir}: {error.strerror or error}", fix="name another folder: --state-dir, or state_dir in hub.toml"
        ) from error
    sync_folder(state_dir.parent)


def _open_database(config: HubConfig, clock: Clock) -> Database:
    if not config.database_url:
        return SqliteDatabase(config.state_dir / "hub.db")
    if not config.database_url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(
            "hub.database is no address of PostgreSQL", fix='e.g. database = "postgresql://hub@localhost/hub"'
        )
    try:
        from hub.storage.postgresql import PostgresqlDatabase  # noqa: PLC0415 - psycopg is installed where it is wanted
    except ImportError as error:
        raise ConfigurationError(
            "PostgreSQL is configured, but its driver is not installed", fix="pip install 'tillstream[postgresql]'"
        ) from error
    return PostgresqlDatabase(config.database_url, today=clock().date())

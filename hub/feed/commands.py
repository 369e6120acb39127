"""What the feed's commands do, apart from how they are called and how the result is shown."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.bootstrap import Hub
from hub.commands import opened
from hub.feed.erasing import Erasing
from hub.feed.nearby import Whose
from hub.feed.stopping import PressedStop, StopBoard, StopOrder
from hub.storage.ports import Session
from hub.users.at_the_machine import machine_user, note_typed
from retail.errors import ConfigurationError, OnSiteError
from retail.stops import StopKind
from sync.protocol.feed_messages import FeedKind
from sync.protocol.rotating import DIGITS, PERIOD_S, is_wallet, secret_of
from sync.protocol.tokens import CodeKind, normalise, token_of

BUNDLE_BYTES_MAX = 1_000_000
"""A config bundle is texts; a store refuses a larger one."""

NAME_CHARS_MAX = 64


def look_at_people(config: Path | None, *, state_dir: Path | None, customer_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is known of each, changing nothing."""
    with opened(config, state_dir) as hub:
        erasing = Erasing(hub.database, hub.files, hub.feed)
        return [each.to_json() for each in erasing.look(hub.config.tenant, customer_ids)]


def erase_people(config: Path | None, *, state_dir: Path | None, customer_ids: Sequence[str]) -> int:
    """Forget people and return the number of the last erasure."""
    with opened(config, state_dir) as hub:
        erasing = Erasing(hub.database, hub.files, hub.feed)
        people = erasing.look(hub.config.tenant, customer_ids)
        through = erasing.erase(hub.config.tenant, people, now=hub.clock())
        note_typed(hub, "erased", subject=f"{len(people)} customers")
        return through


def erasure_marks(config: Path | None, *, state_dir: Path | None) -> dict[str, Any]:
    """Return how many erasures were ordered, and how far every store is."""
    with opened(config, state_dir) as hub:
        through, stores = Erasing(hub.database, hub.files, hub.feed).stores(hub.config.tenant)
    return {"through": through, "stores": stores, "behind": sum(each["behind"] > 0 for each in stores)}


def rotating_secret(config: Path | None, *, state_dir: Path | None, wallet: str) -> dict[str, Any]:
    """Return what a wallet's program must know to show rotating codes. Costs one token; nothing is kept.

    Raises ConfigurationError for what is no wallet's code.
    """
    if not is_wallet(wallet):
        raise ConfigurationError(
            f"{wallet!r} is no wallet's code", fix="tsw1: and 8 to 64 letters, digits, - or _, as in codes.csv"
        )
    with opened(config, state_dir) as hub:
        pepper = hub.keys.tenant(hub.config.tenant).pepper
        note_typed(hub, "wallet.secret_shown")
    secret = secret_of(token_of(normalise(wallet, CodeKind.WALLET), pepper))
    return {
        "wallet": wallet,
        "shows": f"{wallet}:" + "#" * DIGITS,
        "secret_hex": secret.hex(),
        "secret_base32": base64.b32encode(secret).decode("ascii"),
        "algorithm": "TOTP_SHA1",
        "period_s": PERIOD_S,
        "digits": DIGITS,
    }


def press_stop(
    config: Path | None,
    *,
    state_dir: Path | None,
    kind: str,
    campaign_id: str,
    scope: str,
    until: datetime | None,
    why: str,
) -> dict[str, Any]:
    """Press a stop button and return the stop."""
    if kind not in set(StopKind):
        raise ConfigurationError(f"{kind!r} cannot be stopped", fix=f"say one of {', '.join(StopKind)}")
    with opened(config, state_dir) as hub:
        board = StopBoard(hub.database, hub.files)
        order = StopOrder(kind=StopKind(kind), campaign_id=campaign_id, scope=scope, until=until, why=why)
        return _stop(board.press(hub.config.tenant, order, who=machine_user(), now=hub.clock()))


def list_stops(config: Path | None, *, state_dir: Path | None) -> dict[str, Any]:
    """Return every stop that acts."""
    with opened(config, state_dir) as hub:
        pressed = StopBoard(hub.database, hub.files).pressed(hub.config.tenant)
        return {"stops": [_stop(each) for each in pressed if not each.is_over(hub.clock())]}


def lift_stop(config: Path | None, *, state_dir: Path | None, stop_no: int) -> dict[str, Any]:
    """Take a stop back and say whether there was one."""
    with opened(config, state_dir) as hub:
        board = StopBoard(hub.database, hub.files)
        lifted = board.resume(hub.config.tenant, stop_no, who=machine_user(), now=hub.clock())
    return {"stop_no": stop_no, "lifted": lifted}


def publish_bundle(config: Path | None, *, state_dir: Path | None, path: Path, scope: str) -> None:
    """Publish a config bundle for a scope. Raises ConfigurationError for what no store could read."""
    plain = bundle_content(path)
    what, _, name = scope.partition(":")
    with opened(config, state_dir) as hub:
        with hub.database.reading() as session:
            places = session.rows("places", tenant_id=hub.config.tenant)
        column = {"store": 0, "region": 1, "ring": 2}
        if what and name not in {row[column[what]] for row in places}:
            raise ConfigurationError(f"no {what} {name!r}", fix="see `tillstream hub place --store ID`")
        refuse_what_was_refused(hub, hashlib.sha256(plain).hexdigest())
        hub.files.publish_bytes(hub.config.tenant, FeedKind.CONFIG, plain, now=hub.clock(), scope=scope)
        note_typed(hub, "bundle.published", subject=scope or "chain", detail=hashlib.sha256(plain).hexdigest()[:12])


def bundle_content(path: Path) -> bytes:
    """Return a config bundle as it is published, one form for one content. Raises ConfigurationError, OnSiteError."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise OnSiteError(f"{path}: cannot be read: {error.strerror}", fix="name a readable file") from error
    if len(body) > BUNDLE_BYTES_MAX:
        raise ConfigurationError(f"{path.name}: larger than {BUNDLE_BYTES_MAX} bytes", fix="make it smaller")
    try:
        content = json.loads(body)
    except ValueError as error:
        raise ConfigurationError(f"{path.name}: no JSON: {error}", fix="mend the place named above") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path.name}: holds no object", fix='e.g. {"content": {"posters": []}}')
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def refuse_what_was_refused(hub: Hub, sha256: str) -> None:
    """Raise ConfigurationError for a bundle that a store could not use: a ring's first stores spare the chain."""
    with hub.database.reading() as session:
        rows = session.rows("feed_refusals", tenant_id=hub.config.tenant)
    said = [(store, each["message"]) for store, text in rows for each in json.loads(text) if each["sha256"] == sha256]
    if said:
        raise ConfigurationError(
            f"{len(said)} store(s) could not use this bundle; {said[0][0]}: {said[0][1]}",
            fix="mend the bundle and publish it to the ring again: tillstream hub bundle FILE --ring",
            code="bundle_refused",
        )


def show_bundles(config: Path | None, *, state_dir: Path | None) -> dict[str, Any]:
    """Return the newest bundle of each scope, and which stores could not use a file of the feed."""
    with opened(config, state_dir) as hub:
        newest: dict[str, dict[str, Any]] = {}
        for kept in hub.files.all(hub.config.tenant):
            if kept.file.kind is FeedKind.CONFIG:
                told = kept.file.model_dump(mode="json", include={"version", "sha256", "as_of", "size_bytes"})
                newest.setdefault(kept.scope, {"scope": kept.scope, **told})
        with hub.database.reading() as session:
            rows = session.rows("feed_refusals", tenant_id=hub.config.tenant)
    refused = [{"store_id": store_id, **each} for store_id, text in rows for each in json.loads(text)]
    return {"bundles": list(newest.values()), "refused": refused}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """What is to be said of a store; None leaves it as it is. `near`: stores whose customers come here, too."""

    region: str | None = None
    ring: str | None = None
    customers: str | None = None
    near: Sequence[str] | None = None


def place_store(config: Path | None, *, state_dir: Path | None, store_id: str, placing: Placing) -> dict[str, Any]:
    """Say where a store is and whose customers it gets, and return it. Files follow at its next look."""
    for name in (placing.region, placing.ring):
        if name and (len(name) > NAME_CHARS_MAX or not name.isprintable() or ":" in name):
            raise ConfigurationError(f"{name!r:.80} is no name of a region or ring", fix="letters, digits, spaces")
    if placing.customers is not None and placing.customers not in set(Whose):
        raise ConfigurationError(f"--customers {placing.customers!r} is none of {', '.join(Whose)}", fix="say nearby")
    with opened(config, state_dir) as hub:
        tenant_id = hub.config.tenant
        which = {"tenant_id": tenant_id, "store_id": store_id}
        with hub.database.writing() as session:
            known = {str(row[0]) for row in session.rows("places", tenant_id=tenant_id)}
            for each in (store_id, *filter(None, placing.near or ())):
                if each not in known:
                    raise ConfigurationError(f"no store {each!r}", fix="see `tillstream hub stores`")
            _put_place(session, which, placing)
        StopBoard(hub.database, hub.files).publish(tenant_id, now=hub.clock())
        if placing.customers is not None or placing.near is not None:
            hub.publisher.mirror(tenant_id, now=hub.clock())
        with hub.database.reading() as session:
            row = session.row("place_of_store", **which)
            near = [str(each[0]) for each in session.rows("near", **which)]
        note_typed(hub, "store.placed", subject=store_id, detail=_changes(placing))
    assert row is not None
    region, ring, customers = row
    told = Whose.NEARBY if hub.publisher.nearby.is_sliced(customers) else Whose.ALL
    return {"store_id": store_id, "region": region, "ring": ring, "customers": told.value, "near": near}


def _changes(placing: Placing) -> str:
    told = {name: value for name, value in asdict(placing).items() if value is not None}
    return ", ".join(f"{name} {value}" for name, value in told.items())


def _put_place(session: Session, which: Mapping[str, str], placing: Placing) -> None:
    if placing.region is not None:
        session.run("put_region", region=placing.region, **which)
    if placing.ring is not None:
        session.run("put_ring", ring=placing.ring, **which)
    if placing.customers is not None:
        session.run("put_customers_wanted", customers=placing.customers, **which)
    if placing.near is not None:
        session.run("drop_near", **which)
        for each in filter(None, placing.near):
            session.run("put_near", near_id=each, **which)


def unmapped_lines(config: Path | None, *, state_dir: Path | None, limit: int) -> dict[str, Any]:
    """Read what journals have brought since the last time; return the unmapped lines by revenue."""
    from hub.feed.learning import Learner  # noqa: PLC0415

    with opened(config, state_dir) as hub:
        Learner(hub.database, hub.keys).learn(hub.config.tenant)
        with hub.database.reading() as session:
            rows = session.rows("unmapped_lines", tenant_id=hub.config.tenant, rows_max=limit)
            mapped, unmapped = (
                int(row[0]) if row else 0
                for row in (
                    session.row("mark", tenant_id=hub.config.tenant, what=what)
                    for what in ("revenue_mapped", "revenue_unmapped")
                )
            )
    lines = [
        {
            "receipt_text": text,
            "gtin": gtin,
            "lines": count,
            "revenue": f"{Decimal(revenue).scaleb(-4):.2f}",
            "last_day": day,
        }
        for text, gtin, count, revenue, day in rows
    ]
    known = mapped + unmapped
    return {"unmapped": lines, "mapped_percent": round(100 * mapped / known, 1) if known else None}


def audience_told(config: Path | None, *, state_dir: Path | None, rule: str, examples: int) -> dict[str, Any]:
    """Return whom a rule means now. Raises ConfigurationError with the place of what is wrong in it."""
    from hub.feed.audience import audience_of  # noqa: PLC0415
    from hub.value.published import published_policy  # noqa: PLC0415
    from retail.rule_words import parse_rule  # noqa: PLC0415

    with opened(config, state_dir) as hub:
        with hub.database.reading() as session:
            segments = {str(row[0]) for row in session.rows("segment_names", tenant_id=hub.config.tenant)}
        parsed = parse_rule(rule, segments=segments or None)
        tiers = published_policy(hub.files, hub.config.tenant).tiers
        found = audience_of(hub.database, hub.config.tenant, parsed, at=hub.clock(), examples_max=examples, tiers=tiers)
    return {
        "rule": str(parsed),
        "customers": found.customers,
        "meant": found.meant,
        "examples": list(found.examples),
    }


def _stop(stop: PressedStop) -> dict[str, Any]:
    return asdict(stop)

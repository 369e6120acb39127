"""Campaigns as a file of tables: each is checked by the code that decides on it, and stands or falls alone."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from hub.imports import rows
from hub.imports.job import FileKind, Imported, ImportJob, open_rejects
from hub.imports.table_file import Rejects, Row
from hub.storage.ports import Value
from receipt.templates import check_texts
from retail.errors import ConfigurationError, OnSiteError
from retail.offers.campaign_file import campaign_from_mapping

CAMPAIGNS_BYTES_MAX = 16 * 1024 * 1024


def import_campaigns(job: ImportJob, path: Path) -> Imported:
    """Each campaign is checked by the code that decides on it; those that do not hold are rejected by name."""
    entries = _campaign_tables(path)
    with job.database.reading() as session:
        segments = {row[0] for row in session.rows("segment_names", tenant_id=job.tenant_id)}
    rejects = open_rejects(job, path, ("campaign",))
    sets: dict[str, Mapping[str, Value]] = {}
    for place, entry in enumerate(entries, start=1):
        try:
            campaign = campaign_from_mapping(entry, path=f"campaign[{place}]", segments=segments or None)
            check_texts([campaign])
        except ConfigurationError as error:
            _reject_campaign(rejects, place, entry, f"{error.message}; {error.fix}" if error.fix else error.message)
            continue
        if campaign.campaign_id in sets:
            _reject_campaign(rejects, place, entry, "another campaign of this file has the same id")
            continue
        body = json.dumps(entry, ensure_ascii=False, sort_keys=True, default=_as_text)
        sets[campaign.campaign_id] = {"tenant_id": job.tenant_id, "campaign_id": campaign.campaign_id, "body": body}
    changed = 0
    if not job.dry_run:
        with job.database.writing() as session:
            changed += session.run("drop_campaigns", tenant_id=job.tenant_id) if job.replace else 0
            changed += session.many("put_campaign", sets=list(sets.values()))
    rejected_to = rejects.close()
    return Imported(
        file=str(path),
        kind=FileKind.CAMPAIGNS,
        rows=len(entries),
        changed=changed,
        rejected=rejects.count,
        rejects_file=str(rejected_to) if rejected_to else None,
        reasons=tuple(rejects.first_reasons),
    )


def _reject_campaign(rejects: Rejects, place: int, entry: object, reason: str) -> None:
    name = str(entry.get("id", "")) if isinstance(entry, dict) else ""
    rejects.add(Row(line=place, values={"campaign": name[: rows.ID_CHARS_MAX]}), reason)


def _campaign_tables(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > CAMPAIGNS_BYTES_MAX:
            raise ConfigurationError(f"{path.name}: larger than {CAMPAIGNS_BYTES_MAX} bytes", fix="split the file")
        content = path.read_bytes()
    except OSError as error:
        raise OnSiteError(f"{path}: cannot be read: {error.strerror}", fix="name a readable file") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name}: no TOML: {error}", fix="mend the line named above") from error
    entries = told.get("campaign", [])
    if set(told) - {"campaign"} or not isinstance(entries, list):
        raise ConfigurationError(f"{path.name}: holds something else than [[campaign]]", fix="see contracts: campaigns")
    return entries


def _as_text(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(type(value))

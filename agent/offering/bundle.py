"""Campaigns and items as the feed brought them: `campaigns.json` and `items.json` in the mirror's folder.

Each is the list that the hub publishes; whoever brings one puts it in place by rename, so a reader sees the old or the
new. A file that cannot be used leaves the last good one in use and is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from receipt.templates import TemplateShelf
from retail.errors import ConfigurationError, TillstreamError
from retail.items import Item, ItemCatalogue
from retail.offers.campaign_file import campaigns_from_mapping
from retail.offers.index import CampaignIndex

CAMPAIGNS = "campaigns.json"
ITEMS = "items.json"
BYTES_MAX = 256 * 1024 * 1024  # 1 M items of 200 B; more is no file of ours
VERSION_CHARS = 12  # of the content's hash: enough to tell versions apart in a journal


@dataclass(frozen=True, slots=True)
class Bundle:
    """What the chain wants offered, and what it calls its goods."""

    index: CampaignIndex = field(default_factory=CampaignIndex)
    shelf: TemplateShelf = field(default_factory=TemplateShelf)
    items: ItemCatalogue = field(default_factory=ItemCatalogue)


def load_bundle(folder: Path, last_good: Bundle, on_trouble: Callable[[TillstreamError], None]) -> Bundle:
    """Return what the files hold now; a part that is unchanged, absent or unusable stays as it was."""
    index, shelf, items = last_good.index, last_good.shelf, last_good.items
    try:
        content, version = _read(folder / CAMPAIGNS)
        if content is not None and version != index.version:
            campaigns = campaigns_from_mapping({"campaign": content})
            index, shelf = CampaignIndex(campaigns, version=version), TemplateShelf(campaigns)
    except TillstreamError as error:
        on_trouble(error)
    try:
        content, version = _read(folder / ITEMS)
        if content is not None and version != items.version:
            items = ItemCatalogue(map(_item, content), version=version)
    except TillstreamError as error:
        on_trouble(error)
    return Bundle(index, shelf, items)


def _read(path: Path) -> tuple[list[Any] | None, str]:
    """Return the list in a file and its version, None when there is no file. Raises ConfigurationError."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise ConfigurationError(f"{path}: larger than {BYTES_MAX} bytes", fix="publish a smaller file at the hub")
        data = path.read_bytes()
        content = json.loads(data, parse_float=Decimal)
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}", fix="the next feed brings it again") from error
    if not isinstance(content, list):
        raise ConfigurationError(f"{path}: holds no list", fix="the next feed brings it again")
    return content, hashlib.sha256(data).hexdigest()[:VERSION_CHARS]


def _item(row: Mapping[str, Any]) -> Item:
    """Return one item of the hub's list. Raises ConfigurationError when it is none."""
    try:
        cost = row.get("cost")
        return Item(
            item_id=str(row["item_id"]),
            gtin=str(row.get("gtin") or ""),
            receipt_text=str(row.get("receipt_text") or ""),
            category=str(row.get("category") or ""),
            brand=str(row.get("brand") or ""),
            cost=Decimal(str(cost)) if cost not in (None, "") else None,
            substitutes=tuple(row.get("substitutes") or ()),
            accessories=tuple(row.get("accessories") or ()),
            restricted=str(row.get("restricted") or ""),
        )
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise ConfigurationError(f"an item of the feed is none: {error!r}", fix="import items.csv again") from error

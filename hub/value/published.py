"""The chain's rules for value and its stores' keys, as they were published last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hub.feed.files import FeedFiles
from retail.value_policy import ValuePolicy, value_policy_from_mapping
from sync.protocol.feed_messages import FeedKind


def published_value(files: FeedFiles, tenant_id: str) -> dict[str, Any]:
    """Return what stores were told last (`policy`, `keys`); empty before anything was published."""
    newest = files.newest(tenant_id).get(FeedKind.VALUE)
    if newest is None:
        return {}
    content: dict[str, Any] = json.loads(files.open(tenant_id, newest.sha256).path.read_bytes())
    return content


def published_policy(files: FeedFiles, tenant_id: str) -> ValuePolicy:
    """Return the rules that act; the safe ones before anything was published."""
    return value_policy_from_mapping(published_value(files, tenant_id).get("policy") or {})


def agreed_of(published: Mapping[str, Any]) -> Decimal:
    """Return the worst case a day that the chain has agreed to; nothing where it has agreed to none."""
    return Decimal(published.get("agreed") or 0)

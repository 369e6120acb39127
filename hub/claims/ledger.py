"""The consent ledger as a person reads it: what stores recorded of permissions, and who asked to be forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from hub.claims.joining import ERASURE_ASKED, JOINED_AT_SCREEN
from hub.ingest.contents import content_of
from hub.storage.ports import Database

RECORDS_MAX = 100_000
"""A chain's year; who needs more asks the database."""

_SHOWN = (
    "purpose", "channel", "given", "text", "text_sha256", "text_version", "text_language", "place", "by", "shown_how",
    "shown_at", "answered_at", "double_opt_in", "customer_id", "enrolment_id", "erasure_requested",
)  # fmt: skip


def consent_ledger(database: Database, tenant_id: str, *, customer_id: str | None = None) -> list[dict[str, Any]]:
    """Return every consent and withdrawal, oldest first, of everybody or of one customer.

    Those of stores' screens (`consent.given`, `consent.withdrawn`), and the second yes from the contact itself
    (`consent.confirmed`), which for a claimed receipt is also where the words were shown: on the hub's own page.
    """
    with database.reading() as session:
        rows = session.rows("consent_records", tenant_id=tenant_id, rows_max=RECORDS_MAX)
        claims = session.rows("claims", tenant_id=tenant_id, rows_max=RECORDS_MAX)
    found = []
    for store_id, kind, occurred_at, clock_quality, payload in rows:
        content = content_of(payload) or {}
        if customer_id is None or content.get("customer_id") == customer_id:
            head = {"store": store_id, "kind": kind, "occurred_at": occurred_at, "clock_quality": clock_quality}
            found.append(head | {name: content[name] for name in _SHOWN if name in content})
    for claim in claims:
        if claim[8] and customer_id in (None, claim[8]):
            found += _confirmed(claim)
    return sorted(found, key=lambda each: datetime.fromisoformat(each["occurred_at"]))


def _confirmed(claim: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Yield the permissions of a claim or joining that its contact has confirmed."""
    _claim_id, transaction_id, channel, _language, _survey, consents, asked_at, confirmed_at, customer_id = claim
    at_screen = str(transaction_id).startswith(JOINED_AT_SCREEN)
    head = {
        "store": "",
        "kind": "consent.confirmed",
        "occurred_at": confirmed_at,
        "clock_quality": "hub",
        "customer_id": customer_id,
        "given": True,
        "double_opt_in": {
            "state": "confirmed",
            "channel": channel,
            "asked_at": asked_at,
            "confirmed_at": confirmed_at,
        },
    }
    for each in json.loads(consents):
        place = {} if at_screen else {"place": {"kind": "claim_page", "id": transaction_id}}
        yield head | place | {name: each[name] for name in _SHOWN if name in each}


def asked_for_erasure(database: Database, tenant_id: str) -> list[str]:
    """Return the customers who asked to be forgotten at a screen and are still there."""
    with database.reading() as session:
        return [
            str(row[0]) for row in session.rows("asked_for_erasure", tenant_id=tenant_id, word=f"%{ERASURE_ASKED}%")
        ]

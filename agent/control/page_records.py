"""Lets what pages journalled count in this store the moment it is on disk: permissions, check-ins, wishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.clock import Clock
from agent.identity.permissions import KINDS as CONSENT_KINDS
from agent.identity.permissions import Permissions
from agent.journal.records import JournalKind
from agent.offering.offering import OfferDesk

ATTENDED_KINDS = (JournalKind.VISIT, JournalKind.INTEREST)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecords:
    """Used by core's loop only."""

    permissions: Permissions
    offers: OfferDesk
    clock: Clock

    def kept(self, kind: str, content: Mapping[str, Any]) -> None:
        """Learn of a page's record that is on disk. A repeat changes nothing."""
        if kind in CONSENT_KINDS:
            self.permissions.told(content)
        elif kind in ATTENDED_KINDS:
            self.offers.attended(kind, dict(content), self.clock.now())

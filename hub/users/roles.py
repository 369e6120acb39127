"""Who may do what at the hub: four roles, one table. Pure.

A role is what somebody is at work, a right is one thing that can be done; what is not in the table nobody may. There is
no role that may do everything: who has the hub's machine uses `tillstream hub` there, and that stands in the audit log
with the name of the machine's user.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from retail.stops import StopKind


class Role(StrEnum):
    """What somebody of the chain is at work."""

    MARKETER = "marketer"
    STORE_IT = "store_it"
    CUSTOMER_CARE = "customer_care"
    AUDITOR = "auditor"


class Right(StrEnum):
    """One thing that can be done, or seen."""

    SEE_FLEET = "see_fleet"
    SEE_AUDIT = "see_audit"
    STOP_PRINTING = "stop_printing"
    STOP_VALUE = "stop_value"
    STOP_CAMPAIGN = "stop_campaign"
    ENROL = "enrol"
    RELEASE = "release"
    ERASE = "erase"


RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.MARKETER: frozenset({Right.SEE_FLEET, Right.STOP_VALUE, Right.STOP_CAMPAIGN}),
        Role.STORE_IT: frozenset(
            {Right.SEE_FLEET, Right.STOP_PRINTING, Right.STOP_VALUE, Right.STOP_CAMPAIGN, Right.ENROL, Right.RELEASE}
        ),
        Role.CUSTOMER_CARE: frozenset({Right.SEE_FLEET, Right.ERASE}),
        Role.AUDITOR: frozenset({Right.SEE_FLEET, Right.SEE_AUDIT}),
    }
)

STOP_RIGHTS: Mapping[StopKind, Right] = MappingProxyType(
    {
        StopKind.PRINTING: Right.STOP_PRINTING,
        StopKind.BURNING: Right.STOP_VALUE,
        StopKind.REDEEMING: Right.STOP_VALUE,
        StopKind.CAMPAIGN: Right.STOP_CAMPAIGN,
    }
)
"""What pressing a stop takes; taking it back takes the same."""


def may(role: Role, right: Right) -> bool:
    """Return whether a role has a right."""
    return right in RIGHTS[role]

"""What pages may say of a membership."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from retail.loyalty import Account


def membership_content(account: Account, *, refused: Collection[str] = ()) -> dict[str, Any]:
    """Return what pages may say of a membership (`kiosk/ports`) beside name and balance, where it is known.

    Pages stand where others can see them: no segment, no cell and nothing that was bought is in it.
    `permissions` holds true for what they allowed and false for what they `refused`; nobody has asked about the others.
    """
    said = dict.fromkeys(sorted(refused), False) | dict.fromkeys(sorted(account.permissions), True)
    found: dict[str, Any] = {"permissions": said}
    if account.member_since is not None:
        found["member_since"] = account.member_since.isoformat()
    if account.purchases is not None:
        found["purchases"] = account.purchases
    if account.points_expire_on is not None and account.points_expiring:
        found["points_expiring"] = {"points": account.points_expiring, "on": account.points_expire_on.isoformat()}
    return found

"""What somebody may do here by the groups that the chain's directory names them in. Pure.

With groups configured the directory decides alone, at every signing in: who is in none of them is not let in, and whose
group was changed has another role the next time. Somebody in the groups of two roles is refused: an auditor who may act
is no auditor, and which of the two was meant only the directory's people know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.config import HubConfig
from hub.users.accounts import WrongPasswordError
from hub.users.roles import Role

SEPARATOR = ","


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRoles:
    """Which groups of the directory mean which role."""

    groups: Mapping[Role, frozenset[str]]

    def role_of(self, groups: Iterable[str]) -> Role | None:
        """Return the role of somebody in these groups, None where none of them means one.

        Raises WrongPasswordError for two roles at once.
        """
        named = frozenset(groups)
        roles = [role for role, meant in self.groups.items() if named & meant]
        if len(roles) > 1:
            said = " and ".join(role.value for role in roles)
            raise WrongPasswordError(
                f"the directory makes you {said}", fix="take one of the groups away there: nobody is both"
            )
        return roles[0] if roles else None


def group_roles(config: HubConfig) -> GroupRoles | None:
    """Return the groups of a hub's settings, None where roles are given here."""
    told = {
        Role.MARKETER: config.group_marketer,
        Role.STORE_IT: config.group_store_it,
        Role.CUSTOMER_CARE: config.group_customer_care,
        Role.AUDITOR: config.group_auditor,
    }
    groups = {
        role: frozenset(each.strip() for each in names.split(SEPARATOR) if each.strip())
        for role, names in told.items()
        if names.strip()
    }
    return GroupRoles(groups=groups) if groups else None

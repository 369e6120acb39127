"""Accounts that became one: every code, new or old, leads to the one customer ID that is left."""

from __future__ import annotations

from collections.abc import Mapping

from hub.storage.ports import Database, Session, Value

CHAIN_MAX = 100  # merges of merges that are followed; a longer chain is a circle that a file made


def merged_accounts(database: Database, tenant_id: str) -> dict[str, str]:
    """Return for each account that is no more the account that is left of it, merges of merges followed."""
    with database.reading() as session:
        told = {str(old): str(into) for old, into in session.rows("merges", tenant_id=tenant_id)}
    return {old: _last(told, old) for old in told}


def erased_customers(database: Database, tenant_id: str) -> frozenset[str]:
    """Return everybody who must not come back."""
    with database.reading() as session:
        return frozenset(str(row[1]) for row in session.rows("erasures", tenant_id=tenant_id))


def merge_account(session: Session, sets: Mapping[str, Value]) -> int:
    """Lead all codes of an account to another and forget the account; return 1 when that changed something.

    What the store's files said of the old account goes: the chain's next export says it of the new one.
    """
    tenant_id, old, into = sets["tenant_id"], sets["customer_id"], sets["into_id"]
    changed = session.run("put_merge", tenant_id=tenant_id, customer_id=old, into_id=into)
    moved = session.run("move_codes", tenant_id=tenant_id, customer_id=old, into_id=into, change_no=sets["change_no"])
    for statement in ("drop_segments_of", "drop_contacts_of", "drop_changes_of", "drop_customer"):
        session.run(statement, tenant_id=tenant_id, customer_id=old)
    for statement in ("move_bought", "drop_bought_of", "move_stores", "drop_stores_of"):
        values: dict[str, Value] = {"tenant_id": tenant_id, "customer_id": old}
        if statement.startswith("move"):
            values |= {"into_id": into}
        session.run(statement, **values)
    if changed or moved:
        session.run("touch_customer", tenant_id=tenant_id, customer_id=into, change_no=sets["change_no"])
    return int(bool(changed or moved))


def _last(told: Mapping[str, str], old: str) -> str:
    for _ in range(CHAIN_MAX):
        if old not in told:
            break
        old = told[old]
    return old

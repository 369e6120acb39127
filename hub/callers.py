"""Who is calling: the tenant, store and agent that a credential stands for. Nothing of it is taken from a body."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An enrolled agent whose signature held. `epoch` is the one its key was enrolled with."""

    tenant_id: str
    store_id: str
    agent_id: str
    epoch: int
    key_id: str

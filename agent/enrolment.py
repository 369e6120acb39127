"""Who this agent is to its hub, as it lies on disk: `keys/enrolled.json`, mode 0600, because it holds the pepper.

Core reads it for pepper, country and epoch; the desk for courier and feed. Whoever enrols writes it whole and durably,
so that a power cut leaves the old enrolment or the new one.
"""

from __future__ import annotations

import asyncio
import os
import secrets

from agent.config import AgentConfig
from agent.journal.reader import JournalReader
from agent.keys import PRIVATE_FILE_MODE, AgentKeys, FileSecrets, load_or_create_keys
from agent.state_dir import StateDir, give_to_owner, sync_folder
from retail.errors import ConfigurationError, OnSiteError
from sync.enrolled import Enrolled, read_enrolled
from sync.http_transport import enrol
from sync.ports import SystemPace
from sync.protocol.signatures import SigningKey


def load_enrolled(state: StateDir) -> Enrolled | None:
    """Return the enrolment, None when this agent was never enrolled. Raises OnSiteError when it cannot be read."""
    return read_enrolled(state.enrolled)


def save_enrolled(state: StateDir, enrolled: Enrolled) -> None:
    """Keep an enrolment: write, fsync, rename, fsync directory. A repeat changes nothing."""
    path = state.enrolled
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(enrolled.to_json())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(state.keys)
    except OSError as error:
        raise OnSiteError(f"{path}: cannot be written: {error.strerror}", fix="free or mend the disk") from error
    finally:
        draft.unlink(missing_ok=True)


async def enrol_agent(
    state: StateDir, keys: AgentKeys, *, hub_url: str, code: str, store: str, epoch: int, program: str
) -> Enrolled:
    """Redeem a single-use code at the hub and keep what it answered.

    `epoch` is the newest in this agent's journal, 0 for an empty one. A repeat with the same code and keys is
    answered the same. Raises what `sync.http_transport.enrol` raises, and OnSiteError when the disk says no.
    """
    enrolled = await enrol(
        hub_url,
        code,
        sign=SigningKey(keys.sign),
        seal=keys.seal,
        epoch=epoch,
        pace=SystemPace(),
        program=program,
        store=store,
    )
    save_enrolled(state, enrolled)
    return enrolled


def enrol_store(config: AgentConfig, *, code: str, program: str) -> Enrolled:
    """Enrol the agent of an `agent.toml` at its hub; running agents take it over by themselves.

    Raises ConfigurationError when no hub is configured, and what `enrol_agent` raises.
    """
    if config.hub is None:
        raise ConfigurationError("no hub is configured", fix='add `[hub]` with `url = "https://..."` to agent.toml')
    state = StateDir(config.agent.state_dir)
    state.create()
    keys = load_or_create_keys(FileSecrets.of(state.keys, os.environ))
    epoch = _newest_epoch(state, keys)
    store = config.store.business_unit_id
    try:
        return asyncio.run(
            enrol_agent(state, keys, hub_url=config.hub.url, code=code, store=store, epoch=epoch, program=program)
        )
    finally:
        give_to_owner(state.root)


def _newest_epoch(state: StateDir, keys: AgentKeys) -> int:
    """Return the newest epoch in the journal, 0 where there is none yet."""
    if not state.journal.exists():
        return 0
    reader = JournalReader(state.journal, keys.journal)
    try:
        return max((each.epoch for each in reader.epochs()), default=0)
    finally:
        reader.close()

"""Who this agent is to its hub, as it lies on disk: `keys/enrolled.json`, mode 0600, because it holds the pepper.

Core reads it for pepper, country and epoch; the desk for courier and feed. Whoever enrols writes it whole and durably,
so that a power cut leaves the old enrolment or the new one.
"""

from __future__ import annotations

import os
import secrets

from agent.keys import PRIVATE_FILE_MODE, AgentKeys
from agent.state_dir import StateDir, sync_folder
from retail.errors import OnSiteError
from sync.enrolled import Enrolled
from sync.http_transport import enrol
from sync.ports import Pace, SystemPace
from sync.protocol.signatures import SigningKey

ENROLLED_FILE = "enrolled.json"


def load_enrolled(state: StateDir) -> Enrolled | None:
    """Return the enrolment, None when this agent was never enrolled. Raises OnSiteError when it cannot be read."""
    path = state.keys / ENROLLED_FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise OnSiteError(f"{path}: cannot be read: {error}", fix="enrol again with a new code") from error
    return Enrolled.from_json(text)


def save_enrolled(state: StateDir, enrolled: Enrolled) -> None:
    """Keep an enrolment: write, fsync, rename, fsync directory. A repeat changes nothing."""
    path = state.keys / ENROLLED_FILE
    draft = state.keys / f".{ENROLLED_FILE}.{secrets.token_hex(4)}"
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
    state: StateDir, keys: AgentKeys, *, hub_url: str, code: str, epoch: int, program: str, pace: Pace | None = None
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
        pace=pace or SystemPace(),
        program=program,
    )
    save_enrolled(state, enrolled)
    return enrolled

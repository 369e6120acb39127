"""What this store can prove of whom the chain was told to forget, for a hub that was put back from a copy.

A copy of the hub's whole folder knows nothing of orders that were given since. A store has them: the list of erasures
in use, and the signed manifest that named it by its hash. Both are kept together, so that the hub can believe its own
signature instead of a store's word. A list that a newer one does not include is kept apart until the hub has taken it.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import ValidationError

from sync.feed_files import disk_error, sync_directory
from sync.protocol.feed_messages import ErasuresFile, ErasuresProof, SignedManifest

PROOF = "erasures.proof"
LOST = "erasures.proof.lost"
"""Holds orders that the hub's newer list lacks."""


def keep_proof(folder: Path, signed: SignedManifest, erasures: Path) -> None:
    """Keep the list that is in use now, durably; the one before is kept too if this one lacks orders of it.

    Raises OnSiteError when the disk says no.
    """
    try:
        proof = ErasuresProof(signed=signed, erasures=erasures.read_text("utf-8"))
        before = _read(folder / PROOF)
        if before is not None and not _orders(before) <= _orders(proof):
            (folder / PROOF).replace(folder / LOST)
        draft = folder / f"{PROOF}.part"
        with draft.open("w", encoding="utf-8") as file:
            file.write(proof.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / PROOF)
        sync_directory(folder)
    except OSError as error:
        raise disk_error(folder, error) from error
    except ValueError:  # a list larger than a message may be: the hub tells people that orders are lost
        return


def owed_proof(folder: Path, *, is_wanted: bool) -> ErasuresProof | None:
    """Return what the hub should see: a list whose orders it has lost; the one in use if the hub asks for it."""
    return _read(folder / LOST) or (_read(folder / PROOF) if is_wanted else None)


def proof_taken(folder: Path) -> None:
    """Forget what was owed: the hub has taken it."""
    (folder / LOST).unlink(missing_ok=True)


def _read(path: Path) -> ErasuresProof | None:
    try:
        return ErasuresProof.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _orders(proof: ErasuresProof) -> set[str]:
    try:
        return {each.customer_id for each in ErasuresFile.model_validate_json(proof.erasures).erasures}
    except ValidationError:
        return set()

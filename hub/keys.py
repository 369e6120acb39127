"""The hub's secrets: files of mode 0600 below `keys/`, made once, never in the database, a log or an answer.

`hub_sign.key` signs answers. Each tenant has its own four: `feed.key` (Ed25519, signs manifests), `pepper.key` (goes
into tokens, and sealed to agents), `codes.key` (hashes and seals customers' codes in the database), `contact.key`
(X25519: stores seal to its public half what new members tell of themselves). Files hold
lower-case hexadecimal, as the agent's do. Losing `pepper.key` orphans every token of the tenant: back it up.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from retail.errors import OnSiteError
from sync.protocol.signatures import SigningKey

KEY_BYTES = 32
PRIVATE_FILE_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantKeys:
    """One chain's secrets; `repr` shows none."""

    feed: SigningKey = field(repr=False)
    pepper: bytes = field(repr=False)
    codes: bytes = field(repr=False)
    contact: X25519PrivateKey = field(repr=False)


class HubKeys:
    """The folder of keys. A key that is missing is made; two processes making one at once get the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.sign = SigningKey(Ed25519PrivateKey.from_private_bytes(self._key("hub_sign.key")))

    def __repr__(self) -> str:
        return f"<HubKeys {self._folder}>"

    def tenant(self, tenant_id: str) -> TenantKeys:
        """Return the keys of one chain."""
        return TenantKeys(
            feed=SigningKey(Ed25519PrivateKey.from_private_bytes(self._key(f"{tenant_id}/feed.key"))),
            pepper=self._key(f"{tenant_id}/pepper.key"),
            codes=self._key(f"{tenant_id}/codes.key"),
            contact=X25519PrivateKey.from_private_bytes(self._key(f"{tenant_id}/contact.key")),
        )

    def _key(self, name: str) -> bytes:
        path = self._folder / name
        try:
            if not path.exists():
                _create(path)
            key = bytes.fromhex(path.read_text("ascii").strip())
        except (OSError, ValueError) as error:
            raise OnSiteError(f"{path}: unreadable key: {error}", fix="restore the file", code="key") from error
        if len(key) != KEY_BYTES:
            raise OnSiteError(f"{path}: {len(key)} bytes instead of {KEY_BYTES}", fix="restore the file", code="key")
        return key


def _create(path: Path) -> None:
    """Write a new key: write, fsync, link into place, fsync directory; whoever links first wins."""
    path.parent.mkdir(mode=PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
            sync_folder(folder)  # up to the state folder: a name that is lost with the power takes the key with it
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The agent's own secrets: made once, kept as sealed as this machine can, never in a log or a backup.

A secret is looked for where the service manager hands out credentials (`$CREDENTIALS_DIRECTORY/tillstream.NAME`, which
systemd-creds seals to the TPM), else in `keys/NAME` of mode 0600. Files hold lower-case hexadecimal and a line end.
`docs/privacy.md` says what a 0600 file exposes when the disk is stolen.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.state_dir import sync_folder
from retail.errors import OnSiteError

KEY_BYTES = 32  # SQLCipher's raw key, X25519 and Ed25519 alike
PRIVATE_FILE_MODE = 0o600

SEALED_MARK = ".sealed"  # stands in for a key that `agent.key_sealing` has sealed: no new one may be made

JOURNAL_KEY = "journal.key"
SEAL_KEY = "agent_seal.key"
SEAL_PUBLIC_KEY = "agent_seal.pub"
SIGN_KEY = "agent_sign.key"


class Secrets(Protocol):
    """Where secrets are kept. DPAPI on Windows fulfils the same port."""

    def read(self, name: str) -> bytes | None:
        """Return a secret, None when it was never made. Raises OnSiteError when it is there and cannot be read."""

    def create(self, name: str, secret: bytes) -> None:
        """Keep a new secret durably; raises OnSiteError when one of that name exists or the disk says no."""


@dataclass(frozen=True, slots=True)
class FileSecrets:
    """Secrets in files of mode 0600, overridden by credentials of the service manager."""

    folder: Path
    credentials: Path | None = None

    @classmethod
    def of(cls, folder: Path, environment: Mapping[str, str]) -> FileSecrets:
        """Look for credentials where `environment` names them (systemd sets CREDENTIALS_DIRECTORY)."""
        told = environment.get("CREDENTIALS_DIRECTORY")
        return cls(folder, Path(told) if told else None)

    def read(self, name: str) -> bytes | None:
        """Return a secret, None when it was never made. Raises OnSiteError for a sealed one that is not here."""
        sealed = self.credentials / f"tillstream.{name}" if self.credentials else None
        path = sealed if sealed and sealed.exists() else self.folder / name
        try:
            return bytes.fromhex(path.read_text("ascii").strip())
        except FileNotFoundError:
            if (self.folder / f"{name}{SEALED_MARK}").exists():
                raise OnSiteError(
                    f"{name} is sealed to this machine and was not handed over",
                    fix="systemctl start tillstream; a command by hand: systemd-run --pipe "
                    f"-p LoadCredentialEncrypted=tillstream.{name} tillstream ...",
                    code="key",
                ) from None
            return None
        except (OSError, ValueError) as error:
            raise OnSiteError(f"{path}: unreadable key: {error}", fix="restore the file", code="key") from error

    def create(self, name: str, secret: bytes) -> None:
        """Write a new secret: write, fsync, link into place (which fails on an existing name), fsync directory."""
        path = self.folder / name
        draft = self.folder / f".{name}.{secrets.token_hex(4)}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secret.hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
            sync_folder(self.folder)
        except OSError as error:
            raise OnSiteError(
                f"{path}: key cannot be written: {error.strerror}", fix="free or mend the disk"
            ) from error
        finally:
            draft.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentKeys:
    """The secrets of one agent; `repr` shows none of them."""

    journal: bytes = field(repr=False)
    seal: X25519PrivateKey = field(repr=False)
    sign: Ed25519PrivateKey = field(repr=False)

    @property
    def seal_public(self) -> bytes:
        """The 32 bytes that taps seal spooled jobs to."""
        return self.seal.public_key().public_bytes_raw()


def load_or_create_keys(store: Secrets) -> AgentKeys:
    """Return the agent's keys, making those that are missing. A repeat returns the same keys.

    The public half of the seal key lies beside it as a file, because taps are started with its path.
    """
    keys = AgentKeys(
        journal=_secret(store, JOURNAL_KEY),
        seal=X25519PrivateKey.from_private_bytes(_secret(store, SEAL_KEY)),
        sign=Ed25519PrivateKey.from_private_bytes(_secret(store, SIGN_KEY)),
    )
    if store.read(SEAL_PUBLIC_KEY) is None:
        store.create(SEAL_PUBLIC_KEY, keys.seal_public)
    return keys


def _secret(store: Secrets, name: str) -> bytes:
    """Return a secret of 32 bytes; every byte string of that length is a key of all three kinds."""
    secret = store.read(name)
    if secret is None:
        secret = secrets.token_bytes(KEY_BYTES)
        store.create(name, secret)
    if len(secret) != KEY_BYTES:
        raise OnSiteError(f"{name}: {len(secret)} bytes instead of {KEY_BYTES}", fix="restore the file", code="key")
    return secret

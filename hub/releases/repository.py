"""The repository that stores fetch programs from: metadata in four roles, targets by hash; any web server serves it.

    metadata/N.root.json, N.targets.json, N.snapshot.json, timestamp.json     python-tuf's, consistent snapshots
    targets/programs/HASH.tillstream-VERSION-ARCH.tar.gz                      the programs
    targets/channels/HASH.CHANNEL-ARCH.json                                   what a channel points to

Keys are PEM files (Ed25519, PKCS 8) in a folder of their own: `root-1`, `root-2` and `targets` belong off line,
`online` signs snapshot and timestamp and lies where `refresh` runs. Every change writes numbered files first and
`timestamp.json` last, by rename: a cut leaves the old release or the new one. Adding the same program twice changes
nothing but numbers.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization import DeserializationError

from retail.errors import ConfigurationError

ROOT_KEYS = ("root-1", "root-2")
"""Two people's keys; one of them suffices, so that one may be lost (`rotate` replaces it)."""

ROOT_DAYS = 2 * 365  # a chain's key holder changes jobs more often than that
TARGETS_DAYS = 365  # signed off line, at each release
ONLINE_DAYS = 14  # signed daily by `refresh`: how long a mirror can hide a newer release
KEY_MODE = 0o600
ROLE_KEYS: Mapping[str, Sequence[str]] = {
    Root.type: ROOT_KEYS,
    Targets.type: ("targets",),
    Snapshot.type: ("online",),
    Timestamp.type: ("online",),
}


class Repository:
    """One chain's releases. `folder` is served, `keys` never is; `now` is when it is signed."""

    def __init__(self, folder: Path, keys: Path, *, now: datetime) -> None:
        self._folder, self._keys = folder, keys
        self._now = now.replace(microsecond=0)

    @property
    def first_root(self) -> Path:
        """What every store is given: all trust begins there."""
        return self._folder / "metadata" / "1.root.json"

    def init(self) -> None:
        """Make keys and the first metadata. Raises ConfigurationError when there is a repository already."""
        if self.first_root.exists():
            raise ConfigurationError(f"{self._folder} is a repository already", fix="add to it", code="exists")
        for folder in (self._folder / "metadata", self._folder / "targets", self._keys):
            folder.mkdir(parents=True, exist_ok=True)
        self._keys.chmod(0o700)
        signers = {name: self._make_key(name) for name in dict.fromkeys(sum(map(tuple, ROLE_KEYS.values()), ()))}
        root = Root(expires=self._in(ROOT_DAYS), consistent_snapshot=True)
        for role, names in ROLE_KEYS.items():
            for name in names:
                root.add_key(signers[name].public_key, role)
        self._write(Metadata(root), ROOT_KEYS)
        self._write(Metadata(Targets(expires=self._in(TARGETS_DAYS))), ("targets",))
        self._write(Metadata(Snapshot(expires=self._in(ONLINE_DAYS))), ("online",))
        self._write(Metadata(Timestamp(expires=self._in(ONLINE_DAYS))), ("online",))

    def add(self, archive: Path, *, version: str, architecture: str, channels: Sequence[str]) -> str:
        """Release a program and point channels to it; return its target's name. Raises ConfigurationError."""
        name = f"programs/tillstream-{version}-{architecture}.tar.gz"
        unpacked_bytes = _unpacked_bytes(archive)
        targets = self._newest(Targets.type)
        self._put(targets.signed, name, archive.read_bytes())
        told = {"version": version, "architecture": architecture, "target": name, "unpacked_bytes": unpacked_bytes}
        for channel in channels:
            self._put(targets.signed, _channel(channel, architecture), json.dumps(told).encode())
        self._publish(targets)
        return name

    def point(self, channel: str, *, version: str, architecture: str, withdrawn: Sequence[str] = ()) -> None:
        """Let a channel offer a program that was released before: the next ring. Raises ConfigurationError.

        Stores that run one of the `withdrawn` versions go to it, older or not: that is the word of the targets key.
        """
        targets = self._newest(Targets.type)
        name = f"programs/tillstream-{version}-{architecture}.tar.gz"
        if name not in targets.signed.targets:
            raise ConfigurationError(
                f"{version} for {architecture} was never released", fix="tillstream hub release list", code="unknown"
            )
        unpacked_bytes = int(targets.signed.targets[name].unrecognized_fields["custom"]["unpacked_bytes"])
        told = {"version": version, "architecture": architecture, "target": name, "unpacked_bytes": unpacked_bytes}
        told |= {"withdrawn": list(withdrawn)} if withdrawn else {}
        self._put(targets.signed, _channel(channel, architecture), json.dumps(told).encode())
        self._publish(targets)

    def refresh(self) -> None:
        """Sign snapshot and timestamp anew with the online key; daily, or stores hold what they see for frozen."""
        self._publish(None)

    def rotate(self, key: str) -> int:
        """Replace one key by a new one; return the new root's version. The old key may be lost, its file may be gone.

        The new root carries signatures by old and new root keys, so that stores follow it however long they were off.
        """
        metadata = self._newest(Root.type)
        roles = [role for role, names in ROLE_KEYS.items() if key in names]
        if not roles:
            raise ConfigurationError(f"no key is called {key!r}", fix="root-1, root-2, targets or online", code="key")
        before = [name for name in ROOT_KEYS if (self._keys / f"{name}.pem").exists()]
        signers = [self._signer(name) for name in before]
        old_ids = {role: set(metadata.signed.roles[role].keyids) for role in roles}
        kept = {self._signer(name).public_key.keyid for names in ROLE_KEYS.values() for name in names
                if name != key and (self._keys / f"{name}.pem").exists()}  # fmt: skip
        (self._keys / f"{key}.pem").unlink(missing_ok=True)
        fresh = self._make_key(key)
        for role in roles:
            for keyid in old_ids[role] - kept:
                metadata.signed.revoke_key(keyid, role)
            metadata.signed.add_key(fresh.public_key, role)
        metadata.signed.version += 1
        metadata.signed.expires = self._in(ROOT_DAYS)
        metadata.signatures.clear()
        for signer in [*signers, *([fresh] if key in ROOT_KEYS else [])]:
            metadata.sign(signer, append=True)
        self._store(metadata, self._name_of(metadata))
        if key == "targets":
            self._publish(self._newest(Targets.type))
        elif key == "online":
            self._publish(None)
        return int(metadata.signed.version)

    def released(self) -> list[dict[str, Any]]:
        """Return every program, newest last, and what channels point to."""
        targets = self._newest(Targets.type).signed.targets
        return [
            {"target": name, "bytes": target.length, "sha256": target.hashes["sha256"], **target.unrecognized_fields}
            for name, target in targets.items()
        ]

    def _publish(self, targets: Metadata[Targets] | None) -> None:
        """Write targets (where they changed), then snapshot, then timestamp: visible with the last of them."""
        snapshot, timestamp = self._newest(Snapshot.type), self._newest(Timestamp.type)
        if targets is not None:
            targets.signed.version += 1
            targets.signed.expires = self._in(TARGETS_DAYS)
            self._write(targets, ("targets",))
            snapshot.signed.meta["targets.json"] = MetaFile(version=targets.signed.version)
        snapshot.signed.version += 1
        snapshot.signed.expires = self._in(ONLINE_DAYS)
        self._write(snapshot, ("online",))
        timestamp.signed.snapshot_meta = MetaFile(version=snapshot.signed.version)
        timestamp.signed.version += 1
        timestamp.signed.expires = self._in(ONLINE_DAYS)
        self._write(timestamp, ("online",))

    def _put(self, targets: Targets, name: str, data: bytes) -> None:
        """Store a target's bytes under its hash and enter it."""
        digest = hashlib.sha256(data).hexdigest()
        folder, _, file = name.rpartition("/")
        _write_whole(self._folder / "targets" / folder / f"{digest}.{file}", data)
        entry = TargetFile(length=len(data), hashes={"sha256": digest}, path=name)
        custom = {"released_at": self._now.isoformat()}
        if name.startswith("programs/"):
            custom["unpacked_bytes"] = str(_unpacked_bytes(self._folder / "targets" / folder / f"{digest}.{file}"))
        else:
            told = json.loads(data)
            custom |= {key: " ".join(value) if key == "withdrawn" else str(value) for key, value in told.items()}
        entry.unrecognized_fields["custom"] = custom
        targets.targets[name] = entry

    def _newest(self, role: str) -> Metadata[Any]:
        folder = self._folder / "metadata"
        numbered = sorted(folder.glob(f"*.{role}.json"), key=lambda path: int(path.name.partition(".")[0]))
        path = folder / "timestamp.json" if role == Timestamp.type else numbered[-1] if numbered else folder / role
        try:
            return Metadata.from_file(str(path))
        except (OSError, DeserializationError) as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error}",
                fix="tillstream hub release init makes a repository",
                code="no_repository",
            ) from error

    def _write(self, metadata: Metadata[Any], keys: Sequence[str]) -> None:
        metadata.signatures.clear()
        for name in keys:
            if len(keys) == 1 or (self._keys / f"{name}.pem").exists():
                metadata.sign(self._signer(name), append=True)
        self._store(metadata, self._name_of(metadata))

    def _name_of(self, metadata: Metadata[Any]) -> str:
        role = metadata.signed.type
        return "timestamp.json" if role == Timestamp.type else f"{metadata.signed.version}.{role}.json"

    def _store(self, metadata: Metadata[Any], name: str) -> None:
        _write_whole(self._folder / "metadata" / name, metadata.to_bytes())

    def _make_key(self, name: str) -> CryptoSigner:
        signer = CryptoSigner.generate_ed25519()
        descriptor = os.open(self._keys / f"{name}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(signer.private_bytes)
            file.flush()
            os.fsync(file.fileno())
        return signer

    def _signer(self, name: str) -> CryptoSigner:
        path = self._keys / f"{name}.pem"
        try:
            return CryptoSigner(load_pem_private_key(path.read_bytes(), None))
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error.strerror}", fix="name the folder of the keys: --keys", code="key"
            ) from error
        except (ValueError, TypeError) as error:
            raise ConfigurationError(
                f"{path} is no key", fix="put it back from its copy, or rotate it", code="key"
            ) from error

    def _in(self, days: int) -> datetime:
        return self._now + timedelta(days=days)


def _channel(channel: str, architecture: str) -> str:
    return f"channels/{channel}-{architecture}.json"


def _unpacked_bytes(archive: Path) -> int:
    try:
        with tarfile.open(archive, "r:gz") as packed:
            names = packed.getmembers()
    except (OSError, tarfile.TarError, EOFError) as error:
        raise ConfigurationError(
            f"{archive} is no program: {error}", fix="installer/build.py program makes one", code="no_program"
        ) from error
    if not any(member.name.removeprefix("./") == "tillstream" for member in names):
        raise ConfigurationError(
            f"{archive} holds no `tillstream` at its top", fix="installer/build.py program makes one", code="no_program"
        )
    return sum(member.size for member in names)


def _write_whole(path: Path, data: bytes) -> None:
    """Write, fsync, rename, fsync the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

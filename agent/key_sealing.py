"""Seals the agent's keys to this machine with systemd-creds (to its TPM where it has one); plain files go.

A sealed key is a file that only this machine's service manager can open; systemd hands it to the agent when it starts
(`LoadCredentialEncrypted=`), and `agent.keys` looks there first. In place of the plain file a mark is left, so that
an agent that is started by hand says what is missing instead of making new keys. Killed at any point, a key is there
in one form or both, and a repeat goes on.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from agent.keys import JOURNAL_KEY, SEAL_KEY, SEALED_MARK, SIGN_KEY, FileSecrets
from agent.state_dir import sync_folder
from retail.errors import OnSiteError

SEALER = "systemd-creds"
SEALED = (JOURNAL_KEY, SEAL_KEY, SIGN_KEY)
WITHIN_S = 30.0  # a TPM takes a second
DROP_IN_NAME = "keys.conf"
DROP_IN = """# Written by `tillstream agent seal-keys`: the keys are sealed to this machine.
[Service]
{lines}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What was sealed now, and what had been before."""

    sealed: tuple[str, ...]
    already: tuple[str, ...]
    drop_in: str


def seal_keys(keys: Path, target: Path) -> Sealing:
    """Seal every key of `keys` into `target`. Raises OnSiteError: no systemd-creds here, no such key, or the disk.

    A plain file goes only after what was sealed was opened again and is the same.
    """
    done, already = [], []
    secrets = FileSecrets(keys)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in SEALED:
        if not (keys / name).exists() and (keys / f"{name}{SEALED_MARK}").exists():
            already.append(name)
            continue
        secret = secrets.read(name)
        if secret is None:
            raise OnSiteError(f"{keys / name}: no such key", fix="run the agent once: it makes its keys", code="key")
        _seal(name, secret.hex() + "\n", target / f"tillstream.{name}")
        (keys / f"{name}{SEALED_MARK}").touch(mode=0o600)
        sync_folder(keys)
        (keys / name).unlink()
        sync_folder(keys)
        done.append(name)
    lines = [f"LoadCredentialEncrypted=tillstream.{name}:{target / f'tillstream.{name}'}" for name in SEALED]
    return Sealing(sealed=tuple(done), already=tuple(already), drop_in=DROP_IN.format(lines="\n".join(lines)))


def install_drop_in(drop_in: str, folder: Path) -> Path:
    """Write the drop-in into the folder of a unit's drop-ins, durably, and return where it stands.

    A repeat writes the same. Raises OnSiteError where the folder cannot be written.
    """
    path = folder / DROP_IN_NAME
    draft = path.with_name(f".{DROP_IN_NAME}.draft")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            file.write(drop_in)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(folder)
    except OSError as error:
        raise OnSiteError(
            f"{path}: {error.strerror}", fix="run it as root, or name another folder with --unit", code="no_sealing"
        ) from error
    return path


def open_sealed(name: str, path: Path) -> str:
    """Return what a sealed file holds, as text. Raises OnSiteError where this machine cannot open it."""
    return _creds("decrypt", f"--name=tillstream.{name}", str(path), "-", given="")


def _seal(name: str, text: str, path: Path) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    _creds("encrypt", f"--name=tillstream.{name}", "-", str(draft), given=text)
    if open_sealed(name, draft) != text:
        draft.unlink(missing_ok=True)
        raise OnSiteError(f"{name}: sealed, but not to be opened again", fix="look at the machine's TPM", code="key")
    descriptor = os.open(draft, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.chmod(0o600)
    draft.replace(path)
    sync_folder(path.parent)


def _creds(*arguments: str, given: str) -> str:
    """Run systemd-creds; the secret goes through a pipe, never through an argument."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, and names of ours
            [SEALER, *arguments], input=given, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OnSiteError(
            f"{SEALER} is not to be had here: {error}",
            fix="keep the keys as they are: files of mode 0600 on an encrypted disk",
            code="no_sealing",
        ) from error
    if done.returncode != 0:
        raise OnSiteError(
            f"{SEALER} {arguments[0]}: {done.stderr.strip()[:300]}", fix="run it as root", code="no_sealing"
        )
    return done.stdout

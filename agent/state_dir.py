"""Where everything of one agent lies on disk; one folder, so that a store is backed up and wiped by one path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from retail.errors import OnSiteError

PRIVATE_FOLDER_MODE = 0o700  # the service's own user; taps on this machine run as the same user


@dataclass(frozen=True, slots=True)
class StateDir:
    """The layout; only `create` touches the disk."""

    root: Path

    @property
    def journal(self) -> Path:
        """The journal's database."""
        return self.root / "journal.db"

    @property
    def reserve(self) -> Path:
        """Space kept back for a full disk (`agent.journal.reserve`)."""
        return self.root / "reserve"

    @property
    def keys(self) -> Path:
        """Secrets of this agent, each a file of mode 0600."""
        return self.root / "keys"

    @property
    def enrolled(self) -> Path:
        """Who this agent is to its hub; not there before it is enrolled."""
        return self.keys / "enrolled.json"

    @property
    def mirror(self) -> Path:
        """Snapshot and overlays of customers, segments and campaigns."""
        return self.root / "mirror"

    @property
    def captures(self) -> Path:
        """Sealed captures that are too large for the journal's database."""
        return self.root / "captures"

    @property
    def backups(self) -> Path:
        """Whole copies of the journal, made by `VACUUM INTO`."""
        return self.root / "backups"

    @property
    def slots(self) -> Path:
        """Programs that updates brought, and the links that say which one runs (`agent.updating.slots`)."""
        return self.root / "slots"

    @property
    def updates(self) -> Path:
        """What is trusted of the chain's releases, and downloads."""
        return self.root / "updates"

    @property
    def core_socket(self) -> Path:
        """Where taps talk to core."""
        return self.root / "core.sock"

    @property
    def control_socket(self) -> Path:
        """Where desk and the command line talk to core."""
        return self.root / "control.sock"

    @property
    def supervisor_state(self) -> Path:
        """What the supervisor knows of its children, for `status` and `doctor`."""
        return self.root / "supervisor.json"

    @property
    def spools(self) -> Path:
        """The folders of all spools."""
        return self.root / "spool"

    def spool(self, workstation_id: str) -> Path:
        """Sealed jobs that the tap of a workstation could not hand over."""
        return self.spools / workstation_id

    def create(self) -> None:
        """Make the folders that are missing, durably; a repeat changes nothing. Raises OnSiteError."""
        try:
            for folder in (self.root, self.keys, self.mirror, self.captures, self.backups, self.spools):
                folder.mkdir(mode=PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
            sync_folder(self.root)  # a folder whose name is lost with the power takes keys and journal with it
            sync_folder(self.root.parent)
        except OSError as error:
            raise OnSiteError(
                f"{self.root}: cannot be used as state folder: {error.strerror}",
                fix=f"give the agent's user a writable folder, or name another in [agent] state_dir: {self.root}",
                code="state_dir",
            ) from error


def refuse_root_elsewhere(root: Path, config_path: Path) -> None:
    """Raise OnSiteError where root would run the agent of another user, whom its files would keep out."""
    try:
        owner = root.stat()
    except OSError:
        return
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    raise OnSiteError(
        f"started as root, but {root} belongs to {_name_of(owner.st_uid)}: the service could not write there any more",
        fix=f"sudo systemctl start tillstream; by hand: "
        f"sudo -u {_name_of(owner.st_uid)} tillstream agent run --config {config_path}",
        code="started_as_root",
    )


def _name_of(user_id: int) -> str:
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"#{user_id}"


def give_to_owner(root: Path) -> None:
    """Give what root has made in a state folder to whoever owns the folder: the agent's own user must write there."""
    owner = root.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for path in root.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable (fsync of the directory); a file without its name is lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Which program the chain has released, and its bytes: python-tuf's client, bounded, behind our own errors.

The first trusted root comes with the program or is named in `[update] root`; from then on every root is signed by the
one before. Refused, whatever the mirror in between answers: metadata older than what was seen (downgrade), metadata
past its date (freeze), pieces of different releases (mix and match), more bytes than were signed (endless data), other
bytes than were signed. What was refused leaves nothing behind but what was trusted before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import httpx
from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    SlowRetrievalError,
    UnsignedMetadataError,
)
from tuf.api.metadata import TargetFile

from retail.errors import ConfigurationError, OnSiteError, RefusedError, TillstreamError, TryAgainError

if TYPE_CHECKING:
    from tuf.ngclient import Updater

CLOCK_MIN = datetime(2026, 11, 1, tzinfo=UTC)
"""This program was not written before: a clock that says so would take metadata of any age for fresh."""

PROGRAM_BYTES_MAX = 300_000_000  # three times today's program, packed; more is no program of ours
WITHDRAWN_MAX = 100  # versions: a channel's file is small
METADATA_BYTES_MAX = 1_000_000
TIMEOUTS = httpx.Timeout(connect=10, read=30, write=30, pool=10)
CHUNK_BYTES = 64 * 1024
FETCH_WITHIN_S = 4 * 3600.0  # 45 MB at 25 kbit/s; a server that drips a byte a minute must not hold us for ever

Refusals = tuple[tuple[type[Exception], str, str, str], ...]
REFUSALS: Refusals = (
    (
        ExpiredMetadataError,
        "update_expired",
        "what the update server says is past its date",
        "on the hub: tillstream hub release refresh; here: is the clock right? tillstream doctor",
    ),
    (
        BadVersionNumberError,
        "update_downgrade",
        "the update server offers older metadata than it did before",
        "do not go on: somebody plays back an old release, or the server was restored from a backup",
    ),
    (
        DownloadLengthMismatchError,
        "update_endless",
        "the update server sends more than was signed for",
        "look at the server and what stands in between; nothing was changed here",
    ),
    (
        LengthOrHashMismatchError,
        "update_altered",
        "what the update server sends is not what was signed",
        "look at the server and what stands in between; nothing was changed here",
    ),
    (
        UnsignedMetadataError,
        "update_unsigned",
        "what the update server says is not signed by the chain's keys",
        "is [update] url the chain's own? Were keys replaced without the old ones? docs/updates.md",
    ),
    (
        RepositoryError,
        "update_refused",
        "what the update server says cannot be trusted",
        "look at the server; nothing was changed here",
    ),
)
"""What python-tuf raises, in the order of its family, and what it means to us: (kind, code, message, fix)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What a channel points to; who runs a `withdrawn` version goes to it, whichever is the newer one."""

    version: str
    architecture: str
    target: str
    packed_bytes: int
    unpacked_bytes: int
    sha256: str
    withdrawn: tuple[str, ...] = ()


class Trust:
    """One look at the chain's releases. `folder` keeps what was trusted, `root` is the first trusted root's bytes."""

    def __init__(self, *, url: str, folder: Path, root: bytes, now: datetime) -> None:
        if now < CLOCK_MIN:
            raise OnSiteError(
                f"this PC believes it is {now:%Y-%m-%d}: nobody can tell what is out of date",
                fix="sudo timedatectl set-ntp true; a clock that forgets at every switch-off needs a new battery",
                code="clock",
            )
        self._url = url.rstrip("/")
        self._metadata, self._downloads = folder / "metadata", folder / "download"
        try:
            for each in (self._metadata, self._downloads):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _disk(error, folder) from error
        self._root, self._now = root, now
        self._updater: Updater | None = None

    def released(self, channel: str, architecture: str) -> Released:
        """Return what the chain has released on a channel for an architecture. Raises TillstreamError."""
        name = f"channels/{channel}-{architecture}.json"
        told = self._fetch_small(name)
        try:
            program = self._target(str(told["target"]))
            return Released(
                version=str(told["version"]),
                architecture=str(told["architecture"]),
                target=str(told["target"]),
                packed_bytes=program.length,
                unpacked_bytes=int(told["unpacked_bytes"]),
                sha256=str(program.hashes["sha256"]),
                withdrawn=tuple(map(str, told.get("withdrawn", ())))[:WITHDRAWN_MAX],
            )
        except (KeyError, ValueError, TypeError) as error:
            raise RefusedError(f"{name} makes no sense: {error!r}", fix="make the release again", code="bad") from error

    def download(self, released: Released) -> Path:
        """Fetch a program's archive, verified; return where it lies. Raises TillstreamError; then nothing is left."""
        if released.packed_bytes > PROGRAM_BYTES_MAX:
            raise RefusedError(
                f"the update has {released.packed_bytes} bytes: no program of ours has",
                fix="look at what was released",
                code="update_endless",
            )
        place = self._downloads / "program.tar.gz"
        target = self._target(released.target)
        try:
            self._client().download_target(target, str(place))
        except Exception as error:
            place.unlink(missing_ok=True)
            raise _translated(error, place) from error
        return place

    def _fetch_small(self, name: str) -> dict[str, Any]:
        target, place = self._target(name), self._downloads / "channel.json"
        if target.length > METADATA_BYTES_MAX:
            raise RefusedError(f"{name} is too large", fix="make the release again", code="update_endless")
        try:
            self._client().download_target(target, str(place))
            told = json.loads(place.read_bytes())
        except Exception as error:
            raise _translated(error, place) from error
        finally:
            place.unlink(missing_ok=True)
        return told if isinstance(told, dict) else {}

    def _target(self, name: str) -> TargetFile:
        try:
            found = self._client().get_targetinfo(name)
        except Exception as error:
            raise _translated(error, self._metadata) from error
        if found is None:
            raise ConfigurationError(
                f"the chain has released no {name}",
                fix="[update] channel names one that the hub releases on: tillstream hub release list",
                code="update_none",
            )
        return found

    def _client(self) -> Updater:
        """Return the client with its metadata refreshed, once."""
        if self._updater is None:
            from tuf.ngclient import Updater, UpdaterConfig  # noqa: PLC0415 - its import opens a socket

            updater = Updater(
                str(self._metadata),
                f"{self._url}/metadata/",
                target_base_url=f"{self._url}/targets/",
                fetcher=_Fetcher(self._downloads),  # type: ignore[arg-type]
                config=UpdaterConfig(targets_max_length=METADATA_BYTES_MAX, snapshot_max_length=METADATA_BYTES_MAX),
                bootstrap=self._root,
            )
            updater._trusted_set.reference_time = self._now  # noqa: SLF001 - the one way to pass the clock in
            updater.refresh()
            self._updater = updater
        return self._updater


def _translated(error: Exception, place: Path) -> TillstreamError:
    """Return our error for python-tuf's; a table decides, never a text."""
    if isinstance(error, TillstreamError):
        return error
    for kind, code, message, fix in REFUSALS:
        if isinstance(error, kind):
            return RefusedError(f"{message} ({error})", fix=fix, code=code)
    if isinstance(error, DownloadError):
        return TryAgainError(
            f"the update server does not answer: {error}", fix="tillstream netcheck; try later", code="update_away"
        )
    if isinstance(error, OSError):
        return _disk(error, place)
    return RefusedError(f"the update makes no sense: {error!r}", fix="make the release again", code="bad")


def _disk(error: OSError, place: Path) -> OnSiteError:
    return OnSiteError(
        f"{place}: {error.strerror or error}; nothing was changed",
        fix="free 300 MB on the disk of the state folder, then: tillstream update --apply",
        code="update_disk",
    )


class _Fetcher:
    """Fetches `https://`, `http://` and, for a stick that was carried into the shop, `file://`.

    Has what python-tuf asks of its FetcherInterface and is none: importing that one opens a socket (urllib3's probe).
    What is fetched lies in `folder` meanwhile, on the disk whose room was looked at.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Yield a file of at most `max_length` bytes. Raises DownloadError, OSError."""
        parts = urlsplit(url)
        chunks = _read_file(Path(unquote(parts.path))) if parts.scheme == "file" else _read_http(url)
        received = 0
        with TemporaryFile(dir=self._folder) as file:
            for chunk in chunks:
                received += len(chunk)
                if received > max_length:
                    raise DownloadLengthMismatchError(f"more than the {max_length} bytes that were signed for")
                file.write(chunk)
            file.seek(0)
            yield file

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return a file's bytes. Raises DownloadError, OSError."""
        with self.download_file(url, max_length) as file:
            return file.read()


def _read_file(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except FileNotFoundError as error:
        raise DownloadHTTPError(f"{path} is not there", HTTPStatus.NOT_FOUND) from error
    except OSError as error:
        raise DownloadError(f"{path}: {error.strerror}") from error


def _read_http(url: str) -> Iterator[bytes]:
    until_s = time.monotonic() + FETCH_WITHIN_S
    try:
        with httpx.stream("GET", url, timeout=TIMEOUTS, follow_redirects=False) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise DownloadHTTPError(f"{url} answered {answer.status_code}", answer.status_code)
            for chunk in answer.iter_raw(CHUNK_BYTES):
                if time.monotonic() > until_s:
                    raise SlowRetrievalError(f"{url} was not through after {FETCH_WITHIN_S / 3600:.0f} hours")
                yield chunk
    except httpx.HTTPError as error:
        raise DownloadError(f"{url}: {error!r}") from error

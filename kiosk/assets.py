"""The pages' files, read once when the desk starts and served from memory, already compressed.

A request names a file of this table or nothing: there is no path to climb out of. The table's version is a hash of
every file, and it stands at the head of the service worker, so that a browser notices a new release by itself.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"

MEDIA_TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
"""What may be served; a file of another kind (a licence, a note) stays where it is."""

GZIP_LEVEL = 9  # paid once at start
WORKER = "sw.js"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served; `body_gzip` is empty where compression gains nothing."""

    name: str
    media_type: str
    body: bytes
    body_gzip: bytes
    etag: str


def load_assets(folder: Path = STATIC) -> Mapping[str, Asset]:
    """Return every file of the pages by its name relative to `folder`, the service worker with its list of them."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in MEDIA_TYPES
    }
    if WORKER in files:
        files[WORKER] = _worker_head(files) + files[WORKER]
    return {name: _asset(name, body) for name, body in files.items()}


def _worker_head(files: Mapping[str, bytes]) -> bytes:
    """Return the two constants that `sw.js` counts on: the release's version and what to keep for bad days."""
    digest = hashlib.sha256()
    for name, body in files.items():
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    names = [f"/static/{name}" for name in files if name != WORKER]
    return f"const VERSION = {json.dumps(digest.hexdigest()[:16])};\nconst FILES = {json.dumps(names)};\n".encode()


def _asset(name: str, body: bytes) -> Asset:
    # mtime=0: the same file is the same bytes on every machine
    packed = gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0)
    return Asset(
        name=name,
        media_type=MEDIA_TYPES["." + name.rpartition(".")[2]],
        body=body,
        body_gzip=packed if len(packed) < len(body) else b"",
        etag='"' + hashlib.sha256(body).hexdigest()[:20] + '"',
    )

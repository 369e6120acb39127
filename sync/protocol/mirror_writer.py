"""Writing mirror files: the hub seals a snapshot or a delta, a store merges what it has into one file.

Every file is written whole and durably - write, fsync, rename, fsync directory - or not at all.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.protocol.mirror_file import MirrorFile, Tombstone
from sync.protocol.mirror_pages import (
    CONTENT_VERSION_BYTES,
    FINGERPRINT,
    NONCE,
    PAGE_BYTES,
    RECORD_BYTES_MAX,
    SOURCES_MAX,
    DamagedFileError,
    Entry,
    Head,
    Source,
    bits_for,
    bucket_of,
    pack_head,
    pack_page,
    pack_sources,
    pages_begin,
    record_key,
)
from sync.protocol.mirror_record import Dictionary, MirrorRecord, pack
from sync.protocol.tokens import LOCATOR_BYTES


def write_snapshot(
    path: Path, entries: Iterable[tuple[bytes, MirrorRecord | Tombstone]], *, count: int, chain: str, version: int
) -> Head:
    """Seal a snapshot (or, with tombstones among the entries, a delta) and return its head.

    `entries` are (token, record) in ascending order of token, about `count` of them; `version` only grows. Each
    call draws a new content version, so two files of the same customers differ in every byte.
    """
    sealer = _Sealer(entries)
    return _write(path, sealer.entries(), sealer.sources, bits=bits_for(count), chain=chain, version=version)


def merge(path: Path, files: list[MirrorFile]) -> Head:
    """Write one file that says what `files` (newest first, the last one a snapshot) say together.

    Records are copied sealed: nobody's token is needed. Tombstones are dropped, there being nothing below them.
    The files must not be erased from meanwhile. Raises DamagedFileError where one of them is damaged.
    """
    sources: list[Source] = []
    first = []
    for file in files:
        first.append(len(sources))
        sources += file.sources
    assert len(sources) <= SOURCES_MAX, len(sources)
    base = files[-1]
    bits = base.head.bucket_bits  # its entries are in order of these buckets, and of no finer ones
    overlays: dict[int, dict[bytes, bytes]] = {}
    for file, offset in reversed(list(zip(files[:-1], first[:-1], strict=True))):
        for entry in file.entries():
            bucket = overlays.setdefault(bucket_of(entry.fingerprint, bits), {})
            bucket[entry.fingerprint] = _renumber(entry.sealed, offset)
    return _write(
        path,
        _merged(base, overlays, bits=bits, offset=first[-1]),
        sources,
        bits=bits,
        chain=base.head.chain,
        version=files[0].head.version,
    )


def _merged(base: MirrorFile, overlays: dict[int, dict[bytes, bytes]], *, bits: int, offset: int) -> Iterator[Entry]:
    """Yield the entries of all buckets in order: the overlays' where they say something, else the base's."""
    waiting = sorted(overlays)
    below = groupby(base.entries(), key=lambda entry: bucket_of(entry.fingerprint, bits))
    before = -1
    for bucket, members in below:
        if bucket <= before:
            raise DamagedFileError("a page of a mirror file is damaged", fix="wait for the next snapshot")
        before = bucket
        while waiting and waiting[0] < bucket:
            yield from _standing(overlays[waiting.pop(0)])
        changed = overlays[waiting.pop(0)] if waiting and waiting[0] == bucket else {}
        kept = (e for e in members if e.sealed and e.fingerprint not in changed)
        yield from (Entry(e.fingerprint, _renumber(e.sealed, offset)) for e in kept)
        yield from _standing(changed)
    for bucket in waiting:
        yield from _standing(overlays[bucket])


def _standing(bucket: dict[bytes, bytes]) -> Iterator[Entry]:
    return (Entry(fingerprint, sealed) for fingerprint, sealed in bucket.items() if sealed)


def _renumber(sealed: bytes, offset: int) -> bytes:
    return bytes([sealed[0] + offset]) + sealed[1:] if sealed and offset else sealed


class _Sealer:
    """Seals records as they stream by; the dictionary is complete when all have passed."""

    def __init__(self, records: Iterable[tuple[bytes, MirrorRecord | Tombstone]]) -> None:
        self._records = records
        self._names = Dictionary()
        self.sources = [Source(secrets.token_bytes(CONTENT_VERSION_BYTES), self._names.names)]

    def entries(self) -> Iterator[Entry]:
        before = b""
        for token, record in self._records:
            assert token > before, "entries must be sorted by token and distinct"
            before = token
            yield Entry(token[FINGERPRINT], b"" if isinstance(record, Tombstone) else self._seal(token, record))

    def _seal(self, token: bytes, record: MirrorRecord) -> bytes:
        plain = pack(record, self._names)
        assert len(plain) <= RECORD_BYTES_MAX, len(plain)
        key = record_key(token[LOCATOR_BYTES:], self.sources[0].content_version)
        return b"\0" + AESGCM(key).encrypt(NONCE, plain, None)


def _write(path: Path, entries: Iterator[Entry], sources: list[Source], *, bits: int, chain: str, version: int) -> Head:
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        pages = _Pages(file, bits=bits)
        pages.put(entries)
        file.write(pack_sources(sources))
        head = Head(
            chain=chain,
            version=version,
            bucket_bits=pages.bits,
            page_count=pages.written,
            entry_count=pages.entries,
            pages_at=pages_begin(pages.bits),
            end=file.tell(),
        )
        file.seek(0)
        file.write(pack_head(head))
        file.write(struct.pack(f"<{len(pages.table)}I", *pages.table))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return head


class _Pages:
    """Lays entries into buckets and buckets into pages, in one pass."""

    def __init__(self, file: BinaryIO, *, bits: int) -> None:
        self.bits = bits
        self.table: list[int] = []
        self.written = 0
        self.entries = 0
        self._file = file
        self._page: list[Entry] = []
        self._used = 2
        file.seek(pages_begin(bits))

    def put(self, entries: Iterator[Entry]) -> None:
        """Write all entries, which come in order of bucket, and complete the table."""
        for bucket, members in groupby(entries, key=lambda entry: bucket_of(entry.fingerprint, self.bits)):
            self._put_bucket(bucket, list(members))
        self._flush(goes_on=False)
        self.table += [self.written - 1] * ((1 << self.bits) - len(self.table))

    def _put_bucket(self, bucket: int, members: list[Entry]) -> None:
        assert bucket >= len(self.table), "buckets must come in order"
        self.entries += len(members)
        if self._page and self._used + sum(entry.size for entry in members) > PAGE_BYTES:
            self._flush(goes_on=False)
        self.table += [self.written] * (bucket + 1 - len(self.table))
        for entry in members:
            if self._used + entry.size > PAGE_BYTES:
                self._flush(goes_on=True)
            self._page.append(entry)
            self._used += entry.size

    def _flush(self, *, goes_on: bool) -> None:
        self._file.write(pack_page(self._page, goes_on=goes_on))
        self.written += 1
        self._page = []
        self._used = 2

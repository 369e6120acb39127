"""The file of the mirror: every customer of a chain, sorted by locator, each record sealed by its own token.

    head        one page: magic, format, content version, counts, lengths
    table       u32 per bucket: the page in which a bucket begins; a bucket is the leading bits of a locator
    pages       4,096 bytes each: u16 entries (high bit: the last bucket goes on in the next page), then per entry
                a 6-byte fingerprint (locator bytes 8..14), then per entry a u16 end offset, then the sealed records
    names       JSON list: the dictionary of segment, tier, language and campaign names

A bucket never straddles two pages unless it alone is larger than one, so a look-up costs one page read. A record's
key is BLAKE2b(key = the token's secret half, content version): the content version is drawn anew for every file,
so no key ever seals two plaintexts and the nonce may stay zero. An entry without bytes is a tombstone: in an overlay it
hides
the record below, and it is what erasure leaves behind. Whoever has the file but no code learns how many entries it
has, and must pay one scrypt for every guess (`tokens`).
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from retail.errors import RefusedError
from sync.protocol.mirror_record import DamagedRecordError, Dictionary, MirrorRecord, pack, unpack
from sync.protocol.tokens import LOCATOR_BYTES

PAGE_BYTES = 4096  # one block of every disk we meet
MAGIC = b"TSMIRROR"
FORMAT = 1
CONTENT_VERSION_BYTES = 16
BUCKET_ENTRIES = 8  # about 9 % of a page is lost to whole buckets; the table is 0.4 bytes a customer
RECORD_BYTES_MAX = 2048  # half a page: a customer in 500 segments

_HEAD = struct.Struct("<8sHH16s32sQIIIQQ")
_PAGE_HEAD = struct.Struct("<H")
_GOES_ON = 0x8000
_FINGERPRINT = slice(8, 14)
_FINGERPRINT_BYTES = 6
_NONCE = bytes(12)
_PERSON = b"ts mirror rec 1"


class Tombstone:
    """What an overlay says of a customer who must not be found below it."""

    __slots__ = ()


TOMBSTONE = Tombstone()


class Head(NamedTuple):
    """The first page: what this file is."""

    content_version: bytes
    chain: str
    version: int
    bucket_bits: int
    page_count: int
    entry_count: int
    pages_at: int
    names_at: int


class DamagedFileError(RefusedError):
    """The file is not a whole mirror file of a format we read; the last good one stays in use."""

    code = "mirror_damaged"


def record_key(secret: bytes, content_version: bytes) -> bytes:
    """Return the 32-byte key that seals one record in one file."""
    return hashlib.blake2b(content_version, key=secret, digest_size=32, person=_PERSON).digest()


def _bucket_of(locator: bytes, bits: int) -> int:
    return int.from_bytes(locator[:8], "big") >> (64 - bits)


def write_snapshot(
    path: Path, entries: Iterable[tuple[bytes, MirrorRecord | Tombstone]], *, count: int, chain: str, version: int
) -> Head:
    """Write a whole mirror file: write, fsync, rename, fsync directory. Return its head.

    `entries` are (token, record) in ascending order of token, `count` of them; `version` only grows. Each call
    draws a new content version, so two files of the same customers differ in every byte.
    """
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        head = _Writer(file, count=count, chain=chain, version=version).write(entries)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return head


class _Writer:
    """Lays entries into buckets and buckets into pages, in one pass."""

    def __init__(self, file, *, count: int, chain: str, version: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a binary file
        self._file = file
        self._count = count
        self._chain = chain
        self._version = version
        self._content_version = secrets.token_bytes(CONTENT_VERSION_BYTES)
        self._bits = max(0, round(count / BUCKET_ENTRIES).bit_length() - 1)
        self._names = Dictionary()
        self._table = [0] * (1 << self._bits)
        self._next_bucket = 0
        self._page: list[tuple[bytes, bytes]] = []
        self._page_used = _PAGE_HEAD.size
        self._pages_written = 0

    def write(self, entries: Iterable[tuple[bytes, MirrorRecord | Tombstone]]) -> Head:
        table_bytes = 4 << self._bits
        pages_at = -(-(PAGE_BYTES + table_bytes) // PAGE_BYTES) * PAGE_BYTES
        self._file.seek(pages_at)
        written = 0
        for bucket, members in self._buckets(entries):
            written += len(members)
            self._put_bucket(bucket, members)
        self._flush_page(goes_on=False)
        assert written == self._count, (written, self._count)
        for bucket in range(self._next_bucket, len(self._table)):
            self._table[bucket] = max(0, self._pages_written - 1)
        names_at = pages_at + self._pages_written * PAGE_BYTES
        self._file.write(json.dumps(self._names.names, ensure_ascii=False).encode())
        head = Head(
            self._content_version,
            self._chain,
            self._version,
            self._bits,
            self._pages_written,
            written,
            pages_at,
            names_at,
        )
        end = self._file.tell()
        self._file.seek(0)
        self._file.write(_pack_head(head, end=end))
        self._file.seek(PAGE_BYTES)
        self._file.write(struct.pack(f"<{len(self._table)}I", *self._table))
        return head

    def _buckets(
        self, entries: Iterable[tuple[bytes, MirrorRecord | Tombstone]]
    ) -> Iterator[tuple[int, list[tuple[bytes, bytes]]]]:
        bucket, before = 0, b""
        members: list[tuple[bytes, bytes]] = []
        for token, record in entries:
            assert token > before, "entries must be sorted by token and distinct"
            before = token
            here = _bucket_of(token, self._bits)
            if here != bucket and members:
                yield bucket, members
                members = []
            bucket = here
            members.append((token[_FINGERPRINT], self._seal(token, record)))
        if members:
            yield bucket, members

    def _seal(self, token: bytes, record: MirrorRecord | Tombstone) -> bytes:
        if isinstance(record, Tombstone):
            return b""
        plain = pack(record, self._names)
        assert len(plain) <= RECORD_BYTES_MAX, len(plain)
        return AESGCM(record_key(token[LOCATOR_BYTES:], self._content_version)).encrypt(_NONCE, plain, None)

    def _put_bucket(self, bucket: int, members: list[tuple[bytes, bytes]]) -> None:
        needed = sum(_entry_bytes(sealed) for _, sealed in members)
        if self._page and self._page_used + needed > PAGE_BYTES:
            self._flush_page(goes_on=False)
        while self._next_bucket <= bucket:
            self._table[self._next_bucket] = self._pages_written
            self._next_bucket += 1
        for member in members:
            if self._page_used + _entry_bytes(member[1]) > PAGE_BYTES:
                self._flush_page(goes_on=True)
            self._page.append(member)
            self._page_used += _entry_bytes(member[1])

    def _flush_page(self, *, goes_on: bool) -> None:
        if not self._page and self._pages_written:
            return
        head = _PAGE_HEAD.pack(len(self._page) | (_GOES_ON if goes_on else 0))
        self._file.write(_page_of(head, self._page))
        self._pages_written += 1
        self._page = []
        self._page_used = _PAGE_HEAD.size


def _entry_bytes(sealed: bytes) -> int:
    return _FINGERPRINT_BYTES + 2 + len(sealed)


def _pack_head(head: Head, *, end: int) -> bytes:
    return _HEAD.pack(
        MAGIC,
        FORMAT,
        head.bucket_bits,
        head.content_version,
        head.chain.encode()[:32],
        head.version,
        head.page_count,
        head.entry_count,
        0,
        head.pages_at,
        end,
    ).ljust(PAGE_BYTES, b"\0")


class MirrorFile:
    """One mirror file, open for look-ups; a look-up reads one page with `pread` and never touches another."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path` and check that it is whole. Raises DamagedFileError."""
        self.path = path
        self._fd = os.open(path, os.O_RDONLY)
        try:
            self.head = _read_head(self._fd, path)
            self._shift = 64 - self.head.bucket_bits
            self._map = mmap.mmap(self._fd, self.head.pages_at, access=mmap.ACCESS_READ)
            self._table = memoryview(self._map)[PAGE_BYTES : PAGE_BYTES + (4 << self.head.bucket_bits)].cast("I")
            self.names: list[str] = _read_names(self._fd, self.head, path)
        except BaseException:
            os.close(self._fd)
            raise

    def __repr__(self) -> str:
        return f"<MirrorFile {self.path.name} version={self.head.version} entries={self.head.entry_count}>"

    def __len__(self) -> int:
        return self.head.entry_count

    def find(self, locator: bytes) -> list[bytes]:
        """Return the sealed records whose fingerprint matches: none, one, rarely more; b"" is a tombstone."""
        number = self._table[int.from_bytes(locator[:8], "big") >> self._shift]
        fingerprint = locator[_FINGERPRINT]
        page = os.pread(self._fd, PAGE_BYTES, self.head.pages_at + number * PAGE_BYTES)
        count = page[0] | page[1] << 8
        if count < _GOES_ON:  # nearly always: the bucket is whole in this page and holds the fingerprint at most once
            return _matches(page, fingerprint, count)
        found: list[bytes] = []
        while count & _GOES_ON and number + 1 < self.head.page_count:
            found += _matches(page, fingerprint, count & ~_GOES_ON)
            number += 1
            page = os.pread(self._fd, PAGE_BYTES, self.head.pages_at + number * PAGE_BYTES)
            count = page[0] | page[1] << 8
        return found + _matches(page, fingerprint, count & ~_GOES_ON)

    def get(self, token: bytes) -> MirrorRecord | Tombstone | None:
        """Return what the file says of a token's holder; None when it does not know them."""
        for sealed in self.find(token):
            if not sealed:
                return TOMBSTONE
            key = record_key(token[LOCATOR_BYTES:], self.head.content_version)
            try:
                return unpack(AESGCM(key).decrypt(_NONCE, sealed, None), self.names)
            except (InvalidTag, DamagedRecordError):
                continue  # another customer's fingerprint, or a damaged record: unknown either way
        return None

    def close(self) -> None:
        """Release the file; look-ups after this are our mistake."""
        self._table.release()
        self._map.close()
        os.close(self._fd)


def _matches(page: bytes, fingerprint: bytes, count: int) -> list[bytes]:
    end = 2 + count * _FINGERPRINT_BYTES
    found = []
    at = page.find(fingerprint, 2, end)
    while at >= 0:
        index, odd = divmod(at - 2, _FINGERPRINT_BYTES)
        if not odd:
            found.append(_sealed(page, index, count))
        at = page.find(fingerprint, at + 1, end)
    return found


def _sealed(page: bytes, index: int, count: int) -> bytes:
    ends = 2 + count * _FINGERPRINT_BYTES
    start = ends + count * 2 if index == 0 else page[ends + index * 2 - 2] | page[ends + index * 2 - 1] << 8
    end = page[ends + index * 2] | page[ends + index * 2 + 1] << 8
    return page[start:end]


def _read_head(fd: int, path: Path) -> Head:
    data = os.pread(fd, _HEAD.size, 0)
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        raise DamagedFileError(f"{path.name} is not a mirror file", fix="wait for the next feed, or fetch it again")
    _, file_format, bits, content_version, chain, version, pages, entries, _, pages_at, end = _HEAD.unpack(data)
    if file_format != FORMAT:
        raise DamagedFileError(
            f"{path.name} has format {file_format}, this program reads {FORMAT}", fix="update the agent"
        )
    if os.fstat(fd).st_size != end or pages_at + pages * PAGE_BYTES > end:
        raise DamagedFileError(f"{path.name} is not whole", fix="wait for the next feed, or fetch it again")
    names_at = pages_at + pages * PAGE_BYTES
    return Head(
        content_version, chain.rstrip(b"\0").decode(errors="replace"), version, bits, pages, entries, pages_at, names_at
    )


def _read_names(fd: int, head: Head, path: Path) -> list[str]:
    data = os.pread(fd, os.fstat(fd).st_size - head.names_at, head.names_at)
    try:
        names = json.loads(data)
    except ValueError as error:
        raise DamagedFileError(f"{path.name}: its dictionary is damaged", fix="wait for the next feed") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DamagedFileError(f"{path.name}: its dictionary is no list of names", fix="wait for the next feed")
    return names


def erase(path: Path, locators: Iterable[bytes]) -> int:
    """Overwrite the sealed records of `locators` in place, durably, and return how many there were.

    What is left of each is an entry without bytes - a tombstone - so that nothing below it shows through. Calling
    it again finds nothing more to do.
    """
    file = MirrorFile(path)
    fd = os.open(path, os.O_RDWR)
    try:
        erased = sum(_erase_one(fd, file, locator) for locator in locators)
        os.fsync(fd)
    finally:
        os.close(fd)
        file.close()
    return erased


def _erase_one(fd: int, file: MirrorFile, locator: bytes) -> int:
    """Rewrite each page that holds `locator`: the entry keeps its fingerprint, its bytes close up to nothing."""
    erased = 0
    bits = file.head.bucket_bits
    number = file._table[_bucket_of(locator, bits)]  # noqa: SLF001 - same module, one format
    while True:
        at = file.head.pages_at + number * PAGE_BYTES
        page = os.pread(fd, PAGE_BYTES, at)
        count = (page[0] | page[1] << 8) & ~_GOES_ON
        entries = []
        changed = False
        for index in range(count):
            start = 2 + index * _FINGERPRINT_BYTES
            fingerprint, sealed = page[start : start + _FINGERPRINT_BYTES], _sealed(page, index, count)
            if sealed and fingerprint == locator[_FINGERPRINT]:
                sealed, changed = b"", True
                erased += 1
            entries.append((fingerprint, sealed))
        if changed:
            os.pwrite(fd, _page_of(page[:2], entries), at)
        if not (page[1] & 0x80) or number + 1 >= file.head.page_count:
            return erased
        number += 1


def _page_of(head: bytes, entries: list[tuple[bytes, bytes]]) -> bytes:
    end = 2 + len(entries) * (_FINGERPRINT_BYTES + 2)
    ends = []
    for _, sealed in entries:
        end += len(sealed)
        ends.append(end)
    parts = [head, *(fingerprint for fingerprint, _ in entries), struct.pack(f"<{len(ends)}H", *ends)]
    return b"".join([*parts, *(sealed for _, sealed in entries)]).ljust(PAGE_BYTES, b"\0")

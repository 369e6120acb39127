"""One mirror file, open for look-ups; its layout and what it gives away stand in `mirror_pages`."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from retail.errors import RefusedError
from sync.protocol.mirror_pages import (
    FINGERPRINT,
    FINGERPRINT_BYTES,
    GOES_ON,
    NONCE,
    PAGE_BYTES,
    DamagedFileError,
    Entry,
    bucket_of,
    pack_page,
    record_key,
    sealed_at,
    unpack_head,
    unpack_page,
    unpack_sources,
)
from sync.protocol.mirror_record import DamagedRecordError, MirrorRecord, unpack
from sync.protocol.tokens import LOCATOR_BYTES

FIRST = 2  # where a page's fingerprints begin: behind their number
pread, from_bytes = os.pread, int.from_bytes  # looked up once: a look-up takes two microseconds


class Tombstone:
    """What an overlay says of a customer who must not be found below it."""

    __slots__ = ()


TOMBSTONE = Tombstone()


class MirrorFile:
    """A look-up reads one page with `pread` and touches no other; mmap of the pages cost 862 MB of memory."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path` and check that it is whole. Raises DamagedFileError, OSError."""
        self.path = path
        self._fd = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(self._fd).st_size
            self.head = unpack_head(os.pread(self._fd, PAGE_BYTES, 0), name=path.name, size=size)
            at = self.head.sources_at
            self.sources = unpack_sources(os.pread(self._fd, size - at, at), name=path.name)
            self._map = mmap.mmap(self._fd, self.head.pages_at, access=mmap.ACCESS_READ)
            self._prepare()
        except BaseException:
            os.close(self._fd)
            raise
        self._shift, self._pages_at = 64 - self.head.bucket_bits, self.head.pages_at
        self._table = memoryview(self._map)[PAGE_BYTES : PAGE_BYTES + (4 << self.head.bucket_bits)].cast("I")

    def __repr__(self) -> str:
        return f"<MirrorFile {self.path.name} version={self.head.version} entries={self.head.entry_count}>"

    def __len__(self) -> int:
        return self.head.entry_count

    def find(self, locator: bytes) -> list[bytes]:
        """Return the sealed records whose fingerprint matches: none, one, rarely more; b"" is a tombstone.

        Whoever stands in a page that the disk has damaged is not found, and nobody is told to be somebody else.
        """
        try:
            bucket = from_bytes(locator[:8], "big") >> self._shift
            number = self._table[bucket]
            page = pread(self._fd, PAGE_BYTES, self._pages_at + number * PAGE_BYTES)
            count = page[0] | page[1] << 8
            fingerprint = locator[:FINGERPRINT_BYTES]
            if count < GOES_ON:  # nearly always: the bucket is whole in this page
                end = FIRST + count * FINGERPRINT_BYTES
                at = page.find(fingerprint, FIRST, end)
                after = at + FINGERPRINT_BYTES
                if at % FINGERPRINT_BYTES == FIRST and page[after : after + FINGERPRINT_BYTES] != fingerprint:
                    ends = end + at // FINGERPRINT_BYTES * 2  # twins are neighbours, for entries are in order
                    start = page[ends - 2] | page[ends - 1] << 8 if at != FIRST else end + count * 2
                    return [page[start : page[ends] | page[ends + 1] << 8]]
                if at < 0:
                    begins = self._table[bucket + 1]  # where the next bucket does
                    if begins == number or (begins == number + 1 and not _may_go_on(page)):
                        return []
        except IndexError:  # a number that points outside its page, or outside the file
            pass
        return self._in_all_its_pages(locator)

    def _in_all_its_pages(self, locator: bytes) -> list[bytes]:
        """Look page by page, as is needed for a stranger, a large bucket, or one of whose pages is damaged."""
        found: list[bytes] = []
        for _at, page in self.pages_of(locator):
            with suppress(IndexError):
                found += _matches(page, locator[:FINGERPRINT_BYTES], (page[0] | page[1] << 8) & ~GOES_ON)
        return found

    def get(self, token: bytes) -> MirrorRecord | Tombstone | None:
        """Return what the file says of a token's holder; None when it does not know them."""
        for sealed in self.find(token):
            if not sealed:
                return TOMBSTONE
            record = self._open(token, sealed)
            if record is not None:
                return record
        return None

    def _open(self, token: bytes, sealed: bytes) -> MirrorRecord | None:
        """Open a sealed record; None when it is another customer's, or damaged: unknown either way."""
        if sealed[0] >= len(self.sources):
            return None
        source = self.sources[sealed[0]]
        key = record_key(token[LOCATOR_BYTES:], source.content_version)
        try:
            return unpack(AESGCM(key).decrypt(NONCE, sealed[1:], None), source.names)
        except (InvalidTag, DamagedRecordError):
            return None

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, bucket by bucket; within a bucket in the order of writing. Raises DamagedFileError."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        for number in range(self.head.page_count):
            yield from unpack_page(os.pread(self._fd, PAGE_BYTES, self.head.pages_at + number * PAGE_BYTES))

    def _prepare(self) -> None:
        """Have the prefix table read now, and of the rest only the pages that are asked for.

        Left alone, the first touch of the table reads as much around it as the disk's read-ahead is set to: 8 MB on
        some machines, when a look-up wants 4 KiB.
        """
        if hasattr(os, "posix_fadvise"):  # macOS takes no such advice, and answers as well without
            os.posix_fadvise(self._fd, 0, self.head.pages_at, os.POSIX_FADV_WILLNEED)
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_RANDOM)
            self._map.madvise(mmap.MADV_RANDOM)

    def pages_of(self, locator: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) of the page, or pages, in which a locator would stand.

        The table says how far a bucket may reach, so that a damaged page hides what stands in it and nothing behind it.
        """
        with suppress(IndexError):  # a table that ends too soon
            bucket = bucket_of(locator, self.head.bucket_bits)
            number = self._table[bucket]
            is_last = bucket + 1 == len(self._table)
            last = self.head.page_count - 1 if is_last else self._table[bucket + 1]  # it may end where the next begins
            while True:
                at = self.head.pages_at + number * PAGE_BYTES
                page = pread(self._fd, PAGE_BYTES, at)
                if len(page) < PAGE_BYTES:  # the table is damaged: it points behind the end
                    return
                yield at, page
                if number >= last or (number + 1 == last and not _may_go_on(page)):
                    return
                number += 1

    def close(self) -> None:
        """Release the file; look-ups after this are our mistake."""
        self._table.release()
        self._map.close()
        os.close(self._fd)


def _may_go_on(page: bytes) -> bool:
    """Return whether a page says that its last bucket goes on in the next one, or says nothing: damaged, or blank."""
    count = page[0] | page[1] << 8
    first = FIRST + count * (FINGERPRINT_BYTES + 2)  # of the sealed records; the last of them ends where two bytes say
    return not count or first > PAGE_BYTES or not first <= page[first - 2] | page[first - 1] << 8 <= PAGE_BYTES


def _matches(page: bytes, fingerprint: bytes, count: int) -> list[bytes]:
    end = 2 + count * FINGERPRINT_BYTES
    found = []
    at = page.find(fingerprint, 2, end)
    while at >= 0:
        index, odd = divmod(at - 2, FINGERPRINT_BYTES)
        if not odd:
            found.append(sealed_at(page, index, count))
        at = page.find(fingerprint, at + 1, end)
    return found


def erase(path: Path, locators: Iterable[bytes]) -> int:
    """Overwrite the sealed records of `locators` in place, durably, and return how many there were.

    What is left of each is an entry without bytes - a tombstone - so that nothing below it shows through. A page that
    the disk has damaged is overwritten whole: nobody can say what stands in it. A repeat finds nothing more to do.
    """
    file = MirrorFile(path)
    fd = os.open(path, os.O_RDWR)
    try:
        erased = sum(_erase_one(fd, file, locator[FINGERPRINT]) for locator in locators)
        os.fsync(fd)
    finally:
        os.close(fd)
        file.close()
    return erased


def is_whole(path: Path) -> bool:
    """Return whether a file is there, of a format we read, and as long as it says; its pages are not looked at."""
    try:
        with path.open("rb") as file:
            unpack_head(file.read(PAGE_BYTES), name=path.name, size=os.fstat(file.fileno()).st_size)
    except (OSError, RefusedError):
        return False
    return True


def shred(path: Path, *, pages: bool = False) -> None:
    """Make a file's records unreadable for ever before it is removed: freed blocks keep what was written in them.

    Every record's key is made of the content version, so overwriting the list of sources is enough - unless another
    file carries the same sources on, as a merged one does: then the `pages` are overwritten too. A file that is not
    whole is overwritten whole. Nothing is read afterwards. A repeat, or a file that is gone, changes nothing.
    """
    try:
        fd = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        size = os.fstat(fd).st_size
        try:
            head = unpack_head(os.pread(fd, PAGE_BYTES, 0), name=path.name, size=size)
            start = head.pages_at if pages else head.sources_at
        except RefusedError:
            start = 0
        for at in range(start, size, SHRED_BYTES):
            os.pwrite(fd, bytes(min(SHRED_BYTES, size - at)), at)
        os.fsync(fd)
    finally:
        os.close(fd)


SHRED_BYTES = 1 << 20


def _erase_one(fd: int, file: MirrorFile, fingerprint: bytes) -> int:
    erased = 0
    for at, page in file.pages_of(fingerprint):
        try:
            before = unpack_page(page)
        except DamagedFileError:
            os.pwrite(fd, bytes(PAGE_BYTES), at)
            erased += 1
            continue
        after = [Entry(e.fingerprint, b"") if e.fingerprint == fingerprint else e for e in before]
        if after != before:
            os.pwrite(fd, pack_page(after, goes_on=bool(page[1] & (GOES_ON >> 8))), at)
            erased += sum(bool(e.sealed) for e in before if e.fingerprint == fingerprint)
    return erased

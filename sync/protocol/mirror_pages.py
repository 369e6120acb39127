"""How a mirror file is laid out on disk (format 1): head, page and table, as bytes and back. No files are opened here.

    head        one page: magic, format, version, counts, lengths
    table       u32 per bucket: the page in which a bucket begins; a bucket is the leading bits of a locator
    pages       4,096 bytes each: u16 entries (high bit: the last bucket goes on in the next page), then per entry
                a 10-byte fingerprint (locator bytes 0..10), then per entry a u16 end offset, then the sealed records
    sources     JSON list of {"content_version", "names"}: what the records of one writing share

A bucket never straddles two pages unless it alone is larger than one, so a look-up costs one page read. A sealed
record is the number of its source (u8) and AES-256-GCM ciphertext; its key is BLAKE2b(key = the token's secret half,
content version). A content version is drawn anew for every writing, so no key ever seals two plaintexts and the
nonce may stay zero. A merged file carries the sources of all it was merged from: a store can compact files whose
records it cannot open. An entry without bytes is a tombstone: in an overlay it hides the record below, and it is
what erasure leaves behind. Whoever has the file but no code learns how many entries it has, and must pay one scrypt
for every guess (`tokens`).
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from retail.errors import RefusedError

PAGE_BYTES = 4096  # one block of every disk we meet
MAGIC = b"TSMIRROR"
FORMAT = 1
CONTENT_VERSION_BYTES = 16
BUCKET_ENTRIES = 8  # about 9 % of a page is lost to whole buckets; the table is 0.4 bytes a customer
RECORD_BYTES_MAX = 2048  # half a page: a customer in 500 segments
SOURCES_MAX = 255  # a record names its source in one byte; a new snapshot starts again at one
FINGERPRINT_BYTES = 10  # 10^7 customers: two share one with a chance of 10^-10
FINGERPRINT = slice(0, FINGERPRINT_BYTES)
GOES_ON = 0x8000
NONCE = bytes(12)

_HEAD = struct.Struct("<8sHH32sQIQQQ")
_PERSON = b"ts mirror rec 1"


class Entry(NamedTuple):
    """One customer in a page: where to find them, and what only their token opens (b"": a tombstone)."""

    fingerprint: bytes
    sealed: bytes

    @property
    def size(self) -> int:
        """How many bytes of a page this entry takes."""
        return FINGERPRINT_BYTES + 2 + len(self.sealed)


class Head(NamedTuple):
    """The first page: what this file is, and where its parts lie."""

    chain: str
    version: int
    bucket_bits: int
    page_count: int
    entry_count: int
    pages_at: int
    end: int

    @property
    def sources_at(self) -> int:
        """Offset of the list of sources."""
        return self.pages_at + self.page_count * PAGE_BYTES


@dataclass(frozen=True, slots=True)
class Source:
    """What the records of one writing share: the version in their keys and the names behind their numbers."""

    content_version: bytes
    names: list[str]


class DamagedFileError(RefusedError):
    """The file is not a whole mirror file of a format we read; the last good one stays in use."""

    code = "mirror_damaged"


def record_key(secret: bytes, content_version: bytes) -> bytes:
    """Return the 32-byte key that seals one record of one writing."""
    return hashlib.blake2b(content_version, key=secret, digest_size=32, person=_PERSON).digest()


def bucket_of(locator: bytes, bits: int) -> int:
    """Return the bucket of a locator (or of a fingerprint, which begins like it)."""
    return int.from_bytes(locator[:8], "big") >> (64 - bits)


def bits_for(count: int) -> int:
    """Return how many leading bits make buckets of about `BUCKET_ENTRIES` of `count` entries."""
    return max(0, round(count / BUCKET_ENTRIES).bit_length() - 1)


def pages_begin(bits: int) -> int:
    """Return the offset of the first page: head and table, rounded up to whole pages."""
    return -(-(PAGE_BYTES + (4 << bits)) // PAGE_BYTES) * PAGE_BYTES


def pack_page(entries: list[Entry], *, goes_on: bool) -> bytes:
    """Return one page."""
    end = 2 + len(entries) * (FINGERPRINT_BYTES + 2)
    ends = []
    for entry in entries:
        end += len(entry.sealed)
        ends.append(end)
    assert end <= PAGE_BYTES, end
    parts = [struct.pack("<H", len(entries) | (GOES_ON if goes_on else 0)), *(entry.fingerprint for entry in entries)]
    parts += [struct.pack(f"<{len(ends)}H", *ends), *(entry.sealed for entry in entries)]
    return b"".join(parts).ljust(PAGE_BYTES, b"\0")


def unpack_page(page: bytes) -> list[Entry]:
    """Return the entries of one page, in order. Raises DamagedFileError where its numbers cannot be true."""
    count = int.from_bytes(page[:2], "little") & ~GOES_ON
    ends_at, first = 2 + count * FINGERPRINT_BYTES, 2 + count * (FINGERPRINT_BYTES + 2)
    if first > len(page):
        raise DamagedFileError(
            "a page of a mirror file is damaged", fix="wait for the next snapshot, or fetch it again"
        )
    bounds = (first, *struct.unpack_from(f"<{count}H", page, ends_at), len(page))
    if any(start > end for start, end in pairwise(bounds)):
        raise DamagedFileError(
            "a page of a mirror file is damaged", fix="wait for the next snapshot, or fetch it again"
        )
    return [
        Entry(page[at : at + FINGERPRINT_BYTES], page[start:end])
        for at, start, end in zip(range(2, ends_at, FINGERPRINT_BYTES), bounds, bounds[1:], strict=False)
    ]


def sealed_at(page: bytes, index: int, count: int) -> bytes:
    """Return the sealed bytes of entry `index` of the `count` in a page."""
    at = 2 + count * FINGERPRINT_BYTES + index * 2
    start = page[at - 2] | page[at - 1] << 8 if index else at + count * 2
    return page[start : page[at] | page[at + 1] << 8]


def pack_head(head: Head) -> bytes:
    """Return the first page."""
    chain = head.chain.encode()[:32]
    numbers = (head.version, head.page_count, head.entry_count, head.pages_at, head.end)
    return _HEAD.pack(MAGIC, FORMAT, head.bucket_bits, chain, *numbers).ljust(PAGE_BYTES, b"\0")


def unpack_head(data: bytes, *, name: str, size: int) -> Head:
    """Return the head of a file of `size` bytes. Raises DamagedFileError when it is not whole or not ours."""
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        raise DamagedFileError(f"{name} is not a mirror file", fix="wait for the next feed, or fetch it again")
    _, number, bits, chain, *numbers = _HEAD.unpack(data[: _HEAD.size])
    if number != FORMAT:
        raise DamagedFileError(f"{name} has format {number}, this program reads {FORMAT}", fix="update the agent")
    head = Head(chain.rstrip(b"\0").decode(errors="replace"), numbers[0], bits, *numbers[1:])
    if head.end != size or head.sources_at > size or head.pages_at != pages_begin(bits):
        raise DamagedFileError(f"{name} is not whole", fix="wait for the next feed, or fetch it again")
    return head


def pack_sources(sources: list[Source]) -> bytes:
    """Return the list that stands behind the pages."""
    listed = [{"content_version": source.content_version.hex(), "names": source.names} for source in sources]
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode()


def unpack_sources(data: bytes, *, name: str) -> list[Source]:
    """Return the sources of a file. Raises DamagedFileError."""
    try:
        return [
            Source(bytes.fromhex(source["content_version"]), [str(each) for each in source["names"]])
            for source in json.loads(data)
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFileError(f"{name}: its list of sources is damaged", fix="wait for the next feed") from error

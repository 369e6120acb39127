"""The little of BER (X.690) that SNMP needs: tag, length, value; integers and object identifiers.

Reading raises ValueError for whatever is not whole or not minimal enough to be read; it never reads beyond its input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
TIME_TICKS = 0x43

_LONG_FORM = 0x80
_LENGTH_BYTES_MAX = 3  # a datagram has 64 KB
_INTEGER_BYTES_MAX = 8
_SUB_IDENTIFIER_MAX = 0xFFFFFFFF  # SNMP's own limit (RFC 2578)
_OID_PARTS_MAX = 128

Oid = tuple[int, ...]


class Element(NamedTuple):
    """One element: its tag and its content."""

    tag: int
    content: bytes


def elements(data: bytes) -> Iterator[Element]:
    """Yield the elements that `data` is made of. Raises ValueError."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("an element without a length")
        tag, length = data[at], data[at + 1]
        at += 2
        if length & _LONG_FORM:
            count = length & ~_LONG_FORM
            if not 0 < count <= _LENGTH_BYTES_MAX or at + count > len(data):
                raise ValueError("a length that is none")
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + length > len(data):
            raise ValueError("an element that is not whole")
        yield Element(tag, data[at : at + length])
        at += length


def encoded(tag: int, content: bytes) -> bytes:
    """Return one element's bytes."""
    if len(content) < _LONG_FORM:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM | len(length))) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Return an integer's element."""
    return encoded(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def read_integer(element: Element) -> int:
    """Return an integer. Raises ValueError."""
    if element.tag != INTEGER or not 0 < len(element.content) <= _INTEGER_BYTES_MAX:
        raise ValueError("no integer")
    return int.from_bytes(element.content, "big", signed=True)


def oid(value: Oid) -> bytes:
    """Return an object identifier's element; `value` has two parts at least."""
    first, second, *rest = value
    content = bytearray()
    for part in (first * 40 + second, *rest):
        groups = [part & 0x7F]
        while part := part >> 7:
            groups.append(part & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return encoded(OID, bytes(content))


def read_oid(element: Element) -> Oid:
    """Return an object identifier. Raises ValueError."""
    if element.tag != OID or not element.content or element.content[-1] & 0x80:
        raise ValueError("no object identifier")
    parts: list[int] = []
    part = 0
    for byte in element.content:
        part = part << 7 | byte & 0x7F
        if part > _SUB_IDENTIFIER_MAX or len(parts) > _OID_PARTS_MAX:
            raise ValueError("an object identifier without bounds")
        if not byte & 0x80:
            parts.append(part)
            part = 0
    first = min(parts[0] // 40, 2)
    return first, parts[0] - first * 40, *parts[1:]

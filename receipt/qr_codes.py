"""QR codes: how large one will be, and its picture for printers that cannot draw it themselves.

A picture is made while a till waits, so everything about a version that does not depend on the payload is worked out
once: where function patterns stand, where each bit goes and whether the mask turns it, and what every four bits at
every place add to the Reed-Solomon remainder. What is left for a payload are table look-ups (0.08 ms where the qrcode
library takes 2, and 17 with its choice of mask). Tests hold every version equal to the library's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from itertools import accumulate
from operator import getitem, itemgetter, xor

from receipt.bitmap import Bitmap
from receipt.qr_tables import BYTES_AT_LEVEL_M, Modules, blocks_of, function_modules, path
from receipt.raster import magnified
from retail.errors import DefectError

QUIET_MODULES = 4
"""White modules around a code that scanners need (ISO/IEC 18004)."""

QR_BYTES_MAX = 1_000
"""Longest payload on a slip: version 27 at level M, the largest that 384 dots hold at two dots a module and more."""

MODULE_DOTS_MAX = 6
"""0.75 mm at 203 dpi: read by telephones at arm's length; larger only costs paper."""

MODULE_DOTS_MIN = 2
"""0.25 mm at 203 dpi: below it thermal dots run together."""

_MASK_PATTERN = 3
"""One mask for all: our payloads are as good as random, so that the best mask is hardly better than any."""

_CACHED_PICTURES = 64
"""A store's printers and the few codes that repeat (claim page, app); a coupon's own code comes once."""

_DIGITS = "0123456789abcdef"
_BYTE_MODE = "0100"
_LONG_COUNT_FROM = 10  # from this version on the count of bytes takes 16 bits, before it 8
_PADDING = b"\xec\x11"
_BITS = 8
_FIELD = 0x11D  # x^8 + x^4 + x^3 + x^2 + 1, the field of ISO/IEC 18004


def version_for(payload: bytes) -> int:
    """Return the smallest QR version (1 to 40) that holds a payload in byte mode at level M; DefectError when none."""
    for version, room in enumerate(BYTES_AT_LEVEL_M, start=1):
        if len(payload) <= room:
            return version
    raise DefectError(f"{len(payload)} bytes are too many for a QR code", fix="shorten the payload")


def modules_for(payload: bytes) -> int:
    """Return how many modules wide the code is, without its quiet zone."""
    return 17 + 4 * version_for(payload)


def module_dots(payload: bytes, *, dots: int) -> int:
    """Return how many dots wide a module should be so that code and quiet zone fit into `dots`."""
    room = dots // (modules_for(payload) + 2 * QUIET_MODULES)
    return max(MODULE_DOTS_MIN, min(MODULE_DOTS_MAX, room))


@lru_cache(maxsize=_CACHED_PICTURES)
def qr_picture(payload: bytes, scale: int) -> Bitmap:
    """Return the picture of a QR code at level M without its quiet zone, `scale` dots a module."""
    plan = _plan(version_for(payload))
    codewords = plan.codewords(payload)
    bits = b"%s%s" % (_bits(codewords), b"0" * plan.remainder_bits)
    modules = bytes(plan.place(bits + bits.translate(_TURNED) + b"01"))
    packed = int(modules, 2).to_bytes(len(modules) // _BITS, "big")
    wide = magnified(packed, plan.row_bytes, across=scale, down=1)
    width_bytes, step = -(-plan.size * scale // _BITS), plan.row_bytes * scale
    rows = [row for at in range(0, len(wide), step) for row in (wide[at : at + width_bytes],) * scale]
    return Bitmap(width_bytes, tuple(rows))


def prepare(length: int) -> None:
    """Work out the tables for payloads of some length (10 ms), before a till waits for the first of them."""
    _plan(version_for(bytes(length)))


_TURNED = bytes.maketrans(b"01", b"10")


def _bits(data: bytes) -> bytes:
    return f"{int.from_bytes(data, 'big'):0{_BITS * len(data)}b}".encode("ascii")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is known of a version before its payload.

    `place` takes the bits block by block, the bits turned, and the two constants, and returns every module row by row,
    each row filled up to whole bytes (`row_bytes`) with white.
    """

    version: int
    size: int
    row_bytes: int
    blocks: tuple[tuple[int, int], ...]
    remainders: tuple[Mapping[str, int], ...]
    remainder_bits: int
    place: Callable[[bytes], Sequence[int]]

    def codewords(self, payload: bytes) -> bytes:
        """Return data and error correction, block after block; `place` interleaves them."""
        data = self._data(payload)
        corrections, at = [], 0
        for length, correction_bytes in self.blocks:
            digits = data[at : at + length].hex()
            shares = map(getitem, self.remainders[-len(digits) :], digits)
            corrections.append(reduce(xor, shares).to_bytes(correction_bytes, "big"))
            at += length
        return data + b"".join(corrections)

    def _data(self, payload: bytes) -> bytes:
        room = sum(length for length, _correction in self.blocks)
        count_bits = _BITS if self.version < _LONG_COUNT_FROM else 2 * _BITS
        head = f"{_BYTE_MODE}{len(payload):0{count_bits}b}"
        bits = f"{head}{int.from_bytes(payload, 'big'):0{_BITS * len(payload)}b}"[: room * _BITS]
        bits += "0" * min(4, room * _BITS - len(bits))
        bits += "0" * (-len(bits) % _BITS)
        data = int(bits, 2).to_bytes(len(bits) // _BITS, "big")
        return data + (_PADDING * room)[: room - len(data)]


def _interleaved(lengths: Sequence[int]) -> Iterator[int]:
    """Yield the places of bytes that stand block after block in the order that takes one of each block by turns."""
    starts = list(accumulate(lengths, initial=0))
    for place in range(max(lengths)):
        yield from (start + place for start, length in zip(starts, lengths, strict=False) if place < length)


@cache
def _plan(version: int) -> _Plan:
    """Return the plan of a version."""
    modules = function_modules(version, _MASK_PATTERN)
    free = sum(module is None for row in modules for module in row)
    blocks = blocks_of(version, free // _BITS)
    longest, correction_bytes = blocks[-1]
    data_bytes = sum(data for data, _correction in blocks)
    sent = [
        *_interleaved([data for data, _correction in blocks]),
        *(data_bytes + place for place in _interleaved([correction for _data, correction in blocks])),
    ]
    return _Plan(
        version=version,
        size=len(modules),
        row_bytes=-(-len(modules) // _BITS),
        blocks=tuple(blocks),
        remainders=_remainders(longest, correction_bytes),
        remainder_bits=free % _BITS,
        place=itemgetter(*_order(modules, free, sent)),
    )


def _order(modules: Modules, free: int, sent: Sequence[int]) -> list[int]:
    """Return, for every module row by row, where its bit stands: in the bits, the bits turned, or the constants.

    `sent`: the places of the codewords in the order in which they are drawn; a few bits behind them say nothing.
    """
    size, white = len(modules), 2 * free
    width = -(-size // _BITS) * _BITS
    order = [white] * (width * size)
    for row, line in enumerate(modules):
        order[row * width : row * width + size] = [white + bool(module) for module in line]
    bits = [codeword * _BITS + bit for codeword in sent for bit in range(_BITS)]
    bits += range(len(bits), free)
    for bit, (row, column) in zip(bits, path(modules), strict=True):
        order[row * width + column] = bit + free * _is_turned(row, column)
    return order


def _is_turned(row: int, column: int) -> bool:
    """Return whether mask pattern 3 turns the bit of a module."""
    return (row + column) % 3 == 0


def _remainders(block_bytes: int, correction_bytes: int) -> tuple[Mapping[str, int], ...]:
    """Return what each hexadecimal digit of a block adds to its remainder, by its place; the last stands at the end."""
    table = _last_remainders(correction_bytes)
    shift = _BITS * (correction_bytes - 1)
    low = (1 << shift) - 1
    high_digits, low_digits = [table[digit << 4] for digit in range(16)], list(table[:16])
    places = list[Mapping[str, int]]()
    for _byte in range(block_bytes):
        places += (dict(zip(_DIGITS, low_digits, strict=True)), dict(zip(_DIGITS, high_digits, strict=True)))
        for shares in (high_digits, low_digits):
            shares[:] = [(share & low) << _BITS ^ table[share >> shift] for share in shares]
    return tuple(reversed(places))


def _last_remainders(correction_bytes: int) -> tuple[int, ...]:
    """Return the remainder of each byte that ends a block: the generator polynomial times the byte."""
    powers = _powers()
    logarithm = {power: exponent for exponent, power in enumerate(powers[:255])}

    def times(left: int, right: int) -> int:
        return powers[logarithm[left] + logarithm[right]] if left and right else 0

    generator = [1]
    for exponent in range(correction_bytes):
        shifted = [*generator, 0]
        for place, factor in enumerate(generator, start=1):
            shifted[place] ^= times(factor, powers[exponent])
        generator = shifted
    return tuple(int.from_bytes(bytes(times(factor, byte) for factor in generator[1:]), "big") for byte in range(256))


def _powers() -> list[int]:
    """Return the powers of 2 in the field, twice round, so that a sum of two exponents needs no division."""
    powers = [1]
    for _each in range(2 * 255):
        doubled = powers[-1] << 1
        powers.append(doubled ^ _FIELD if doubled > 0xFF else doubled)  # noqa: PLR2004 - a byte
    return powers

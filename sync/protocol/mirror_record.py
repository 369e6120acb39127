"""What the mirror says of one customer, in few bytes: no surname, no year of birth, no phone, no e-mail.

Segment and tier names stand once in the file's dictionary and are numbers here. Integers are LEB128 (unsigned),
texts are UTF-8 behind their length. A reader ignores bytes after the fields it knows, so that a newer hub may
append fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

_DAY_ZERO = date(2020, 1, 1)

_EMPLOYEE, _NO_PAPER, _HAS_BIRTHDAY, _HAS_HOUSEHOLD, _HAS_CONTACTS = 1, 2, 4, 8, 16


class DamagedRecordError(Exception):
    """The bytes are not a record of ours: a wrong key, a wrong version, or a damaged file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRecord:
    """One customer as a store may know them. `segments` maps a segment's name to the last day of membership.

    `points` is the balance at the snapshot's time; `birthday` is (month, day); `contacts` counts contacts per
    campaign made in other channels, which caps add to their own.
    """

    customer_id: str
    first_name: str = ""
    language: str = ""
    tier: str = ""
    points: int = 0
    birthday: tuple[int, int] | None = None
    household_id: str = ""
    employee: bool = False
    no_paper_offers: bool = False
    segments: dict[str, date | None] = field(default_factory=dict)
    contacts: dict[str, int] = field(default_factory=dict)


class Dictionary:
    """The names that records of one file refer to by number, in the order they were first met."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        self.names = list(names)
        self._number_by_name = {name: number for number, name in enumerate(self.names)}

    def number(self, name: str) -> int:
        """Return the number of `name`, giving it the next one when it is new."""
        number = self._number_by_name.get(name)
        if number is None:
            number = len(self.names)
            self._number_by_name[name] = number
            self.names.append(name)
        return number


def pack(record: MirrorRecord, dictionary: Dictionary) -> bytes:
    """Return a record as bytes; names that `dictionary` lacks are added to it."""
    flags = (
        _EMPLOYEE * record.employee
        | _NO_PAPER * record.no_paper_offers
        | _HAS_BIRTHDAY * (record.birthday is not None)
        | _HAS_HOUSEHOLD * bool(record.household_id)
        | _HAS_CONTACTS * bool(record.contacts)
    )
    out = bytearray([flags])
    _put_text(out, record.customer_id)
    _put_text(out, record.first_name)
    _put_number(out, dictionary.number(record.language))
    _put_number(out, dictionary.number(record.tier))
    _put_number(out, record.points * 2 if record.points >= 0 else -record.points * 2 - 1)
    if record.birthday is not None:
        out += bytes(record.birthday)
    if record.household_id:
        _put_text(out, record.household_id)
    _put_number(out, len(record.segments))
    for name, valid_until in record.segments.items():
        _put_number(out, dictionary.number(name))
        _put_number(out, 0 if valid_until is None else (valid_until - _DAY_ZERO).days + 1)
    if record.contacts:
        _put_number(out, len(record.contacts))
        for name, count in record.contacts.items():
            _put_number(out, dictionary.number(name))
            _put_number(out, count)
    return bytes(out)


def unpack(data: bytes, names: list[str]) -> MirrorRecord:
    """Return the record that `pack` made, with the file's dictionary. Raises DamagedRecordError."""
    try:
        return _unpack(data, names)
    except (IndexError, ValueError, OverflowError) as error:
        raise DamagedRecordError(f"record of {len(data)} bytes is damaged") from error


def _unpack(data: bytes, names: list[str]) -> MirrorRecord:
    flags = data[0]
    customer_id, at = _text(data, 1)
    first_name, at = _text(data, at)
    language, at = _number(data, at)
    tier, at = _number(data, at)
    points, at = _number(data, at)
    birthday = None
    if flags & _HAS_BIRTHDAY:
        birthday = (data[at], data[at + 1])
        at += 2
    household_id = ""
    if flags & _HAS_HOUSEHOLD:
        household_id, at = _text(data, at)
    segments: dict[str, date | None] = {}
    count, at = _number(data, at)
    for _ in range(count):
        name, at = _number(data, at)
        days, at = _number(data, at)
        segments[names[name]] = _DAY_ZERO + timedelta(days=days - 1) if days else None
    contacts: dict[str, int] = {}
    if flags & _HAS_CONTACTS:
        count, at = _number(data, at)
        for _ in range(count):
            name, at = _number(data, at)
            contacts[names[name]], at = _number(data, at)
    return MirrorRecord(
        customer_id=customer_id,
        first_name=first_name,
        language=names[language],
        tier=names[tier],
        points=-(points + 1) // 2 if points & 1 else points // 2,
        birthday=birthday,
        household_id=household_id,
        employee=bool(flags & _EMPLOYEE),
        no_paper_offers=bool(flags & _NO_PAPER),
        segments=segments,
        contacts=contacts,
    )


def _put_number(out: bytearray, number: int) -> None:
    assert number >= 0, number
    while number > 0x7F:  # noqa: PLR2004 - LEB128: seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _put_text(out: bytearray, text: str) -> None:
    data = text.encode()
    _put_number(out, len(data))
    out += data


def _number(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - LEB128: the high bit says that more follows
            return number, at
        shift += 7


def _text(data: bytes, at: int) -> tuple[str, int]:
    length, at = _number(data, at)
    end = at + length
    if end > len(data):
        raise IndexError(end)
    return data[at:end].decode(), end

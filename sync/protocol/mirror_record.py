"""What the mirror says of one customer, in few bytes: no surname, no year of birth, no phone, no e-mail.

Segment and tier names stand once in the file's dictionary and are numbers here. Integers are LEB128 (unsigned),
texts are UTF-8 behind their length. A record that ends early has the defaults of what is missing, and a reader
ignores bytes after the fields it knows: hubs and stores of different versions read each other. The second flags stand
behind what the first version had; a customer without any of it pays nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

CLAIMED_SALE = "sale:"
"""Begins a name in `last_bought` that is no goods: a sale, by its transaction id, that its claimer made theirs."""

_DAY_ZERO = date(2020, 1, 1)

_SINCE, _RFM, _PURCHASES, _VISIT, _EXPIRING, _ENTERED, _BOUGHT, _PERMISSIONS = 1, 2, 4, 8, 16, 32, 64, 128
_EMPLOYEE, _NO_PAPER, _HAS_BIRTHDAY, _HAS_HOUSEHOLD, _HAS_CONTACTS = 1, 2, 4, 8, 16


class DamagedRecordError(Exception):
    """The bytes are not a record of ours: a wrong key, a wrong version, or a damaged file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRecord:
    """One customer as a store may know them. `segments` maps a segment's name to the last day of membership.

    `points` is the balance at the snapshot's time; `birthday` is (month, day); `contacts` counts contacts per
    campaign made in other channels, which caps add to their own. `entered` maps a segment to the first day of it;
    `last_bought` what the chain knows of the past (`category:coffee`, `item:4711`) to the last day; `points_expiring`
    of the points go on `points_expire_on`; `permissions` are what the customer allowed, as the chain names it.
    """

    customer_id: str
    first_name: str = ""
    language: str = ""
    tier: str = ""
    points: int = 0
    points_expiring: int = 0
    points_expire_on: date | None = None
    birthday: tuple[int, int] | None = None
    household_id: str = ""
    employee: bool = False
    no_paper_offers: bool = False
    segments: dict[str, date | None] = field(default_factory=dict)
    entered: dict[str, date] = field(default_factory=dict)
    contacts: dict[str, int] = field(default_factory=dict)
    member_since: date | None = None
    permissions: tuple[str, ...] = ()
    rfm_cell: str = ""
    purchases: int | None = None
    last_visit: date | None = None
    last_bought: dict[str, date] = field(default_factory=dict)


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
        _put_number(out, 0 if valid_until is None else max((valid_until - _DAY_ZERO).days, 0) + 1)
    if record.contacts:
        _put_number(out, len(record.contacts))
        for name, count in record.contacts.items():
            _put_number(out, dictionary.number(name))
            _put_number(out, count)
    _put_more(out, record, dictionary)
    return bytes(out)


def _put_more(out: bytearray, record: MirrorRecord, dictionary: Dictionary) -> None:
    """Append what the second version added; nothing where there is nothing of it."""
    if _has_no_more(record):
        return
    parts: list[tuple[int, bytearray]] = []

    def part(flag: int, *, is_there: bool) -> bytearray:
        body = bytearray()
        if is_there:
            parts.append((flag, body))
        return body

    _put_day(part(_SINCE, is_there=record.member_since is not None), record.member_since)
    _put_number(part(_RFM, is_there=bool(record.rfm_cell)), dictionary.number(record.rfm_cell))
    _put_number(part(_PURCHASES, is_there=record.purchases is not None), record.purchases or 0)
    _put_day(part(_VISIT, is_there=record.last_visit is not None), record.last_visit)
    expiring = part(_EXPIRING, is_there=record.points_expire_on is not None)
    _put_number(expiring, record.points_expiring)
    _put_day(expiring, record.points_expire_on)
    _put_days(part(_ENTERED, is_there=bool(record.entered)), record.entered, dictionary)
    _put_days(part(_BOUGHT, is_there=bool(record.last_bought)), record.last_bought, dictionary)
    permissions = part(_PERMISSIONS, is_there=bool(record.permissions))
    _put_number(permissions, len(record.permissions))
    for name in record.permissions:
        _put_number(permissions, dictionary.number(name))
    _put_number(out, sum(flag for flag, _ in parts))
    for _, body in parts:
        out += body


def _has_no_more(record: MirrorRecord) -> bool:
    """Return whether a record has nothing but what the first version knew."""
    days = (record.member_since, record.last_visit, record.points_expire_on)
    lists = record.entered or record.last_bought or record.permissions
    return days == (None, None, None) and record.purchases is None and not record.rfm_cell and not lists


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
    more = _more(data, at, names) if at < len(data) else {}
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
        **more,
    )


def _more(data: bytes, at: int, names: list[str]) -> dict[str, Any]:
    """Return what the second version added, as arguments of a record."""
    found: dict[str, Any] = {}
    flags, at = _number(data, at)
    if flags & _SINCE:
        found["member_since"], at = _day(data, at)
    if flags & _RFM:
        name, at = _number(data, at)
        found["rfm_cell"] = names[name]
    if flags & _PURCHASES:
        found["purchases"], at = _number(data, at)
    if flags & _VISIT:
        found["last_visit"], at = _day(data, at)
    if flags & _EXPIRING:
        found["points_expiring"], at = _number(data, at)
        found["points_expire_on"], at = _day(data, at)
    if flags & _ENTERED:
        found["entered"], at = _days(data, at, names)
    if flags & _BOUGHT:
        found["last_bought"], at = _days(data, at, names)
    if flags & _PERMISSIONS:
        count, at = _number(data, at)
        numbers = []
        for _ in range(count):
            number, at = _number(data, at)
            numbers.append(number)
        found["permissions"] = tuple(names[number] for number in numbers)
    return found


def _put_day(out: bytearray, day: date | None) -> None:
    """Append a day; one before 2020 is an odd number, because members may be older than the store's PC."""
    days = ((day or _DAY_ZERO) - _DAY_ZERO).days
    _put_number(out, days * 2 if days >= 0 else -days * 2 - 1)


def _put_days(out: bytearray, days: dict[str, date], dictionary: Dictionary) -> None:
    _put_number(out, len(days))
    for name, day in days.items():
        _put_number(out, dictionary.number(name))
        _put_day(out, day)


def _day(data: bytes, at: int) -> tuple[date, int]:
    number, at = _number(data, at)
    return _DAY_ZERO + timedelta(days=-(number + 1) // 2 if number & 1 else number // 2), at


def _days(data: bytes, at: int, names: list[str]) -> tuple[dict[str, date], int]:
    days: dict[str, date] = {}
    count, at = _number(data, at)
    for _ in range(count):
        name, at = _number(data, at)
        days[names[name]], at = _day(data, at)
    return days, at


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

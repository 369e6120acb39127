"""A batch as bytes: how a commit stands on disk before the cut that it belongs to (table `foreseen`).

JSON: each part as [its name, its fields]; what JSON has no word for as {kind: text}. Read by the same program at its
next start, milliseconds or a night later. With it stands what it rests on, so that the next start can tell whether
anything else was committed meanwhile that makes it untrue.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, cast

from agent.journal.batch import AwaitOutcome, Batch, Capture, Change, DropScan, DropValue, KeepScan, KeepValue, KnowSale
from agent.journal.records import ClockQuality, NewRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a commit rests on: the moment it was worked out at, and the rows of the ledger that it changes, as before.

    A row is its kind, its id and its body, None where there was none.
    """

    at: datetime
    rows: tuple[tuple[str, str, str | None], ...] = ()


_PARTS: Mapping[str, type] = MappingProxyType(
    {
        part.__name__: part
        for part in (Grounds, Capture, NewRecord, AwaitOutcome, DropScan, KeepScan, KeepValue, DropValue, KnowSale)
    }
)
"""What a receipt's batch is made of, and what it rests on."""

_READ: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "bytes": b64decode,
        "moment": datetime.fromisoformat,
        "day": date.fromisoformat,
        "clock": ClockQuality,
    }
)


def spell_batch(batch: Batch, grounds: Grounds) -> bytes:
    """Return a receipt's batch as bytes. A receipt makes no other changes than these."""
    parts = [grounds, *([batch.capture] if batch.capture is not None else ()), *batch.records, *batch.changes]
    return json.dumps([_spelt_part(part) for part in parts], ensure_ascii=False, separators=(",", ":")).encode()


def read_batch(body: bytes) -> tuple[Batch, Grounds]:
    """Return the batch and what it rests on. Raises ValueError for what this program did not spell."""
    try:
        parts = [_PARTS[name](**{key: _read(value) for key, value in told.items()}) for name, told in json.loads(body)]
        grounds, *rest = parts
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no batch of this program: {error!r}") from error
    if not isinstance(grounds, Grounds):
        raise ValueError("a batch that rests on nothing")  # noqa: TRY004 - whoever reads it knows one kind of refusal
    capture = next((part for part in rest if isinstance(part, Capture)), None)
    records = tuple(part for part in rest if isinstance(part, NewRecord))
    changes = tuple(cast("Change", part) for part in rest if not isinstance(part, Capture | NewRecord))
    return Batch(records=records, capture=capture, changes=changes), grounds


def _spelt_part(part: Grounds | Capture | NewRecord | Change) -> tuple[str, dict[str, object]]:
    name = type(part).__name__
    assert name in _PARTS, name
    return name, {field.name: _spelt(getattr(part, field.name)) for field in fields(part)}


def _spelt(value: object) -> object:
    match value:
        case bytes():
            return {"bytes": b64encode(value).decode()}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case ClockQuality():
            return {"clock": value.value}
    return value


def _read(value: Any) -> object:
    if isinstance(value, list):
        return tuple(map(_read, value))
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    return _READ[kind](text)

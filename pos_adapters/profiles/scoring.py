"""How well receipts are read: goldens held against documents, as figures by source and language.

A golden tells `kind`, `total`, `items`, `currency` and `text` of a job's document; it was written by a person or by
the till that printed the job, never by the reader. Precision counts accepted transactions that are right, recall
the sales that were accepted; errors in characters are counted against `text`, gaps within a line folded to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher

_TRANSACTIONS = ("sale", "return")
LINE_DISTANCE_MAX = 2_000  # longer texts are compared as wholly wrong: no paper is that wide, nor goes a line on so


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One golden held against what was read of its job."""

    name: str
    source: str
    language: str
    kind_right: bool
    sale: bool  # the golden is a sale or return
    accepted: bool
    wrong: tuple[str, ...]  # what an accepted transaction got wrong
    parked: str
    characters: int
    character_errors: int


def score(name: str, golden: Mapping[str, object], document: Mapping[str, object] | None) -> Score:
    """Hold one golden against the document read (contract shape; None when the job gave none)."""
    read = document or {}
    transaction = read.get("transaction")
    accepted = isinstance(transaction, Mapping) and read.get("kind") in _TRANSACTIONS
    wrong = _wrong(golden, transaction) if accepted and isinstance(transaction, Mapping) else ()
    if accepted and golden.get("kind") not in _TRANSACTIONS:
        wrong = (*wrong, "kind")
    parked = read.get("parked")
    characters, errors = _character_errors(golden.get("text"), read.get("text"))
    return Score(
        name=name,
        source=str(golden.get("source") or "all"),
        language=str(golden.get("language") or "unknown"),
        kind_right=read.get("kind") == golden.get("kind"),
        sale=golden.get("kind") in _TRANSACTIONS,
        accepted=accepted,
        wrong=wrong,
        parked=str(parked.get("reason")) if isinstance(parked, Mapping) else "",
        characters=characters,
        character_errors=errors,
    )


def _wrong(golden: Mapping[str, object], transaction: Mapping[str, object]) -> tuple[str, ...]:
    wrong = []
    if golden.get("total") is not None and _decimal(golden["total"]) != _decimal(transaction.get("total")):
        wrong.append("total")
    if golden.get("items") is not None and _items(golden["items"]) != _items(transaction.get("line_items")):
        wrong.append("items")
    currency = transaction.get("currency")
    if golden.get("currency") is not None and currency is not None and golden["currency"] != currency:
        wrong.append("currency")
    return tuple(wrong)


def _items(items: object) -> int | None:
    """Return how many goods: a golden counts or lists them; of a transaction the goods count."""
    if isinstance(items, int):
        return items
    if isinstance(items, str):
        return int(items) if items.isdigit() else None
    if isinstance(items, Sequence):
        return sum(not isinstance(item, Mapping) or item.get("type", "sale") in _TRANSACTIONS for item in items)
    return None


def _decimal(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _character_errors(expected: object, found: object) -> tuple[int, int]:
    if expected is None:
        return 0, 0
    wanted, seen = _lines(expected), _lines(found)
    errors = 0
    for what, begin, end, first, last in SequenceMatcher(None, wanted, seen, autojunk=False).get_opcodes():
        if what != "equal":
            errors += _between(wanted[begin:end], seen[first:last])
    return sum(len(line) for line in wanted), errors


def _between(wanted: Sequence[str], seen: Sequence[str]) -> int:
    """Return the errors of lines that are not alike; a line that went on on the next one is no error."""
    if not (wanted and seen):
        return sum(map(len, (*wanted, *seen)))
    if len(wanted) == len(seen):
        return sum(map(_distance, wanted, seen))
    return min(_distance(mark.join(wanted), mark.join(seen)) for mark in (" ", ""))


def _lines(text: object) -> list[str]:
    lines = (
        text.split("\n") if isinstance(text, str) else [str(line) for line in text] if isinstance(text, list) else []
    )
    return [" ".join(line.split()) for line in lines if line.strip()]


def _distance(one: str, other: str) -> int:
    """Levenshtein's distance between two lines."""
    if one == other:
        return 0
    if max(len(one), len(other)) > LINE_DISTANCE_MAX:
        return max(len(one), len(other))
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        above, row[0] = row[0], at
        for place, against in enumerate(other, 1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (letter != against))
    return row[-1]


def figures(scores: Sequence[Score]) -> dict[str, object]:
    """Return the figures of all scores, then by source and by language, and every error by name."""
    return {
        "all": figures_of(scores),
        "by_source": _grouped(scores, "source"),
        "by_language": _grouped(scores, "language"),
        "errors": [{"name": one.name, "wrong": list(one.wrong)} for one in scores if one.wrong],
        "not_accepted": [{"name": one.name, "parked": one.parked} for one in scores if one.sale and not one.accepted],
        "kinds_wrong": [one.name for one in scores if not one.kind_right],
    }


def _grouped(scores: Sequence[Score], by: str) -> dict[str, dict[str, float | None]]:
    groups: dict[str, list[Score]] = {}
    for one in scores:
        groups.setdefault(getattr(one, by), []).append(one)
    return {name: figures_of(groups[name]) for name in sorted(groups)}


def figures_of(scores: Sequence[Score]) -> dict[str, float | None]:
    """Return the figures of some scores; a share is None where there is nothing to share."""
    accepted = [one for one in scores if one.accepted]
    sales = [one for one in scores if one.sale]
    others = [one for one in scores if not one.sale]
    characters = sum(one.characters for one in scores)
    return {
        "documents": len(scores),
        "without_error": sum(not one.wrong for one in scores),
        "sales": len(sales),
        "accepted": len(accepted),
        "precision": _share(sum(not one.wrong for one in accepted), len(accepted)),
        "recall": _share(sum(one.accepted and not one.wrong for one in sales), len(sales)),
        "kinds_right": _share(sum(one.kind_right for one in scores), len(scores)),
        "refused": _share(sum(not one.accepted for one in others), len(others)),
        "character_error_rate": _share(sum(one.character_errors for one in scores), characters),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None

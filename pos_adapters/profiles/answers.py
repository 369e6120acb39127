r"""What a person knows of samples, as they write it: `{"job-1": {"kind": "sale", "total": "4.30", "tenders": {...}}}`.

Contract: pure. `parse_answers` returns an `Answer` a sample, or raises ConfigurationError that says which sample, which
field, and what to write: a mistyped field that is passed over would teach nothing and say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Final, TypeVar

from pos_adapters.profiles.learning import Answer
from pos_adapters.reading.labels import TENDERS
from pos_adapters.reading.lexicon import Role
from retail.errors import ConfigurationError
from retail.transaction import DocumentKind

_FIELDS: Final = ("kind", "total", "tenders")
_EXAMPLE: Final = 'write {"NAME": {"kind": "sale", "total": "4.30", "tenders": {"cash": "5.00"}}}'


def parse_answers(told: object, *, source: str, samples: Iterable[str]) -> dict[str, Answer]:
    """Return the answers by sample; `source` names them in messages, `samples` are the names they may be about."""
    if not isinstance(told, dict):
        raise ConfigurationError(f"{source}: no object of answers by sample", fix=_EXAMPLE, code="bad_answer")
    names = list(samples)
    answers = {}
    for name, one in told.items():
        where = f"{source}, {name}"
        if name not in names:
            raise ConfigurationError(f"{where}: no sample is called so", fix=_hint(name, names), code="unknown_sample")
        if not isinstance(one, dict):
            raise ConfigurationError(f"{where}: no object", fix=_EXAMPLE, code="bad_answer")
        answers[name] = _answer(one, where)
    return answers


def _answer(told: Mapping[str, object], where: str) -> Answer:
    for field in told:
        if field not in _FIELDS:
            raise ConfigurationError(f"{where}: nobody knows `{field}`", fix=_hint(field, _FIELDS), code="unknown_key")
    kind, total, tenders = told.get("kind"), told.get("total"), told.get("tenders")
    if not isinstance(tenders, dict | None):
        raise ConfigurationError(f"{where}: tenders are no object", fix=_EXAMPLE, code="bad_answer")
    return Answer(
        kind=_one_of({each.value: each for each in DocumentKind}, kind, f"{where}: kind") if kind else None,
        total=_amount(total, f"{where}: total") if total is not None else None,
        tenders={
            _one_of({role.value: role for role in TENDERS | {Role.CHANGE}}, name, f"{where}: tenders"): _amount(
                amount, f"{where}: tenders.{name}"
            )
            for name, amount in (tenders or {}).items()
        },
    )


_Known = TypeVar("_Known")


def _one_of(known: Mapping[str, _Known], told: object, where: str) -> _Known:
    found = known.get(told) if isinstance(told, str) else None
    if found is None:
        raise ConfigurationError(f"{where}: nobody knows `{told}`", fix=_hint(str(told), known), code="unknown_value")
    return found


def _amount(told: object, where: str) -> Decimal:
    try:
        amount = Decimal(str(told))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or isinstance(told, bool):
        raise ConfigurationError(f"{where}: `{told}` is no amount", fix='write it as "4.30"', code="bad_amount")
    return amount


def _hint(told: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(told, names, n=1)
    return f"did you mean `{near[0]}`?" if near else f"use one of: {', '.join(names)}"

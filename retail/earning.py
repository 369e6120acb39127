"""How many points a sale earns, line by line, so that a return takes back exactly what the goods had earned.

Points are whole: the sum over the sale is rounded down once, then shared out to the lines by largest remainder, so
that lines add up to the sale. A partial return takes the rounding with it at last: three thirds returned one by one
take back the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from retail.facts import Basket
from retail.line_items import PriceModificationLineItem, SaleLineItem, TenderLineItem, TenderType
from retail.transaction import RetailTransaction

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnRule:
    """Points for one unit of currency; goods and tenders that earn nothing. Restricted goods never earn.

    Paying with points, vouchers or gift cards earns nothing: they were earned or given before.
    """

    points_per_unit: Decimal = Decimal(1)
    excluded_keys: frozenset[str] = frozenset()
    excluded_tenders: frozenset[TenderType] = frozenset(
        {TenderType.POINTS, TenderType.VOUCHER, TenderType.STORED_VALUE, TenderType.COUPON}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What a sale earns: in all, and on each line of its basket (same order)."""

    points: int
    by_line: tuple[int, ...]


def earning_of(
    transaction: RetailTransaction,
    basket: Basket,
    rule: EarnRule,
    *,
    factor: Decimal = Decimal(1),
    by_line: Sequence[Decimal] = (),
) -> Earning:
    """Return the points of a sale; `factor` is the tier's, `by_line` what campaigns multiply each line by (none: once).

    Discounts on the whole lower every line by its share; what was paid by an excluded tender earns nothing. Goods
    brought back in the same sale (an exchange) lower nothing here: what they had earned is taken back by itself, at
    the rate of their own purchase, so that the exchange earns on the difference.
    """
    lines = [line.line.amount.amount for line in basket.lines]
    sold = (line for line in transaction.goods() if isinstance(line, SaleLineItem))
    goods = sum((line.amount.amount for line in sold), _NOTHING)
    discounts = sum(
        (line.amount.amount for line in transaction.line_items if isinstance(line, PriceModificationLineItem)), _NOTHING
    )
    paid_share = (goods + discounts) / goods if goods > 0 else _NOTHING
    earning_share = max(paid_share, _NOTHING) * _earning_tenders(transaction, rule)
    exact = [
        _NOTHING
        if rule.excluded_keys.intersection(line.keys)
        else max(amount, _NOTHING) * earning_share * rule.points_per_unit * factor * multiplier
        for line, amount, multiplier in zip(basket.lines, lines, by_line or [Decimal(1)] * len(lines), strict=True)
    ]
    return _shared_out(exact)


def points_of_return(line_points: int, *, sold: Decimal, returned_before: Decimal, returned_now: Decimal) -> int:
    """Return how many points a return of `returned_now` of `sold` units takes back, given what was returned before.

    However a line is returned, piece by piece or at once, the sum is what it had earned; never more.
    """
    if sold <= 0:
        return 0
    before = min(max(returned_before, _NOTHING), sold)
    after = min(before + max(returned_now, _NOTHING), sold)
    return _floor(line_points * after / sold) - _floor(line_points * before / sold)


def _earning_tenders(transaction: RetailTransaction, rule: EarnRule) -> Decimal:
    """Return the share of the sale that was paid by tenders that earn; all of it when no tender is printed."""
    tenders = [line for line in transaction.line_items if isinstance(line, TenderLineItem)]
    paid = sum((line.amount.amount for line in tenders), _NOTHING)
    if not tenders or paid <= 0:
        return Decimal(1)
    excluded = sum((line.amount.amount for line in tenders if line.tender_type in rule.excluded_tenders), _NOTHING)
    return max(paid - max(excluded, _NOTHING), _NOTHING) / paid


def _shared_out(exact: Sequence[Decimal]) -> Earning:
    total = _floor(sum(exact, _NOTHING))
    by_line = [_floor(points) for points in exact]
    missing = total - sum(by_line)
    by_remainder = sorted(range(len(exact)), key=lambda place: (by_line[place] - exact[place], place))
    for place in by_remainder[:missing]:
        by_line[place] += 1
    return Earning(points=total, by_line=tuple(by_line))


def _floor(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_FLOOR))

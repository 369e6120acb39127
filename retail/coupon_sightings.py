"""Coupons seen in a receipt: at level P nobody asks before the till takes one, but its barcode is printed afterwards.

The code stands in a line's item code, or among the digits of its text (`GUTSCHEIN 2099123456786`). Codes that this
store has issued are looked for everywhere; what only looks like a coupon of the chain counts where it takes something
off and is no goods' code, so that no product is ever taken for a coupon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal

from retail.line_items import LineItem, PriceModificationLineItem, ReturnLineItem, SaleLineItem
from retail.transaction import RetailTransaction, TransactionStatus

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{4,40}")
"""What may be a code in a line's text: fewer characters are quantities and prices."""

_MINUS = re.compile(r"(?:^|\s)[-\N{MINUS SIGN}]\s?\d|\d-(?:\s|$)")


def coupons_seen(transaction: RetailTransaction, issued: Collection[str]) -> tuple[str, ...]:
    """Return the till codes of our coupons that a completed sale shows, each as often as it was used.

    A line taken back again (a return line, a positive modification) takes its use back.
    """
    if not issued or transaction.status is not TransactionStatus.COMPLETED:
        return ()
    used: dict[str, int] = {}
    for line in transaction.line_items:
        for code in _codes_of(line):
            if code in issued:
                used[code] = used.get(code, 0) + (-1 if _is_taken_back(line) else 1)
                break
    return tuple(code for code, times in used.items() for _use in range(max(times, 0)))


def coupons_printed(lines: Iterable[str], issued: Collection[str]) -> tuple[str, ...]:
    """Return the till codes of our coupons that stand in a receipt's text, each as often as it was used.

    For tills that print the code beside or below the discount, where no line item carries it. A line without a minus
    takes a use back where others have one: the cashier has cancelled it.
    """
    if not issued:
        return ()
    plain: dict[str, int] = {}
    less: dict[str, int] = {}
    for line in lines:
        for code in _CODE.findall(line):
            if code in issued:
                counts = less if _is_less(line) else plain
                counts[code] = counts.get(code, 0) + 1
    used = {code: less[code] - plain.get(code, 0) if code in less else plain[code] for code in {**less, **plain}}
    return tuple(code for code, times in used.items() for _use in range(max(times, 0)))


def codes_taken_off(
    transaction: RetailTransaction, lines: Sequence[str], is_wanted: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return the wanted codes that stand with a minus in a completed sale, each as often as it was used.

    A code that goods bear in the same receipt is theirs: a reduced price, goods brought back.
    """
    if transaction.status is not TransactionStatus.COMPLETED:
        return ()
    less = {code for line in lines if _is_less(line) for code in _CODE.findall(line) if is_wanted(code)}
    for line in transaction.line_items:
        if isinstance(line, PriceModificationLineItem) and not _is_taken_back(line):
            less.update(code for code in _codes_of(line) if is_wanted(code))
    if not less:
        return ()
    wanted = less.difference(*map(_codes_of, transaction.goods()))
    return coupons_seen(transaction, wanted) or coupons_printed(lines, wanted)


def taken_off(transaction: RetailTransaction, lines: Iterable[str], code: str) -> Decimal | None:
    """Return what one use of a coupon took off: the discount in whose line its code stands; None where none does."""
    bearing = ["".join(filter(str.isdigit, line)) for line in lines if code in _CODE.findall(line)]
    amounts = [
        -line.amount.amount
        for line in transaction.line_items
        if isinstance(line, PriceModificationLineItem) and not _is_taken_back(line)
    ]
    shown = [each for each in amounts if any(digits.endswith(str(each).replace(".", "")) for digits in bearing)]
    return max(shown, default=None)


def _is_less(line: str) -> bool:
    """Whether a line takes something off."""
    return ("-" in line or "\N{MINUS SIGN}" in line) and _MINUS.search(line) is not None


def _codes_of(line: LineItem) -> Iterator[str]:
    if isinstance(line, SaleLineItem | ReturnLineItem):
        yield from (code for code in (line.gtin, line.item_id) if code)
    yield from _CODE.findall(line.description)


def _is_taken_back(line: LineItem) -> bool:
    if isinstance(line, PriceModificationLineItem):
        return line.amount.amount > 0
    return isinstance(line, ReturnLineItem)

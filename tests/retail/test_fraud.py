"""Fraud patterns: a question to a person when the numbers are odd, silence when they are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.coupon_sightings import coupons_seen
from retail.fraud import FraudPolicy, Pattern, SaleSeen, flags
from retail.identifiers import CustomerId, OperatorId, TransactionId, WorkstationId
from retail.line_items import PriceModificationLineItem, ReturnLineItem, SaleLineItem, TenderLineItem, TenderType
from retail.money import Money
from retail.transaction import RetailTransaction, TransactionStatus

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
POLICY = FraudPolicy()


def seen(number: int, minutes_ago: float, **fields: object) -> SaleSeen:
    made = SaleSeen(
        transaction_id=TransactionId(f"t{number}"),
        at=NOW - timedelta(minutes=minutes_ago),
        workstation_id=WorkstationId("1"),
        customer_id=CustomerId("c1"),
    )
    return replace(made, **fields)


def patterns(sale: SaleSeen, before: list[SaleSeen]) -> set[Pattern]:
    return {flag.pattern for flag in flags(sale, before, POLICY)}


SALE = seen(0, 0)


def test_an_ordinary_member_is_left_alone() -> None:
    assert flags(SALE, [seen(1, 200), seen(2, 700)], POLICY) == ()
    assert flags(replace(SALE, customer_id=None), [seen(n, n) for n in range(1, 50)], POLICY) == ()


@pytest.mark.parametrize(
    ("sale", "before", "pattern"),
    [
        (SALE, [seen(n, 15 * n) for n in range(1, 4)], Pattern.CARD_TOO_OFTEN_AN_HOUR),
        (
            SALE,
            [seen(n, 100 * n, workstation_id=WorkstationId("2")) for n in range(1, 7)],
            Pattern.CARD_TOO_OFTEN_A_DAY,
        ),
        (replace(SALE, is_staff=True), [seen(n, 100 * n) for n in range(1, 4)], Pattern.STAFF_CARD),
        (
            replace(SALE, after_payment=True),
            [seen(n, 100 * n, after_payment=True) for n in range(1, 3)],
            Pattern.CARD_AFTER_PAYMENT,
        ),
        (
            replace(SALE, is_return=True),
            [seen(n, 100 * n, is_return=True) for n in range(1, 3)],
            Pattern.EARN_AND_RETURN,
        ),
        (SALE, [seen(1, 4), seen(2, 8)], Pattern.SPLIT_BASKETS),
        (
            replace(SALE, operator_id=OperatorId("o")),
            [
                seen(n, 100 + n, operator_id=OperatorId("o"), customer_id=CustomerId("c1" if n < 3 else f"x{n}"))
                for n in range(1, 12)
            ],
            Pattern.CARD_OF_ONE_OPERATOR,
        ),
    ],
)
def test_each_pattern_is_raised_by_its_numbers_and_not_by_one_less(
    sale: SaleSeen, before: list[SaleSeen], pattern: Pattern
) -> None:
    assert pattern in patterns(sale, before)
    assert pattern not in patterns(sale, before[1:])
    (flag,) = (flag for flag in flags(sale, before, POLICY) if flag.pattern is pattern)
    assert flag.why


def test_what_was_yesterday_does_not_count() -> None:
    assert flags(SALE, [seen(n, 24 * 60 + n) for n in range(1, 50)], POLICY) == ()


sales = st.builds(
    seen,
    st.integers(0, 9),
    st.integers(-30, 3000),
    is_staff=st.booleans(),
    is_return=st.booleans(),
    after_payment=st.booleans(),
    operator_id=st.sampled_from([None, OperatorId("o")]),
    customer_id=st.sampled_from([None, CustomerId("c1"), CustomerId("c2")]),
)


@given(sales, st.lists(sales, max_size=20), st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_change_what_is_suspected(sale: SaleSeen, before: list[SaleSeen], shuffled) -> None:
    once = {each.transaction_id: each for each in before}
    expected = flags(sale, list(once.values()), POLICY)
    mixed = list(once.values())
    shuffled.shuffle(mixed)
    assert flags(sale, [*mixed, sale], POLICY) == expected


CODE = "2099123456786"


def bought(*lines: object, **fields: object) -> RetailTransaction:
    return RetailTransaction(line_items=lines, total=Money.of("1.00", "EUR"), **fields)


def goods(text: str, **fields: str) -> SaleLineItem:
    return SaleLineItem(description=text, amount=Money.of("-1.00", "EUR"), **fields)


@pytest.mark.parametrize(
    "line",
    [
        goods("Coupon", gtin=CODE),
        goods("Coupon", item_id=CODE),
        goods(f"GUTSCHEIN {CODE}"),
        PriceModificationLineItem(description=f"Rabatt {CODE} 15%", amount=Money.of("-1.00", "EUR")),
        TenderLineItem(description=f"COUPON/{CODE}", amount=Money.of("1.00", "EUR"), tender_type=TenderType.COUPON),
    ],
)
def test_a_coupon_is_seen_wherever_the_till_prints_its_code(line: object) -> None:
    assert coupons_seen(bought(goods("Coffee"), line), {CODE}) == (CODE,)


def test_only_our_own_codes_are_coupons_and_a_line_taken_back_is_none() -> None:
    assert coupons_seen(bought(goods("Milk", gtin="4006381333931")), {CODE}) == ()
    back = ReturnLineItem(description=f"Coupon {CODE}", amount=Money.of("1.00", "EUR"))
    assert coupons_seen(bought(goods(f"Coupon {CODE}"), back), {CODE}) == ()
    assert coupons_seen(bought(goods(f"Coupon {CODE}"), status=TransactionStatus.VOIDED), {CODE}) == ()
    assert coupons_seen(bought(goods(f"A {CODE}"), goods(f"B {CODE}")), {CODE}) == (CODE, CODE)

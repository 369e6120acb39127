"""The last day's sales are remembered by card and by operator: what a sale looks like is the same as among all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.value.book import ValueBook
from agent.value.suspicions import DAY, Suspicions
from retail.fraud import FraudPolicy, SaleSeen, flags
from retail.identifiers import CustomerId, OperatorId, TransactionId, WorkstationId

BEGAN = datetime(2026, 11, 21, 8, tzinfo=UTC)
POLICY = FraudPolicy(operator_sales=3)

SALES = st.lists(
    st.tuples(
        st.sampled_from(["anna", "boris", None]),
        st.sampled_from(["op-1", "op-2", None]),
        st.sampled_from(["1", "2"]),
        st.integers(0, 600),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)


@given(SALES)
def test_a_sale_looks_as_it_would_among_all_sales_of_the_day(stories: list[tuple]) -> None:
    suspicions, before, at = Suspicions(ValueBook()), [], BEGAN
    for number, (customer, operator, till, minutes, is_return, is_staff) in enumerate(stories):
        at += timedelta(minutes=minutes)
        sale = SaleSeen(
            transaction_id=TransactionId(f"t{number}"),
            at=at,
            workstation_id=WorkstationId(till),
            customer_id=CustomerId(customer) if customer else None,
            operator_id=OperatorId(operator) if operator else None,
            is_return=is_return,
            is_staff=is_staff,
        )
        told = [(content["pattern"], content["why"]) for _kind, content in suspicions.seen(sale, POLICY)]
        day = [each for each in before if at - each.at <= DAY and each.customer_id is not None]
        assert told == [(flag.pattern.value, flag.why) for flag in flags(sale, day, POLICY)]
        before.append(sale)


def test_who_is_forgotten_is_suspected_of_nothing_that_was_before() -> None:
    suspicions = Suspicions(ValueBook())

    def sold(number: int) -> list[object]:
        sale = SaleSeen(
            transaction_id=TransactionId(f"t{number}"),
            at=BEGAN + timedelta(seconds=number),
            workstation_id=WorkstationId("1"),
            customer_id=CustomerId("anna"),
        )
        return suspicions.seen(sale, POLICY)

    assert [bool(sold(number)) for number in range(3)] == [False, False, True]
    suspicions.forget("anna")
    assert sold(3) == []

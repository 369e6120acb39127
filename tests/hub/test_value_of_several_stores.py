"""No value exists twice and none is lost, whatever the order: three stores' real ledgers, a real hub, links that break."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.hub.chain_machine import Chain
from tests.hub.stores_of_a_chain import GOODS, NAMES

RUNS = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,  # the quick tier tries the same orders every time
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
LEAST = {
    "sales paid with points": 25,
    "sales paid with points, brought back": 10,
    "coupons used": 25,
    "coupons refused": 25,
    "coupons given back": 5,
    "leases handed back": 10,
}
"""How often the orders that are tried must reach what they are there for: once a run; what goes back, in some of them. What chance does not reach proves nothing."""


def test_no_value_exists_twice_and_none_is_lost_whatever_the_order() -> None:
    reached: Counter[str] = Counter()

    class Watched(Chain):
        def teardown(self) -> None:
            if hasattr(self, "stores"):
                for what, times in self.reached().items():
                    reached[what] += times
                    event(f"{what}: {'yes' if times else 'no'}")
            super().teardown()

    run_state_machine_as_test(Watched, settings=RUNS)
    assert {what: times for what, times in reached.items() if times < LEAST[what]} == {}


@pytest.mark.parametrize(
    "pieces", [[("Coffee",), ("Tea",), ("Bread",)], [("Bread", "Tea"), ("Coffee",)], [tuple(GOODS)]]
)
def test_points_that_paid_for_a_sale_of_several_lines_go_back_exactly_however_its_goods_come_back(
    pieces: list[tuple[str, ...]],
) -> None:
    chain = Chain()
    chain.open()
    try:
        for again, name in enumerate(NAMES[:2]):
            chain.is_paid_with_points_and_brought_back(name, pieces[0])
            chain.points_that_paid_go_back_with_the_goods_exactly()
            for goods in [*pieces[1:], tuple(GOODS)]:
                chain.is_brought_back(name, "1", len(chain.sold[name]) - 1, goods, is_void=False)
                chain.points_that_paid_go_back_with_the_goods_exactly()
            chain.is_killed(name)
            chain.points_that_paid_go_back_with_the_goods_exactly()
            assert len([paid for paid in chain.paid.values() if paid.burns]) == again + 1, "each was paid with points"
        chain.no_point_is_spent_that_was_not_there()
    finally:
        chain.teardown()

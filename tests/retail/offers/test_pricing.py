"""Price effects: never below the floor, never more than promised, exact to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.errors import ConfigurationError
from retail.facts import Basket, BasketLine
from retail.line_items import SaleLineItem
from retail.money import Money
from retail.offers.campaign_file import campaign_from_mapping
from retail.offers.decision import Reward
from retail.offers.pricing import PriceEffect, price_effects
from retail.offers.triggers import RHYTHMS, Trigger, rule_text, trigger_rule
from retail.rule_words import parse_rule


def reward(name: str = "a", **benefit: object) -> Reward:
    campaign = campaign_from_mapping(
        {"id": name, "where": ["receipt"], "starts": "2026-11-01", "ends": "2026-11-30", "benefit": benefit}
    )
    return Reward(
        campaign=campaign, value=campaign.benefit.value, cost=Money.of(0), valid_until=date(2026, 11, 30), why=()
    )


def basket(*lines: tuple[str, str, str]) -> Basket:
    """Make a basket of (key, quantity, amount)."""
    made = tuple(
        BasketLine(
            line=SaleLineItem(description=key, quantity=Decimal(quantity), amount=Money.of(amount, "EUR")), keys=(key,)
        )
        for key, quantity, amount in lines
    )
    return Basket(lines=made, total=Money(sum((Decimal(line[2]) for line in lines), Decimal(0)), "EUR"))


def taken(effects: tuple[PriceEffect, ...]) -> list[tuple[str, int, str]]:
    return [(effect.campaign_id, effect.line, str(effect.amount)) for effect in effects]


COFFEE = ("category:coffee", "1", "6.49")
TEA = ("category:tea", "2", "5.00")


@pytest.mark.parametrize(
    ("benefit", "lines", "effects"),
    [
        ({"kind": "percent", "value": "15", "applies_to": "category:coffee"}, [COFFEE, TEA], [("a", 0, "-0.97")]),
        ({"kind": "percent", "value": "10"}, [COFFEE, TEA], [("a", 0, "-0.64"), ("a", 1, "-0.50")]),
        ({"kind": "amount", "value": "1.00"}, [COFFEE, TEA], [("a", 0, "-0.56"), ("a", 1, "-0.44")]),
        ({"kind": "amount", "value": "99"}, [COFFEE], [("a", 0, "-6.49")]),
        ({"kind": "amount", "value": "99", "floor": "1.00"}, [TEA], [("a", 0, "-3.00")]),
        ({"kind": "percent", "value": "100", "floor": "6.49"}, [COFFEE], []),
        ({"kind": "percent", "value": "50", "cost_max": "1.00"}, [COFFEE, TEA], [("a", 0, "-1.00")]),
        ({"kind": "fixed_price", "value": "2.00", "applies_to": "category:tea"}, [TEA], [("a", 0, "-1.00")]),
        ({"kind": "fixed_price", "value": "9.00", "applies_to": "category:tea"}, [TEA], []),
        (
            {"kind": "nth_free", "value": 3, "applies_to": "category:tea"},
            [TEA, ("category:tea", "1", "1.20")],
            [("a", 1, "-1.20")],
        ),
        ({"kind": "nth_free", "value": 3, "applies_to": "category:tea"}, [TEA], []),
        ({"kind": "nth_free", "value": 2, "applies_to": "category:tea"}, [("category:tea", "2.34", "9")], []),
        ({"kind": "points", "value": 100}, [COFFEE], []),
        ({"kind": "gift"}, [COFFEE], []),
    ],
)
def test_what_each_benefit_takes_off(benefit: dict, lines: list, effects: list) -> None:
    assert taken(price_effects([reward(**benefit)], basket(*lines))) == effects


def test_offers_on_lines_come_before_offers_on_the_basket_and_each_sees_what_is_left() -> None:
    whole = reward("whole", kind="percent", value="50")
    coffee = reward("coffee", kind="percent", value="50", applies_to="category:coffee")
    effects = price_effects([whole, coffee], basket(("category:coffee", "1", "8.00")))
    assert taken(effects) == [("coffee", 0, "-4.00"), ("whole", 0, "-2.00")]


benefits = st.one_of(
    st.fixed_dictionaries({"kind": st.just("percent"), "value": st.integers(1, 100)}),
    st.fixed_dictionaries({"kind": st.just("amount"), "value": st.sampled_from(["0.01", "1.00", "7.77", "500"])}),
    st.fixed_dictionaries(
        {"kind": st.just("nth_free"), "value": st.integers(2, 4), "applies_to": st.just("category:coffee")}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("fixed_price"), "value": st.just("1.99"), "applies_to": st.just("category:coffee")}
    ),
).flatmap(
    lambda benefit: st.builds(
        lambda floor, cost: {**benefit, **floor, **cost},
        st.sampled_from([{}, {"floor": "1.00"}, {"floor": "0.333"}]),
        st.sampled_from([{}, {"cost_max": "2.50"}]),
    )
)
lines = st.lists(
    st.tuples(
        st.sampled_from(["category:coffee", "category:tea"]),
        st.sampled_from(["1", "2", "3", "0.456"]),
        st.decimals("0.01", "99", places=2).map(str),
    ),
    max_size=6,
)


@given(st.lists(benefits, max_size=4), lines)
def test_nothing_goes_below_its_floor_and_every_effect_is_whole_cents(offers: list[dict], goods: list) -> None:
    rewards = [reward(f"k{place}", **benefit) for place, benefit in enumerate(offers)]
    bought = basket(*goods)
    left = [line.line.amount.amount for line in bought.lines]
    for effect in price_effects(rewards, bought):
        benefit = next(r.campaign.benefit for r in rewards if r.campaign.campaign_id == effect.campaign_id)
        assert effect.amount.amount < 0
        assert effect.amount.amount == effect.amount.amount.quantize(Decimal("0.01"))
        left[effect.line] += effect.amount.amount
        assert left[effect.line] >= (benefit.floor or 0) * bought.lines[effect.line].line.quantity
        assert left[effect.line] >= 0


@given(st.sampled_from(["0.01", "1.00", "7.77"]), lines)
def test_an_amount_off_the_basket_is_spread_to_the_last_cent(amount: str, goods: list) -> None:
    effects = price_effects([reward(kind="amount", value=amount)], basket(*goods))
    whole = sum((Decimal(line[2]) for line in goods), Decimal(0))
    assert -sum((effect.amount.amount for effect in effects), Decimal(0)) == min(Decimal(amount), whole)


def test_a_campaign_never_costs_more_than_its_most() -> None:
    limited = reward(kind="percent", value="50", cost_max="3.00")
    effects = price_effects([limited], basket(COFFEE, TEA))
    assert -sum((effect.amount.amount for effect in effects), Decimal(0)) == Decimal("3.00")
    assert replace(limited, why=("x",)).campaign == limited.campaign


@pytest.mark.parametrize("trigger", Trigger)
def test_every_trigger_has_a_rhythm_and_makes_a_rule_to_read_and_edit(trigger: Trigger) -> None:
    goods = {"entered_segment": "best"}.get(trigger, "need:4711") if RHYTHMS[trigger].needs_goods else ""
    text = rule_text(trigger, days=12, goods=goods)
    assert "12 days" in text or "within 12" in text
    assert trigger_rule(trigger, days=12, goods=goods) == parse_rule(text)


def test_a_trigger_that_needs_goods_says_so() -> None:
    with pytest.raises(ConfigurationError, match="needs goods"):
        rule_text(Trigger.REPLENISHMENT)
    assert (
        rule_text(Trigger.REPLENISHMENT, goods="category:coffee beans") == 'due "category:coffee beans" after 50 days'
    )

"""Rules: the same text is the same rule, the same facts the same answer, and a typo is shown where it stands."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retail.conditions.condition import FIRST_WORDS, Comparison
from retail.conditions.of_member import (
    Bought,
    Counted,
    Counter,
    Due,
    Entered,
    Happening,
    InSegment,
    Interest,
    IsKnown,
    LongAgo,
    MemberState,
    Within,
)
from retail.conditions.of_sale import WEEKDAYS, Attribute, BasketSize, BasketTotal, InBasket, OneOf, TimeOfDay
from retail.facts import Basket, BasketLine, Facts
from retail.facts_json import facts_from_mapping
from retail.identifiers import CustomerId, SegmentId
from retail.line_items import SaleLineItem
from retail.loyalty import Account, MonthDay
from retail.money import Money
from retail.rule_words import RULE_CHARS_MAX, RuleError, parse_rule
from retail.segments import And, Everybody, Membership, Not, Or, Rule, keys_of, members_on, segments_in

VECTORS = json.loads((Path(__file__).parent / "segment_vectors.json").read_text(encoding="utf-8"))

segment_names = st.one_of(
    st.sampled_from(["best", "vip", "at-risk", "лучшие", "with space", "not", "BASKET", "a.b_c"]),
    st.text(st.characters(exclude_characters='"', exclude_categories=["Z", "C"]), min_size=1, max_size=10),
)
keys = st.builds(
    "{}:{}".format,
    st.sampled_from(["category", "item", "need", "brand", "gtin"]),
    st.sampled_from(["coffee", "drinks/coffee", "tea & more", "4711", "кофе"]),
)
days = st.integers(0, 400)
windows = st.one_of(st.none(), days)
amounts = st.decimals(0, 1000, places=2)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
comparisons = st.sampled_from(Comparison)
conditions = st.one_of(
    st.just(Everybody()),
    st.builds(InSegment, segment_names),
    st.builds(IsKnown, st.sampled_from(MemberState)),
    st.builds(Bought, keys, windows),
    st.builds(Interest, keys, windows),
    st.builds(Due, keys, days),
    st.builds(Entered, segment_names, days),
    st.builds(InBasket, keys),
    st.builds(BasketTotal, comparisons, amounts),
    st.builds(BasketSize, comparisons, days),
    st.builds(TimeOfDay, times, times),
    st.builds(OneOf, st.just(Attribute.WEEKDAY), st.lists(st.sampled_from(WEEKDAYS), min_size=1).map(tuple)),
    st.builds(OneOf, st.just(Attribute.TIER), st.lists(segment_names, min_size=1, max_size=3).map(tuple)),
    st.builds(OneOf, st.just(Attribute.RFM_CELL), st.just(("5*", "4?1"))),
    st.builds(Within, st.sampled_from(Happening), days),
    st.builds(LongAgo, st.just(Happening.LAST_VISIT), days),
    st.builds(Counted, st.sampled_from(Counter), comparisons, days),
)


def combined(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    parts = st.lists(rules, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.builds(And, parts), st.builds(Or, parts), st.builds(Not, rules))


rules = st.recursive(conditions, combined, max_leaves=12)
dates = st.dates(date(2026, 1, 1), date(2026, 12, 31))
accounts = st.builds(
    Account,
    customer_id=st.just(CustomerId("c1")),
    birthday=st.one_of(st.none(), st.builds(MonthDay, month=st.integers(1, 12), day=st.integers(1, 28))),
    tier=st.sampled_from(["", "vip", "best"]),
    points=st.integers(0, 400),
    employee=st.booleans(),
    segments=st.dictionaries(st.sampled_from(["best", "vip", "at-risk"]).map(SegmentId), st.one_of(st.none(), dates)),
    entered=st.dictionaries(st.sampled_from(["best", "vip"]).map(SegmentId), dates),
    rfm_cell=st.sampled_from(["", "555", "411"]),
    purchases=st.one_of(st.none(), st.integers(0, 9)),
    last_visit=st.one_of(st.none(), dates),
    last_bought=st.dictionaries(keys, dates),
)


def basket(amounts_by_key: dict[str, Decimal]) -> Basket:
    lines = tuple(
        BasketLine(line=SaleLineItem(description=key, amount=Money(amount)), keys=(key,))
        for key, amount in amounts_by_key.items()
    )
    return Basket(lines=lines, total=Money(sum(amounts_by_key.values(), Decimal(0))), amounts=amounts_by_key)


all_facts = st.builds(
    Facts,
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    account=st.one_of(st.none(), accounts),
    basket=st.dictionaries(keys, amounts, max_size=4).map(basket),
    bought_here=st.dictionaries(keys, dates),
    interests=st.dictionaries(keys, dates),
    last_kiosk_visit=st.one_of(st.none(), dates),
    last_visit_here=st.one_of(st.none(), dates),
)


@settings(max_examples=100)
@given(rules)
@example(InSegment(SegmentId(":")))
@example(InSegment(SegmentId("category:coffee")))
def test_the_text_of_a_rule_reads_back_as_the_same_rule(rule: Rule) -> None:
    assert parse_rule(str(rule)) == rule


@settings(max_examples=100)
@given(rules, all_facts)
def test_the_quick_answer_and_the_one_with_reasons_agree_and_give_a_reason(rule: Rule, facts: Facts) -> None:
    verdict = rule.holds(facts)
    assert verdict.holds == rule.is_true(facts)
    assert verdict.why


@settings(max_examples=100)
@given(rules, rules, all_facts)
def test_and_or_not_are_those_of_logic(left: Rule, right: Rule, facts: Facts) -> None:
    assert And((left, right)).is_true(facts) == (left.is_true(facts) and right.is_true(facts))
    assert Not(And((left, right))).is_true(facts) == Or((Not(left), Not(right))).is_true(facts)
    assert Not(Not(left)).is_true(facts) == left.is_true(facts)


@settings(max_examples=150)
@given(rules, all_facts)
def test_a_rule_holds_only_where_each_of_its_needs_is_met(rule: Rule, facts: Facts) -> None:
    had = {(kind, key) for kind, keys_had in keys_of(facts) for key in keys_had}
    if rule.is_true(facts):
        assert all(alternative & had for alternative in rule.needs())


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from([*'()<>=,": \n\u00a0я', *"bestandor19", "not ", "bought ", "category:x ", "within "])).map(
        "".join
    )
)
def test_noise_is_read_or_refused_with_its_column_and_never_crashes(noise: str) -> None:
    try:
        parse_rule(noise)
    except RuleError as error:
        refused = error
    else:
        return
    assert 1 <= refused.column <= len(noise) + 1
    assert f"column {refused.column}" in refused.message


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["rule"])
def test_both_ends_give_the_answer_of_the_vectors(vector: dict) -> None:
    facts = facts_from_mapping(vector["facts"])
    assert parse_rule(vector["rule"]).holds(facts).holds is vector["holds"], vector.get("because")


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("best and bougth category:coffee within 60 days", 10, "bought"),
        ("best adn loyal", 6, "and"),
        ("bought categry:coffee", 8, "category"),
        ("bought category:coffee witin 60 days", 24, "within"),
        ("bought category:coffee within 60 dyas", 34, "days"),
        ("time betwen 08:00 and 09:00", 6, "between"),
        ("weekday in mon, satt", 17, "sat"),
        ("basket totl >= 3", 8, "total"),
        ("besst", 1, "best"),
        ("bset", 1, "best"),
        ("last vist within 3 days", 6, "visit"),
        ("(best", 6, ""),
        ("best and", 9, ""),
        ("not", 4, ""),
        ("", 1, "everybody"),
        ("points > many", 10, ""),
        ("points > 99999999999", 10, ""),
        ("time between 25:00 and 09:00", 14, ""),
        ('best and "loyal', 10, ""),
        ("category:coffee", 1, "bought category:coffee"),
        ("best loyal", 6, ""),
    ],
)
def test_a_typo_is_shown_at_its_column_with_the_nearest_word(text: str, column: int, suggestion: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rule(text, segments=["best", "loyal"])
    assert (refused.value.column, refused.value.suggestion) == (column, suggestion)


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ("best xor good", 6, "or"),
        ("best good", 6, ""),
        ("(best an good)", 7, "and"),
        ("best or nto good", 9, "not"),
        ("baskt has category:tea", 1, "basket"),
        ("weekdy in mon", 1, "weekday"),
        ("lst visit within 3 days", 1, "last"),
        ("enterd best within 7 days", 1, "entered"),
        ("bougth category:coffee", 1, "bought"),
    ],
)
def test_where_segments_are_not_known_the_word_that_does_not_fit_is_shown(
    text: str, column: int, suggestion: str
) -> None:
    """A segment may be called anything, so the second word is the wrong one, unless it goes with what the first meant."""
    with pytest.raises(RuleError) as refused:
        parse_rule(text)
    assert (refused.value.column, refused.value.suggestion) == (column, suggestion)


def test_and_binds_closer_than_or_and_not_closer_than_both() -> None:
    a, b, c = (InSegment(SegmentId(name)) for name in "abc")
    assert parse_rule("a or b and not c") == Or((a, And((b, Not(c)))))


def test_keywords_are_read_in_any_case_and_segments_as_written() -> None:
    rule = parse_rule("Best AND NOT Bought Category:Coffee WITHIN 1 Day")
    assert rule == And((InSegment(SegmentId("Best")), Not(Bought("category:coffee", 1))))


def test_a_segment_named_like_a_keyword_is_written_in_quotes() -> None:
    assert parse_rule('"basket" or "not"') == Or((InSegment(SegmentId("basket")), InSegment(SegmentId("not"))))
    assert set(FIRST_WORDS) >= {"basket", "not"}


def test_nesting_has_a_limit_and_length_has_one_and_both_are_said() -> None:
    assert parse_rule("(" * 99 + "a" + ")" * 99) == InSegment(SegmentId("a"))
    with pytest.raises(RuleError, match="nested deeper"):
        parse_rule("(" * 5000 + "a" + ")" * 5000 if RULE_CHARS_MAX > 10_001 else "(" * 200)
    with pytest.raises(RuleError, match="nested deeper"):
        parse_rule("not " * 1000 + "a")
    with pytest.raises(RuleError, match="characters"):
        parse_rule("a or " * 5000 + "a")


def test_segments_of_a_rule_are_listed_as_written() -> None:
    rule = parse_rule("best and not (losing or bought category:coffee) or best")
    assert list(segments_in(rule)) == ["best", "losing", "best"]


def test_a_membership_has_an_end_and_a_history() -> None:
    stays = (
        Membership(
            customer_id=CustomerId("a"), segment=SegmentId("loyal"), since=date(2026, 1, 1), until=date(2026, 2, 1)
        ),
        Membership(customer_id=CustomerId("a"), segment=SegmentId("loyal"), since=date(2026, 1, 20)),
        Membership(
            customer_id=CustomerId("b"), segment=SegmentId("loyal"), since=date(2026, 3, 1), until=date(2026, 4, 1)
        ),
    )
    assert members_on(stays, SegmentId("loyal"), date(2026, 1, 25)) == {"a"}
    assert members_on(stays, SegmentId("loyal"), date(2026, 4, 1)) == {"a", "b"}
    assert members_on(stays, SegmentId("loyal"), date(2025, 12, 31)) == set()


def test_a_birthday_on_29_february_is_kept_every_year() -> None:
    birthday = MonthDay.of("02-29")
    assert birthday.days_away(date(2026, 2, 28)) == 0
    assert birthday.days_away(date(2028, 2, 28)) == 1
    assert MonthDay.of("12-31").days_away(date(2026, 1, 2)) == -2
    assert MonthDay.of("01-01").days_away(date(2026, 12, 30)) == 2

"""Decisions: who gets what, what stops the rest, and that the same question always has the same answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.facts import Basket, BasketLine, Facts
from retail.identifiers import CampaignId, CustomerId, HouseholdId, SegmentId
from retail.line_items import SaleLineItem
from retail.loyalty import Account
from retail.money import Money
from retail.offers.campaign import Campaign, Channel
from retail.offers.campaign_file import campaign_from_mapping
from retail.offers.control import is_held_out, is_in_control
from retail.offers.decision import Decision, DecisionInput, OfferPolicy, decide, explain
from retail.offers.index import CampaignIndex, Outcome
from retail.offers.ledger import OfferLedger
from retail.transaction import DocumentKind

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def campaign(name: str, **fields: object) -> Campaign:
    table: dict[str, object] = {
        "id": name,
        "who": "everybody",
        "where": ["receipt"],
        "starts": "2026-11-01",
        "ends": "2026-11-30",
        "benefit": {"kind": "amount", "value": "1.00"},
    }
    return campaign_from_mapping({**table, **fields})


def basket(amounts: Mapping[str, str]) -> Basket:
    lines = tuple(
        BasketLine(line=SaleLineItem(description=key, amount=Money.of(amount, "EUR")), keys=(key,))
        for key, amount in amounts.items()
    )
    known = {key: Decimal(amount) for key, amount in amounts.items()}
    whole = sum(known.values(), Decimal(0))
    return Basket(lines=lines, total=Money(whole, "EUR"), amounts={**known, "": whole})


def member(number: str = "c1", **fields: object) -> Account:
    return Account(**{"customer_id": CustomerId(number), **fields})


def question(*campaigns: Campaign, account: Account | None = None, **fields: object) -> DecisionInput:
    goods = fields.pop("basket", basket({"category:coffee": "10.00"}))
    facts = Facts(moment=NOW, account=account, basket=goods)
    return DecisionInput(**{"facts": facts, "index": CampaignIndex(campaigns), **fields})


def outcomes(decision: Decision) -> dict[str, str]:
    return {each.campaign_id: each.outcome.value for each in decision.considered}


def offered(decision: Decision) -> list[str]:
    return [reward.campaign.campaign_id for reward in decision.rewards]


def test_offers_are_ranked_by_priority_then_worth_then_the_order_of_the_file() -> None:
    asked = question(
        campaign("cheap", priority=5),
        campaign("dear", priority=5, benefit={"kind": "amount", "value": "3"}),
        campaign("first", priority=9),
        policy=OfferPolicy(offers_per_receipt=3),
    )
    assert offered(decide(asked)) == ["first", "dear", "cheap"]


def test_a_paper_carries_two_offers_and_the_rest_are_capped() -> None:
    decision = decide(question(*(campaign(name) for name in "abc")))
    assert outcomes(decision) == {"a": "offered", "b": "offered", "c": "capped"}
    assert decision.considered[2].why[-1] == "at most 2 offers on one paper"


def test_a_campaign_may_want_the_paper_for_itself_or_with_few() -> None:
    alone = campaign("alone", caps={"receipt": 1}, priority=9)
    assert outcomes(decide(question(campaign("b"), alone))) == {"alone": "offered", "b": "capped"}
    second = campaign("second", caps={"receipt": 1})
    assert outcomes(decide(question(campaign("b", priority=9), second))) == {"b": "offered", "second": "capped"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"starts": "2026-11-22"}, "runs from 2026-11-22 to 2026-11-30"),
        ({"ends": "2026-11-20"}, "runs from 2026-11-01 to 2026-11-20"),
        ({"where": ["kiosk"]}, "not for the receipt"),
        ({"who": "best"}, "best: no"),
        ({"who": "stranger and basket has category:tea"}, "basket has category:tea: no"),
    ],
)
def test_explaining_says_which_part_did_not_match(fields: dict[str, object], why: str) -> None:
    decision = explain(question(campaign("a", **fields)))
    assert [(each.outcome, each.why) for each in decision.considered] == [(Outcome.NOT_MATCHED, (why,))]


def test_the_first_and_the_last_day_belong_to_a_campaign() -> None:
    assert offered(decide(question(campaign("a", starts="2026-11-21", ends="2026-11-21")))) == ["a"]


def test_staff_get_no_offers_but_service_messages() -> None:
    service = campaign("recall", benefit={"kind": "service"})
    asked = question(campaign("a"), service, account=member(employee=True))
    assert outcomes(decide(asked)) == {"a": "excluded", "recall": "offered"}


def test_no_paper_offers_is_honoured_on_paper_only() -> None:
    both = campaign("a", where=["receipt", "kiosk"])
    service = campaign("recall", benefit={"kind": "service"})
    asked = question(both, service, account=member(paper_offers=False))
    assert outcomes(decide(asked)) == {"a": "excluded", "recall": "offered"}
    assert offered(decide(replace(asked, channel=Channel.KIOSK))) == ["a"]


@pytest.mark.parametrize(
    "kind", [DocumentKind.GIFT_RECEIPT, DocumentKind.QUOTE, DocumentKind.COPY, DocumentKind.TRAINING]
)
def test_nothing_personal_stands_on_papers_that_others_read(kind: DocumentKind) -> None:
    service = campaign("recall", benefit={"kind": "service"})
    asked = question(campaign("a"), service, account=member(), document_kind=kind)
    assert outcomes(decide(asked)) == {"a": "excluded", "recall": "excluded"}


def test_restricted_goods_are_not_spoken_of_unless_their_class_is_allowed() -> None:
    by_goods = campaign("g", benefit={"kind": "percent", "value": 5, "applies_to": "category:tobacco"})
    by_class = campaign("c", restricted="alcohol")
    policy = OfferPolicy(restricted_keys=frozenset({"category:tobacco"}))
    assert outcomes(decide(question(by_goods, by_class, policy=policy))) == {"g": "excluded", "c": "excluded"}
    allowed = OfferPolicy(restricted_allowed=frozenset({"alcohol"}))
    assert outcomes(decide(question(by_class, policy=allowed))) == {"c": "offered"}


@pytest.mark.parametrize(
    ("caps", "ledger", "full"),
    [
        ({"customer": 1}, OfferLedger(customer={CampaignId("a"): 1}), True),
        ({"customer": 2}, OfferLedger(customer={CampaignId("a"): 1}), False),
        ({"customer": 0}, OfferLedger(), True),
        ({"household": 1}, OfferLedger(household={CampaignId("a"): 1}), True),
        ({"day": 500}, OfferLedger(day={CampaignId("a"): 500}), True),
        ({"day": 500}, OfferLedger(day={CampaignId("a"): 499}), False),
        ({"store": 3}, OfferLedger(store={CampaignId("a"): 3}), True),
        ({"budget": "10.00"}, OfferLedger(spent={CampaignId("a"): Decimal("9.01")}), True),
        ({"budget": "10.00"}, OfferLedger(spent={CampaignId("a"): Decimal("9.00")}), False),
        ({"budget": "0.50"}, OfferLedger(), True),
        ({"customer": 1, "day": 9}, OfferLedger(customer={CampaignId("b"): 7}), False),
    ],
)
def test_caps_stop_a_campaign_that_has_spoken_enough(caps: dict[str, object], ledger: OfferLedger, full: bool) -> None:
    decision = decide(question(campaign("a", caps=caps), account=member(), ledger=ledger))
    assert outcomes(decision) == {"a": "capped" if full else "offered"}


def test_contacts_made_in_other_channels_count_for_the_customers_cap() -> None:
    account = member(contacts={CampaignId("a"): 1})
    assert outcomes(decide(question(campaign("a", caps={"customer": 1}), account=account))) == {"a": "capped"}


def test_the_best_of_a_group_is_the_one_worth_most_in_this_basket() -> None:
    group = {"group": "coffee", "mode": "best_of"}
    percent = {"kind": "percent", "value": "15", "applies_to": "category:coffee"}
    campaigns = [
        campaign("one-euro", stacking=group, priority=9),
        campaign("percent", stacking=group, benefit=percent),
        campaign("other", priority=1),
    ]
    decision = decide(question(*campaigns))
    assert outcomes(decision) == {"one-euro": "excluded", "percent": "offered", "other": "offered"}
    assert decision.considered[0].why[-1] == "percent is worth more in group coffee"
    small = question(*campaigns, basket=basket({"category:coffee": "2.00"}))
    assert outcomes(decide(small)) == {"one-euro": "offered", "percent": "excluded", "other": "offered"}


def test_the_best_of_a_group_is_sought_among_those_that_are_not_used_up() -> None:
    group = {"group": "coffee", "mode": "best_of"}
    best = campaign("best", stacking=group, benefit={"kind": "amount", "value": "5"}, caps={"customer": 1})
    asked = question(
        best, campaign("next", stacking=group), account=member(), ledger=OfferLedger(customer={CampaignId("best"): 1})
    )
    assert outcomes(decide(asked)) == {"best": "capped", "next": "offered"}


def test_an_exclusive_offer_goes_alone_or_not_at_all() -> None:
    exclusive = {"group": "x", "mode": "exclusive"}
    high = campaign("high", stacking=exclusive, priority=9)
    low = campaign("low", stacking=exclusive)
    assert outcomes(decide(question(high, campaign("b"), low))) == {
        "high": "offered",
        "b": "excluded",
        "low": "excluded",
    }
    assert outcomes(decide(question(campaign("b", priority=5), low))) == {"b": "offered", "low": "excluded"}


def test_sequential_offers_of_a_group_go_together() -> None:
    group = {"group": "x", "mode": "sequential"}
    assert offered(decide(question(campaign("a", stacking=group), campaign("b", stacking=group)))) == ["a", "b"]


def test_service_messages_take_no_place_and_two_are_enough() -> None:
    services = [campaign(f"s{n}", benefit={"kind": "service"}, control_percent=100, caps={}) for n in range(3)]
    decision = decide(question(*services, campaign("a"), campaign("b"), account=member()))
    assert offered(decision) == ["s0", "s1", "a", "b"]
    assert outcomes(decision)["s2"] == "capped"


def test_the_control_group_is_withheld_at_the_same_place_and_nobody_moves_up() -> None:
    asked = question(campaign("a", control_percent=100, priority=9), campaign("b"), campaign("c"), account=member())
    decision = decide(asked)
    assert outcomes(decision) == {"a": "withheld", "b": "offered", "c": "capped"}
    assert [reward.campaign.campaign_id for reward in decision.withheld] == ["a"]
    assert decision.considered[0].why[-1] == "control group of 100 %"


def test_the_global_holdout_withholds_everything_from_the_whole_household() -> None:
    policy = OfferPolicy(holdout_percent=Decimal(100))
    asked = question(campaign("a"), account=member(household_id=HouseholdId("h1")), policy=policy)
    decision = decide(asked)
    assert (offered(decision), outcomes(decision)) == ([], {"a": "withheld"})


def test_a_stranger_is_in_no_control_group_because_nobody_could_follow_them() -> None:
    assert offered(decide(question(campaign("a", control_percent=100)))) == ["a"]


def test_control_groups_have_their_size_and_are_salted_by_campaign() -> None:
    people = [f"c{number}" for number in range(20_000)]
    ten = Decimal(10)
    first = {who for who in people if is_in_control(campaign_id="a", subject=who, percent=ten)}
    second = {who for who in people if is_in_control(campaign_id="b", subject=who, percent=ten)}
    held_out = {who for who in people if is_held_out(subject=who, percent=ten)}
    for group in (first, second, held_out):
        assert 1850 <= len(group) <= 2150  # 10 % of 20,000, four standard deviations either way
    for one, other in ((first, second), (first, held_out)):
        assert 140 <= len(one & other) <= 260  # as many as chance puts into both


def test_a_household_shares_its_control_group() -> None:
    def drawn(number: str) -> dict[str, str]:
        account = member(number, household_id=HouseholdId("h7"))
        return outcomes(decide(question(campaign("a", control_percent=50), account=account)))

    assert len({tuple(drawn(f"c{number}").items()) for number in range(20)}) == 1


def test_the_depth_of_a_benefit_may_depend_on_the_segment() -> None:
    deep = campaign(
        "a",
        benefit={
            "kind": "percent",
            "value": "10",
            "depth": [{"who": "vip", "value": "5"}, {"who": "losing", "value": "20"}],
        },
    )

    def value(*segments: str) -> Decimal:
        account = member(segments={SegmentId(name): None for name in segments})
        return decide(question(deep, account=account)).rewards[0].value

    assert (value(), value("vip"), value("losing"), value("vip", "losing")) == (10, 5, 20, 5)


def test_a_coupon_ends_as_its_terms_say_and_an_offer_without_one_with_its_campaign() -> None:
    decision = decide(question(campaign("a", coupon={"valid_days": 14}), campaign("b")))
    assert [reward.valid_until for reward in decision.rewards] == [date(2026, 12, 5), date(2026, 11, 30)]


SEGMENTS = [SegmentId(f"s{number}") for number in range(6)]
RULES = [
    "everybody", "stranger", "employee", "s0", "s1 and not s2", "s3 or s4", "not s5", "(s0 or s1) and s2",
    "bought category:coffee within 60 days", "basket has category:tea and s1", "basket total >= 5.00 or s3",
    "not (employee or bought category:tea)", "s0 and (s1 or basket has category:coffee) and not s4", "member",
    "tier in gold or s5", "time between 08:00 and 12:00 and s2",
]  # fmt: skip
random_campaigns = st.lists(
    st.fixed_dictionaries(
        {
            "who": st.sampled_from(RULES),
            "where": st.sampled_from([["receipt"], ["kiosk"], ["receipt", "kiosk"]]),
            "starts": st.sampled_from(["2026-11-01", "2026-11-22"]),
            "priority": st.integers(0, 2),
            "control_percent": st.sampled_from([0, 50]),
            "benefit": st.sampled_from(
                [
                    {"kind": "amount", "value": 1},
                    {"kind": "percent", "value": 20, "applies_to": "category:coffee"},
                    {"kind": "service"},
                ]
            ),
            "caps": st.sampled_from([{}, {"customer": 1}, {"day": 0}, {"receipt": 1}, {"budget": "1.50"}]),
        },
        optional={
            "stacking": st.builds(
                lambda group, mode: {"group": group, "mode": mode},
                st.sampled_from("xy"),
                st.sampled_from(["best_of", "exclusive", "sequential"]),
            )
        },
    ),
    max_size=12,
).map(lambda tables: tuple(campaign(f"k{place}", **table) for place, table in enumerate(tables)))
random_accounts = st.one_of(
    st.none(),
    st.builds(
        Account,
        customer_id=st.sampled_from(["c1", "c2", "c3"]).map(CustomerId),
        segments=st.dictionaries(st.sampled_from(SEGMENTS), st.sampled_from([None, date(2026, 1, 1)])),
        employee=st.booleans(),
        paper_offers=st.booleans(),
        tier=st.sampled_from(["", "gold"]),
        last_bought=st.dictionaries(st.sampled_from(["category:tea"]), st.just(date(2026, 11, 1))),
    ),
)
questions = st.builds(
    lambda campaigns, account, goods, counted: question(
        *campaigns,
        account=account,
        basket=basket(goods),
        ledger=OfferLedger(customer=counted, spent=dict.fromkeys(counted, Decimal(1))),
    ),
    random_campaigns,
    random_accounts,
    st.dictionaries(st.sampled_from(["category:coffee", "category:tea"]), st.sampled_from(["0.50", "9.00"])),
    st.dictionaries(st.sampled_from([CampaignId("k0"), CampaignId("k1")]), st.just(1)),
)


@settings(max_examples=120, deadline=None)
@given(questions)
def test_the_index_leaves_out_only_what_cannot_match(asked: DecisionInput) -> None:
    quick, full = decide(asked), explain(asked)
    assert [(r.campaign.campaign_id, r.value, r.cost) for r in quick.rewards] == [
        (r.campaign.campaign_id, r.value, r.cost) for r in full.rewards
    ]
    found = outcomes(quick)
    for name, outcome in outcomes(full).items():
        assert found.get(name, "not_matched") == outcome
    assert set(outcomes(full)) == {entry.campaign.campaign_id for entry in asked.index.entries}


@settings(max_examples=120, deadline=None)
@given(questions)
def test_what_must_hold_of_every_decision(asked: DecisionInput) -> None:
    decision = decide(asked)
    assert decision == decide(asked)
    rewarded = [*decision.rewards, *decision.withheld]
    paid = [reward for reward in rewarded if not reward.campaign.is_service]
    assert len(paid) <= 2
    assert all(each.why and all(each.why) for each in decision.considered)
    assert {reward.campaign.campaign_id for reward in decision.rewards} == {
        each.campaign_id for each in decision.considered if each.outcome is Outcome.OFFERED
    }
    if any(r.campaign.stacking and r.campaign.stacking.mode == "exclusive" for r in paid):
        assert len(paid) == 1
    groups = [r.campaign.stacking.group for r in paid if r.campaign.stacking and r.campaign.stacking.mode == "best_of"]
    assert len(groups) == len(set(groups))
    if asked.facts.account and asked.facts.account.employee:
        assert not paid


@settings(max_examples=60, deadline=None)
@given(random_campaigns, random_accounts, st.randoms(use_true_random=False))
def test_the_order_of_the_file_decides_nothing_but_ties(campaigns, account, shuffled) -> None:
    distinct = tuple(replace(each, priority=place) for place, each in enumerate(campaigns))
    mixed = list(distinct)
    shuffled.shuffle(mixed)
    first, second = decide(question(*distinct, account=account)), decide(question(*mixed, account=account))
    paid = [[r.campaign.campaign_id for r in d.rewards if not r.campaign.is_service] for d in (first, second)]
    assert paid[0] == paid[1]

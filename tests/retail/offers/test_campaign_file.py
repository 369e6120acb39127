"""Campaign files: what the contracts show is read, and every mistake is named by its path and a way out."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.coupons import serial_of, till_barcode, till_symbology
from retail.errors import ConfigurationError
from retail.identifiers import CampaignId, TransactionId
from retail.offers.campaign import BenefitKind, Channel, StackingMode
from retail.offers.campaign_file import campaign_from_mapping, campaigns_from_mapping
from retail.rule_words import parse_rule

FILE = """
[[campaign]]
id = "coffee-back"
goal = "bring back lapsed coffee buyers"
hypothesis = "15 % brings 3 more visits per 100 in 4 weeks"
who = 'best and not (employee or bought category:coffee within 60 days)'
where = ["receipt", "cashier", "kiosk"]
starts = 2026-11-01
ends = 2026-11-30
priority = 50
stacking = { group = "coffee", mode = "best_of" }
caps = { customer = 1, household = 1, day = 500, budget = "20000.00" }
control_percent = 10
funder = { name = "Roaster Ltd", share_percent = 50 }
[campaign.benefit]
kind = "percent"
value = "15"
applies_to = "category:coffee"
floor = "1.00"
[campaign.coupon]
valid_days = 14
till_barcode = "ean13:2099{serial:8}"
[campaign.text.en]
receipt = "{% if first_name %}{{ first_name }}, your{% else %}Your{% endif %} coffee: 15 % off until {{ valid_until }}"
cashier = "Tell them: 15 % off coffee beans today"
"""


def table(**fields: object) -> dict[str, object]:
    return {**tomllib.loads(FILE)["campaign"][0], **fields}


def benefit(**fields: object) -> dict[str, object]:
    return {"benefit": {"kind": "percent", "value": "15", **fields}}


def test_the_campaign_of_the_contracts_is_read_whole() -> None:
    (campaign,) = campaigns_from_mapping(tomllib.loads(FILE), segments=["best"])
    assert campaign.who == parse_rule("best and not (employee or bought category:coffee within 60 days)")
    assert campaign.where == {Channel.RECEIPT, Channel.CASHIER, Channel.KIOSK}
    assert (campaign.starts, campaign.ends) == (date(2026, 11, 1), date(2026, 11, 30))
    assert campaign.stacking is not None
    assert campaign.stacking.mode is StackingMode.BEST_OF
    assert campaign.caps.budget == Decimal("20000.00")
    assert campaign.benefit.kind is BenefitKind.PERCENT
    assert campaign.coupon is not None
    assert campaign.coupon.till_barcode == "ean13:2099{serial:8}"
    assert campaign.texts["en"]["cashier"] == "Tell them: 15 % off coffee beans today"


def test_the_same_campaign_through_json_is_the_same() -> None:
    assert campaign_from_mapping(json.loads(json.dumps(table(), default=str))) == campaign_from_mapping(table())


@pytest.mark.parametrize(
    ("fields", "message", "fix"),
    [
        ({"priorty": 1}, "campaign(coffee-back).priorty is not a known field", "did you mean 'priority'?"),
        ({"id": "späte Rache"}, "campaign.id must be 1 to 64 letters", ""),
        ({"id": None}, "campaign.id is missing", ""),
        ({"starts": "2026-12-01"}, "ends lies before starts", ""),
        ({"starts": "01.12.2026"}, "starts must be a day such as 2026-11-30", ""),
        ({"ends": None}, "ends is missing", ""),
        ({"where": None}, "where is missing: receipt, cashier, kiosk, display", ""),
        ({"where": []}, "where must be a list of receipt, cashier, kiosk, display", ""),
        ({"where": "receipt"}, "where must be a list", ""),
        ({"where": ["reciept"]}, "where knows no 'reciept'", "did you mean 'receipt'?"),
        ({"who": "best adn loyal"}, "column 6", "did you mean 'and'?"),
        ({"who": "besst"}, "there is no segment 'besst'", "did you mean 'best'?"),
        ({"control_percent": 101}, "control_percent must lie between 0 and 100", ""),
        ({"control_percent": -1}, "control_percent must lie between 0 and 100", ""),
        ({"priority": 1.5}, "priority must be a whole number", ""),
        ({"caps": {"budget": "-5.00"}}, "caps.budget must lie between 0 and", ""),
        ({"caps": {"costumer": 1}}, "caps.costumer is not a known field", "did you mean 'customer'?"),
        ({"caps": {"customer": True}}, "caps.customer must be a number", ""),
        ({"caps": {"receipt": 0}}, "caps.receipt must lie between 1 and", ""),
        ({"stacking": {"group": "x", "mode": "bestof"}}, "stacking.mode knows no 'bestof'", "did you mean 'best_of'?"),
        ({"funder": {"name": "x", "share_percent": 500}}, "funder.share_percent must lie", ""),
        ({"benefit": None}, "benefit is missing", ""),
        ({"benefit": 5}, "benefit must be a table", ""),
        (benefit(kind="percnt"), "benefit.kind knows no 'percnt'", "did you mean 'percent'?"),
        (benefit(kind="bogus"), "benefit.kind knows no 'bogus'", "one of percent, amount"),
        (benefit(value="-15"), "benefit.value must lie between 0.01 and 100", ""),
        (benefit(value="150"), "benefit.value must lie between 0.01 and 100", ""),
        (benefit(value="NaN"), "benefit.value must be a number", ""),
        (benefit(value="1e5"), "benefit.value must be a number", ""),
        (benefit(value=None), "benefit.value is missing", ""),
        (benefit(applies_to="coffee"), "benefit.applies_to must be goods such as category:coffee", ""),
        (benefit(kind="nth_free", value=3), "benefit.applies_to is missing", ""),
        (benefit(kind="nth_free", value="2.5", applies_to="item:1"), "must be a whole number for nth_free", ""),
        (benefit(kind="points_multiplier", value="0.5"), "must lie between 1 and 100", ""),
        (benefit(depth=[{"who": "best", "value": 500}]), "benefit.depth[1].value must lie", ""),
        ({"coupon": {"valid_days": -1}}, "coupon.valid_days must lie between 0 and 3650", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "ean13:2099{serial:9}"}}, "makes 13 digits", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "ean13:4006{serial:8}"}}, "which GS1 gave to somebody", "02 or 20"),
        ({"coupon": {"valid_days": 1, "till_barcode": "code128:{serial:0}"}}, "needs 1 to 19 digits", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "code128:X{serial:99}"}}, "needs 1 to 19 digits", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "code128:ABCDEFGHIJKL{serial:9}"}}, "must have 1 to 20 characters", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "ean13:2099000000011"}}, "its check digit is", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "code128:"}}, "must have 1 to 20 characters", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "qr:{serial:8}"}}, "till_barcode cannot be read", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "ean13:{secret}"}}, "till_barcode cannot be read", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "code128:8112{serial:8}"}}, "AI (8112)", "GCN of AI (255)"),
        ({"coupon": {"valid_days": 1, "till_barcode": "gs1_128:8112{serial:8}"}}, "in real time", "GCN of AI (255)"),
        ({"coupon": {"valid_days": 1, "till_barcode": "gs1_128:(8112)106141416543213"}}, "AI (8112)", "GCN of AI (255)"),
        ({"coupon": {"valid_days": 1, "till_barcode": "gs1_128:2559501101020917{serial:3}"}}, "2, 4 … 12 digits", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "gs1_128:2559501101020918{serial:4}"}}, "check digit is 7", ""),
        ({"coupon": {"valid_days": 1, "till_barcode": "gs1_128:01{serial:4}"}}, "no Global Coupon Number", "gs1_128:255"),
        ({"text": {"english": {"receipt": "x"}}}, "text.english is no language", ""),
        ({"text": {"en": {"reciept": "x"}}}, "text.en.reciept is not a known field", "did you mean 'receipt'?"),
        ({"text": {"en": {"receipt": "x" * 4001}}}, "longer than 4000", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_path_with_a_way_out(fields: dict[str, object], message: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        campaign_from_mapping(table(**fields), segments=["best"])
    assert message in refused.value.message
    assert fix in refused.value.fix


@pytest.mark.parametrize(
    "template",
    [
        *(f"ean13:{prefix}99{{serial:8}}" for prefix in ("02", *range(20, 30))),
        "code128:CPN-{serial:10}",
        "gs1_128:2559501101020917{serial:12}",
        "gs1_128:2559501101020917",
    ],
)
def test_a_till_barcode_of_the_chains_own_range_a_code_128_and_a_gcn_are_good(template: str) -> None:
    terms = campaign_from_mapping(table(coupon={"valid_days": 1, "till_barcode": template})).coupon
    assert terms is not None
    assert terms.till_barcode == template
    kind, data = till_barcode(template, serial_of(TransactionId("t-1"), CampaignId("coffee-back")))
    assert (kind, till_symbology(data)) == (template.partition(":")[0], kind)


def test_a_service_message_gives_nothing_and_so_has_no_coupon() -> None:
    with pytest.raises(ConfigurationError, match="stands beside a service message"):
        campaign_from_mapping(table(benefit={"kind": "service"}))


def test_two_campaigns_of_one_id_are_refused_with_both_places() -> None:
    with pytest.raises(ConfigurationError, match=r"campaign\[2\]\.id 'coffee-back' is also campaign\[1\]'s"):
        campaigns_from_mapping({"campaign": [table(), table()]})


def test_a_file_of_something_else_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="campains is not a known field"):
        campaigns_from_mapping({"campains": []})
    with pytest.raises(ConfigurationError, match="must be a list"):
        campaigns_from_mapping({"campaign": {"id": "x"}})


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10), st.dates()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


@given(st.sampled_from(sorted(table())), json_like)
def test_whatever_stands_in_a_field_it_is_read_or_refused_and_never_crashes(name: str, value: object) -> None:
    try:
        campaign = campaign_from_mapping(table(**{name: value}))
    except ConfigurationError as error:
        refused = error
    else:
        assert campaign.starts <= campaign.ends
        return
    assert refused.message

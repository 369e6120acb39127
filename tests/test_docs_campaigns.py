"""`docs/campaigns.md` is true: its file is read, its rules are rules, its codes exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from receipt.templates import WORDS, check_texts
from retail.conditions.condition import FIRST_WORDS
from retail.offers.campaign import BenefitKind, StackingMode
from retail.offers.campaign_file import campaigns_from_mapping
from retail.rule_words import KEY_KINDS, parse_rule

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))


def rows(section: str, column: int) -> list[str]:
    """Return the backticked words of a column of the section's tables."""
    tables = [line.split("|")[column + 1] for line in SECTIONS[section].splitlines() if line.startswith("| ")]
    return [word for cell in tables for word in re.findall(r"`([^`]+)`", cell)]


RULES = [rule for rule in (*rows("Who: rules", 0), *rows("Who: rules", 1)) if len(rule) > 2]


def test_the_file_is_read_and_its_texts_can_be_said() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    campaigns = campaigns_from_mapping(tomllib.loads(block), segments=["best", "vip"])
    check_texts(campaigns)
    assert [campaign.campaign_id for campaign in campaigns] == ["coffee-back"]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in {"need:", "within"}])
def test_every_rule_that_is_shown_is_one(rule: str) -> None:
    parse_rule(rule, segments=["best", "losing"])


def test_every_first_word_of_the_language_is_shown() -> None:
    shown = {rule.split()[0] for rule in RULES}
    assert set(FIRST_WORDS) - {"and", "or", "not"} <= shown


def test_every_kind_of_goods_benefit_mode_and_word_is_described() -> None:
    assert all(f"`{kind}:…`" in DOCUMENT for kind in KEY_KINDS)
    assert set(rows("What: benefits", 0)) == set(BenefitKind)
    assert {mode.value for mode in StackingMode} <= set(rows("Which of them: ranking, stacking, caps, control", 0))
    assert all(f"`{word}`" in SECTIONS["What it says: texts"] for word in WORDS)


def test_every_refusal_that_is_described_exists_and_every_one_that_exists_is_described() -> None:
    code = "".join(
        (ROOT / path).read_text(encoding="utf-8")
        for path in (
            "retail/coupons.py",
            "retail/coupon_life.py",
            "retail/coupon_policy.py",
            "sync/protocol/coupons.py",
        )
    )
    raised = set(re.findall(r'code="(coupon_[a-z_]+)"', code)) - {"coupon_version", "coupon_days"}
    assert set(rows("Coupons", 1)) == raised

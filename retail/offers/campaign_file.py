"""From the tables of `campaigns.toml` (contracts) to campaigns; every mistake is named by path, fix and nearest word.

The hub calls it when a marketer imports a file, the agent when a feed brings one: the same code refuses on both ends.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal

from retail.coupons import EAN13_DIGITS, GCN_AI, GCN_SERIAL_DIGITS_MAX, check_digit
from retail.errors import ConfigurationError
from retail.fields import Fields
from retail.identifiers import CampaignId
from retail.offers.campaign import (
    Benefit,
    BenefitKind,
    Campaign,
    Caps,
    Channel,
    CouponTerms,
    Depth,
    Funder,
    Stacking,
    StackingMode,
)
from retail.rule_words import KEY_KINDS, RuleError, parse_rule
from retail.segments import Rule

CAMPAIGNS_MAX = 10_000
"""Most campaigns of one file: ten times as many as a store decides on, live and past together."""

VALID_DAYS_MAX = 3_650
"""Longest life of a coupon: ten years; beyond it a date was written as days."""

PERCENT_MAX = Decimal(100)

_CAMPAIGN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?", re.ASCII)
_NEEDS_GOODS = frozenset({BenefitKind.NTH_FREE, BenefitKind.FIXED_PRICE})
_TEXT_FIELDS = ("receipt", "cashier", "kiosk", "display", "title", "conditions", "goods")
_TILL_BARCODE = re.compile(
    r"(ean13|code128|gs1_128):([0-9A-Za-z ._-]*)(?:\{serial:(\d{1,2})\}([0-9A-Za-z ._-]*))?", re.ASCII
)

_REAL_TIME_COUPON = re.compile(r"[a-z0-9_]+:\s*\(?8112", re.ASCII)
"""Coupons of the paperless format are validated by somebody else before they are taken, which needs a link."""

SERIAL_DIGITS_MAX = 19
"""A serial has 64 bits: 19 decimal digits can all be used."""

CODE128_CHARACTERS_MAX = 20
"""More make bars wider than a receipt at the width that scanners want."""


def campaigns_from_mapping(
    table: Mapping[str, object], *, segments: Collection[str] | None = None
) -> tuple[Campaign, ...]:
    """Read a whole file, `{"campaign": [...]}`; ConfigurationError names the campaign by its place and id.

    Repeating it gives equal campaigns. Two campaigns of one id are refused.
    """
    fields = Fields(table, "campaigns", code="campaign")
    entries = fields.value("campaign") or []
    fields.done()
    if not isinstance(entries, list | tuple) or len(entries) > CAMPAIGNS_MAX:
        raise fields.error("campaign", f"must be a list of at most {CAMPAIGNS_MAX} campaigns")
    campaigns = tuple(
        campaign_from_mapping(entry, path=f"campaign[{place}]", segments=segments)
        for place, entry in enumerate(entries, start=1)
    )
    seen: dict[str, int] = {}
    for place, campaign in enumerate(campaigns, start=1):
        first = seen.setdefault(campaign.campaign_id, place)
        if first != place:
            raise ConfigurationError(
                f"campaign[{place}].id {campaign.campaign_id!r} is also campaign[{first}]'s",
                fix="give each campaign its own id: caps, control groups and coupons hang on it",
                code="campaign",
            )
    return campaigns


def campaign_from_mapping(
    table: Mapping[str, object], *, path: str = "campaign", segments: Collection[str] | None = None
) -> Campaign:
    """Read one campaign; ConfigurationError says which field of `path` is wrong and what would be right.

    `segments`: the chain's segments, where they are known: then a rule that names another is refused as mistyped.
    """
    fields = Fields(table, path, code="campaign")
    campaign_id = fields.text("id")
    if not _CAMPAIGN_ID.fullmatch(campaign_id):
        raise fields.error("id", f"must be 1 to 64 letters, digits, '.', '_' or '-', not {campaign_id!r:.80}")
    fields.path = f"{path}({campaign_id})"
    starts, ends = fields.day("starts"), fields.day("ends")
    if ends < starts:
        raise fields.error("ends", f"lies before starts: {ends} < {starts}")
    campaign = Campaign(
        campaign_id=CampaignId(campaign_id),
        goal=fields.text("goal", ""),
        hypothesis=fields.text("hypothesis", ""),
        who=_rule(fields, "who", segments),
        where=fields.choices("where", Channel),
        starts=starts,
        ends=ends,
        priority=fields.count("priority", 0, low=-1000, high=1000),
        stacking=_stacking(fields.table_or_none("stacking")),
        caps=_caps(fields.table_or_none("caps")),
        control_percent=fields.number("control_percent", Decimal(0), high=PERCENT_MAX),
        funder=_funder(fields.table_or_none("funder")),
        benefit=_benefit(fields.table("benefit"), segments),
        coupon=_coupon(fields.table_or_none("coupon")),
        restricted=fields.text("restricted", ""),
        texts=_texts(fields.table_or_none("text")),
    )
    fields.done()
    if campaign.is_service and campaign.coupon is not None:
        raise fields.error("coupon", "stands beside a service message, which gives nothing")
    return campaign


def _rule(fields: Fields, name: str, segments: Collection[str] | None) -> Rule:
    try:
        return parse_rule(fields.text(name, "everybody"), segments=segments)
    except RuleError as error:
        raise fields.error(name, f"cannot be read: {error.message}", fix=error.fix) from error


def _stacking(fields: Fields | None) -> Stacking | None:
    if fields is None:
        return None
    stacking = Stacking(group=fields.text("group"), mode=fields.choice("mode", StackingMode))
    fields.done()
    return stacking


def _caps(fields: Fields | None) -> Caps:
    if fields is None:
        return Caps()
    caps = Caps(
        receipt=fields.count_or_none("receipt", low=1),
        customer=fields.count_or_none("customer"),
        household=fields.count_or_none("household"),
        day=fields.count_or_none("day"),
        store=fields.count_or_none("store"),
        budget=fields.number_or_none("budget"),
    )
    fields.done()
    return caps


def _funder(fields: Fields | None) -> Funder | None:
    if fields is None:
        return None
    funder = Funder(name=fields.text("name"), share_percent=fields.number("share_percent", high=PERCENT_MAX))
    fields.done()
    return funder


def _benefit(fields: Fields, segments: Collection[str] | None) -> Benefit:
    kind = fields.choice("kind", BenefitKind)
    low, high = _value_range(kind)
    benefit = Benefit(
        kind=kind,
        value=fields.number("value", Decimal(0) if low == 0 else None, low=low, high=high),
        applies_to=_goods_key(fields),
        floor=fields.number_or_none("floor"),
        cost_max=fields.number_or_none("cost_max"),
        depths=tuple(_depth(each, segments, low=low, high=high) for each in fields.tables("depth")),
    )
    fields.done()
    if kind in _NEEDS_GOODS and not benefit.applies_to:
        raise fields.error("applies_to", f"is missing: {kind.value} needs goods such as category:coffee")
    if kind is BenefitKind.NTH_FREE and benefit.value != int(benefit.value):
        raise fields.error("value", f"must be a whole number for nth_free, not {benefit.value:f}")
    return benefit


def _value_range(kind: BenefitKind) -> tuple[Decimal, Decimal]:
    """Return the least and greatest value that makes sense for a kind of benefit."""
    cent, most = Decimal("0.01"), Decimal(10) ** 6
    match kind:
        case BenefitKind.PERCENT:
            return cent, PERCENT_MAX
        case BenefitKind.NTH_FREE:
            return Decimal(2), Decimal(100)
        case BenefitKind.POINTS_MULTIPLIER:
            return Decimal(1), Decimal(100)
        case BenefitKind.AMOUNT | BenefitKind.FIXED_PRICE | BenefitKind.POINTS:
            return cent, most
        case BenefitKind.GIFT | BenefitKind.SERVICE:
            return Decimal(0), most


def _goods_key(fields: Fields) -> str:
    key = fields.text("applies_to", "").strip().lower()
    kind, colon, name = key.partition(":")
    if key and (not colon or not name or kind not in KEY_KINDS):
        raise fields.error("applies_to", f"must be goods such as category:coffee, not {key!r:.80}")
    return key


def _depth(fields: Fields, segments: Collection[str] | None, *, low: Decimal, high: Decimal) -> Depth:
    depth = Depth(who=_rule(fields, "who", segments), value=fields.number("value", low=low, high=high))
    fields.done()
    return depth


def _coupon(fields: Fields | None) -> CouponTerms | None:
    if fields is None:
        return None
    terms = CouponTerms(
        valid_days=fields.count("valid_days", low=0, high=VALID_DAYS_MAX),
        till_barcode=fields.text("till_barcode", ""),
        issuing_store_only=fields.flag("issuing_store_only"),
    )
    fields.done()
    if terms.till_barcode:
        _check_till_barcode(fields, terms.till_barcode)
    return terms


def _check_till_barcode(fields: Fields, template: str) -> None:
    if _REAL_TIME_COUPON.match(template):
        raise fields.error(
            "till_barcode",
            "is a coupon of AI (8112), which its issuer validates in real time: without a link nobody could",
            fix="use a GCN of AI (255), the chain's own EAN-13 of 02 or 20 to 29, or another Code 128",
        )
    match = _TILL_BARCODE.fullmatch(template)
    if match is None:
        raise fields.error("till_barcode", f"cannot be read: {template!r:.80}", fix="write e.g. ean13:2099{serial:8}")
    symbology, fixed, digits = match[1], match[2] + (match[4] or ""), int(match[3] or 0)
    if match[3] is not None and not 0 < digits <= SERIAL_DIGITS_MAX:
        raise fields.error("till_barcode", f"needs 1 to {SERIAL_DIGITS_MAX} digits of the serial, not {digits}")
    if symbology == "ean13":
        _check_ean13(fields, fixed, digits)
    elif symbology == "gs1_128":
        _check_gcn(fields, match[2], digits, after=match[4] or "")
    elif not 0 < len(fixed) + digits <= CODE128_CHARACTERS_MAX:
        raise fields.error("till_barcode", f"must have 1 to {CODE128_CHARACTERS_MAX} characters")


def _check_ean13(fields: Fields, fixed: str, digits: int) -> None:
    """Check an EAN-13 of the chain's own range, its check digit missing or right."""
    is_whole = not digits and len(fixed) == EAN13_DIGITS
    if not fixed.isdigit() or not (is_whole or len(fixed) + digits == EAN13_DIGITS - 1):
        raise fields.error(
            "till_barcode",
            f"makes {len(fixed) + digits} digits, an EAN-13 has {EAN13_DIGITS - 1} before its check digit",
            fix="write e.g. ean13:2099{serial:8}, or the code that the till knows",
        )
    if is_whole and check_digit(fixed[:-1]) != fixed[-1]:
        raise fields.error("till_barcode", f"ends with {fixed[-1]}, its check digit is {check_digit(fixed[:-1])}")
    if not fixed.startswith(("02", "2")):
        raise fields.error(
            "till_barcode",
            f"begins with {fixed[:2]}, which GS1 gave to somebody else",
            fix="use the chain's own restricted range: 02 or 20 to 29",
        )


def _check_gcn(fields: Fields, fixed: str, digits: int, *, after: str) -> None:
    """Check a Global Coupon Number: AI (255), 13 digits with a right check digit, an even number of serial digits."""
    number = fixed.removeprefix(GCN_AI)
    if not fixed.startswith(GCN_AI) or after or not number.isdigit() or len(number) != EAN13_DIGITS:
        raise fields.error(
            "till_barcode",
            "is no Global Coupon Number: 255 and its 13 digits, then the serial",
            fix="write gs1_128:255, your GCN with its check digit, and {serial:12}",
        )
    if check_digit(number[:-1]) != number[-1]:
        raise fields.error(
            "till_barcode", f"ends its GCN with {number[-1]}, its check digit is {check_digit(number[:-1])}"
        )
    if digits > GCN_SERIAL_DIGITS_MAX or digits % 2:
        raise fields.error(
            "till_barcode", f"may have 2, 4 … {GCN_SERIAL_DIGITS_MAX} digits of the serial behind a GCN, not {digits}"
        )


def _texts(fields: Fields | None) -> dict[str, dict[str, str]]:
    if fields is None:
        return {}
    texts = {}
    for language in fields.names():
        if not _LANGUAGE.fullmatch(language):
            raise fields.error(language, "is no language", fix="write its ISO 639 code, e.g. en, ru, de")
        table = fields.table(language)
        texts[language] = {name: table.text(name) for name in _TEXT_FIELDS if name in table}
        for name in _TEXT_FIELDS:
            table.value(name)
        table.done()
    return texts

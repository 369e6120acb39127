"""A campaign: who x when x what x where x how often x stacking x control (`campaigns.toml` in the contracts).

A promotion is a rule on a basket; an offer is a promotion for one person. A campaign carries its goal, hypothesis,
channel and period, so that it can end with a verdict. Amounts are of the store's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from retail.identifiers import CampaignId
from retail.segments import Rule


class Channel(StrEnum):
    """A store's own channels."""

    RECEIPT = "receipt"
    CASHIER = "cashier"
    KIOSK = "kiosk"
    DISPLAY = "display"


class BenefitKind(StrEnum):
    """What is given. SERVICE gives nothing: it is a message that needs no consent and is in no cap or control."""

    PERCENT = "percent"
    AMOUNT = "amount"
    NTH_FREE = "nth_free"
    FIXED_PRICE = "fixed_price"
    POINTS_MULTIPLIER = "points_multiplier"
    POINTS = "points"
    GIFT = "gift"
    SERVICE = "service"


class StackingMode(StrEnum):
    """How the campaigns of one stacking group go together.

    BEST_OF: the one worth most to the customer. EXCLUSIVE: it goes alone, with no other offer of any group.
    SEQUENTIAL: all of them, one after the other, each on the price that the one before left.
    """

    BEST_OF = "best_of"
    EXCLUSIVE = "exclusive"
    SEQUENTIAL = "sequential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacking:
    """The group in which a campaign competes, and how."""

    group: str
    mode: StackingMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How often at most; None: no limit. `day` and `store` are counted in one store, the only place that can count.

    `receipt` is how many offers a paper may carry when this one is among them. `budget` is money of the store's
    currency that the campaign may cost in this store.
    """

    receipt: int | None = None
    customer: int | None = None
    household: int | None = None
    day: int | None = None
    store: int | None = None
    budget: Decimal | None = None

    @property
    def are_of_the_store(self) -> bool:
        """Whether any of them is counted for the whole store: what one lane prints matters to every other."""
        return any(each is not None for each in (self.day, self.store, self.budget))


@dataclass(frozen=True, slots=True, kw_only=True)
class Funder:
    """Who pays: a supplier's share of the benefit's cost, settled by a report."""

    name: str
    share_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """Another value of the benefit for those of whom `who` holds: less for those who would buy anyway."""

    who: Rule
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What is given, to what (`applies_to` a key of goods, or empty for the whole basket), down to which price.

    `value`: per cent, amount, the n of "every n-th free", the fixed price, the factor or the number of points.
    `floor`: no unit is sold below this price by the benefit. `cost_max`: what one redemption costs at most.
    """

    kind: BenefitKind
    value: Decimal = Decimal(0)
    applies_to: str = ""
    floor: Decimal | None = None
    cost_max: Decimal | None = None
    depths: tuple[Depth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponTerms:
    """How long the campaign's coupon is good for, and the till's own barcode for it, `{serial:8}` inside.

    `issuing_store_only`: whatever the chain allows without a link, other stores do not take this one without it.

    Without a serial it is one code for all, which the till knows as its discount: a mass coupon at the till, still a
    serialised one in its QR code.
    """

    valid_days: int
    till_barcode: str = ""
    issuing_store_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign, validated: `campaign_from_mapping` makes them.

    `texts` maps a language to the templates of its channels (`receipt`, `cashier`, `kiosk`, ...), and to `title`,
    `conditions` and `goods` (what a reader calls the goods that the benefit applies to).
    `restricted` names the class of restricted goods it speaks of; such a campaign is shown only where the class is.
    """

    campaign_id: CampaignId
    who: Rule
    where: frozenset[Channel]
    starts: date
    ends: date
    benefit: Benefit
    goal: str = ""
    hypothesis: str = ""
    priority: int = 0
    stacking: Stacking | None = None
    caps: Caps = field(default_factory=Caps)
    control_percent: Decimal = Decimal(0)
    funder: Funder | None = None
    coupon: CouponTerms | None = None
    restricted: str = ""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @property
    def is_service(self) -> bool:
        """Whether it is a service message: outside caps, control and consent."""
        return self.benefit.kind is BenefitKind.SERVICE

    def is_live(self, today: date) -> bool:
        """Return whether the campaign runs on that day; both ends are days of it."""
        return self.starts <= today <= self.ends

    def valid_until(self, today: date) -> date:
        """Return the last day of an offer made today: as its coupon says, else the campaign's last day."""
        return self.ends if self.coupon is None else today + timedelta(days=self.coupon.valid_days)

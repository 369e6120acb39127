"""The chain's rules of offers as people write them: `[offers]` of the table that `tillstream hub value --rules` takes.

What is not said is the careful thing: nobody is held out, two offers a paper, and no class of restricted goods may be
spoken of in any country.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from retail.fields import Fields
from retail.offers.decision import OFFERS_PER_RECEIPT, OfferPolicy

OFFERS_PER_RECEIPT_MAX = 6
"""A paper of more offers is a leaflet; each is a title and three lines."""

HOLDOUT_PERCENT_MAX = Decimal(50)
"""Whoever holds out more than half of the households measures the wrong half."""

COUNTRY_CHARS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainOfferRules:
    """`restricted_allowed`: country (ISO 3166) -> classes of restricted goods that its law lets us speak of."""

    holdout_percent: Decimal = Decimal(0)
    offers_per_receipt: int = OFFERS_PER_RECEIPT
    restricted_allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def policy(self, country: str) -> OfferPolicy:
        """Return the policy of a store in this country; an unknown country allows nothing."""
        return OfferPolicy(
            offers_per_receipt=self.offers_per_receipt,
            holdout_percent=self.holdout_percent,
            restricted_allowed=self.restricted_allowed.get(country, frozenset()),
        )


def offer_rules(fields: Fields | None) -> ChainOfferRules:
    """Read `[offers]`; ConfigurationError names the field that is wrong."""
    if fields is None:
        return ChainOfferRules()
    allowed = fields.table_or_none("restricted_allowed")
    rules = ChainOfferRules(
        holdout_percent=fields.number("holdout_percent", Decimal(0), high=HOLDOUT_PERCENT_MAX),
        offers_per_receipt=fields.count("per_receipt", OFFERS_PER_RECEIPT, low=1, high=OFFERS_PER_RECEIPT_MAX),
        restricted_allowed={} if allowed is None else {name: _classes(allowed, name) for name in allowed.names()},
    )
    fields.done()
    return rules


def _classes(fields: Fields, country: str) -> frozenset[str]:
    value = fields.value(country)
    if len(country) != COUNTRY_CHARS or not (country.isalpha() and country.isupper()):
        raise fields.error(country, "must be a country of two capital letters, e.g. DE")
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each for each in value):
        raise fields.error(country, f'must be a list of classes of goods, e.g. ["alcohol"], not {value!r:.80}')
    return frozenset(value)

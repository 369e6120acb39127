"""What deciding without a link may cost a chain at worst, in points and in money, and what it has to agree to.

Points stand in `retail.leases.exposure`; coupons here. A chain that widens what its stores may do without a link states
the sum that it has read; less than the worst case is refused before any store hears of it.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from retail.coupon_policy import OfflineRule, RedemptionPolicy
from retail.leases import Exposure, exposure
from retail.money import Money, minor_units
from retail.value_policy import ValuePolicy


def coupon_exposure(policy: RedemptionPolicy, *, stores: int, coupons: int, worth: Decimal, currency: str) -> Exposure:
    """Return what `coupons` that are out, each worth at most `worth`, may cost beyond their one use.

    Each further use is in another store, which is cut off or whose word has not arrived: one at most in each.
    """
    match policy.offline:
        case OfflineRule.NOWHERE | OfflineRule.LEASES:
            extra, each = 0, Decimal(0)
            because = "a coupon is one store's at a time: it cannot be used twice"
        case OfflineRule.ISSUING_STORE:
            extra, each = min(1, stores - 1), worth
            because = "the issuing store is cut off while the hub grants its coupon to another: one use more"
        case OfflineRule.ANY_STORE:
            extra, each = stores - 1, min(worth, policy.floor_limit)
            because = "every store but one is cut off and takes the same coupon once, up to the floor limit"
    step = Decimal(1).scaleb(-minor_units(currency))
    amount = (each * extra * coupons).quantize(step, ROUND_CEILING)
    return Exposure(points=0, money=Money(amount, currency), because=because)


def burn_exposure(policy: ValuePolicy, *, stores: int, currency: str, lease_days: int = 1) -> Exposure:
    """Return the worst case of spending points without a link."""
    cases = exposure(policy.burn, stores=stores, lease_days=lease_days, currency=currency)
    return max(cases, key=lambda case: case.money.amount)

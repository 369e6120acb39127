"""Coupons at the counter: is this one good here and now, what does it take off, and its burning in the ledger.

Whatever way a coupon comes - its QR code, the till's own barcode beside it, its number typed by hand - it is the same
coupon with one life (`retail/coupon_life.py`). A use names the open sale that it was made in; which transaction that
became is known when the receipt is printed, and stands in the ledger's row of that sale.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from agent.journal.records import JournalKind
from agent.value.book import Row, ValueBook, What
from agent.value.coupon_leases import FREE, CouponLeases
from agent.value.rows import coupon_of, coupon_row
from agent.value.rules import ValueRules
from retail.coupon_life import (
    CouponRecord,
    CouponState,
    PrintOutcome,
    Use,
    held_by,
    oldest_usable,
    redeem,
    reserve,
    reverse,
    void,
)
from retail.coupon_policy import Attempt, check
from retail.coupons import PREFIX, CouponClaims, campaign_digest, holder_digest, spoken_serial, typed_serial
from retail.errors import RefusedError
from retail.facts import Basket
from retail.identifiers import BusinessUnitId, CampaignId, CouponSerial, CustomerId, TransactionId, WorkstationId
from retail.money import Money
from retail.offers.campaign import Benefit, BenefitKind, Campaign
from retail.offers.decision import Reward
from retail.offers.pricing import PriceEffect, price_effects

KEPT_DAYS = 60
"""How long a coupon is kept beyond its last day: so long somebody may still ask what became of it."""

_NOTHING = Decimal(0)
_NO_KEY = bytes(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A coupon held out at a till; `basket` None where nobody can see what is in it (level S)."""

    code: str
    workstation_id: str
    today: date
    now: datetime
    customer_id: str | None = None
    basket: Basket | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A coupon that may be redeemed here and now: its record, what it is for, what it takes off which line.

    `campaign` is None for one whose campaign the feed brings no more, and that a till took nevertheless.
    """

    record: CouponRecord
    campaign: Campaign | None
    till_code: str
    effects: tuple[PriceEffect, ...] = ()

    @property
    def worth(self) -> Decimal:
        """What it takes off the basket."""
        return -sum((effect.amount.amount for effect in self.effects), _NOTHING)


class CouponDesk:
    """Used by core's loop only; changes rows of the book and returns records, the caller commits them together."""

    def __init__(self, book: ValueBook, rules: ValueRules) -> None:
        self._book = book
        self._rules = rules
        self.leases = CouponLeases(book)

    def issued(self, content: Row, *, till_code: str) -> None:
        """Know a coupon from the content of its `coupon.issued` record. A repeat changes nothing."""
        if self._book.get(What.COUPON, content["serial"]) is not None:
            return
        record = CouponRecord(
            serial=CouponSerial(content["serial"]),
            campaign_id=CampaignId(content["campaign_id"]),
            transaction_id=TransactionId(content["transaction_id"]),
            issued_at=self._rules.store,
            valid_from=date.fromisoformat(content["valid_from"]),
            valid_until=date.fromisoformat(content["valid_until"]),
            holder=CustomerId(content["customer_id"]) if content["customer_id"] else None,
        )
        self._keep(record, till_code)

    def told_of_paper(self, serial: str, outcome: PrintOutcome) -> None:
        """Note what became of a coupon's paper; one that no paper carries is worthless."""
        row = self._book.get(What.COUPON, serial)
        if row is not None:
            record = replace(coupon_of(row), outcome=outcome)
            if outcome is PrintOutcome.NOT_PRINTED:
                record = void(record)
            self._keep(record, row["till_code"])

    def question(self, held: Held) -> Row | None:
        """Return what to ask the hub about a coupon held out; None where its answer changes nothing.

        That is one that is refused here anyway, one that was given to this store, and one just asked about.
        """
        try:
            good = self.judge(held, granted=True)
        except RefusedError:
            return None
        record = good.record
        if self.leases.is_granted(record.serial, held.now) or self.leases.word(record.serial, held.now):
            return None
        return {
            "serial": record.serial,
            "issued_at": record.issued_at,
            "valid_from": record.valid_from.isoformat(),
        }

    def judge(self, held: Held, *, granted: bool = False) -> Good:
        """Return the coupon if it may be redeemed; RefusedError says by code and message why not. Changes nothing.

        `granted`: as if the hub had given it to this store.
        """
        claims, issued_at, only_if_known = self._read(held)
        if not granted:
            self.leases.check(claims.serial, here=self._rules.store, now=held.now)
            granted = self.leases.is_granted(claims.serial, held.now)
            granted = granted or self.leases.word(claims.serial, held.now).get("verdict") == FREE
        row = self._book.get(What.COUPON, claims.serial)
        record = coupon_of(row) if row is not None else None
        if only_if_known and record is not None:
            claims = _claims_of(record)  # whoever has stolen the key may write other days and another holder
        if not self._rules.stops.may_redeem(held.now):
            raise RefusedError("redeeming is stopped at the moment", fix="tell the customer so", code="coupon_stopped")
        campaign = self._rules.campaign(claims.campaign_digest)
        effects = _effects(campaign, held) if campaign is not None else ()
        check(
            Attempt(
                claims=claims,
                campaign_id=campaign.campaign_id if campaign else None,
                issued_at=issued_at,
                here=self._rules.store,
                today=held.today,
                worth=self._worth(campaign, effects, held),
                record=record,
                customer_id=CustomerId(held.customer_id) if held.customer_id else None,
                only_if_known=only_if_known,
                granted=granted,
            ),
            replace(self._rules.policy.coupons, stopped=self._stopped(held.now)),
        )
        assert campaign is not None, "the policy lets no unknown campaign pass"
        known = record or _foreign(claims, campaign, issued_at)
        if known.at(held.now).state is not CouponState.ISSUED:
            redeem(known, _trial(held, self._rules.store))  # raises with what to tell the customer
        return Good(record=known, campaign=campaign, till_code=row["till_code"] if row else "", effects=effects)

    def burn(self, good: Good, *, use_id: str, held: Held, seen_later: bool = False) -> Row:
        """Redeem a coupon for an open sale and return its record's content. RefusedError when it is not to be had."""
        use = Use(
            transaction_id=TransactionId(use_id),
            business_unit_id=self._rules.store,
            workstation_id=WorkstationId(held.workstation_id),
            at=held.now,
            seen_later=seen_later,
        )
        self._keep(redeem(good.record, use), good.till_code)
        return {
            "serial": good.record.serial,
            "campaign_id": good.record.campaign_id,
            "customer_id": held.customer_id,
            "issued_at": good.record.issued_at,
            "use_id": use_id,
            "store": self._rules.store,
            "workstation_id": held.workstation_id,
            "at": held.now.isoformat(),
            "worth": str(good.worth),
            "seen_later": seen_later,
            **self._rules.stamp(held.now),
        }

    def hold(self, good: Good, *, use_id: str, now: datetime, until: datetime) -> None:
        """Reserve a coupon for an open sale. RefusedError when another sale has it."""
        self._keep(reserve(good.record, transaction_id=TransactionId(use_id), now=now, until=until), good.till_code)

    def burn_reserved(self, serial: str, *, use_id: str, workstation_id: str, now: datetime) -> Row:
        """Redeem a coupon that a sale has reserved, and return its record's content. RefusedError as `burn`."""
        row = self._book.get(What.COUPON, serial)
        if row is None:
            raise RefusedError("this store knows no such coupon", fix="reserve again", code="coupon_unreadable")
        record = coupon_of(row)
        good = Good(record=record, campaign=None, till_code=row["till_code"])
        held = Held(code=serial, workstation_id=workstation_id, today=now.date(), now=now)
        return self.burn(good, use_id=use_id, held=held)

    def give_back(self, serial: str, *, use_id: str, why: str) -> Row | None:
        """Undo a use or a reservation and return the record's content; None when that use does not stand any more."""
        row = self._book.get(What.COUPON, serial)
        if row is None:
            return None
        record = coupon_of(row)
        if record.use is not None and record.use.transaction_id == use_id:
            self._keep(reverse(record, transaction_id=TransactionId(use_id)), row["till_code"])
            return {"serial": serial, "campaign_id": record.campaign_id, "use_id": use_id, "why": why}
        if record.reserved_for == use_id:
            released = replace(record, state=CouponState.ISSUED, reserved_for=None, reserved_until=None)
            self._keep(released, row["till_code"])
        return None

    def make_void(self, serial: str, *, transaction_id: str, why: str) -> Row | None:
        """Make a coupon worthless whose purchase was cancelled, and return the record's content."""
        row = self._book.get(What.COUPON, serial)
        if row is None or coupon_of(row).state in {CouponState.VOIDED, CouponState.FORFEITED}:
            return None
        record = void(coupon_of(row))
        self._keep(record, row["till_code"])
        content = {"transaction_id": transaction_id, "campaign_id": record.campaign_id, "serial": serial, "why": why}
        return {**content, "already_used": record.state is CouponState.FORFEITED}

    def seen(self, till_code: str, held: Held, *, use_id: str) -> tuple[JournalKind, Row]:
        """Take a coupon whose till barcode stands in a receipt: after the fact, whatever its state (level P)."""
        records = self._behind(self._book.serials_of(till_code), held)
        usable = oldest_usable(records, held.today)
        if usable is None:
            return JournalKind.COUPON_REFUSED, self._too_late(records, held, till_code)
        campaign = self._rules.campaign_named(usable.campaign_id)
        good = Good(record=replace(usable, state=CouponState.ISSUED), campaign=campaign, till_code=till_code)
        return JournalKind.COUPON_REDEEMED, self.burn(good, use_id=use_id, held=held, seen_later=True)

    def refused(self, held: Held, error: RefusedError) -> Row:
        """Return the content of a refusal's record: enough to see a pattern, nothing that could be used."""
        serial = ""
        with suppress(RefusedError):
            serial = str(self._read(held)[0].serial)
        return {
            "serial": serial,
            "campaign_id": "",
            "why": error.code,
            "message": error.message,
            "customer_id": held.customer_id,
            "store": self._rules.store,
            "workstation_id": held.workstation_id,
            "at": held.now.isoformat(),
            "seen_later": False,
            **self._rules.stamp(held.now),
        }

    def forget_old(self, today: date) -> int:
        """Drop coupons that nobody can ask about any more; return how many."""
        old = [
            serial
            for serial, row in self._book.each(What.COUPON)
            if date.fromisoformat(row["valid_until"]) + timedelta(days=KEPT_DAYS) < today
        ]
        for serial in old:
            self._book.drop(What.COUPON, serial)
        return len(old)

    # Parts

    def _stopped(self, now: datetime) -> frozenset[CampaignId]:
        return self._rules.policy.coupons.stopped | self._rules.stops.campaigns(now)

    def _keep(self, record: CouponRecord, till_code: str) -> None:
        self._book.put(What.COUPON, record.serial, coupon_row(record, till_code=till_code))

    def _read(self, held: Held) -> tuple[CouponClaims, BusinessUnitId, bool]:
        """Return what a code says: verified by its signature, or known to this ledger by number or till barcode."""
        code = held.code.strip()
        if code.lower().startswith(PREFIX):
            verified = self._rules.verifier.verify(code, today=held.today)
            return verified.claims, verified.issued_at, verified.only_if_known
        typed = typed_serial(code)
        serials = self._book.serials_of(code) if typed is None else (str(typed),)
        records = self._behind(serials, held)
        if not records:
            raise RefusedError(
                "this store knows no coupon of that number", fix="scan its QR code", code="coupon_unreadable"
            )
        record = oldest_usable(records, held.today) or records[0]
        return _claims_of(record), record.issued_at, False

    def _behind(self, serials: Sequence[str], held: Held) -> tuple[CouponRecord, ...]:
        """Return what a code may mean to who holds it out."""
        rows = [self._book.get(What.COUPON, serial) for serial in serials]
        customer_id = CustomerId(held.customer_id) if held.customer_id else None
        return held_by((coupon_of(row).at(held.now) for row in rows if row is not None), customer_id)

    def _worth(self, campaign: Campaign | None, effects: Sequence[PriceEffect], held: Held) -> Money:
        """Return what it takes off; where no basket is seen what it may cost at most, as far as the campaign says."""
        if campaign is None or (held.basket is not None and _takes_off(campaign.benefit)):
            return Money(-sum((each.amount.amount for each in effects), _NOTHING), self._rules.currency)
        benefit = campaign.benefit
        fixed = benefit.value if benefit.kind is BenefitKind.AMOUNT else None
        unbounded = self._rules.policy.coupons.floor_limit + 1
        return Money(benefit.cost_max or fixed or unbounded, self._rules.currency)

    def _too_late(self, records: Sequence[CouponRecord], held: Held, till_code: str) -> Row:
        use = next((record.use for record in records if record.use is not None), None)
        why = "coupon_used" if use else "coupon_expired"
        message = (
            f"the till took a coupon that was already used on {use.at:%Y-%m-%d at %H:%M}, till {use.workstation_id}"
            if use
            else "the till took a coupon that is expired or void"
        )
        return {
            "serial": records[0].serial if records else "",
            "campaign_id": records[0].campaign_id if records else "",
            "till_code": till_code,
            "why": why,
            "message": message,
            "customer_id": held.customer_id,
            "store": self._rules.store,
            "workstation_id": held.workstation_id,
            "at": held.now.isoformat(),
            "seen_later": True,
            **self._rules.stamp(held.now),
        }


def shown(serial: str) -> str:
    """Return the end of a coupon's number, as a cashier compares it with the paper."""
    return spoken_serial(CouponSerial(serial))[-5:]


def _effects(campaign: Campaign, held: Held) -> tuple[PriceEffect, ...]:
    if held.basket is None:
        return ()
    reward = Reward(
        campaign=campaign, value=campaign.benefit.value, cost=held.basket.total, valid_until=held.today, why=()
    )
    return price_effects([reward], held.basket)


def _takes_off(benefit: Benefit) -> bool:
    return benefit.kind not in {
        BenefitKind.GIFT,
        BenefitKind.SERVICE,
        BenefitKind.POINTS,
        BenefitKind.POINTS_MULTIPLIER,
    }


def _foreign(claims: CouponClaims, campaign: Campaign, issued_at: BusinessUnitId) -> CouponRecord:
    """Return the record of a coupon that another store issued and that is seen here for the first time."""
    return CouponRecord(
        serial=claims.serial,
        campaign_id=campaign.campaign_id,
        transaction_id=TransactionId(""),
        issued_at=issued_at,
        valid_from=claims.valid_from,
        valid_until=claims.valid_until,
        outcome=PrintOutcome.PRINTED,
    )


def _claims_of(record: CouponRecord) -> CouponClaims:
    """Return what the paper of a coupon known here says."""
    claims = CouponClaims(
        serial=record.serial,
        campaign_digest=campaign_digest(record.campaign_id),
        key_id=_NO_KEY,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
    )
    return claims if record.holder is None else replace(claims, holder_digest=holder_digest(record.holder))


def _trial(held: Held, store: BusinessUnitId) -> Use:
    return Use(
        transaction_id=TransactionId("?"),
        business_unit_id=store,
        workstation_id=WorkstationId(held.workstation_id),
        at=held.now,
    )

"""What a till may ask of the value room (level T): quote, reserve, commit, reverse. `till_operations` commits it.

A quote changes nothing. A reservation holds coupons and points for one open sale and ends by itself: a till that never
commits costs nothing. A commit burns, on disk, before it is confirmed; a reversal gives back what still stands. Each
answer is kept with its key in the same commit as what it speaks of, so that a repeat after a kill is the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from agent.journal.records import JournalKind, canonical_json
from agent.offering.offering import OfferDesk
from agent.value.book import Entry, Row, What
from agent.value.coupons import Good, Held
from agent.value.leases import Spending
from agent.value.points import Member, Told
from agent.value.room import ValueRoom
from retail.errors import RefusedError
from retail.facts import Basket
from retail.line_items import SaleLineItem
from retail.loyalty import Account
from retail.money import Money
from retail.offers.decision import Reward
from retail.offers.pricing import PriceEffect, price_effects
from retail.transaction import RetailTransaction

LINES_MAX = 500  # of one basket: four full trolleys
COUPONS_MAX = 20  # of one basket: a whole wallet of them
AMOUNT_MAX = Decimal(10) ** 9

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A till's question about one open sale."""

    workstation_id: str
    now: datetime
    today: date
    account: Account | None = None
    lines: Sequence[Mapping[str, Any]] = ()
    coupons: Sequence[str] = ()
    points: int = 0

    @property
    def member(self) -> Member | None:
        """Whose sale it is."""
        return Member.of(self.account) if self.account is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """A basket with what offers and coupons take off it; effects count the till's own lines from 0."""

    goods: Basket
    places: tuple[int, ...]
    offers: tuple[Reward, ...]
    texts: tuple[str, ...]
    good: tuple[Good, ...]
    refused: tuple[tuple[str, RefusedError], ...]
    effects: tuple[PriceEffect, ...]


class TillDesk:
    """Used by core's loop only."""

    def __init__(self, room: ValueRoom, *, offers: OfferDesk, today: Callable[[datetime], date]) -> None:
        self._room = room
        self._offers = offers
        self._today = today

    def quote(self, asked: Asked) -> Answer:
        """Return what the basket would cost and what could be redeemed. Changes nothing."""
        priced = self._priced(asked)
        redeemable = self._redeemable(asked)
        return {
            **self._told(asked, priced),
            "points": {
                "balance": asked.account.points if asked.account else 0,
                "redeemable": redeemable,
                "amount": str(self._room.leases.worth(redeemable)),
            },
            **self._room.rules.stamp(asked.now),
        }

    def redeemable(self, asked: Asked) -> tuple[str, int]:
        """Return the account that carries a member's points, and how many could be spent here now."""
        return (asked.member.account if asked.member else ""), self._redeemable(asked)

    def reserve(self, asked: Asked, *, key: str) -> tuple[Answer, Entry]:
        """Hold coupons and points for a sale. RefusedError when one of them is not to be had: then nothing is held."""
        priced = self._priced(asked)
        if priced.refused:
            raise priced.refused[0][1]
        # Store and time, because tills count their keys from 1 every morning: a burn's id is the chain's, for ever.
        name = f"{self._room.rules.store}\x1f{asked.now.isoformat()}\x1f{key}"
        reservation_id = f"r-{hashlib.sha256(name.encode()).hexdigest()[:24]}"
        until = asked.now + timedelta(seconds=self._room.rules.policy.reserved_s)
        spending = self._spending(asked, reservation_id) if asked.points else None
        lease_id = self._room.leases.check(spending)["lease_id"] if spending is not None else ""
        for good in priced.good:
            self._room.coupons.hold(good, use_id=reservation_id, now=asked.now, until=until)
        answer = {
            "reservation_id": reservation_id,
            "expires_at": until.isoformat(),
            **self._told(asked, priced),
            "points": {"reserved": asked.points, "amount": str(self._room.leases.worth(asked.points))},
            **self._room.rules.stamp(asked.now),
        }
        row = {
            "reservation_id": reservation_id,
            "state": "reserved",
            "workstation_id": asked.workstation_id,
            "customer_id": asked.member.customer_id if asked.member else "",
            "account": asked.member.account if asked.member else "",
            "points": asked.points,
            "lease_id": lease_id,
            "coupons": [good.record.serial for good in priced.good],
            "until": until.isoformat(),
            "discount": answer["discount"],
            "uses": [],
        }
        self._room.book.put(What.HOLD, reservation_id, row)
        content = {name: row[name] for name in ("reservation_id", "customer_id", "points", "coupons", "until")}
        return answer, self._room.book.entry([(JournalKind.VALUE_RESERVED, content)])

    def commit(self, reservation_id: str, *, now: datetime) -> tuple[Answer, Entry]:
        """Burn what a reservation holds. Committing it again is the same; RefusedError: unknown, expired, reversed."""
        row = self._hold(reservation_id)
        if row["state"] == "committed":
            return row["answer"], Entry()
        if row["state"] == "reversed":
            raise RefusedError("this reservation was reversed", fix="reserve again", code="reservation_reversed")
        if now >= datetime.fromisoformat(row["until"]):
            raise RefusedError(
                f"this reservation ended at {row['until']}", fix="reserve again", code="reservation_expired"
            )
        records, uses = self._burned(row, now=now)
        answer = {
            "reservation_id": reservation_id,
            "committed": True,
            "discount": row["discount"],
            "points": {"burned": row["points"], "amount": str(self._room.leases.worth(row["points"]))},
            "coupons": list(row["coupons"]),
            **self._room.rules.stamp(now),
        }
        after = {**row, "state": "committed", "answer": answer, "uses": uses, "until": now.isoformat(), "points": 0}
        self._room.book.put(What.HOLD, reservation_id, {**after, "burned": row["points"]})
        for use in uses:
            self._room.open_use(row["workstation_id"], use)
        return answer, self._room.book.entry(records)

    def reverse(self, reservation_id: str, *, now: datetime) -> tuple[Answer, Entry]:
        """Give back what a reservation held or its commit burned, as far as it still stands. A repeat is the same."""
        row = self._hold(reservation_id)
        answer = {"reservation_id": reservation_id, "reversed": True}
        if row["state"] == "reversed":
            return answer, Entry()
        records: list[Told] = []
        if row["state"] == "committed":
            self._room.close_lane_use(reservation_id)
            records += self._room.give_back_uses(row["uses"], why="reversed")
        else:
            for serial in row["coupons"]:
                self._room.coupons.give_back(serial, use_id=reservation_id, why="reversed")
        content = {"reservation_id": reservation_id, "was": row["state"]}
        records.append((JournalKind.VALUE_RELEASED, content))
        given_back = (self._room.book.get(What.HOLD, reservation_id) or row).get("given_back", 0)
        over = {**row, "state": "reversed", "points": 0, "until": now.isoformat(), "given_back": given_back}
        self._room.book.put(What.HOLD, reservation_id, over)
        return answer, self._room.book.entry(records)

    def held_out(self, asked: Asked) -> list[Held]:
        """Return the coupons of a basket one by one, as if nobody saw the basket."""
        return [replace(self._held(asked, code, Basket()), basket=None) for code in dict.fromkeys(asked.coupons)]

    # Keys

    def answered(self, op: str, key: str, body: Mapping[str, Any]) -> Row | None:
        """Return what was answered to a key before, None for a new key; RefusedError when it asked something else."""
        row = self._room.book.get(What.ANSWER, f"{op}/{key}")
        if row is not None and row["digest"] != _digest(body):
            raise RefusedError(
                "this Idempotency-Key was used for another request", fix="use a new key", code="key_reused"
            )
        return row

    def keep_answer(
        self, op: str, key: str, body: Mapping[str, Any], *, answer: Answer, entry: Entry, now: datetime
    ) -> Entry:
        """Return the entry that keeps an answer with what it speaks of."""
        row = {"digest": _digest(body), "answer": answer, "at": now.isoformat()}
        self._room.book.put(What.ANSWER, f"{op}/{key}", row)
        return entry + self._room.book.entry()

    def refused(self, asked: Asked, error: RefusedError) -> Entry:
        """Return the record of a refusal that concerns a coupon; nothing else is journalled of it."""
        self._room.book.abandon()
        if not error.code.startswith("coupon_"):
            return Entry()
        for code in asked.coupons[:COUPONS_MAX]:
            held = self._held(asked, code, Basket())
            content = self._room.coupons.refused(held, error)
            return self._room.book.entry([(JournalKind.COUPON_REFUSED, content)])
        return Entry()

    def asked(self, *, workstation_id: str, account: Account | None, body: Mapping[str, Any], now: datetime) -> Asked:
        """Return a till's question from the body of its request."""
        return Asked(
            workstation_id=workstation_id,
            now=now,
            today=self._today(now),
            account=account,
            lines=tuple(body.get("lines") or ())[:LINES_MAX],
            coupons=tuple(map(str, body.get("coupons") or ()))[:COUPONS_MAX],
            points=int(body.get("points") or 0),
        )

    # Parts

    def _hold(self, reservation_id: str) -> Row:
        row = self._room.book.get(What.HOLD, reservation_id)
        if row is None:
            raise RefusedError(
                "no reservation of that id is known here", fix="reserve again", code="reservation_unknown"
            )
        return row

    def _burned(self, row: Row, *, now: datetime) -> tuple[list[Told], list[Row]]:
        reservation_id, records, uses = row["reservation_id"], list[Told](), list[Row]()
        if row["coupons"] and not self._room.rules.stops.may_redeem(now):
            raise RefusedError("redeeming is stopped at the moment", fix="sell without it", code="coupon_stopped")
        for serial in row["coupons"]:
            content = self._room.coupons.burn_reserved(
                serial, use_id=reservation_id, workstation_id=row["workstation_id"], now=now
            )
            records.append((JournalKind.COUPON_REDEEMED, {**content, "customer_id": row["customer_id"] or None}))
            uses.append({"serial": serial, "use_id": reservation_id, "at": now.isoformat()})
        if row["points"]:
            spending = Spending(
                points=row["points"],
                account=row["account"],
                customer_id=row["customer_id"],
                workstation_id=row["workstation_id"],
                use_id=reservation_id,
                today=self._today(now),
                now=now,
            )
            kind, burn = self._room.leases.burn(spending)
            records.append((kind, burn))
            kept = {name: burn[name] for name in ("burn_id", "account", "customer_id", "points", "lease_id", "day")}
            uses.append({"serial": "", "burn": kept, "use_id": reservation_id, "at": now.isoformat()})
        return records, uses

    def _spending(self, asked: Asked, use_id: str) -> Spending:
        if asked.member is None:
            raise RefusedError(
                "nobody is known whose points could be spent", fix="identify the customer first", code="points_nobody"
            )
        return Spending(
            points=asked.points,
            account=asked.member.account,
            customer_id=asked.member.customer_id,
            workstation_id=asked.workstation_id,
            use_id=use_id,
            today=asked.today,
            now=asked.now,
        )

    def _redeemable(self, asked: Asked) -> int:
        if asked.member is None:
            return 0
        return self._room.leases.redeemable(
            asked.member.account, customer_id=asked.member.customer_id, today=asked.today, now=asked.now
        )

    def _priced(self, asked: Asked) -> _Priced:
        lines = [_line(each, self._room.rules.currency) for each in asked.lines]
        total = Money(sum((line.amount.amount for line in lines), Decimal(0)), self._room.rules.currency)
        goods = self._offers.basket(RetailTransaction(line_items=tuple(lines), total=total))
        place_of = {id(line): place for place, line in enumerate(lines)}
        rewards, texts = self._offers.at_the_till(
            asked.account, goods, workstation_id=asked.workstation_id, now=asked.now
        )
        good: list[Good] = []
        refused: list[tuple[str, RefusedError]] = []
        for code in dict.fromkeys(asked.coupons):
            try:
                found = self._room.coupons.judge(self._held(asked, code, goods))
                if any(found.record.serial == each.record.serial for each in good):
                    continue  # the same coupon by its QR code and by its number
                good.append(found)
            except RefusedError as error:
                refused.append((code, error))
        held_out = [_reward(each, total, asked.today) for each in good]
        return _Priced(
            goods=goods,
            places=tuple(place_of[id(line.line)] for line in goods.lines),
            offers=rewards,
            texts=texts,
            good=tuple(good),
            refused=tuple(refused),
            effects=price_effects([*rewards, *held_out], goods),
        )

    def _told(self, asked: Asked, priced: _Priced) -> Answer:
        discount = -sum((effect.amount.amount for effect in priced.effects), Decimal(0))
        by_code = dict(priced.refused)
        message = " ".join([*priced.texts, *(error.message for error in by_code.values())])
        return {
            "offers": [
                {"campaign_id": reward.campaign.campaign_id, "why": list(reward.why)} for reward in priced.offers
            ],
            "price_effects": [
                {
                    "line": priced.places[effect.line],
                    "campaign_id": effect.campaign_id,
                    "amount": str(effect.amount),
                }
                for effect in priced.effects
            ],
            "discount": str(Money(discount, self._room.rules.currency)),
            "coupons": [
                *(
                    {"serial": good.record.serial, "campaign_id": good.record.campaign_id, "accepted": True, "code": ""}
                    for good in priced.good
                ),
                *(
                    {"serial": "", "campaign_id": "", "accepted": False, "code": error.code, "message": error.message}
                    for error in by_code.values()
                ),
            ],
            "currency": self._room.rules.currency,
            "message": message,
            "known": asked.account is not None,
        }

    def _held(self, asked: Asked, code: str, basket: Basket) -> Held:
        return Held(
            code=code,
            workstation_id=asked.workstation_id,
            today=asked.today,
            now=asked.now,
            customer_id=asked.member.customer_id if asked.member else None,
            basket=basket,
        )


def _line(told: Mapping[str, Any], currency: str) -> SaleLineItem:
    try:
        amount, quantity = Decimal(str(told["amount"])), Decimal(str(told.get("quantity") or "1"))
    except (InvalidOperation, KeyError) as error:
        raise RefusedError("a line's amount is no number", fix="send decimal strings", code="basket") from error
    if not (amount.is_finite() and quantity.is_finite() and abs(amount) <= AMOUNT_MAX and 0 < quantity <= AMOUNT_MAX):
        raise RefusedError("a line's amount or quantity is out of range", fix="send decimal strings", code="basket")
    return SaleLineItem(
        description=str(told.get("description") or ""),
        amount=Money(amount, currency),
        quantity=quantity,
        item_id=str(told["item_id"]) if told.get("item_id") else None,
        gtin=str(told["gtin"]) if told.get("gtin") else None,
    )


def _reward(good: Good, total: Money, today: date) -> Reward:
    assert good.campaign is not None, "judged coupons have a campaign"
    return Reward(campaign=good.campaign, value=good.campaign.benefit.value, cost=total, valid_until=today, why=())


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(dict(body))).hexdigest()

"""Points: no value exists twice and none is lost, whatever the order of sales, returns, voids and repeats."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from retail.earning import EarnRule, earning_of, points_of_return
from retail.errors import RefusedError
from retail.facts import basket_of
from retail.identifiers import TransactionId
from retail.items import Item, ItemCatalogue
from retail.line_items import PriceModificationLineItem, ReturnLineItem, SaleLineItem, TenderLineItem, TenderType
from retail.money import Money
from retail.points import (
    Lot,
    LotState,
    PointsLedger,
    SpentRewardPolicy,
    balance,
    burn,
    check_conservation,
    earn,
    give_back,
    report,
    reverse,
    reverse_newest,
)
from retail.tiers import TierLevel, TierPolicy, standing
from retail.transaction import RetailTransaction

TODAY = date(2026, 11, 21)


def lot(name: str, points: int, *, expires: int | None = 365, active: int = 0, earned: int = -30) -> Lot:
    return Lot(
        lot_id=name,
        earned=points,
        earned_on=TODAY + timedelta(days=earned),
        active_from=TODAY + timedelta(days=active),
        expires_on=None if expires is None else TODAY + timedelta(days=expires),
    )


def ledger(*lots: Lot) -> PointsLedger:
    made = PointsLedger()
    for each in lots:
        made = earn(made, each)
    return made


def spend(points: PointsLedger, amount: int, sale: str = "s1") -> PointsLedger:
    return burn(points, transaction_id=TransactionId(sale), points=amount, today=TODAY)


def remaining(points: PointsLedger) -> dict[str, int]:
    return {name: each.remaining for name, each in points.lots.items()}


def test_the_oldest_expiring_points_go_first() -> None:
    made = ledger(lot("never", 100, expires=None), lot("late", 100), lot("soon", 30, expires=10))
    assert remaining(spend(made, 50)) == {"never": 100, "late": 80, "soon": 0}


def test_pending_and_expired_points_cannot_be_spent_and_expiry_is_announced() -> None:
    made = ledger(
        lot("pending", 10, active=5), lot("expired", 20, expires=-1), lot("soon", 30, expires=30), lot("ok", 40)
    )
    stands = balance(made, TODAY)
    assert (stands.spendable, stands.pending, stands.expiring, stands.expired) == (70, 10, 30, 20)
    assert stands.expires_next == TODAY + timedelta(days=30)
    with pytest.raises(RefusedError) as short:
        spend(made, 71)
    assert short.value.code == "points_short"
    assert remaining(spend(made, 70)) == {"pending": 10, "expired": 20, "soon": 0, "ok": 0}


def test_the_last_day_of_a_lot_and_the_first_after_the_window_are_good() -> None:
    assert lot("a", 1, expires=0).is_spendable(TODAY)
    assert lot("a", 1, active=0).is_spendable(TODAY)
    assert lot("a", 1, expires=0).state(TODAY + timedelta(days=1)) is LotState.EXPIRED


def test_everything_may_come_twice() -> None:
    made = ledger(lot("a", 100))
    assert earn(made, lot("a", 100)) == made
    spent = spend(made, 60)
    assert spend(spent, 60) == spent
    with pytest.raises(RefusedError) as conflict:
        spend(spent, 61)
    assert conflict.value.code == "points_conflict"
    reversed_once = reverse(spent, reversal_id="r", lot_id="a", points=30)
    assert reverse(reversed_once, reversal_id="r", lot_id="a", points=30) == reversed_once
    back = give_back(spent, reversal_id="v", transaction_id=TransactionId("s1"), today=TODAY)
    assert give_back(back, reversal_id="v", transaction_id=TransactionId("s1"), today=TODAY) == back
    assert give_back(back, reversal_id="w", transaction_id=TransactionId("s1"), today=TODAY).lots == back.lots


@pytest.mark.parametrize("points", [0, -5, 101])
def test_no_number_of_points_is_spent_that_is_not_there(points: int) -> None:
    with pytest.raises(RefusedError):
        spend(ledger(lot("a", 100)), points)


def test_a_voided_sale_gives_the_points_back_to_their_lots() -> None:
    made = ledger(lot("soon", 30, expires=10), lot("late", 100))
    back = give_back(spend(made, 50), reversal_id="v", transaction_id=TransactionId("s1"), today=TODAY)
    assert back.lots == made.lots


def test_a_partly_returned_sale_gives_back_the_latest_expiring_first() -> None:
    made = spend(ledger(lot("soon", 30, expires=10), lot("late", 100)), 50)
    back = give_back(made, reversal_id="v", transaction_id=TransactionId("s1"), points=25, today=TODAY)
    assert remaining(back) == {"soon": 5, "late": 100}
    rest = give_back(back, reversal_id="w", transaction_id=TransactionId("s1"), points=999, today=TODAY)
    assert remaining(rest) == {"soon": 30, "late": 100}


def test_points_given_back_to_an_expired_lot_are_good_for_a_grace_period() -> None:
    made = spend(ledger(lot("soon", 30, expires=10)), 30)
    later = TODAY + timedelta(days=20)
    back = give_back(made, reversal_id="v", transaction_id=TransactionId("s1"), today=later)
    assert balance(back, later).spendable == 30
    assert back.lots["soon"].expires_on == later + timedelta(days=30)


def test_a_return_takes_back_what_is_left_and_the_rest_is_owed() -> None:
    made = reverse(spend(ledger(lot("a", 100)), 80), reversal_id="r", lot_id="a", points=50)
    assert (remaining(made), made.debt, balance(made, TODAY).spendable) == ({"a": 0}, 30, 0)
    assert balance(earn(made, lot("b", 100)), TODAY).spendable == 70


def test_a_return_after_the_points_were_spent_may_be_waived_and_is_settled_if_the_spending_is_reversed() -> None:
    spent = spend(ledger(lot("a", 100)), 80)
    waived = reverse(spent, reversal_id="r", lot_id="a", points=100, policy=SpentRewardPolicy.WAIVE)
    assert (waived.debt, report([waived], TODAY).waived) == (0, 80)
    back = give_back(waived, reversal_id="v", transaction_id=TransactionId("s1"), today=TODAY)
    assert (remaining(back), report([back], TODAY).waived) == ({"a": 0}, 0)


def test_more_than_was_earned_is_never_taken_back() -> None:
    made = reverse(ledger(lot("a", 100)), reversal_id="r", lot_id="a", points=70)
    made = reverse(made, reversal_id="r2", lot_id="a", points=70)
    assert (made.lots["a"].reversed, made.debt, made.lots["a"].state(TODAY)) == (100, 0, LotState.REVERSED)


def test_goods_returned_without_a_receipt_take_the_newest_points() -> None:
    made = ledger(lot("old", 50, earned=-90), lot("new", 30, earned=-1))
    assert remaining(reverse_newest(made, reversal_id="r", points=40)) == {"old": 40, "new": 0}
    assert remaining(reverse_newest(made, reversal_id="r", points=999)) == {"old": 0, "new": 0}


def test_the_report_tells_what_is_owed_and_what_never_will_be() -> None:
    made = ledger(lot("a", 100), lot("b", 50, expires=-1), lot("c", 20, active=3))
    told = report([made, made], TODAY)
    assert (told.liability, told.pending, told.breakage) == (200, 40, 100)


NAMES = st.sampled_from([f"t{number}" for number in range(5)])
AMOUNTS = st.integers(1, 120)


class Ledgers(RuleBasedStateMachine):
    """Random lives of a ledger: the balance sheet holds after every step, and every step may be repeated."""

    @initialize()
    def begin(self) -> None:
        self.ledger = PointsLedger()
        self.today = TODAY
        self.step = 0

    def _do(self, operation) -> None:
        after = operation(self.ledger)
        assert operation(after) == after
        self.ledger = after
        self.step += 1

    @rule(days=st.integers(1, 40))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(name=NAMES, points=AMOUNTS, pending=st.integers(0, 14), life=st.sampled_from([None, 20, 200]))
    def a_sale_earns(self, name: str, points: int, pending: int, life: int | None) -> None:
        expires = None if life is None else self.today + timedelta(days=life)
        active = self.today + timedelta(days=pending)
        made = Lot(lot_id=name, earned=points, earned_on=self.today, active_from=active, expires_on=expires)
        self._do(lambda ledger: earn(ledger, made))

    @rule(name=NAMES, points=AMOUNTS)
    def a_sale_spends(self, name: str, points: int) -> None:
        before = balance(self.ledger, self.today)
        try:
            self._do(lambda ledger: burn(ledger, transaction_id=TransactionId(name), points=points, today=self.today))
        except RefusedError:
            return
        if before != balance(self.ledger, self.today):
            assert balance(self.ledger, self.today).spendable == before.spendable - points

    @precondition(lambda self: self.ledger.burns)
    @rule(name=NAMES, points=st.one_of(st.none(), AMOUNTS))
    def a_sale_that_spent_is_taken_back(self, name: str, points: int | None) -> None:
        reversal = f"v{self.step}"
        self._do(
            lambda ledger: give_back(
                ledger, reversal_id=reversal, transaction_id=TransactionId(name), points=points, today=self.today
            )
        )

    @rule(name=NAMES, points=AMOUNTS, policy=st.sampled_from(SpentRewardPolicy))
    def goods_are_returned(self, name: str, points: int, policy: SpentRewardPolicy) -> None:
        reversal = f"r{self.step}"
        self._do(lambda ledger: reverse(ledger, reversal_id=reversal, lot_id=name, points=points, policy=policy))

    @rule(points=AMOUNTS)
    def goods_are_returned_without_a_receipt(self, points: int) -> None:
        reversal = f"n{self.step}"
        self._do(lambda ledger: reverse_newest(ledger, reversal_id=reversal, points=points))

    @invariant()
    def the_balance_sheet_holds(self) -> None:
        check_conservation(self.ledger)
        for spent in self.ledger.burns.values():
            assert 0 <= spent.given_back <= spent.points
        for each in self.ledger.lots.values():
            assert 0 <= each.reversed <= each.earned


TestLedgers = Ledgers.TestCase
TestLedgers.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def sale(*lines: SaleLineItem | ReturnLineItem | PriceModificationLineItem | TenderLineItem) -> RetailTransaction:
    total = sum((line.amount.amount for line in lines if not isinstance(line, TenderLineItem)), Decimal(0))
    return RetailTransaction(line_items=lines, total=Money(total, "EUR"))


def goods(amount: str, text: str = "x") -> SaleLineItem:
    return SaleLineItem(description=text, amount=Money.of(amount, "EUR"))


def paid(amount: str, tender: TenderType) -> TenderLineItem:
    return TenderLineItem(description="paid", amount=Money.of(amount, "EUR"), tender_type=tender)


ITEMS = ItemCatalogue(
    [
        Item(item_id="t", receipt_text="tobacco", category="tobacco", restricted="tobacco"),
        Item(item_id="g", receipt_text="gift card", category="gift-card"),
    ]
)
RULE = EarnRule(excluded_keys=frozenset({"category:gift-card"}))


@pytest.mark.parametrize(
    ("lines", "points"),
    [
        ([goods("10.00")], 10),
        ([goods("9.99")], 9),
        ([goods("0.60"), goods("0.60")], 1),
        ([goods("10.00"), goods("8.00", "tobacco")], 10),
        ([goods("10.00"), goods("50.00", "gift card")], 10),
        ([goods("10.00"), PriceModificationLineItem(description="d", amount=Money.of("-2.50", "EUR"))], 7),
        ([goods("10.00"), paid("4.00", TenderType.POINTS), paid("6.00", TenderType.CASH)], 6),
        ([goods("10.00"), paid("20.00", TenderType.CASH), paid("-10.00", TenderType.CASH)], 10),
        ([goods("10.00"), paid("10.00", TenderType.VOUCHER)], 0),
        ([], 0),
    ],
)
def test_what_a_sale_earns(lines: list, points: int) -> None:
    transaction = sale(*lines)
    earning = earning_of(transaction, basket_of(transaction, ITEMS), RULE)
    assert earning.points == points
    assert sum(earning.by_line) == points


@given(st.lists(st.decimals("0.01", "99", places=2), max_size=8), st.sampled_from(["1", "1.5", "3"]))
def test_lines_add_up_to_the_sale(amounts: list[Decimal], factor: str) -> None:
    transaction = sale(*(goods(str(amount)) for amount in amounts))
    earning = earning_of(transaction, basket_of(transaction, ITEMS), RULE, factor=Decimal(factor))
    assert sum(earning.by_line) == earning.points
    assert earning.points == int(sum(amounts, Decimal(0)) * Decimal(factor))


@given(st.integers(0, 500), st.integers(1, 9), st.lists(st.integers(0, 4), max_size=8))
def test_returning_piece_by_piece_takes_back_exactly_what_was_earned(points: int, sold: int, pieces: list[int]) -> None:
    returned, taken = 0, 0
    for piece in [*pieces, sold]:
        taken += points_of_return(
            points, sold=Decimal(sold), returned_before=Decimal(returned), returned_now=Decimal(piece)
        )
        returned += piece
        assert 0 <= taken <= points
    assert taken == points


TIERS = TierPolicy(
    levels=(TierLevel(tier_id="silver", points_needed=100), TierLevel(tier_id="gold", points_needed=500))
)


def test_a_tier_is_reached_within_a_period_kept_for_a_grace_and_announced() -> None:
    earned = {TODAY: 60, TODAY - timedelta(days=200): 50}
    stands = standing(earned, TIERS, TODAY)
    assert (stands.tier_id, stands.missing_to_next) == ("silver", 390)
    assert stands.safe_until == TODAY + timedelta(days=455)
    later = TODAY + timedelta(days=455)
    assert standing(earned, TIERS, later).tier_id == "silver"
    assert standing(earned, TIERS, later + timedelta(days=1)).tier_id == ""
    assert standing({}, TIERS, TODAY).missing_to_next == 100


def test_the_highest_tier_has_none_above_it() -> None:
    stands = standing({TODAY: 900}, TIERS, TODAY)
    assert (stands.tier_id, stands.missing_to_next) == ("gold", None)

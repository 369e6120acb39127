"""From a sale to what we say about it: facts, decision, coupons, slip, bytes, and the records that go to disk first.

Nothing here touches the disk or waits. The same sale asked twice gives the same coupons (their serials are derived).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from agent.config import PrintProfile
from agent.intake.payloads import Content
from agent.journal.records import JournalKind
from agent.offering.bundle import Bundle
from agent.offering.claiming import ClaimPage
from agent.offering.coupons import CouponIssuer, IssuedCoupon
from agent.offering.memory import StoreMemory
from agent.offering.telling import records_of, till_codes
from agent.offering.troubles import Troubles
from agent.speech.phrases import Phrases
from agent.speech.speech import Card, CouponPaper, Occasion, SlipForm, Speaker, Speech
from receipt.pen import TillState
from receipt.printers import DEFAULT_MODEL, PrinterModel, printer_model
from receipt.qr_codes import prepare
from receipt.slip import DrawsText, encode_slip
from retail.coupons import TOKEN_CHARS
from retail.errors import ConfigurationError, DefectError, TillstreamError
from retail.facts import Basket, Facts, basket_of
from retail.identifiers import CampaignId, TransactionId
from retail.loyalty import Account
from retail.offers.campaign import Campaign, Channel
from retail.offers.decision import Decision, DecisionInput, OfferPolicy, Reward, decide
from retail.offers.index import CampaignIndex
from retail.offers.ledger import OfferLedger
from retail.offers.multipliers import EarnFactors, earn_factors, multipliers
from retail.stops import Stops
from retail.transaction import DocumentKind, RetailTransaction

SLIP_BYTES_MAX = 64 * 1024
"""A raster slip of 10 cm is 40 KB; at 115,200 baud more would hold a serial printer for six seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a paper is printed: the lane, its printer, what the till has set on it, and where in the job."""

    workstation_id: str
    job_id: str
    cut_no: int
    model: PrinterModel
    profile: PrintProfile
    state: TillState | None = field(default=None, compare=False)  # by `is_like`: it has no order of its own
    wanted: bool = False  # the customer asked for paper (profile `on_request`)
    has_card: bool = False  # a code was given for the sale, known here or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """What to print and what to journal before it; `content` is the decision's record, to be awaited by the outcome.

    `draw` returns the bytes, empty for none; they are made when first asked for, while the records go to disk.

    `issued` are the contents of its `coupon.issued` records, each with the till's own barcode beside the QR code.
    """

    draw: Callable[[], bytes] = bytes
    is_slip: bool = False
    records: tuple[tuple[JournalKind, Content], ...] = ()
    content: Content = field(default_factory=dict)
    rewards: tuple[Reward, ...] = ()
    issued: tuple[tuple[Content, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What the pages at a place show of a decision."""

    decision: Decision
    sentences: tuple[str, ...]
    cards: tuple[Card, ...]


class OfferDesk:
    """Decides and speaks for one store; used by core's loop only."""

    def __init__(
        self,
        *,
        speaker: Speaker,
        zone: ZoneInfo,
        phrases: Mapping[str, Phrases],
        memory: StoreMemory,
        issuer: CouponIssuer,
        policy: OfferPolicy,
        claim_page: ClaimPage,
        draws: DrawsText | None,
        on_trouble: Callable[[TillstreamError], None],
    ) -> None:
        self._speaker = speaker
        self._zone = zone
        self._phrases = phrases
        self._memory = memory
        self._issuer = issuer
        self._policy = policy
        self._claim_page = claim_page
        self._draws = draws
        self._on_trouble = self.troubles = Troubles(on_trouble)
        self._models: dict[str, PrinterModel] = {}
        self._without: frozenset[CampaignId] = frozenset()
        self._reduced = CampaignIndex()
        self.mirror_version = ""
        self.is_slice = False  # the mirror has only who shops here or near: a card that it does not know may be good
        self.mirror_age: Callable[[datetime], timedelta | None] = _no_mirror
        self.stops: Callable[[], Stops] = Stops
        self.bundle = Bundle()
        self._multipliers: tuple[Campaign, ...] = ()
        self._speech = self._speaking()

    def _index(self, now: datetime) -> CampaignIndex:
        """Return the campaigns that may speak now: none while printing is stopped, and never a stopped one."""
        stops = self.stops()
        if not stops.may_print(now):
            return CampaignIndex(version=self.bundle.index.version)
        stopped = stops.campaigns(now)
        if not stopped:
            return self.bundle.index
        if self._without != stopped or self._reduced.version != self.bundle.index.version:
            left = (e.campaign for e in self.bundle.index.entries if e.campaign.campaign_id not in stopped)
            self._reduced, self._without = CampaignIndex(left, version=self.bundle.index.version), stopped
        return self._reduced

    def use(self, bundle: Bundle) -> None:
        """Go over to another version of campaigns and items."""
        self.bundle = bundle
        self._multipliers = multipliers(entry.campaign for entry in bundle.index.entries)
        forbidden = bundle.items.restricted_keys(self._policy.restricted_allowed)
        self._policy = replace(self._policy, restricted_keys=forbidden)
        self._speech = self._speaking()

    def use_policy(self, policy: OfferPolicy) -> None:
        """Go over to other rules of the chain: holdout, offers a paper, restricted goods that may be spoken of."""
        forbidden = self.bundle.items.restricted_keys(policy.restricted_allowed)
        self._policy = replace(policy, restricted_keys=forbidden)

    def model(self, name: str) -> PrinterModel:
        """Return a printer model; an unknown name is told once and printed to as the generic one."""
        if name not in self._models:
            try:
                self._models[name] = printer_model(name)
            except ConfigurationError as error:
                self._on_trouble(error)
                self._models[name] = printer_model(DEFAULT_MODEL)
            prepare(TOKEN_CHARS)  # a tap has said hello; no cut waits yet
        return self._models[name]

    def today(self, now: datetime) -> date:
        """Return the calendar day in the store, by which campaigns and caps go."""
        return now.astimezone(self._zone).date()

    def last_visit(self, account: Account) -> date | None:
        """Return the last day this member bought something, here or anywhere, as far as is known."""
        return max(filter(None, (self._memory.last_visit_here(account), account.last_visit)), default=None)

    def basket(self, transaction: RetailTransaction) -> Basket:
        """Return the goods of a sale as rules see them."""
        return basket_of(transaction, self.bundle.items, allowed=self._policy.restricted_allowed)

    def factors(
        self,
        account: Account | None,
        basket: Basket,
        *,
        workstation_id: str,
        now: datetime,
        redeemed: Sequence[Campaign] = (),
    ) -> EarnFactors:
        """Return what campaigns add to a purchase's points; asked before the purchase itself is remembered."""
        if not (self._multipliers or redeemed) or account is None:
            return EarnFactors()
        facts = self._facts(account, basket, workstation_id, now)
        stopped = self.stops().campaigns(now)
        return earn_factors(
            self._multipliers,
            facts,
            stopped=stopped,
            holdout_percent=self._policy.holdout_percent,
            redeemed=redeemed,
        )

    def offer(
        self,
        transaction: RetailTransaction,
        kind: DocumentKind,
        account: Account | None,
        *,
        basket: Basket,
        place: Place,
        now: datetime,
        ledger: OfferLedger | None = None,
    ) -> Offering:
        """Return what to print with this document. In doubt - memory incomplete, nothing to say - it is empty.

        `ledger` is the memory's own, watched.
        """
        if not self._may_print(place) or not self._memory.complete or transaction.transaction_id is None:
            return Offering()
        if not self.stops().may_print(now):
            return Offering()
        facts = self._facts(account, basket, place.workstation_id, now)
        decision = self._decide(facts, Channel.RECEIPT, kind, ledger)
        coupons = self._coupons(decision, transaction.transaction_id, account, facts.today)
        claims = not (place.has_card and self.is_slice)

        def occasion() -> Occasion:  # signs: 0.1 ms that fit into the disk's sync
            return Occasion(
                account=account,
                today=facts.today,
                coupons={campaign: _paper(coupon) for campaign, coupon in coupons.items()},
                claim_url=self._claim_page.of(transaction) if claims else "",
            )

        who = _who(account, place, transaction.transaction_id, mirror_age=self.mirror_age(now))
        return self._said(decision, occasion, coupons, place=place, who=who)

    def screen(
        self, account: Account | None, *, channel: Channel, workstation_id: str, now: datetime, has_card: bool = False
    ) -> Screen:
        """Return what the pages say to somebody who has just been looked up, before there is a basket."""
        facts = self._facts(account, Basket(), workstation_id, now, at_kiosk=channel is Channel.KIOSK)
        decision = self._decide(facts, channel, DocumentKind.SALE)
        is_elsewheres = has_card and self.is_slice and account is None
        occasion = Occasion(account=account, today=facts.today, is_elsewheres=is_elsewheres)
        sentences = self._speech.cashier(decision, occasion)
        return Screen(decision=decision, sentences=sentences, cards=self._speech.cards(decision, occasion))

    def attended(self, kind: str, content: Content, now: datetime) -> None:
        """Learn of a check-in or a wish at a kiosk: from now on campaigns may ask for it, at every till."""
        self._memory.attended(kind, content, day=self.today(now), items=self.bundle.items)

    def claim_of(self, transaction: RetailTransaction) -> str:
        """Return where a stranger makes a sale theirs; empty where no page is configured."""
        return self._claim_page.of(transaction)

    def receipts_of(self, account: Account) -> list[dict[str, Any]]:
        """Return a member's newest receipts of this store, for the kiosk."""
        return self._memory.seen.of(account.customer_id)

    def shelf(self, code: str) -> dict[str, str]:
        """Return `description`, `price`, `currency` of a product that was scanned, as far as they are known here."""
        item = self.bundle.items.of_gtin(code)
        names = (item.item_id, item.gtin, item.receipt_text) if item else (code,)
        price = self._memory.seen.price(names)
        found = {"description": item.receipt_text} if item and item.receipt_text else {}
        return found | ({"price": price[0], "currency": price[1]} if price else {})

    def title(self, campaign: Campaign | None, account: Account, now: datetime) -> str:
        """Return what a coupon gives, for a screen; empty for a campaign that the feed brings no more."""
        return self._speech.title(campaign, Occasion(account=account, today=self.today(now))) if campaign else ""

    def at_the_till(
        self, account: Account | None, basket: Basket, *, workstation_id: str, now: datetime
    ) -> tuple[tuple[Reward, ...], tuple[str, ...]]:
        """Return the offers that act in this very basket (level T), and what to tell the cashier of all of them.

        Offers with a coupon are for the next visit: they take nothing off now.
        """
        facts = self._facts(account, basket, workstation_id, now)
        decision = self._decide(facts, Channel.CASHIER, DocumentKind.SALE)
        sentences = self._speech.cashier(decision, Occasion(account=account, today=facts.today))
        return tuple(reward for reward in decision.rewards if reward.campaign.coupon is None), tuple(sentences)

    def _may_print(self, place: Place) -> bool:
        if place.profile is PrintProfile.ON_REQUEST:
            return place.wanted
        return place.profile is not PrintProfile.OFF

    def _facts(
        self, account: Account | None, basket: Basket, workstation_id: str, now: datetime, *, at_kiosk: bool = False
    ) -> Facts:
        moment = now.astimezone(self._zone)
        return self._memory.facts(
            account, moment=moment, basket=basket, workstation_id=workstation_id, at_kiosk=at_kiosk
        )

    def grounds(self, now: datetime) -> tuple[object, ...]:
        """Return what every decision rests on beside its question; equal means that nothing has changed."""
        stops = self.stops()
        return (
            self.bundle, self._policy, self._speech, self.mirror_version, self.is_slice, self._memory.complete,
            stops.may_print(now), stops.campaigns(now), self.today(now),
        )  # fmt: skip

    def _decide(
        self, facts: Facts, channel: Channel, kind: DocumentKind, ledger: OfferLedger | None = None
    ) -> Decision:
        return decide(
            DecisionInput(
                facts=facts,
                index=self._index(facts.moment),
                channel=channel,
                document_kind=kind,
                ledger=ledger or self._memory.ledger(facts.account, facts.today),
                policy=self._policy,
                mirror_version=self.mirror_version,
            )
        )

    def _coupons(
        self, decision: Decision, transaction_id: TransactionId, account: Account | None, today: date
    ) -> dict[CampaignId, IssuedCoupon]:
        """Return the coupons of all rewards that have one; one that cannot be made is told and leaves its offer."""
        holder = account.customer_id if account else None
        coupons: dict[CampaignId, IssuedCoupon] = {}
        for reward in decision.rewards:
            if reward.campaign.coupon is None:
                continue
            try:
                coupons[reward.campaign.campaign_id] = self._issuer.issue(
                    reward, transaction_id=transaction_id, today=today, holder=holder
                )
            except TillstreamError as error:
                self._on_trouble(error)
        return coupons

    def _said(
        self,
        decision: Decision,
        occasion: Callable[[], Occasion],
        coupons: Mapping[CampaignId, IssuedCoupon],
        *,
        place: Place,
        who: Content,
    ) -> Offering:
        appendix = place.profile is PrintProfile.APPENDIX
        records, content = records_of(decision, decision.rewards, coupons, who=who)
        form = SlipForm.APPENDIX if appendix else SlipForm.SEPARATE
        return Offering(
            draw=cache(partial(self._drawn, self._speech, decision, occasion, place=place, form=form)),
            is_slip=not appendix,
            records=records,
            content=content,
            rewards=decision.rewards,
            issued=till_codes(records, coupons),
        )

    def _drawn(
        self,
        speech: Speech,
        decision: Decision,
        occasion: Callable[[], Occasion],
        *,
        place: Place,
        form: SlipForm,
    ) -> bytes:
        """Return the slip's bytes, empty where there is nothing to say or it cannot be printed. Never raises."""
        try:
            slip = speech.slip(decision, occasion(), form=form)
            if slip is None:
                return b""
            cut = form is SlipForm.SEPARATE
            printed = encode_slip(slip, place.model, restore=place.state, draws=self._draws, cut=cut)
        except TillstreamError as error:
            self._on_trouble(error)
            return b""
        except Exception as error:  # noqa: BLE001 - a defect in speaking costs this offer and nothing else
            what = f"drawing a slip failed (job {place.job_id}, cut {place.cut_no}): {error!r}"
            self._on_trouble(DefectError(what, fix="send the log to support", code="defect"))
            return b""
        return printed if len(printed) <= SLIP_BYTES_MAX else b""

    def _speaking(self) -> Speech:
        return Speech(self._speaker, phrases=self._phrases, shelf=self.bundle.shelf, on_trouble=self._on_trouble)


def _paper(coupon: IssuedCoupon) -> CouponPaper:
    return CouponPaper(token=coupon.token, serial=coupon.serial, till_code=coupon.till_code)


def _no_mirror(now: datetime) -> timedelta | None:
    del now
    return None


def _who(
    account: Account | None, place: Place, transaction_id: TransactionId, *, mirror_age: timedelta | None
) -> Content:
    return {
        "transaction_id": transaction_id,
        "customer_id": account.customer_id if account else None,
        "household_id": account.household_id if account else None,
        "job_id": place.job_id,
        "cut_no": place.cut_no,
        "mirror_age_s": None if mirror_age is None else int(mirror_age.total_seconds()),
    }

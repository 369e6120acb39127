"""What we say: a decision in words, as a slip for the paper, sentences for the cashier, cards for the kiosk.

One language a slip: the customer's where every offer can be said in it, else the store's. Amounts and days are
written as the store's country writes them. A text that fails is replaced by a plain one made of the benefit, and
`on_trouble` is told: nobody loses an offer over a template. Nothing is said where there is nothing to say (None).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from agent.speech.locales import Locale, locale_of
from agent.speech.phrases import Phrases
from receipt.printable import printable
from receipt.slip_blocks import Align, Barcode, BarcodeKind, Block, Feed, Qr, Rule, Size, Slip, Text
from receipt.templates import TemplateShelf
from retail.coupons import spoken_serial
from retail.errors import ConfigurationError
from retail.identifiers import CampaignId, CouponSerial
from retail.loyalty import Account
from retail.money import Money
from retail.offers.campaign import BenefitKind, Campaign
from retail.offers.decision import Decision, Reward
from retail.points import EXPIRING_WITHIN_DAYS
from retail.transaction import DocumentKind

RULE_CHARACTER = "-"

NAME_CHARS_MAX = 40
"""Longest first name that is printed; longer ones are addresses, jokes or attacks."""


class SlipForm(StrEnum):
    """How the slip reaches the customer: at the end of the till's paper, or as a paper of its own."""

    APPENDIX = "appendix"
    SEPARATE = "separate_slip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks: the store, as `agent.toml` names it."""

    store: str
    language: str = "en"
    country: str = ""
    currency: str = "EUR"
    program: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponPaper:
    """What of a coupon stands on paper: its token for the QR code, its serial, the till's own barcode."""

    token: str
    serial: CouponSerial
    till_code: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Whom we speak to and with what in hand. `claim_url` is the page on which a stranger joins, for this sale.

    `is_elsewheres`: a card that this store's slice does not know, and that may be another store's customer's.
    """

    account: Account | None
    today: date
    coupons: Mapping[CampaignId, CouponPaper] = field(default_factory=dict)
    claim_url: str = ""
    say_points: bool = False
    is_elsewheres: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One offer as a screen shows it."""

    campaign_id: CampaignId
    text: str
    until: str


class Speech:
    """Speaks for one store; a new one is made whenever a feed brings campaigns. Not shared by threads."""

    def __init__(
        self,
        speaker: Speaker,
        *,
        phrases: Mapping[str, Phrases],
        shelf: TemplateShelf,
        on_trouble: Callable[[ConfigurationError], None],
    ) -> None:
        self._speaker = speaker
        self._phrases = phrases
        self._shelf = shelf
        self._on_trouble = on_trouble
        self._locale: Locale = locale_of(country=speaker.country, language=speaker.language)

    def slip(self, decision: Decision, occasion: Occasion, *, form: SlipForm) -> Slip | None:
        """Return the slip for a decision; None when there is nothing to say.

        At most one QR code stands on it: the first coupon's, or the claim page's for a stranger. Other coupons carry
        the till's barcode or their serial in letters.
        """
        phrases = self._language(decision, occasion, "receipt")
        body = self._offers(decision, occasion, phrases)
        if decision.document_kind is DocumentKind.SALE and (warning := self._expiry("slip", occasion, phrases)):
            body += [Feed(lines=1), Text(text=warning, align=Align.CENTRE, bold=True)]
        is_strangers = occasion.account is None and decision.document_kind is DocumentKind.SALE
        if not body and is_strangers and occasion.claim_url:
            body = self._invitation(occasion, phrases)
        if not body:
            return None
        head = self._head(decision, form, phrases)
        return Slip(blocks=(*head, *body), language=phrases.language)

    def cashier(self, decision: Decision, occasion: Occasion) -> tuple[str, ...]:
        """Return what the cashier should know and say, most important first: at most a greeting and the offers."""
        phrases = self._language(decision, occasion, "cashier")
        if occasion.account is None and not decision.rewards:
            return (phrases.say("cashier.elsewhere" if occasion.is_elsewheres else "cashier.stranger"),)
        lines = [self._greeting("cashier", occasion, phrases)] if occasion.account is not None else []
        for reward in decision.rewards:
            written = self._written(reward, occasion, phrases, "cashier")
            lines.append(written or phrases.say("cashier.tell", offer=self._plain(reward, occasion, phrases)))
        if warning := self._expiry("cashier", occasion, phrases):
            lines.append(warning)
        elif not decision.rewards:
            lines.append(phrases.say("cashier.nothing"))
        return tuple(lines)

    def greeting(self, decision: Decision, occasion: Occasion) -> str:
        """Return the kiosk's greeting; a first name only, and none for a stranger."""
        return self._greeting("kiosk", occasion, self._language(decision, occasion, "kiosk"))

    def cards(self, decision: Decision, occasion: Occasion) -> tuple[Card, ...]:
        """Return the kiosk's cards, ranked."""
        phrases = self._language(decision, occasion, "kiosk")
        return tuple(
            Card(
                campaign_id=reward.campaign.campaign_id,
                text=self._said(reward, occasion, phrases, "kiosk"),
                until=phrases.say("kiosk.until", date=self._locale.day(reward.valid_until)),
            )
            for reward in decision.rewards
        )

    def title(self, campaign: Campaign, occasion: Occasion) -> str:
        """Return what a campaign gives, in the customer's language and our own plain words: a coupon's title."""
        value, until = campaign.benefit.value, occasion.today
        none = Money(Decimal(0), self._speaker.currency)
        reward = Reward(campaign=campaign, value=value, cost=none, valid_until=until, why=())
        return self._plain(reward, occasion, self._language(Decision(rewards=(reward,)), occasion, "kiosk"))

    def _language(self, decision: Decision, occasion: Occasion, channel: str) -> Phrases:
        """Return the words of the language to speak: one in which every offer has its text, if there is one.

        The cashier is spoken to in the store's language, whoever the customer is.
        """
        to_customer = occasion.account is not None and channel != "cashier"
        wished = occasion.account.language if to_customer and occasion.account else ""
        spoken = [language for language in (wished, self._speaker.language, "en") if language in self._phrases]
        for language in spoken:
            if all(language in self._languages_of(reward.campaign, channel) for reward in decision.rewards):
                return self._phrases[language]
        return self._phrases[spoken[0]]

    def _languages_of(self, campaign: Campaign, channel: str) -> tuple[str, ...]:
        written = self._shelf.languages(campaign.campaign_id, channel)
        return written or tuple(self._phrases)

    def _head(self, decision: Decision, form: SlipForm, phrases: Phrases) -> list[Block]:
        if form is SlipForm.APPENDIX:
            return [Feed(lines=1), Rule(character=RULE_CHARACTER)]
        has_coupon = any(reward.campaign.coupon is not None for reward in decision.rewards)
        title = phrases.say("slip.coupon_title" if has_coupon else "slip.message_title")
        return [
            Text(text=title, align=Align.CENTRE, bold=True),
            Text(text=phrases.say("slip.issued_by", store=self._speaker.store), align=Align.CENTRE),
            Rule(character=RULE_CHARACTER),
        ]

    def _offers(self, decision: Decision, occasion: Occasion, phrases: Phrases) -> list[Block]:
        if not decision.rewards:
            return []
        blocks: list[Block] = []
        if occasion.account is not None:
            name = _called(occasion.account)
            greeting = phrases.say("slip.greeting", first_name=name) if name else phrases.say("slip.greeting_unknown")
            blocks += [Text(text=greeting, align=Align.CENTRE, bold=True), Feed(lines=1)]
        code_free = True
        conditions: list[str] = []
        for place, reward in enumerate(decision.rewards):
            if place:
                blocks.append(Feed(lines=1))
            coupon = occasion.coupons.get(reward.campaign.campaign_id)
            blocks += self._offer(reward, occasion, phrases)
            if coupon is not None:
                conditions.append(self._conditions(reward, occasion, phrases))
                blocks += self._codes(coupon, phrases, draws_qr=code_free)
                code_free = False
        if conditions:
            blocks += [Feed(lines=1), *(Text(text=text, align=Align.CENTRE) for text in dict.fromkeys(conditions))]
        if occasion.account is None and occasion.claim_url and code_free:
            blocks += self._code(occasion.claim_url, phrases.say("slip.stranger_offer"))
        if occasion.say_points and occasion.account is not None:
            points = phrases.say("slip.points", points=f"{occasion.account.points}")
            blocks += [Feed(lines=1), Text(text=points, align=Align.CENTRE)]
        return blocks

    def _offer(self, reward: Reward, occasion: Occasion, phrases: Phrases) -> list[Block]:
        """Return one offer: its title large, what it is, until when it is good."""
        blocks: list[Block] = []
        title = self._written(reward, occasion, phrases, "title")
        if title:
            blocks.append(Text(text=title, align=Align.CENTRE, size=Size.DOUBLE))
        text = self._said(reward, occasion, phrases, "receipt")
        blocks.append(Text(text=text, align=Align.CENTRE, bold=True, size=Size.NORMAL if title else Size.TALL))
        day = self._locale.day(reward.valid_until)
        if not reward.campaign.is_service and day not in text:
            blocks.append(Text(text=phrases.say("slip.valid_until", date=day), align=Align.CENTRE))
        return blocks

    def _conditions(self, reward: Reward, occasion: Occasion, phrases: Phrases) -> str:
        return self._written(reward, occasion, phrases, "conditions") or phrases.say("slip.conditions")

    def _codes(self, coupon: CouponPaper, phrases: Phrases, *, draws_qr: bool) -> list[Block]:
        blocks: list[Block] = []
        if coupon.till_code is not None:
            kind, data = coupon.till_code
            blocks += [Feed(lines=1), Barcode(kind=BarcodeKind(kind), data=data)]
        if draws_qr:
            return blocks + self._code(coupon.token, phrases.say("slip.scan_here"))
        serial = phrases.say("slip.code", serial=spoken_serial(coupon.serial))
        return [*blocks, Text(text=serial, align=Align.CENTRE, bold=True)]

    def _code(self, data: str, caption: str) -> list[Block]:
        return [Feed(lines=1), Qr(data=data), Text(text=caption, align=Align.CENTRE)]

    def _invitation(self, occasion: Occasion, phrases: Phrases) -> list[Block]:
        """Return what a stranger reads: a service first (points for this sale), no advertising."""
        return [
            Text(text=phrases.say("slip.stranger_title"), align=Align.CENTRE, bold=True, size=Size.TALL),
            *self._code(occasion.claim_url, phrases.say("slip.stranger_text")),
        ]

    def _expiry(self, section: str, occasion: Occasion, phrases: Phrases) -> str:
        """Return the announcement that points will expire: never in silence, and no earlier than it helps."""
        account = occasion.account
        if account is None or account.points_expire_on is None or not account.points_expiring:
            return ""
        if not 0 <= (account.points_expire_on - occasion.today).days <= EXPIRING_WITHIN_DAYS:
            return ""
        day = self._locale.day(account.points_expire_on)
        return phrases.say(f"{section}.points_expire", points=f"{account.points_expiring}", date=day)

    def _greeting(self, section: str, occasion: Occasion, phrases: Phrases) -> str:
        name = _called(occasion.account)
        if name:
            return phrases.say(f"{section}.greeting", first_name=name)
        return phrases.say(f"{section}.greeting_unknown")

    def _said(self, reward: Reward, occasion: Occasion, phrases: Phrases, channel: str) -> str:
        return self._written(reward, occasion, phrases, channel) or self._plain(reward, occasion, phrases)

    def _written(self, reward: Reward, occasion: Occasion, phrases: Phrases, channel: str) -> str:
        """Return the marketer's text in the slip's language, else in any of its own; empty when there is none."""
        campaign = reward.campaign
        own = self._shelf.languages(campaign.campaign_id, channel)
        if not own:
            return ""
        language = phrases.language if phrases.language in own else own[0]
        words = self._words(reward, occasion, language)
        try:
            return self._shelf.render((campaign.campaign_id, language, channel), words) or ""
        except ConfigurationError as error:
            self._on_trouble(error)
            return ""

    def _words(self, reward: Reward, occasion: Occasion, language: str) -> dict[str, object]:
        account = occasion.account
        benefit = reward.campaign.benefit
        coupon = occasion.coupons.get(reward.campaign.campaign_id)
        return {
            "first_name": _called(account),
            "points": account.points if account else 0,
            "tier": account.tier if account else "",
            "segments": tuple(s for s in account.segments if account.is_in(s, occasion.today)) if account else (),
            "valid_until": self._locale.day(reward.valid_until),
            "today": self._locale.day(occasion.today),
            "store": self._speaker.store,
            "program": self._speaker.program,
            "value": self._locale.number(reward.value),
            "money": self._locale.money(Money(reward.value, self._speaker.currency)),
            "goods": _goods(benefit.applies_to),
            "serial": spoken_serial(coupon.serial) if coupon else "",
            "language": language,
        }

    def _plain(self, reward: Reward, occasion: Occasion, phrases: Phrases) -> str:
        """Return the offer in our own words, made of the benefit alone."""
        benefit = reward.campaign.benefit
        goods = self._written(reward, occasion, phrases, "goods") or _goods(benefit.applies_to)
        key = f"benefit.{benefit.kind.value}"
        if not goods and benefit.kind in _WITH_GOODS:
            key += "_all"
        return phrases.say(
            key,
            value=self._locale.number(reward.value),
            money=self._locale.money(Money(reward.value, self._speaker.currency)),
            goods=goods,
        )


def _called(account: Account | None) -> str:
    """Return what a member is called on paper and screens: their name without anything that commands or hides."""
    return printable(account.first_name).strip()[:NAME_CHARS_MAX] if account else ""


_WITH_GOODS = frozenset({BenefitKind.PERCENT, BenefitKind.AMOUNT, BenefitKind.POINTS_MULTIPLIER})


def _goods(applies_to: str) -> str:
    """Return what a reader may call the goods of a key: the last part of a category, the name of a brand."""
    _kind, _colon, name = applies_to.partition(":")
    return name.rpartition("/")[2].replace("-", " ").replace("_", " ")

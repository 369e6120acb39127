"""What a kiosk asks of core beyond scans: the way to the telephone, and the customer's coupons on paper.

hand_over      {scan_id, kiosk_id} -> {url, ends_at}: journals what the customer saw under a number that a signed code
               names; a repeat is another code
coupon_slip    {scan_id, model} -> {slip (hexadecimal), serials}: the paper; nothing is journalled yet
coupon_printed {scan_id, kiosk_id, serials, outcome} -> {}: journals what became of that paper (`printed unconfirmed
               not_sent`); a repeat journals it again, as a second paper
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.clock import Clock
from agent.config import AgentConfig
from agent.control.server import Operation
from agent.identity.recognition import Recogniser, Recognition
from agent.identity.scanning import cards_of
from agent.intake.recording import RecordMaker
from agent.journal.batch import Batch
from agent.journal.records import JournalKind
from agent.offering.coupons import CouponIssuer
from agent.offering.offering import OfferDesk
from agent.ports import Journalling
from agent.speech.fonts import find_letters
from agent.speech.locales import locale_of
from agent.speech.phrases import load_phrases
from agent.value.book import What
from agent.value.counter import ValueCounter
from agent.value.rows import coupon_of
from receipt.slip import DrawsText, encode_slip
from receipt.slip_blocks import Align, Barcode, BarcodeKind, Feed, Qr, Rule, Size, Slip, Text
from retail.coupons import till_symbology
from retail.errors import ConfigurationError, RefusedError
from retail.loyalty import Account
from retail.offers.campaign import Channel
from sync.protocol.handover import new_handover

CLAIM_PATH, HANDOVER_PATH = "/c/{token}", "/p/"
OUTCOMES = frozenset({"printed", "unconfirmed", "not_sent"})
RULE_CHARACTER = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskOperations:
    """Used by core's loop only. `claim_url` is the hub's page as agent.toml has it; the handover's stands beside it."""

    clock: Clock
    people: Recogniser
    offers: OfferDesk
    value: ValueCounter
    issuer: CouponIssuer
    key: Ed25519PrivateKey
    journal: Journalling
    maker: RecordMaker
    claim_url: str
    store: str
    language: str
    country: str
    draws: DrawsText | None

    def table(self) -> Mapping[str, Operation]:
        """Return op -> what carries it out."""
        return {
            "hand_over": self.hand_over,
            "coupon_slip": self.coupon_slip,
            "coupon_printed": self.coupon_printed,
        }

    async def hand_over(self, *, scan_id: str, kiosk_id: str) -> dict[str, Any]:
        """Hand a customer over to their telephone: a code that expires and is good once."""
        if not self.claim_url.endswith(CLAIM_PATH):
            raise ConfigurationError(
                "no page of the hub is configured that a telephone could open",
                fix='[store] claim_url = "https://hub.example/c/{token}"',
                code="no_phone_page",
            )
        found, account = self._known(scan_id)
        handover, token = new_handover(self.key, now=self.clock.now())
        content = {
            "channel": "phone",
            "handover": handover.number,
            "scan_id": scan_id,
            "place": {"kind": "kiosk", "id": kiosk_id},
            "customer_id": account.customer_id,
            "locator": found.locator,
            **self._seen(account),
        }
        record = self.maker.of_now(JournalKind.OFFER_SHOWN, content)
        await self.journal.hand_over(Batch(records=(record,)))
        address = self.claim_url.removesuffix(CLAIM_PATH) + HANDOVER_PATH + token
        return {"url": address, "ends_at": handover.ends_at.isoformat()}

    async def coupon_slip(self, *, scan_id: str, model: str) -> dict[str, Any]:
        """Return the paper with a customer's coupons."""
        _found, account = self._known(scan_id)
        rows = self._coupons(account)
        if not rows:
            raise RefusedError("there is no coupon to print", fix="look at the offers", code="no_coupons")
        slip = self._slip(account, rows)
        printed = encode_slip(slip, self.offers.model(model), draws=self.draws, cut=True)
        return {"slip": printed.hex(), "serials": [row["serial"] for row in rows]}

    async def coupon_printed(
        self, *, scan_id: str, kiosk_id: str, serials: Sequence[str], outcome: str
    ) -> dict[str, Any]:
        """Journal what became of a paper; only what may have reached the paper is called printed."""
        if outcome not in OUTCOMES:
            raise RefusedError(f"{outcome!r:.40} is no outcome", fix=f"one of {', '.join(sorted(OUTCOMES))}")
        found, account = self._known(scan_id)
        if outcome == "not_sent":
            fault = {"device": f"printer of kiosk {kiosk_id}", "code": outcome, "message": "coupons were not printed"}
            batch = Batch(records=(self.maker.of_now(JournalKind.DEVICE_FAULT, fault),))
        else:
            offers = [
                {"campaign_id": row["campaign_id"], "serial": row["serial"], "transaction_id": row["transaction_id"]}
                for row in self._coupons(account)
                if row["serial"] in set(serials)
            ]
            content: dict[str, Any] = {
                "channel": "kiosk",
                "outcome": outcome,
                "scan_id": scan_id,
                "place": {"kind": "kiosk", "id": kiosk_id},
                "customer_id": account.customer_id,
                "locator": found.locator,
                "offers": offers,
            }
            batch = Batch(records=(self.maker.of_now(JournalKind.OFFER_PRINTED, content),))
        await self.journal.hand_over(batch)
        return {}

    def _known(self, scan_id: str) -> tuple[Recognition, Account]:
        found = self.people.recognition(scan_id)
        if found.account is None:
            raise RefusedError("nobody is known here", fix="scan the card first", code="nobody")
        return found, found.account

    def _seen(self, account: Account) -> dict[str, Any]:
        """Return what the customer is shown on the telephone: nothing that the kiosk did not show."""
        now = self.clock.now()
        screen = self.offers.screen(account, channel=Channel.KIOSK, workstation_id="", now=now)
        offers = [
            {"campaign_id": card["campaign_id"], "text": card["text"], "valid_until": card["valid_until"]}
            for card in cards_of(screen, greeted=True)
        ]
        coupons = [
            {"serial": row["serial"], "title": row["title"], "valid_until": row["valid_until"], "token": row["token"]}
            for row in self._coupons(account)
        ]
        return {
            "first_name": account.first_name,
            "language": account.language or self.language,
            "points": account.points,
            "offers": offers,
            "coupons": coupons,
        }

    def _coupons(self, account: Account) -> list[dict[str, Any]]:
        """Return the coupons in hand with what paper and telephone carry: the same token as when they were issued."""
        now = self.clock.now()
        shown = self.value.in_hand(account.customer_id, lambda campaign: self.offers.title(campaign, account, now))
        found = []
        for each in shown:
            row = self.value.room.book.get(What.COUPON, each["serial"])
            if row is not None:
                coupon = coupon_of(row)
                campaign = self.value.room.rules.campaign_named(coupon.campaign_id)
                token = self.issuer.again(coupon, campaign.coupon if campaign else None)
                found.append({**row, "title": each["title"], "token": token})
        return found

    def _slip(self, account: Account, rows: Sequence[Mapping[str, Any]]) -> Slip:
        phrases = load_phrases()
        said = phrases.get(account.language) or phrases.get(self.language) or phrases["en"]
        locale = locale_of(country=self.country, language=said.language)
        blocks: list[Any] = [
            Text(text=said.say("slip.coupon_title"), align=Align.CENTRE, bold=True),
            Text(text=said.say("slip.issued_by", store=self.store), align=Align.CENTRE),
        ]
        for row in rows:
            day = locale.day(date.fromisoformat(row["valid_until"]))
            blocks += [
                Rule(character=RULE_CHARACTER),
                Text(text=row["title"], align=Align.CENTRE, bold=True, size=Size.TALL),
                Text(text=said.say("slip.valid_until", date=day), align=Align.CENTRE),
            ]
            if data := row["till_code"]:
                kind = BarcodeKind(till_symbology(data))
                blocks += [Feed(lines=1), Barcode(kind=kind, data=data)]
            blocks += [Feed(lines=1), Qr(data=row["token"])]
        blocks += [Feed(lines=1), Text(text=said.say("slip.conditions"), align=Align.CENTRE)]
        return Slip(blocks=tuple(blocks), language=said.language)


def kiosk_operations(
    config: AgentConfig,
    *,
    people: Recogniser,
    offers: OfferDesk,
    value: ValueCounter,
    key: Ed25519PrivateKey,
    journal: Journalling,
    maker: RecordMaker,
    clock: Clock,
) -> Mapping[str, Operation]:
    """Return what kiosks may ask of core."""
    store = config.store
    return KioskOperations(
        clock=clock,
        people=people,
        offers=offers,
        value=value,
        issuer=CouponIssuer(key),
        key=key,
        journal=journal,
        maker=maker,
        claim_url=store.claim_url,
        store=store.name,
        language=store.language,
        country=store.country,
        draws=find_letters(),
    ).table()

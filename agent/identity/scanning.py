"""A code was presented: what is it, whose open sale does it change, who is it, and what do pages say about it.

Identity is decided at the moment of the scan; who it is, is found out behind it (12 ms) and told as an event. A scan is
acknowledged when it is on disk: killing core before its sale ends loses nobody. The code itself is kept nowhere: cards
are told apart by a keyed hash that lives as long as this process.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent.clock import Clock
from agent.identity.accounts import membership_content
from agent.identity.binding import Effect, EffectKind, Event, Phase, Scan
from agent.identity.codes import CODE_LENGTH_MAX, CodeKind, CodeRules
from agent.identity.doubts import Doubts
from agent.identity.floor import Floor, Push
from agent.identity.keeping import ScanKeeper
from agent.identity.recognition import Recogniser, Recognition
from agent.intake.payloads import Content
from agent.intake.recording import RecordMaker
from agent.journal.batch import Batch, Committed
from agent.journal.records import JournalKind
from agent.offering.claimed import ClaimedSales
from agent.offering.offering import OfferDesk, Screen
from agent.ports import Journalling
from agent.value.counter import ValueCounter, member_of
from retail.errors import RefusedError, TryAgainError
from retail.loyalty import Account
from retail.offers.campaign import Channel
from sync.protocol.tokens import CodeKind as TokenKind

SHOWN_CHARS = 4  # of a code, so that a cashier sees which card it was and nobody learns it
BIRTHDAY_NEAR_DAYS = 7

_DOUBT = {
    "code": "whose_sale",
    "message": "This card came between two sales: nobody can say which one it is for.",
    "fix": "Scan it again when the next sale has begun.",
}
_STALE = {
    "code": "code_stale",
    "message": "This code has run out.",
    "fix": "Let the customer open the wallet again; if it happens to everybody, look at this machine's clock.",
}
_TOKEN_KINDS = {"phone": TokenKind.PHONE, "email": TokenKind.EMAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A code as it came. `is_member`: the till itself says that it is one, whatever the store's rules make of it."""

    workstation_id: str
    code: str
    symbology: str = ""
    source: str = ""
    is_member: bool = False

    @property
    def is_at_kiosk(self) -> bool:
        """Whether it was presented at a kiosk: no sale is concerned there."""
        return self.source == "kiosk"


class Scanning:
    """Used by core's loop only."""

    def __init__(
        self,
        *,
        clock: Clock,
        rules: CodeRules,
        floor: Floor,
        people: Recogniser,
        offers: OfferDesk,
        journal: Journalling,
        maker: RecordMaker,
        publish: Callable[[Push], None],
        places: Collection[str],
        kiosks: Collection[str],
        keeper: ScanKeeper,
        doubts: Doubts,
        value: ValueCounter,
        claimed: ClaimedSales,
        prints: bool,
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._floor = floor
        self._people = people
        self._offers = offers
        self._journal = journal
        self._maker = maker
        self._publish = publish
        self._places = places
        self._kiosks = kiosks
        self._keeper = keeper
        self._doubts = doubts
        self._value = value
        self._claimed = claimed
        self._prints = prints
        self._secret = os.urandom(16)
        self._tasks: set[asyncio.Task[None]] = set()

    async def scan(self, presented: Presented) -> str:
        """Take a code and return the scan's id once it will outlive core.

        Raises RefusedError for noise, TryAgainError in a flood of scans, and what the journal says when it cannot keep
        the scan: then it counts as long as core lives.
        """
        code = presented.code.strip()
        known = self._kiosks if presented.is_at_kiosk else self._places
        if presented.workstation_id not in known:
            raise RefusedError(
                f"no workstation or kiosk {presented.workstation_id!r} here",
                fix="name it in agent.toml",
                code="not_found",
            )
        if not code or len(code) > CODE_LENGTH_MAX or not code.isprintable():
            raise RefusedError("this is no code", fix="scan again; check the scanner's settings", code="no_code")
        if self._people.is_busy:
            raise TryAgainError("too many scans wait", fix="scan again", code="busy", retry_after_s=1.0)
        scan_id = uuid.uuid4().hex
        if not presented.is_at_kiosk and self._floor.is_put_by(code):
            self._floor.resumed(presented.workstation_id, code, self._clock.now())
            return self._tell_who_counts(presented.workstation_id) or scan_id
        kind, symbology = self._rules.identify(symbology=presented.symbology, code=code)
        kind = CodeKind.MEMBER if presented.is_member else kind
        presented = replace(presented, symbology=symbology)
        if kind is CodeKind.PRODUCT and not presented.is_at_kiosk:
            self._floor.happened(presented.workstation_id, Event.BEGUN, self._clock.now())
            return scan_id
        if kind is CodeKind.MEMBER:
            await self._member(presented, scan_id, code)
        elif kind is CodeKind.COUPON:
            await self._coupon(presented, scan_id, code)
        else:
            product = self._offers.shelf(code) if kind is CodeKind.PRODUCT else {}
            self._tell_customer(presented, _stranger(scan_id, kind, code, self._clock.now()) | product)
        return scan_id

    def _tell_who_counts(self, workstation_id: str) -> str:
        """Tell a lane's pages again whose its open sale is; return their scan's id, empty for nobody's.

        Somebody who is still being looked up is told when that is done, and is no stranger until then.
        """
        lane = self._floor.lane(workstation_id, self._clock.now())
        if lane.scan is None or lane.phase is not Phase.BOUND:
            return ""
        if self._people.pending(lane.scan.scan_id) is not None:
            return lane.scan.scan_id
        found = self._people.recognition(lane.scan.scan_id)
        at_lane = Presented(workstation_id=workstation_id, code="")
        self._tell_customer(at_lane, self._customer(found, at_lane, ""))
        self._tell_offers(at_lane, found)
        return lane.scan.scan_id

    async def undo(self, scan_id: str) -> None:
        """Take a scan back, on return for good. Twice is as good as once, and so is one that no longer counts.

        Whoever was scanned before counts again, and the lane's pages hear so.
        """
        now = self._clock.now()
        lanes = self._floor.lanes_with(scan_id)
        for effect in self._floor.undone(scan_id, now):
            if effect.kind is EffectKind.DETACHED_LATE:
                await self._release_late(effect)
        await self._value.take_back(scan_id)
        self._keeper.gone(self._doubts.undo(scan_id))
        await self._keeper.flush()
        for lane in lanes:
            self._tell_who_counts(lane)

    async def settle(self) -> None:
        """Return when no scan is being looked up any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _coupon(self, presented: Presented, scan_id: str, code: str) -> None:
        """Burn a coupon for the lane's open sale, or say why not; at a kiosk it is only looked at."""
        if presented.is_at_kiosk:
            self._value.look_at(code, scan_id=scan_id, kiosk_id=presented.workstation_id, customer_id=None)
            return
        lane = presented.workstation_id
        await self._value.hold_out(code, scan_id=scan_id, workstation_id=lane, customer_id=self.customer_at(lane))

    def customer_at(self, workstation_id: str) -> str | None:
        """Return who is known for a lane's open sale."""
        scan = self._floor.lane(workstation_id, self._clock.now()).scan
        return self._people.recognition(scan.scan_id).customer_id or None if scan is not None else None

    def account_at(self, workstation_id: str) -> Account | None:
        """Return the account of whoever is known for a lane's open sale."""
        scan = self._floor.lane(workstation_id, self._clock.now()).scan
        return self._people.recognition(scan.scan_id).account if scan is not None else None

    def require_place(self, workstation_id: str) -> None:
        """Raise RefusedError for a workstation that this store does not have."""
        if workstation_id not in self._places:
            raise RefusedError(f"no workstation {workstation_id!r} here", fix="name it in agent.toml", code="not_found")

    async def _member(self, presented: Presented, scan_id: str, code: str) -> None:
        effects: list[Effect] = []
        self._people.expect(scan_id)
        if not presented.is_at_kiosk:
            holder = hashlib.blake2b(code.encode(), key=self._secret, digest_size=16).hexdigest()
            scan = Scan(scan_id=scan_id, holder=holder, at=self._clock.now())
            effects = self._floor.scanned(presented.workstation_id, scan)
        task = asyncio.get_running_loop().create_task(self._find_out(presented, scan_id, code, effects))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _find_out(self, presented: Presented, scan_id: str, code: str, effects: list[Effect]) -> None:
        symbology = presented.symbology
        kind = _TOKEN_KINDS.get(symbology, TokenKind.WALLET if symbology == "qr" else TokenKind.CARD)
        found = await self._people.recognise(scan_id, code, kind)
        durable = self._keep(scan_id, found, presented.workstation_id)
        durable += [
            self._attach_late(effect, found, presented.workstation_id)
            for effect in effects
            if effect.kind is EffectKind.ATTACHED_LATE
        ]
        if presented.is_at_kiosk and found.account is not None:
            await self._claimed.bring(found.account)
        self._tell_pages(presented, code, found, effects)
        await asyncio.gather(*durable)

    def _keep(self, scan_id: str, found: Recognition, workstation_id: str) -> list[asyncio.Future[Committed]]:
        """Write down a scan that belongs to an open sale, unless that sale has ended meanwhile."""
        lane = self._floor.lane(workstation_id, self._clock.now())
        if lane.phase is not Phase.BOUND:
            return []
        return [self._keeper.keep(workstation_id, scan, found) for scan in lane.scans if scan.scan_id == scan_id]

    def _tell_pages(self, presented: Presented, code: str, found: Recognition, effects: list[Effect]) -> None:
        if any(effect.kind is EffectKind.DOUBTED for effect in effects):
            self._tell_doubt(presented)
            return
        if found.is_stale:
            self._tell_trouble(presented, _STALE)
        self._tell_customer(presented, self._customer(found, presented, code))
        if found.account is not None or not presented.is_at_kiosk:
            self._tell_offers(presented, found)

    def _attach_late(self, effect: Effect, found: Recognition, workstation_id: str) -> asyncio.Future[Committed]:
        assert effect.sale is not None
        content: Content = {
            "transaction_id": effect.sale.transaction_id,
            "scan_id": found.scan_id,
            "customer_id": found.account.customer_id if found.account else None,
            "locator": found.locator,
            "sealed_code": found.sealed or None,
            "how": "late",
            "flagged": True,
        }
        record = self._maker.of_now(JournalKind.CUSTOMER_IDENTIFIED, content, workstation_id)
        value = self._value.named_late(effect.sale.transaction_id, member_of(found.account, found.customer_id))
        records = (record, *self._value.records(value, workstation_id))
        return self._journal.hand_over(Batch(records=records, changes=value.changes))

    async def _release_late(self, effect: Effect) -> None:
        assert effect.sale is not None
        content = {
            "transaction_id": effect.sale.transaction_id,
            "scan_id": effect.scan.scan_id,
            "why": "undone",
        }
        record = self._maker.of_now(JournalKind.CUSTOMER_RELEASED, content)
        value = self._value.released_late(effect.sale.transaction_id)
        records = (record, *self._value.records(value, ""))
        await self._journal.hand_over(Batch(records=records, changes=value.changes))

    # What pages are told

    def _customer(self, found: Recognition, presented: Presented, code: str) -> dict[str, Any]:
        now = self._clock.now()
        data = _stranger(found.scan_id, CodeKind.MEMBER, code, now)
        account = found.account
        if account is None:
            return data
        today = self._offers.today(now)
        birthday = account.birthday
        data |= {
            "known": True,
            "first_name": account.first_name,
            "tier": account.tier,
            "points": account.points,
            "employee": account.employee,
            "language": account.language,
            "birthday_soon": birthday is not None and abs(birthday.days_away(today)) <= BIRTHDAY_NEAR_DAYS,
            **membership_content(account, refused=self._people.permissions.refused_by(account.customer_id)),
        }
        last_visit = self._offers.last_visit(account)
        if last_visit is not None:
            data["last_visit"] = last_visit.isoformat()
        data["coupons"] = self._value.in_hand(
            account.customer_id, lambda campaign: self._offers.title(campaign, account, now)
        )
        if presented.is_at_kiosk:  # only there somebody stands who asked to see them
            data["receipts"] = self._offers.receipts_of(account)
        return data

    def _tell_customer(self, presented: Presented, data: dict[str, Any]) -> None:
        self._tell("customer", presented, data)

    def _tell_offers(self, presented: Presented, found: Recognition) -> None:
        now = self._clock.now()
        channel = Channel.KIOSK if presented.is_at_kiosk else Channel.CASHIER
        screen = self._offers.screen(
            found.account,
            channel=channel,
            workstation_id=presented.workstation_id,
            now=now,
            has_card=bool(found.locator) and not found.is_restored,
        )
        data = {
            "as_of": now.isoformat(),
            "scan_id": found.scan_id,
            "offers": cards_of(screen, greeted=found.account is not None),
            "sentences": list(screen.sentences),
            "paper": [] if presented.is_at_kiosk else self._on_paper(found.account, presented.workstation_id),
        }
        self._tell("offers", presented, data)

    def _on_paper(self, account: Account | None, workstation_id: str) -> list[str]:
        """Return what the next receipt would carry as things stand, in its reader's words; the basket may change it."""
        now = self._clock.now()
        if account is None or not self._prints or not self._offers.stops().may_print(now):
            return []
        screen = self._offers.screen(account, channel=Channel.RECEIPT, workstation_id=workstation_id, now=now)
        return [card.text for card in screen.cards]

    def _tell_doubt(self, presented: Presented) -> None:
        self._tell_trouble(presented, _DOUBT)

    def _tell_trouble(self, presented: Presented, trouble: Mapping[str, str]) -> None:
        data = {"as_of": self._clock.now().isoformat(), **trouble, "resolved": False, "passing": True}
        self._tell("trouble", presented, data)

    def _tell(self, event: str, presented: Presented, data: dict[str, Any]) -> None:
        kind = "kiosk" if presented.is_at_kiosk else "workstation"
        self._publish(Push(event=event, data=data, place_kind=kind, place_id=presented.workstation_id))


def cards_of(screen: Screen, *, greeted: bool) -> list[dict[str, Any]]:
    """Return the offers as pages show them; only who is known is greeted before the offers' sentences begin."""
    sentences = screen.sentences[1:] if greeted else screen.sentences
    rewards = screen.decision.rewards
    said = dict(zip((reward.campaign.campaign_id for reward in rewards), sentences, strict=False))
    return [
        {
            "offer_id": card.campaign_id,
            "campaign_id": card.campaign_id,
            "text": card.text,
            "cashier": said.get(card.campaign_id, ""),
            "valid_until": reward.valid_until.isoformat(),
            "why": list(reward.why),
        }
        for card, reward in zip(screen.cards, screen.decision.rewards, strict=True)
    ]


def _stranger(scan_id: str, kind: CodeKind, code: str, now: datetime) -> dict[str, Any]:
    return {
        "as_of": now.isoformat(),
        "scan_id": scan_id,
        "known": False,
        "code_kind": kind.value,
        "code_shown": f"\N{HORIZONTAL ELLIPSIS}{code[-SHOWN_CHARS:]}" if len(code) > 2 * SHOWN_CHARS else "",
    }

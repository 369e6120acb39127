"""What a sale means: what to print, what it is worth, what one commit holds. Decided at the cut, or foreseen before it.

`foresee` works the same things out while the receipt is still being printed, and changes nothing: no cap is counted, no
coupon known, nothing journalled. At the cut `decided` takes of it what still holds, each part by itself, and decides
the rest; what is counted and committed is the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from agent.clock import Clock
from agent.identity.keeping import ScanKeeper
from agent.intake.documents import Origin, Told
from agent.intake.payloads import Content
from agent.intake.recording import RecordMaker
from agent.intake.taken import Foreseen, Taken, Whose
from agent.journal.batch import AwaitOutcome, Batch, Change, KnowSale
from agent.journal.records import JournalKind, canonical_json
from agent.offering.foreseeing import Foreseeing, ForeseenOffer, Question
from agent.offering.memory import StoreMemory
from agent.offering.offering import OfferDesk, Offering
from agent.value.counter import ValueCounter, member_of
from agent.value.taking_back import SaleTold
from retail.facts import Basket
from retail.loyalty import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciders:
    """Whom a decision asks; made by the counter."""

    clock: Clock
    maker: RecordMaker
    offers: OfferDesk
    memory: StoreMemory
    value: ValueCounter
    keeper: ScanKeeper
    defect: Callable[[str, Exception, Origin], None]


class Deciding:
    """Used by core's loop only."""

    def __init__(self, deciders: Deciders) -> None:
        self._clock = deciders.clock
        self._maker = deciders.maker
        self._offers = deciders.offers
        self._memory = deciders.memory
        self._value = deciders.value
        self._keeper = deciders.keeper
        self._defect = deciders.defect
        self._foreseeing = Foreseeing(deciders.offers, deciders.memory)
        self.foreseen_cuts = 0  # whose offer was worked out before them, and stood

    def decided(self, taken: Taken) -> Taken:
        """Decide what to print with a sale, count it, and put together what one commit holds."""
        told, place = taken.told, taken.place
        assert told is not None
        assert told.sale is not None
        offering, value = Offering(), None
        account = taken.whose.account if taken.whose else None
        foreseen = self._foreseen(taken, account)
        basket = self._offers.basket(told.sale) if foreseen is None else foreseen.question.basket
        if foreseen is not None and taken.foreseen is not None:
            self.foreseen_cuts += 1
            offering, value = foreseen.offering, taken.foreseen.value
        elif place is not None and not (taken.whose is not None and taken.whose.flagged):
            offering = self._offer(taken, self._question(taken, account, basket))
        for kind, content in offering.records:
            if kind in (JournalKind.OFFER_DECIDED, JournalKind.OFFER_WITHHELD):
                withheld = kind is JournalKind.OFFER_WITHHELD
                self._memory.offered(content, self._today(), withheld=withheld)
        lines = tuple(line.plain for line in taken.paper.lines) if taken.paper is not None else ()
        sold = self._sale_told(taken, offering, basket, lines=lines)  # its worth is by what was bought before it
        has_stood = taken.foreseen is not None and taken.foreseen.has_stood
        entry = self._value.receipt(sold, foreseen=value, has_stood=has_stood)
        if account is not None and told.kind is JournalKind.TRANSACTION_COMPLETED:
            self._memory.purchase(account.customer_id, basket, self._today())
        return self.with_records(replace(taken, offering=offering, value=entry))

    def with_records(self, taken: Taken) -> Taken:
        """Return a document with the records and changes that its commit holds."""
        told = taken.told
        if told is None or told.kind is None:
            return taken
        if taken.foreseen is not None and taken.foreseen.batch is not None and taken.foreseen.is_all_of(taken):
            return replace(taken, batch=replace(taken.foreseen.batch, capture=taken.batch.capture))
        contents = [(told.kind, told.content)]
        if taken.whose is not None:
            contents.append((JournalKind.CUSTOMER_IDENTIFIED, identified(told, taken.whose)))
        contents += [*taken.offering.records, *taken.value.records]
        spelt = [(kind, content, _spelt(taken.foreseen, content)) for kind, content in contents]
        make, workstation_id = self._maker.of_document, taken.origin.workstation_id
        records = tuple(
            make(kind, content, told=told, workstation_id=workstation_id, payload=payload)
            for kind, content, payload in spelt
        )
        awaited = next((payload for _kind, content, payload in spelt if content is taken.offering.content), None)
        gone = self._keeper.drops(taken.whose.gone) if taken.whose is not None else ()
        batch = replace(taken.batch, records=records, changes=(*_changes(taken, awaited), *gone, *taken.value.changes))
        return replace(taken, batch=batch)

    def stands(self, expected: Taken) -> bool:
        """Whether `decided` would find now all that was foreseen of a document; nothing has happened."""
        account = expected.whose.account if expected.whose else None
        foreseen, offer = expected.foreseen, self._foreseen(expected, account)
        if foreseen is None or offer is None or foreseen.value is None:
            return False
        lines = foreseen.preview.lines
        told = self._sale_told(expected, offer.offering, offer.question.basket, lines=lines)
        return self._value.stands(foreseen.value, told)

    # Before the cut

    def foresee(self, foreseen: Foreseen, whose: Whose | None) -> Iterator[None]:
        """Fill in what the cut will ask for, step by step, as long as it makes sense: other lanes' cuts go between.

        `whose` is whoever the sale would belong to now. Whatever fails is left to the cut.
        """
        told = foreseen.told
        assert told.sale is not None
        if whose is not None and whose.flagged:
            return
        account, basket = whose.account if whose else None, self._offers.basket(told.sale)
        place = replace(foreseen.place, has_card=whose is not None)
        question = Question(sale=told.sale, kind=told.document_kind, account=account, basket=basket, place=place)
        offer = self._foreseeing.foresee(question, self._clock.now())
        if offer is None:
            return
        yield
        if not self._foreseeing.draw(offer):
            return
        foreseen.offer = offer
        yield
        expected = Taken(
            origin=foreseen.origin, batch=Batch(), told=told, whose=whose,
            operator=foreseen.preview.reading.cashier_printed or "",
        )  # fmt: skip
        sold = self._sale_told(expected, offer.offering, basket, lines=foreseen.preview.lines)
        foreseen.value = self._value.rehearse(sold)
        yield
        self._foresee_payloads(foreseen)
        yield
        self._foresee_batch(foreseen, whose)

    def _foresee_batch(self, foreseen: Foreseen, whose: Whose | None) -> None:
        """Put together what the cut will commit, where all of it is known and its paper is no large file."""
        if foreseen.capture is None or foreseen.offer is None or foreseen.value is None:
            return
        foreseen.whose = whose
        taken = Taken(
            origin=foreseen.origin, batch=Batch(capture=foreseen.capture), told=foreseen.told, whose=whose,
            offering=foreseen.offer.offering, value=foreseen.value.entry, foreseen=foreseen,
        )  # fmt: skip
        foreseen.batch = self.with_records(taken).batch

    def _foresee_payloads(self, foreseen: Foreseen) -> None:
        offering = foreseen.offer.offering if foreseen.offer is not None else Offering()
        records = [*offering.records, *(foreseen.value.entry.records if foreseen.value is not None else ())]
        contents = [foreseen.told.content, *(content for _, content in records)]
        foreseen.payloads = {id(content): (content, canonical_json(content)) for content in contents}

    # Parts

    def _question(self, taken: Taken, account: Account | None, basket: Basket) -> Question:
        told, place = taken.told, taken.place
        assert told is not None
        assert told.sale is not None
        assert place is not None
        place = replace(place, has_card=taken.whose is not None)
        return Question(sale=told.sale, kind=told.document_kind, account=account, basket=basket, place=place)

    def _foreseen(self, taken: Taken, account: Account | None) -> ForeseenOffer | None:
        """Return the offer that was foreseen, where it is still the one to make.

        Its basket is that of the same sale, by items and rules that are compared with everything else it rests on.
        """
        offer = taken.foreseen.offer if taken.foreseen is not None else None
        if offer is None or taken.place is None or (taken.whose is not None and taken.whose.flagged):
            return None
        if taken.foreseen is not None and taken.foreseen.has_stood:
            return offer
        question = self._question(taken, account, offer.question.basket)
        return offer if self._foreseeing.stands(offer, question, self._clock.now()) else None

    def _offer(self, taken: Taken, question: Question) -> Offering:
        """Return what to print; a defect in deciding or speaking costs this offer and nothing else."""
        try:
            return self._offers.offer(
                question.sale,
                question.kind,
                question.account,
                basket=question.basket,
                place=question.place,
                now=self._clock.now(),
            )
        except Exception as error:  # noqa: BLE001 - see above: the sale is kept, the receipt is printed
            self._defect("deciding on an offer failed", error, taken.origin)
            return Offering()

    def _sale_told(self, taken: Taken, offering: Offering, basket: Basket, *, lines: tuple[str, ...]) -> SaleTold:
        """Return what the ledger of coupons and points is told of a document."""
        told, whose = taken.told, taken.whose
        assert told is not None
        assert told.sale is not None
        assert told.kind is not None
        return self._value.told(
            told.sale,
            told.kind,
            basket=basket,
            member=member_of(whose.account, whose.customer_id) if whose is not None else None,
            issued=offering.issued,
            lines=lines,
            operator=taken.operator,
            after_payment=whose is not None and whose.flagged,
        )

    def _today(self) -> date:
        return self._offers.today(self._clock.now())


def identified(told: Told, whose: Whose) -> Content:
    """Return the record of whose sale it was."""
    assert told.sale is not None
    return {
        "transaction_id": told.sale.transaction_id,
        "scan_id": whose.scan_id,
        "customer_id": whose.customer_id or None,
        "locator": whose.locator,
        "sealed_code": whose.sealed or None,
        "how": whose.how,
        "flagged": whose.flagged,
    }


def _spelt(foreseen: Foreseen | None, content: Content) -> bytes:
    """Return the spelling of a content: what was foreseen of this very object, or a new one."""
    spelt = foreseen.payloads.get(id(content)) if foreseen is not None else None
    return spelt[1] if spelt is not None and spelt[0] is content else canonical_json(content)


def _changes(taken: Taken, awaited: bytes | None) -> list[Change]:
    """Return what the commit changes beside its records; `awaited` is the spelling of the decision on paper."""
    changes: list[Change] = []
    told = taken.told
    if told is not None and told.sale is not None and told.kind is not JournalKind.TRANSACTION_VOIDED:
        known = KnowSale(
            transaction_id=str(told.sale.transaction_id), business_day=told.business_day, total=str(told.sale.total)
        )
        changes.append(known)
    content = taken.offering.content
    if awaited is not None:
        changes.append(
            AwaitOutcome(
                job_id=content["job_id"],
                cut_no=content["cut_no"],
                workstation_id=taken.origin.workstation_id,
                payload=awaited,
            )
        )
    return changes

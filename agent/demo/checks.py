"""Judges the evidence of the story. Every check looks at what came out, none at what some part says of itself alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from agent.demo.acts import UNKNOWN_CARD
from agent.demo.catalogue import total_of
from agent.demo.evidence import Evidence, SaleSeen
from agent.demo.paper_trail import is_harmless
from agent.demo.stage import CLAIM_URL
from agent.journal.chain import ChainVerifier
from retail.coupons import PREFIX
from retail.errors import RefusedError
from sync.protocol.coupons import CouponVerifier

HTTP_OK = 200
LATE_AT_MOST = 2  # one in two: on a machine that is busy elsewhere a late block is the promise kept, not broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold; `what` says it, and when it does not hold, what was seen instead."""

    id: str
    ok: bool
    what: str


def judge(evidence: Evidence) -> tuple[Check, ...]:
    """Return the verdict on everything that the story promises."""
    return (*_paper(evidence), *_offers(evidence), *_faults(evidence), *_records(evidence), *_people(evidence))


def _paper(evidence: Evidence) -> Iterator[Check]:
    sales = evidence.sales
    changed = [n for n, seen in enumerate(sales, start=1) if seen.printed.block is None]
    yield _check("till_bytes_unchanged", not changed, "the printer got every byte of the registers, in order", changed)
    unsafe = [n for n, seen in enumerate(sales, start=1) if not is_harmless(seen.printed.block or b"")]
    yield _check("blocks_only_print", not unsafe, "what we add cuts nothing, opens nothing, asks nothing", unsafe)
    receipts = [n for n, seen in enumerate(sales, start=1) if len(evidence.papers(seen)) != 1]
    yield _check("one_paper_a_sale", not receipts, "every sale came out as one paper", receipts)
    silent = [n for n, seen in enumerate(sales, start=1) if not seen.printed.status_answer]
    yield _check(
        "printer_answers", not silent, "the printer's answer to its status request reached the register", silent
    )
    unreadable = [
        n
        for n, seen in enumerate(sales, start=1)
        if not any(seen.sale.basket[0].item.name[seen.sale.language] in line for line in evidence.lines(seen))
    ]
    yield _check("text_readable", not unreadable, "goods read as the register wrote them, Cyrillic too", unreadable)


def _offers(evidence: Evidence) -> Iterator[Check]:
    numbered = list(enumerate(evidence.sales, start=1))
    wrong = [n for n, seen in numbered if _decided(evidence, seen) != _expected(seen)]
    yield _check(
        "offers_as_decided", not wrong, "each customer was offered what is meant for them, nobody another's", wrong
    )
    held = [n for n, seen in numbered if _withheld(evidence, seen) != seen.act.withheld]
    yield _check("control_group_kept", not held, "the control group was decided on and got nothing", held)
    lost = [n for n, seen in numbered if seen.act.offer and not _coupon_is_issued(evidence, seen)]
    yield _check(
        "coupons_on_paper", not lost, "each QR code on paper is the signed coupon that the journal issued", lost
    )
    unsaid = [n for n, seen in numbered if seen.act.offer and not _outcome_is_true(evidence, seen)]
    yield _check("outcomes_recorded", not unsaid, "what became of every offer's paper is in the journal", unsaid)
    invited = [n for n, seen in numbered if not _is_invited(evidence, seen)]
    yield _check("strangers_invited", not invited, "strangers' papers say where to claim this very sale", invited)
    due = [seen for seen in evidence.sales if _expected(seen) or _is_stranger(seen)]
    late = [seen.sale.number for seen in due if not seen.printed.block]
    in_time = len(late) * LATE_AT_MOST <= len(due)
    yield _check("in_time", in_time, "what we add came within the 50 ms that a cut may wait", late)


def _faults(evidence: Evidence) -> Iterator[Check]:
    killed = next(seen for seen in evidence.sales if seen.act.kills_core)
    printed = killed.printed
    held = printed.was_killed_in_hold
    yield _check(
        "killed_while_held", held, "core died after the cut was sent and before it was printed", printed.hold_s
    )
    yield _check(
        "fails_open", printed.block == b"", "the receipt of that moment is the register's own, whole", "changed"
    )
    recovered = evidence.spooled_jobs & evidence.handed_over_jobs
    jobs = {content["transaction"]["job_id"] for content in evidence.of_kind("transaction.completed")}
    yield _check(
        "spooled_and_recovered",
        bool(recovered) and recovered == evidence.spooled_jobs and recovered <= jobs,
        "what core had not acknowledged was sealed, handed over and journalled",
        sorted(evidence.spooled_jobs),
    )
    before, during_cut = evidence.hub_sales["before the cut"], evidence.hub_sales["before it was mended"]
    yield _check(
        "link_was_really_cut",
        evidence.link_cuts == 1 and before == during_cut,
        "nothing reached the hub while the link was cut",
        evidence.hub_sales,
    )


def _records(evidence: Evidence) -> Iterator[Check]:
    wrong = [n for n, seen in enumerate(evidence.sales, start=1) if not _total_holds(evidence, seen)]
    yield _check(
        "sales_in_journal", not wrong, "each sale is in the journal once, with the till's number and total", wrong
    )
    count = len(evidence.of_kind("transaction.completed"))
    yield _check("no_sale_invented", count == len(evidence.sales), "the journal has no sale more", count)
    findings = list(ChainVerifier().feed(evidence.records))
    yield _check("chain_holds", not findings, "the journal's hash chain holds from first to last record", findings)
    hub = evidence.hub_store
    yield _check(
        "hub_has_all", hub["sales"] == len(evidence.sales), "the hub has every sale exactly once", hub["sales"]
    )
    yield _check("no_fork", hub["forks"] == 0 and hub["parked"] == 0, "the hub refused and doubted nothing", hub)


def _people(evidence: Evidence) -> Iterator[Check]:
    wrong = [n for n, seen in enumerate(evidence.sales, start=1) if _customer(evidence, seen) != seen.act.customer]
    yield _check(
        "customers_recognised",
        not wrong,
        "each card led to its customer; unknown ones and undone ones to nobody",
        wrong,
    )
    unseen = [n for n, seen in enumerate(evidence.sales, start=1) if not _was_shown(evidence, seen)]
    yield _check("cashiers_saw", not unseen, "every card scanned reached its own cashier's page and no other", unseen)
    kiosk = [event["event"] for event in evidence.kiosk_events]
    yield _check("kiosk_saw", "customer" in kiosk, "the kiosk greeted who checked in there", kiosk)
    down = {page: status for page, status in evidence.page_statuses.items() if status != HTTP_OK}
    yield _check("pages_served", not down, "cashier, kiosk, hub and roll pages are served", down)
    leaked = [record.seq for record in evidence.records if UNKNOWN_CARD.encode() in (record.payload or b"")]
    yield _check("no_card_number_kept", not leaked, "no card number stands in the journal", leaked)


def _check(check_id: str, ok: bool, what: str, seen: Any) -> Check:
    return Check(id=check_id, ok=ok, what=what if ok else f"{what}; seen: {seen}")


def _expected(seen: SaleSeen) -> list[str]:
    return [seen.act.offer] if seen.act.offer else []


def _decided(evidence: Evidence, seen: SaleSeen) -> list[str]:
    """Return the campaigns whose offers the journal says were decided for a sale's paper."""
    return [offer["campaign_id"] for content in evidence.about(seen, "offer.decided") for offer in content["offers"]]


def _withheld(evidence: Evidence, seen: SaleSeen) -> str | None:
    offers = [offer for content in evidence.about(seen, "offer.withheld") for offer in content["offers"]]
    return offers[0]["campaign_id"] if len(offers) == 1 else None


def _coupon_is_issued(evidence: Evidence, seen: SaleSeen) -> bool:
    """Tell whether the code on paper bears the store's signature and the serial that the journal issued.

    Where nothing was printed no code may be on the paper, and the coupon must be void.
    """
    codes = [code for code in evidence.codes(seen) if code.startswith(PREFIX)]
    issued = [each["serial"] for each in evidence.about(seen, "coupon.issued")]
    if not seen.printed.block:
        return not codes and issued == [each["serial"] for each in evidence.about(seen, "coupon.voided")]
    try:
        on_paper = [CouponVerifier((evidence.store_key,)).verify(code).claims.serial for code in codes]
    except RefusedError:
        return False
    return len(on_paper) == 1 and on_paper == issued


def _outcome_is_true(evidence: Evidence, seen: SaleSeen) -> bool:
    """Tell whether the journal says of the paper what the paper shows."""
    printed, not_printed = evidence.about(seen, "offer.printed"), evidence.about(seen, "offer.not_printed")
    return (len(printed), len(not_printed)) == ((1, 0) if seen.printed.block else (0, 1))


def _is_stranger(seen: SaleSeen) -> bool:
    """Tell whether nobody is known at this sale, and core was there to say so."""
    return seen.act.customer is None and not seen.act.kills_core


def _is_invited(evidence: Evidence, seen: SaleSeen) -> bool:
    """Tell whether a paper bears the address for claiming this very sale exactly where it should."""
    transaction = evidence.transaction_of(seen) or {"transaction_id": None}
    claim = CLAIM_URL.format(transaction_id=transaction["transaction_id"])
    return evidence.codes(seen).count(claim) == int(_is_stranger(seen) and bool(seen.printed.block))


def _total_holds(evidence: Evidence, seen: SaleSeen) -> bool:
    transaction = evidence.transaction_of(seen)
    return transaction is not None and Decimal(transaction["total"]) == total_of(seen.sale.basket).amount


def _customer(evidence: Evidence, seen: SaleSeen) -> str | None:
    found = [content["customer_id"] for content in evidence.about(seen, "customer.identified")]
    return found[-1] if found else None


def _was_shown(evidence: Evidence, seen: SaleSeen) -> bool:
    shown = {
        place: {event["scan_id"] for event in events if event["event"] == "customer"}
        for place, events in evidence.cashier_events.items()
    }
    elsewhere = set().union(*(scans for place, scans in shown.items() if place != seen.sale.workstation_id))
    return set(seen.scans) <= shown[seen.sale.workstation_id] and not elsewhere & set(seen.scans)

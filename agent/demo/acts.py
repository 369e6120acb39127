"""Who buys in the story, in which order, and what must come of it: twelve sales, the same for every seed."""

from __future__ import annotations

from dataclasses import dataclass

from agent.demo.catalogue import Language, Tender

ANNA, BEN, CLARA = "2900000010017", "2900000010024", "2900000010031"
EVE, FELIX, GALINA = "2900000010055", "2900000010062", "2900000010079"
KAETHE, LEV, MIA = "2900000010109", "2900000010116", "2900000010123"
UNKNOWN_CARD = "2900000099012"  # well-formed, and nobody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One sale of the story and what must come of it; `customer` is who the scanned card turns out to be."""

    workstation_id: str
    language: Language
    tender: Tender = Tender.CASH
    scan: str | None = None
    wrong_scan: str | None = None  # scanned first and taken back
    customer: str | None = None
    offer: str | None = None  # the campaign whose offer is printed
    withheld: str | None = None
    kills_core: bool = False


ACTS = (
    Act(workstation_id="1", language=Language.ENGLISH),
    Act(workstation_id="1", language=Language.RUSSIAN, scan=ANNA, customer="c-001", offer="good-coffee"),
    Act(workstation_id="2", language=Language.GERMAN, scan=CLARA, customer="c-003", offer="good-coffee"),
    Act(workstation_id="1", language=Language.ENGLISH, scan=BEN, customer="c-002", withheld="good-coffee"),
    Act(workstation_id="2", language=Language.GERMAN, scan=UNKNOWN_CARD, tender=Tender.CARD),
    # Lev's scan was on disk before it was acknowledged: core's death costs him his offer, not his sale and his points.
    Act(workstation_id="1", language=Language.RUSSIAN, scan=LEV, customer="c-011", kills_core=True),
    Act(workstation_id="2", language=Language.ENGLISH, scan=EVE, customer="c-005", offer="we-miss-you"),
    Act(
        workstation_id="1",
        language=Language.GERMAN,
        wrong_scan=GALINA,
        scan=KAETHE,
        customer="c-010",
        offer="good-coffee",
        tender=Tender.CARD,
    ),
    Act(workstation_id="2", language=Language.RUSSIAN),
    Act(workstation_id="1", language=Language.GERMAN, scan=FELIX, customer="c-006"),
    Act(workstation_id="2", language=Language.RUSSIAN, scan=GALINA, customer="c-007", offer="good-coffee"),
    Act(workstation_id="1", language=Language.ENGLISH, scan=MIA, customer="c-012", offer="try-chocolate"),
)

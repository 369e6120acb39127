"""The demo for people: customers come until somebody presses Ctrl-C."""

from __future__ import annotations

import csv
from collections.abc import Callable
from random import Random
from time import sleep

from agent.demo.acts import EVE
from agent.demo.catalogue import FOLDER, Language, Tender, draw_basket, load_catalogue
from agent.demo.paper_trail import papers_of, text_of
from agent.demo.shop import Shop
from agent.demo.stage import KIOSK, WORKSTATIONS, Stage

FIRST_CUSTOMER = EVE  # speaks English and gets an offer: the first paper shows what this is about
PAUSE_S = 4.0  # time enough to look at a page, short enough not to wait
SCAN_LEAD_S = 1.0  # a cashier scans the card before the goods are paid
CHECK_IN_SHARE = 0.3  # of members, who greet the kiosk before they buy
STRANGER_SHARE = 0.35
UNKNOWN_SHARE = 0.1
UNKNOWN_CARDS = ("2900000099012", "2900000099029")


def sell_until_stopped(stage: Stage, shop: Shop, *, seed: int, tell: Callable[[str], None]) -> None:
    """Sell, one customer after the other, until KeyboardInterrupt. The first paper is shown whole."""
    random, shelf, cards = Random(seed), load_catalogue(), _cards()  # noqa: S311 - customers, no secrets
    count = 0
    stage.scan(FIRST_CUSTOMER, workstation_id=KIOSK, source="kiosk")
    while True:
        count += 1
        workstation_id = random.choice(WORKSTATIONS)
        card, who = _customer(random, cards) if count > 1 else (FIRST_CUSTOMER, "a member")
        basket = draw_basket(random, shelf)
        if card is not None:
            if random.random() < CHECK_IN_SHARE:
                stage.scan(card, workstation_id=KIOSK, source="kiosk")
            stage.scan(basket[0].item.gtin, workstation_id=workstation_id)
            stage.scan(card, workstation_id=workstation_id)
            sleep(SCAN_LEAD_S)
        sale = shop.next_sale(
            workstation_id,
            basket,
            language=random.choice(list(Language)) if count > 1 else Language.ENGLISH,
            tender=random.choice(list(Tender)),
        )
        printed = shop.ring_up(sale)
        ours = "with an invitation" if card is None else "with our lines before the cut"
        added = ours if printed.block else "as the register sent it"
        tell(f"sale {count} at workstation {workstation_id}, {who}: receipt {added}")
        if count == 1:
            tell("\n".join(text_of(papers_of(printed.arrived, model=stage.model))))
        sleep(PAUSE_S)


def _customer(random: Random, cards: list[str]) -> tuple[str | None, str]:
    draw = random.random()
    if draw < STRANGER_SHARE:
        return None, "a stranger"
    if draw < STRANGER_SHARE + UNKNOWN_SHARE:
        return random.choice(UNKNOWN_CARDS), "a card that nobody knows"
    return random.choice(cards), "a member"


def _cards() -> list[str]:
    with (FOLDER / "codes.csv").open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]

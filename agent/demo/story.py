"""The fixed story of `tillstream demo --once`: twelve sales, a cut link, a killed core; the same for every seed.

The seed draws the baskets only. Who comes when and what must be seen of it stands in `acts`, what breaks when here.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from agent.demo.acts import ACTS, MIA, Act
from agent.demo.catalogue import Basket, draw_basket, load_catalogue
from agent.demo.evidence import Evidence, SaleSeen, gather
from agent.demo.listener import PageListener
from agent.demo.processes import wait_until
from agent.demo.shop import Shop
from agent.demo.stage import KIOSK, WORKSTATIONS, Stage

LINK_CUT_AFTER = 3
LINK_MENDED_AFTER = 9
EVENT_TIMEOUT_S = 10.0  # from a scan to the page: scrypt's 12 ms and a commit, on a busy machine
RECOVERY_TIMEOUT_S = 15.0  # supervisor, start of core, spool
HUB_TIMEOUT_S = 20.0  # backoff after the mended link
HUB_POLL_S = 0.25  # each look is a request that the hub's machine has to answer


def play(stage: Stage, shop: Shop, *, seed: int, tell: Callable[[str], None]) -> Evidence:
    """Play the story and return what was seen. Raises OnSiteError when something does not come about at all."""
    random, shelf = Random(seed), load_catalogue()  # noqa: S311 - baskets, no secrets
    cashiers = {each: PageListener(f"{stage.desk_url}/v1/workstations/{each}/events") for each in WORKSTATIONS}
    kiosk = PageListener(f"{stage.desk_url}/v1/kiosks/{KIOSK}/events")
    wait_until(
        "every page listens",
        lambda: all(page.events for page in (*cashiers.values(), kiosk)),
        timeout_s=EVENT_TIMEOUT_S,
        alive=stage.children,
    )
    seen: list[SaleSeen] = []
    hub_sales = {}
    stage.scan(MIA, workstation_id=KIOSK, source="kiosk")
    for number, act in enumerate(ACTS, start=1):
        basket = draw_basket(random, shelf)
        sale = shop.next_sale(act.workstation_id, basket, language=act.language, tender=act.tender)
        scans = _scan(stage, act, basket, cashiers[act.workstation_id])
        printed = shop.ring_up(sale, kill_core=act.kills_core)
        seen.append(SaleSeen(act=act, sale=sale, scans=tuple(scans), printed=printed))
        tell(f"sale {number:2} at workstation {act.workstation_id} ({act.language.value}): {_outcome(seen[-1])}")
        if act.kills_core:
            _wait_for_core(stage, act.workstation_id)
        if number == LINK_CUT_AFTER:
            hub_sales["before the cut"] = _wait_for_hub(stage, number)
            stage.link.cut()
            tell("the link to the hub is cut")
        if number == LINK_MENDED_AFTER:
            hub_sales["before it was mended"] = stage.hub_store()["sales"]
            stage.link.mend()
            tell("the link to the hub is mended")
    hub_sales["at the end"] = _wait_for_hub(stage, len(ACTS))
    for listener in (*cashiers.values(), kiosk):
        listener.stop()
    return gather(stage, seen, hub_sales=hub_sales, cashiers=cashiers, kiosk=kiosk)


def _scan(stage: Stage, act: Act, basket: Basket, page: PageListener) -> list[str]:
    """Scan as the act says, each time waiting until the cashier's page has heard who it is; return the scans.

    The goods come first, as on any counter: a product scanned says that a new sale has begun, so that nobody's card
    is taken for the late card of the customer before.
    """
    stage.scan(basket[0].item.gtin, workstation_id=act.workstation_id)
    scans = []
    if act.wrong_scan is not None:
        scans.append(_scan_and_wait(stage, act.wrong_scan, act.workstation_id, page))
        stage.undo(scans[-1])
    if act.scan is not None:
        scans.append(_scan_and_wait(stage, act.scan, act.workstation_id, page))
    return scans


def _scan_and_wait(stage: Stage, code: str, workstation_id: str, page: PageListener) -> str:
    scan_id = stage.scan(code, workstation_id=workstation_id)
    wait_until(
        f"the page of workstation {workstation_id} shows who scanned {code}",
        lambda: any(event.get("scan_id") == scan_id for event in page.heard("customer")),
        timeout_s=EVENT_TIMEOUT_S,
        alive=stage.children,
    )
    return scan_id


def _wait_for_core(stage: Stage, workstation_id: str) -> None:
    """Wait until core is back, has taken what the tap spooled, and taps and desk have found it again."""
    wait_until(
        "the spooled sale is handed over to the new core",
        lambda: (
            bool(stage.tap_events(workstation_id, "job_handed_over"))
            and all(len(stage.tap_events(each, "core_connected")) > 1 for each in WORKSTATIONS)
            and stage.status().get("core") != "away"
        ),
        timeout_s=RECOVERY_TIMEOUT_S,
        alive=stage.children,
    )


def _wait_for_hub(stage: Stage, sales: int) -> int:
    """Wait until the hub has this many sales; return how many it has when that is, or time, is up."""
    wait_until(
        f"{sales} sales have reached the hub",
        lambda: stage.hub_store()["sales"] >= sales,
        timeout_s=HUB_TIMEOUT_S,
        poll_s=HUB_POLL_S,
        alive=stage.children,
    )
    return int(stage.hub_store()["sales"])


def _outcome(seen: SaleSeen) -> str:
    if seen.act.kills_core:
        return "core was killed while the cut was held; the receipt is whole"
    if seen.printed.block is None:
        return "THE RECEIPT WAS CHANGED"
    return "receipt with our block" if seen.printed.block else "receipt, nothing added"

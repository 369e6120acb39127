"""What `tillstream demo --once` prints: the figures of the contracts, each counted from the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.demo.checks import judge
from agent.demo.evidence import Evidence

MILLISECONDS = 1000


def report(evidence: Evidence) -> dict[str, Any]:
    """Return the report as a JSON object; it is a success when all of its checks are `ok`."""
    sales = evidence.sales
    holds_ms = sorted(seen.printed.hold_s * MILLISECONDS for seen in sales if seen.printed.hold_s is not None)
    recovered = evidence.spooled_jobs & evidence.handed_over_jobs
    hub_sales = int(evidence.hub_store["sales"])
    return {
        "sales_sent": len(sales),
        "receipts_printed": sum(seen.printed.block is not None for seen in sales),
        "till_bytes_unchanged": all(seen.printed.block is not None for seen in sales),
        "offers_printed": sum(len(content["offers"]) for content in evidence.of_kind("offer.printed")),
        "offers_withheld": sum(len(content["offers"]) for content in evidence.of_kind("offer.withheld")),
        "qr_payloads": [code for seen in sales for code in evidence.codes(seen)],
        "journal_records": len(evidence.records),
        "hub_transactions": hub_sales,
        "hub_duplicates": max(0, hub_sales - len(sales)),
        "spooled_then_recovered": len(recovered),
        "link_was_cut": evidence.link_cuts > 0,
        "agent_was_killed": any(seen.printed.killed_at_s is not None for seen in sales),
        "kiosk_events": len(evidence.kiosk_events),
        "hold_ms": {"p50": quantile(holds_ms, 0.5), "p99": quantile(holds_ms, 0.99)},
        "checks": [{"id": check.id, "ok": check.ok, "what": check.what} for check in judge(evidence)],
    }


def verdict(told: dict[str, Any]) -> str:
    """Return a report in words, one line a check."""
    marks = {True: "✓", False: "!"}
    lines = [f"{marks[check['ok']]} {check['what']}" for check in told["checks"]]
    hold = told["hold_ms"]
    lines.append(
        f"{told['sales_sent']} sales, {told['offers_printed']} offers printed, {told['offers_withheld']} withheld, "
        f"{told['hub_transactions']} sales at the hub, cuts held {hold['p50']:.1f} ms (median), "
        f"{hold['p99']:.1f} ms (p99)"
    )
    return "\n".join(lines)


def quantile(ordered: Sequence[float], fraction: float) -> float:
    """Return the sample at `fraction` of ordered samples, to a hundredth; 0 when there are none."""
    if not ordered:
        return 0.0
    return round(ordered[min(len(ordered) - 1, int(fraction * len(ordered)))], 2)

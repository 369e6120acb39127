"""Who shops in a drill, the one campaign that runs and what points are worth: the files that a chain gives its hub."""

from __future__ import annotations

from pathlib import Path

MEMBERS = tuple(f"29000000{number:04}{digit}" for number, digit in ((1, 7), (2, 4), (3, 1), (4, 8), (5, 5), (6, 2)))

VALUE_FILE = "value.toml"

CAMPAIGNS = """
[[campaign]]
id = "coffee-back"
goal = "drill"
hypothesis = "drill"
who = "not employee"
where = ["receipt"]
starts = 2026-01-01
ends = 2027-12-31
priority = 50
caps = { customer = 100 }
[campaign.benefit]
kind = "percent"
value = "15"
[campaign.coupon]
valid_days = 14
[campaign.text.en]
receipt = "15 % off your next coffee"
"""

VALUE_RULES = """
[earn]
points_per_unit = "10"
pending_days = 0
valid_days = 365
[coupons]
offline = "issuing_store"
"""


def write_chain_files(folder: Path) -> None:
    """Write what `tillstream hub import` takes: customers, their codes, a campaign; and the rules of value."""
    people = [(f"c-{number}", code) for number, code in enumerate(MEMBERS)]
    (folder / "customers.csv").write_text(
        "customer_id,first_name,language,birthday,tier,points,household_id,employee\n"
        + "".join(f"{customer},Anna,en,,,0,,\n" for customer, _ in people),
        "utf-8",
    )
    (folder / "codes.csv").write_text(
        "code,kind,customer_id\n" + "".join(f"{code},card,{customer}\n" for customer, code in people), "utf-8"
    )
    (folder / "campaigns.toml").write_text(CAMPAIGNS, "utf-8")
    (folder / VALUE_FILE).write_text(VALUE_RULES, "utf-8")
